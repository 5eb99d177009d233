//! RP-initiated sign-out (OpenID Connect RP-Initiated Logout 1.0 §2; security bar O-37).
//!
//! Only the form is judged here. Whether the hint is ours, and the return URI one of the client it
//! names, is for the caller, who asks the person if either is in doubt.

use crate::params::{Params, ParamsError};

/// A request to sign out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// A token of ours that names session and client; may have expired.
    pub id_token_hint: Option<String>,
    /// The client.
    pub client_id: Option<String>,
    /// Where to go afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// Echoed there.
    pub state: Option<String>,
    /// Whom to sign out.
    pub logout_hint: Option<String>,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// The parameters as such.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// Too long, or with control characters.
    #[error("the parameter `{0}` is malformed or too long")]
    Malformed(&'static str),
}

impl LogoutError {
    /// Sign-out has no error answer of its own; the page shows this.
    pub fn code(&self) -> &'static str {
        "invalid_request"
    }
}

impl Request {
    /// Reads a query or a form.
    pub fn parse(params: &Params) -> Result<Self, LogoutError> {
        let text = |name, max| match params.one(name)? {
            Some(value) if value.len() > max || crate::text::has_control(value) => {
                Err(LogoutError::Malformed(name))
            }
            other => Ok(other.map(str::to_owned)),
        };
        Ok(Self {
            id_token_hint: text("id_token_hint", crate::jws::MAX_LENGTH)?,
            client_id: text("client_id", 512)?,
            post_logout_redirect_uri: text("post_logout_redirect_uri", 2048)?,
            state: text("state", 8192)?,
            logout_hint: text("logout_hint", 1024)?,
        })
    }

    /// Where the browser goes once `post_logout_redirect_uri` is known to be the client's.
    pub fn location(&self) -> Option<String> {
        let uri = self.post_logout_redirect_uri.as_deref()?;
        let Some(state) = &self.state else {
            return Some(uri.to_owned());
        };
        let state = Params::from_pairs([("state", state.as_str())]);
        crate::response::location(uri, crate::response::ResponseMode::Query, &state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_return() {
        let params =
            Params::parse(b"post_logout_redirect_uri=https%3A%2F%2Fa%2Fb&state=s+1&x=y").unwrap();
        let request = Request::parse(&params).unwrap();
        assert_eq!(request.location().as_deref(), Some("https://a/b?state=s+1"));
        assert_eq!(Request::parse(&Params::default()).unwrap().location(), None);
    }

    #[test]
    fn o03_once_and_bounded() {
        for (body, name) in [
            ("id_token_hint=a&id_token_hint=b", "id_token_hint"),
            (
                "post_logout_redirect_uri=a&post_logout_redirect_uri[]=b",
                "post_logout_redirect_uri",
            ),
        ] {
            let refused = Request::parse(&Params::parse(body.as_bytes()).unwrap());
            assert_eq!(refused, Err(ParamsError::Duplicate(name).into()));
        }
        let long = Params::from_pairs([("state", "s".repeat(8193))]);
        assert_eq!(Request::parse(&long), Err(LogoutError::Malformed("state")));
        let lines = Params::from_pairs([("post_logout_redirect_uri", "https://a/\r\nb")]);
        assert!(Request::parse(&lines).is_err());
    }
}
