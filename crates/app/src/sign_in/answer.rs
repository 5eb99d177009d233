//! What a sign-in answers to whoever asked for it: a code, an error, a no.

use comity_model::{
    federation::PushedCrossing,
    id::Id,
    sign_in::{ApplicationRequest, OauthError, Refusal, ResponseMode, SignInData},
    tenant::Tenant,
    user::User,
};

use super::Return;
use crate::context::Context;

/// The code that goes back to an application.
pub(super) fn success_response(
    cx: &Context,
    request: &ApplicationRequest,
    data: &SignInData,
    user: &User,
    code: String,
) -> Return {
    let mut parameters = vec![("code", code)];
    if let (true, Some(tenant)) = (request.client_info, data.tenant) {
        let info = comity_oauth::token::client_info(&user.id.to_string(), &tenant.to_string());
        parameters.push(("client_info", info));
    }
    if let Some(state) = &request.state {
        parameters.push(("state", state.clone()));
    }
    if let Some(tenant) = data.tenant {
        parameters.push(("iss", cx.app.registry().own.issuer(tenant.uuid())));
    }
    Return {
        redirect_uri: request.redirect_uri.clone(),
        mode: request.response_mode,
        parameters,
    }
}

/// The error that goes back to an application without drawing anything.
pub(super) fn error_response(
    cx: &Context,
    request: &ApplicationRequest,
    data: &SignInData,
    refusal: Refusal,
) -> Return {
    let mut parameters = vec![
        ("error", refusal.error.as_str().to_owned()),
        (
            "error_description",
            format!(
                "AADSTS{}: the request cannot be answered without the person. Correlation ID: {}",
                refusal.code, data.correlation_id
            ),
        ),
    ];
    if let Some(state) = &request.state {
        parameters.push(("state", state.clone()));
    }
    if let Some(tenant) = data.tenant {
        parameters.push(("iss", cx.app.registry().own.issuer(tenant.uuid())));
    }
    Return {
        redirect_uri: request.redirect_uri.clone(),
        mode: request.response_mode,
        parameters,
    }
}

/// The code that goes back to the cloud that pushed.
pub(super) fn crossing_response(
    cx: &Context,
    pushed: &PushedCrossing,
    tenant: Id<Tenant>,
    code: String,
) -> Return {
    let iss = cx.app.registry().own.issuer(tenant.uuid());
    Return {
        redirect_uri: pushed.redirect_uri.clone(),
        mode: ResponseMode::Query,
        parameters: vec![
            ("code", code),
            ("iss", iss),
            ("state", pushed.state.clone()),
        ],
    }
}

/// What travels across clouds when home says no (federation §6): the number only where it is one
/// of the two that the resource must show.
pub(super) fn crossing_error(cx: &Context, pushed: &PushedCrossing, refusal: Refusal) -> Return {
    let iss = cx
        .app
        .registry()
        .own
        .issuer(pushed.details.home_tenant.uuid());
    let mut parameters = vec![
        ("error", refusal.error.as_str().to_owned()),
        ("iss", iss),
        ("state", pushed.state.clone()),
    ];
    if matches!(refusal.code, 500_212 | 1_000_104) {
        parameters.push(("comity_error", format!("{{\"code\":{}}}", refusal.code)));
    }
    Return {
        redirect_uri: pushed.redirect_uri.clone(),
        mode: ResponseMode::Query,
        parameters,
    }
}

/// What the tenant signed in to sees of a refusal. Of a no of a home in this cloud that is what
/// would have travelled from another one: why a person failed at home stays there (federation §6).
pub(super) fn seen(outermost: &SignInData, refusal: Refusal) -> Refusal {
    use comity_oauth::response::Refusal as Told;
    if outermost.home_leg.is_none() {
        return refusal;
    }
    let told = match (refusal.code, refusal.error) {
        (500_212, _) => Told::OutboundBlocked,
        (1_000_104, _) => Told::CloudNotAllowed,
        (_, OauthError::LoginRequired) => Told::LoginRequired,
        (_, OauthError::InteractionRequired) => Told::InteractionRequired,
        (_, OauthError::UnmetAuthenticationRequirements) => Told::UnmetAuthenticationRequirements,
        (_, OauthError::TemporarilyUnavailable) => Told::TemporarilyUnavailable,
        _ => Told::AccessDenied,
    };
    crate::crossing::told(told, super::is_silent(outermost))
}
