//! What makes an authorization request one of a client: client and redirect URI first, then the
//! rest, whose errors may go back.

use comity_app::{
    Context,
    client::{self, Client},
    consent,
    snapshot::Snapshot,
    token::Refused,
};
use comity_model::{
    application::Platform,
    federation::ApplicationPair,
    id::parse_uuid,
    sign_in::{ApplicationRequest, Prompt},
    signing_key::KeyPurpose,
    well_known,
};
use comity_oauth::{
    access_token::TENANT,
    authorize::{self, Request},
    id_token,
    pkce::Requirement,
};
use uuid::Uuid;

use super::mode;

/// Contexts that mean a second factor.
const SECOND_FACTOR: [&str; 3] = [
    "urn:comity:acr:mfa",
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    "mfa",
];

/// A client and a redirect URI that belong together.
pub(super) struct Known<'a> {
    pub app_id: Uuid,
    pub redirect_uri: &'a str,
    pub platform: Platform,
    pub pkce: Requirement,
    pub name: String,
}

/// Client and redirect URI, in a tenant or (the clients of every tenant) on the common endpoint.
pub(super) fn known<'a>(
    cx: &Context,
    snapshot: Option<&Snapshot>,
    client_id: &str,
    redirect_uri: &'a str,
) -> Result<Known<'a>, Refused> {
    let registry = cx.app.registry();
    let mismatch = || {
        Refused::new(
            "invalid_request",
            50_011,
            "the `redirect_uri` of the request is not one that the application registered, letter by letter",
        )
    };
    let Some(snapshot) = snapshot else {
        let app_id = parse_uuid(client_id).filter(|id| client::is_first_party(*id)).ok_or_else(|| {
            Refused::new(
                "unauthorized_client",
                50_194,
                "the application belongs to one organization: name the organization in the address",
            )
        })?;
        let platform =
            client::first_party_platform(registry, app_id, redirect_uri).ok_or_else(mismatch)?;
        let name = well_known::first_party_name(app_id)
            .unwrap_or_default()
            .to_owned();
        return Ok(Known {
            app_id,
            redirect_uri,
            platform,
            pkce: Requirement::Required,
            name,
        });
    };
    let client = Client::find(snapshot, client_id)?;
    let platform = client
        .platform_of(registry, redirect_uri)
        .ok_or_else(mismatch)?;
    Ok(Known {
        app_id: client.app_id,
        redirect_uri,
        platform,
        pkce: client.pkce(platform),
        name: client.name().to_owned(),
    })
}

/// The rest of the request.
pub(super) fn application_request(
    cx: &Context,
    snapshot: Option<&Snapshot>,
    known: &Known<'_>,
    request: &Request,
) -> Result<ApplicationRequest, Refused> {
    request
        .require_pkce(known.pkce)
        .map_err(|e| Refused::new(e.code(), e.number(), e.to_string()))?;
    if snapshot.is_some_and(|s| !s.tenant.enabled) {
        return Err(Refused::new(
            "unauthorized_client",
            90_002,
            "the organization is disabled",
        ));
    }
    let scopes = consent::names(&request.scopes);
    if scopes.is_empty() {
        return Err(Refused::new(
            "invalid_request",
            900_144,
            "the parameter `scope` is missing",
        ));
    }
    let named = request.scopes.resource().or(request.resource.as_deref());
    let registry = cx.app.registry();
    let resource = match snapshot {
        Some(snapshot) => consent::resource(snapshot, registry, known.app_id, named)?,
        None => consent::resource_anywhere(registry, known.app_id, named)?,
    };
    if let Some(scope) = consent::unknown_scope(snapshot, &resource, &scopes) {
        return Err(Refused::new(
            "invalid_scope",
            70_011,
            format!("the resource does not offer the scope `{scope}`"),
        ));
    }
    let (prompt, max_age) = prompt(request);
    Ok(ApplicationRequest {
        pair: ApplicationPair {
            client: known.app_id,
            resource: resource.app_id,
        },
        redirect_uri: known.redirect_uri.to_owned(),
        platform: known.platform,
        response_mode: mode(request.response_mode),
        scopes,
        audience: resource.audience,
        state: request.state.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request
            .code_challenge
            .as_ref()
            .map(|c| c.as_str().to_owned()),
        prompt,
        max_age,
        wants_mfa: wants_second_factor(request),
        client_info: request.client_info,
    })
}

/// `max_age=0` asks for a proof in this sign-in, which is what `prompt=login` says.
fn prompt(request: &Request) -> (Prompt, Option<i64>) {
    let has = |prompt| request.prompt.contains(&prompt);
    let prompt = if has(authorize::Prompt::None) {
        Prompt::None
    } else if has(authorize::Prompt::Login) || request.max_age == Some(0) {
        Prompt::Login
    } else if has(authorize::Prompt::SelectAccount) {
        Prompt::SelectAccount
    } else if has(authorize::Prompt::Consent) {
        Prompt::Consent
    } else {
        Prompt::Auto
    };
    let max_age = if prompt == Prompt::Login {
        None
    } else {
        request.max_age
    };
    (prompt, max_age)
}

fn wants_second_factor(request: &Request) -> bool {
    let essential = request.claims.acr.as_ref().filter(|acr| acr.essential);
    let means = |value: &String| SECOND_FACTOR.contains(&value.as_str());
    essential.is_some_and(|acr| !acr.values.is_empty() && acr.values.iter().all(means))
        || (!request.acr_values.is_empty() && request.acr_values.iter().all(means))
}

/// Whose name the sign-in begins with: a hint, or the person of an earlier id token of ours. It
/// proves nothing.
pub(super) async fn hint(cx: &Context, request: &Request) -> Option<String> {
    if request.login_hint.is_some() {
        return request.login_hint.clone();
    }
    let keys = comity_app::key::fresh(cx)
        .await
        .ok()?
        .verifiers(KeyPurpose::Token);
    let template = cx
        .app
        .registry()
        .own
        .issuer_template
        .replace("{tenant}", TENANT);
    let token = id_token::verify_hint(request.id_token_hint.as_deref()?, &keys, &template).ok()?;
    token.preferred_username
}

#[cfg(test)]
mod tests {
    use super::{prompt, wants_second_factor};
    use comity_model::sign_in::Prompt;
    use comity_oauth::{authorize::Request, params::Params};

    fn request(more: &[(&str, &str)]) -> Request {
        let mut params = Params::from_pairs([("client_id", "c"), ("response_type", "code")]);
        for (name, value) in more {
            params.push(*name, *value);
        }
        Request::parse(&params).unwrap()
    }

    #[test]
    fn what_the_application_wants_to_be_asked() {
        for (pairs, expected) in [
            (&[][..], (Prompt::Auto, None)),
            (&[("prompt", "none")], (Prompt::None, None)),
            (
                &[("prompt", "login"), ("max_age", "5")],
                (Prompt::Login, None),
            ),
            (&[("max_age", "0")], (Prompt::Login, None)),
            (
                &[("prompt", "none"), ("max_age", "0")],
                (Prompt::None, Some(0)),
            ),
            (
                &[("prompt", "select_account"), ("max_age", "60")],
                (Prompt::SelectAccount, Some(60)),
            ),
            (&[("prompt", "consent login")], (Prompt::Login, None)),
        ] {
            assert_eq!(prompt(&request(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_second_factor_is_wanted_only_if_nothing_less_would_do() {
        let essential =
            r#"{"id_token":{"acr":{"essential":true,"values":["urn:comity:acr:mfa"]}}}"#;
        let voluntary = r#"{"id_token":{"acr":{"values":["urn:comity:acr:mfa"]}}}"#;
        for (pairs, expected) in [
            (&[("claims", essential)][..], true),
            (&[("claims", voluntary)], false),
            (&[("acr_values", "urn:comity:acr:mfa")], true),
            (&[("acr_values", "1 urn:comity:acr:mfa")], false),
            (&[], false),
        ] {
            assert_eq!(wants_second_factor(&request(pairs)), expected, "{pairs:?}");
        }
    }
}
