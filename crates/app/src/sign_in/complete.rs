//! The end of a sign-in: the one place where a session, a code or a redemption comes into being.
//!
//! `advance` has just asked every guard with what is true now; this writes the result in one
//! transaction: session, guest, lease, code, record.

use comity_crypto::base64url;
use comity_model::{
    federation::Lease,
    id::Id,
    session::{MethodUse, Session, SessionAccount},
    sign_in::{ApplicationRequest, CodeGrant, Purpose, SignInData, Subject, TokenGrant},
    tenant::Tenant,
    time::Utc,
    user::{ExternalUserState, User},
};
use comity_store::Tx;

use super::{
    Active, Assessment, Outcome, Return, SessionCookie, answer, assess::pair_of, stale, take_pushed,
};
use crate::{
    context::Context,
    error::{Error, Result},
    guest, record,
    snapshot::Snapshot,
};

/// A code lives this long (OAuth 2.1, FAPI 2.0).
const CODE_SECONDS: i64 = 60;
/// A session without *keep me signed in* ends on our side after this.
pub(super) const SESSION_SECONDS: i64 = 24 * 3600;
/// *Keep me signed in*.
pub(super) const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// Ends a sign-in whose next step is `Complete`.
pub(super) async fn complete(
    cx: &Context,
    active: &mut Active,
    assessment: Assessment,
) -> Result<Outcome> {
    let snapshot = assessment
        .snapshot
        .clone()
        .ok_or_else(|| Error::internal("completed without a tenant"))?;
    let user = assessment
        .user
        .clone()
        .ok_or_else(|| Error::internal("completed without a user"))?;
    let tenant = snapshot.tenant.id;
    let mut tx = cx.app.store().begin().await?;
    take_pushed(cx, active, &tx).await?;
    consume(active, &tx).await?;
    redeem(cx, &mut tx, active, &snapshot, &user).await?;
    let session = keep_session(cx, &mut tx, active, &assessment, &user, tenant).await?;
    let lease = insert_lease(cx, &mut tx, active, &user, tenant).await?;
    let row = record::sign_in(cx, &active.sign_in.data, &assessment, 0);
    tx.tenant(tenant).sign_in_records().insert(&row).await?;
    let outcome = answer(cx, &mut tx, active, &assessment, &user, &session, lease).await?;
    tx.commit().await?;
    Ok(match outcome {
        Answer::Return(to) => Outcome::Return {
            to,
            session: session.cookie,
        },
        Answer::Landed { url, foreign } => Outcome::Landed {
            url,
            foreign,
            session: session.cookie,
        },
    })
}

/// A sign-in ends once.
async fn consume(active: &Active, tx: &Tx) -> Result<()> {
    if !active.stored {
        return Ok(());
    }
    let (id, version) = (active.sign_in.id, active.sign_in.version);
    let consumed = tx.cloud().sign_ins().delete(id, version).await?;
    consumed.then_some(()).ok_or(Error::NotFound)
}

/// A guest who has not accepted yet becomes one who has.
async fn redeem(
    cx: &Context,
    tx: &mut Tx,
    active: &Active,
    snapshot: &Snapshot,
    user: &User,
) -> Result<()> {
    let external = user.external.as_ref();
    if !external.is_some_and(|e| e.state == ExternalUserState::PendingAcceptance) {
        return Ok(());
    }
    let data = &active.sign_in.data;
    let assertion = data.assertion.as_ref();
    let assertion = assertion.ok_or_else(|| Error::internal("redeemed unproven"))?;
    guest::redeem(cx, tx, snapshot, user, assertion, data.reviewed).await
}

enum Answer {
    Return(Return),
    Landed { url: String, foreign: bool },
}

/// The account as it stands in the browser's session now.
pub(super) struct Kept {
    /// The browser's session.
    pub(super) id: Id<Session>,
    pub(super) account: SessionAccount,
    pub(super) expires: Utc,
    pub(super) cookie: Option<SessionCookie>,
}

#[expect(clippy::too_many_arguments, reason = "each is a fact of its own")]
async fn answer(
    cx: &Context,
    tx: &mut Tx,
    active: &Active,
    assessment: &Assessment,
    user: &User,
    session: &Kept,
    lease: Option<Id<Lease>>,
) -> Result<Answer> {
    let data = &active.sign_in.data;
    let tenant = data
        .tenant
        .ok_or_else(|| Error::internal("completed without a tenant"))?;
    match &data.purpose {
        Purpose::Application(request) => {
            let grant = CodeGrant::Application(Box::new(token_grant(
                cx, data, request, assessment, user, session, lease,
            )));
            let code = insert_code(cx, tx, tenant, &grant).await?;
            Ok(Answer::Return(answer::success_response(
                cx, request, data, user, code,
            )))
        }
        Purpose::Crossing { pushed, .. } => {
            let resource = (
                pushed.resource_cloud.as_str(),
                pushed.details.resource_tenant,
            );
            if said_yes(data) {
                tx.tenant(tenant)
                    .releases()
                    .upsert(user.id, resource.0, resource.1, cx.now)
                    .await?;
            }
            let grant = CodeGrant::Crossing {
                pushed: pushed.clone(),
                user: user.id,
                sid: session.account.sid.clone(),
                session_exp: session.expires,
                auth_time: auth_time(&assessment.methods, cx.now),
                methods: assessment.methods.clone(),
                session: Some(session.id),
                ip: cx.client.ip.clone(),
                user_agent: cx.client.user_agent.clone(),
            };
            let code = insert_code(cx, tx, tenant, &grant).await?;
            Ok(Answer::Return(answer::crossing_response(
                cx, pushed, tenant, code,
            )))
        }
        Purpose::Redemption { invitation } => {
            let (url, foreign) = guest::landing(cx, tx, assessment, *invitation).await?;
            Ok(Answer::Landed { url, foreign })
        }
    }
}

/// Whether the person said yes to the release in this sign-in: by a click, or by signing in on a
/// page that names where she goes. Home's own tick is no yes of hers and is not kept as one.
pub(super) fn said_yes(data: &SignInData) -> bool {
    data.released.is_some() || data.proven.iter().any(|m| m.method == "password")
}

async fn insert_code(
    cx: &Context,
    tx: &mut Tx,
    tenant: Id<Tenant>,
    grant: &CodeGrant,
) -> Result<String> {
    let (code, hash) = cx.new_bearer();
    tx.tenant(tenant)
        .codes()
        .insert(&hash, cx.now, cx.now.plus_seconds(CODE_SECONDS), grant)
        .await?;
    Ok(code.to_string())
}

#[expect(clippy::too_many_arguments, reason = "each is a fact of its own")]
fn token_grant(
    cx: &Context,
    data: &SignInData,
    request: &ApplicationRequest,
    assessment: &Assessment,
    user: &User,
    session: &Kept,
    lease: Option<Id<Lease>>,
) -> TokenGrant {
    let home_time = session.account.home.as_ref().map(|h| h.auth_time);
    TokenGrant {
        user: user.id,
        pair: request.pair,
        audience: request.audience.clone(),
        scopes: request.scopes.clone(),
        redirect_uri: request.redirect_uri.clone(),
        platform: request.platform,
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        client_info: request.client_info,
        sid: session.account.sid.clone(),
        session: Some(session.id),
        session_expires: session.expires,
        auth_time: home_time.unwrap_or_else(|| auth_time(&assessment.methods, cx.now)),
        methods: assessment.methods.clone(),
        home: session.account.home.clone(),
        lease,
        correlation_id: data.correlation_id,
        ip: cx.client.ip.clone(),
        user_agent: cx.client.user_agent.clone(),
    }
}

/// When the person last proved the first factor (or any, if only that is known).
pub(crate) fn auth_time(methods: &[MethodUse], now: Utc) -> Utc {
    let password = methods
        .iter()
        .find(|m| m.method == "password")
        .map(|m| m.at);
    password
        .or_else(|| methods.iter().map(|m| m.at).max())
        .unwrap_or(now)
}

/// Adds the account to the browser's session. Unless nothing new was proven, the session and the
/// account get new identifiers: in the answer's own response, never for another browser.
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
async fn keep_session(
    cx: &Context,
    tx: &mut Tx,
    active: &Active,
    assessment: &Assessment,
    user: &User,
    tenant: Id<Tenant>,
) -> Result<Kept> {
    let data = &active.sign_in.data;
    let nothing_new = data.proven.is_empty() && data.assertion.is_none();
    if let (true, Some((session, _)), Some(sid)) =
        (nothing_new, &active.browser.session, &data.session_sid)
    {
        let account = active
            .browser
            .account(sid)
            .cloned()
            .ok_or(Error::NotFound)?;
        return Ok(Kept {
            id: session.id,
            account,
            expires: session.expires,
            cookie: None,
        });
    }
    let account = SessionAccount {
        tenant,
        user: user.id,
        sid: base64url::encode(cx.bytes::<16>()),
        methods: assessment.methods.clone(),
        signed_in: cx.now,
        home: data.assertion.clone().or_else(|| {
            data.session_sid
                .as_deref()
                .and_then(|sid| active.browser.account(sid))
                .and_then(|a| a.home.clone())
        }),
    };
    let (cookie, hash) = cx.new_bearer();
    let previous = active.browser.session.as_ref();
    let persistent = data.keep || previous.is_some_and(|(s, _)| s.persistent);
    let life = if persistent {
        KEPT_SECONDS
    } else {
        SESSION_SECONDS
    };
    let mut expires = cx.now.plus_seconds(life);
    if let Some(home) = &account.home {
        expires = expires.min(home.session_exp);
    }
    let mut accounts: Vec<_> = previous
        .map(|(s, _)| s.accounts.clone())
        .unwrap_or_default();
    accounts.retain(|a| (a.tenant, a.user) != (tenant, user.id));
    accounts.push(account.clone());
    let id = if let Some((session, version)) = previous {
        let longest = session.expires.max(expires);
        let session = Session {
            accounts,
            persistent,
            expires: longest,
            ..session.clone()
        };
        tx.cloud()
            .sessions()
            .replace(&session, *version, &hash)
            .await
            .map_err(stale)?;
        session.id
    } else {
        let session = Session {
            id: cx.new_id(),
            created: cx.now,
            expires,
            persistent,
            accounts,
        };
        tx.cloud().sessions().insert(&session, &hash).await?;
        session.id
    };
    let cookie = SessionCookie {
        value: cookie.to_string(),
        max_age: persistent.then_some(KEPT_SECONDS),
    };
    Ok(Kept {
        id,
        account,
        expires,
        cookie: Some(cookie),
    })
}

/// The lease that came with an assertion of another cloud, or the standing of a home in this one.
async fn insert_lease(
    cx: &Context,
    tx: &mut Tx,
    active: &Active,
    user: &User,
    tenant: Id<Tenant>,
) -> Result<Option<Id<Lease>>> {
    let data = &active.sign_in.data;
    let Some(assertion) = &data.assertion else {
        return Ok(None);
    };
    let lease = Lease {
        id: cx.new_id(),
        user: user.id,
        identity: assertion.identity.clone(),
        pair: pair_of(data),
        sealed_grant: data.sealed_grant.clone(),
        facts: assertion.clone(),
        confirmed: assertion.confirmed,
        ended: None,
        version: 0,
    };
    tx.tenant(tenant).leases().insert(&lease, cx.now).await?;
    Ok(Some(lease.id))
}

/// The person whom home is asked for: fixed by invitation or session, or the one for whom it has
/// spoken already in this sign-in.
pub(crate) fn expected_person(data: &SignInData) -> Option<Id<User>> {
    let fixed = match &data.subject {
        Some(Subject::External { expected, .. }) => *expected,
        _ => None,
    };
    fixed.or_else(|| data.assertion.as_ref().map(|a| a.identity.object))
}
