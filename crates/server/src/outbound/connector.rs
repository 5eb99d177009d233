//! Connects to a host of one registry entry: checked address, that entry's certificate authority.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use comity_model::cloud::CloudEntry;
use http::Uri;
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{address, stream::Stream};
use crate::{port::OutboundError, tls};

/// For one address, so that a dead one leaves time for the next.
const PER_ADDRESS: Duration = Duration::from_secs(2);

/// How a name becomes addresses: asked once for each connection, so that what was checked is what is
/// connected to, whatever the name says a moment later.
pub(super) type Resolver = Arc<dyn Fn(String, u16) -> Resolving + Send + Sync>;
type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The resolver of the system.
pub(super) fn system() -> Resolver {
    Arc::new(|host, port| Box::pin(resolve(host, port)))
}

#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    resolver: Resolver,
    networks: Vec<IpNet>,
    tls: TlsConnector,
    /// A connection is made for the pool, also when nobody waits for it any more.
    deadline: Duration,
}

impl Connector {
    pub(super) fn new(
        entry: &CloudEntry,
        deadline: Duration,
        resolver: Resolver,
    ) -> anyhow::Result<Self> {
        let networks = entry
            .addresses
            .iter()
            .map(|text| network(text))
            .collect::<anyhow::Result<_>>()?;
        let config = ClientConfig::builder_with_provider(tls::provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_root_certificates(roots(entry)?)
            .with_no_client_auth();
        Ok(Self(Arc::new(Inner {
            resolver,
            networks,
            tls: TlsConnector::from(Arc::new(config)),
            deadline,
        })))
    }
}

/// A network, or a single address.
pub fn network(text: &str) -> anyhow::Result<IpNet> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.with_context(|| format!("`{text}` is not a network: write for example `192.0.2.0/24`"))
}

/// The entry's own authority only; the system's list where the entry names none.
fn roots(entry: &CloudEntry) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match &entry.ca_pem {
        Some(pem) => {
            for certificate in tls::certificates(pem.as_bytes())? {
                roots.add(certificate)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

impl tower::Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let deadline = inner.deadline;
            let late = || ConnectError::Failed("it did not answer in time".to_owned());
            tokio::time::timeout(deadline, inner.connect(uri))
                .await
                .unwrap_or_else(|_| Err(late()))
        })
    }
}

impl Inner {
    async fn connect(&self, uri: Uri) -> Result<Stream, ConnectError> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(443);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::NotAllowed)?;
        let found = (self.resolver)(host.to_owned(), port).await?;
        let allowed: Vec<_> = found
            .into_iter()
            .filter(|found| address::is_allowed(found.ip(), &self.networks))
            .collect();
        if allowed.is_empty() {
            return Err(ConnectError::NotAllowed);
        }
        let tcp = first(&allowed).await?;
        let stream = self.tls.connect(name, tcp).await?;
        Ok(Stream(TokioIo::new(stream)))
    }
}

/// `localhost` names are loopback whatever a resolver says (RFC 6761 §6.3).
async fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    if host == "localhost" || host.ends_with(".localhost") {
        let loopback = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        return Ok(loopback.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

async fn first(addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let mut last = ConnectError::NotAllowed;
    for address in addresses {
        match tokio::time::timeout(PER_ADDRESS, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error.into(),
            Err(_) => last = ConnectError::Failed("it did not answer in time".to_owned()),
        }
    }
    Err(last)
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The host resolves to addresses that the entry does not allow, and to no other.
    NotAllowed,
    Failed(String),
}

impl ConnectError {
    pub(super) fn to_outbound(&self, host: &str) -> OutboundError {
        let host = host.to_owned();
        match self {
            Self::NotAllowed => OutboundError::NotAllowed(host),
            Self::Failed(reason) => OutboundError::Connect {
                host,
                reason: reason.clone(),
            },
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAllowed => f.write_str("the address is not one that the registry allows"),
            Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for ConnectError {}
