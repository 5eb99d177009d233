//! Compact JWS against the corpus of security bars O-34, S-77 and S-78: every row is one change to
//! a token that is accepted, and names the rule that refuses it.
#![expect(clippy::unwrap_used, reason = "tests")]

use comity_crypto::{Jwk, JwkSet, SigningAlgorithm, SigningKey, base64url};
use comity_oauth::json::JsonError;
use comity_oauth::jws::{self, JwsError, Kind, MAX_LENGTH, Unverified};
use comity_oauth::keys::KeySet;
use serde_json::{Value, json};

const TYP: &str = "at+jwt";

/// Signs any header over any claims, as an attacker who has the key could.
fn forge(key: &SigningKey, header: &str, claims: &str) -> String {
    let signed = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(claims)
    );
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url::encode(signature))
}

fn keys(key: &SigningKey) -> KeySet {
    [key.public_key().clone()].into_iter().collect()
}

fn check(token: &str, key: &SigningKey) -> Result<(), JwsError> {
    Unverified::parse(token, Kind::Own)?
        .verify_with(&keys(key), TYP)
        .map(|_| ())
}

fn header(key: &SigningKey, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    let mut header = json!({ "alg": key.algorithm(), "typ": TYP, "kid": key.kid() });
    change(header.as_object_mut().unwrap());
    header.to_string()
}

#[test]
fn what_we_sign_we_accept() {
    for algorithm in SigningAlgorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = jws::sign(TYP, &json!({ "sub": "s", "exp": 1.5 }), &key).unwrap();
        let unverified = Unverified::parse(&token, Kind::Own).unwrap();
        assert_eq!(unverified.claimed("sub"), Some("s"));
        let claims = unverified.verify_with(&keys(&key), TYP).unwrap();
        assert_eq!(
            (claims.text("sub"), claims.time("exp")),
            (Some("s"), Some(1))
        );
    }
}

fn with_member(key: &SigningKey, name: &str, value: Option<Value>) -> Result<(), JwsError> {
    let header = header(key, |map| {
        map.shift_remove(name);
        if let Some(value) = value {
            map.insert(name.to_owned(), value);
        }
    });
    check(&forge(key, &header, "{}"), key)
}

#[test]
fn o34_headers_that_are_refused() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("zip", json!("DEF")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/c")),
        ("x5c", json!(["AA=="])),
        ("jwk", json!(key.public_jwk())),
        ("enc", json!("A256GCM")),
        ("p2c", json!(1_000_000_000)),
        ("epk", json!({})),
    ] {
        let result = with_member(&key, name, Some(value));
        assert_eq!(result, Err(JwsError::ForbiddenMember(name)));
    }
    assert_eq!(with_member(&key, "unknown", Some(json!(1))), Ok(()));
}

#[test]
fn o34_algorithm_and_type_are_those_expected() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let wrong_type = || JwsError::Type {
        expected: TYP.into(),
    };
    for (name, value, expected) in [
        ("alg", Some(json!("none")), JwsError::Algorithm),
        ("alg", Some(json!("HS256")), JwsError::Algorithm),
        ("alg", Some(json!("es256")), JwsError::Algorithm),
        (
            "alg",
            Some(json!("PBES2-HS256+A128KW")),
            JwsError::Algorithm,
        ),
        ("alg", Some(json!(null)), JwsError::Member("alg")),
        ("alg", Some(json!("RS256")), JwsError::AlgorithmOfKey),
        ("alg", Some(json!("PS256")), JwsError::AlgorithmOfKey),
        ("alg", None, JwsError::Algorithm),
        ("typ", Some(json!("JWT")), wrong_type()),
        ("typ", Some(json!("AT+JWT")), wrong_type()),
        ("typ", Some(json!("application/at+jwt")), wrong_type()),
        ("typ", Some(json!(1)), JwsError::Member("typ")),
        ("typ", None, wrong_type()),
        ("kid", None, JwsError::KeyName),
    ] {
        assert_eq!(with_member(&key, name, value), Err(expected), "{name}");
    }
}

#[test]
fn o34_serialisations_that_are_refused() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let token = jws::sign(TYP, &json!({ "a": 1 }), &key).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let polyglot = json!({ "payload": claims, "protected": head, "signature": signature });
    let rows = [
        (String::new(), JwsError::NotCompact),
        (signed.to_owned(), JwsError::NotBase64("header")),
        (format!("{token}."), JwsError::NotCompact),
        (format!(".{token}"), JwsError::NotCompact),
        (".".repeat(10_000), JwsError::NotCompact),
        (polyglot.to_string(), JwsError::NotCompact),
        (
            format!("{{\"protected\":\"{head}\",\"x\":\".{claims}.{signature}\"}}"),
            JwsError::NotBase64("header"),
        ),
        (format!("{token}="), JwsError::NotBase64("signature")),
        (format!("{token}\n"), JwsError::NotBase64("signature")),
        (format!(" {token}"), JwsError::NotBase64("header")),
        (format!("{signed}."), JwsError::Signature),
        (
            format!("{head}..{signature}"),
            JwsError::Json {
                part: "claims",
                error: JsonError::Syntax,
            },
        ),
        (
            format!("{head}.{claims}.{}", base64url::encode([0; 64])),
            JwsError::Signature,
        ),
        (
            format!("{token}{}", "A".repeat(MAX_LENGTH)),
            JwsError::TooLong(MAX_LENGTH),
        ),
    ];
    for (token, expected) in rows {
        let shown: String = token.chars().take(60).collect();
        let result = check(&token, &key);
        // A header that is cut off may fail as base64 or as parts; both are refusals by form.
        if expected == JwsError::NotBase64("header") {
            assert!(
                matches!(
                    result,
                    Err(JwsError::NotBase64(_) | JwsError::NotCompact | JwsError::Json { .. })
                ),
                "{shown}"
            );
        } else {
            assert_eq!(result, Err(expected), "{shown}");
        }
    }
}

#[test]
fn o34_doubled_members_and_other_json() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let good = header(&key, |_| ());
    let double = good.replacen('{', "{\"alg\":\"none\",", 1);
    let refused = |part, error| Err(JwsError::Json { part, error });
    for (head, claims, expected) in [
        (
            double.as_str(),
            "{}",
            refused("header", JsonError::Duplicate),
        ),
        (
            &good,
            r#"{"sub":"a","sub":"b"}"#,
            refused("claims", JsonError::Duplicate),
        ),
        (
            &good,
            r#"{"a":{"b":1,"b":1}}"#,
            refused("claims", JsonError::Duplicate),
        ),
        (&good, "[]", refused("claims", JsonError::NotObject)),
        (&good, "\"text\"", refused("claims", JsonError::NotObject)),
        (&good, "{} ", Ok(())),
        (&good, "{}{}", refused("claims", JsonError::Syntax)),
        ("[]", "{}", refused("header", JsonError::NotObject)),
        ("", "{}", refused("header", JsonError::Syntax)),
    ] {
        assert_eq!(
            check(&forge(&key, head, claims), &key),
            expected,
            "{head} {claims}"
        );
    }
}

#[test]
fn s77_key_names() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    for kid in [
        "../../dev/null",
        "' OR 1=1 --",
        "https://evil.example/key",
        "a b",
        "",
        "\u{0}",
        "ключ",
        "a.b",
        "%2e%2e",
        &"a".repeat(65),
        &"a".repeat(10_000),
    ] {
        let header = header(&key, |map| drop(map.insert("kid".into(), json!(kid))));
        assert_eq!(
            check(&forge(&key, &header, "{}"), &key),
            Err(JwsError::KeyName),
            "{kid}"
        );
    }
    let header = header(&key, |map| drop(map.insert("kid".into(), json!("unknown"))));
    assert_eq!(
        check(&forge(&key, &header, "{}"), &key),
        Err(JwsError::UnknownKey)
    );
}

#[test]
fn s77_names_of_others_are_only_compared() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    for (kid, accepted) in [
        ("../../dev/null", true),
        ("a b", true),
        (&"a".repeat(256), true),
        (&"a".repeat(257), false),
        ("a\nb", false),
    ] {
        let jwk = Jwk {
            kid: Some(kid.to_owned()),
            ..key.public_jwk()
        };
        let keys = KeySet::from_jwks(&JwkSet { keys: vec![jwk] });
        let token = forge(
            &key,
            &header(&key, |map| drop(map.insert("kid".into(), json!(kid)))),
            "{}",
        );
        let result = Unverified::parse(&token, Kind::Cloud)
            .and_then(|unverified| unverified.verify_with(&keys, TYP));
        assert_eq!(result.is_ok(), accepted, "{kid:?}");
    }
}

#[test]
fn s78_a_public_key_is_no_hmac_secret_and_no_other_algorithm() {
    let rsa = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    let n = rsa.public_jwk().n.unwrap();
    for algorithm in ["HS256", "none", "PS256", "ES256"] {
        let head = header(&rsa, |map| drop(map.insert("alg".into(), json!(algorithm))));
        let signed = format!("{}.{}", base64url::encode(head), base64url::encode("{}"));
        let mac = comity_crypto::hmac_sha256(&n, &signed);
        for signature in [String::new(), base64url::encode(mac)] {
            assert!(
                check(&format!("{signed}.{signature}"), &rsa).is_err(),
                "{algorithm}"
            );
        }
    }
    // The right algorithm, signed by a stranger under the known name.
    let stranger = SigningKey::generate(SigningAlgorithm::Rs256).unwrap();
    let forged = forge(&stranger, &header(&rsa, |_| ()), "{}");
    assert_eq!(check(&forged, &rsa), Err(JwsError::Signature));
}

#[test]
fn o34_a_name_that_two_keys_share_opens_nothing() {
    let one = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let two = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let same_name = Jwk {
        kid: Some(one.kid().to_owned()),
        ..two.public_jwk()
    };
    let set = KeySet::from_jwks(&JwkSet {
        keys: vec![one.public_jwk(), same_name],
    });
    let token = jws::sign(TYP, &json!({}), &one).unwrap();
    let result = Unverified::parse(&token, Kind::Own)
        .unwrap()
        .verify_with(&set, TYP);
    assert_eq!(result.unwrap_err(), JwsError::UnknownKey);
}

#[test]
fn revoked_keys_are_gone() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let token = jws::sign(TYP, &json!({}), &key).unwrap();
    let left = keys(&key).without(&[key.kid()]);
    let result = Unverified::parse(&token, Kind::Own)
        .unwrap()
        .verify_with(&left, TYP);
    assert_eq!(result.unwrap_err(), JwsError::UnknownKey);
    assert_eq!(keys(&key).without(&["other"]).len(), 1);
}

#[test]
fn o34_long_messages_are_for_clouds_only() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let token = jws::sign(TYP, &json!({ "a": "a".repeat(20_000) }), &key).unwrap();
    assert_eq!(check(&token, &key), Err(JwsError::TooLong(MAX_LENGTH)));
    assert!(Unverified::parse(&token, Kind::Cloud).is_ok());
    let token = jws::sign(TYP, &json!({ "a": "a".repeat(100_000) }), &key).unwrap();
    assert!(matches!(
        Unverified::parse(&token, Kind::Cloud),
        Err(JwsError::TooLong(_))
    ));
}
