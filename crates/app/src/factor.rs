//! Second factors kept in this tenant.

use comity_model::{audit_record::AuditRecord, factor::Factor, id::Id, tenant::Tenant, user::User};
use comity_store::Tx;

use crate::{
    audit::{Activity, audit},
    context::{Actor, Context, UserActor},
    error::{Error, Result},
    mail::{self, Letter},
    snapshot::Snapshot,
};

/// What stored seeds are sealed for.
pub(crate) const SEALED: &str = "totp";

/// Whose seed it is.
pub(crate) fn context(tenant: Id<Tenant>, user: Id<User>) -> String {
    format!("{tenant}/{user}")
}

/// The first second factor of a person, with audit and a message to her, to be written.
#[derive(Debug)]
pub(crate) struct Registration {
    tenant: Id<Tenant>,
    factor: Factor,
    record: AuditRecord,
    letter: Option<Letter>,
}

impl Registration {
    pub(crate) fn new(cx: &Context, snapshot: &Snapshot, user: &User, factor: Factor) -> Self {
        let tenant = snapshot.tenant.id;
        let activity = Activity::new("UserManagement", "User registered security info")
            .target("User", user.id.uuid(), &user.upn)
            .changed("softwareOath", None, Some("registered".into()));
        Self {
            tenant,
            factor,
            record: audit(&acting(cx, tenant, user), &activity),
            letter: mail::factor_registered(cx, snapshot, user),
        }
    }

    /// Two at once: the second one is refused.
    pub(crate) async fn write(&self, cx: &Context, tx: &Tx) -> Result<()> {
        let scoped = tx.tenant(self.tenant);
        scoped.users().lock(self.factor.user).await?;
        if !scoped.factors().list(self.factor.user).await?.is_empty() {
            return Err(Error::Conflict(
                "a second factor is registered already".into(),
            ));
        }
        scoped.factors().insert(&self.factor).await?;
        scoped.audit_records().insert(&self.record).await?;
        match &self.letter {
            Some(letter) => mail::queue(cx, scoped, letter).await,
            None => Ok(()),
        }
    }
}

/// The person acts for herself: proven in this sign-in, not yet by a token.
fn acting(cx: &Context, tenant: Id<Tenant>, user: &User) -> Context {
    let mut acting = cx.clone();
    acting.actor = Actor::User(Box::new(UserActor {
        tenant,
        user: user.id,
        user_principal_name: user.upn.clone(),
        display_name: user.display_name.clone(),
        mail: user.mail.clone(),
        is_guest: !user.is_local(),
        client: comity_model::well_known::MY_SIGN_INS,
        scopes: std::collections::BTreeSet::new(),
        roles: std::collections::BTreeSet::new(),
        second_factor: None,
    }));
    acting
}
