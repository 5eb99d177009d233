//! The listener over real sockets: names, certificates, time-outs, stopping.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Bound, Limits, Transport, proxy::Proxies, serve};
use crate::{
    dev::authority::{Certificates, Leaves, tests as certificates},
    peer::Peer,
    shutdown::{self, Trigger},
    tls::{ClientCertificate, Identity, Names},
};

const LIMITS: Limits = Limits {
    connections: 100,
    of_an_address: 1024,
    handshake: Duration::from_secs(5),
    head: Duration::from_secs(5),
    idle: Duration::from_millis(100),
    drain: Duration::from_secs(2),
};

/// For clients that say nothing.
const SHORT: Limits = Limits {
    handshake: Duration::from_millis(200),
    head: Duration::from_millis(200),
    ..LIMITS
};

/// A listener for `login.a.localhost` and `device.a.localhost`.
struct World {
    address: SocketAddr,
    certificates: Certificates,
    trigger: Trigger,
    served: JoinHandle<anyhow::Result<()>>,
    _folder: tempfile::TempDir,
}

fn site() -> Router {
    let who = async |request: axum::extract::Request| {
        let peer = request.extensions().get::<Peer>().cloned().unwrap();
        let proven = peer.client_certificate.is_some();
        format!(
            "{} {} {proven}",
            peer.address,
            peer.server_name.as_deref().unwrap_or("-")
        )
    };
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        "slow"
    };
    let stuck = async || std::future::pending::<()>().await;
    Router::new()
        .route("/", get(who))
        .route("/slow", get(slow))
        .route("/stuck", get(stuck))
}

impl World {
    async fn start() -> Self {
        Self::start_within(LIMITS).await
    }

    async fn start_within(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let leaf = |host: &str| (host.to_owned(), vec![format!("{host}.a.localhost")]);
        let leaves = Leaves::from(["login", "device"].map(leaf));
        let certificates = certificates::make(folder.path(), &leaves);
        let mut names = Names::new().unwrap();
        for (host, ask) in [
            ("login", ClientCertificate::NotAsked),
            ("device", ClientCertificate::Asked),
        ] {
            names
                .add(&leaves[host], &certificates.leaves[host], ask)
                .unwrap();
        }
        let bound = Bound::loopback(0).await.unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], bound.port()));
        let (trigger, shutdown) = shutdown::channel();
        let served = tokio::spawn(serve(
            bound,
            Transport::Tls(Arc::new(names)),
            site(),
            limits,
            shutdown,
        ));
        Self {
            address,
            certificates,
            trigger,
            served,
            _folder: folder,
        }
    }

    fn client(&self, identity: Option<&Identity>, alpn: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        for certificate in crate::tls::certificates(self.certificates.ca_pem.as_bytes()).unwrap() {
            roots.add(certificate).unwrap();
        }
        let builder = ClientConfig::builder_with_provider(crate::tls::provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }

    async fn connect(
        &self,
        host: &str,
        identity: Option<&Identity>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(host.to_owned()).unwrap();
        self.client(identity, &["http/1.1"])
            .connect(name, tcp)
            .await
    }

    async fn get(&self, host: &str, path: &str, identity: Option<&Identity>) -> String {
        let mut stream = self.connect(host, identity).await.unwrap();
        stream
            .write_all(request(host, path).as_bytes())
            .await
            .unwrap();
        read(&mut stream).await
    }
}

fn request(host: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
}

async fn read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn requests_know_who_asks_and_for_which_name() {
    let world = World::start().await;
    let answer = world.get("login.a.localhost", "/", None).await;
    assert!(
        answer.ends_with("127.0.0.1 login.a.localhost false"),
        "{answer}"
    );
}

#[tokio::test]
async fn only_the_device_host_asks_for_a_certificate_and_does_not_demand_it() {
    let world = World::start().await;
    let identity = &world.certificates.leaves["login"];
    for (host, identity, expected) in [
        (
            "device.a.localhost",
            Some(identity),
            "device.a.localhost true",
        ),
        ("device.a.localhost", None, "device.a.localhost false"),
        (
            "login.a.localhost",
            Some(identity),
            "login.a.localhost false",
        ),
    ] {
        let answer = world.get(host, "/", identity).await;
        assert!(answer.ends_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn an_unknown_name_is_refused_in_the_handshake() {
    let world = World::start().await;
    for host in ["login.b.localhost", "127.0.0.1", "a.localhost"] {
        assert!(world.connect(host, None).await.is_err(), "{host}");
    }
}

#[tokio::test]
async fn both_protocols_are_spoken() {
    let world = World::start().await;
    let tcp = TcpStream::connect(world.address).await.unwrap();
    let name = ServerName::try_from("login.a.localhost").unwrap();
    let stream = world
        .client(None, &["h2", "http/1.1"])
        .connect(name, tcp)
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
        .await
        .unwrap();
    let driven = tokio::spawn(connection);
    let request = http::Request::get("https://login.a.localhost/")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    // Idle, it is closed by the listener.
    driven.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_client_that_says_nothing_is_dropped() {
    let world = World::start_within(SHORT).await;
    let mut silent = TcpStream::connect(world.address).await.unwrap();
    assert_eq!(read(&mut silent).await, "");
    let mut slow = world.connect("login.a.localhost", None).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: ").await.unwrap();
    let told = read(&mut slow).await;
    assert!(
        told.is_empty() || told.starts_with("HTTP/1.1 408"),
        "{told}"
    );
}

#[tokio::test]
async fn a_huge_head_is_refused() {
    let world = World::start().await;
    let mut stream = world.connect("login.a.localhost", None).await.unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nhost: login.a.localhost\r\nx: {}\r\n\r\n",
        "x".repeat(300_000)
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let told = read(&mut stream).await;
    assert!(
        told.is_empty() || told.starts_with("HTTP/1.1 431"),
        "{told}"
    );
}

#[tokio::test]
async fn r34_open_requests_end_before_the_listener_does() {
    let world = World::start().await;
    let mut stream = world.connect("login.a.localhost", None).await.unwrap();
    stream
        .write_all(request("login.a.localhost", "/slow").as_bytes())
        .await
        .unwrap();
    stream.flush().await.unwrap();
    let answer = tokio::spawn(async move { read(&mut stream).await });
    // The connection is accepted before the stop; its request may still be on the way.
    while world.get("login.a.localhost", "/", None).await.is_empty() {}
    world.trigger.stop();
    world.served.await.unwrap().unwrap();
    assert!(answer.await.unwrap().ends_with("slow"));
    assert!(TcpStream::connect(world.address).await.is_err());
}

#[tokio::test]
async fn r34_a_request_that_does_not_end_is_not_waited_for_for_ever() {
    let world = World::start().await;
    let mut stream = world.connect("login.a.localhost", None).await.unwrap();
    stream
        .write_all(request("login.a.localhost", "/stuck").as_bytes())
        .await
        .unwrap();
    stream.flush().await.unwrap();
    world.trigger.stop();
    tokio::time::timeout(Duration::from_secs(5), world.served)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn o19_behind_a_proxy_its_header_is_believed() {
    let bound = Bound::loopback(0).await.unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], bound.port()));
    let (_trigger, shutdown) = shutdown::channel();
    let proxies = Proxies::new(vec!["127.0.0.1/32".parse().unwrap()]);
    tokio::spawn(serve(
        bound,
        Transport::Proxied(Arc::new(proxies)),
        site(),
        LIMITS,
        shutdown,
    ));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-proto: https\r\nx-forwarded-for: 203.0.113.9\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read(&mut stream).await;
    assert!(answer.ends_with("203.0.113.9 - false"), "{answer}");
}
