//! The resource's side of a lease (cross-cloud-federation.md §3.11): a guest is admitted while home
//! has said yes within the last minute.
//!
//! 1. An answer of home counts for 60 seconds; a key of home that is revoked takes back what it
//!    vouched for at once, also where a renewal is how one learns of it.
//! 2. Own gates that are closed are told before home is asked anything.
//! 3. One renewal at a time for each lease, over all nodes; the others wait for its result.
//! 4. A renewal asks about the groups that the policies name now, and brings the original times.
//! 5. Refused by home: the lease, its token families and the account in the browser's session end.
//! 6. No answer in 5 seconds, or one that is not faithful: nothing is served, nothing ends.
//! 7. A home in this cloud is judged in-process, by the same guards, each time: what is decided here
//!    counts at once (§2). A yes writes nothing.

mod end;
mod renew;

use comity_model::{
    federation::{ApplicationPair, AssertionFacts, HomeTenant, Lease},
    id::Id,
    session::Session,
    sign_in::{OauthError, Refusal, Side, TokenGrant},
    tenant::Tenant,
    user::ExternalIdentity,
};
use comity_policy::sign_in::GateVerdict;
use serde::{Deserialize, Serialize};

use crate::{
    context::Context,
    crossing::HOME_SILENT,
    error::{Error, Result},
    home::guard,
    judge, partner_configuration,
    snapshot::Snapshot,
};

pub use self::renew::Turns;
pub(crate) use self::renew::ask_again;

/// Seconds that a yes of home counts.
pub(crate) const CONFIRMED_SECONDS: i64 = 60;
/// What stored grants are sealed for.
pub(crate) const SEALED: &str = "lease-grant";

/// Home's refresh grant, and the key that it is bound to.
#[derive(Serialize, Deserialize)]
pub(crate) struct Held {
    pub token: String,
    pub jkt: String,
}

/// Seals a grant for one person, tenant and pair.
pub(crate) fn seal(
    cx: &Context,
    tenant: Id<Tenant>,
    of: (&ExternalIdentity, ApplicationPair),
    held: &Held,
) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(held).map_err(Error::internal)?;
    let context = context(tenant, of);
    Ok(cx
        .app
        .sealer()
        .seal(SEALED, context.as_bytes(), &plain, cx.bytes())?)
}

fn open(cx: &Context, tenant: Id<Tenant>, lease: &Lease) -> Result<Held> {
    let context = context(tenant, (&lease.identity, lease.pair));
    let plain = cx
        .app
        .sealer()
        .open(SEALED, context.as_bytes(), &lease.sealed_grant)?;
    serde_json::from_slice(&plain).map_err(Error::internal)
}

pub(crate) fn context(
    tenant: Id<Tenant>,
    (identity, pair): (&ExternalIdentity, ApplicationPair),
) -> String {
    format!(
        "{tenant}/{}/{}/{}/{}/{}",
        identity.cloud, identity.tenant, identity.object, pair.client, pair.resource
    )
}

/// The lease of a grant, if home has confirmed it lately or does so now.
///
/// [`Error::NotFound`]: it has ended. [`Error::Denied`]: refused now, by the own gates, by home, or
/// (`temporarily_unavailable`) for want of an answer.
pub async fn confirm(
    cx: &Context,
    snapshot: &Snapshot,
    grant: &TokenGrant,
    id: Id<Lease>,
) -> Result<Lease> {
    let tenant = snapshot.tenant.id;
    let lease = running(cx, tenant, id).await?;
    if lease.user != grant.user || lease.pair != grant.pair {
        return Err(Error::NotFound);
    }
    if lease.identity.cloud == cx.app.registry().own.canonical_name {
        return judged_here(cx, snapshot, grant, lease).await;
    }
    if is_vouched_by_revoked_key(cx, &lease) {
        end::end(cx, snapshot, &lease, 50_173).await?;
        return Err(Error::NotFound);
    }
    if is_fresh(cx, &lease) {
        return Ok(lease);
    }
    let home = home_of(&lease);
    if let GateVerdict::Closed { code, side } =
        judge::outer_resource(cx.app.registry(), snapshot, &home)
    {
        return Err(denied(Refusal {
            code,
            side,
            error: OauthError::AccessDenied,
        }));
    }
    renew::renew(cx, snapshot, lease).await
}

async fn running(cx: &Context, tenant: Id<Tenant>, id: Id<Lease>) -> Result<Lease> {
    let read = cx.app.store().read();
    let lease = read.tenant(tenant).leases().find(id).await?;
    lease
        .filter(|lease| lease.ended.is_none())
        .ok_or(Error::NotFound)
}

fn is_fresh(cx: &Context, lease: &Lease) -> bool {
    lease.confirmed.plus_seconds(CONFIRMED_SECONDS) >= cx.now && lease.facts.session_exp > cx.now
}

fn is_vouched_by_revoked_key(cx: &Context, lease: &Lease) -> bool {
    let kid = lease.facts.kid.as_deref();
    kid.is_some_and(|kid| partner_configuration::is_revoked(cx, &lease.identity.cloud, kid))
}

fn home_of(lease: &Lease) -> HomeTenant {
    HomeTenant {
        cloud: lease.identity.cloud.clone(),
        tenant: lease.identity.tenant,
    }
}

fn denied(refusal: Refusal) -> Error {
    Error::Denied {
        refusal,
        message: crate::record::failure(refusal.code).to_owned(),
    }
}

fn unavailable() -> Error {
    denied(Refusal {
        code: HOME_SILENT,
        side: Side::Home,
        error: OauthError::TemporarilyUnavailable,
    })
}

/// Where a person of this cloud signed in.
pub(crate) struct Seen<'a> {
    pub session: Option<Id<Session>>,
    pub ip: &'a str,
    pub user_agent: &'a str,
}

/// Rule 7.
async fn judged_here(
    cx: &Context,
    snapshot: &Snapshot,
    grant: &TokenGrant,
    lease: Lease,
) -> Result<Lease> {
    let seen = Seen {
        session: grant.session,
        ip: &grant.ip,
        user_agent: &grant.user_agent,
    };
    match vouched_here(cx, snapshot, (&lease.facts, lease.pair), &seen).await? {
        Ok(facts) => Ok(Lease {
            facts,
            confirmed: cx.now,
            ..lease
        }),
        Err(refusal) => {
            end::end(cx, snapshot, &lease, refusal.code).await?;
            Err(denied(refusal))
        }
    }
}

/// What a home in this cloud says now about somebody for whom it has spoken before.
pub(crate) async fn vouched_here(
    cx: &Context,
    snapshot: &Snapshot,
    (facts, pair): (&AssertionFacts, ApplicationPair),
    seen: &Seen<'_>,
) -> Result<std::result::Result<AssertionFacts, Refusal>> {
    let home = HomeTenant {
        cloud: facts.identity.cloud.clone(),
        tenant: facts.identity.tenant,
    };
    let asked = snapshot.groups_mentioned(&home);
    let claim = guard::Claim {
        home: home.tenant,
        user: facts.identity.object,
        resource: HomeTenant {
            cloud: home.cloud,
            tenant: snapshot.tenant.id,
        },
        pair,
        asked: &asked,
        methods: &facts.methods,
        device: facts.device.as_ref(),
        session: seen.session,
        session_exp: facts.session_exp,
        ip: seen.ip,
        user_agent: seen.user_agent,
    };
    Ok(match guard::vouch(cx, &claim).await? {
        guard::Verdict::Yes(vouched) => Ok(AssertionFacts {
            groups: vouched.groups,
            automatic_redemption: vouched.automatic,
            confirmed: cx.now,
            ..facts.clone()
        }),
        guard::Verdict::No(no) => Err(no.refusal),
    })
}
