//! The cross-cloud assertion: every single swap of one value is refused by its own rule
//! (cross-cloud-federation.md §3.1, §3.5 to §3.9; security bars S-20, S-21, S-23).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use comity_crypto::{SigningAlgorithm, SigningKey};
use comity_oauth::assertion::{
    self, Assertion, AssertionError, DeviceQuestion, Expected, TYPE, verify,
};
use comity_oauth::crossing::CrossingDetails;
use comity_oauth::jws::{self, JwsError};
use comity_oauth::keys::KeySet;
use serde_json::{Value, json};
use uuid::Uuid;

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://login.usgov.localhost/22222222-2222-4222-8222-222222222222/v2.0";
const AUDIENCE: &str = "https://login.global.localhost";
const HOME: &str = "22222222-2222-4222-8222-222222222222";
const PERSON: &str = "77777777-7777-4777-8777-777777777777";
const GROUP: &str = "55555555-5555-4555-8555-555555555555";
const OTHER: &str = "99999999-9999-4999-8999-999999999999";

fn crossing_json() -> Value {
    json!({
        "type": "comity_crossing",
        "resource_tenant": "11111111-1111-4111-8111-111111111111",
        "home_tenant": HOME,
        "client_app": "33333333-3333-4333-8333-333333333333",
        "resource_app": "44444444-4444-4444-8444-444444444444",
        "app_name": "Expenses",
        "groups": [GROUP],
        "correlation_id": "66666666-6666-4666-8666-666666666666",
    })
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 300,
        "sub": PERSON, "oid": PERSON, "tid": HOME,
        "upn": "nora@northwind.us", "name": "Nora", "nonce": "n-1",
        "sid": "s-1", "session_exp": NOW + 3600, "auth_time": NOW - 30,
        "acr": "urn:comity:acr:mfa", "amr": ["pwd", "otp", "mfa"],
        "methods": [{"method": "password", "at": NOW - 30}, {"method": "softwareOath", "at": NOW - 20}],
        "credential": "local",
        "crossing": crossing_json(),
        "groups": {"evaluated": [GROUP], "member": [GROUP]},
        "automatic_redemption": false,
    })
}

struct Leg {
    key: SigningKey,
    keys: KeySet,
    crossing: CrossingDetails,
}

impl Leg {
    fn new() -> Self {
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let keys = [key.public_key().clone()].into_iter().collect();
        let crossing = serde_json::from_value(crossing_json()).unwrap();
        Self {
            key,
            keys,
            crossing,
        }
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            issuer: ISSUER,
            audience: AUDIENCE,
            nonce: Some("n-1"),
            crossing: &self.crossing,
            person: PERSON.parse().ok(),
            device: DeviceQuestion::NotAsked,
            now: NOW,
        }
    }

    fn verify(&self, claims: &Value) -> Result<Assertion, AssertionError> {
        verify(
            &jws::sign(TYPE, claims, &self.key).unwrap(),
            &self.keys,
            &self.expected(),
        )
    }
}

/// The claims with the value at a JSON pointer replaced; `null` removes it.
fn swapped(pointer: &str, value: Value) -> Value {
    let mut claims = claims();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = claims.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.shift_remove(name)),
        value => drop(parent.insert(name.to_owned(), value)),
    }
    claims
}

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

#[test]
fn an_honest_assertion_is_accepted_and_round_trips() {
    let leg = Leg::new();
    let accepted = leg.verify(&claims()).unwrap();
    assert_eq!(accepted.groups.member, BTreeSet::from([id(GROUP)]));
    assert_eq!(serde_json::to_value(&accepted).unwrap(), claims());
    let again = assertion::sign(&accepted, &leg.key).unwrap();
    assert_eq!(verify(&again, &leg.keys, &leg.expected()), Ok(accepted));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn every_single_swap_is_refused() {
    use AssertionError as E;
    let leg = Leg::new();
    for (pointer, value, expected) in [
        (
            "/iss",
            json!(ISSUER.replace("2222-4222", "2222-4223")),
            E::Issuer,
        ),
        ("/iss", json!(ISSUER.replace("usgov", "china")), E::Issuer),
        ("/aud", json!("https://login.china.localhost"), E::Audience),
        ("/aud", json!(format!("{AUDIENCE}/")), E::Audience),
        ("/tid", json!(OTHER), E::Tenant),
        ("/sub", json!(OTHER), E::Subject),
        ("/oid", json!(OTHER), E::Subject),
        ("/nonce", json!("n-2"), E::Nonce),
        ("/nonce", Value::Null, E::Nonce),
        ("/credential", json!("guest"), E::Credential),
        (
            "/crossing/resource_tenant",
            json!(OTHER),
            E::Crossing("resource_tenant"),
        ),
        (
            "/crossing/home_tenant",
            json!(OTHER),
            E::Crossing("home_tenant"),
        ),
        (
            "/crossing/client_app",
            json!(OTHER),
            E::Crossing("client_app"),
        ),
        (
            "/crossing/resource_app",
            json!(OTHER),
            E::Crossing("resource_app"),
        ),
        (
            "/crossing/app_name",
            json!("Library"),
            E::Crossing("app_name"),
        ),
        ("/crossing/groups", json!([]), E::Crossing("groups")),
        (
            "/crossing/groups",
            json!([GROUP, OTHER]),
            E::Crossing("groups"),
        ),
        (
            "/crossing/correlation_id",
            json!(OTHER),
            E::Crossing("correlation_id"),
        ),
        ("/exp", json!(NOW), E::Expired),
        ("/iat", json!(NOW - 301), E::TooLong),
        ("/iat", json!(NOW + 61), E::FromTheFuture("iat")),
        ("/auth_time", json!(NOW + 61), E::FromTheFuture("auth_time")),
        (
            "/methods",
            json!([{"method": "fido2", "at": NOW + 61}]),
            E::FromTheFuture("methods"),
        ),
        ("/session_exp", json!(NOW), E::SessionEnded),
        ("/upn", json!(""), E::Bounds("upn")),
        ("/upn", json!("a@b\r\nc"), E::Bounds("upn")),
        ("/sid", json!("s".repeat(129)), E::Bounds("sid")),
        (
            "/sid",
            json!(format!("{}\n", "s".repeat(70))),
            E::Bounds("sid"),
        ),
        ("/acr", json!("a".repeat(65)), E::Bounds("acr")),
        ("/amr", json!(vec!["mfa"; 33]), E::Bounds("amr")),
    ] {
        let result = leg.verify(&swapped(pointer, value.clone()));
        assert_eq!(result, Err(expected), "{pointer} {value}");
    }
    let both = {
        let mut c = swapped("/sub", json!(OTHER));
        if let Some(o) = c.get_mut("oid") {
            *o = json!(OTHER);
        }
        c
    };
    assert_eq!(leg.verify(&both), Err(E::Person));
}

#[test]
fn members_are_all_required_and_no_other_is_known() {
    let leg = Leg::new();
    let is_shape = |result: &Result<Assertion, AssertionError>| {
        matches!(
            result,
            Err(AssertionError::Jws(JwsError::Json { part: "claims", .. }))
        )
    };
    for name in claims()
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| *name != "nonce")
    {
        let result = leg.verify(&swapped(&format!("/{name}"), Value::Null));
        assert!(is_shape(&result), "{name}: {result:?}");
    }
    for (pointer, value) in [
        ("/mfa", json!(true)),
        ("/act", json!({"sub": OTHER})),
        ("/crossing/consent", json!(true)),
        ("/groups/roles", json!([])),
        ("/aud", json!([AUDIENCE])),
        ("/sub", json!(PERSON.to_uppercase().replace('7', "A"))),
        ("/exp", json!(1_700_000_300.5)),
        ("/methods", json!(["password"])),
        ("/groups", json!({"evaluated": [GROUP]})),
    ] {
        assert!(is_shape(&leg.verify(&swapped(pointer, value))), "{pointer}");
    }
}

#[test]
fn s23_a_device_nobody_asked_about_is_refused() {
    let leg = Leg::new();
    let device = json!({
        "id": OTHER, "isCompliant": true, "isHybridJoined": false, "attributes": {"displayName": "x"}
    });
    let claims = swapped("/device", device);
    assert_eq!(leg.verify(&claims), Err(AssertionError::DeviceNotAsked));
    let token = jws::sign(TYPE, &claims, &leg.key).unwrap();
    let asked = Expected {
        device: DeviceQuestion::Asked,
        ..leg.expected()
    };
    assert!(
        verify(&token, &leg.keys, &asked)
            .unwrap()
            .device
            .unwrap()
            .is_compliant
    );
}

#[test]
fn groups_not_asked_are_dropped() {
    let leg = Leg::new();
    for (groups, evaluated, member) in [
        (
            json!({"evaluated": [GROUP, OTHER], "member": [OTHER]}),
            vec![GROUP],
            vec![],
        ),
        (json!({"evaluated": [], "member": [GROUP]}), vec![], vec![]),
        (
            json!({"evaluated": [OTHER], "member": [OTHER]}),
            vec![],
            vec![],
        ),
    ] {
        let accepted = leg.verify(&swapped("/groups", groups)).unwrap();
        assert_eq!(
            accepted.groups.evaluated,
            evaluated.into_iter().map(id).collect()
        );
        assert_eq!(accepted.groups.member, member.into_iter().map(id).collect());
    }
}

#[test]
fn s08_only_a_key_for_assertions_and_only_this_type() {
    let leg = Leg::new();
    let stranger = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let token = jws::sign(TYPE, &claims(), &stranger).unwrap();
    let result = verify(&token, &leg.keys, &leg.expected());
    assert_eq!(result, Err(JwsError::UnknownKey.into()));
    for typ in [
        "JWT",
        "at+jwt",
        "comity-question+jwt",
        "comity-answer+jwt",
        "entity-statement+jwt",
    ] {
        let token = jws::sign(typ, &claims(), &leg.key).unwrap();
        let result = verify(&token, &leg.keys, &leg.expected());
        assert_eq!(
            result,
            Err(JwsError::Type {
                expected: TYPE.into()
            }
            .into()),
            "{typ}"
        );
    }
    let rsa = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    let keys = [rsa.public_key().clone()].into_iter().collect();
    let token = jws::sign(TYPE, &claims(), &rsa).unwrap();
    assert_eq!(
        verify(&token, &keys, &leg.expected()),
        Err(JwsError::AlgorithmOfKey.into())
    );
}

#[test]
fn a_renewal_has_no_nonce() {
    let leg = Leg::new();
    let renewal = Expected {
        nonce: None,
        ..leg.expected()
    };
    let token = jws::sign(TYPE, &swapped("/nonce", Value::Null), &leg.key).unwrap();
    assert!(verify(&token, &leg.keys, &renewal).is_ok());
    let with_nonce = jws::sign(TYPE, &claims(), &leg.key).unwrap();
    assert_eq!(
        verify(&with_nonce, &leg.keys, &renewal),
        Err(AssertionError::Nonce)
    );
}

#[test]
fn s21_max_age_is_about_the_oldest_factor() {
    let assertion = Leg::new().verify(&claims()).unwrap();
    let both = ["password", "softwareOath"];
    assert!(assertion.is_fresh(&both, 30, NOW));
    assert!(!assertion.is_fresh(&both, 29, NOW));
    assert!(assertion.is_fresh(&["softwareOath"], 20, NOW));
    assert!(!assertion.is_fresh(&["fido2"], 1000, NOW));
}

#[test]
fn an_answer_with_500_groups_fits() {
    let leg = Leg::new();
    let groups: BTreeSet<Uuid> = (0..500).map(Uuid::from_u128).collect();
    let mut assertion = leg.verify(&claims()).unwrap();
    assertion.crossing.groups.clone_from(&groups);
    assertion.groups.evaluated.clone_from(&groups);
    assertion.groups.member = groups;
    let token = assertion::sign(&assertion, &leg.key).unwrap();
    let crossing = assertion.crossing.clone();
    let expected = Expected {
        crossing: &crossing,
        ..leg.expected()
    };
    assert_eq!(verify(&token, &leg.keys, &expected), Ok(assertion));
}
