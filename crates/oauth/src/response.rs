//! Authorization responses (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Multiple Response Types, Form
//! Post Response Mode), written for clients and read by ourselves where we are the client.

use serde::{Deserialize, Serialize};

use crate::error::ComityError;
use crate::json;
use crate::params::{Params, ParamsError};
use crate::secret::Secret;

/// How an answer travels to the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect.
    #[default]
    Query,
    /// In its fragment.
    Fragment,
    /// As a form that the browser posts.
    FormPost,
}

impl ResponseMode {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The parameter's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// Reads the parameter.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// Where a redirecting answer sends the browser. For [`ResponseMode::FormPost`] there is no
/// location: the parameters become the fields of a form.
pub fn location(redirect_uri: &str, mode: ResponseMode, params: &Params) -> Option<String> {
    let separator = match mode {
        ResponseMode::Query if redirect_uri.ends_with('?') => "",
        ResponseMode::Query if redirect_uri.contains('?') => "&",
        ResponseMode::Query => "?",
        ResponseMode::Fragment => "#",
        ResponseMode::FormPost => return None,
    };
    Some(format!("{redirect_uri}{separator}{}", params.encode()))
}

/// A code for the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// The code.
    pub code: String,
    /// The request's `state`.
    pub state: Option<String>,
    /// RFC 9207: the issuer that answers.
    pub iss: String,
    /// OpenID Connect Session Management.
    pub session_state: Option<String>,
    /// base64url of `{"uid","utid"}`.
    pub client_info: Option<String>,
    /// For `instance_aware` clients: `cloud_instance_name` and its companions.
    pub cloud: Vec<(&'static str, String)>,
}

impl Granted {
    /// The parameters of the answer.
    pub fn to_params(&self) -> Params {
        let mut params = Params::default();
        params.push("code", &self.code);
        params.push_some("state", self.state.as_deref());
        params.push("iss", &self.iss);
        params.push_some("session_state", self.session_state.as_deref());
        params.push_some("client_info", self.client_info.as_deref());
        for (name, value) in &self.cloud {
            params.push(*name, value);
        }
        params
    }
}

/// An error for the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The error's code.
    pub error: String,
    /// For people; may be left out.
    pub error_description: Option<String>,
    /// The request's `state`.
    pub state: Option<String>,
    /// RFC 9207: the issuer that answers.
    pub iss: String,
    /// The directory's number.
    pub comity_error: Option<ComityError>,
}

impl Refused {
    /// The parameters of the answer.
    pub fn to_params(&self) -> Params {
        let mut params = Params::default();
        params.push("error", &self.error);
        params.push_some("error_description", self.error_description.as_deref());
        params.push_some("state", self.state.as_deref());
        params.push("iss", &self.iss);
        let comity = self
            .comity_error
            .and_then(|error| serde_json::to_string(&error).ok());
        params.push_some("comity_error", comity.as_deref());
        params
    }
}

/// What came back to us as a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A code.
    Code(Secret),
    /// A refusal of home.
    Refusal(Refusal),
}

/// The refusals that travel between clouds (cross-cloud-federation.md §6), and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// 500212: home's outbound policy, or no partner.
    OutboundBlocked,
    /// 1000104: home has not enabled our cloud.
    CloudNotAllowed,
    /// Denied without a number we know.
    AccessDenied,
    /// Nobody is signed in at home.
    LoginRequired,
    /// Home would have to draw something.
    InteractionRequired,
    /// Home cannot meet the controls asked.
    UnmetAuthenticationRequirements,
    /// Home cannot answer now.
    TemporarilyUnavailable,
    /// Anything else; treated as a fault of the other side.
    Other,
}

impl Refusal {
    /// Reads the two members of a refusal.
    pub fn read(error: &str, comity_error: Option<ComityError>) -> Self {
        match (error, comity_error.map(|error| error.code)) {
            ("access_denied", Some(500_212)) => Self::OutboundBlocked,
            ("access_denied", Some(1_000_104)) => Self::CloudNotAllowed,
            ("access_denied", _) => Self::AccessDenied,
            ("login_required", _) => Self::LoginRequired,
            ("interaction_required" | "consent_required", _) => Self::InteractionRequired,
            ("unmet_authentication_requirements", _) => Self::UnmetAuthenticationRequirements,
            ("temporarily_unavailable", _) => Self::TemporarilyUnavailable,
            _ => Self::Other,
        }
    }

    /// The `error` and the number to send.
    pub const fn wire(self) -> (&'static str, Option<ComityError>) {
        match self {
            Self::OutboundBlocked => ("access_denied", Some(ComityError { code: 500_212 })),
            Self::CloudNotAllowed => ("access_denied", Some(ComityError { code: 1_000_104 })),
            Self::AccessDenied => ("access_denied", None),
            Self::LoginRequired => ("login_required", None),
            Self::InteractionRequired => ("interaction_required", None),
            Self::UnmetAuthenticationRequirements => ("unmet_authentication_requirements", None),
            Self::TemporarilyUnavailable => ("temporarily_unavailable", None),
            Self::Other => ("server_error", None),
        }
    }
}

/// A broken rule of an answer that came to our callback.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The parameters as such.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// No `state`, so no transaction to continue.
    #[error("the answer has no `state`")]
    MissingState,
    /// RFC 9207 §2.4: no `iss`.
    #[error("the answer has no `iss`")]
    MissingIssuer,
    /// RFC 9207 §2.4: the `iss` of somebody else.
    #[error("the answer's `iss` is not the issuer that was asked")]
    WrongIssuer,
    /// Neither code nor error, or both.
    #[error("the answer has neither a code nor an error, or both")]
    Neither,
}

impl ResponseError {
    /// What a person is told.
    pub fn code(&self) -> &'static str {
        "invalid_request"
    }
}

/// The `state` of an answer, by which its transaction is found before anything else is read.
pub fn state(params: &Params) -> Result<&str, ResponseError> {
    params.one("state")?.ok_or(ResponseError::MissingState)
}

/// Reads an answer from `issuer`; compared byte for byte (security bar O-09).
pub fn parse(params: &Params, issuer: &str) -> Result<Answer, ResponseError> {
    let iss = params.one("iss")?.ok_or(ResponseError::MissingIssuer)?;
    if iss != issuer {
        return Err(ResponseError::WrongIssuer);
    }
    match (params.one("code")?, params.one("error")?) {
        (Some(code), None) if code.len() <= 2048 => Ok(Answer::Code(code.into())),
        (None, Some(error)) => {
            let comity = params.one("comity_error")?;
            let comity = comity.and_then(|text| json::from_slice(text.as_bytes()).ok());
            Ok(Answer::Refusal(Refusal::read(error, comity)))
        }
        _ => Err(ResponseError::Neither),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.usgov.localhost/t/v2.0";

    fn granted() -> Params {
        Granted {
            code: "c".into(),
            state: Some("s t".into()),
            iss: ISSUER.into(),
            ..Granted::default()
        }
        .to_params()
    }

    #[test]
    fn locations() {
        let tail = "code=c&state=s+t&iss=https%3A%2F%2Flogin.usgov.localhost%2Ft%2Fv2.0";
        for (uri, mode, expected) in [
            (
                "https://a/b",
                ResponseMode::Query,
                Some(format!("https://a/b?{tail}")),
            ),
            (
                "https://a/b?x=1",
                ResponseMode::Query,
                Some(format!("https://a/b?x=1&{tail}")),
            ),
            (
                "https://a/b",
                ResponseMode::Fragment,
                Some(format!("https://a/b#{tail}")),
            ),
            ("https://a/b", ResponseMode::FormPost, None),
        ] {
            assert_eq!(location(uri, mode, &granted()), expected);
        }
    }

    #[test]
    fn o09_the_issuer_must_be_the_one_asked() {
        assert_eq!(parse(&granted(), ISSUER), Ok(Answer::Code("c".into())));
        for other in [
            "https://login.usgov.localhost/t/v2.0/",
            "https://LOGIN.usgov.localhost/t/v2.0",
            "https://login.usgov.localhost/u/v2.0",
            "",
        ] {
            assert_eq!(
                parse(&granted(), other),
                Err(ResponseError::WrongIssuer),
                "{other}"
            );
        }
        let without = Params::from_pairs([("code", "c"), ("state", "s")]);
        assert_eq!(parse(&without, ISSUER), Err(ResponseError::MissingIssuer));
    }

    #[test]
    fn code_or_error_not_both() {
        for pairs in [
            vec![("iss", ISSUER)],
            vec![("iss", ISSUER), ("code", "c"), ("error", "access_denied")],
        ] {
            assert_eq!(
                parse(&Params::from_pairs(pairs), ISSUER),
                Err(ResponseError::Neither)
            );
        }
        let twice = Params::from_pairs([("iss", ISSUER), ("code", "c"), ("code", "d")]);
        assert_eq!(
            parse(&twice, ISSUER),
            Err(ResponseError::Params(ParamsError::Duplicate("code")))
        );
        assert_eq!(state(&Params::default()), Err(ResponseError::MissingState));
    }

    #[test]
    fn refusals_survive_the_trip() {
        for refusal in [
            Refusal::OutboundBlocked,
            Refusal::CloudNotAllowed,
            Refusal::AccessDenied,
            Refusal::LoginRequired,
            Refusal::InteractionRequired,
            Refusal::UnmetAuthenticationRequirements,
            Refusal::TemporarilyUnavailable,
            Refusal::Other,
        ] {
            let (error, comity_error) = refusal.wire();
            let sent = Refused {
                error: error.into(),
                iss: ISSUER.into(),
                comity_error,
                ..Refused::default()
            };
            assert_eq!(
                parse(&sent.to_params(), ISSUER),
                Ok(Answer::Refusal(refusal))
            );
        }
        let told_more = Refusal::read("access_denied", Some(ComityError { code: 50_057 }));
        assert_eq!(told_more, Refusal::AccessDenied);
    }
}
