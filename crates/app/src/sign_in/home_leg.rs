//! A leg at a home in this cloud: the same path as across clouds, without HTTPS, within the same
//! sign-in and browser (cross-cloud-federation.md §7).

use std::collections::BTreeSet;

use comity_model::{
    federation::{
        AssertionFacts, CrossingDetails, GroupAnswer, HomeTenant, PushedCrossing, WantedAcr,
    },
    id::Id,
    name::Upn,
    sign_in::{Controls, CrossingUnderWay, Purpose, SignInData, Subject},
    sign_in_record::SignInRecord,
    tenant::Tenant,
    user::{ExternalIdentity, User},
};
use comity_store::Tx;
use uuid::Uuid;

use super::{
    Active, Assessment,
    assess::pair_of,
    complete::{auth_time, expected_person, said_yes},
    keep::{Kept, Renewal, keep_session},
    route::{self, Route},
    unwritten::Unwritten,
};
use crate::{
    context::Context,
    error::{Error, Result},
    judge, record,
    snapshot::Snapshot,
};

/// Begins a leg at a home in this cloud: the same path without HTTPS.
pub(super) async fn begin(
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
    let sent = compose(data, snapshot, home, controls);
    let expected = sent.expected_sub;
    let attempt = data.crossing.as_ref().map_or(0, |c| c.attempt) + 1;
    let mut leg = SignInData::new(
        Purpose::Crossing {
            pushed: Box::new(sent.clone()),
            same_cloud: true,
        },
        Some(home.tenant),
        data.correlation_id,
    );
    leg.typed_name.clone_from(&data.typed_name);
    match super::meant_account(cx, &active.browser, &leg).await? {
        Some(account) => super::use_account(&mut leg, &account),
        None => leg.subject = asked_for(cx, &leg, home.tenant, expected).await?,
    }
    let data = active.sign_in.data.active_mut();
    data.crossing = Some(CrossingUnderWay {
        sent,
        sealed_verifier: Vec::new(),
        started: cx.now,
        attempt,
    });
    data.home_leg = Some(Box::new(leg));
    Ok(())
}

/// Whose password home asks for: that of the person asked for, or of whoever typed her name on the
/// page before. It was a page of this cloud, so home does not ask for the name once more.
async fn asked_for(
    cx: &Context,
    leg: &SignInData,
    home: Id<Tenant>,
    expected: Option<Id<User>>,
) -> Result<Option<Subject>> {
    if expected.is_some() {
        return Ok(Some(Subject::Local { user: expected }));
    }
    let Some(Ok(upn)) = leg.typed_name.as_deref().map(Upn::parse) else {
        return Ok(None);
    };
    let read = cx.app.store().read();
    let owner = read.cloud().find_tenant_by_domain(&upn.domain()).await?;
    if owner.is_none_or(|tenant| tenant.id != home) {
        return Ok(None);
    }
    let subject = route::subject(cx, &Route::Own(home), &upn).await?;
    Ok(Some(subject))
}

/// What would be pushed to another cloud; nothing of it travels.
fn compose(
    data: &SignInData,
    snapshot: &Snapshot,
    home: &HomeTenant,
    controls: Controls,
) -> PushedCrossing {
    let pair = pair_of(data);
    let wanted = crate::crossing::wanted(data, snapshot, home, controls);
    PushedCrossing {
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
        expected_sub: expected_person(data),
        login_hint: data.typed_name.clone(),
        acr: wanted.acr,
        max_age: wanted.max_age,
        prompt_none: super::assess::is_silent(data),
        prompt_login: controls.fresh,
        device_asked: wanted.device,
    }
}

/// What the end of a leg leaves to be written.
#[derive(Debug)]
pub(super) struct Ended {
    home: Id<Tenant>,
    /// Home's own record.
    record: SignInRecord,
    /// Who said yes to the release, and to whom.
    yes: Option<(Id<User>, HomeTenant)>,
    session: Option<Renewal>,
}

impl Ended {
    pub(super) async fn write(&self, cx: &Context, tx: &Tx) -> Result<()> {
        let home = tx.tenant(self.home);
        if let Some((user, resource)) = &self.yes {
            home.releases()
                .upsert(*user, &resource.cloud, resource.tenant, cx.now)
                .await?;
        }
        home.sign_in_records().insert(&self.record).await?;
        match &self.session {
            Some(session) => session.write(tx).await,
            None => Ok(()),
        }
    }
}

/// Ends a leg at a home in this cloud: home's verdict becomes the same value that the callback
/// yields after verification. It is written with what comes of it: the session's new value reaches the
/// browser only in an answer that tells how the sign-in goes on.
pub(super) fn finish(cx: &Context, active: &mut Active, assessment: &Assessment) -> Result<()> {
    let user = assessment
        .user
        .as_ref()
        .ok_or_else(|| Error::internal("a leg without a user"))?;
    let snapshot = assessment
        .snapshot
        .as_ref()
        .ok_or_else(|| Error::internal("a leg without a tenant"))?;
    let leg = active.sign_in.data.active();
    let Purpose::Crossing { pushed, .. } = leg.purpose.clone() else {
        return Err(Error::internal("a leg that is none"));
    };
    let home = snapshot.tenant.id;
    let resource = HomeTenant {
        cloud: pushed.resource_cloud.clone(),
        tenant: pushed.details.resource_tenant,
    };
    let yes = said_yes(leg).then(|| (user.id, resource.clone()));
    let record = record::sign_in(cx, leg, assessment, 0);
    let kept = keep_session(cx, active, assessment, user, home)?;
    let asked = &pushed.details.groups;
    let assertion = AssertionFacts {
        automatic_redemption: judge::automatic_outbound(snapshot, &resource),
        groups: answered(assessment, asked),
        ..told(cx, assessment, user, (home, &kept))
    };
    active.unwritten.push(Unwritten::Leg(Box::new(Ended {
        home,
        record,
        yes,
        session: kept.renewal,
    })));
    // The sign-in may stop at a page of the resource: until it ends this is the session's value.
    if kept.cookie.is_some() {
        active.browser_cookie = kept.cookie;
    }
    end_leg(&mut active.sign_in.data, assertion);
    Ok(())
}

/// The answer to the groups asked.
fn answered(assessment: &Assessment, asked: &BTreeSet<Uuid>) -> GroupAnswer {
    let member = assessment.facts.iter().flat_map(|f| &f.groups.member);
    GroupAnswer {
        member: member.filter(|g| asked.contains(*g)).copied().collect(),
        evaluated: asked.clone(),
    }
}

/// Who signed in at home, and how.
fn told(
    cx: &Context,
    assessment: &Assessment,
    user: &User,
    (home, kept): (Id<Tenant>, &Kept),
) -> AssertionFacts {
    let methods = &assessment.methods;
    AssertionFacts {
        identity: ExternalIdentity {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: home,
            object: user.id,
        },
        upn: user.upn.clone(),
        name: user.display_name.clone(),
        sid: kept.account.sid.clone(),
        session_exp: kept.expires,
        auth_time: auth_time(methods, cx.now),
        acr: if judge::is_multi_factor(methods) {
            WantedAcr::Mfa
        } else {
            WantedAcr::Any
        },
        methods: methods.clone(),
        groups: GroupAnswer::default(),
        device: None,
        automatic_redemption: false,
        confirmed: cx.now,
        kid: None,
    }
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
