//! JSON Web Keys (RFC 7517), public halves only, and their thumbprints (RFC 7638).

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::{base64url, sha256};

/// A public JSON Web Key. Parsing refuses private members (`d`, `p`, `k`, …); members we do not
/// know are ignored, as RFC 7517 §4 asks. Whether the key is one we accept says
/// [`crate::PublicKey::from_jwk`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parsed")]
pub struct Jwk {
    /// Key type, `RSA` or `EC`.
    pub kty: String,
    /// What the key is for; `sig` if present.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
    /// Key ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The one algorithm the key is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// Curve (EC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// X coordinate (EC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Y coordinate (EC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Modulus (RSA).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// Public exponent (RSA).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// SHA-1 thumbprint of the certificate the key was registered with; a name, never a proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    /// SHA-256 thumbprint of that certificate.
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
}

/// Why a JWK is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// A private or symmetric member is present.
    #[error("the key has the private member `{0}`; give the public key only")]
    PrivateMember(&'static str),
    /// `kty` is neither `RSA` nor `EC`.
    #[error("key type `{0}` is not supported; use `RSA` or `EC`")]
    KeyType(String),
    /// `crv` is not `P-256`.
    #[error("the curve is not supported; use `P-256`")]
    Curve,
    /// A member the key type needs is missing.
    #[error("the key has no `{0}`")]
    Missing(&'static str),
    /// A member is not canonical base64url, or has the wrong length.
    #[error("`{0}` of the key is not a base64url number of the right length")]
    Malformed(&'static str),
    /// The modulus is shorter than 2048 or longer than 8192 bits.
    #[error("the RSA key has {0} bits; use 2048 to 8192")]
    RsaSize(usize),
    /// The public exponent is not 65537.
    #[error("the RSA exponent is not 65537")]
    RsaExponent,
    /// `use` is not `sig`.
    #[error("the key is not for signatures; `use` must be `sig`")]
    Use,
    /// `alg` is not one of ours or does not go with `kty`.
    #[error("the key's `alg` is not supported for its type")]
    Algorithm,
    /// The numbers are not a key: the point is not on the curve, or the modulus is even.
    #[error("the key's numbers are not a valid public key")]
    Invalid,
}

impl Jwk {
    /// A member that the key type needs.
    pub(crate) fn member(&self, name: &'static str) -> Result<&str, JwkError> {
        let value = match name {
            "crv" => &self.crv,
            "x" => &self.x,
            "y" => &self.y,
            "n" => &self.n,
            _ => &self.e,
        };
        value.as_deref().ok_or(JwkError::Missing(name))
    }
}

/// RFC 7638 thumbprint: SHA-256 over the required members in lexicographic order, base64url.
pub fn thumbprint(jwk: &Jwk) -> Result<String, JwkError> {
    let canonical = match jwk.kty.as_str() {
        "EC" => {
            let (crv, x, y) = (jwk.member("crv")?, jwk.member("x")?, jwk.member("y")?);
            check(crv, "crv")?;
            check(x, "x")?;
            check(y, "y")?;
            format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        "RSA" => {
            let (e, n) = (jwk.member("e")?, jwk.member("n")?);
            check(e, "e")?;
            check(n, "n")?;
            format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
        }
        other => return Err(JwkError::KeyType(other.chars().take(32).collect())),
    };
    Ok(base64url::encode(sha256(canonical)))
}

/// The members go into the canonical JSON as they are, so they may not need escaping.
fn check(value: &str, name: &'static str) -> Result<(), JwkError> {
    let safe = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if safe && !value.is_empty() {
        Ok(())
    } else {
        Err(JwkError::Malformed(name))
    }
}

/// A set of public keys (RFC 7517 §5). Keys of unknown types parse and are refused at use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The key with this `kid`; `None` as well if two keys share it, because then neither is meant.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        let mut named = self
            .keys
            .iter()
            .filter(|key| key.kid.as_deref() == Some(kid));
        match (named.next(), named.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }
}

/// A JWK as it comes, with the members that must not come.
#[derive(Deserialize)]
struct Parsed {
    kty: String,
    #[serde(rename = "use")]
    key_use: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
    #[serde(rename = "priv")]
    private: Option<IgnoredAny>,
}

impl TryFrom<Parsed> for Jwk {
    type Error = JwkError;

    fn try_from(parsed: Parsed) -> Result<Self, JwkError> {
        let private = [
            ("d", &parsed.d),
            ("p", &parsed.p),
            ("q", &parsed.q),
            ("dp", &parsed.dp),
            ("dq", &parsed.dq),
            ("qi", &parsed.qi),
            ("oth", &parsed.oth),
            ("k", &parsed.k),
            ("priv", &parsed.private),
        ];
        if let Some((name, _)) = private.into_iter().find(|(_, value)| value.is_some()) {
            return Err(JwkError::PrivateMember(name));
        }
        Ok(Self {
            kty: parsed.kty,
            key_use: parsed.key_use,
            kid: parsed.kid,
            alg: parsed.alg,
            crv: parsed.crv,
            x: parsed.x,
            y: parsed.y,
            n: parsed.n,
            e: parsed.e,
            x5t: parsed.x5t,
            x5t_s256: parsed.x5t_s256,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7638 §3.1.
    const RFC_7638: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    #[test]
    fn rfc_7638_thumbprint() {
        let jwk: Jwk = serde_json::from_str(RFC_7638).unwrap();
        assert_eq!(
            thumbprint(&jwk).unwrap(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn o23_private_members_are_refused() {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
            let text = RFC_7638.replacen('{', &format!("{{\"{member}\":\"AA\","), 1);
            let error = serde_json::from_str::<Jwk>(&text).unwrap_err();
            assert!(
                error.to_string().contains(&format!("`{member}`")),
                "{error}"
            );
            let set = format!("{{\"keys\":[{text}]}}");
            assert!(serde_json::from_str::<JwkSet>(&set).is_err());
        }
    }

    #[test]
    fn unknown_members_are_ignored_and_doubled_ones_refused() {
        let text = RFC_7638.replacen('{', "{\"x-own\":{\"a\":1},\"x5c\":[\"AA\"],", 1);
        let jwk: Jwk = serde_json::from_str(&text).unwrap();
        assert_eq!(
            serde_json::to_string(&jwk).unwrap().matches("x5c").count(),
            0
        );
        let text = RFC_7638.replacen('{', "{\"e\":\"Aw\",", 1);
        assert!(serde_json::from_str::<Jwk>(&text).is_err());
    }

    #[test]
    fn a_kid_that_two_keys_share_names_neither() {
        let jwk: Jwk = serde_json::from_str(RFC_7638).unwrap();
        let set = JwkSet {
            keys: vec![jwk.clone()],
        };
        assert!(set.find("2011-04-29").is_some());
        assert!(set.find("2011").is_none());
        let set = JwkSet {
            keys: vec![jwk.clone(), jwk],
        };
        assert!(set.find("2011-04-29").is_none());
    }

    #[test]
    fn a_thumbprint_cannot_be_made_of_text_that_needs_escaping() {
        let mut jwk: Jwk = serde_json::from_str(RFC_7638).unwrap();
        jwk.n = Some("A\",\"kty\":\"EC".to_owned());
        assert_eq!(thumbprint(&jwk), Err(JwkError::Malformed("n")));
    }
}
