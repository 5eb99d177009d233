//! The one egress client (cross-cloud-federation.md §1, "outbound calls"; S-75, R-20, R-21).
//!
//! 1. Only `https`, only the origins of the registry entry of the cloud asked, our own and paired
//!    clouds only.
//! 2. Only that entry's certificate authority is trusted.
//! 3. The address is checked after resolving and the checked address is the one connected to
//!    ([`address`]).
//! 4. No redirects.
//! 5. Five seconds a call, everything included; 256 kB; no content encoding, so nothing unpacks.
//! 6. Bounded calls per partner; five failures in a row open a breaker ([`breaker`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use comity_model::cloud::{CloudEntry, CloudName, Registry};
use http::Request;
use http_body_util::Full;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::{Instant, timeout_at};

use self::{
    breaker::Breaker,
    connector::{Connector, Resolver},
    gate::Gate,
};
use crate::{
    authority::Authority,
    port::{Clock, Outbound, OutboundError, OutboundMethod, OutboundRequest, OutboundResponse},
};

pub mod address;
mod answer;
pub mod breaker;
mod connector;
mod gate;
mod stream;

pub use connector::network;
#[cfg(test)]
mod tests;

/// Limits towards each partner.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For one call, from waiting for a turn to the last byte.
    pub call: Duration,
    /// Largest answer.
    pub body: usize,
    /// Calls at once.
    pub calls: usize,
    /// Calls that may wait for their turn; more are refused at once.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(5),
            body: 256 * 1024,
            calls: 64,
            waiting: 512,
        }
    }
}

/// The egress client of one cloud.
pub struct HttpsOutbound {
    partners: BTreeMap<CloudName, Partner>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

struct Partner {
    origins: BTreeSet<Authority>,
    client: Client<Connector, Full<Bytes>>,
    gate: Gate,
    breaker: Mutex<Breaker>,
}

impl HttpsOutbound {
    /// A client for our own cloud and its partners; fails on an entry that cannot be used.
    pub fn new(registry: &Registry, clock: Arc<dyn Clock>, limits: Limits) -> anyhow::Result<Self> {
        Self::resolving(registry, clock, limits, &connector::system())
    }

    fn resolving(
        registry: &Registry,
        clock: Arc<dyn Clock>,
        limits: Limits,
        resolver: &Resolver,
    ) -> anyhow::Result<Self> {
        let paired = registry
            .others
            .values()
            .filter(|other| registry.is_paired(&other.canonical_name));
        let partners = std::iter::once(&registry.own)
            .chain(paired)
            .map(|entry| {
                let partner = Partner::new(entry, &limits, Arc::clone(resolver))?;
                Ok((entry.canonical_name.clone(), partner))
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            partners,
            clock,
            limits,
        })
    }
}

impl Partner {
    fn new(entry: &CloudEntry, limits: &Limits, resolver: Resolver) -> anyhow::Result<Self> {
        let hosts = &entry.hosts;
        let origins: BTreeSet<Authority> = [
            &hosts.login,
            &hosts.graph,
            &hosts.portal,
            &hosts.myapps,
            &hosts.device,
        ]
        .into_iter()
        .map(|origin| Authority::of_origin(origin))
        .chain(std::iter::once(entity_origin(&entry.entity)))
        .collect::<anyhow::Result<_>>()?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            // Below the time after which a listener of ours ends an idle connection.
            .pool_idle_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(limits.calls)
            .http1_max_buf_size(64 * 1024)
            .build(Connector::new(entry, limits.call, resolver)?);
        let gate = Gate::new(limits.calls, limits.waiting);
        Ok(Self {
            origins,
            client,
            gate,
            breaker: Mutex::default(),
        })
    }

    /// Rule 1.
    fn admit(&self, url: &str) -> Result<url::Url, OutboundError> {
        let parsed = url::Url::parse(url).ok().filter(|url| {
            url.scheme() == "https"
                && url.username().is_empty()
                && url.password().is_none()
                && url.fragment().is_none()
        });
        let authority = |url: &url::Url| {
            let port = url.port_or_known_default()?;
            Authority::parse(&format!("{}:{port}", url.host_str()?))
        };
        parsed
            .filter(|url| authority(url).is_some_and(|authority| self.origins.contains(&authority)))
            .ok_or_else(|| OutboundError::NotAllowed(shown(url)))
    }
}

fn entity_origin(entity: &str) -> anyhow::Result<Authority> {
    let end = entity
        .get("https://".len()..)
        .and_then(|rest| rest.find('/'));
    let origin = end
        .and_then(|end| entity.get(.."https://".len() + end))
        .unwrap_or(entity);
    Authority::of_origin(origin)
}

/// A URL for an error text: without its query, which may hold secrets.
fn shown(url: &str) -> String {
    url.split(['?', '#'])
        .next()
        .unwrap_or("")
        .chars()
        .take(200)
        .collect()
}

#[async_trait]
impl Outbound for HttpsOutbound {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let refused = || OutboundError::NotAllowed(shown(&request.url));
        let partner = self.partners.get(&request.cloud).ok_or_else(refused)?;
        let url = partner.admit(&request.url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let request =
            to_http(&url, request).ok_or_else(|| OutboundError::NotAllowed(shown(url.as_str())))?;
        partner
            .attempt(&host, request, &self.limits, &*self.clock)
            .await
    }
}

impl Partner {
    async fn attempt(
        &self,
        host: &str,
        request: Request<Full<Bytes>>,
        limits: &Limits,
        clock: &dyn Clock,
    ) -> Result<OutboundResponse, OutboundError> {
        let end = Instant::now() + limits.call;
        let turn = timeout_at(end, self.gate.turn()).await.ok().flatten();
        let _turn = turn.ok_or_else(|| OutboundError::Busy(host.to_owned()))?;
        let call = breaker::Call::begin(&self.breaker, clock).map_err(|until| {
            let reason = format!("it failed several times in a row; next try at {until}");
            OutboundError::Connect {
                host: host.to_owned(),
                reason,
            }
        })?;
        let outcome = timeout_at(end, self.exchange(host, request, limits.body)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(OutboundError::Timeout(host.to_owned())));
        call.end(outcome.is_ok());
        outcome
    }

    async fn exchange(
        &self,
        host: &str,
        request: Request<Full<Bytes>>,
        limit: usize,
    ) -> Result<OutboundResponse, OutboundError> {
        match self.client.request(request).await {
            Ok(response) => answer::read(host, response, limit).await,
            Err(error) => Err(answer::failure(host, &error)),
        }
    }
}

fn to_http(url: &url::Url, request: OutboundRequest) -> Option<Request<Full<Bytes>>> {
    let method = match request.method {
        OutboundMethod::Get => http::Method::GET,
        OutboundMethod::Post => http::Method::POST,
    };
    let mut builder = Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(
            http::header::USER_AGENT,
            concat!("comity/", env!("CARGO_PKG_VERSION")),
        )
        .header(http::header::ACCEPT_ENCODING, "identity");
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::new(Bytes::from(request.body))).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
