//! The token endpoint: grants, client authentication and the shapes of answers.
#![expect(clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_oauth::params::{Params, ParamsError};
use comity_oauth::secret::Secret;
use comity_oauth::token::{
    ASSERTION_TYPE, ClientAuthentication, Grant, Request, Response, TokenError, client_info,
};

fn parse(body: &str, authorization: Option<&str>) -> Result<Request, TokenError> {
    Request::parse(&Params::parse(body.as_bytes()).unwrap(), authorization)
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[test]
fn each_grant() {
    let code = parse(
        "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Flocalhost%3A1&code_verifier=v&client_id=a&client_info=1&x-client-sku=y",
        None,
    )
    .unwrap();
    assert!(code.client_info);
    assert_eq!(
        code.grant,
        Grant::AuthorizationCode {
            code: Secret::new("c"),
            redirect_uri: Some("http://localhost:1".into()),
            code_verifier: Some(Secret::new("v")),
        }
    );
    let refresh = parse(
        "grant_type=refresh_token&refresh_token=r&client_id=a&scope=User.Read",
        None,
    );
    assert_eq!(
        refresh.unwrap().grant,
        Grant::RefreshToken(Secret::new("r"))
    );
    let body =
        "grant_type=client_credentials&client_id=a&client_secret=s&scope=api%3A%2F%2Fx%2F.default";
    let credentials = parse(body, None).unwrap();
    assert_eq!(credentials.grant, Grant::ClientCredentials);
    assert_eq!(credentials.scopes.unwrap().resource(), Some("api://x"));
    assert!(!format!("{code:?}").contains("\"c\""));
}

#[test]
fn o08_no_other_grant() {
    for grant in [
        "password",
        "implicit",
        "device_code",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
        "client_credentials ",
    ] {
        let params = Params::from_pairs([("grant_type", grant), ("client_id", "a")]);
        let error = Request::parse(&params, None).unwrap_err();
        assert_eq!(
            (error.code(), error.number()),
            ("unsupported_grant_type", 70_003),
            "{grant}"
        );
    }
    for (body, name) in [
        ("client_id=a", "grant_type"),
        ("grant_type=authorization_code&client_id=a", "code"),
        ("grant_type=refresh_token&client_id=a", "refresh_token"),
        ("grant_type=client_credentials", "client_id"),
        ("grant_type=client_credentials&client_secret=s", "client_id"),
    ] {
        let error = parse(body, None).unwrap_err();
        assert_eq!(
            (&error, error.number()),
            (&TokenError::Missing(name), 900_144),
            "{body}"
        );
    }
}

#[test]
fn o03_duplicates_are_refused() {
    for name in [
        "grant_type",
        "code",
        "client_id",
        "client_secret",
        "redirect_uri",
        "scope",
    ] {
        let body = format!(
            "grant_type=authorization_code&code=c&client_id=a&client_secret=s&redirect_uri=u&scope=x&{name}=y"
        );
        assert_eq!(parse(&body, None), Err(ParamsError::Duplicate(name).into()));
    }
    let body = "grant_type=client_credentials&client_id=a&client_secret=s&resource=a&resource=b";
    assert_eq!(parse(body, None).unwrap_err().code(), "invalid_target");
}

#[test]
fn basic_halves_are_form_encoded() {
    let request = parse(
        "grant_type=client_credentials",
        Some(&basic("a%3Ab:s+1%25")),
    )
    .unwrap();
    let expected = ClientAuthentication::SecretBasic {
        client_id: "a:b".into(),
        secret: Secret::new("s 1%"),
    };
    assert_eq!(request.client, expected);
    assert_eq!(request.client.method(), "client_secret_basic");
    assert!(
        parse(
            "grant_type=client_credentials&client_id=a",
            Some(&basic("a:s"))
        )
        .is_ok()
    );
    for header in [
        "",
        "Basic",
        "Basic !",
        "Bearer abc",
        "Digest a",
        &basic("a"),
        &basic(":s"),
        &basic("a:"),
        &basic("a:%"),
        &basic("a\u{0}:s"),
    ] {
        let error = parse("grant_type=client_credentials", Some(header)).unwrap_err();
        assert_eq!(error.code(), "invalid_client", "{header}");
    }
}

#[test]
fn one_way_to_authenticate() {
    let assertion = format!("client_assertion_type={ASSERTION_TYPE}&client_assertion=a.b.c");
    let grant = "grant_type=client_credentials";
    let header = basic("a:s");
    let jwt = parse(&format!("{grant}&{assertion}"), None).unwrap();
    assert_eq!(
        (jwt.client.method(), jwt.client.client_id()),
        ("private_key_jwt", None)
    );
    for (body, header, expected) in [
        (
            format!("{grant}&client_id=a&client_secret=s"),
            Some(&header),
            TokenError::SeveralMethods,
        ),
        (
            format!("{grant}&{assertion}"),
            Some(&header),
            TokenError::SeveralMethods,
        ),
        (
            format!("{grant}&client_id=a&client_secret=s&{assertion}"),
            None,
            TokenError::SeveralMethods,
        ),
        (
            format!("{grant}&client_id=b"),
            Some(&header),
            TokenError::ClientMismatch,
        ),
        (
            format!("{grant}&client_assertion=a.b.c"),
            None,
            TokenError::AssertionType,
        ),
        (
            format!("{grant}&client_assertion_type={ASSERTION_TYPE}"),
            None,
            TokenError::AssertionType,
        ),
        (
            format!("{grant}&client_assertion_type=saml&client_assertion=x"),
            None,
            TokenError::AssertionType,
        ),
    ] {
        let result = parse(&body, header.map(String::as_str));
        assert_eq!(result, Err(expected), "{body}");
    }
}

#[test]
fn the_answer_has_the_members_clients_look_for() {
    let response = Response {
        token_type: "Bearer".into(),
        scope: Some("openid User.Read".into()),
        expires_in: 3599,
        ext_expires_in: Some(3599),
        access_token: Some("at".into()),
        refresh_token: None,
        id_token: None,
        client_info: Some(client_info("u", "t")),
    };
    assert_eq!(
        serde_json::to_value(&response).unwrap(),
        serde_json::json!({
            "token_type": "Bearer", "scope": "openid User.Read", "expires_in": 3599,
            "ext_expires_in": 3599, "access_token": "at",
            "client_info": "eyJ1aWQiOiJ1IiwidXRpZCI6InQifQ",
        })
    );
    assert!(!format!("{response:?}").contains("\"at\""));
}
