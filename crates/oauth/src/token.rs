//! The token endpoint (RFC 6749 §3.2, §4.1.3, §4.4, §6; RFC 7521 §4.2; security bar O-03).
//!
//! 1. One grant: code, refresh token or client credentials.
//! 2. A client authenticates in one way only: HTTP Basic with form-encoded halves, secret in the
//!    body, a signed assertion, or not at all.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::claims_request::{ClaimsError, RequestedClaims};
use crate::params::{self, Params, ParamsError};
use crate::scope::{ScopeError, Scopes};
use crate::secret::Secret;

/// `client_assertion_type` of a signed assertion (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A request for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub client: ClientAuthentication,
    /// On what grounds.
    pub grant: Grant,
    /// For what; absent means as granted before.
    pub scopes: Option<Scopes>,
    /// RFC 8707.
    pub resource: Option<String>,
    /// The `claims` parameter.
    pub claims: RequestedClaims,
    /// Whether the answer carries `client_info`.
    pub client_info: bool,
}

/// The grounds of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// RFC 6749 §4.1.3.
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// Must equal the one of the authorization request.
        redirect_uri: Option<String>,
        /// PKCE.
        code_verifier: Option<Secret>,
    },
    /// RFC 6749 §6.
    RefreshToken(Secret),
    /// RFC 6749 §4.4.
    ClientCredentials,
}

impl Grant {
    /// The `grant_type`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AuthorizationCode { .. } => "authorization_code",
            Self::RefreshToken(_) => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// How a client says who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// A public client.
    None {
        /// The client.
        client_id: String,
    },
    /// `client_secret_basic`.
    SecretBasic {
        /// The client.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// `client_secret_post`.
    SecretPost {
        /// The client.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// `private_key_jwt`.
    PrivateKeyJwt {
        /// The client, if it was named beside the assertion.
        client_id: Option<String>,
        /// The assertion.
        assertion: Secret,
    },
}

/// A broken rule of the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The parameters as such.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// A parameter is missing.
    #[error("the parameter `{0}` is missing")]
    Missing(&'static str),
    /// A parameter is malformed or too long.
    #[error("the parameter `{0}` is malformed or too long")]
    Malformed(&'static str),
    /// Rule 1.
    #[error("`grant_type` must be `authorization_code`, `refresh_token` or `client_credentials`")]
    GrantType,
    /// Rule 2: more than one.
    #[error("the client authenticates in more than one way; use one")]
    SeveralMethods,
    /// The `Authorization` header is not HTTP Basic with a form-encoded client and secret.
    #[error("the `Authorization` header is not HTTP Basic with a client and a secret")]
    Basic,
    /// The header names another client than the body.
    #[error("the `Authorization` header and `client_id` name different clients")]
    ClientMismatch,
    /// RFC 7521 §4.2.
    #[error("`client_assertion_type` must be `{ASSERTION_TYPE}`, beside a `client_assertion`")]
    AssertionType,
    /// RFC 6749 §3.3.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The `claims` parameter.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// RFC 8707: more than one.
    #[error("`resource` must be one resource")]
    Resource,
}

impl TokenError {
    /// RFC 6749 §5.2.
    pub fn code(&self) -> &'static str {
        match self {
            Self::GrantType => "unsupported_grant_type",
            Self::Basic => "invalid_client",
            Self::Scope(error) => error.code(),
            Self::Resource => "invalid_target",
            Self::Params(_)
            | Self::Missing(_)
            | Self::Malformed(_)
            | Self::SeveralMethods
            | Self::ClientMismatch
            | Self::AssertionType
            | Self::Claims(_) => "invalid_request",
        }
    }

    /// The directory's number (semantics §5.4).
    pub fn number(&self) -> u32 {
        match self {
            Self::Missing(_) => 900_144,
            Self::GrantType => 70_003,
            Self::Basic => 7_000_218,
            Self::Scope(error) => error.number(),
            Self::Resource => 500_011,
            Self::Params(_)
            | Self::Malformed(_)
            | Self::SeveralMethods
            | Self::ClientMismatch
            | Self::AssertionType
            | Self::Claims(_) => 9_002_313,
        }
    }
}

impl Request {
    /// Reads the body and the `Authorization` header.
    pub fn parse(params: &Params, authorization: Option<&str>) -> Result<Self, TokenError> {
        let grant = Grant::parse(params)?;
        let client = ClientAuthentication::parse(params, authorization)?;
        let mut resources = params.all("resource");
        let resource = resources.next().map(str::to_owned);
        if resources.next().is_some() {
            return Err(TokenError::Resource);
        }
        Ok(Self {
            client,
            grant,
            scopes: params.one("scope")?.map(Scopes::parse).transpose()?,
            resource,
            claims: match params.one("claims")? {
                Some(claims) => RequestedClaims::parse(claims)?,
                None => RequestedClaims::default(),
            },
            client_info: params.one("client_info")? == Some("1"),
        })
    }
}

impl Grant {
    fn parse(params: &Params) -> Result<Self, TokenError> {
        let required = |name| match params.one(name)? {
            Some(value) if value.len() <= 2048 => Ok(value),
            Some(_) => Err(TokenError::Malformed(name)),
            None => Err(TokenError::Missing(name)),
        };
        match params.one("grant_type")? {
            Some("authorization_code") => Ok(Self::AuthorizationCode {
                code: required("code")?.into(),
                redirect_uri: params.one("redirect_uri")?.map(str::to_owned),
                code_verifier: params.one("code_verifier")?.map(Secret::from),
            }),
            Some("refresh_token") => Ok(Self::RefreshToken(required("refresh_token")?.into())),
            Some("client_credentials") => Ok(Self::ClientCredentials),
            Some(_) => Err(TokenError::GrantType),
            None => Err(TokenError::Missing("grant_type")),
        }
    }
}

impl ClientAuthentication {
    /// Rule 2.
    pub fn parse(params: &Params, authorization: Option<&str>) -> Result<Self, TokenError> {
        let client_id = match params.one("client_id")? {
            Some(id) if id.len() > 512 || crate::text::has_control(id) => {
                return Err(TokenError::Malformed("client_id"));
            }
            other => other,
        };
        let secret = params.one("client_secret")?;
        let assertion = assertion(params)?;
        match (authorization, secret, assertion) {
            (Some(header), None, None) => {
                let (id, secret) = basic(header)?;
                if client_id.is_some_and(|named| named != id) {
                    return Err(TokenError::ClientMismatch);
                }
                Ok(Self::SecretBasic {
                    client_id: id,
                    secret,
                })
            }
            (None, Some(secret), None) => Ok(Self::SecretPost {
                client_id: client_id
                    .ok_or(TokenError::Missing("client_id"))?
                    .to_owned(),
                secret: secret.into(),
            }),
            (None, None, Some(assertion)) => Ok(Self::PrivateKeyJwt {
                client_id: client_id.map(str::to_owned),
                assertion: assertion.into(),
            }),
            (None, None, None) => Ok(Self::None {
                client_id: client_id
                    .ok_or(TokenError::Missing("client_id"))?
                    .to_owned(),
            }),
            _ => Err(TokenError::SeveralMethods),
        }
    }

    /// The client named outside an assertion.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::None { client_id }
            | Self::SecretBasic { client_id, .. }
            | Self::SecretPost { client_id, .. } => Some(client_id),
            Self::PrivateKeyJwt { client_id, .. } => client_id.as_deref(),
        }
    }

    /// The method's name in metadata (OpenID Connect Core §9).
    pub const fn method(&self) -> &'static str {
        match self {
            Self::None { .. } => "none",
            Self::SecretBasic { .. } => "client_secret_basic",
            Self::SecretPost { .. } => "client_secret_post",
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
        }
    }
}

fn assertion(params: &Params) -> Result<Option<&str>, TokenError> {
    match (
        params.one("client_assertion_type")?,
        params.one("client_assertion")?,
    ) {
        (None, None) => Ok(None),
        (Some(ASSERTION_TYPE), Some(assertion)) => Ok(Some(assertion)),
        _ => Err(TokenError::AssertionType),
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
fn basic(header: &str) -> Result<(String, Secret), TokenError> {
    let (scheme, credentials) = header.split_once(' ').ok_or(TokenError::Basic)?;
    if !scheme.eq_ignore_ascii_case("basic") || credentials.len() > 4096 {
        return Err(TokenError::Basic);
    }
    let joined = STANDARD
        .decode(credentials.trim())
        .map_err(|_| TokenError::Basic)?;
    let colon = joined
        .iter()
        .position(|byte| *byte == b':')
        .ok_or(TokenError::Basic)?;
    let (id, rest) = joined.split_at_checked(colon).ok_or(TokenError::Basic)?;
    let secret = rest.get(1..).unwrap_or_default();
    let id = params::decode(id).map_err(|_| TokenError::Basic)?;
    let secret = params::decode(secret).map_err(|_| TokenError::Basic)?;
    if id.is_empty() || secret.is_empty() || id.len() > 512 {
        return Err(TokenError::Basic);
    }
    Ok((id, Secret::new(secret)))
}

/// The answer of the token endpoint (RFC 6749 §5.1), as we write it and, as a client, read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// `Bearer` or `DPoP`.
    pub token_type: String,
    /// Scopes granted, with those of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Seconds the access token is good for.
    pub expires_in: i64,
    /// The same; some clients look for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext_expires_in: Option<i64>,
    /// The access token; the lease of a leg has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// The refresh token, if offline access was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The id token, or the assertion of a leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// base64url of `{"uid","utid"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_info: Option<String>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("token_type", &self.token_type)
            .field("scope", &self.scope)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// The `client_info` of a person, by which clients key their caches; stable as long as both are.
pub fn client_info(uid: &str, utid: &str) -> String {
    let json = serde_json::json!({ "uid": uid, "utid": utid });
    comity_crypto::base64url::encode(json.to_string())
}
