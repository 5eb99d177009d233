//! An HTTP/1.1 client that reaches a dev world and nothing else.
//!
//! It trusts only the CA of the manifest, takes `localhost` and every name below it to loopback (RFC 6761 §6.3;
//! glibc does not), and follows no redirect: that is the browser's business.

use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

const TIME_LIMIT: Duration = Duration::from_secs(30);
const BODY_LIMIT: usize = 4 << 20;

#[derive(Clone)]
pub struct Client {
    way: Way,
}

#[derive(Clone)]
enum Way {
    Https(TlsConnector),
    Given(Transport),
}

type Exchange = Pin<Box<dyn Future<Output = Result<Answer>> + Send>>;

/// Another way to a world than HTTPS on loopback: a test's own routers.
#[derive(Clone)]
pub struct Transport(Arc<dyn Fn(Ask) -> Exchange + Send + Sync>);

impl Transport {
    pub fn new(exchange: impl Fn(Ask) -> Exchange + Send + Sync + 'static) -> Self {
        Self(Arc::new(exchange))
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// One response, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Ask {
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self> {
        let value = HeaderValue::from_str(value)
            .with_context(|| format!("`{value}` cannot stand in the header `{name}`"))?;
        self.headers.insert(name, value);
        Ok(self)
    }

    /// An `application/x-www-form-urlencoded` body.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        self.body = Bytes::from(body);
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        self.body = Bytes::from(body.to_string());
        self
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; what cannot be read is shown.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| {
            format!(
                "status {}, not JSON: `{}`",
                self.status.as_u16(),
                excerpt(&self.text())
            )
        })
    }

    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Client {
    /// A client that trusts the certificates in `ca_file` (PEM) and no others.
    pub fn trusting(ca_file: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(ca_file)
            .map_err(|error| anyhow!("cannot read the CA file `{}`: {error}", ca_file.display()))?;
        for certificate in certificates {
            let certificate = certificate
                .map_err(|error| anyhow!("`{}` is not PEM: {error}", ca_file.display()))?;
            roots.add(certificate)?;
        }
        ensure!(
            !roots.is_empty(),
            "the CA file `{}` holds no certificate",
            ca_file.display()
        );
        Self::with_roots(roots)
    }

    fn with_roots(roots: RootCertStore) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            way: Way::Https(TlsConnector::from(Arc::new(config))),
        })
    }

    /// A client that goes the given way instead.
    pub fn through(transport: Transport) -> Self {
        Self {
            way: Way::Given(transport),
        }
    }

    /// Sends one request on a connection of its own.
    pub async fn send(&self, ask: Ask) -> Result<Answer> {
        let place = format!("{} {}", ask.method, shown(&ask.url));
        tokio::time::timeout(TIME_LIMIT, self.exchange(ask))
            .await
            .with_context(|| format!("{place}: no answer in {} s", TIME_LIMIT.as_secs()))?
            .with_context(|| place)
    }

    pub async fn get(&self, url: &str) -> Result<Answer> {
        let url = Url::parse(url).with_context(|| format!("`{url}` is not a URL"))?;
        self.send(Ask::new(Method::GET, url)).await
    }

    async fn exchange(&self, ask: Ask) -> Result<Answer> {
        let tls = match &self.way {
            Way::Https(tls) => tls,
            Way::Given(transport) => return (transport.0)(ask).await,
        };
        let host = loopback_host(&ask.url)?.to_owned();
        let port = ask
            .url
            .port_or_known_default()
            .context("the URL has no port")?;
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        match ask.url.scheme() {
            "https" => {
                let name = ServerName::try_from(host)?;
                let stream = tls.connect(name, stream).await?;
                talk(TokioIo::new(stream), ask).await
            }
            "http" => talk(TokioIo::new(stream), ask).await,
            other => bail!("cannot speak `{other}`"),
        }
    }
}

async fn talk<S>(stream: S, ask: Ask) -> Result<Answer>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await?;
    // The connection ends with the response; what goes wrong on it reaches us through `sender`.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    let response = sender.send_request(message(ask)?).await?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map_err(|error| anyhow!("cannot read the body: {error}"))?
        .to_bytes();
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

fn message(ask: Ask) -> Result<Request<Full<Bytes>>> {
    let target = match ask.url.query() {
        Some(query) => format!("{}?{query}", ask.url.path()),
        None => ask.url.path().to_owned(),
    };
    let host = match (ask.url.host_str(), ask.url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => bail!("the URL has no host"),
    };
    let mut request = Request::builder()
        .method(ask.method)
        .uri(target)
        .body(Full::new(ask.body))?;
    let headers = request.headers_mut();
    *headers = ask.headers;
    headers.insert(header::HOST, HeaderValue::from_str(&host)?);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers
        .entry(header::USER_AGENT)
        .or_insert(HeaderValue::from_static(concat!(
            "comity-demo/",
            env!("CARGO_PKG_VERSION")
        )));
    Ok(request)
}

fn loopback_host(url: &Url) -> Result<&str> {
    let host = url.host_str().context("the URL has no host")?;
    ensure!(
        host == "localhost" || host == "127.0.0.1" || host.ends_with(".localhost"),
        "`{host}` is not a name of the dev world: it must end in `.localhost`"
    );
    Ok(host)
}

/// The address without its query, which may hold a ticket or a code.
pub fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// The first 400 characters of a text, on one line.
pub fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(400).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn plain() -> Client {
        Client::with_roots(RootCertStore::empty()).unwrap()
    }

    #[test]
    fn only_names_of_the_dev_world_are_reached() {
        for good in [
            "https://login.global.localhost:1/",
            "http://localhost:1",
            "http://127.0.0.1:1",
        ] {
            assert!(loopback_host(&Url::parse(good).unwrap()).is_ok(), "{good}");
        }
        for bad in [
            "https://example.com/",
            "https://localhost.example.com/",
            "https://10.0.0.1/",
        ] {
            assert!(loopback_host(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_printed_of_an_address_holds_no_query() {
        let url = Url::parse("https://login.global.localhost:1/redeem?ticket=secret").unwrap();
        assert_eq!(shown(&url), "https://login.global.localhost:1/redeem");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("a\n  b"), "a b");
        assert_eq!(excerpt(&"x".repeat(500)).chars().count(), 401);
    }

    #[test]
    fn an_empty_ca_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, "").unwrap();
        let error = Client::trusting(&path).err().unwrap().to_string();
        assert!(error.contains("holds no certificate"), "{error}");
    }

    /// A server for one TLS connection that answers every request with `hello`; its certificate as PEM.
    async fn secure() -> (u16, String) {
        let names = ["login.global.localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await?;
            let stream = acceptor.accept(stream).await?;
            let service = hyper::service::service_fn(async |_| {
                anyhow::Ok(http::Response::new(Full::new(Bytes::from("hello"))))
            });
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await?;
            anyhow::Ok(())
        });
        (port, made.cert.pem())
    }

    async fn ask_with(certificate: &str, port: u16, host: &str) -> Result<String> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, certificate)?;
        let answer = Client::trusting(&path)?
            .get(&format!("https://{host}:{port}/"))
            .await?;
        Ok(answer.text())
    }

    #[tokio::test]
    async fn only_the_authority_of_the_manifest_is_trusted_and_only_for_its_names() {
        let (port, own) = secure().await;
        assert_eq!(
            ask_with(&own, port, "login.global.localhost")
                .await
                .unwrap(),
            "hello"
        );
        let (port, own) = secure().await;
        assert!(ask_with(&own, port, "login.usgov.localhost").await.is_err());
        let (port, _) = secure().await;
        assert!(
            ask_with(&own, port, "login.global.localhost")
                .await
                .is_err()
        );
    }
}
