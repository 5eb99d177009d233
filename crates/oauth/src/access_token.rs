//! Access tokens (RFC 9068, semantics §5.3; security bars O-13, O-28).
//!
//! 1. `typ` is `at+jwt`, signed by a key of ours for access tokens.
//! 2. `iss` is the issuer of the tenant named in `tid`.
//! 3. `aud` is one string, one of the names of the API that is asked.
//! 4. `exp` lies ahead, `nbf` does not.
//!
//! Whether the person behind it may still do what it says is asked elsewhere, at each use.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::guid;
use crate::jws::{self, JwsError, Kind, SignError, Unverified};
use crate::keys::KeySet;

/// The `typ` of an access token.
pub const TYPE: &str = "at+jwt";
/// What stands for the tenant in an issuer template.
pub const TENANT: &str = "{tenantid}";

/// The claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The API, one string.
    pub aud: String,
    /// The tenant's issuer.
    pub iss: String,
    /// Issued at.
    pub iat: i64,
    /// Not before.
    pub nbf: i64,
    /// Expires.
    pub exp: i64,
    /// Pairwise subject, or the service principal's object ID.
    pub sub: String,
    /// Object ID of the person or service principal.
    #[serde(with = "guid")]
    pub oid: Uuid,
    /// Tenant ID.
    #[serde(with = "guid")]
    pub tid: Uuid,
    /// `2.0`.
    pub ver: String,
    /// Unique ID of the token.
    pub uti: String,
    /// The same, by its RFC 9068 name.
    pub jti: String,
    /// The client.
    pub appid: String,
    /// The client, by its version 2 name.
    pub azp: String,
    /// The client, by its RFC 9068 name.
    pub client_id: String,
    /// How the client authenticated: `0` not, `1` secret, `2` assertion.
    pub azpacr: String,
    /// Delegated scopes, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scp: Option<String>,
    /// Application permissions or app roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// `user` or `app`.
    pub idtyp: String,
    /// The client's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_displayname: Option<String>,
    /// The person's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The person's sign-in name, for display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// The person's UPN here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// A guest's home issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp: Option<String>,
    /// 0 member, 1 guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acct: Option<u8>,
    /// The session it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// What it was issued with, opaque to everybody but the issuer, who may have ended it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rh: Option<String>,
    /// When the person proved who she is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// `0` or `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// Authentication context IDs met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acrs: Vec<String>,
    /// Directory roles, by template ID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wids: Vec<String>,
    /// Groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
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
    /// What the client can do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub xms_cc: Vec<String>,
    /// RFC 7800: the key it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// RFC 9449 §6: the thumbprint of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// RFC 7638 thumbprint.
    pub jkt: String,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The cloud's issuer with [`TENANT`] in it.
    pub issuer_template: &'a str,
    /// The names of the API.
    pub audiences: &'a [&'a str],
    /// Unix seconds.
    pub now: i64,
}

/// A broken rule of RFC 9068 §4.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// No `Authorization: Bearer` or `DPoP`.
    #[error("send an access token in the `Authorization` header")]
    Missing,
    /// Rule 1, or not an acceptable JWS.
    #[error("the access token is refused: {0}")]
    Jws(#[from] JwsError),
    /// Rule 2.
    #[error("the access token's issuer is not this cloud's issuer for its tenant")]
    Issuer,
    /// Rule 3.
    #[error("the access token is for another API")]
    Audience,
    /// Rule 4.
    #[error("the access token has expired")]
    Expired,
    /// Rule 4.
    #[error("the access token is not valid yet")]
    NotYetValid,
}

impl AccessTokenError {
    /// RFC 6750 §3.1.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "invalid_request",
            _ => "invalid_token",
        }
    }
}

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
}

/// The token of an `Authorization` header.
pub fn from_header(header: &str) -> Result<(Scheme, &str), AccessTokenError> {
    let (scheme, token) = header.split_once(' ').ok_or(AccessTokenError::Missing)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return Err(AccessTokenError::Missing),
    };
    match token.trim() {
        "" => Err(AccessTokenError::Missing),
        token => Ok((scheme, token)),
    }
}

/// Signs an access token.
pub fn sign(token: &AccessToken, key: &comity_crypto::SigningKey) -> Result<String, SignError> {
    jws::sign(TYPE, token, key)
}

/// Rules 1 to 4.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<AccessToken, AccessTokenError> {
    let claims = Unverified::parse(token, Kind::Own)?.verify_with(keys, TYPE)?;
    let token: AccessToken = claims.read()?;
    if token.iss != issuer(expected.issuer_template, token.tid) {
        return Err(AccessTokenError::Issuer);
    }
    if !expected.audiences.contains(&token.aud.as_str()) {
        return Err(AccessTokenError::Audience);
    }
    if token.exp <= expected.now {
        return Err(AccessTokenError::Expired);
    }
    if crate::is_ahead(token.nbf, expected.now) {
        return Err(AccessTokenError::NotYetValid);
    }
    Ok(token)
}

/// The issuer of a tenant.
pub fn issuer(template: &str, tenant: Uuid) -> String {
    template.replace(TENANT, &tenant.as_hyphenated().to_string())
}
