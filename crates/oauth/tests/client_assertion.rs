//! Client assertions against the corpus of security bar O-21, in the three profiles.
#![expect(clippy::unwrap_used, reason = "tests")]

use comity_crypto::{Jwk, JwkSet, SigningAlgorithm, SigningKey, base64url};
use comity_oauth::client_assertion::{
    Accepted, ClientAssertionError, Expected, Profile, TYPE, claimed_client, make, verify,
};
use comity_oauth::jws::JwsError;
use comity_oauth::keys::KeySet;
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://login.global.localhost/t1/v2.0";
const TOKEN: &str = "https://login.global.localhost/contoso.com/oauth2/v2.0/token";
const CLIENT: &str = "client-1";

struct Sender {
    key: SigningKey,
    header: Value,
    claims: Value,
}

impl Sender {
    fn new(algorithm: SigningAlgorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": key.kid() });
        let claims = json!({
            "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "j1",
            "iat": NOW, "nbf": NOW, "exp": NOW + 300,
        });
        Self {
            key,
            header,
            claims,
        }
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        let claims = self.claims.as_object_mut().unwrap();
        match value {
            Value::Null => drop(claims.remove(name)),
            value => drop(claims.insert(name.to_owned(), value)),
        }
        self
    }

    fn head(mut self, name: &str, value: Value) -> Self {
        let header = self.header.as_object_mut().unwrap();
        match value {
            Value::Null => drop(header.remove(name)),
            value => drop(header.insert(name.to_owned(), value)),
        }
        self
    }

    fn token(&self) -> String {
        let (header, claims) = (self.header.to_string(), self.claims.to_string());
        let signed = format!(
            "{}.{}",
            base64url::encode(header),
            base64url::encode(claims)
        );
        let signature = self.key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64url::encode(signature))
    }

    fn verify(&self, profile: Profile) -> Result<Accepted, ClientAssertionError> {
        let keys = [self.key.public_key().clone()].into_iter().collect();
        self.verify_with(&keys, profile)
    }

    fn verify_with(
        &self,
        keys: &KeySet,
        profile: Profile,
    ) -> Result<Accepted, ClientAssertionError> {
        let audiences = [ISSUER, TOKEN];
        let expected = Expected {
            client_id: CLIENT,
            audiences: &audiences,
            profile,
            now: NOW,
        };
        verify(&self.token(), keys, &expected)
    }
}

fn es256() -> Sender {
    Sender::new(SigningAlgorithm::Es256)
}

#[test]
fn accepted_as_clients_send_it() {
    let accepted = Accepted {
        jti: "j1".into(),
        exp: NOW + 300,
    };
    assert_eq!(es256().verify(Profile::Standard), Ok(accepted.clone()));
    assert_eq!(es256().verify(Profile::Fapi2), Ok(accepted.clone()));
    assert_eq!(
        es256().head("typ", json!(TYPE)).verify(Profile::Entity),
        Ok(accepted)
    );
    assert_eq!(claimed_client(&es256().token()).as_deref(), Ok(CLIENT));
    // Fractions, the token endpoint by domain, ten minutes, no `typ`, `x5c`.
    let msal = Sender::new(SigningAlgorithm::Ps256)
        .claim("exp", json!(1_700_000_600.25))
        .claim("iat", json!(1_700_000_000.75))
        .claim("nbf", Value::Null)
        .claim("aud", json!(TOKEN))
        .head("typ", Value::Null)
        .head("x5c", json!(["MIIB"]));
    assert_eq!(msal.verify(Profile::Standard).unwrap().exp, NOW + 600);
}

#[test]
fn o21_claims_that_are_refused() {
    use ClientAssertionError as E;
    let rows = [
        ("iss", json!("other"), E::Subject),
        ("sub", json!("other"), E::Subject),
        ("sub", Value::Null, E::Subject),
        ("aud", json!([ISSUER]), E::Audience),
        ("aud", json!([ISSUER, TOKEN]), E::Audience),
        (
            "aud",
            json!("https://login.global.localhost/t2/v2.0"),
            E::Audience,
        ),
        (
            "aud",
            json!("https://login.usgov.localhost/t1/v2.0"),
            E::Audience,
        ),
        ("aud", json!(format!("{ISSUER}/")), E::Audience),
        ("aud", Value::Null, E::Audience),
        ("exp", json!(NOW), E::Expired),
        ("exp", json!(NOW - 1), E::Expired),
        ("exp", json!(NOW + 36_000), E::TooLong),
        ("exp", json!("1700000300"), E::MissingExpiry),
        ("exp", Value::Null, E::MissingExpiry),
        ("nbf", json!(NOW + 61), E::FromTheFuture),
        ("iat", json!(NOW + 61), E::FromTheFuture),
        ("iat", json!("now"), E::FromTheFuture),
        ("jti", Value::Null, E::Id),
        ("jti", json!(""), E::Id),
        ("jti", json!("j".repeat(257)), E::Id),
    ];
    for (name, value, expected) in rows {
        for profile in [Profile::Standard, Profile::Fapi2] {
            let result = es256().claim(name, value.clone()).verify(profile);
            assert_eq!(result, Err(expected.clone()), "{name} {value}");
        }
    }
    assert!(
        es256()
            .claim("nbf", json!(NOW + 60))
            .verify(Profile::Fapi2)
            .is_ok()
    );
}

#[test]
fn o21_the_issuer_alone_where_it_matters() {
    let token = es256().claim("aud", json!(TOKEN));
    assert!(token.verify(Profile::Standard).is_ok());
    assert_eq!(
        token.verify(Profile::Fapi2),
        Err(ClientAssertionError::Audience)
    );
    let entity = token.head("typ", json!(TYPE));
    assert_eq!(
        entity.verify(Profile::Entity),
        Err(ClientAssertionError::Audience)
    );
    let long = es256().claim("exp", json!(NOW + 600));
    assert!(long.verify(Profile::Standard).is_ok());
    assert_eq!(
        long.verify(Profile::Fapi2),
        Err(ClientAssertionError::TooLong)
    );
}

#[test]
fn o21_types_and_algorithms_by_profile() {
    let rs256 = Sender::new(SigningAlgorithm::Rs256);
    assert!(rs256.verify(Profile::Standard).is_ok());
    assert_eq!(
        rs256.verify(Profile::Fapi2),
        Err(ClientAssertionError::Type)
    );
    let typed = rs256.head("typ", json!(TYPE));
    assert_eq!(
        typed.verify(Profile::Entity),
        Err(ClientAssertionError::Type)
    );
    assert_eq!(
        es256().verify(Profile::Entity),
        Err(ClientAssertionError::Type)
    );
    for typ in ["at+jwt", "dpop+jwt", "comity-question+jwt", "logout+jwt"] {
        let result = es256().head("typ", json!(typ)).verify(Profile::Standard);
        assert_eq!(result, Err(ClientAssertionError::Type), "{typ}");
    }
    for algorithm in ["none", "HS256"] {
        let result = es256()
            .head("alg", json!(algorithm))
            .verify(Profile::Standard);
        assert_eq!(result, Err(JwsError::Algorithm.into()));
    }
    let jwk = es256()
        .head("jwk", json!(es256().key.public_jwk()))
        .verify(Profile::Standard);
    assert_eq!(jwk, Err(JwsError::ForbiddenMember("jwk").into()));
}

#[test]
fn o21_a_short_rsa_key_is_no_key() {
    // A set with one RSA key of 1024 bits is as good as empty.
    let short = Jwk {
        n: Some(base64url::encode([0xff; 128])),
        kid: None,
        ..Sender::new(SigningAlgorithm::Rs256).key.public_jwk()
    };
    let keys = KeySet::from_jwks(&JwkSet { keys: vec![short] });
    assert!(keys.is_empty());
    assert_eq!(
        es256().verify_with(&keys, Profile::Standard),
        Err(JwsError::UnknownKey.into())
    );
}

#[test]
fn keys_are_found_by_certificate_thumbprint() {
    let sender = Sender::new(SigningAlgorithm::Ps256).head("kid", Value::Null);
    let jwk = Jwk {
        kid: None,
        alg: None,
        x5t: Some("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA".into()),
        x5t_s256: Some("c2hhMjU2".into()),
        ..sender.key.public_jwk()
    };
    let other = Jwk {
        kid: None,
        ..es256().key.public_jwk()
    };
    let keys = KeySet::from_jwks(&JwkSet {
        keys: vec![other, jwk],
    });
    let unnamed = sender.verify_with(&keys, Profile::Standard);
    assert_eq!(unnamed, Err(JwsError::UnknownKey.into()));
    let padded = sender.head("x5t", json!("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="));
    assert!(padded.verify_with(&keys, Profile::Standard).is_ok());
    let sha256 = padded
        .head("x5t", Value::Null)
        .head("x5t#S256", json!("c2hhMjU2"));
    assert!(sha256.verify_with(&keys, Profile::Standard).is_ok());
    let wrong = sha256.head("x5t#S256", json!("b3RoZXI"));
    assert_eq!(
        wrong.verify_with(&keys, Profile::Standard),
        Err(JwsError::UnknownKey.into())
    );
}

#[test]
fn what_we_make_another_cloud_accepts() {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let keys: KeySet = [key.public_key().clone()].into_iter().collect();
    let token = make(&key, CLIENT, ISSUER, "jti-of-mine", NOW).unwrap();
    let check = |audience: &str, now| {
        let expected = Expected {
            client_id: CLIENT,
            audiences: &[audience],
            profile: Profile::Entity,
            now,
        };
        verify(&token, &keys, &expected)
    };
    let accepted = Accepted {
        jti: "jti-of-mine".into(),
        exp: NOW + 60,
    };
    assert_eq!(check(ISSUER, NOW), Ok(accepted.clone()));
    assert_eq!(check(ISSUER, NOW - 60), Ok(accepted));
    assert_eq!(
        check(ISSUER, NOW - 61),
        Err(ClientAssertionError::FromTheFuture)
    );
    assert_eq!(check(ISSUER, NOW + 60), Err(ClientAssertionError::Expired));
    assert_eq!(check(TOKEN, NOW), Err(ClientAssertionError::Audience));
}
