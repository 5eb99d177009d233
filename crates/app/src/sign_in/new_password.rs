//! A new password in place of one that somebody else has set (Graph,
//! `forceChangePasswordNextSignIn`; security bar V-20).
//!
//! 1. Only in a sign-in that has just proven the present one, at the step that asks for it.
//! 2. It is another one, no common one, and long enough: 15 characters where it stands alone, 8
//!    where a second factor is registered.
//! 3. It ends what the person has open (sessions.md). This sign-in goes on: whoever chose it has
//!    proven it.

use comity_crypto::{Zeroizing, password::Verdict};
use comity_model::{
    audit_record::AuditRecord,
    id::Id,
    sign_in::Step,
    tenant::Tenant,
    user::{PasswordCredential, User},
};
use comity_policy::sign_in::next_step;
use comity_store::Tx;

use super::{
    Active, Outcome, advance, assess, stale,
    submit::{prove, verify_password},
    unwritten::Unwritten,
};
use crate::{
    audit::{Activity, audit},
    context::Context,
    error::{Error, Result},
    password,
    password_link::as_herself,
    snapshot::Snapshot,
};

/// The field of the form.
const FIELD: &str = "newPassword";

/// Rules 1 to 3.
pub async fn new_password(
    cx: &Context,
    active: &mut Active,
    typed: &Zeroizing<String>,
) -> Result<Outcome> {
    let assessment = assess(cx, active).await?;
    let data = active.sign_in.data.active();
    if next_step(data, &assessment.situation) != Step::NewPassword {
        // Sent twice: what follows is shown.
        return advance(cx, active).await;
    }
    let (Some(user), Some(snapshot)) = (&assessment.user, &assessment.snapshot) else {
        return Err(Error::NotFound);
    };
    check(cx, snapshot, user, typed).await?;
    let replacement = Replacement::new(cx, snapshot, user, password::hash(cx, typed).await?);
    active
        .unwritten
        .push(Unwritten::Password(Box::new(replacement)));
    let data = active.sign_in.data.active_mut();
    // What was proven before counts no more, here as everywhere.
    data.session_sid = None;
    data.proven.clear();
    prove(data, "password", cx.now);
    data.must_change = false;
    advance(cx, active).await
}

/// Rule 2, for the page.
pub async fn least_characters(cx: &Context, snapshot: &Snapshot, user: &User) -> Result<u8> {
    let read = cx.app.store().read();
    let factors = read.tenant(snapshot.tenant.id).factors();
    Ok(if factors.list(user.id).await?.is_empty() {
        password::SHORTEST_ALONE
    } else {
        password::SHORTEST
    })
}

async fn check(
    cx: &Context,
    snapshot: &Snapshot,
    user: &User,
    typed: &Zeroizing<String>,
) -> Result<()> {
    let least = least_characters(cx, snapshot, user).await?;
    password::may_choose(typed, least, user, snapshot)
        .map_err(|rule| Error::invalid(FIELD, rule))?;
    let read = cx.app.store().read();
    let passwords = read.tenant(snapshot.tenant.id).passwords();
    let present = passwords.find(user.id).await?.ok_or(Error::NotFound)?;
    match verify_password(cx, typed, Some(&present.hash)).await? {
        Verdict::Invalid | Verdict::Corrupt => Ok(()),
        Verdict::Valid { .. } => Err(Error::invalid(
            FIELD,
            "This is the password that you have. Choose another one.",
        )),
    }
}

/// Rule 3, to be written.
#[derive(Debug)]
pub(super) struct Replacement {
    tenant: Id<Tenant>,
    user: User,
    credential: PasswordCredential,
    record: AuditRecord,
}

impl Replacement {
    fn new(cx: &Context, snapshot: &Snapshot, user: &User, hash: String) -> Self {
        let tenant = snapshot.tenant.id;
        let user = User {
            sessions_valid_from: cx.now,
            ..user.clone()
        };
        let activity = Activity::new("UserManagement", "Change user password").target(
            "User",
            user.id.uuid(),
            &user.upn,
        );
        Self {
            tenant,
            record: audit(&as_herself(cx, tenant, &user), &activity),
            user,
            credential: PasswordCredential {
                hash,
                changed: cx.now,
                must_change: false,
            },
        }
    }

    /// Of two at once one changes the person's row; the other finds it changed.
    pub(super) async fn write(&self, cx: &Context, tx: &Tx) -> Result<()> {
        let (scoped, user) = (tx.tenant(self.tenant), self.user.id);
        scoped.users().update(&self.user).await.map_err(stale)?;
        scoped.passwords().upsert(user, &self.credential).await?;
        scoped.leases().end_all_of(user, cx.now).await?;
        scoped.revoke_lease_grants_of(user, cx.now).await?;
        Ok(scoped.audit_records().insert(&self.record).await?)
    }
}
