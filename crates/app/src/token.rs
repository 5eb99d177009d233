//! The token endpoint's use case: one grant in, tokens out (OAuth 2.1 §3.2; semantics §5.3).
//!
//! Tokens come into being in `token/issue.rs` and nowhere else, and `issue` takes a `Standing`,
//! which only `standing::ask` makes, by asking every guard with what is true now (law 1).

pub(crate) mod claims;
mod client_credentials;
mod code;
mod issue;
mod ledger;
mod record;
mod refresh;
mod standing;

use std::sync::Arc;

use comity_model::{
    application::Platform,
    id::Id,
    sign_in::{Refusal, TokenGrant},
    tenant::Tenant,
};
use comity_oauth::{
    redirect_uri,
    scope::Scopes,
    token::{Grant, Request, Response},
};

pub(crate) use self::{
    client_credentials::roles as application_roles,
    issue::pairwise,
    ledger::find_family,
    standing::{Denial, Network, Standing, ask},
};
use crate::{client::Client, context::Context, error::Error, snapshot::Snapshot};

/// A refusal of a protocol endpoint: OAuth's word, the directory's number, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    pub error: &'static str,
    /// AADSTS number (semantics §5.4).
    pub number: u32,
    pub message: String,
    /// A finer code that some clients know.
    pub suberror: Option<&'static str>,
}

impl Refused {
    /// A refusal; `message` is lower case, without a full stop, and says what to do.
    pub fn new(error: &'static str, number: u32, message: impl Into<String>) -> Self {
        Self {
            error,
            number,
            message: message.into(),
            suberror: None,
        }
    }

    /// A refusal of a sign-in's rules, as the token endpoint says it.
    pub(crate) fn of(refusal: Refusal) -> Self {
        Self::new(
            "invalid_grant",
            refusal.code,
            lower(crate::record::failure(refusal.code)),
        )
    }
}

/// Texts for the log are sentences; those for the wire are not.
fn lower(sentence: &str) -> String {
    let text = sentence.trim_end_matches('.');
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// Why no token was issued.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<comity_store::Error> for Failure {
    fn from(error: comity_store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// The endpoint as it was asked.
#[derive(Debug, Clone, Default)]
pub struct Endpoint {
    /// `None` = `common` or `organizations`: the grant knows its tenant.
    pub tenant: Option<Id<Tenant>>,
    /// The `Origin` header, which a script's request has.
    pub origin: Option<String>,
}

/// What a request for tokens came to, and which scripts may read it.
#[derive(Debug)]
pub struct Answer {
    pub result: Result<Response, Failure>,
    /// The request's `Origin`, if it is one of the client's single-page applications.
    pub allow_origin: Option<String>,
}

/// Answers a request for tokens.
pub async fn respond(cx: &Context, endpoint: &Endpoint, request: &Request) -> Answer {
    let mut call = Call {
        cx,
        endpoint,
        request,
        allow_origin: None,
    };
    let result = match &request.grant {
        Grant::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
        } => {
            let presented = code::Presented {
                code: code.expose(),
                redirect_uri: redirect_uri.as_deref(),
                verifier: code_verifier
                    .as_ref()
                    .map(comity_oauth::secret::Secret::expose),
            };
            code::redeem(&mut call, &presented).await
        }
        Grant::RefreshToken(token) => Box::pin(refresh::rotate(&mut call, token.expose())).await,
        Grant::ClientCredentials => client_credentials::issue(&mut call).await,
    };
    Answer {
        result,
        allow_origin: call.allow_origin,
    }
}

/// A request in the hands of one grant's file.
struct Call<'a> {
    cx: &'a Context,
    endpoint: &'a Endpoint,
    request: &'a Request,
    allow_origin: Option<String>,
}

impl Call<'_> {
    /// The client that asks, in the tenant of its grant.
    fn client<'s>(&mut self, snapshot: &'s Snapshot) -> Result<Client<'s>, Refused> {
        let claimed;
        let id = if let Some(id) = self.request.client.client_id() {
            id
        } else {
            claimed = self.claimed_client()?;
            claimed.as_str()
        };
        let client = Client::find(snapshot, id)?;
        if let Some(origin) = &self.endpoint.origin
            && client.script_origins().contains(origin)
        {
            self.allow_origin = Some(origin.clone());
        }
        Ok(client)
    }

    /// Whom an assertion claims to be of; proven when it is verified with that client's keys.
    fn claimed_client(&self) -> Result<String, Refused> {
        use comity_oauth::{client_assertion, token::ClientAuthentication};
        let ClientAuthentication::PrivateKeyJwt { assertion, .. } = &self.request.client else {
            return Err(Refused::new(
                "invalid_request",
                900_144,
                "the parameter `client_id` is missing",
            ));
        };
        client_assertion::claimed_client(assertion.expose())
            .map_err(|e| Refused::new(e.code(), e.number(), e.to_string()))
    }

    /// The tenant of a grant is the one that the endpoint was asked for.
    fn check_tenant(&self, tenant: Id<Tenant>) -> Result<(), Refused> {
        match self.endpoint.tenant {
            Some(asked) if asked != tenant => Err(Refused::new(
                "invalid_grant",
                700_005,
                "the grant is for another organization",
            )),
            _ => Ok(()),
        }
    }

    /// Scripts redeem what was given to a single-page application, and nothing else does.
    fn check_origin(&self, grant: &TokenGrant) -> Result<(), Refused> {
        match (grant.platform, &self.endpoint.origin) {
            (Platform::Spa, None) => Err(Refused::new(
                "invalid_request",
                9_002_327,
                "tokens of a single-page application are redeemed by cross-origin requests only",
            )),
            (Platform::Spa, Some(_)) if self.allow_origin.is_some() => Ok(()),
            (_, None) => Ok(()),
            (_, Some(origin))
                if redirect_uri::origin(&grant.redirect_uri).as_deref() == Some(origin)
                    && grant.platform != Platform::Web =>
            {
                Ok(())
            }
            _ => Err(Refused::new(
                "invalid_request",
                9_002_326,
                "cross-origin redemption is for the origins of single-page applications only",
            )),
        }
    }

    /// The scopes of this answer: those asked now, never more than the grant holds (O-10).
    fn narrowed(&self, snapshot: &Snapshot, grant: &TokenGrant) -> Result<Vec<String>, Refused> {
        let Some(scopes) = &self.request.scopes else {
            return Ok(grant.scopes.clone());
        };
        narrow(
            self.cx,
            snapshot,
            grant,
            scopes,
            self.request.resource.as_deref(),
        )
    }
}

fn narrow(
    cx: &Context,
    snapshot: &Snapshot,
    grant: &TokenGrant,
    scopes: &Scopes,
    resource: Option<&str>,
) -> Result<Vec<String>, Refused> {
    use crate::{consent, judge::OPENID_SCOPES};
    let registry = cx.app.registry();
    if let Some(named) = scopes.resource().or(resource) {
        let asked = consent::resource(snapshot, registry, grant.pair.client, Some(named))?;
        if asked.app_id != grant.pair.resource {
            return Err(Refused {
                suberror: Some("consent_required"),
                ..Refused::new(
                    "invalid_grant",
                    65_001,
                    "the grant is for another resource: sign in again for this one",
                )
            });
        }
    }
    let held = consent::effective(snapshot, grant.pair, &grant.scopes, Some(grant.user));
    let asked = consent::names(scopes);
    let beyond = asked.iter().find(|s| {
        let own = grant.scopes.contains(s) || held.contains(s);
        // Clients repeat these whether or not they had them; they give nothing by themselves.
        !own && !OPENID_SCOPES.contains(&s.as_str()) && s.as_str() != consent::DEFAULT
    });
    if let Some(scope) = beyond {
        return Err(Refused {
            suberror: Some("consent_required"),
            ..Refused::new(
                "invalid_grant",
                65_001,
                format!("the scope `{scope}` is not part of the grant"),
            )
        });
    }
    let is_resource = |s: &&String| !OPENID_SCOPES.contains(&s.as_str());
    let mut narrowed: Vec<String> = asked
        .iter()
        .filter(|s| grant.scopes.contains(s) || (is_resource(s) && *s != consent::DEFAULT))
        .cloned()
        .collect();
    if !narrowed.iter().any(|s| is_resource(&s)) {
        // Nothing of the resource named, or everything granted before: as before.
        narrowed.extend(grant.scopes.iter().filter(is_resource).cloned());
    }
    Ok(narrowed)
}

async fn snapshot(cx: &Context, tenant: Id<Tenant>) -> Result<Arc<Snapshot>, Failure> {
    cx.app.snapshots().get(cx, tenant).await.map_err(|error| match error {
        Error::NotFound => Failure::Refused(Refused::new(
            "invalid_tenant",
            90_002,
            "the organization in the address is not one of this cloud: check the ID, and the cloud",
        )),
        other => Failure::Failed(other),
    })
}
