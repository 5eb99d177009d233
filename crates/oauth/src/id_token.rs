//! Id tokens (OpenID Connect Core §2 and §3.1.3.7, semantics §5.3), issued to applications and
//! read by our own ones; and as a hint at authorization and sign-out.
//!
//! 1. Signed by a key of the issuer for id tokens, `typ` `JWT`.
//! 2. `iss` is the issuer asked, `aud` the client as one string.
//! 3. `nonce` is the one of the request.
//! 4. `exp` lies ahead, `iat` does not; with `max_age`, `auth_time` is recent enough.
//! 5. A hint may have expired, but must be ours.

use comity_crypto::{SigningKey, base64url, sha256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access_token;
use crate::guid;
use crate::jws::{self, JwsError, Kind, SignError, Unverified};
use crate::keys::KeySet;

/// The `typ` of an id token.
pub const TYPE: &str = "JWT";

/// The claims of an id token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdToken {
    /// The client.
    pub aud: String,
    /// The tenant's issuer.
    pub iss: String,
    /// Issued at.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Expires.
    pub exp: i64,
    /// Pairwise subject.
    pub sub: String,
    /// Object ID in this tenant.
    #[serde(with = "guid")]
    pub oid: Uuid,
    /// Tenant ID.
    #[serde(with = "guid")]
    pub tid: Uuid,
    /// `2.0`.
    pub ver: String,
    /// Unique ID of the token.
    pub uti: String,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The request's nonce, untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Sign-in name, for display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Address, only if its domain is verified here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the owner of the address's domain is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xms_edov: Option<bool>,
    /// UPN here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// A guest's home issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp: Option<String>,
    /// 0 member, 1 guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acct: Option<u8>,
    /// When the person proved who she is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Authentication context met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// App roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Directory roles, by template ID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wids: Vec<String>,
    /// Which claims are elsewhere, because they are too long (OpenID Connect Core §5.6.2).
    #[serde(
        default,
        rename = "_claim_names",
        skip_serializing_if = "Option::is_none"
    )]
    pub claim_names: Option<serde_json::Value>,
    /// And where.
    #[serde(
        default,
        rename = "_claim_sources",
        skip_serializing_if = "Option::is_none"
    )]
    pub claim_sources: Option<serde_json::Value>,
    /// To be replayed as `login_hint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Hash of the access token issued with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
}

/// What an id token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer asked.
    pub issuer: &'a str,
    /// The client that asked.
    pub audience: &'a str,
    /// The nonce of the request.
    pub nonce: Option<&'a str>,
    /// Seconds since the last proof, if the request limited them.
    pub max_age: Option<i64>,
    /// Unix seconds.
    pub now: i64,
}

/// A broken rule of OpenID Connect Core §3.1.3.7.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Rule 1, or not an acceptable JWS.
    #[error("the id token is refused: {0}")]
    Jws(#[from] JwsError),
    /// Rule 2.
    #[error("the id token is of another issuer")]
    Issuer,
    /// Rule 2.
    #[error("the id token is for another client")]
    Audience,
    /// Rule 3.
    #[error("the id token's nonce is not the one of the request")]
    Nonce,
    /// Rule 4.
    #[error("the id token has expired")]
    Expired,
    /// Rule 4.
    #[error("the id token is from the future")]
    FromTheFuture,
    /// Rule 4.
    #[error("the id token does not say that the person proved who she is recently enough")]
    AuthenticationTime,
}

impl IdTokenError {
    /// OpenID Connect Core §3.1.2.6.
    pub fn code(&self) -> &'static str {
        "invalid_request"
    }
}

/// Signs an id token.
pub fn sign(token: &IdToken, key: &SigningKey) -> Result<String, SignError> {
    jws::sign(TYPE, token, key)
}

/// Rules 1 to 4.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<IdToken, IdTokenError> {
    let claims = Unverified::parse(token, Kind::Own)?.verify_with(keys, TYPE)?;
    let token: IdToken = claims.read()?;
    if token.iss != expected.issuer {
        return Err(IdTokenError::Issuer);
    }
    if token.aud != expected.audience {
        return Err(IdTokenError::Audience);
    }
    if token.nonce.as_deref() != expected.nonce {
        return Err(IdTokenError::Nonce);
    }
    if token.exp <= expected.now {
        return Err(IdTokenError::Expired);
    }
    if crate::is_ahead(token.iat, expected.now) || crate::is_ahead(token.nbf, expected.now) {
        return Err(IdTokenError::FromTheFuture);
    }
    if let Some(max_age) = expected.max_age {
        let recent = token.auth_time.is_some_and(|time| {
            !crate::is_ahead(time, expected.now)
                && expected.now.saturating_sub(time) <= max_age.saturating_add(crate::SKEW)
        });
        if !recent {
            return Err(IdTokenError::AuthenticationTime);
        }
    }
    Ok(token)
}

/// Rule 5.
pub fn verify_hint(
    token: &str,
    keys: &KeySet,
    issuer_template: &str,
) -> Result<IdToken, IdTokenError> {
    let claims = Unverified::parse(token, Kind::Own)?.verify_with(keys, TYPE)?;
    let token: IdToken = claims.read()?;
    if token.iss != access_token::issuer(issuer_template, token.tid) {
        return Err(IdTokenError::Issuer);
    }
    Ok(token)
}

/// `at_hash` and `c_hash` (OpenID Connect Core §3.1.3.6): the left half of SHA-256.
pub fn half_hash(text: &str) -> String {
    let half: Vec<u8> = sha256(text).into_iter().take(16).collect();
    base64url::encode(half)
}
