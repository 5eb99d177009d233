//! One router for all hosts of a process: the Host header decides which site answers.
//!
//! Used by the listener and, without sockets, by the testkit. The order is fixed:
//!
//! 1. security headers and the request log go round everything ([`headers`], [`request_log`]);
//! 2. a host that is not ours, or not of the cloud whose name the connection asked for, is 421
//!    (S-49; cross-cloud-federation.md §1, isolation);
//! 3. `GET /healthz` answers on every host;
//! 4. oversized heads, targets and bodies are 431, 414 and 413, a slow exchange is 408, `TRACE` and `CONNECT` are 405;
//! 5. the site.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    middleware::{from_fn, map_response},
    response::{IntoResponse, Response},
};
use comity_model::cloud::Hosts;
use http::{HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::Limited;
use tower::ServiceExt as _;

use crate::{authority::Authority, headers, peer::Peer, readiness::Readiness, request_log};

/// The sites of one cloud.
#[derive(Debug, Clone)]
pub struct CloudSites {
    pub hosts: Hosts,
    pub login: Router,
    pub graph: Router,
    pub portal: Router,
    pub myapps: Router,
    pub device: Router,
}

/// A site that belongs to no cloud: a relying party of the dev world. It shares nothing with any
/// other site, not even a connection.
#[derive(Debug, Clone)]
pub struct OtherSite {
    pub origin: String,
    pub router: Router,
}

/// What the process answers for.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    pub clouds: Vec<CloudSites>,
    pub others: Vec<OtherSite>,
}

/// Limits of every request.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body.
    pub body: usize,
    /// Longest request target.
    pub target: usize,
    /// Largest head: target and headers together, as they are written in HTTP/1.1.
    pub head: usize,
    /// Longest exchange, the body's arrival included.
    pub exchange: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            target: 16 * 1024,
            head: 32 * 1024,
            exchange: Duration::from_secs(30),
        }
    }
}

/// The router of a process. Fails if an origin is not `https://host[:port]` or is given twice.
pub fn router(sites: Sites, limits: Limits, readiness: Readiness) -> anyhow::Result<Router> {
    let dispatch = Arc::new(Dispatch {
        table: table(sites, &limits)?,
        limits,
        readiness,
    });
    let fallback = move |request: Request| {
        let dispatch = Arc::clone(&dispatch);
        async move { dispatch.answer(request).await }
    };
    Ok(Router::new()
        .fallback(fallback)
        .layer(from_fn(request_log::record))
        .layer(map_response(headers::set)))
}

struct Site {
    /// Sites of one group may share a connection: those of one cloud, without its device host.
    group: usize,
    router: Router,
}

#[derive(Default)]
struct Table {
    sites: HashMap<Authority, Site>,
    groups: HashMap<String, usize>,
}

impl Table {
    fn add(
        &mut self,
        group: usize,
        origin: &str,
        router: Router,
        limits: &Limits,
    ) -> anyhow::Result<()> {
        let authority = Authority::of_origin(origin)?;
        if let Some(other) = self.groups.insert(authority.host().to_owned(), group) {
            anyhow::ensure!(
                other == group,
                "the host of `{origin}` is given twice: give each site its own"
            );
        }
        let router = router
            .layer(from_fn(request_log::note_route))
            .layer(DefaultBodyLimit::max(limits.body));
        self.sites.insert(authority, Site { group, router });
        Ok(())
    }
}

fn table(sites: Sites, limits: &Limits) -> anyhow::Result<Table> {
    let mut table = Table::default();
    let mut group = 0;
    for cloud in sites.clouds {
        let hosts = &cloud.hosts;
        for (origin, router) in [
            (&hosts.login, cloud.login),
            (&hosts.graph, cloud.graph),
            (&hosts.portal, cloud.portal),
            (&hosts.myapps, cloud.myapps),
        ] {
            table.add(group, origin, router, limits)?;
        }
        table.add(group + 1, &hosts.device, cloud.device, limits)?;
        group += 2;
    }
    for other in sites.others {
        table.add(group, &other.origin, other.router, limits)?;
        group += 1;
    }
    Ok(table)
}

struct Dispatch {
    table: Table,
    limits: Limits,
    readiness: Readiness,
}

impl Dispatch {
    async fn answer(&self, request: Request) -> Response {
        let site = match self.site(&request) {
            Ok(site) => site,
            Err(refused) => return refused.into_response(),
        };
        if request.uri().path() == "/healthz" {
            return self.health(request.method());
        }
        let request = match self.bounded(request) {
            Ok(request) => request,
            Err(refused) => return refused.into_response(),
        };
        let answer = site.router.clone().oneshot(request);
        let Ok(answer) = tokio::time::timeout(self.limits.exchange, answer).await else {
            let late = refused(StatusCode::REQUEST_TIMEOUT, "the request took too long");
            return Refused {
                closes: true,
                ..late
            }
            .into_response();
        };
        answer.unwrap_or_else(|never: Infallible| match never {})
    }

    fn site(&self, request: &Request) -> Result<&Site, Refused> {
        let authority = authority(request).ok_or(refused(
            StatusCode::BAD_REQUEST,
            "a request needs exactly one host",
        ))?;
        let misdirected = refused(
            StatusCode::MISDIRECTED_REQUEST,
            "this host is not served here",
        );
        let site = self.table.sites.get(&authority).ok_or(misdirected)?;
        let name = request
            .extensions()
            .get::<Peer>()
            .and_then(|peer| peer.server_name.as_deref());
        match name {
            Some(name) if self.table.groups.get(name) != Some(&site.group) => Err(misdirected),
            _ => Ok(site),
        }
    }

    fn health(&self, method: &Method) -> Response {
        if method != Method::GET && method != Method::HEAD {
            return NOT_ALLOWED.into_response();
        }
        let status = if self.readiness.is_ready() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        plain(status, self.readiness.word())
    }

    fn bounded(&self, request: Request) -> Result<Request, Refused> {
        if request.method() == Method::TRACE || request.method() == Method::CONNECT {
            return Err(NOT_ALLOWED);
        }
        if target_length(request.uri()) > self.limits.target {
            return Err(refused(StatusCode::URI_TOO_LONG, "the address is too long"));
        }
        if head_length(&request) > self.limits.head {
            return Err(refused(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "the headers are too large",
            ));
        }
        let declared = request.headers().get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > self.limits.body as u64) {
            let text = "the body is too large";
            return Err(Refused {
                closes: true,
                ..refused(StatusCode::PAYLOAD_TOO_LARGE, text)
            });
        }
        let limit = self.limits.body;
        Ok(request.map(|body| Body::new(Limited::new(body, limit))))
    }
}

/// The one host that the request names. HTTP/2 puts it in the target, HTTP/1.1 in a header; where
/// both are given they must agree.
fn authority(request: &Request) -> Option<Authority> {
    let mut given = request.headers().get_all(header::HOST).iter();
    let in_header = given
        .next()
        .map(|value| value.to_str().ok().and_then(Authority::parse));
    let in_target = request
        .uri()
        .authority()
        .map(|text| Authority::parse(text.as_str()));
    if given.next().is_some() {
        return None;
    }
    match (in_header, in_target) {
        (Some(header), Some(target)) if header == target => header,
        (Some(one), None) | (None, Some(one)) => one,
        _ => None,
    }
}

fn target_length(uri: &Uri) -> usize {
    uri.path_and_query()
        .map_or(0, |target| target.as_str().len())
}

/// The reader of the connection bounds what it keeps, but one read may bring more than that: what
/// counts is what arrived.
fn head_length(request: &Request) -> usize {
    // `: ` and the end of the line.
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + 4);
    target_length(request.uri()) + headers.sum::<usize>()
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, kind, format!("{text}\n")).into_response()
}

/// An answer that no site gave.
#[derive(Debug, Clone, Copy)]
struct Refused {
    status: StatusCode,
    text: &'static str,
    /// The rest of the body is not read, so the connection cannot go on.
    closes: bool,
}

const NOT_ALLOWED: Refused = refused(
    StatusCode::METHOD_NOT_ALLOWED,
    "this method is not allowed here",
);

const fn refused(status: StatusCode, text: &'static str) -> Refused {
    Refused {
        status,
        text,
        closes: false,
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = plain(self.status, self.text);
        if self.closes {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }
}

#[cfg(test)]
mod tests;
