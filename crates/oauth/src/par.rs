//! Pushed Authorization Requests (RFC 9126; security bar O-25).
//!
//! A push is a form with client authentication, as at the token endpoint. `request_uri` inside a
//! push is refused. A reference is random, good once and for at most 90 s; that is kept by the
//! caller, here is only its form.

use serde::{Deserialize, Serialize};

use crate::authorize::{AuthorizeError, Request};
use crate::params::Params;
use crate::token::{ClientAuthentication, TokenError};

/// What every `request_uri` of ours begins with (RFC 9126 §2.2).
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The answer to a push, with status 201.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// To be given to the authorization endpoint.
    pub request_uri: String,
    /// Seconds it is good for.
    pub expires_in: i64,
}

/// A pushed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Who pushes.
    pub client: ClientAuthentication,
    /// What is pushed.
    pub request: Request,
}

/// A broken rule of RFC 9126.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParError {
    /// §2.1: a `request_uri` inside.
    #[error("a pushed request may not contain `request_uri`")]
    RequestUri,
    /// §2.1: the request is for another client than the one that pushes.
    #[error("`client_id` is not the client that pushes")]
    ClientId,
    /// The request itself.
    #[error(transparent)]
    Request(#[from] AuthorizeError),
    /// The client's authentication.
    #[error(transparent)]
    Client(#[from] TokenError),
}

impl ParError {
    /// RFC 9126 §2.3.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RequestUri | Self::ClientId => "invalid_request",
            Self::Request(error) => error.code(),
            Self::Client(error) => error.code(),
        }
    }
}

impl Push {
    /// Reads the body of a push and its `Authorization` header.
    pub fn parse(params: &Params, authorization: Option<&str>) -> Result<Self, ParError> {
        let client = ClientAuthentication::parse(params, authorization)?;
        if params
            .one("request_uri")
            .map_err(AuthorizeError::from)?
            .is_some()
        {
            return Err(ParError::RequestUri);
        }
        if params
            .one("request")
            .map_err(AuthorizeError::from)?
            .is_some()
        {
            return Err(AuthorizeError::RequestObject.into());
        }
        let request = Request::parse(params)?;
        if client.client_id().is_some_and(|id| id != request.client_id) {
            return Err(ParError::ClientId);
        }
        Ok(Self { client, request })
    }
}

/// The `request_uri` of a reference.
pub fn request_uri(reference: &str) -> String {
    format!("{PREFIX}{reference}")
}

/// The reference of a `request_uri`, if it can be one of ours: at least 128 bits of base64url.
pub fn reference_of(request_uri: &str) -> Option<&str> {
    let reference = request_uri.strip_prefix(PREFIX)?;
    let fits = (22..=128).contains(&reference.len())
        && reference
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    fits.then_some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = "6esc_11ACC5bwc014ltc14eY22c";

    fn push(extra: &[(&str, &str)]) -> Result<Push, ParError> {
        let mut params = Params::from_pairs([
            ("response_type", "code"),
            ("client_id", "https://login.global.localhost"),
            (
                "redirect_uri",
                "https://login.global.localhost/federation/callback",
            ),
            ("client_assertion_type", crate::token::ASSERTION_TYPE),
            ("client_assertion", "a.b.c"),
        ]);
        for (name, value) in extra {
            params.push(*name, *value);
        }
        Push::parse(&params, None)
    }

    #[test]
    fn o25_references() {
        assert_eq!(reference_of(&request_uri(REFERENCE)), Some(REFERENCE));
        for uri in [
            REFERENCE.to_owned(),
            format!("https://evil.example/{REFERENCE}"),
            request_uri("short"),
            request_uri(&"a".repeat(129)),
            request_uri(&format!("{REFERENCE}/..")),
            request_uri(REFERENCE).to_uppercase(),
        ] {
            assert_eq!(reference_of(&uri), None, "{uri}");
        }
    }

    #[test]
    fn o25_a_push_stands_alone() {
        assert_eq!(
            push(&[]).unwrap().request.client_id,
            "https://login.global.localhost"
        );
        assert_eq!(
            push(&[("request_uri", &request_uri(REFERENCE))]),
            Err(ParError::RequestUri)
        );
        assert_eq!(
            push(&[("request", "a.b.c")]).unwrap_err().code(),
            "request_not_supported"
        );
        assert_eq!(
            push(&[("client_id", "other")]).unwrap_err().code(),
            "invalid_request"
        );
    }

    #[test]
    fn o25_a_push_is_for_the_client_that_pushes() {
        let mut params = Params::from_pairs([("response_type", "code"), ("client_id", "b")]);
        params.push("client_secret", "s");
        assert!(Push::parse(&params, None).is_ok());
        // `a:s`, while the request names `b`.
        let refused = Push::parse(
            &Params::from_pairs([("response_type", "code"), ("client_id", "b")]),
            Some("Basic YTpz"),
        );
        assert!(refused.is_err());
    }
}
