//! Letters to people: queued in the transaction that causes them, written out and handed over by a
//! job. The queue holds what the letter is about, not its text.

use comity_model::{id::Id, tenant::Tenant, user::User};
use serde::{Deserialize, Serialize};

use crate::{context::Context, error::Result, port::Mail, snapshot::Snapshot};

/// How often delivery is tried before it is given up.
const ATTEMPTS: i64 = 10;
/// The first wait after a failure; each further one doubles.
const RETRY_SECONDS: i64 = 30;

/// A letter with its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub to: String,
    pub cc: Option<String>,
    pub reply_to: Option<String>,
    pub from: String,
    pub content: Content,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// *Inviter invites you to organization*.
    Invitation(Box<Invited>),
    /// A second factor was registered.
    FactorAdded {
        organization: String,
        domain: String,
        user: String,
        at: comity_model::time::Utc,
    },
}

/// What an invitation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    pub organization: String,
    pub domain: String,
    /// `None` for an application.
    pub inviter: Option<String>,
    pub message: Option<String>,
    pub link: String,
    /// The guest's user name at home.
    pub guest: String,
    /// Name of the guest's cloud where it is another one.
    pub home_cloud: Option<String>,
    pub home_host: String,
    pub app: Option<String>,
    pub my_apps: String,
    pub privacy: Option<String>,
}

/// The sender's address of a tenant.
pub fn sender(cx: &Context, initial_domain: &str) -> String {
    let configured = &cx.app.settings().mail_from;
    if configured.is_empty() {
        format!("invites@{initial_domain}")
    } else {
        configured.clone()
    }
}

/// The notice that a second factor was registered, to the person's own address; none without one.
pub(crate) fn factor_registered(cx: &Context, snapshot: &Snapshot, user: &User) -> Option<Letter> {
    let to = user.mail.clone()?;
    Some(Letter {
        to,
        cc: None,
        reply_to: None,
        from: sender(cx, &snapshot.tenant.initial_domain),
        content: Content::FactorAdded {
            organization: snapshot.tenant.display_name.clone(),
            domain: snapshot.default_domain().to_owned(),
            user: crate::guest::account_name(cx, snapshot, user),
            at: cx.now,
        },
    })
}

/// Hands over what is due; `write` turns a letter into a message. Gives the number handed over.
/// Safe on several nodes: each message is taken by one.
#[expect(
    clippy::cognitive_complexity,
    reason = "the log lines count as branches"
)]
pub async fn deliver(
    cx: &Context,
    write: &(dyn Fn(&Letter, Id<Tenant>) -> Mail + Send + Sync),
) -> Result<usize> {
    let due = cx
        .app
        .store()
        .read()
        .cloud()
        .outbox()
        .due::<Letter>(cx.now, 20)
        .await?;
    let mut delivered = 0;
    for mail in due {
        let wait = RETRY_SECONDS.saturating_mul(1 << mail.attempts.clamp(0, 10));
        let tx = cx.app.store().begin().await?;
        let taken = tx
            .cloud()
            .outbox()
            .claim(mail.id, mail.attempts, cx.now.plus_seconds(wait))
            .await?;
        tx.commit().await?;
        if !taken {
            continue;
        }
        let result = cx.app.mailer().send(&write(&mail.mail, mail.tenant)).await;
        let tx = cx.app.store().begin().await?;
        match result {
            Ok(()) => {
                tx.cloud().outbox().mark_sent(mail.id, cx.now).await?;
                delivered += 1;
            }
            Err(reason) if mail.attempts + 1 >= ATTEMPTS => {
                tracing::error!(mail = %mail.id, reason, "mail is given up");
                tx.cloud().outbox().mark_failed(mail.id, &reason).await?;
            }
            Err(reason) => tracing::warn!(mail = %mail.id, reason, "mail is tried again later"),
        }
        tx.commit().await?;
    }
    Ok(delivered)
}
