//! Second factors kept in this tenant.

use comity_model::{factor::Factor, id::Id, tenant::Tenant, user::User};

use crate::{
    audit::{Activity, audit},
    context::{Actor, Context, UserActor},
    error::{Error, Result},
    mail,
    snapshot::Snapshot,
};

/// What stored seeds are sealed for.
pub(crate) const SEALED: &str = "totp";

/// Whose seed it is.
pub(crate) fn context(tenant: Id<Tenant>, user: Id<User>) -> String {
    format!("{tenant}/{user}")
}

/// Registers the first second factor of a person, with audit and a message to her. Two at once:
/// the second one is refused.
pub async fn register(
    cx: &Context,
    snapshot: &Snapshot,
    user: &User,
    factor: &Factor,
) -> Result<()> {
    let tenant = snapshot.tenant.id;
    let tx = cx.app.store().begin().await?;
    let scoped = tx.tenant(tenant);
    scoped.users().lock(user.id).await?;
    if !scoped.factors().list(user.id).await?.is_empty() {
        return Err(Error::Conflict(
            "a second factor is registered already".into(),
        ));
    }
    scoped.factors().insert(factor).await?;
    let acting = acting(cx, tenant, user);
    let activity = Activity::new("UserManagement", "User registered security info")
        .target("User", user.id.uuid(), &user.upn)
        .changed("softwareOath", None, Some("registered".into()));
    let record = audit(&acting, &activity);
    scoped.audit_records().insert(&record).await?;
    if let Some(letter) = mail::factor_registered(cx, snapshot, user) {
        mail::queue(cx, scoped, &letter).await?;
    }
    tx.commit().await?;
    Ok(())
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
