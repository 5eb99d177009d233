//! Access and id tokens, discovery, and the kinds of token against every acceptor (security bars
//! O-13, O-28, O-29, O-37, S-03 at this level).
#![expect(clippy::unwrap_used, reason = "tests")]

use comity_crypto::{SigningAlgorithm, SigningKey};
use comity_oauth::access_token::{self, AccessToken, AccessTokenError, Scheme};
use comity_oauth::discovery::{
    InstanceError, InstanceQuery, MetadataError, ProviderMetadata, Source,
};
use comity_oauth::id_token::{self, IdToken, IdTokenError, half_hash};
use comity_oauth::json::JsonError;
use comity_oauth::jws::{self, JwsError};
use comity_oauth::keys::KeySet;
use comity_oauth::params::Params;
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;
const TEMPLATE: &str = "https://login.global.localhost/{tenantid}/v2.0";
const ISSUER: &str = "https://login.global.localhost/11111111-1111-4111-8111-111111111111/v2.0";
const GRAPH: &str = "https://graph.global.localhost";
const OTHER: &str = "99999999-9999-4999-8999-999999999999";

fn signer() -> (SigningKey, KeySet) {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let keys = [key.public_key().clone()].into_iter().collect();
    (key, keys)
}

fn access_claims() -> Value {
    json!({
        "aud": GRAPH, "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
        "sub": "s", "oid": "77777777-7777-4777-8777-777777777777",
        "tid": "11111111-1111-4111-8111-111111111111", "ver": "2.0", "uti": "u", "jti": "u",
        "appid": "a", "azp": "a", "client_id": "a", "azpacr": "0", "scp": "User.Read", "idtyp": "user",
    })
}

fn id_claims() -> Value {
    json!({
        "aud": "client-1", "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 3600,
        "sub": "s", "oid": "77777777-7777-4777-8777-777777777777",
        "tid": "11111111-1111-4111-8111-111111111111", "ver": "2.0", "uti": "u",
        "nonce": "n", "auth_time": NOW - 100,
    })
}

fn changed(mut claims: Value, name: &str, value: Value) -> Value {
    claims
        .as_object_mut()
        .unwrap()
        .insert(name.to_owned(), value);
    claims
}

fn check_access(token: &str, keys: &KeySet) -> Result<AccessToken, AccessTokenError> {
    let audiences = [GRAPH, "00000003-0000-0000-c000-000000000000"];
    let expected = access_token::Expected {
        issuer_template: TEMPLATE,
        audiences: &audiences,
        now: NOW,
    };
    access_token::verify(token, keys, &expected)
}

fn check_id(token: &str, keys: &KeySet) -> Result<IdToken, IdTokenError> {
    let expected = id_token::Expected {
        issuer: ISSUER,
        audience: "client-1",
        nonce: Some("n"),
        max_age: Some(100),
        now: NOW,
    };
    id_token::verify(token, keys, &expected)
}

#[test]
fn o28_access_tokens() {
    let (key, keys) = signer();
    let typed: AccessToken = serde_json::from_value(access_claims()).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), access_claims());
    let token = access_token::sign(&typed, &key).unwrap();
    assert_eq!(check_access(&token, &keys), Ok(typed));
    let by_id = changed(
        access_claims(),
        "aud",
        json!("00000003-0000-0000-c000-000000000000"),
    );
    assert!(check_access(&jws::sign("at+jwt", &by_id, &key).unwrap(), &keys).is_ok());
    for (name, value, error) in [
        (
            "iss",
            json!(ISSUER.replace("global", "usgov")),
            AccessTokenError::Issuer,
        ),
        ("iss", json!(format!("{ISSUER}/")), AccessTokenError::Issuer),
        ("tid", json!(OTHER), AccessTokenError::Issuer),
        (
            "aud",
            json!("https://other.api"),
            AccessTokenError::Audience,
        ),
        (
            "aud",
            json!(format!("{GRAPH}/")),
            AccessTokenError::Audience,
        ),
        ("exp", json!(NOW), AccessTokenError::Expired),
        ("nbf", json!(NOW + 61), AccessTokenError::NotYetValid),
    ] {
        let token = jws::sign("at+jwt", &changed(access_claims(), name, value), &key).unwrap();
        assert_eq!(check_access(&token, &keys), Err(error), "{name}");
    }
    let array = jws::sign(
        "at+jwt",
        &changed(access_claims(), "aud", json!([GRAPH])),
        &key,
    )
    .unwrap();
    assert!(matches!(
        check_access(&array, &keys),
        Err(AccessTokenError::Jws(_))
    ));
}

#[test]
fn id_tokens() {
    let (key, keys) = signer();
    let typed: IdToken = serde_json::from_value(id_claims()).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), id_claims());
    let token = id_token::sign(&typed, &key).unwrap();
    assert_eq!(check_id(&token, &keys), Ok(typed));
    for (name, value, error) in [
        (
            "iss",
            json!(ISSUER.replace("global", "usgov")),
            IdTokenError::Issuer,
        ),
        ("aud", json!("client-2"), IdTokenError::Audience),
        ("nonce", json!("m"), IdTokenError::Nonce),
        ("exp", json!(NOW), IdTokenError::Expired),
        ("iat", json!(NOW + 61), IdTokenError::FromTheFuture),
        ("nbf", json!(NOW + 61), IdTokenError::FromTheFuture),
        (
            "auth_time",
            json!(NOW - 161),
            IdTokenError::AuthenticationTime,
        ),
        (
            "auth_time",
            json!(NOW + 61),
            IdTokenError::AuthenticationTime,
        ),
    ] {
        let token = jws::sign("JWT", &changed(id_claims(), name, value), &key).unwrap();
        assert_eq!(check_id(&token, &keys), Err(error), "{name}");
    }
}

#[test]
fn o37_a_hint_may_have_expired_but_is_ours() {
    let (key, keys) = signer();
    let old = jws::sign(
        "JWT",
        &changed(id_claims(), "exp", json!(NOW - 1_000_000)),
        &key,
    )
    .unwrap();
    assert!(id_token::verify_hint(&old, &keys, TEMPLATE).is_ok());
    let foreign = jws::sign("JWT", &changed(id_claims(), "tid", json!(OTHER)), &key).unwrap();
    let refused = id_token::verify_hint(&foreign, &keys, TEMPLATE);
    assert_eq!(refused, Err(IdTokenError::Issuer));
    let (stranger, _) = signer();
    let forged = jws::sign("JWT", &id_claims(), &stranger).unwrap();
    let refused = id_token::verify_hint(&forged, &keys, TEMPLATE);
    assert_eq!(refused, Err(JwsError::UnknownKey.into()));
}

#[test]
fn s03_each_kind_passes_its_own_acceptor_only() {
    let (key, keys) = signer();
    let kinds = [
        "JWT",
        "at+jwt",
        "dpop+jwt",
        "client-authentication+jwt",
        "comity-assertion+jwt",
        "comity-question+jwt",
        "comity-answer+jwt",
        "entity-statement+jwt",
        "logout+jwt",
    ];
    for typ in kinds {
        let access = jws::sign(typ, &access_claims(), &key).unwrap();
        assert_eq!(
            check_access(&access, &keys).is_ok(),
            typ == "at+jwt",
            "{typ}"
        );
        let id = jws::sign(typ, &id_claims(), &key).unwrap();
        assert_eq!(check_id(&id, &keys).is_ok(), typ == "JWT", "{typ}");
    }
}

#[test]
fn authorization_headers() {
    assert_eq!(
        access_token::from_header("Bearer a.b.c"),
        Ok((Scheme::Bearer, "a.b.c"))
    );
    assert_eq!(
        access_token::from_header("dpop a.b.c"),
        Ok((Scheme::Dpop, "a.b.c"))
    );
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", "a.b.c"] {
        assert_eq!(
            access_token::from_header(header),
            Err(AccessTokenError::Missing),
            "{header}"
        );
    }
}

/// OpenID Connect Core appendix A.3.
#[test]
fn half_hashes() {
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert_eq!(half_hash(token), "77QmUPtjPfzWtF2AnpK9RQ");
}

fn source(segment: &'static str) -> Source<'static> {
    Source {
        login: "https://login.global.localhost:8443",
        graph: "https://graph.global.localhost:8443",
        segment,
        cloud: "microsoftonline.com",
        region: Some("NA"),
    }
}

#[test]
fn o29_our_metadata() {
    let tenant = "11111111-1111-4111-8111-111111111111";
    let metadata = serde_json::to_value(ProviderMetadata::new(&source(tenant))).unwrap();
    for (name, expected) in [
        (
            "issuer",
            json!(format!("https://login.global.localhost:8443/{tenant}/v2.0")),
        ),
        (
            "token_endpoint",
            json!(format!(
                "https://login.global.localhost:8443/{tenant}/oauth2/v2.0/token"
            )),
        ),
        (
            "jwks_uri",
            json!(format!(
                "https://login.global.localhost:8443/{tenant}/discovery/v2.0/keys"
            )),
        ),
        (
            "userinfo_endpoint",
            json!("https://graph.global.localhost:8443/oidc/userinfo"),
        ),
        ("cloud_instance_name", json!("microsoftonline.com")),
        ("msgraph_host", json!("graph.global.localhost:8443")),
        ("tenant_region_scope", json!("NA")),
        ("response_types_supported", json!(["code"])),
        ("request_uri_parameter_supported", json!(false)),
        ("rbac_url", Value::Null),
    ] {
        assert_eq!(
            metadata.get(name).cloned().unwrap_or_default(),
            expected,
            "{name}"
        );
    }
    let alias = ProviderMetadata::new(&source("common"));
    assert_eq!(
        alias.issuer,
        "https://login.global.localhost:8443/{tenantid}/v2.0"
    );
    assert!(alias.token_endpoint.ends_with("/common/oauth2/v2.0/token"));
}

#[test]
fn o29_metadata_of_others() {
    let issuer = ProviderMetadata::new(&source("t")).issuer;
    let body = serde_json::to_value(ProviderMetadata::new(&source("t"))).unwrap();
    let parse = |body: &Value| ProviderMetadata::parse(body.to_string().as_bytes(), &issuer);
    assert!(parse(&body).is_ok());
    for (name, value, error) in [
        ("issuer", json!(format!("{issuer}/")), MetadataError::Issuer),
        (
            "token_endpoint",
            json!("https://evil.example/token"),
            MetadataError::Origin("token_endpoint"),
        ),
        (
            "jwks_uri",
            json!("http://login.global.localhost:8443/k"),
            MetadataError::Origin("jwks_uri"),
        ),
    ] {
        assert_eq!(
            parse(&changed(body.clone(), name, value)),
            Err(error),
            "{name}"
        );
    }
    let double = body.to_string().replacen('{', "{\"issuer\":\"x\",", 1);
    let refused = ProviderMetadata::parse(double.as_bytes(), &issuer);
    assert_eq!(refused, Err(JsonError::Duplicate.into()));
    let huge = vec![b' '; 256 * 1024 + 1];
    assert_eq!(
        ProviderMetadata::parse(&huge, &issuer),
        Err(MetadataError::TooLarge)
    );
}

#[test]
fn instance_discovery() {
    let ask = |query: &str| InstanceQuery::parse(&Params::parse(query.as_bytes()).unwrap());
    let login = "https://login.global.localhost:8443";
    // The port is lost on the way, and the parameter may come unencoded.
    let query = ask("api-version=1.1&authorization_endpoint=https://login.global.localhost/contoso.com/oauth2/v2.0/authorize").unwrap();
    let answer = query.answer(login, &["login.microsoftonline.com"]).unwrap();
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({
            "tenant_discovery_endpoint": "https://login.global.localhost:8443/contoso.com/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{
                "preferred_network": "login.global.localhost:8443",
                "preferred_cache": "login.global.localhost:8443",
                "aliases": ["login.global.localhost:8443", "login.global.localhost", "login.microsoftonline.com"],
            }],
        })
    );
    let other = ask("authorization_endpoint=https%3A%2F%2Fevil.example%2Fcommon").unwrap();
    let refused = other.answer(login, &[]).unwrap_err();
    assert_eq!(
        (refused.code(), refused.number()),
        ("invalid_instance", 50_049)
    );
    for query in [
        "",
        "authorization_endpoint=x",
        "authorization_endpoint=http://login.global.localhost/t",
        "authorization_endpoint=https://login.global.localhost/",
    ] {
        assert_eq!(ask(query), Err(InstanceError::Malformed), "{query}");
    }
}
