//! JSON Web Signatures in the compact form (RFC 7515 §7.1) under the rules of RFC 8725 and of
//! security bars O-34, S-77 and S-78.
//!
//! 1. At most 16 kB, or 128 kB between clouds, where a message may name 500 groups thrice.
//! 2. Exactly three parts, each canonical base64url; the JSON serialisation is not read.
//! 3. Header and claims are JSON objects without doubled members.
//! 4. No `crit`, `b64`, `zip`, `jku`, `x5u`, encryption members; `jwk` only in a DPoP proof; `x5c`
//!    only in a client assertion, where it is not looked at.
//! 5. A `kid` of ours has at most 64 characters of the base64url alphabet; others' are at most 256
//!    printable characters and only ever compared.
//! 6. `typ` is required and compared exactly.
//! 7. The algorithm is the key's; the header must agree.
//!
//! A verified signature is the start of the check, not the end: [`Claims`] is what was signed, and
//! each message compares it in its own file.

use comity_crypto::{
    Jwk, KeyError, PublicKey, SigningAlgorithm, SigningKey, VerifyError, base64url,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::json::{self, JsonError};
use crate::keys::KeySet;

/// The longest token a stranger may send.
pub const MAX_LENGTH: usize = 16 * 1024;
/// The longest message between clouds.
pub const MAX_LENGTH_BETWEEN_CLOUDS: usize = 128 * 1024;

/// Header members that are refused wherever they come (RFC 8725 §3.10, RFC 7797, RFC 7516).
const FORBIDDEN: [&str; 13] = [
    "crit", "b64", "zip", "jku", "x5u", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c",
];

/// What a token is, as far as its header goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A token of our own that comes back: `kid` is one of ours.
    Own,
    /// A message of another cloud.
    Cloud,
    /// A client assertion: may name its key by certificate and carry `x5c`.
    ClientAssertion,
    /// A DPoP proof: carries its public key.
    DpopProof,
}

/// Why a compact JWS is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Rule 1.
    #[error("the token is longer than {0} bytes")]
    TooLong(usize),
    /// Rule 2: not three parts.
    #[error("not a compact JWS of three parts")]
    NotCompact,
    /// Rule 2: a part is not base64url.
    #[error("the {0} is not base64url without padding")]
    NotBase64(&'static str),
    /// Rule 3.
    #[error("the {part} is refused: {error}")]
    Json {
        /// `header` or `claims`.
        part: &'static str,
        /// What is wrong.
        error: JsonError,
    },
    /// Rule 4.
    #[error("the header member `{0}` is not accepted here")]
    ForbiddenMember(&'static str),
    /// A header member is not a string, or (in a proof) `jwk` is not a public key.
    #[error("the header member `{0}` is missing or malformed")]
    Member(&'static str),
    /// Rule 5.
    #[error("the key name is missing, too long or has characters that key names do not have")]
    KeyName,
    /// Rule 6.
    #[error("the token's `typ` is not `{expected}`")]
    Type {
        /// The type wanted here.
        expected: String,
    },
    /// Rule 7: not one of our algorithms.
    #[error("the token's `alg` is not accepted")]
    Algorithm,
    /// Rule 7: not the algorithm of the key.
    #[error("the token's `alg` is not the one of its key")]
    AlgorithmOfKey,
    /// No key of that name.
    #[error("the token is signed by an unknown key")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the token's signature does not match")]
    Signature,
}

impl JwsError {
    /// RFC 6750 §3.1.
    pub fn code(&self) -> &'static str {
        "invalid_token"
    }
}

impl From<VerifyError> for JwsError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::WrongAlgorithm(_) => Self::AlgorithmOfKey,
            VerifyError::BadSignature => Self::Signature,
        }
    }
}

/// Why a token could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Claims,
    /// The key refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Signs `claims` under `typ`, naming the key by its `kid`.
pub fn sign(typ: &str, claims: &impl Serialize, key: &SigningKey) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Head<'a> {
        alg: SigningAlgorithm,
        typ: &'a str,
        kid: &'a str,
    }
    compact(
        &Head {
            alg: key.algorithm(),
            typ,
            kid: key.kid(),
        },
        claims,
        key,
    )
}

/// Signs `claims` under `typ`, carrying the public key in the header (RFC 9449 §4.2).
pub(crate) fn sign_with_jwk(
    typ: &str,
    claims: &impl Serialize,
    key: &SigningKey,
) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Head<'a> {
        alg: SigningAlgorithm,
        typ: &'a str,
        jwk: Jwk,
    }
    let jwk = Jwk {
        kid: None,
        alg: None,
        key_use: None,
        ..key.public_jwk()
    };
    compact(
        &Head {
            alg: key.algorithm(),
            typ,
            jwk,
        },
        claims,
        key,
    )
}

fn compact(
    header: &impl Serialize,
    claims: &impl Serialize,
    key: &SigningKey,
) -> Result<String, SignError> {
    let header = serde_json::to_vec(header).map_err(|_| SignError::Claims)?;
    let claims = serde_json::to_vec(claims).map_err(|_| SignError::Claims)?;
    let mut token = base64url::encode(header);
    token.push('.');
    token.push_str(&base64url::encode(claims));
    let signature = base64url::encode(key.sign(token.as_bytes())?);
    token.push('.');
    token.push_str(&signature);
    Ok(token)
}

/// The header of a token, as far as we read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm the sender says he used.
    pub algorithm: SigningAlgorithm,
    /// What the token says it is.
    pub typ: Option<String>,
    /// The name of the key.
    pub kid: Option<String>,
    /// The certificate's SHA-1 thumbprint.
    pub x5t: Option<String>,
    /// The certificate's SHA-256 thumbprint.
    pub x5t_s256: Option<String>,
    /// The key itself (DPoP).
    pub jwk: Option<Jwk>,
}

/// A well-formed token whose signature nobody has checked.
#[derive(Clone, Debug)]
pub struct Unverified<'a> {
    header: Header,
    signed: &'a str,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Rules 1 to 5.
    pub fn parse(token: &'a str, kind: Kind) -> Result<Self, JwsError> {
        let max = match kind {
            Kind::Cloud => MAX_LENGTH_BETWEEN_CLOUDS,
            Kind::Own | Kind::ClientAssertion | Kind::DpopProof => MAX_LENGTH,
        };
        if token.len() > max {
            return Err(JwsError::TooLong(max));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, claims) = signed.split_once('.').ok_or(JwsError::NotCompact)?;
        if claims.contains('.') {
            return Err(JwsError::NotCompact);
        }
        let header = Header::parse(&object("header", header)?, kind)?;
        let claims = object("claims", claims)?;
        let signature =
            base64url::decode(signature).map_err(|_| JwsError::NotBase64("signature"))?;
        Ok(Self {
            header,
            signed,
            claims,
            signature,
        })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// A claim nobody has proven, good for finding out whose keys to try and for nothing else.
    pub fn claimed(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// Rules 6 and 7 and the signature.
    pub fn verify(
        self,
        key: &PublicKey,
        algorithm: SigningAlgorithm,
        typ: &str,
    ) -> Result<Claims, JwsError> {
        if self.header.typ.as_deref() != Some(typ) {
            return Err(JwsError::Type {
                expected: typ.to_owned(),
            });
        }
        self.verify_signature(key, algorithm)
    }

    /// As [`Self::verify`], with the key of the set that `kid` names and that key's algorithm.
    pub fn verify_with(self, keys: &KeySet, typ: &str) -> Result<Claims, JwsError> {
        let kid = self.header.kid.as_deref().ok_or(JwsError::KeyName)?;
        let key = keys.find(kid).ok_or(JwsError::UnknownKey)?.clone();
        let algorithm = self.algorithm_of(&key)?;
        self.verify(&key, algorithm, typ)
    }

    /// The key's algorithm; where a key has a family of two, the one of them the header names.
    pub(crate) fn algorithm_of(&self, key: &PublicKey) -> Result<SigningAlgorithm, JwsError> {
        key.algorithms()
            .find(|algorithm| *algorithm == self.header.algorithm)
            .ok_or(JwsError::AlgorithmOfKey)
    }

    /// The signature alone, for the one message (client assertions) whose `typ` varies.
    pub(crate) fn verify_signature(
        self,
        key: &PublicKey,
        algorithm: SigningAlgorithm,
    ) -> Result<Claims, JwsError> {
        if self.header.algorithm != algorithm {
            return Err(JwsError::AlgorithmOfKey);
        }
        key.verify(algorithm, self.signed.as_bytes(), &self.signature)?;
        Ok(Claims(self.claims))
    }
}

/// What was signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// A claim.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A string claim.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A NumericDate claim, whole or fractional.
    pub fn time(&self, name: &str) -> Option<i64> {
        json::numeric_date(self.0.get(name)?)
    }

    /// The claims as a typed value.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, JwsError> {
        json::from_object(self.0).map_err(|error| JwsError::Json {
            part: "claims",
            error,
        })
    }
}

fn object(part: &'static str, text: &str) -> Result<Map<String, Value>, JwsError> {
    let bytes = base64url::decode(text).map_err(|_| JwsError::NotBase64(part))?;
    json::parse_object(&bytes).map_err(|error| JwsError::Json { part, error })
}

impl Header {
    fn parse(map: &Map<String, Value>, kind: Kind) -> Result<Self, JwsError> {
        if let Some(name) = FORBIDDEN.into_iter().find(|name| map.contains_key(*name)) {
            return Err(JwsError::ForbiddenMember(name));
        }
        if kind != Kind::ClientAssertion && map.contains_key("x5c") {
            return Err(JwsError::ForbiddenMember("x5c"));
        }
        let text = |name: &'static str| match map.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Member(name)),
        };
        let algorithm = text("alg")?
            .and_then(|name| SigningAlgorithm::parse(&name).ok())
            .ok_or(JwsError::Algorithm)?;
        let header = Self {
            algorithm,
            typ: text("typ")?,
            kid: text("kid")?,
            x5t: text("x5t")?,
            x5t_s256: text("x5t#S256")?,
            jwk: jwk(map, kind)?,
        };
        header.check_key_name(kind)?;
        Ok(header)
    }

    fn check_key_name(&self, kind: Kind) -> Result<(), JwsError> {
        let fits = match (kind, self.kid.as_deref()) {
            (Kind::Own, Some(kid)) => {
                (1..=64).contains(&kid.len())
                    && kid
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            }
            (Kind::Cloud | Kind::ClientAssertion | Kind::DpopProof, Some(kid)) => {
                (1..=256).contains(&kid.len()) && !crate::text::has_control(kid)
            }
            (Kind::Own | Kind::Cloud, None) => false,
            (Kind::ClientAssertion | Kind::DpopProof, None) => true,
        };
        let thumbprints = [&self.x5t, &self.x5t_s256];
        let short = thumbprints
            .into_iter()
            .flatten()
            .all(|thumbprint| thumbprint.len() <= 256);
        if fits && short {
            Ok(())
        } else {
            Err(JwsError::KeyName)
        }
    }
}

fn jwk(map: &Map<String, Value>, kind: Kind) -> Result<Option<Jwk>, JwsError> {
    match (kind, map.get("jwk")) {
        (Kind::DpopProof, Some(value)) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|_| JwsError::Member("jwk")),
        (Kind::DpopProof, None) => Err(JwsError::Member("jwk")),
        (_, Some(_)) => Err(JwsError::ForbiddenMember("jwk")),
        (_, None) => Ok(None),
    }
}
