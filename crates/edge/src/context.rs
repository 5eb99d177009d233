//! Builds a request's [`Context`]: the clock is read once, a random correlation ID is minted (an
//! application's own request ID never takes its place, cross-cloud-federation.md §6), and the
//! client is who the listener saw.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
};

use axum::extract::FromRequestParts;
use comity_app::{App, Client, Context};
use http::{HeaderMap, Uri, header, request::Parts};
use uuid::Uuid;

use crate::peer::Peer;

/// The longest user agent that is kept.
const USER_AGENT: usize = 512;

/// The request's context, of nobody yet.
#[derive(Clone)]
pub struct Cx(pub Context);

impl FromRequestParts<App> for Cx {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(context(app, parts)))
    }
}

/// The context of a request. However often it is asked for, its correlation ID is one.
pub fn context(app: &App, parts: &Parts) -> Context {
    let mut cx = Context::new(app, client(parts));
    if let Some(noted) = parts.extensions.get::<Noted>() {
        cx.correlation_id = noted.note(cx.correlation_id);
    }
    cx
}

/// An extension of the request, put there by the log: the correlation ID is left in it for the line
/// that is written when no context is there any more.
#[derive(Debug, Clone, Default)]
pub struct Noted(Arc<OnceLock<Uuid>>);

impl Noted {
    /// Leaves an ID, unless one was left before; gives the one that counts.
    pub fn note(&self, id: Uuid) -> Uuid {
        *self.0.get_or_init(|| id)
    }

    /// The ID, if the request came as far as to have one.
    pub fn found(&self) -> Option<Uuid> {
        self.0.get().copied()
    }
}

/// Where a request comes from. Only the listener's word counts: forwarding headers are gone by
/// now (V-18).
fn client(parts: &Parts) -> Client {
    let ip = parts
        .extensions
        .get::<Peer>()
        .map(|peer| peer.address.to_canonical().to_string());
    let agent = parts
        .headers
        .get(header::USER_AGENT)
        .map(|v| String::from_utf8_lossy(v.as_bytes()));
    let user_agent = agent
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(USER_AGENT)
        .collect();
    Client {
        ip: ip.unwrap_or_default(),
        user_agent,
    }
}

/// One of this cloud's hosts, as the request named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// `https://login.global.localhost:8443`, from the registry, never from the request (S-49).
    pub origin: String,
}

impl Site {
    /// The host of ours that a request is for; `None` if it is for another one.
    pub fn of(app: &App, uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        let given = match uri.authority() {
            Some(authority) => authority.as_str(),
            None => headers.get(header::HOST)?.to_str().ok()?,
        };
        let hosts = &app.registry().own.hosts;
        [
            &hosts.login,
            &hosts.myapps,
            &hosts.portal,
            &hosts.graph,
            &hosts.device,
        ]
        .into_iter()
        .find(|origin| is_host_of(origin, given))
        .map(|origin| Self {
            origin: origin.clone(),
        })
    }

    /// The login host.
    pub fn login(app: &App) -> Self {
        Self {
            origin: app.registry().own.hosts.login.clone(),
        }
    }

    /// Host as the address bar shows it.
    pub fn host(&self) -> &str {
        host_of(&self.origin)
    }
}

impl FromRequestParts<App> for Site {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        // The server answers 421 for every other host before a handler runs.
        Ok(Self::of(app, &parts.uri, &parts.headers).unwrap_or_else(|| Self::login(app)))
    }
}

/// Host and port of an origin.
pub fn host_of(origin: &str) -> &str {
    origin.strip_prefix("https://").unwrap_or(origin)
}

fn is_host_of(origin: &str, given: &str) -> bool {
    let bare = |text: &str| {
        text.strip_suffix(":443")
            .unwrap_or(text)
            .to_ascii_lowercase()
    };
    bare(host_of(origin)) == bare(given)
}

#[cfg(test)]
mod tests {
    use super::{host_of, is_host_of};

    #[test]
    fn s49_a_host_is_ours_by_the_registry_only() {
        let origin = "https://login.global.localhost:8443";
        assert_eq!(host_of(origin), "login.global.localhost:8443");
        assert!(is_host_of(origin, "LOGIN.global.localhost:8443"));
        assert!(is_host_of(
            "https://login.example.gov",
            "login.example.gov:443"
        ));
        for other in [
            "login.global.localhost",
            "login.global.localhost:8443.",
            "evil:8443",
            "",
            "login",
        ] {
            assert!(!is_host_of(origin, other), "{other}");
        }
    }
}
