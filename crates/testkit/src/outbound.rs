//! What the clouds send one another, as calls of the other cloud's router; every exchange is
//! written down, and a cloud can be made to fail.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use comity_app::port::{
    Outbound, OutboundError, OutboundMethod, OutboundRequest, OutboundResponse,
};
use comity_model::cloud::Registry;
use http::{Request, header};
use tokio::sync::Notify;
use tower::ServiceExt as _;
use url::Url;

/// One exchange between two clouds.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub from: String,
    pub to: String,
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub status: u16,
    pub answer: String,
}

/// How a cloud fails to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Down,
    Slow,
    /// It takes the call and says nothing, until the fault is taken away: then time is up.
    Hangs,
    /// It answers this, whatever is asked.
    Says {
        status: u16,
        body: String,
    },
}

/// What a lying cloud makes of its true answer.
pub type Lie = Arc<dyn Fn(&OutboundRequest, OutboundResponse) -> OutboundResponse + Send + Sync>;

/// The wire between all clouds of a world.
#[derive(Clone, Default)]
pub struct Wire(Arc<Shared>);

#[derive(Default)]
struct Shared {
    router: Mutex<Option<Router>>,
    exchanges: Mutex<Vec<Exchange>>,
    faults: Mutex<BTreeMap<String, Fault>>,
    lies: Mutex<BTreeMap<String, Lie>>,
    strays: Mutex<Vec<String>>,
    /// Calls that hang, and what ends them.
    hanging: AtomicUsize,
    changed: Notify,
}

impl Wire {
    /// Gives the routers that answer.
    pub fn connect(&self, router: Router) {
        *self.router() = Some(router);
    }

    /// Takes the routers away again. They hold the clouds, which hold this wire: what is not taken
    /// away keeps every store and its connections until the process ends.
    pub fn disconnect(&self) {
        let router = self.router().take();
        drop(router);
    }

    fn router(&self) -> MutexGuard<'_, Option<Router>> {
        self.0.router.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a cloud fail, or work again.
    pub fn fail(&self, cloud: &str, fault: Option<Fault>) {
        let mut faults = self.0.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => faults.insert(cloud.to_owned(), fault),
            None => faults.remove(cloud),
        };
        drop(faults);
        self.0.changed.notify_waiters();
    }

    /// Calls that wait for a cloud that says nothing.
    pub fn hanging(&self) -> usize {
        self.0.hanging.load(Ordering::SeqCst)
    }

    async fn hang(&self, cloud: &str) {
        self.0.hanging.fetch_add(1, Ordering::SeqCst);
        loop {
            let changed = self.0.changed.notified();
            if self.fault(cloud) != Some(Fault::Hangs) {
                break;
            }
            changed.await;
        }
        self.0.hanging.fetch_sub(1, Ordering::SeqCst);
    }

    /// Makes a cloud lie, or tell the truth again.
    pub fn twist(&self, cloud: &str, lie: Option<Lie>) {
        let mut lies = self.0.lies.lock().unwrap_or_else(PoisonError::into_inner);
        match lie {
            Some(lie) => lies.insert(cloud.to_owned(), lie),
            None => lies.remove(cloud),
        };
    }

    fn told(&self, request: &OutboundRequest, answer: OutboundResponse) -> OutboundResponse {
        let lies = self.0.lies.lock().unwrap_or_else(PoisonError::into_inner);
        let lie = lies.get(&request.cloud).cloned();
        drop(lies);
        match lie {
            Some(lie) => lie(request, answer),
            None => answer,
        }
    }

    /// Everything sent so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.0
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Addresses outside the registry that a cloud wanted to call.
    pub fn strays(&self) -> Vec<String> {
        let strays = self.0.strays.lock();
        strays.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stray(&self, url: &str) {
        let strays = self.0.strays.lock();
        strays
            .unwrap_or_else(PoisonError::into_inner)
            .push(url.to_owned());
    }

    /// Forgets what was sent.
    pub fn clear(&self) {
        self.0
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn fault(&self, cloud: &str) -> Option<Fault> {
        self.0
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(cloud)
            .cloned()
    }

    async fn exchange(
        &self,
        request: Request<Body>,
    ) -> Option<(u16, Vec<(String, String)>, Vec<u8>)> {
        let router = self.router().clone()?;
        let response = router.oneshot(request).await.ok()?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(n, v)| {
                (
                    n.as_str().to_owned(),
                    String::from_utf8_lossy(v.as_bytes()).into_owned(),
                )
            })
            .collect();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .ok()?;
        Some((status, headers, body.to_vec()))
    }
}

/// One cloud's way out.
pub struct InProcess {
    pub registry: Registry,
    pub wire: Wire,
}

impl InProcess {
    fn check(&self, request: &OutboundRequest) -> Result<Url, OutboundError> {
        let refused = || OutboundError::NotAllowed(request.url.clone());
        let url = Url::parse(&request.url).map_err(|_| refused())?;
        let entry = self.registry.find(&request.cloud).ok_or_else(refused)?;
        let hosts = &entry.hosts;
        let origin = url.origin().ascii_serialization();
        let known = [
            &hosts.login,
            &hosts.graph,
            &hosts.portal,
            &hosts.myapps,
            &entry.entity,
        ];
        if known.iter().any(|h| **h == origin) {
            Ok(url)
        } else {
            Err(refused())
        }
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "the faults that a wire can have, one after the other"
)]
#[async_trait]
impl Outbound for InProcess {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let checked = self.check(&request);
        let url = checked.inspect_err(|_| self.wire.stray(&request.url))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        match self.wire.fault(&request.cloud) {
            Some(Fault::Down) => {
                return Err(OutboundError::Connect {
                    host,
                    reason: "refused".into(),
                });
            }
            Some(Fault::Slow) => return Err(OutboundError::Timeout(host)),
            Some(Fault::Hangs) => {
                self.wire.hang(&request.cloud).await;
                return Err(OutboundError::Timeout(host));
            }
            Some(Fault::Says { status, body }) => {
                return Ok(OutboundResponse {
                    status,
                    headers: Vec::new(),
                    body: body.into_bytes(),
                });
            }
            None => {}
        }
        let method = match request.method {
            OutboundMethod::Get => "GET",
            OutboundMethod::Post => "POST",
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut builder = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, authority);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let protocol = |reason: &str| OutboundError::Protocol {
            host: host.clone(),
            reason: reason.into(),
        };
        let built = builder
            .body(Body::from(request.body.clone()))
            .map_err(|_| protocol("no request"))?;
        let (status, headers, body) = self
            .wire
            .exchange(built)
            .await
            .ok_or_else(|| protocol("nobody answers"))?;
        let exchange = Exchange {
            from: self.registry.own.canonical_name.clone(),
            to: request.cloud.clone(),
            method,
            url: request.url.clone(),
            headers: request
                .headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), v.clone()))
                .collect(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status,
            answer: String::from_utf8_lossy(&body).into_owned(),
        };
        self.wire
            .0
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exchange);
        let answer = OutboundResponse {
            status,
            headers,
            body,
        };
        bounded(self.wire.told(&request, answer), host)
    }
}

/// What the real way out does with a redirect and with an answer that is too large.
fn bounded(answer: OutboundResponse, host: String) -> Result<OutboundResponse, OutboundError> {
    if (300..400).contains(&answer.status) {
        return Err(OutboundError::Redirect(host));
    }
    if answer.body.len() > 256 * 1024 {
        return Err(OutboundError::TooLarge(host));
    }
    Ok(answer)
}
