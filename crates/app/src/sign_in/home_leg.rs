//! A leg at a home in this cloud: the same path as across clouds, without HTTPS, within the same
//! sign-in and browser (cross-cloud-federation.md §7).

use comity_crypto::base64url;
use comity_model::{
    federation::{
        AssertionFacts, CrossingDetails, GroupAnswer, HomeTenant, PushedCrossing, WantedAcr,
    },
    id::Id,
    session::{Session, SessionAccount},
    sign_in::{Controls, Purpose, SignInData, Subject},
    tenant::Tenant,
    user::{ExternalIdentity, User},
};
use comity_store::Tx;

use super::{
    Active, Assessment, SessionCookie,
    assess::pair_of,
    complete::{KEPT_SECONDS, Kept, SESSION_SECONDS, auth_time, expected_person, said_yes},
    stale,
};
use crate::{
    context::Context,
    error::{Error, Result},
    judge, record,
};

/// Begins a leg at a home in this cloud: the same path without HTTPS.
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
pub(super) fn begin(
    cx: &Context,
    active: &mut Active,
    assessment: &Assessment,
    home: &HomeTenant,
    controls: Controls,
) -> Result<()> {
    let snapshot = assessment
        .snapshot
        .as_ref()
        .ok_or_else(|| Error::internal("a leg without a tenant"))?;
    let data = active.sign_in.data.active();
    let expected = expected_person(data);
    let pair = pair_of(data);
    let wanted = crate::crossing::wanted(data, snapshot, home, controls);
    let pushed = PushedCrossing {
        resource_cloud: home.cloud.clone(),
        details: CrossingDetails {
            resource_tenant: snapshot.tenant.id,
            home_tenant: home.tenant,
            pair,
            app_name: snapshot.application_name(pair.client),
            groups: wanted.groups,
            correlation_id: data.correlation_id,
        },
        redirect_uri: String::new(),
        state: String::new(),
        nonce: String::new(),
        code_challenge: String::new(),
        dpop_jkt: String::new(),
        expected_sub: expected,
        login_hint: data.typed_name.clone(),
        acr: wanted.acr,
        max_age: wanted.max_age,
        prompt_none: super::assess::is_silent(data),
        prompt_login: controls.fresh,
        device_asked: wanted.device,
    };
    let attempt = data.crossing.as_ref().map_or(0, |c| c.attempt) + 1;
    let mut leg = SignInData::new(
        Purpose::Crossing {
            pushed: Box::new(pushed.clone()),
            same_cloud: true,
        },
        Some(home.tenant),
        data.correlation_id,
    );
    leg.typed_name.clone_from(&data.typed_name);
    let account = active
        .browser
        .accounts(Some(home.tenant))
        .find(|a| expected.is_none_or(|e| e == a.user))
        .cloned();
    leg.subject = Some(Subject::Local { user: expected });
    if let (Some(account), false) = (account, controls.fresh) {
        super::use_account(&mut leg, &account);
    } else if expected.is_none() {
        leg.subject = None;
    }
    let data = active.sign_in.data.active_mut();
    data.crossing = Some(comity_model::sign_in::CrossingUnderWay {
        sent: pushed,
        sealed_verifier: Vec::new(),
        started: cx.now,
        attempt,
    });
    data.home_leg = Some(Box::new(leg));
    Ok(())
}

/// Ends a leg at a home in this cloud: home's verdict becomes the same value that the callback
/// yields after verification. Home's own record is written here.
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
pub(super) async fn finish(
    cx: &Context,
    active: &mut Active,
    assessment: &Assessment,
) -> Result<()> {
    let user = assessment
        .user
        .clone()
        .ok_or_else(|| Error::internal("a leg without a user"))?;
    let snapshot = assessment
        .snapshot
        .clone()
        .ok_or_else(|| Error::internal("a leg without a tenant"))?;
    let leg = active.sign_in.data.active();
    let Purpose::Crossing { pushed, .. } = leg.purpose.clone() else {
        return Err(Error::internal("a leg that is none"));
    };
    let facts = assessment
        .facts
        .as_ref()
        .ok_or_else(|| Error::internal("a leg without facts"))?;
    let resource = HomeTenant {
        cloud: pushed.resource_cloud.clone(),
        tenant: pushed.details.resource_tenant,
    };
    let mut tx = cx.app.store().begin().await?;
    let home_tenant = snapshot.tenant.id;
    let kept = keep_home_session(cx, &mut tx, active, assessment, &user, home_tenant).await?;
    if said_yes(active.sign_in.data.active()) {
        tx.tenant(home_tenant)
            .releases()
            .upsert(user.id, &resource.cloud, resource.tenant, cx.now)
            .await?;
    }
    let row = record::sign_in(cx, active.sign_in.data.active(), assessment, 0);
    tx.tenant(home_tenant)
        .sign_in_records()
        .insert(&row)
        .await?;
    tx.commit().await?;
    let member = facts
        .groups
        .member
        .intersection(&pushed.details.groups)
        .copied()
        .collect();
    let assertion = AssertionFacts {
        identity: ExternalIdentity {
            cloud: resource.cloud.clone(),
            tenant: home_tenant,
            object: user.id,
        },
        upn: user.upn.clone(),
        name: user.display_name.clone(),
        sid: kept.account.sid.clone(),
        session_exp: kept.expires,
        auth_time: auth_time(&assessment.methods, cx.now),
        acr: if judge::is_multi_factor(&assessment.methods) {
            WantedAcr::Mfa
        } else {
            WantedAcr::Any
        },
        methods: assessment.methods.clone(),
        groups: GroupAnswer {
            evaluated: pushed.details.groups.clone(),
            member,
        },
        device: None,
        automatic_redemption: judge::automatic_outbound(&snapshot, &resource),
        confirmed: cx.now,
        kid: None,
    };
    end_leg(&mut active.sign_in.data, assertion);
    Ok(())
}

fn end_leg(data: &mut SignInData, assertion: AssertionFacts) {
    match data.home_leg {
        Some(ref mut leg) if leg.home_leg.is_some() => end_leg(leg, assertion),
        _ => {
            data.home_leg = None;
            data.assertion = Some(assertion);
        }
    }
}

/// Home's account in the browser's session; the session's cookie follows when the whole sign-in
/// ends, so the row is changed without a new value until then.
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
async fn keep_home_session(
    cx: &Context,
    tx: &mut Tx,
    active: &mut Active,
    assessment: &Assessment,
    user: &User,
    tenant: Id<Tenant>,
) -> Result<Kept> {
    let leg = active.sign_in.data.active();
    if let (true, Some(sid), Some((session, _))) = (
        leg.proven.is_empty(),
        &leg.session_sid,
        &active.browser.session,
    ) {
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
        home: None,
    };
    let keep = active.sign_in.data.keep;
    let expires = cx
        .now
        .plus_seconds(if keep { KEPT_SECONDS } else { SESSION_SECONDS });
    let (cookie, hash) = cx.new_bearer();
    let id = if let Some((session, version)) = &mut active.browser.session {
        session
            .accounts
            .retain(|a| (a.tenant, a.user) != (tenant, user.id));
        session.accounts.push(account.clone());
        session.expires = session.expires.max(expires);
        tx.cloud()
            .sessions()
            .replace(session, *version, &hash)
            .await
            .map_err(stale)?;
        *version += 1;
        session.id
    } else {
        let session = Session {
            id: cx.new_id(),
            created: cx.now,
            expires,
            persistent: keep,
            accounts: vec![account.clone()],
        };
        tx.cloud().sessions().insert(&session, &hash).await?;
        let id = session.id;
        active.browser.session = Some((session, 1));
        id
    };
    active.browser_cookie = Some(SessionCookie {
        value: cookie.to_string(),
        max_age: keep.then_some(KEPT_SECONDS),
    });
    Ok(Kept {
        id,
        account,
        expires,
        cookie: None,
    })
}
