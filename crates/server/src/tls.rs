//! TLS of the listener: the name a client asks for (SNI) chooses the certificate; device hosts also
//! ask for a client certificate. TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.

use std::{
    collections::HashMap,
    io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::Context as _;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{Acceptor, ClientHello, ResolvesServerCert, WebPkiClientVerifier},
    sign::CertifiedKey,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

pub mod client_certificate;

/// The library's one set of algorithms.
pub fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A certificate chain and its key.
#[derive(Debug)]
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads PEM files.
    pub fn read(chain: &Path, key: &Path) -> anyhow::Result<Self> {
        let read = |path: &Path| {
            std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
        };
        Self::parse(&read(chain)?, &read(key)?)
            .with_context(|| format!("cannot use `{}` with `{}`", chain.display(), key.display()))
    }

    /// Parses PEM.
    pub fn parse(chain: &[u8], key: &[u8]) -> anyhow::Result<Self> {
        Ok(Self {
            chain: certificates(chain)?,
            key: PrivateKeyDer::from_pem_slice(key).context("no private key in PEM form")?,
        })
    }

    /// Whether key and certificate belong together and the certificate is for all these hosts.
    pub fn check(&self, hosts: &[&str]) -> anyhow::Result<()> {
        self.certified()?;
        let leaf = self.chain.first().context("no certificate")?;
        let leaf = rustls::server::ParsedCertificate::try_from(leaf)?;
        for host in hosts {
            let name = rustls::pki_types::ServerName::try_from(*host)
                .with_context(|| format!("`{host}` is not a host name"))?;
            rustls::client::verify_server_name(&leaf, &name)
                .with_context(|| format!("the certificate is not for the host `{host}`: get one for all hosts of the cloud"))?;
        }
        Ok(())
    }

    fn certified(&self) -> anyhow::Result<CertifiedKey> {
        let key = provider()
            .key_provider
            .load_private_key(self.key.clone_key())?;
        let certified = CertifiedKey::new(self.chain.clone(), key);
        certified
            .keys_match()
            .context("the key is not that of the certificate")?;
        Ok(certified)
    }
}

/// All certificates of a PEM text; at least one.
pub fn certificates(pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let list: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .context("not a list of certificates in PEM form")?;
    anyhow::ensure!(!list.is_empty(), "no certificate in PEM form");
    Ok(list)
}

/// Whether a client may show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    NotAsked,
    /// Asked for, not demanded; the client proves its key, the application judges the certificate.
    Asked,
}

/// What the listener answers for, by name.
pub struct Names {
    configs: HashMap<String, Arc<ServerConfig>>,
    refusing: Arc<ServerConfig>,
}

/// An accepted connection.
pub struct Accepted<S> {
    pub stream: TlsStream<S>,
    pub server_name: Arc<str>,
    pub client_certificate: Option<Arc<[u8]>>,
    pub is_http2: bool,
}

impl Names {
    /// Answers for nothing yet.
    pub fn new() -> anyhow::Result<Self> {
        let refusing = builder()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Nothing));
        Ok(Self {
            configs: HashMap::new(),
            refusing: Arc::new(refusing),
        })
    }

    /// Answers for these host names with this certificate.
    pub fn add(
        &mut self,
        hosts: &[String],
        identity: &Identity,
        ask: ClientCertificate,
    ) -> anyhow::Result<()> {
        self.add_shown(hosts, &Shown::new(identity)?, ask)
    }

    /// Answers for these host names with what is shown at that moment. Names added together may
    /// resume each other's sessions; those of another cloud never do.
    pub fn add_shown(
        &mut self,
        hosts: &[String],
        shown: &Arc<Shown>,
        ask: ClientCertificate,
    ) -> anyhow::Result<()> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(shown) as _;
        let builder = match ask {
            ClientCertificate::NotAsked => {
                builder()?.with_client_cert_verifier(WebPkiClientVerifier::no_client_auth())
            }
            ClientCertificate::Asked => {
                builder()?.with_client_cert_verifier(Arc::new(client_certificate::ProvenKey::new()))
            }
        };
        let mut config = builder.with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.session_storage = rustls::server::ServerSessionMemoryCache::new(4096);
        let config = Arc::new(config);
        for host in hosts {
            self.configs
                .insert(host.to_ascii_lowercase(), Arc::clone(&config));
        }
        Ok(())
    }

    /// The handshake. A client that names no host of ours is refused with an alert.
    pub async fn accept<S>(&self, stream: S) -> io::Result<Accepted<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let name = start
            .client_hello()
            .server_name()
            .map(str::to_ascii_lowercase)
            .unwrap_or_default();
        let config = self.configs.get(&name).unwrap_or(&self.refusing);
        let stream = start.into_stream(Arc::clone(config)).await?;
        let (_, connection) = stream.get_ref();
        let certificate = connection
            .peer_certificates()
            .and_then(|chain| chain.first());
        Ok(Accepted {
            client_certificate: certificate.map(|certificate| Arc::from(certificate.as_ref())),
            is_http2: connection.alpn_protocol() == Some(b"h2"),
            server_name: name.into(),
            stream,
        })
    }
}

fn builder() -> anyhow::Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>> {
    Ok(ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?)
}

/// The certificate that new connections see. It can be replaced while the listener runs.
#[derive(Debug)]
pub struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    /// Fails where key and certificate do not belong together.
    pub fn new(identity: &Identity) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self(RwLock::new(Arc::new(identity.certified()?)))))
    }

    /// Shows this one from now on; on a failure the old one stays.
    pub fn replace(&self, identity: &Identity) -> anyhow::Result<()> {
        let certified = Arc::new(identity.certified()?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(())
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}

#[derive(Debug)]
struct Nothing;

impl ResolvesServerCert for Nothing {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}
