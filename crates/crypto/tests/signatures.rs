//! Keys and signatures: RFC vectors, every algorithm against every key, and keys that must be
//! refused (security bars O-34, O-21).
#![expect(clippy::unwrap_used, reason = "tests")]

use SigningAlgorithm::{Es256, Ps256, Rs256};
use comity_crypto::{
    Jwk, JwkError, PublicKey, SigningAlgorithm, SigningKey, VerifyError, base64url, thumbprint,
};

fn jwk(json: &serde_json::Value) -> Jwk {
    serde_json::from_value(json.clone()).unwrap()
}

fn with(key: &SigningKey, change: impl FnOnce(&mut Jwk)) -> Result<PublicKey, JwkError> {
    let mut jwk = key.public_jwk();
    change(&mut jwk);
    PublicKey::from_jwk(&jwk)
}

#[test]
fn each_algorithm_signs_verifies_and_survives_pkcs8() {
    for algorithm in SigningAlgorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let again = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(again.kid(), key.kid());
        assert_eq!(again.public_jwk(), key.public_jwk());
        let public = PublicKey::from_jwk(&key.public_jwk()).unwrap();
        let signature = again.sign(b"message").unwrap();
        assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
        assert_eq!(
            public.verify(algorithm, b"massage", &signature),
            Err(VerifyError::BadSignature)
        );
        for index in 0..signature.len() {
            let mut changed = signature.clone();
            if let Some(byte) = changed.get_mut(index) {
                *byte ^= 0x40;
            }
            assert!(public.verify(algorithm, b"message", &changed).is_err());
        }
    }
}

#[test]
fn o34_es256_is_fixed_length_and_zero_is_no_signature() {
    let key = SigningKey::generate(Es256).unwrap();
    assert_eq!(key.sign(b"m").unwrap().len(), 64);
    for signature in [vec![0; 64], vec![], vec![0; 63], vec![0xff; 64]] {
        assert_eq!(
            key.public_key().verify(Es256, b"m", &signature),
            Err(VerifyError::BadSignature)
        );
    }
}

#[test]
fn o34_one_key_one_algorithm() {
    for own in SigningAlgorithm::ALL {
        let key = SigningKey::generate(own).unwrap();
        let signature = key.sign(b"m").unwrap();
        for other in SigningAlgorithm::ALL
            .into_iter()
            .filter(|other| *other != own)
        {
            assert_eq!(
                key.public_key().verify(other, b"m", &signature),
                Err(VerifyError::WrongAlgorithm(other))
            );
            let pkcs8 = key.to_pkcs8().unwrap();
            let same_family = own != Es256 && other != Es256;
            assert_eq!(SigningKey::from_pkcs8(other, &pkcs8).is_ok(), same_family);
        }
    }
}

#[test]
fn an_rsa_key_without_alg_serves_its_family_only() {
    let key = SigningKey::generate(Ps256).unwrap();
    let public = with(&key, |jwk| jwk.alg = None).unwrap();
    assert_eq!(public.algorithms().collect::<Vec<_>>(), [Rs256, Ps256]);
    let signature = key.sign(b"m").unwrap();
    assert_eq!(public.verify(Ps256, b"m", &signature), Ok(()));
    assert_eq!(
        public.verify(Rs256, b"m", &signature),
        Err(VerifyError::BadSignature)
    );
    assert_eq!(
        public.verify(Es256, b"m", &signature),
        Err(VerifyError::WrongAlgorithm(Es256))
    );
}

/// RFC 7515 appendix A.3 (ES256) and A.2 (RS256).
#[test]
fn rfc_7515_examples() {
    let ec = jwk(&serde_json::json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    }));
    let input = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = base64url::decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    )
    .unwrap();
    let key = PublicKey::from_jwk(&ec).unwrap();
    assert_eq!(key.verify(Es256, input, &signature), Ok(()));
    assert_eq!(
        key.verify(Es256, b"x", &signature),
        Err(VerifyError::BadSignature)
    );

    let rsa = jwk(&serde_json::json!({
        "kty": "RSA", "e": "AQAB",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    }));
    let input = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = base64url::decode("cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw").unwrap();
    assert_eq!(
        PublicKey::from_jwk(&rsa)
            .unwrap()
            .verify(Rs256, input, &signature),
        Ok(())
    );
}

type Change = fn(&mut Jwk);

fn number(bytes: usize) -> String {
    base64url::encode(vec![0xff; bytes])
}

#[test]
fn o34_elliptic_keys_that_are_refused() {
    let key = SigningKey::generate(Es256).unwrap();
    let rows: [(Change, JwkError); 11] = [
        (
            |jwk| jwk.kty = "oct".into(),
            JwkError::KeyType("oct".into()),
        ),
        (
            |jwk| jwk.kty = "OKP".into(),
            JwkError::KeyType("OKP".into()),
        ),
        (|jwk| jwk.crv = Some("P-384".into()), JwkError::Curve),
        (|jwk| jwk.crv = Some("secp256k1".into()), JwkError::Curve),
        (|jwk| jwk.x = None, JwkError::Missing("x")),
        (|jwk| jwk.x = Some(number(31)), JwkError::Malformed("x")),
        (|jwk| jwk.y = Some(number(33)), JwkError::Malformed("y")),
        // Beyond the field, then not on the curve.
        (|jwk| jwk.x = Some(number(32)), JwkError::Invalid),
        (|jwk| jwk.y.clone_from(&jwk.x), JwkError::Invalid),
        (|jwk| jwk.alg = Some("HS256".into()), JwkError::Algorithm),
        (|jwk| jwk.key_use = Some("enc".into()), JwkError::Use),
    ];
    for (change, expected) in rows {
        assert_eq!(with(&key, change), Err(expected));
    }
    let zero = Some(base64url::encode([0; 32]));
    let at_zero = with(&key, |jwk| (jwk.x, jwk.y) = (zero.clone(), zero.clone()));
    assert_eq!(at_zero, Err(JwkError::Invalid));
    assert!(with(&key, |jwk| (jwk.alg, jwk.key_use) = (None, None)).is_ok());
}

#[test]
fn o34_rsa_keys_that_are_refused() {
    let key = SigningKey::generate(Rs256).unwrap();
    let rows: [(Change, JwkError); 12] = [
        (|jwk| jwk.e = Some("AQ".into()), JwkError::RsaExponent),
        (|jwk| jwk.e = Some("Aw".into()), JwkError::RsaExponent),
        (|jwk| jwk.e = Some("AAEAAQ".into()), JwkError::RsaExponent),
        (|jwk| jwk.e = Some("AQABAQAB".into()), JwkError::RsaExponent),
        (|jwk| jwk.e = Some("AQAB=".into()), JwkError::Malformed("e")),
        (|jwk| jwk.n = Some(number(128)), JwkError::RsaSize(1024)),
        (|jwk| jwk.n = Some(number(1025)), JwkError::RsaSize(8200)),
        (|jwk| jwk.n = Some(String::new()), JwkError::Malformed("n")),
        (
            |jwk| jwk.n = Some(base64url::encode([&[0][..], &[0xff; 256]].concat())),
            JwkError::Malformed("n"),
        ),
        (
            |jwk| jwk.n = Some(base64url::encode([&[0xff; 256][..], &[0]].concat())),
            JwkError::Invalid,
        ),
        (|jwk| jwk.alg = Some("ES256".into()), JwkError::Algorithm),
        (|jwk| jwk.alg = Some("none".into()), JwkError::Algorithm),
    ];
    for (change, expected) in rows {
        assert_eq!(with(&key, change), Err(expected));
    }
}

#[test]
fn kid_is_the_thumbprint_and_debug_shows_no_key() {
    let key = SigningKey::generate(Es256).unwrap();
    assert_eq!(key.kid(), thumbprint(&key.public_jwk()).unwrap());
    assert_eq!(key.public_key().thumbprint(), key.kid());
    let shown = format!("{key:?}");
    assert!(shown.contains(key.kid()));
    assert!(shown.len() < 120, "{shown}");
    let not_a_key = SigningKey::from_pkcs8(Es256, b"not a key").unwrap_err();
    assert_eq!(
        not_a_key.to_string(),
        "not a PKCS#8 private key for `ES256`"
    );
}
