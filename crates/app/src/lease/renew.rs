//! Asking home again (cross-cloud-federation.md §3.11).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use comity_model::{
    federation::{AssertionFacts, CrossingDetails, Lease},
    id::Id,
    sign_in::{OauthError, Refusal, Side, SignInData},
    tenant::Tenant,
};
use comity_oauth::{
    claims_request::RequestedClaims, params::Params, rar, response::Refusal as Told, text,
};

use super::{
    Held, denied, end, home_of, is_fresh, is_vouched_by_revoked_key, open, running, unavailable,
};
use tokio::time::Instant;

use crate::{
    context::Context,
    crossing::{
        self,
        call::{self, Reply, Target},
        verify, wire,
    },
    error::{Error, Result},
    judge, partner_configuration,
    sign_in::pair_of,
    snapshot::Snapshot,
};

/// Home answers within this, or nothing is served.
const ANSWER: Duration = Duration::from_secs(5);
/// A renewal that another node began is over after this.
const CLAIM_SECONDS: i64 = 10;
/// How often a renewal of another node is looked after.
const LOOK: Duration = Duration::from_millis(100);

/// Renewals under way in this process: one at a time for each lease.
#[derive(Default)]
pub struct Turns(Mutex<BTreeMap<Id<Lease>, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, lease: Id<Lease>) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(lease).or_default())
    }

    /// Forgets a lease that nobody waits for.
    fn tidy(&self, lease: Id<Lease>) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns
            .get(&lease)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            turns.remove(&lease);
        }
    }
}

/// Renews a lease, or waits for the renewal that is under way.
pub(super) async fn renew(cx: &Context, snapshot: &Snapshot, lease: Lease) -> Result<Lease> {
    let turns = cx.app.lease_turns();
    let turn = turns.of(lease.id);
    // One time for both: whoever waited for the turn has less left to ask.
    let until = Instant::now() + ANSWER;
    let result = match tokio::time::timeout_at(until, turn.lock()).await {
        Ok(held) => {
            let result = in_turn(cx, snapshot, lease.id, until).await;
            drop(held);
            result
        }
        Err(_) => Err(unavailable()),
    };
    drop(turn);
    turns.tidy(lease.id);
    result
}

async fn in_turn(
    cx: &Context,
    snapshot: &Snapshot,
    id: Id<Lease>,
    until: Instant,
) -> Result<Lease> {
    let tenant = snapshot.tenant.id;
    // Whoever had the turn before may have renewed it.
    let lease = running(cx, tenant, id).await?;
    if is_fresh(cx, &lease) {
        return Ok(lease);
    }
    let tx = cx.app.store().begin().await?;
    let claim = cx.now.plus_seconds(CLAIM_SECONDS);
    let claimed = tx
        .tenant(tenant)
        .leases()
        .begin_renewal(id, cx.now, claim)
        .await?;
    tx.commit().await?;
    if !claimed {
        return of_another_node(cx, tenant, id, until).await;
    }
    let answer = tokio::time::timeout_at(until, ask(cx, snapshot, &lease)).await;
    // Asking home may be how one learns that a key of its is revoked. What it vouched for is dead at
    // once, whatever home says now (§1).
    if is_vouched_by_revoked_key(cx, &lease) {
        end::end(cx, snapshot, &lease, 50_173).await?;
        return Err(Error::NotFound);
    }
    match answer {
        Ok(Ok(Answer::Yes(facts))) => confirmed(cx, tenant, lease, *facts).await,
        Ok(Ok(Answer::No(refusal))) => {
            end::end(cx, snapshot, &lease, refusal.code).await?;
            Err(denied(refusal))
        }
        Ok(Err(error @ (Error::Internal(_) | Error::Unavailable))) => {
            give_up(cx, tenant, id).await?;
            Err(error)
        }
        // Rule 6.
        Ok(Err(_)) | Err(_) => {
            give_up(cx, tenant, id).await?;
            Err(unavailable())
        }
    }
}

async fn confirmed(
    cx: &Context,
    tenant: Id<Tenant>,
    lease: Lease,
    facts: AssertionFacts,
) -> Result<Lease> {
    let tx = cx.app.store().begin().await?;
    let leases = tx.tenant(tenant).leases();
    let kept = leases.confirm(lease.id, &facts, cx.now).await?;
    tx.commit().await?;
    if !kept {
        return Err(Error::NotFound);
    }
    Ok(Lease {
        facts,
        confirmed: cx.now,
        ..lease
    })
}

/// Asks home once more before a sign-in ends on an answer that has grown old: a person may take her
/// time over a page.
pub(crate) async fn ask_again(
    cx: &Context,
    snapshot: &Snapshot,
    data: &SignInData,
    assertion: &AssertionFacts,
) -> Result<std::result::Result<AssertionFacts, Refusal>> {
    let mut cx = cx.clone();
    cx.correlation_id = data.correlation_id;
    let lease = Lease {
        id: cx.new_id(),
        // No guest is admitted by it yet.
        user: assertion.identity.object,
        identity: assertion.identity.clone(),
        pair: pair_of(data),
        sealed_grant: data.sealed_grant.clone(),
        facts: assertion.clone(),
        confirmed: assertion.confirmed,
        ended: None,
        version: 0,
    };
    let answer = tokio::time::timeout(ANSWER, ask(&cx, snapshot, &lease)).await;
    if is_vouched_by_revoked_key(&cx, &lease) {
        return Ok(Err(crossing::refused_by_home()));
    }
    match answer {
        Ok(Ok(Answer::Yes(facts))) => Ok(Ok(*facts)),
        Ok(Ok(Answer::No(refusal))) => Ok(Err(refusal)),
        Ok(Err(error @ (Error::Internal(_) | Error::Unavailable))) => Err(error),
        Ok(Err(_)) | Err(_) => Ok(Err(crossing::silent())),
    }
}

/// Looks for the result of a renewal that another node has begun.
async fn of_another_node(
    cx: &Context,
    tenant: Id<Tenant>,
    id: Id<Lease>,
    until: Instant,
) -> Result<Lease> {
    while Instant::now() < until {
        tokio::time::sleep(LOOK).await;
        let lease = running(cx, tenant, id).await?;
        if is_fresh(cx, &lease) {
            return Ok(lease);
        }
    }
    Err(unavailable())
}

async fn give_up(cx: &Context, tenant: Id<Tenant>, id: Id<Lease>) -> Result<()> {
    let tx = cx.app.store().begin().await?;
    tx.tenant(tenant).leases().give_up(id).await?;
    Ok(tx.commit().await?)
}

enum Answer {
    Yes(Box<AssertionFacts>),
    No(Refusal),
}

async fn ask(cx: &Context, snapshot: &Snapshot, lease: &Lease) -> Result<Answer> {
    const ENDED: Answer = Answer::No(Refusal {
        code: 50_173,
        side: Side::Home,
        error: OauthError::LoginRequired,
    });
    if lease.facts.session_exp <= cx.now {
        return Ok(ENDED);
    }
    let home = home_of(lease);
    let entry = partner_configuration::partner(cx, &home.cloud)?;
    let held = open(cx, snapshot.tenant.id, lease)?;
    if crate::key::fresh(cx).await?.proof_key(&held.jkt).is_none() {
        return Ok(ENDED);
    }
    let details = CrossingDetails {
        resource_tenant: snapshot.tenant.id,
        home_tenant: home.tenant,
        pair: lease.pair,
        app_name: text::clean(
            &snapshot.application_name(lease.pair.client),
            text::MAX_SHOWN,
        ),
        groups: snapshot.groups_mentioned(&home),
        correlation_id: cx.correlation_id,
    };
    let device = lease.facts.device.is_some() && judge::wants_device(snapshot, &home);
    let target = Target {
        entry,
        tenant: home.tenant,
        endpoint: "token",
        jkt: &held.jkt,
    };
    let body = match call::post(cx, &target, &form(cx, &held, &details, device)).await? {
        Reply::Done(body) => body,
        Reply::UnknownGrant => return Ok(ENDED),
        Reply::Refused(Told::TemporarilyUnavailable) => return Err(unavailable()),
        Reply::Refused(refusal) => return Ok(Answer::No(crossing::told(refusal, false))),
    };
    let fault = |reason: &str| Error::Upstream {
        cloud: entry.name.clone(),
        reason: reason.to_owned(),
    };
    let (assertion, _) = crossing::grants(&body).ok_or_else(|| fault("no assertion"))?;
    let asked = verify::Asked {
        home: &home,
        details: &details,
        nonce: None,
        person: Some(lease.identity.object),
        device: crossing::device(device),
    };
    let facts = verify::verify(cx, &asked, &assertion).await?;
    if !is_same_sign_in(&lease.facts, &facts) {
        tracing::warn!(cloud = %entry.canonical_name, "a renewal tells of another sign-in");
        return Err(fault("its renewal tells of another sign-in"));
    }
    Ok(Answer::Yes(Box::new(facts)))
}

fn form(cx: &Context, held: &Held, details: &CrossingDetails, device: bool) -> Params {
    let mut form = Params::from_pairs([
        ("grant_type", "refresh_token"),
        ("client_id", cx.app.registry().own.entity.as_str()),
        ("refresh_token", held.token.as_str()),
    ]);
    form.push(
        "authorization_details",
        rar::to_json(&wire::to_wire(details).to_details()),
    );
    let claims = RequestedClaims {
        device,
        ..RequestedClaims::default()
    };
    form.push_some("claims", claims.to_json().as_deref());
    form
}

/// Rule 4: the original times and the original session; nothing was proven since.
fn is_same_sign_in(before: &AssertionFacts, now: &AssertionFacts) -> bool {
    now.auth_time == before.auth_time
        && now.sid == before.sid
        && now.session_exp <= before.session_exp
        && now.methods.iter().all(|m| before.methods.contains(m))
}
