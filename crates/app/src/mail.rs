//! Letters to people: queued in the transaction that causes them, written out and handed over by a
//! job. The queue holds what the letter is about, not its text, and holds it sealed: the link of an
//! invitation is kept nowhere else (security bar V-50).

use comity_model::{id::Id, tenant::Tenant, user::User};
use comity_store::{TenantTx, outbox_mail::DueMail};
use serde::{Deserialize, Serialize};

use crate::{
    context::Context,
    error::{Error, Result},
    port::Mail,
    snapshot::Snapshot,
};

/// What waiting letters are sealed for.
pub(crate) const SEALED: &str = "mail";

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
    /// So many wrong one-time codes that no more are taken for a while.
    CodesRefused {
        organization: String,
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
    let content = Content::FactorAdded {
        organization: snapshot.tenant.display_name.clone(),
        domain: snapshot.default_domain().to_owned(),
        user: crate::guest::account_name(cx, snapshot, user),
        at: cx.now,
    };
    notice(cx, snapshot, user, content)
}

/// The notice that wrong one-time codes were entered (security bar S-43), likewise.
pub(crate) fn codes_refused(cx: &Context, snapshot: &Snapshot, user: &User) -> Option<Letter> {
    let content = Content::CodesRefused {
        organization: snapshot.tenant.display_name.clone(),
        user: crate::guest::account_name(cx, snapshot, user),
        at: cx.now,
    };
    notice(cx, snapshot, user, content)
}

fn notice(cx: &Context, snapshot: &Snapshot, user: &User, content: Content) -> Option<Letter> {
    Some(Letter {
        to: user.mail.clone()?,
        cc: None,
        reply_to: None,
        from: sender(cx, &snapshot.tenant.initial_domain),
        content,
    })
}

/// Queues a letter in the transaction that causes it.
pub(crate) async fn queue(cx: &Context, scoped: TenantTx<'_>, letter: &Letter) -> Result<()> {
    let id = cx.new_record_id();
    let text = serde_json::to_vec(letter).map_err(Error::internal)?;
    let sealer = cx.app.sealer();
    let sealed = sealer.seal(SEALED, id.as_bytes(), &text, cx.bytes())?;
    Ok(scoped.outbox_mails().insert(id, cx.now, &sealed).await?)
}

fn open(cx: &Context, queued: &DueMail) -> Result<Letter> {
    let sealer = cx.app.sealer();
    let text = sealer.open(SEALED, queued.id.as_bytes(), &queued.sealed)?;
    serde_json::from_slice(&text).map_err(Error::internal)
}

/// Hands a letter over, or says why that did not work.
async fn hand_over(
    cx: &Context,
    queued: &DueMail,
    write: &(dyn Fn(&Letter, Id<Tenant>) -> Mail + Send + Sync),
) -> std::result::Result<(), String> {
    let letter = open(cx, queued).map_err(|e| format!("{e:?}"))?;
    cx.app.mailer().send(&write(&letter, queued.tenant)).await
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
        .due(cx.now, 20)
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
        let result = hand_over(cx, &mail, write).await;
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
