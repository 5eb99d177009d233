//! Authorization requests (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1, RFC 9126 §4, RFC 9396,
//! RFC 8707, RFC 9449 §10).
//!
//! [`parse`] reads what a browser brings. Whether an error may be sent back to the client is for
//! the caller to decide, who alone knows which redirect URIs are registered; [`Rejected`] says
//! where it would go and [`Rejected::is_redirectable`] whether it ever may.

use std::collections::BTreeSet;

use crate::claims_request::{ClaimsError, RequestedClaims};
use crate::par;
use crate::params::{Params, ParamsError};
use crate::pkce::{Challenge, PkceError, Requirement};
use crate::rar::{self, Detail, RarError};
use crate::response::ResponseMode;
use crate::scope::{ScopeError, Scopes};

/// What came to the authorization endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// A request in full.
    Direct(Box<Request>),
    /// A reference to a pushed request; everything beside these two was ignored (RFC 9126 §4).
    Pushed {
        /// Who says he pushed it.
        client_id: String,
        /// The `request_uri`.
        request_uri: String,
    },
}

/// An authorization request for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The client.
    pub client_id: String,
    /// Where the answer goes, exactly as written.
    pub redirect_uri: Option<String>,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// What is asked for.
    pub scopes: Scopes,
    /// Echoed in the answer.
    pub state: Option<String>,
    /// Echoed in the id token.
    pub nonce: Option<String>,
    /// PKCE; [`Request::require_pkce`] judges its absence.
    pub code_challenge: Option<Challenge>,
    /// What the client wants shown.
    pub prompt: BTreeSet<Prompt>,
    /// Seconds since the person last proved who she is.
    pub max_age: Option<i64>,
    /// Fills the name field; decides nothing.
    pub login_hint: Option<String>,
    /// The organisation's domain.
    pub domain_hint: Option<String>,
    /// A token of ours that names the person expected.
    pub id_token_hint: Option<String>,
    /// The session expected.
    pub sid: Option<String>,
    /// Authentication contexts wanted, none of them essential.
    pub acr_values: Vec<String>,
    /// The `claims` parameter.
    pub claims: RequestedClaims,
    /// RFC 8707.
    pub resource: Option<String>,
    /// RFC 9396.
    pub authorization_details: Vec<Detail>,
    /// RFC 9449 §10: the key the code will be bound to.
    pub dpop_jkt: Option<String>,
    /// Whether the answer carries `client_info`.
    pub client_info: bool,
    /// Whether the client can follow a person to another cloud.
    pub instance_aware: bool,
}

/// A value of `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    /// Draw nothing.
    None,
    /// Prove again who you are.
    Login,
    /// Review permissions again.
    Consent,
    /// Choose an account.
    SelectAccount,
}

impl Prompt {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The value's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// A broken rule of an authorization request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeError {
    /// The parameters as such.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// A parameter is missing.
    #[error("the parameter `{0}` is missing")]
    Missing(&'static str),
    /// A parameter is too long or has characters it may not have.
    #[error("the parameter `{0}` is malformed or too long")]
    Malformed(&'static str),
    /// Only `code` is offered.
    #[error("`response_type` must be `code`")]
    ResponseType,
    /// Not `query`, `fragment` or `form_post`.
    #[error("`response_mode` must be `query`, `fragment` or `form_post`")]
    ResponseMode,
    /// A value of `prompt` that is not offered.
    #[error("`prompt` must be `none`, or some of `login`, `consent` and `select_account`")]
    Prompt,
    /// `none` beside another value.
    #[error("`prompt=none` cannot be combined with other values")]
    PromptNone,
    /// Signed request objects are not read.
    #[error("`request` is not supported; send the parameters themselves or push them")]
    RequestObject,
    /// A `request_uri` that is not one of ours.
    #[error("`request_uri` is not one that this server gave out")]
    RequestUri,
    /// More than one resource, or not a URI.
    #[error("`resource` must be one resource")]
    Resource,
    /// RFC 7636.
    #[error(transparent)]
    Pkce(#[from] PkceError),
    /// RFC 6749 §3.3.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// OpenID Connect Core §5.5.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// RFC 9396.
    #[error(transparent)]
    Details(#[from] RarError),
}

impl AuthorizeError {
    /// RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ResponseType => "unsupported_response_type",
            Self::RequestObject => "request_not_supported",
            Self::RequestUri => "invalid_request_uri",
            Self::Resource => "invalid_target",
            Self::Scope(error) => error.code(),
            Self::Details(error) => error.code(),
            Self::Pkce(error) => error.code(),
            Self::Params(_)
            | Self::Missing(_)
            | Self::Malformed(_)
            | Self::ResponseMode
            | Self::Prompt
            | Self::PromptNone
            | Self::Claims(_) => "invalid_request",
        }
    }

    /// The directory's number (semantics §5.4).
    pub fn number(&self) -> u32 {
        match self {
            Self::Missing(_) => 900_144,
            Self::ResponseType => 70_005,
            Self::Resource => 500_011,
            Self::Scope(error) => error.number(),
            Self::Pkce(error) => error.number(),
            Self::RequestUri | Self::RequestObject => 90_023,
            Self::Params(_)
            | Self::Malformed(_)
            | Self::ResponseMode
            | Self::Prompt
            | Self::PromptNone
            | Self::Claims(_)
            | Self::Details(_) => 9_002_313,
        }
    }

    /// Whether the parameter at fault is one that says where an error would go.
    fn is_about_return(&self) -> bool {
        let name = match self {
            Self::Params(ParamsError::Duplicate(name))
            | Self::Missing(name)
            | Self::Malformed(name) => *name,
            Self::Params(_) => return true,
            _ => return false,
        };
        matches!(name, "client_id" | "redirect_uri")
    }
}

/// A refused request and the way back, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// What is wrong.
    pub error: AuthorizeError,
    /// The client, if one was named.
    pub client_id: Option<String>,
    /// The redirect URI as written; nothing is known about it yet.
    pub redirect_uri: Option<String>,
    /// Echoed in the error.
    pub state: Option<String>,
    /// How the error travels.
    pub response_mode: ResponseMode,
}

impl Rejected {
    /// Whether the error may go to the redirect URI, once that is known to be the client's.
    pub fn is_redirectable(&self) -> bool {
        self.client_id.is_some() && self.redirect_uri.is_some() && !self.error.is_about_return()
    }
}

/// Reads what came to the authorization endpoint.
pub fn parse(params: &Params) -> Result<Authorization, Box<Rejected>> {
    read(params).map_err(|error| {
        let text = |name| params.one(name).ok().flatten().map(str::to_owned);
        Box::new(Rejected {
            error,
            client_id: text("client_id"),
            redirect_uri: text("redirect_uri"),
            state: text("state").filter(|state| bounded("state", state, 8192).is_ok()),
            response_mode: text("response_mode")
                .and_then(|mode| ResponseMode::parse(&mode))
                .unwrap_or_default(),
        })
    })
}

fn read(params: &Params) -> Result<Authorization, AuthorizeError> {
    if params.one("request")?.is_some() {
        return Err(AuthorizeError::RequestObject);
    }
    let Some(request_uri) = params.one("request_uri")? else {
        return Request::parse(params)
            .map(Box::new)
            .map(Authorization::Direct);
    };
    if par::reference_of(request_uri).is_none() {
        return Err(AuthorizeError::RequestUri);
    }
    Ok(Authorization::Pushed {
        client_id: client_id(params)?,
        request_uri: request_uri.to_owned(),
    })
}

impl Request {
    /// Reads the parameters themselves, of a query, a form or a push.
    pub fn parse(params: &Params) -> Result<Self, AuthorizeError> {
        let text = |name, max| match params.one(name)? {
            Some(value) => bounded(name, value, max).map(Some),
            None => Ok::<_, AuthorizeError>(None),
        };
        let client_id = client_id(params)?;
        let redirect_uri = text("redirect_uri", crate::redirect_uri::MAX_LENGTH)?;
        response_type(params)?;
        Ok(Self {
            client_id,
            redirect_uri,
            response_mode: response_mode(params)?,
            state: text("state", 8192)?,
            nonce: text("nonce", 1024)?,
            scopes: Scopes::parse(params.one("scope")?.unwrap_or_default())?,
            code_challenge: Challenge::parse(
                params.one("code_challenge")?,
                params.one("code_challenge_method")?,
                Requirement::Optional,
            )?,
            prompt: prompt(params)?,
            max_age: max_age(params)?,
            login_hint: text("login_hint", 1024)?,
            domain_hint: text("domain_hint", 256)?,
            id_token_hint: text("id_token_hint", crate::jws::MAX_LENGTH)?,
            sid: text("sid", 256)?,
            acr_values: words(text("acr_values", 1024)?),
            claims: match params.one("claims")? {
                Some(claims) => RequestedClaims::parse(claims)?,
                None => RequestedClaims::default(),
            },
            resource: resource(params)?,
            authorization_details: match params.one("authorization_details")? {
                Some(details) => rar::parse(details)?,
                None => Vec::new(),
            },
            dpop_jkt: dpop_jkt(params)?,
            client_info: flag(params, "client_info")?,
            instance_aware: flag(params, "instance_aware")?,
        })
    }

    /// Refuses a request without a challenge from a client that must send one.
    pub fn require_pkce(&self, requirement: Requirement) -> Result<(), AuthorizeError> {
        if self.code_challenge.is_none() && requirement == Requirement::Required {
            return Err(PkceError::MissingChallenge.into());
        }
        Ok(())
    }

    /// Writes the request, for a push.
    pub fn to_params(&self) -> Params {
        let mut params = Params::default();
        params.push("response_type", "code");
        params.push("client_id", &self.client_id);
        params.push_some("redirect_uri", self.redirect_uri.as_deref());
        params.push("response_mode", self.response_mode.as_str());
        params.push_some(
            "scope",
            Some(self.scopes.to_string())
                .filter(|s| !s.is_empty())
                .as_deref(),
        );
        params.push_some("state", self.state.as_deref());
        params.push_some("nonce", self.nonce.as_deref());
        if let Some(challenge) = &self.code_challenge {
            params.push("code_challenge", challenge.as_str());
            params.push("code_challenge_method", "S256");
        }
        let prompt: Vec<_> = self.prompt.iter().map(|prompt| prompt.as_str()).collect();
        params.push_some(
            "prompt",
            Some(prompt.join(" ")).filter(|p| !p.is_empty()).as_deref(),
        );
        params.push_some(
            "max_age",
            self.max_age.map(|age| age.to_string()).as_deref(),
        );
        params.push_some("login_hint", self.login_hint.as_deref());
        params.push_some("domain_hint", self.domain_hint.as_deref());
        params.push_some("id_token_hint", self.id_token_hint.as_deref());
        params.push_some("sid", self.sid.as_deref());
        let acr = Some(self.acr_values.join(" ")).filter(|values| !values.is_empty());
        params.push_some("acr_values", acr.as_deref());
        params.push_some("claims", self.claims.to_json().as_deref());
        params.push_some("resource", self.resource.as_deref());
        if !self.authorization_details.is_empty() {
            params.push(
                "authorization_details",
                rar::to_json(&self.authorization_details),
            );
        }
        params.push_some("dpop_jkt", self.dpop_jkt.as_deref());
        params.push_some("client_info", self.client_info.then_some("1"));
        params.push_some("instance_aware", self.instance_aware.then_some("true"));
        params
    }
}

/// A value of bounded length without control characters.
fn bounded(name: &'static str, value: &str, max: usize) -> Result<String, AuthorizeError> {
    if value.len() > max || crate::text::has_control(value) {
        return Err(AuthorizeError::Malformed(name));
    }
    Ok(value.to_owned())
}

fn client_id(params: &Params) -> Result<String, AuthorizeError> {
    let text = params
        .one("client_id")?
        .ok_or(AuthorizeError::Missing("client_id"))?;
    bounded("client_id", text, 512)
}

fn response_type(params: &Params) -> Result<(), AuthorizeError> {
    match params.one("response_type")? {
        Some("code") => Ok(()),
        Some(_) => Err(AuthorizeError::ResponseType),
        None => Err(AuthorizeError::Missing("response_type")),
    }
}

fn response_mode(params: &Params) -> Result<ResponseMode, AuthorizeError> {
    match params.one("response_mode")? {
        Some(mode) => ResponseMode::parse(mode).ok_or(AuthorizeError::ResponseMode),
        None => Ok(ResponseMode::default()),
    }
}

fn prompt(params: &Params) -> Result<BTreeSet<Prompt>, AuthorizeError> {
    let text = params.one("prompt")?.unwrap_or_default();
    let prompts = text
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| {
            Prompt::ALL
                .into_iter()
                .find(|prompt| prompt.as_str() == word)
                .ok_or(AuthorizeError::Prompt)
        })
        .collect::<Result<BTreeSet<_>, _>>()?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(AuthorizeError::PromptNone);
    }
    Ok(prompts)
}

fn max_age(params: &Params) -> Result<Option<i64>, AuthorizeError> {
    let Some(text) = params.one("max_age")? else {
        return Ok(None);
    };
    let is_number = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    let age = text.parse().ok().filter(|_| is_number);
    age.map(Some).ok_or(AuthorizeError::Malformed("max_age"))
}

fn words(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split(' ')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn resource(params: &Params) -> Result<Option<String>, AuthorizeError> {
    let mut resources = params.all("resource");
    match (resources.next(), resources.next()) {
        (None, _) => Ok(None),
        (Some(resource), None) if !resource.contains('#') => bounded("resource", resource, 2048)
            .map(Some)
            .map_err(|_| AuthorizeError::Resource),
        _ => Err(AuthorizeError::Resource),
    }
}

fn dpop_jkt(params: &Params) -> Result<Option<String>, AuthorizeError> {
    let Some(text) = params.one("dpop_jkt")? else {
        return Ok(None);
    };
    comity_crypto::base64url::decode_array::<32>(text)
        .map(|_| Some(text.to_owned()))
        .map_err(|_| AuthorizeError::Malformed("dpop_jkt"))
}

fn flag(params: &Params, name: &'static str) -> Result<bool, AuthorizeError> {
    Ok(matches!(params.one(name)?, Some("1" | "true")))
}
