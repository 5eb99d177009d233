//! The leg on home's side (cross-cloud-federation.md §3): the push, the pushed request in the
//! browser's hands, code and lease.
//!
//! 1. A push binds everything; what it asks is checked now: H1, H2, the switch, and whether the
//!    wanted controls can be met here at all.
//! 2. A pushed request works once, within 90 seconds, for the cloud and the tenant it was pushed to.
//! 3. An entity client may push, redeem its code and renew its lease, nothing else (§3.13).
//! 4. Refusals are recorded here with their number; two numbers travel (§6).

mod assertion;
mod caller;
pub(crate) mod guard;
pub(crate) mod log;
mod token;

use std::sync::Arc;

use comity_model::{
    facts::Facts,
    federation::{HomeTenant, PushedCrossing, WantedAcr},
    id::Id,
    name::Upn,
    sign_in::{Purpose, Refusal},
    tenant::Tenant,
};
use comity_oauth::{
    authorize::{Prompt, Request},
    crossing::CrossingDetails,
    par::{self, Push},
    response::ResponseMode,
};
use comity_policy::sign_in::GateVerdict;

use self::{caller::Caller, log::Entry};
pub use self::{
    caller::{Call, nonce},
    token::token,
};
use crate::{
    context::{Context, hash_bearer},
    crossing::{callback_uri, wire},
    error::{Error, Result},
    judge,
    rate::{self, Kind},
    sign_in::Begin,
    snapshot::Snapshot,
};

/// A pushed request works this long.
const PUSHED_SECONDS: i64 = 60;

/// What another cloud is told when it does not get what it asked: a word, and one of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Refused {
    pub error: &'static str,
    pub code: Option<u32>,
}

impl Refused {
    pub(crate) const fn of(error: &'static str) -> Self {
        Self { error, code: None }
    }

    /// Rule 4.
    const fn told(refusal: Refusal) -> Self {
        Self {
            error: refusal.error.as_str(),
            code: match refusal.code {
                500_212 | 1_000_104 => Some(refusal.code),
                _ => None,
            },
        }
    }
}

/// Why another cloud got nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<comity_store::Error> for Failure {
    fn from(error: comity_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// A cloud pushes a request for one of its tenants.
pub async fn push(cx: &Context, call: &Call<'_>) -> Result<par::Response, Failure> {
    let caller = caller::authenticate(cx, call, "par").await?;
    let pushed = Push::parse(call.params, call.authorization)
        .map_err(|error| Refused::of(error.code()))
        .and_then(|push| read(&caller, call, push.request))
        .inspect_err(|refused| {
            let cloud = &caller.entry.canonical_name;
            tracing::warn!(%cloud, error = refused.error, "a push is refused");
        })?;
    let resource = resource(&pushed);
    let closed = outer(cx, call.tenant, &resource).await?;
    let tx = cx.app.store().begin().await?;
    caller.use_once(&tx).await?;
    if let Some(closed) = closed {
        let cause = &caller.entry.canonical_name;
        let is_recorded = rate::take_for(cx, Kind::Record, cause).is_ok();
        if let Some(kept) = closed.kept.as_ref().filter(|_| is_recorded) {
            let facts = kept
                .decided_on
                .as_ref()
                .map(|s| log::outer_facts(cx, s, &resource, Some(pushed.details.pair)));
            let row = log::row(
                cx,
                &refused_push(&pushed, &resource, facts.as_ref(), kept.code),
            );
            let tenant = tx.tenant(call.tenant);
            tenant.sign_in_records().insert(&row).await?;
        }
        tx.commit().await?;
        return Err(Refused::told(closed.told).into());
    }
    let (reference, hash) = cx.new_bearer();
    let expires = cx.now.plus_seconds(PUSHED_SECONDS);
    tx.cloud()
        .pushed_requests()
        .insert(&hash, cx.now, expires, &pushed)
        .await?;
    tx.commit().await?;
    Ok(par::Response {
        request_uri: par::request_uri(&reference),
        expires_in: PUSHED_SECONDS,
    })
}

fn resource(pushed: &PushedCrossing) -> HomeTenant {
    HomeTenant {
        cloud: pushed.resource_cloud.clone(),
        tenant: pushed.details.resource_tenant,
    }
}

fn refused_push<'a>(
    pushed: &'a PushedCrossing,
    resource: &'a HomeTenant,
    facts: Option<&'a Facts>,
    code: u32,
) -> Entry<'a> {
    Entry {
        event: "crossCloudPush",
        home: pushed.details.home_tenant,
        resource,
        correlation_id: pushed.details.correlation_id,
        pair: Some(pushed.details.pair),
        app_name: &pushed.details.app_name,
        user: None,
        code,
        facts,
        access: None,
        detail: None,
    }
}

/// A push that home does not take.
struct Closed {
    told: Refusal,
    /// What the own log says; nothing where there is no tenant.
    kept: Option<Kept>,
}

/// A refusal as the own log has it.
struct Kept {
    code: u32,
    /// The policies that decided; none did for a tenant that is disabled.
    decided_on: Option<Arc<Snapshot>>,
}

/// A disabled tenant, in its own log.
const DISABLED: u32 = 90_002;

/// H1, H2 and the switch. To the other side a tenant that does not exist or is disabled looks like
/// one that ticked nothing.
async fn outer(cx: &Context, tenant: Id<Tenant>, resource: &HomeTenant) -> Result<Option<Closed>> {
    use comity_model::sign_in::{OauthError, Side};
    let refused = |code, side, kept| {
        let error = OauthError::AccessDenied;
        Some(Closed {
            told: Refusal { code, side, error },
            kept,
        })
    };
    let snapshot = match cx.app.snapshots().get(cx, tenant).await {
        Ok(snapshot) => snapshot,
        Err(Error::NotFound) => return Ok(refused(1_000_104, Side::Home, None)),
        Err(error) => return Err(error),
    };
    if !snapshot.tenant.enabled {
        let kept = Kept {
            code: DISABLED,
            decided_on: None,
        };
        return Ok(refused(1_000_104, Side::Home, Some(kept)));
    }
    let (code, side) = match judge::outer_home(cx.app.registry(), &snapshot, resource) {
        GateVerdict::Open => return Ok(None),
        GateVerdict::NotCounted => (500_212, Side::Home),
        GateVerdict::Closed { code, side } => (code, side),
    };
    let kept = Kept {
        code,
        decided_on: Some(snapshot),
    };
    Ok(refused(code, side, Some(kept)))
}

/// Rule 1: what a push must say.
fn read(caller: &Caller<'_>, call: &Call<'_>, request: Request) -> Result<PushedCrossing, Refused> {
    const INVALID: Refused = Refused::of("invalid_request");
    let details = CrossingDetails::from_details(&request.authorization_details)
        .map_err(|e| Refused::of(e.code()))?;
    let redirect_uri = request.redirect_uri.clone().ok_or(INVALID)?;
    let is_own = redirect_uri == callback_uri(caller.entry)
        && request.client_id == caller.entry.entity
        && request.response_mode == ResponseMode::Query
        && details.home_tenant == call.tenant.uuid();
    let is_bound = request
        .dpop_jkt
        .as_ref()
        .is_some_and(|jkt| *jkt == caller.jkt);
    let is_known = |prompt: &Prompt| matches!(prompt, Prompt::None | Prompt::Login);
    if !is_own || !is_bound || !request.prompt.iter().all(is_known) {
        return Err(INVALID);
    }
    let acr = wanted(&request)?;
    let expected_sub = match &request.claims.sub {
        Some(text) => Some(Id::parse(text).ok_or(INVALID)?),
        None => None,
    };
    Ok(PushedCrossing {
        resource_cloud: caller.entry.canonical_name.clone(),
        details: wire::from_wire(details),
        acr,
        redirect_uri,
        state: request.state.filter(|s| is_random(s)).ok_or(INVALID)?,
        nonce: request.nonce.filter(|n| is_random(n)).ok_or(INVALID)?,
        code_challenge: request.code_challenge.ok_or(INVALID)?.as_str().to_owned(),
        dpop_jkt: caller.jkt.clone(),
        expected_sub,
        login_hint: request.login_hint.filter(|h| Upn::parse(h).is_ok()),
        max_age: request.max_age,
        prompt_none: request.prompt.contains(&Prompt::None),
        prompt_login: request.prompt.contains(&Prompt::Login),
        device_asked: request.claims.device,
    })
}

/// At least 128 bits in some encoding, and no more than anybody needs.
fn is_random(text: &str) -> bool {
    (22..=256).contains(&text.len())
}

/// The strongest that can be had here is a password with a one-time code.
fn wanted(request: &Request) -> Result<WantedAcr, Refused> {
    const UNMET: Refused = Refused::of("unmet_authentication_requirements");
    let methods = &request.claims.methods;
    if !methods.is_empty() {
        let accepts = |combination: &str| methods.iter().any(|m| m == combination);
        return match (accepts("password"), accepts("password,softwareOath")) {
            (true, _) => Ok(WantedAcr::Any),
            (false, true) => Ok(WantedAcr::Mfa),
            (false, false) => Err(UNMET),
        };
    }
    let values = match &request.claims.acr {
        Some(acr) => &acr.values,
        None => &request.acr_values,
    };
    if values.is_empty() {
        return Ok(WantedAcr::Any);
    }
    let known = values.iter().filter_map(|v| WantedAcr::parse(v));
    match known.min() {
        Some(acr @ (WantedAcr::Any | WantedAcr::Mfa)) => Ok(acr),
        Some(WantedAcr::PhishingResistant) | None => Err(UNMET),
    }
}

/// Rule 2: the sign-in that a browser begins with a pushed request. It is used up in the first
/// transaction of that sign-in.
pub async fn brought(
    cx: &Context,
    tenant: Option<Id<Tenant>>,
    client_id: &str,
    request_uri: &str,
) -> Result<Begin> {
    let reference = par::reference_of(request_uri).ok_or(Error::NotFound)?;
    let hash = hash_bearer(reference);
    let read = cx.app.store().read();
    let found = read.cloud().pushed_requests().find(&hash, cx.now).await?;
    let (home, pushed) = found.ok_or(Error::NotFound)?;
    let entry = cx.app.registry().find_by_entity(client_id);
    let is_theirs = entry.is_some_and(|e| e.canonical_name == pushed.resource_cloud);
    if tenant != Some(home) || !is_theirs {
        return Err(Error::NotFound);
    }
    Ok(Begin {
        tenant: Some(home),
        login_hint: pushed.login_hint.clone(),
        domain_hint: None,
        correlation_id: pushed.details.correlation_id,
        subject: None,
        pushed: Some(hash),
        purpose: Purpose::Crossing {
            pushed: Box::new(pushed),
            same_cloud: false,
        },
    })
}
