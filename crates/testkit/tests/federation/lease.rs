//! The lease under attack (§3.11): a home that lies or falls silent at a renewal, a resource that
//! renews for what it was not given.

use comity_crypto::{SigningAlgorithm, SigningKey};
use comity_demo::oauth::{self, Tokens};
use comity_model::signing_key::KeyPurpose;
use comity_oauth::{assertion, params::Params};
use comity_testkit::{Engine, Fault, Hostile, Lie};
use http::HeaderName;
use serde_json::{Value, json};

use super::rig::{Rig, Signature, detail, told, unsigned, with};

const HOSTILE: &str = "microsoftonline.us";
const PAIR: (&str, &str) = ("global", "usgov");

async fn with_tokens(engine: Engine) -> (Rig, Tokens) {
    let (rig, mut browser) = Rig::guest_on(engine).await;
    let tokens = rig.tokens(&mut browser).await;
    (rig, tokens)
}

/// Status and word of a refused refresh.
async fn refused(rig: &Rig, tokens: &Tokens) -> (u16, String) {
    match rig.refresh(tokens).await {
        Err(oauth::Error::Refused(refusal)) => (refusal.status, refusal.error),
        Err(oauth::Error::Failed(error)) => panic!("{error:#}"),
        Ok(_) => (200, String::new()),
    }
}

fn unavailable() -> (u16, String) {
    (503, "temporarily_unavailable".to_owned())
}

/// One change of what a renewal says.
fn lie(rig: &Rig, pointer: &'static str, value: Value) -> Lie {
    rig.hostile().of_people(move |claims| {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        claims.pointer_mut(parent).unwrap()[member] = value.clone();
    })
}

#[tokio::test]
async fn a_renewal_tells_of_the_same_person_and_the_same_sign_in() {
    let (rig, tokens) = with_tokens(Engine::Sqlite).await;
    rig.forward(61);
    let now = rig.world.clock.time().seconds();
    let nils = json!(rig.northwind().user("nils@northwind.us").unwrap().id);
    let person = nils.clone();
    let mut lies = vec![(
        "another person",
        rig.hostile().of_people(move |claims| {
            claims["sub"] = person.clone();
            claims["oid"] = person.clone();
        }),
    )];
    for (pointer, value) in [
        ("/sub", nils.clone()),
        ("/tid", json!(rig.tenant("usgov", "woodgrove.us").id)),
        ("/aud", json!(rig.app("china").registry().own.entity)),
        ("/nonce", json!("A".repeat(43))),
        ("/sid", json!("another")),
        ("/auth_time", json!(now)),
        ("/methods", json!([{"method": "password", "at": now}])),
        ("/methods", json!([{"method": "fido2", "at": now - 61}])),
        ("/session_exp", json!(now + 100 * 24 * 3600)),
        ("/credential", json!("federated")),
        ("/crossing/client_app", nils.clone()),
        (
            "/crossing/resource_tenant",
            json!(rig.tenant("global", "fabrikam.com").id),
        ),
        ("/crossing/correlation_id", nils.clone()),
        (
            "/device",
            json!({"id": nils, "isCompliant": true, "isHybridJoined": true, "attributes": {}}),
        ),
        ("/exp", json!(now - 1)),
        ("/iat", json!(now + 90)),
    ] {
        lies.push((pointer, lie(&rig, pointer, value)));
    }
    let own = rig.hostile();
    let key = Hostile::in_grants(move |token| {
        let claims = comity_testkit::hostile::claims(token)?;
        own.sign(KeyPurpose::Answer, assertion::TYPE, &claims)
    });
    lies.push(("another key", key));
    for (name, lie) in lies {
        rig.world.wire.twist(HOSTILE, Some(lie));
        assert_eq!(refused(&rig, &tokens).await, unavailable(), "{name}");
    }
    rig.world.wire.twist(HOSTILE, None);
    assert!(rig.refresh(&tokens).await.is_ok(), "the family is kept");
}

#[tokio::test]
async fn silence_serves_nothing_and_ends_nothing() {
    for engine in Engine::available() {
        let (rig, mut tokens) = with_tokens(engine).await;
        let says = |status, body: &str| Fault::Says {
            status,
            body: body.to_owned(),
        };
        for fault in [
            Fault::Down,
            Fault::Slow,
            says(503, r#"{"error":"temporarily_unavailable"}"#),
            says(500, ""),
            says(302, ""),
            says(200, "{}"),
            says(
                200,
                r#"{"token_type":"DPoP","expires_in":60,"id_token":"a.b.c"}"#,
            ),
            says(400, r#"{"error":"invalid_request"}"#),
            says(401, r#"{"error":"invalid_client"}"#),
        ] {
            rig.forward(61);
            rig.world.wire.fail(HOSTILE, Some(fault.clone()));
            assert_eq!(refused(&rig, &tokens).await, unavailable(), "{fault:?}");
            rig.world.wire.fail(HOSTILE, None);
            tokens = match rig.refresh(&tokens).await {
                Ok(tokens) => tokens,
                Err(error) => panic!("back after {fault:?}: {error}"),
            };
        }
    }
}

#[tokio::test]
async fn a_no_of_home_ends_it_for_good_on_either_engine() {
    for engine in Engine::available() {
        let (rig, tokens) = with_tokens(engine).await;
        let admin = rig.graph("usgov", "northwind.us", "admin").await;
        let nora = format!("/v1.0/users/{}", rig.nora().id);
        for enabled in [false, true] {
            let body = json!({ "accountEnabled": enabled });
            assert_eq!(admin.patch(&nora, &body).await.unwrap().status, 204);
            rig.forward(61);
            let (status, error) = refused(&rig, &tokens).await;
            assert_eq!(
                (status, error.as_str()),
                (400, "invalid_grant"),
                "{enabled}"
            );
        }
    }
}

/// The address and form of the last renewal.
async fn renewal(rig: &Rig, tokens: &Tokens) -> (String, Params) {
    rig.forward(61);
    assert!(rig.refresh(tokens).await.is_ok());
    let sent = rig.sent("/token").pop().unwrap();
    assert!(sent.body.contains("grant_type=refresh_token"));
    (sent.url.clone(), unsigned(&sent))
}

#[tokio::test]
async fn a_lease_is_for_one_pair_tenant_and_key() {
    let (rig, tokens) = with_tokens(Engine::Sqlite).await;
    let (url, form) = renewal(&rig, &tokens).await;
    let library = &rig.contoso().application("Library").unwrap().app_id;
    let fabrikam = &rig.tenant("global", "fabrikam.com").id;
    let woodgrove = &rig.tenant("usgov", "woodgrove.us").id;
    let many: Vec<_> = (0..501)
        .map(|n| uuid::Uuid::from_u128(n).to_string())
        .collect();
    let details = "invalid_authorization_details";
    for (form, error) in [
        (detail(&form, "client_app", json!(library)), details),
        (detail(&form, "resource_app", json!(library)), details),
        (detail(&form, "resource_tenant", json!(fabrikam)), details),
        (detail(&form, "home_tenant", json!(woodgrove)), details),
        (detail(&form, "groups", json!(many)), details),
        (detail(&form, "consent", json!(true)), details),
        (with(&form, "authorization_details", None), details),
        (
            with(&form, "refresh_token", Some(&"A".repeat(43))),
            "invalid_grant",
        ),
    ] {
        let answer = rig.call(PAIR, &url, &form).await;
        assert_eq!(
            told(&answer),
            (400, error.into(), None),
            "{}",
            form.encode()
        );
    }
    let elsewhere = url.replace(&rig.northwind().id, woodgrove);
    let answer = rig.call(PAIR, &elsewhere, &form).await;
    assert_eq!(told(&answer).1, "invalid_grant", "at another tenant");
    let answer = rig.call(("china", "usgov"), &url, &form).await;
    assert_eq!(told(&answer).1, "invalid_client", "by another cloud");
    let right = rig.call(PAIR, &url, &form).await;
    assert_eq!(right.status, 200, "{}", right.text());
    let nonce = right.header(&HeaderName::from_static("dpop-nonce"));
    let stolen = Signature {
        nonce: nonce.map(str::to_owned),
        proof: Some(SigningKey::generate(SigningAlgorithm::Es256).unwrap()),
        ..Signature::default()
    };
    let answer = rig.signed(PAIR, &url, &form, &stolen).await;
    assert_eq!(told(&answer).1, "invalid_grant", "by another key");
}

#[tokio::test]
async fn a_renewal_that_learns_of_a_revoked_key_ends_the_lease_at_once() {
    for engine in Engine::available() {
        for revoked in [false, true] {
            let (rig, tokens) = with_tokens(engine).await;
            let keys = rig.app("usgov").keys().current();
            let kid = keys.active(KeyPurpose::Assertion).unwrap().kid().to_owned();
            let listed = if revoked { json!([kid]) } else { json!([]) };
            let lie = rig.hostile().of_itself(move |claims| {
                claims["metadata"]["comity_cloud"]["revoked"] = listed.clone();
            });
            rig.world.wire.twist(HOSTILE, Some(lie));
            rig.forward(61);
            let expected = if revoked {
                (400, "invalid_grant".to_owned())
            } else {
                (200, String::new())
            };
            assert_eq!(refused(&rig, &tokens).await, expected, "{engine:?}");
        }
    }
}
