//! Headers of signed texts between clouds: the key decides the algorithm, its name is only ever
//! compared, and nothing else in a header is obeyed (security bars S-08, S-77, S-78, O-34), through
//! the callback, in questions and in their answers. Each text is signed anew under the changed
//! header, so that nothing but the header is wrong.

use comity_crypto::{SigningKey, base64url, hmac_sha256};
use comity_model::signing_key::KeyPurpose;
use comity_oauth::{assertion, question};
use comity_testkit::{Hostile, Lie, hostile::claims};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::{
    assertion::all_refused,
    question::{HOSTILE, added, asked, partners, sent, ticked},
    rig::Rig,
};

/// Makes a text of these claims that is signed in some wrong way.
pub(super) type Forge = Arc<dyn Fn(&str, &Value) -> String + Send + Sync>;

fn header(key: &SigningKey, typ: &str) -> Map<String, Value> {
    let header = json!({ "alg": key.algorithm(), "typ": typ, "kid": key.kid() });
    header.as_object().unwrap().clone()
}

fn unsigned(header: &Map<String, Value>, claims: &Value) -> String {
    let header = base64url::encode(serde_json::to_string(header).unwrap());
    format!("{header}.{}", base64url::encode(claims.to_string()))
}

/// Signed by this key under a header with one member changed.
pub(super) fn with(key: &SigningKey, member: &'static str, value: Value) -> Forge {
    let key = key.clone();
    Arc::new(move |typ, claims| {
        let mut header = header(&key, typ);
        header.insert(member.to_owned(), value.clone());
        let text = unsigned(&header, claims);
        let signature = key.sign(text.as_bytes()).unwrap();
        format!("{text}.{}", base64url::encode(signature))
    })
}

/// "Signed" with what everybody knows: the public key as secret of an HMAC.
fn by_public_key(key: &SigningKey, secret: Vec<u8>) -> Forge {
    let key = key.clone();
    Arc::new(move |typ, claims| {
        let mut header = header(&key, typ);
        header.insert("alg".to_owned(), json!("HS256"));
        let text = unsigned(&header, claims);
        format!("{text}.{}", base64url::encode(hmac_sha256(&secret, &text)))
    })
}

fn by_nobody(key: &SigningKey, algorithm: &'static str) -> Forge {
    let key = key.clone();
    Arc::new(move |typ, claims| {
        let mut header = header(&key, typ);
        header.insert("alg".to_owned(), json!(algorithm));
        format!("{}.", unsigned(&header, claims))
    })
}

/// Another cloud's key under the name of this one: two partners whose keys have one name.
fn under_its_name(key: &SigningKey, other: &SigningKey) -> Forge {
    with(other, "kid", json!(key.kid()))
}

fn forgeries(key: &SigningKey, other: &SigningKey) -> Vec<(String, Forge)> {
    let evil = "https://evil.example/keys";
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    let mut all: Vec<(String, Forge)> = Vec::new();
    for (member, value) in [
        ("jku", json!(evil)),
        ("x5u", json!(evil)),
        ("x5c", json!(["AA=="])),
        ("jwk", jwk.clone()),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("p2c", json!(1_000_000_000)),
        ("alg", json!("none")),
        ("alg", json!("ES384")),
        ("alg", json!("RS256")),
        ("alg", json!("PBES2-HS256+A128KW")),
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!(evil)),
        ("kid", json!("")),
        ("kid", json!("k".repeat(5000))),
        ("kid", json!(["a", "b"])),
        ("kid", Value::Null),
    ] {
        let name = format!("{member} {value:.40}");
        all.push((name, with(key, member, value)));
    }
    for member in ["x", "n"] {
        if let Some(text) = jwk[member].as_str() {
            let raw = base64url::decode(text).unwrap();
            all.push((format!("HS256 by {member}"), by_public_key(key, raw)));
            let text = text.as_bytes().to_vec();
            all.push((
                format!("HS256 by {member} as text"),
                by_public_key(key, text),
            ));
        }
    }
    let whole = by_public_key(key, jwk.to_string().into_bytes());
    all.push(("HS256 by the key as JSON".to_owned(), whole));
    for algorithm in ["none", "None", "HS256", ""] {
        all.push((format!("nobody, {algorithm}"), by_nobody(key, algorithm)));
    }
    let named = under_its_name(key, other);
    all.push(("another cloud's key under this name".to_owned(), named));
    all
}

pub(super) fn active(rig: &Rig, cloud: &str, purpose: KeyPurpose) -> SigningKey {
    let keys = rig.app(cloud).keys().current();
    keys.active(purpose).unwrap().clone()
}

#[tokio::test]
async fn s78_s77_s08_no_forged_header_of_an_assertion_passes_the_callback() {
    let (rig, mut browser) = Rig::guest().await;
    let own = active(&rig, "usgov", KeyPurpose::Assertion);
    let china = active(&rig, "china", KeyPurpose::Assertion);
    let lies = forgeries(&own, &china).into_iter().map(|(name, forge)| {
        let lie = Hostile::in_grants(move |token| Ok(forge(assertion::TYPE, &claims(token)?)));
        (name, lie)
    });
    all_refused(&rig, &mut browser, lies.collect()).await;
}

#[tokio::test]
async fn s78_no_forged_header_of_a_question_is_answered() {
    let rig = Rig::paired().await;
    let key = active(&rig, "global", KeyPurpose::Question);
    let china = active(&rig, "china", KeyPurpose::Question);
    let tenant = ("tenant", json!({ "id": rig.northwind().id }));
    let refused = (400, r#"{"error":"invalid_request"}"#.to_owned());
    let mut number = 0;
    for (name, forge) in forgeries(&key, &china) {
        number += 1;
        let text = forge(question::TYPE, &asked(&rig, number, tenant.clone()));
        assert_eq!(sent(&rig, text).await, refused, "{name}");
    }
    // The same builder with nothing changed.
    let text = with(&key, "kid", json!(key.kid()))(question::TYPE, &asked(&rig, 99, tenant));
    assert_eq!(sent(&rig, text).await.0, 200);
}

#[tokio::test]
async fn s78_no_forged_header_of_an_answer_is_believed() {
    let rig = Rig::start().await;
    let graph = ticked(&rig, &[HOSTILE]).await;
    let body = json!({ "tenantId": rig.northwind().id });
    let key = active(&rig, "usgov", KeyPurpose::Answer);
    let china = active(&rig, "china", KeyPurpose::Answer);
    let lie = |forge: Forge| -> Lie {
        Hostile::at(question::PATH, move |answer| {
            let said = claims(&String::from_utf8_lossy(&answer.body)).unwrap();
            answer.body = forge(question::ANSWER_TYPE, &said).into_bytes();
        })
    };
    for (name, forge) in forgeries(&key, &china) {
        let (status, answer) = added(&rig, &graph, &body, Some(lie(forge))).await;
        assert_eq!(status, 503, "{name}: {answer}");
        assert_eq!(partners(&graph).await, 0, "{name}");
    }
    let truth = lie(with(&key, "kid", json!(key.kid())));
    assert_eq!(added(&rig, &graph, &body, Some(truth)).await.0, 201);
}
