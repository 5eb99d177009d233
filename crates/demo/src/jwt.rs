//! Reading a JSON Web Token and checking its signature with a key set (RFC 7515, 7517, 7518).

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Jwt {
    pub header: Value,
    pub claims: Value,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Jwt {
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            bail!("a signed token has three parts");
        };
        Ok(Self {
            header: serde_json::from_slice(&unpack(header)?)?,
            claims: serde_json::from_slice(&unpack(claims)?)?,
            signed: format!("{header}.{claims}").into_bytes(),
            signature: unpack(signature)?,
        })
    }

    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// Checks the signature with the key of this set that the token names.
    pub fn verify(&self, jwks: &Value) -> Result<()> {
        let kid = self.key_id().context("the token names no key")?;
        let key = keys(jwks)
            .find(|key| key.get("kid").and_then(Value::as_str) == Some(kid))
            .with_context(|| format!("the key set has no key `{kid}`"))?;
        let field = |name: &str| -> Result<Vec<u8>> {
            let text = key.get(name).and_then(Value::as_str);
            unpack(text.with_context(|| format!("the key `{kid}` has no `{name}`"))?)
        };
        let checked = match self.header.get("alg").and_then(Value::as_str) {
            Some("RS256") => RsaPublicKeyComponents {
                n: field("n")?,
                e: field("e")?,
            }
            .verify(
                &signature::RSA_PKCS1_2048_8192_SHA256,
                &self.signed,
                &self.signature,
            ),
            Some("ES256") => {
                let point = [vec![4], field("x")?, field("y")?].concat();
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(&self.signed, &self.signature)
            }
            other => bail!("the algorithm {other:?} is not spoken here"),
        };
        checked
            .ok()
            .with_context(|| format!("the signature by `{kid}` is wrong"))
    }
}

pub fn keys(jwks: &Value) -> impl Iterator<Item = &Value> {
    jwks.get("keys")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The key IDs of a set, in its order.
pub fn key_ids(jwks: &Value) -> Vec<String> {
    keys(jwks)
        .filter_map(|key| key.get("kid")?.as_str().map(str::to_owned))
        .collect()
}

pub fn pack(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unpack(text: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(text)
        .context("a part of the token is not base64url")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 7515 appendix A.3.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn token() -> Jwt {
        let mut jwt = Jwt::parse(ES256).unwrap();
        jwt.header = json!({"alg": "ES256", "kid": "a"});
        jwt
    }

    fn jwks(x: &str) -> Value {
        json!({"keys": [{"kid": "b"}, {"kid": "a", "kty": "EC", "crv": "P-256", "x": x,
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})
    }

    #[test]
    fn a_token_is_read_and_its_signature_checked() {
        let jwt = token();
        assert_eq!(jwt.claim("iss"), Some("joe"));
        let good = jwks("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert_eq!(key_ids(&good), ["b", "a"]);
        jwt.verify(&good).unwrap();
    }

    #[test]
    fn a_wrong_key_a_missing_key_and_a_changed_token_are_refused() {
        let good = jwks("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let mut changed = token();
        changed.signed.push(b'x');
        assert!(changed.verify(&good).is_err());
        assert!(
            token()
                .verify(&json!({"keys": []}))
                .unwrap_err()
                .to_string()
                .contains("no key `a`")
        );
        let mut none = token();
        none.header = json!({"alg": "none", "kid": "a"});
        assert!(none.verify(&good).is_err());
        for text in ["a.b", "a.b.c.d", "!.e30.e30"] {
            assert!(Jwt::parse(text).is_err(), "{text}");
        }
    }
}
