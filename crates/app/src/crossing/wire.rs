//! Between what is kept of a leg and its wire forms (cross-cloud-federation.md §7).

use comity_model::{
    federation::{
        ApplicationPair, AssertionFacts, CrossingDetails, DeviceClaim, GroupAnswer, HomeTenant,
        PushedCrossing, WantedAcr,
    },
    id::Id,
    name::Upn,
    session::MethodUse,
    time::Utc,
    user::ExternalIdentity,
};
use comity_oauth::{
    assertion::Assertion,
    authorize::{Prompt, Request},
    claims_request::{AcrRequest, RequestedClaims},
    crossing,
    params::Params,
    pkce::Challenge,
    response::ResponseMode,
    scope::Scopes,
    text,
};

use crate::{
    context::Context,
    error::{Error, Result},
};

/// A session at home counts at most this long here, whatever home says.
const LONGEST_SESSION_SECONDS: i64 = 90 * 24 * 3600;

/// The bound details as they are written.
pub(crate) fn to_wire(details: &CrossingDetails) -> crossing::CrossingDetails {
    crossing::CrossingDetails {
        kind: crossing::CrossingType::ComityCrossing,
        resource_tenant: details.resource_tenant.uuid(),
        home_tenant: details.home_tenant.uuid(),
        client_app: details.pair.client,
        resource_app: details.pair.resource,
        app_name: details.app_name.clone(),
        groups: details.groups.clone(),
        correlation_id: details.correlation_id,
    }
}

/// The bound details as they are kept.
pub(crate) fn from_wire(details: crossing::CrossingDetails) -> CrossingDetails {
    CrossingDetails {
        resource_tenant: Id::new(details.resource_tenant),
        home_tenant: Id::new(details.home_tenant),
        pair: ApplicationPair {
            client: details.client_app,
            resource: details.resource_app,
        },
        app_name: details.app_name,
        groups: details.groups,
        correlation_id: details.correlation_id,
    }
}

/// The form of a push.
pub(super) fn push(cx: &Context, sent: &PushedCrossing) -> Result<Params> {
    let mut prompt = std::collections::BTreeSet::new();
    if sent.prompt_none {
        prompt.insert(Prompt::None);
    }
    if sent.prompt_login {
        prompt.insert(Prompt::Login);
    }
    let acr = AcrRequest {
        essential: true,
        values: vec![sent.acr.as_str().to_owned()],
    };
    let request = Request {
        client_id: cx.app.registry().own.entity.clone(),
        redirect_uri: Some(sent.redirect_uri.clone()),
        response_mode: ResponseMode::Query,
        scopes: Scopes::parse("openid").map_err(Error::internal)?,
        state: Some(sent.state.clone()),
        nonce: Some(sent.nonce.clone()),
        code_challenge: Some(
            Challenge::try_from(sent.code_challenge.clone()).map_err(Error::internal)?,
        ),
        prompt,
        max_age: sent.max_age,
        login_hint: sent.login_hint.clone(),
        domain_hint: None,
        id_token_hint: None,
        sid: None,
        acr_values: vec![sent.acr.as_str().to_owned()],
        claims: RequestedClaims {
            acr: Some(acr),
            sub: sent.expected_sub.map(|s| s.to_string()),
            device: sent.device_asked,
            ..RequestedClaims::default()
        },
        resource: None,
        authorization_details: to_wire(&sent.details).to_details(),
        dpop_jkt: Some(sent.dpop_jkt.clone()),
        client_info: false,
        instance_aware: false,
    };
    Ok(request.to_params())
}

/// What is kept of a verified assertion. Its texts are another cloud's: the user name must be one,
/// the display name is cleaned.
pub(crate) fn facts(
    cx: &Context,
    home: &HomeTenant,
    assertion: Assertion,
    kid: &str,
) -> Result<AssertionFacts, &'static str> {
    let upn = Upn::parse(&assertion.upn).map_err(|_| "the user name is malformed")?;
    let end = cx.now.plus_seconds(LONGEST_SESSION_SECONDS);
    let methods = assertion.methods.into_iter().map(|m| MethodUse {
        method: m.method,
        at: Utc::from_seconds(m.at.max(0)),
    });
    Ok(AssertionFacts {
        identity: ExternalIdentity {
            cloud: home.cloud.clone(),
            tenant: home.tenant,
            object: Id::new(assertion.sub),
        },
        upn: upn.as_str().to_owned(),
        name: text::clean(&assertion.name, text::MAX_SHOWN),
        sid: assertion.sid,
        session_exp: Utc::from_seconds(assertion.session_exp.min(end.seconds())),
        auth_time: Utc::from_seconds(assertion.auth_time.max(0)),
        acr: WantedAcr::parse(&assertion.acr).unwrap_or(WantedAcr::Any),
        methods: methods.collect(),
        groups: GroupAnswer {
            evaluated: assertion.groups.evaluated,
            member: assertion.groups.member,
        },
        device: assertion.device.map(|d| DeviceClaim {
            id: d.id,
            is_compliant: d.is_compliant,
            is_hybrid_joined: d.is_hybrid_joined,
            attributes: d.attributes,
        }),
        automatic_redemption: assertion.automatic_redemption,
        confirmed: cx.now,
        kid: Some(kid.to_owned()),
    })
}
