//! Home's token endpoint for other clouds (cross-cloud-federation.md §3.7, §3.11, §3.12).
//!
//! 1. A code is bound to the cloud that pushed, its redirect URI, its challenge and its key, and is
//!    used once; used again, the lease it gave ends.
//! 2. All guards are asked again, for the person who signed in and the tenant pushed to.
//! 3. A lease is for one person, resource tenant and pair, bound to the key, not rotated, and ends
//!    with home's session. A renewal answers the groups asked now, and the original times.

use comity_crypto::constant_time_eq;
use comity_model::{
    federation::{CrossingDetails, HomeTenant, LeaseGrant, PushedCrossing, WantedAcr},
    id::Id,
    secret::Hashed,
    session::{MethodUse, Session},
    sign_in::{CodeGrant, OauthError, Refusal, Side},
    time::Utc,
    user::User,
};
use comity_oauth::{
    crossing,
    pkce::{self, Challenge},
    rar,
    token::{Grant, Request, Response},
};
use comity_store::code::{Redeemed, UsedCode};

use super::{
    Call, Failure, Refused,
    assertion::{self, Said},
    caller::{self, Caller},
    guard::{self, Claim, No, Verdict, Vouched},
    log::{self, Entry},
};
use crate::{
    context::{Context, hash_bearer},
    crossing::wire,
    error::Result,
    judge,
};

const INVALID_GRANT: Refused = Refused::of("invalid_grant");
/// The answer's life; there is no access token in it.
const ANSWER_SECONDS: i64 = 60;

/// Another cloud redeems a code or renews a lease.
pub async fn token(cx: &Context, call: &Call<'_>) -> Result<Response, Failure> {
    let caller = caller::authenticate(cx, call, "token").await?;
    let request = Request::parse(call.params, call.authorization).map_err(|error| {
        tracing::warn!(cloud = %caller.entry.canonical_name, %error, "a token request is refused");
        Refused::of(error.code())
    })?;
    match &request.grant {
        Grant::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
        } => {
            let verifier = code_verifier
                .as_ref()
                .map(comity_oauth::secret::Secret::expose);
            let presented = Presented {
                hash: hash_bearer(code.expose()),
                redirect_uri: redirect_uri.as_deref(),
                verifier,
            };
            redeem(cx, call, &caller, &presented).await
        }
        Grant::RefreshToken(token) => {
            renew(cx, call, (&caller, &request), &hash_bearer(token.expose())).await
        }
        Grant::ClientCredentials => Err(Refused::of("unauthorized_client").into()),
    }
}

struct Presented<'a> {
    hash: Hashed,
    redirect_uri: Option<&'a str>,
    verifier: Option<&'a str>,
}

/// What a code stands for.
struct Signed {
    pushed: PushedCrossing,
    user: Id<User>,
    sid: String,
    session_exp: Utc,
    methods: Vec<MethodUse>,
    session: Option<Id<Session>>,
    ip: String,
    user_agent: String,
}

impl Signed {
    fn of(grant: CodeGrant) -> Option<Self> {
        let CodeGrant::Crossing {
            pushed,
            user,
            sid,
            session_exp,
            auth_time: _,
            methods,
            session,
            ip,
            user_agent,
        } = grant
        else {
            return None;
        };
        Some(Self {
            pushed: *pushed,
            user,
            sid,
            session_exp,
            methods,
            session,
            ip,
            user_agent,
        })
    }

    fn resource(&self) -> HomeTenant {
        super::resource(&self.pushed)
    }
}

async fn redeem(
    cx: &Context,
    call: &Call<'_>,
    caller: &Caller<'_>,
    presented: &Presented<'_>,
) -> Result<Response, Failure> {
    let read = cx.app.store().read();
    let Some((tenant, grant)) = read.cloud().find_code(&presented.hash).await? else {
        return punish(cx, &presented.hash).await;
    };
    let signed = Signed::of(grant).filter(|_| tenant == call.tenant);
    let signed = signed
        .filter(|signed| is_bound(signed, caller, presented))
        .ok_or(INVALID_GRANT)?;
    let resource = signed.resource();
    let claim = Claim {
        home: tenant,
        user: signed.user,
        resource: resource.clone(),
        pair: signed.pushed.details.pair,
        asked: &signed.pushed.details.groups,
        methods: &signed.methods,
        device: None,
        session: signed.session,
        session_exp: signed.session_exp,
        ip: &signed.ip,
        user_agent: &signed.user_agent,
    };
    let vouched = match wanted(&signed.pushed, guard::vouch(cx, &claim).await?) {
        Verdict::Yes(vouched) => vouched,
        Verdict::No(no) => {
            let about = About {
                resource: &resource,
                details: &signed.pushed.details,
            };
            return refuse(cx, caller, &about, (&no, Some(&presented.hash))).await;
        }
    };
    give(cx, caller, (&signed, &vouched), presented).await
}

/// Rule 1.
fn is_bound(signed: &Signed, caller: &Caller<'_>, presented: &Presented<'_>) -> bool {
    let pushed = &signed.pushed;
    let challenge = Challenge::try_from(pushed.code_challenge.clone()).ok();
    pushed.resource_cloud == caller.entry.canonical_name
        && presented.redirect_uri == Some(pushed.redirect_uri.as_str())
        && challenge.is_some_and(|c| pkce::check(Some(&c), presented.verifier).is_ok())
        && constant_time_eq(&pushed.dpop_jkt, &caller.jkt)
}

/// What was asked beside the guards: this person, these factors.
fn wanted(pushed: &PushedCrossing, verdict: Verdict) -> Verdict {
    let Verdict::Yes(vouched) = verdict else {
        return verdict;
    };
    let error = if pushed
        .expected_sub
        .is_some_and(|sub| sub != vouched.user.id)
    {
        Some((50_020, OauthError::LoginRequired))
    } else if pushed.acr != WantedAcr::Any && !judge::is_multi_factor(&vouched.methods) {
        Some((50_076, OauthError::UnmetAuthenticationRequirements))
    } else {
        None
    };
    match error {
        None => Verdict::Yes(vouched),
        Some((code, error)) => Verdict::No(Box::new(No {
            refusal: Refusal {
                code,
                side: Side::Home,
                error,
            },
            user: Some(vouched.user.clone()),
            facts: Some(vouched.facts.clone()),
            access: None,
        })),
    }
}

async fn give(
    cx: &Context,
    caller: &Caller<'_>,
    (signed, vouched): (&Signed, &Vouched),
    presented: &Presented<'_>,
) -> Result<Response, Failure> {
    let details = &signed.pushed.details;
    let said = Said {
        audience: &caller.entry.entity,
        details,
        nonce: Some(&signed.pushed.nonce),
        sid: &signed.sid,
        session_exp: signed.session_exp,
        device: None,
    };
    let assertion = assertion::make(cx, vouched, &said).await?;
    let (token, hash) = cx.new_bearer();
    let grant = LeaseGrant {
        id: cx.new_id(),
        user: signed.user,
        resource_cloud: caller.entry.canonical_name.clone(),
        resource_tenant: details.resource_tenant,
        pair: details.pair,
        dpop_jkt: caller.jkt.clone(),
        sid: signed.sid.clone(),
        session_exp: signed.session_exp,
        methods: vouched.methods.clone(),
        device: None,
        session: signed.session,
        ip: signed.ip.clone(),
        user_agent: signed.user_agent.clone(),
        created: cx.now,
        revoked: None,
    };
    let tx = cx.app.store().begin().await?;
    caller.use_once(&tx).await?;
    let codes = tx.tenant(details.home_tenant).codes();
    if codes.redeem(&presented.hash, cx.now).await? == Redeemed::Unusable {
        tx.rollback().await;
        return punish(cx, &presented.hash).await;
    }
    tx.cloud()
        .lease_grants()
        .insert(&hash, details.home_tenant, &grant)
        .await?;
    codes.set_family(&presented.hash, grant.id.uuid()).await?;
    tx.commit().await?;
    Ok(response(assertion, Some(token.to_string())))
}

fn response(assertion: String, lease: Option<String>) -> Response {
    Response {
        token_type: "DPoP".into(),
        scope: None,
        expires_in: ANSWER_SECONDS,
        ext_expires_in: None,
        access_token: None,
        refresh_token: lease,
        id_token: Some(assertion),
        client_info: None,
    }
}

/// A code that is no longer good: if it was used, the lease it gave ends (O-06).
async fn punish(cx: &Context, hash: &Hashed) -> Result<Response, Failure> {
    let tx = cx.app.store().begin().await?;
    if let Some(UsedCode {
        tenant,
        family: Some(grant),
    }) = tx.cloud().find_used_code(hash).await?
    {
        tx.tenant(tenant)
            .revoke_lease_grant(Id::new(grant), cx.now)
            .await?;
        tx.commit().await?;
        tracing::warn!(%grant, "a code of the leg was used twice; its lease ends");
    } else {
        tx.rollback().await;
    }
    Err(INVALID_GRANT.into())
}

/// What a record tells of the leg.
struct About<'a> {
    resource: &'a HomeTenant,
    details: &'a CrossingDetails,
}

/// Records a no; a code that was refused is used up.
async fn refuse(
    cx: &Context,
    caller: &Caller<'_>,
    about: &About<'_>,
    (no, code): (&No, Option<&Hashed>),
) -> Result<Response, Failure> {
    let row = log::row(
        cx,
        &Entry {
            event: "crossCloudToken",
            home: about.details.home_tenant,
            resource: about.resource,
            correlation_id: about.details.correlation_id,
            pair: Some(about.details.pair),
            app_name: &about.details.app_name,
            user: no.user.as_ref(),
            code: no.refusal.code,
            facts: no.facts.as_ref(),
            access: no.access.as_ref(),
            detail: None,
        },
    );
    let tx = cx.app.store().begin().await?;
    caller.use_once(&tx).await?;
    if let Some(code) = code {
        tx.tenant(about.details.home_tenant)
            .codes()
            .redeem(code, cx.now)
            .await?;
    }
    // A tenant that is gone has no log.
    if no.refusal.code != 90_002 {
        tx.tenant(about.details.home_tenant)
            .sign_in_records()
            .insert(&row)
            .await?;
    }
    tx.commit().await?;
    Err(Refused::told(no.refusal).into())
}

/// Rule 3.
async fn renew(
    cx: &Context,
    call: &Call<'_>,
    (caller, request): (&Caller<'_>, &Request),
    hash: &Hashed,
) -> Result<Response, Failure> {
    let read = cx.app.store().read();
    let found = read.cloud().lease_grants().find_by_hash(hash).await?;
    let grant = found.filter(|(tenant, grant)| {
        *tenant == call.tenant
            && grant.revoked.is_none()
            && grant.resource_cloud == caller.entry.canonical_name
            && constant_time_eq(&grant.dpop_jkt, &caller.jkt)
    });
    let (tenant, grant) = grant.ok_or(INVALID_GRANT)?;
    let details = asked(call, &grant)?;
    let resource = HomeTenant {
        cloud: grant.resource_cloud.clone(),
        tenant: grant.resource_tenant,
    };
    let device = grant.device.as_ref().filter(|_| request.claims.device);
    let claim = Claim {
        home: tenant,
        user: grant.user,
        resource: resource.clone(),
        pair: grant.pair,
        asked: &details.groups,
        methods: &grant.methods,
        device: grant.device.as_ref(),
        session: grant.session,
        session_exp: grant.session_exp,
        ip: &grant.ip,
        user_agent: &grant.user_agent,
    };
    let about = About {
        resource: &resource,
        details: &details,
    };
    let vouched = match guard::vouch(cx, &claim).await? {
        Verdict::Yes(vouched) => vouched,
        Verdict::No(no) => return refuse(cx, caller, &about, (&no, None)).await,
    };
    let said = Said {
        audience: &caller.entry.entity,
        details: &details,
        nonce: None,
        sid: &grant.sid,
        session_exp: grant.session_exp,
        device,
    };
    let assertion = assertion::make(cx, &vouched, &said).await?;
    let tx = cx.app.store().begin().await?;
    caller.use_once(&tx).await?;
    tx.tenant(tenant)
        .sign_in_records()
        .insert(&log::row(cx, &renewed(&about, &vouched)))
        .await?;
    tx.commit().await?;
    Ok(response(assertion, None))
}

fn renewed<'a>(about: &About<'a>, vouched: &'a Vouched) -> Entry<'a> {
    Entry {
        event: "crossCloudToken",
        home: about.details.home_tenant,
        resource: about.resource,
        correlation_id: about.details.correlation_id,
        pair: Some(about.details.pair),
        app_name: &about.details.app_name,
        user: Some(&vouched.user),
        code: 0,
        facts: Some(&vouched.facts),
        access: Some(&vouched.access),
        detail: None,
    }
}

/// The crossing of a renewal: the lease's own, with the groups that are asked now.
fn asked(call: &Call<'_>, grant: &LeaseGrant) -> Result<CrossingDetails, Refused> {
    const INVALID: Refused = Refused::of("invalid_authorization_details");
    let text = call.params.one("authorization_details").ok().flatten();
    let details = rar::parse(text.ok_or(INVALID)?).map_err(|_| INVALID)?;
    let details = crossing::CrossingDetails::from_details(&details).map_err(|_| INVALID)?;
    let details = wire::from_wire(details);
    let is_same = details.resource_tenant == grant.resource_tenant
        && details.home_tenant == call.tenant
        && details.pair == grant.pair;
    is_same.then_some(details).ok_or(INVALID)
}
