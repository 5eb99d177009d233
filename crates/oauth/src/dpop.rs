//! Demonstrating Proof of Possession (RFC 9449; security bar O-23).
//!
//! 1. `typ` is `dpop+jwt`; the key is in the header, public, and signs the proof.
//! 2. `htm` and `htu` are this request's method and URL, exactly, without query or fragment.
//! 3. `iat` is within 60 s of now.
//! 4. `jti` is required; the caller remembers it together with the key's thumbprint.
//! 5. `ath` is the hash of the access token where there is one, and absent where there is none.
//! 6. Where a nonce is asked for, it is one of ours and fresh.
//!
//! A nonce is `time || HMAC-SHA-256(key, time)` cut to 16 bytes: any node that has the key can
//! check what another gave out, without a row in the store.

use comity_crypto::{PublicKey, SigningKey, base64url, constant_time_eq, hmac_sha256, sha256};
use serde::Serialize;

use crate::jws::{self, Claims, JwsError, Kind, SignError, Unverified};

/// The `typ` of a proof.
pub const TYPE: &str = "dpop+jwt";
const WINDOW: i64 = 60;

/// The request a proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The URL without query and fragment.
    pub url: &'a str,
    /// The access token that comes with the proof.
    pub access_token: Option<&'a str>,
    /// Whether a nonce is asked for.
    pub nonce: NonceRule<'a>,
    /// Unix seconds.
    pub now: i64,
}

/// Whether a proof needs a nonce of ours.
#[derive(Clone, Copy)]
pub enum NonceRule<'a> {
    /// None is asked for; one that comes is not looked at.
    Free,
    /// One of ours, made with this key at most `max_age` seconds ago.
    Required {
        /// The key that all nodes share.
        key: &'a [u8; 32],
        /// Seconds.
        max_age: i64,
    },
}

impl std::fmt::Debug for NonceRule<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Free => "Free",
            Self::Required { .. } => "Required",
        })
    }
}

/// An accepted proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// RFC 7638 thumbprint of the key.
    pub jkt: String,
    /// Its ID, good once for this key.
    pub jti: String,
    /// When it was made; it may be forgotten two minutes later.
    pub iat: i64,
}

/// A broken rule of RFC 9449 §4.3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DpopError {
    /// Not an acceptable JWS, or not signed by the key it carries.
    #[error("the DPoP proof is refused: {0}")]
    Jws(#[from] JwsError),
    /// Rule 1: a key we do not accept.
    #[error("the key of the DPoP proof is not accepted")]
    Key,
    /// Rule 2.
    #[error("`htm` of the DPoP proof is not the method of this request")]
    Method,
    /// Rule 2.
    #[error("`htu` of the DPoP proof is not the URL of this request")]
    Url,
    /// Rule 3.
    #[error("`iat` of the DPoP proof is missing or not within a minute of now")]
    Time,
    /// Rule 4.
    #[error("the DPoP proof has no `jti`, or one that is too long")]
    Id,
    /// Rule 5.
    #[error("`ath` of the DPoP proof is not the hash of the access token")]
    TokenHash,
    /// Rule 6: ask again with the nonce of the answer.
    #[error("the DPoP proof needs a fresh `nonce`; use the one in `DPoP-Nonce`")]
    UseNonce,
    /// Bound to another key.
    #[error("the DPoP proof is not by the key to which the grant is bound")]
    OtherKey,
}

impl DpopError {
    /// RFC 9449 §5, §7.1 and §8.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UseNonce => "use_dpop_nonce",
            _ => "invalid_dpop_proof",
        }
    }
}

/// What a proof of ours is for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The URL without query and fragment.
    pub url: &'a str,
    /// The access token that goes with it.
    pub access_token: Option<&'a str>,
    /// The nonce the other side asked for.
    pub nonce: Option<&'a str>,
}

/// Makes a proof.
pub fn make(
    key: &SigningKey,
    target: &Target<'_>,
    jti: &str,
    now: i64,
) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Claims<'a> {
        jti: &'a str,
        htm: &'a str,
        htu: &'a str,
        iat: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        ath: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nonce: Option<&'a str>,
    }
    let claims = Claims {
        jti,
        htm: target.method,
        htu: target.url,
        iat: now,
        ath: target.access_token.map(token_hash),
        nonce: target.nonce,
    };
    jws::sign_with_jwk(TYPE, &claims, key)
}

/// Rules 1 to 6.
pub fn verify(proof: &str, expected: &Expected<'_>) -> Result<Proof, DpopError> {
    let unverified = Unverified::parse(proof, Kind::DpopProof)?;
    let jwk = unverified.header().jwk.as_ref().ok_or(DpopError::Key)?;
    let key = PublicKey::from_jwk(jwk).map_err(|_| DpopError::Key)?;
    let algorithm = unverified.algorithm_of(&key)?;
    let claims = unverified.verify(&key, algorithm, TYPE)?;
    if claims.text("htm") != Some(expected.method) {
        return Err(DpopError::Method);
    }
    if claims.text("htu") != Some(expected.url) {
        return Err(DpopError::Url);
    }
    let iat = claims.time("iat").ok_or(DpopError::Time)?;
    if iat.saturating_sub(expected.now).saturating_abs() > WINDOW {
        return Err(DpopError::Time);
    }
    let jti = claims
        .text("jti")
        .filter(|jti| (1..=256).contains(&jti.len()));
    let jti = jti.ok_or(DpopError::Id)?.to_owned();
    check_token_hash(&claims, expected.access_token)?;
    if let NonceRule::Required { key, max_age } = expected.nonce {
        let nonce = claims.text("nonce").ok_or(DpopError::UseNonce)?;
        if !check_nonce(key, nonce, expected.now, max_age) {
            return Err(DpopError::UseNonce);
        }
    }
    Ok(Proof {
        jkt: key.thumbprint().to_owned(),
        jti,
        iat,
    })
}

fn check_token_hash(claims: &Claims, access_token: Option<&str>) -> Result<(), DpopError> {
    let fits = match (claims.get("ath"), access_token) {
        (None, None) => true,
        (Some(_), Some(token)) => claims
            .text("ath")
            .is_some_and(|ath| constant_time_eq(ath, token_hash(token))),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(DpopError::TokenHash)
    }
}

/// Refuses a proof by another key than the one a code, grant or token is bound to.
pub fn check_binding(proof: &Proof, bound_to: &str) -> Result<(), DpopError> {
    if constant_time_eq(&proof.jkt, bound_to) {
        Ok(())
    } else {
        Err(DpopError::OtherKey)
    }
}

/// `ath` (RFC 9449 §4.2).
pub fn token_hash(access_token: &str) -> String {
    base64url::encode(sha256(access_token))
}

/// A nonce for now.
pub fn make_nonce(key: &[u8; 32], now: i64) -> String {
    let time = now.to_be_bytes();
    let mut nonce = time.to_vec();
    nonce.extend(nonce_tag(key, time));
    base64url::encode(nonce)
}

/// Whether a nonce is ours and at most `max_age` seconds old.
pub fn check_nonce(key: &[u8; 32], nonce: &str, now: i64, max_age: i64) -> bool {
    let Ok(bytes) = base64url::decode_array::<24>(nonce) else {
        return false;
    };
    let Some((time, tag)) = bytes.split_first_chunk::<8>() else {
        return false;
    };
    let genuine = constant_time_eq(tag, nonce_tag(key, *time));
    let made = i64::from_be_bytes(*time);
    genuine && !crate::is_ahead(made, now) && now.saturating_sub(made) <= max_age
}

fn nonce_tag(key: &[u8; 32], time: [u8; 8]) -> Vec<u8> {
    hmac_sha256(key, [b"dpop nonce".as_slice(), &time].concat())
        .into_iter()
        .take(16)
        .collect()
}
