//! The end of a sign-in: the one place where a session, a code or a redemption comes into being.
//!
//! `advance` has just asked every guard with what is true now; this writes the result in one
//! transaction: session, guest, lease, code, record.

use comity_model::{
    federation::Lease,
    id::Id,
    session::MethodUse,
    sign_in::{ApplicationRequest, CodeGrant, Purpose, SignInData, Subject, TokenGrant},
    tenant::Tenant,
    time::Utc,
    user::{ExternalUserState, User},
};
use comity_store::Tx;

use super::{
    Active, Assessment, Outcome, Return, answer,
    assess::pair_of,
    keep::{Kept, keep_session},
    take_pushed, unwritten,
};
use crate::{
    context::Context,
    error::{Error, Result},
    guest, record,
    snapshot::Snapshot,
};

/// A code lives this long (OAuth 2.1, FAPI 2.0).
const CODE_SECONDS: i64 = 60;

/// Ends a sign-in whose next step is `Complete`.
pub(super) async fn complete(
    cx: &Context,
    active: &mut Active,
    assessment: Assessment,
) -> Result<Option<Outcome>> {
    let snapshot = assessment
        .snapshot
        .clone()
        .ok_or_else(|| Error::internal("completed without a tenant"))?;
    let user = assessment
        .user
        .clone()
        .ok_or_else(|| Error::internal("completed without a user"))?;
    let tenant = snapshot.tenant.id;
    let Some(mut tx) = begin(cx, &snapshot, &user).await? else {
        return Ok(None);
    };
    take_pushed(cx, active, &tx).await?;
    unwritten::write(cx, &active.unwritten, &tx).await?;
    consume(active, &tx).await?;
    redeem(cx, &mut tx, active, &snapshot, &user).await?;
    let session = keep_session(cx, active, &assessment, &user, tenant)?;
    if let Some(renewal) = &session.renewal {
        renewal.write(&tx).await?;
    }
    let lease = insert_lease(cx, &mut tx, active, &user, tenant).await?;
    let row = record::sign_in(cx, &active.sign_in.data, &assessment, 0);
    tx.tenant(tenant).sign_in_records().insert(&row).await?;
    let outcome = answer(cx, &mut tx, active, &assessment, &user, &session, lease).await?;
    tx.commit().await?;
    Ok(Some(match outcome {
        Answer::Return(to) => Outcome::Return {
            to,
            session: session.cookie,
        },
        Answer::Landed { url, foreign } => Outcome::Landed {
            url,
            foreign,
            session: session.cookie,
        },
    }))
}

/// The transaction; none if a guest is about to accept what was judged on settings of before.
async fn begin(cx: &Context, snapshot: &Snapshot, user: &User) -> Result<Option<Tx>> {
    let tx = cx.app.store().begin().await?;
    let pending = user.external.as_ref();
    let pending = pending.is_some_and(|e| e.state == ExternalUserState::PendingAcceptance);
    let tables = tx.tenant(snapshot.tenant.id);
    if pending && !tables.is_at(snapshot.version).await? {
        tx.rollback().await;
        return Ok(None);
    }
    Ok(Some(tx))
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
