//! Authorization requests: what is read, what is refused, and when an error may be sent back
//! (security bars O-03, O-04, O-08, O-25).
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use comity_oauth::authorize::{self, Authorization, AuthorizeError, Prompt, Rejected, Request};
use comity_oauth::params::{Params, ParamsError};
use comity_oauth::pkce::{PkceError, Requirement};
use comity_oauth::response::ResponseMode;
use comity_oauth::scope::OidcScope;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REFERENCE: &str = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c";

fn base() -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:1234"),
        ("scope", "openid User.Read"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

fn with(name: &'static str, value: &'static str) -> Params {
    let others = base().into_iter().filter(|(other, _)| *other != name);
    Params::from_pairs(others.chain([(name, value)]))
}

fn without(name: &str) -> Params {
    Params::from_pairs(base().into_iter().filter(|(other, _)| *other != name))
}

fn direct(params: &Params) -> Request {
    match authorize::parse(params) {
        Ok(Authorization::Direct(request)) => *request,
        other => panic!("{other:?}"),
    }
}

fn rejected(params: &Params) -> Rejected {
    *authorize::parse(params).unwrap_err()
}

#[test]
fn a_request_as_msal_sends_it() {
    let mut params = Params::from_pairs(base());
    for (name, value) in [
        ("response_mode", "form_post"),
        ("client_info", "1"),
        ("nonce", "5f3c"),
        ("prompt", "select_account"),
        ("max_age", "0"),
        ("instance_aware", "true"),
        ("x-client-sku", "MSAL.Python"),
        ("x-client-sku", "twice"),
        ("clidata", "1"),
        ("ui_locales", "de"),
        ("display", "page"),
    ] {
        params.push(name, value);
    }
    let request = direct(&params);
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert!(request.client_info && request.instance_aware);
    assert!(request.scopes.has(OidcScope::OpenId));
    assert_eq!(request.prompt, [Prompt::SelectAccount].into());
    assert_eq!(request.max_age, Some(0));
    assert_eq!(request.require_pkce(Requirement::Required), Ok(()));
    assert_eq!(direct(&request.to_params()), request);
}

#[test]
fn o04_pkce_is_for_the_profile_to_demand() {
    let pairs = base()
        .into_iter()
        .filter(|(name, _)| !name.starts_with("code_"));
    let request = direct(&Params::from_pairs(pairs));
    assert_eq!(request.require_pkce(Requirement::Optional), Ok(()));
    let error = request.require_pkce(Requirement::Required).unwrap_err();
    assert_eq!(error, AuthorizeError::Pkce(PkceError::MissingChallenge));
    assert_eq!(error.code(), "invalid_request");
}

#[test]
fn errors_that_go_back_to_the_client() {
    for (name, value, code) in [
        ("response_type", "token", "unsupported_response_type"),
        (
            "response_type",
            "id_token token",
            "unsupported_response_type",
        ),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
        ),
        ("response_type", "code ", "unsupported_response_type"),
        ("response_mode", "query.jwt", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("prompt", "Login", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "1.5", "invalid_request"),
        ("max_age", "99999999999", "invalid_request"),
        ("max_age", "+1", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("scope", "a\"b", "invalid_scope"),
        ("scope", "api://a/x api://b/x", "invalid_scope"),
        ("claims", "{", "invalid_request"),
        ("claims", r#"{"id_token":{"sub":"x"}}"#, "invalid_request"),
        ("request", "a.b.c", "request_not_supported"),
        (
            "request_uri",
            "https://evil.example/r",
            "invalid_request_uri",
        ),
        (
            "authorization_details",
            "{}",
            "invalid_authorization_details",
        ),
        ("resource", "https://a/#x", "invalid_target"),
        ("dpop_jkt", "short", "invalid_request"),
    ] {
        let rejected = rejected(&with(name, value));
        assert_eq!(rejected.error.code(), code, "{name}={value}");
        assert!(rejected.is_redirectable(), "{name}={value}");
        assert_eq!(rejected.state.as_deref(), Some("s"));
    }
    assert_eq!(rejected(&without("response_type")).error.number(), 900_144);
}

#[test]
fn o01_errors_about_the_return_address_go_nowhere() {
    for params in [
        without("client_id"),
        with("client_id", "a\u{9}b"),
        with("redirect_uri", "https://a/\r\nSet-Cookie: x"),
        Params::from_pairs(base().into_iter().chain([("client_id", "other")])),
        Params::from_pairs(
            base()
                .into_iter()
                .chain([("redirect_uri", "https://evil.example")]),
        ),
        Params::from_pairs(
            base()
                .into_iter()
                .chain([("redirect_uri[]", "https://evil.example")]),
        ),
    ] {
        let rejected = rejected(&params);
        assert!(!rejected.is_redirectable(), "{rejected:?}");
        assert_eq!(rejected.error.code(), "invalid_request");
    }
}

#[test]
fn o03_every_parameter_we_know_comes_once() {
    let known = [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "state",
        "nonce",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "domain_hint",
        "id_token_hint",
        "sid",
        "acr_values",
        "claims",
        "authorization_details",
        "dpop_jkt",
        "client_info",
        "instance_aware",
        "request",
        "request_uri",
    ];
    for name in known {
        let mut params = Params::from_pairs(base());
        params.push(name, "a");
        params.push(name, "a");
        let error = rejected(&params).error;
        assert_eq!(
            error,
            AuthorizeError::Params(ParamsError::Duplicate(name)),
            "{name}"
        );
    }
    let mut several = with("resource", "https://a");
    several.push("resource", "https://b");
    assert_eq!(rejected(&several).error, AuthorizeError::Resource);
}

#[test]
fn o25_a_reference_replaces_everything_else() {
    let mut params = Params::from_pairs([("client_id", "c"), ("request_uri", REFERENCE)]);
    params.push("redirect_uri", "https://evil.example");
    params.push("response_type", "token");
    let pushed = authorize::parse(&params).unwrap();
    let expected = Authorization::Pushed {
        client_id: "c".to_owned(),
        request_uri: REFERENCE.to_owned(),
    };
    assert_eq!(pushed, expected);
    let alone = Params::from_pairs([("request_uri", REFERENCE)]);
    assert_eq!(rejected(&alone).error, AuthorizeError::Missing("client_id"));
}

#[test]
fn texts_are_bounded() {
    for (name, max) in [
        ("state", 8192),
        ("nonce", 1024),
        ("login_hint", 1024),
        ("client_id", 512),
    ] {
        let others = base().into_iter().filter(|(other, _)| *other != name);
        let mut params = Params::from_pairs(others);
        params.push(name, "a".repeat(max + 1));
        assert_eq!(rejected(&params).error, AuthorizeError::Malformed(name));
    }
}
