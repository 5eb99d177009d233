//! The operator's one-time link behind which an administrator sets her first password (dev-world.md,
//! *tenant create*; security bars V-12, V-20, V-21).
//!
//! 1. A link is a random bearer; its hash is stored, with one account and an end.
//! 2. Opening it changes nothing: programs that look at links before people do use none up.
//! 3. Its password is the account's only factor so far, so the longer minimum holds.
//! 4. It works once: taken, in the transaction that stores the password, by one conditional
//!    statement. Unknown, used, too old, or of an account that is gone or disabled look the same.
//! 5. It signs nobody in, and ends what the account has open.
//! 6. A password is for the account that the person saw when she chose it: another link, opened
//!    meanwhile in the same browser, does not get it.

use std::collections::BTreeSet;

use comity_crypto::Zeroizing;
use comity_model::{
    id::Id,
    tenant::Tenant,
    user::{PasswordCredential, User},
};
use uuid::Uuid;

use crate::{
    audit::{Activity, audit},
    context::{Actor, Context, UserActor, hash_bearer},
    error::{Error, Result},
    password,
};

/// Longer texts are no link of ours.
const LONGEST_LINK: usize = 128;

/// Whose password a link sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    pub tenant: Id<Tenant>,
    pub user: User,
}

/// Rules 1, 2 and 4.
pub async fn find(cx: &Context, link: &str) -> Result<Owner> {
    if link.is_empty() || link.len() > LONGEST_LINK {
        return Err(Error::NotFound);
    }
    let read = cx.app.store().read();
    let (tenant, user) = read
        .cloud()
        .find_password_link(&hash_bearer(link), cx.now)
        .await?
        .ok_or(Error::NotFound)?;
    let user = read.tenant(tenant).users().find(user).await?;
    match user {
        Some(user) if user.account_enabled && user.deleted.is_none() && user.is_local() => {
            Ok(Owner { tenant, user })
        }
        _ => Err(Error::NotFound),
    }
}

/// Rules 3 to 6. `shown` is the account that the form was drawn for. A password that is not accepted
/// leaves the link as it is.
pub async fn redeem(
    cx: &Context,
    link: &str,
    shown: &str,
    typed: &Zeroizing<String>,
) -> Result<Owner> {
    let Owner { tenant, user } = find(cx, link).await?;
    if shown != user.id.to_string() {
        let rule = format!(
            "Another link was opened in this browser meanwhile, so no password was set. This page is for {} now: \
             choose the password of that account, or open the first link again.",
            user.upn
        );
        return Err(Error::invalid("account", rule));
    }
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    password::may_choose(typed, password::SHORTEST_ALONE, &user, &snapshot)
        .map_err(|rule| Error::invalid("password", rule))?;
    let hash = password::hash(cx, typed).await?;
    let tx = cx.app.store().begin().await?;
    let taken = tx
        .cloud()
        .take_password_link(&hash_bearer(link), cx.now)
        .await?;
    if taken != Some((tenant, user.id)) {
        tx.rollback().await;
        return Err(Error::NotFound);
    }
    let credential = PasswordCredential {
        hash,
        changed: cx.now,
        must_change: false,
    };
    let user = User {
        sessions_valid_from: cx.now,
        ..user
    };
    let scoped = tx.tenant(tenant);
    scoped.passwords().upsert(user.id, &credential).await?;
    scoped.users().update(&user).await?;
    scoped.leases().end_all_of(user.id, cx.now).await?;
    scoped.revoke_lease_grants_of(user.id, cx.now).await?;
    let activity = Activity::new("UserManagement", "Reset password (self-service)").target(
        "User",
        user.id.uuid(),
        &user.upn,
    );
    let by = as_herself(cx, tenant, &user);
    scoped
        .audit_records()
        .insert(&audit(&by, &activity))
        .await?;
    tx.commit().await?;
    Ok(Owner { tenant, user })
}

/// The record names the person: whoever holds the link acts as her.
pub(crate) fn as_herself(cx: &Context, tenant: Id<Tenant>, user: &User) -> Context {
    let actor = UserActor {
        tenant,
        user: user.id,
        user_principal_name: user.upn.clone(),
        display_name: user.display_name.clone(),
        mail: user.mail.clone(),
        is_guest: false,
        client: Uuid::nil(),
        scopes: BTreeSet::new(),
        roles: BTreeSet::new(),
        second_factor: None,
    };
    Context {
        actor: Actor::User(Box::new(actor)),
        ..cx.clone()
    }
}
