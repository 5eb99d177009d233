//! DPoP proofs against the corpus of security bar O-23, and nonces.
#![expect(clippy::unwrap_used, reason = "tests")]

use comity_crypto::{SigningAlgorithm, SigningKey, base64url};
use comity_oauth::dpop::{
    self, DpopError, Expected, NonceRule, Proof, Target, check_nonce, make_nonce, token_hash,
};
use comity_oauth::jws::JwsError;
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;
const URL: &str = "https://login.usgov.localhost:8443/t/oauth2/v2.0/token";
const KEY: [u8; 32] = [9; 32];

fn expected<'a>() -> Expected<'a> {
    Expected {
        method: "POST",
        url: URL,
        access_token: None,
        nonce: NonceRule::Free,
        now: NOW,
    }
}

fn key() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256).unwrap()
}

fn forge(key: &SigningKey, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let mut jwk = json!(key.public_jwk());
    jwk.as_object_mut()
        .unwrap()
        .retain(|name, _| !matches!(name.as_str(), "kid" | "use" | "alg"));
    let mut header = json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk });
    let mut claims = json!({ "htm": "POST", "htu": URL, "iat": NOW, "jti": "j" });
    change(&mut header, &mut claims);
    let (header, claims) = (header.to_string(), claims.to_string());
    let signed = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(claims)
    );
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url::encode(signature))
}

#[test]
fn what_we_make_is_accepted() {
    for algorithm in SigningAlgorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let target = Target {
            method: "POST",
            url: URL,
            access_token: Some("at"),
            nonce: Some("n"),
        };
        let proof = dpop::make(&key, &target, "jti-1", NOW).unwrap();
        let accepted = dpop::verify(
            &proof,
            &Expected {
                access_token: Some("at"),
                ..expected()
            },
        );
        let jkt = key.kid().to_owned();
        assert_eq!(
            accepted,
            Ok(Proof {
                jkt,
                jti: "jti-1".into(),
                iat: NOW
            })
        );
        assert_eq!(dpop::check_binding(&accepted.unwrap(), key.kid()), Ok(()));
    }
}

#[test]
fn o23_claims_that_are_refused() {
    for (name, value, error) in [
        ("htm", json!("GET"), DpopError::Method),
        ("htm", json!("post"), DpopError::Method),
        (
            "htu",
            json!("https://login.global.localhost:8443/t/oauth2/v2.0/token"),
            DpopError::Url,
        ),
        (
            "htu",
            json!("https://login.usgov.localhost/t/oauth2/v2.0/token"),
            DpopError::Url,
        ),
        ("htu", json!(format!("{URL}?x=1")), DpopError::Url),
        ("htu", json!(format!("{URL}/")), DpopError::Url),
        ("htu", json!(URL.replace("https", "http")), DpopError::Url),
        ("iat", json!(NOW + 61), DpopError::Time),
        ("iat", json!(NOW - 61), DpopError::Time),
        ("iat", json!("now"), DpopError::Time),
        ("iat", json!(i64::MIN), DpopError::Time),
        ("jti", json!(1), DpopError::Id),
        ("jti", json!(""), DpopError::Id),
        ("jti", json!("j".repeat(257)), DpopError::Id),
        ("ath", json!(token_hash("at")), DpopError::TokenHash),
    ] {
        let proof = forge(&key(), |_, claims| {
            drop(
                claims
                    .as_object_mut()
                    .unwrap()
                    .insert(name.into(), value.clone()),
            );
        });
        assert_eq!(
            dpop::verify(&proof, &expected()),
            Err(error),
            "{name} {value}"
        );
    }
    for at in [NOW - 60, NOW + 60] {
        let proof = forge(&key(), |_, claims| {
            drop(
                claims
                    .as_object_mut()
                    .unwrap()
                    .insert("iat".into(), json!(at)),
            );
        });
        assert!(dpop::verify(&proof, &expected()).is_ok());
    }
}

#[test]
fn o23_headers_that_are_refused() {
    let private = {
        let mut jwk = json!(key().public_jwk());
        jwk.as_object_mut().unwrap().insert("d".into(), json!("AA"));
        jwk
    };
    let symmetric = json!({ "kty": "oct", "k": "AA" });
    for (name, value, error) in [
        ("jwk", private, JwsError::Member("jwk").into()),
        ("jwk", symmetric, JwsError::Member("jwk").into()),
        (
            "jwk",
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AA" }),
            DpopError::Key,
        ),
        ("jwk", json!(key().public_jwk()), JwsError::Signature.into()),
        ("jwk", Value::Null, JwsError::Member("jwk").into()),
        ("alg", json!("none"), JwsError::Algorithm.into()),
        ("alg", json!("HS256"), JwsError::Algorithm.into()),
        ("alg", json!("RS256"), JwsError::AlgorithmOfKey.into()),
        (
            "typ",
            json!("JWT"),
            JwsError::Type {
                expected: "dpop+jwt".into(),
            }
            .into(),
        ),
        ("x5c", json!([]), JwsError::ForbiddenMember("x5c").into()),
    ] {
        let proof = forge(&key(), |header, _| {
            drop(
                header
                    .as_object_mut()
                    .unwrap()
                    .insert(name.into(), value.clone()),
            );
        });
        let result: Result<Proof, DpopError> = dpop::verify(&proof, &expected());
        assert_eq!(result, Err(error), "{name} {value}");
    }
}

#[test]
fn o23_the_token_hash_must_be_there_and_right() {
    let with_token = Expected {
        access_token: Some("at"),
        ..expected()
    };
    assert_eq!(
        dpop::verify(&forge(&key(), |_, _| ()), &with_token),
        Err(DpopError::TokenHash)
    );
    for (token, accepted) in [("at", true), ("other", false)] {
        let proof = forge(&key(), |_, claims| {
            drop(
                claims
                    .as_object_mut()
                    .unwrap()
                    .insert("ath".into(), json!(token_hash(token))),
            );
        });
        assert_eq!(dpop::verify(&proof, &with_token).is_ok(), accepted);
    }
}

#[test]
fn o23_nonces() {
    let nonce = make_nonce(&KEY, NOW);
    assert!(check_nonce(&KEY, &nonce, NOW, 300));
    assert!(check_nonce(&KEY, &nonce, NOW + 300, 300));
    assert!(!check_nonce(&KEY, &nonce, NOW + 301, 300), "stale");
    assert!(!check_nonce(&KEY, &nonce, NOW - 61, 300), "from the future");
    assert!(!check_nonce(&[8; 32], &nonce, NOW, 300), "another key");
    for index in 0..nonce.len() {
        let mut changed: Vec<char> = nonce.chars().collect();
        if let Some(c) = changed.get_mut(index) {
            *c = if *c == 'A' { 'B' } else { 'A' };
        }
        let changed: String = changed.into_iter().collect();
        assert!(!check_nonce(&KEY, &changed, NOW, 300), "{index}");
    }
    assert!(!check_nonce(&KEY, "", NOW, 300));
}

#[test]
fn o23_a_nonce_that_is_asked_for() {
    let rule = NonceRule::Required {
        key: &KEY,
        max_age: 300,
    };
    let expected = Expected {
        nonce: rule,
        ..expected()
    };
    let fresh = make_nonce(&KEY, NOW - 10);
    let stale = make_nonce(&KEY, NOW - 301);
    for (nonce, accepted) in [
        (Some(fresh.as_str()), true),
        (Some(stale.as_str()), false),
        (Some("x"), false),
        (None, false),
    ] {
        let target = Target {
            method: "POST",
            url: URL,
            access_token: None,
            nonce,
        };
        let proof = dpop::make(&key(), &target, "j", NOW).unwrap();
        let result = dpop::verify(&proof, &expected);
        assert_eq!(result.is_ok(), accepted, "{nonce:?}");
        if let Err(error) = result {
            assert_eq!(error.code(), "use_dpop_nonce");
        }
    }
}

#[test]
fn o23_another_key_is_another_holder() {
    let proof = dpop::verify(&forge(&key(), |_, _| ()), &expected()).unwrap();
    assert_eq!(
        dpop::check_binding(&proof, key().kid()),
        Err(DpopError::OtherKey)
    );
    assert_eq!(DpopError::OtherKey.code(), "invalid_dpop_proof");
}
