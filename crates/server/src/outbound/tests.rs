//! The egress client against a partner that is slow, lies, or is not who it should be.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use comity_model::{
    cloud::{CloudEntry, Hosts, Registry},
    time::Utc,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::server::TlsStream;

mod hanging;
mod rebinding;

use super::{HttpsOutbound, Limits};
use crate::{
    dev::authority::{Certificates, tests as certificates},
    port::{
        Clock, Outbound as _, OutboundError, OutboundMethod, OutboundRequest, OutboundResponse,
    },
    tls::{ClientCertificate, Names},
};

const PARTNER: &str = "partner.example";

/// A clock that a test moves.
#[derive(Default)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Utc {
        Utc::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

/// A partner cloud whose login host answers as `behave` says.
struct Partner {
    entry: CloudEntry,
    connections: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

fn entry(key: &str, port: u16, ca_pem: &str) -> CloudEntry {
    let host = |site: &str| format!("https://{site}.{key}.localhost:{port}");
    CloudEntry {
        key: key.into(),
        canonical_name: format!("{key}.example"),
        name: key.into(),
        hue: 200,
        entity: host("login"),
        hosts: Hosts {
            login: host("login"),
            graph: host("graph"),
            portal: host("portal"),
            myapps: host("myapps"),
            device: host("device"),
        },
        issuer_template: format!("{}/{{tenant}}/v2.0", host("login")),
        initial_domain_suffix: format!(".{key}.example"),
        ca_pem: Some(ca_pem.into()),
        pinned_key: None,
        addresses: vec!["127.0.0.0/8".into()],
    }
}

impl Partner {
    async fn start<F>(behave: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let folder = tempfile::tempdir().unwrap();
        let hosts = [
            "login.partner.localhost".to_owned(),
            "graph.partner.localhost".to_owned(),
        ];
        let leaves = certificates::names(&["login.partner.localhost"]);
        let Certificates { ca_pem, leaves, .. } = certificates::make(folder.path(), &leaves);
        let mut names = Names::new().unwrap();
        names
            .add(&hosts, &leaves["global"], ClientCertificate::NotAsked)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                if let Ok(accepted) = names.accept(stream).await {
                    tokio::spawn(behave(accepted.stream));
                }
            }
        });
        Self {
            entry: entry("partner", port, &ca_pem),
            connections,
            _folder: folder,
        }
    }

    fn url(&self) -> String {
        format!("{}/x", self.entry.hosts.login)
    }
}

const LIMITS: Limits = Limits {
    call: Duration::from_secs(5),
    body: 1000,
    calls: 2,
    waiting: 2,
};

/// For partners that never answer.
const SHORT: Limits = Limits {
    call: Duration::from_millis(300),
    ..LIMITS
};

fn client(entry: &CloudEntry, clock: &Arc<TestClock>, limits: Limits) -> HttpsOutbound {
    let own = entry_of_ours(entry);
    let registry = Registry {
        own,
        allow_invites_from: "everyone".into(),
        others: [(entry.canonical_name.clone(), entry.clone())].into(),
        pairs: [entry.canonical_name.clone()].into(),
    };
    HttpsOutbound::new(&registry, Arc::clone(clock) as Arc<dyn Clock>, limits).unwrap()
}

fn entry_of_ours(other: &CloudEntry) -> CloudEntry {
    entry("own", 1, other.ca_pem.as_deref().unwrap())
}

async fn ask(
    client: &HttpsOutbound,
    cloud: &str,
    url: &str,
) -> Result<OutboundResponse, OutboundError> {
    let request = OutboundRequest {
        cloud: cloud.into(),
        method: OutboundMethod::Post,
        url: url.into(),
        headers: vec![("content-type", "text/plain".into())],
        body: b"question".to_vec(),
    };
    client.send(request).await
}

/// One call to a partner that behaves like this.
async fn one<F>(
    behave: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> Result<OutboundResponse, OutboundError>
where
    F: Future<Output = ()> + Send + 'static,
{
    one_within(LIMITS, behave).await
}

/// The same with other limits.
async fn one_within<F>(
    limits: Limits,
    behave: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> Result<OutboundResponse, OutboundError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let partner = Partner::start(behave).await;
    ask(
        &client(&partner.entry, &Arc::default(), limits),
        PARTNER,
        &partner.url(),
    )
    .await
}

/// Reads one request.
async fn asked(stream: &mut TlsStream<TcpStream>) {
    let mut told = Vec::new();
    while !told.ends_with(b"question")
        && stream.read_buf(&mut told).await.is_ok_and(|read| read > 0)
    {}
}

/// Reads the head and body of requests and answers each with these bytes.
async fn answer(mut stream: TlsStream<TcpStream>, bytes: Vec<u8>) {
    let mut told = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            return;
        }
        told.extend_from_slice(&buffer[..read]);
        if told.ends_with(b"question") {
            told.clear();
            if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                return;
            }
        }
    }
}

fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn an_answer_comes_back_and_the_connection_is_used_again() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let client = client(&partner.entry, &Arc::default(), LIMITS);
    for _ in 0..5 {
        let response = ask(&client, PARTNER, &partner.url()).await.unwrap();
        assert_eq!(
            (response.status, response.body.as_slice()),
            (200, &b"hello"[..])
        );
        assert_eq!(response.header("x-a"), Some("b"));
    }
    assert_eq!(partner.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_error_status_is_an_answer() {
    let body = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_vec();
    assert_eq!(
        one(move |stream| answer(stream, body.clone()))
            .await
            .unwrap()
            .status,
        503
    );
}

#[tokio::test]
async fn s75_a_redirect_is_refused_and_its_target_never_asked() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = canary.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let bytes = format!(
            "HTTP/1.1 {status} x\r\nlocation: https://{target}/\r\ncontent-length: 0\r\n\r\n"
        )
        .into_bytes();
        let answered = one(move |stream| answer(stream, bytes.clone())).await;
        assert_eq!(
            answered.unwrap_err(),
            OutboundError::Redirect("login.partner.localhost".into())
        );
    }
    let hit = tokio::time::timeout(Duration::from_millis(1), canary.accept()).await;
    assert!(hit.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s75_answers_are_bounded() {
    let too_large = OutboundError::TooLarge("login.partner.localhost".into());
    assert_eq!(
        one(|stream| answer(stream, ok(&"x".repeat(1000))))
            .await
            .unwrap()
            .body
            .len(),
        1000
    );
    assert_eq!(
        one(|stream| answer(stream, ok(&"x".repeat(1001))))
            .await
            .unwrap_err(),
        too_large
    );
    let answered = one(|mut stream| async move {
        asked(&mut stream).await;
        let mut bytes: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        while stream.write_all(bytes).await.is_ok() {
            bytes = b"10\r\n0123456789abcdef\r\n";
        }
    });
    assert_eq!(answered.await.unwrap_err(), too_large);
    let heads = one(|mut stream| async move {
        asked(&mut stream).await;
        let mut bytes: &[u8] = b"HTTP/1.1 200 OK\r\n";
        while stream.write_all(bytes).await.is_ok() {
            bytes = b"x-endless: 0123456789abcdef0123456789abcdef\r\n";
        }
    });
    assert!(matches!(
        heads.await.unwrap_err(),
        OutboundError::Protocol { .. }
    ));
    let packed =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx".to_vec();
    let packed = one(move |stream| answer(stream, packed.clone())).await;
    assert!(matches!(
        packed.unwrap_err(),
        OutboundError::Protocol { .. }
    ));
}

/// Sends a byte now and then, for ever.
async fn drip(mut stream: TlsStream<TcpStream>, head: &'static [u8]) {
    let mut bytes = head;
    while stream.write_all(bytes).await.is_ok() && stream.flush().await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        bytes = b"x";
    }
}

#[tokio::test]
async fn r21_a_slow_partner_costs_a_bounded_wait() {
    let late = OutboundError::Timeout("login.partner.localhost".into());
    assert_eq!(
        one_within(SHORT, |stream| drip(stream, b"H"))
            .await
            .unwrap_err(),
        late
    );
    let body = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n";
    assert_eq!(
        one_within(SHORT, |stream| drip(stream, body))
            .await
            .unwrap_err(),
        late
    );
    let silent = one_within(SHORT, |stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    });
    assert_eq!(silent.await.unwrap_err(), late);
}

#[tokio::test]
async fn r21_a_partner_that_never_ends_its_handshake_costs_a_bounded_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let partner = Partner::start(|_| async {}).await;
    let entry = entry("partner", port, partner.entry.ca_pem.as_deref().unwrap());
    let error = ask(
        &client(&entry, &Arc::default(), SHORT),
        PARTNER,
        &format!("{}/x", entry.hosts.login),
    )
    .await;
    assert!(matches!(
        error.unwrap_err(),
        OutboundError::Timeout(_) | OutboundError::Connect { .. }
    ));
}

#[tokio::test]
async fn only_the_partners_own_authority_is_trusted() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let other = Partner::start(|_| async {}).await;
    let wrong_ca = CloudEntry {
        ca_pem: other.entry.ca_pem.clone(),
        ..partner.entry.clone()
    };
    let error = ask(
        &client(&wrong_ca, &Arc::default(), LIMITS),
        PARTNER,
        &partner.url(),
    )
    .await
    .unwrap_err();
    assert!(matches!(&error, OutboundError::Connect { .. }), "{error}");
    // The certificate is for the login host only.
    let url = format!("{}/x", partner.entry.hosts.graph);
    let error = ask(
        &client(&partner.entry, &Arc::default(), LIMITS),
        PARTNER,
        &url,
    )
    .await
    .unwrap_err();
    assert!(matches!(&error, OutboundError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn s75_loopback_is_refused_unless_the_entry_lists_it() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    for addresses in [vec![], vec!["10.0.0.0/8".to_owned()]] {
        let entry = CloudEntry {
            addresses,
            ..partner.entry.clone()
        };
        let error = ask(
            &client(&entry, &Arc::default(), LIMITS),
            PARTNER,
            &partner.url(),
        )
        .await;
        assert_eq!(
            error.unwrap_err(),
            OutboundError::NotAllowed("login.partner.localhost".into())
        );
    }
    assert_eq!(partner.connections.load(Ordering::Relaxed), 0);
}

/// What a lying partner or a careless caller could put in a URL; `PORT` is the port of the partner.
const REFUSED: [&str; 44] = [
    "http://login.partner.localhost:PORT/",
    "https://login.partner.localhost/",
    "https://login.partner.localhost:1/",
    "https://user@login.partner.localhost:PORT/",
    "https://user:pw@login.partner.localhost:PORT/",
    "https://login.partner.localhost:PORT@evil.example/",
    "https://login.partner.localhost.evil.example:PORT/",
    "https://login.partner.localhost.:PORT/",
    "https://evil.example#login.partner.localhost:PORT/",
    "https://login.partner.localhost:PORT/#fragment",
    "https://evil.example/",
    "https://evil.example:PORT/",
    "https://own.localhost:PORT/",
    "https://localhost:PORT/",
    "https://127.0.0.1:PORT/",
    "https://127.1:PORT/",
    "https://0x7f.1:PORT/",
    "https://0x7f000001:PORT/",
    "https://2130706433:PORT/",
    "https://0177.0.0.1:PORT/",
    "https://017700000001:PORT/",
    "https://127.0.0.1.:PORT/",
    "https://0.0.0.0:PORT/",
    "https://0:PORT/",
    "https://[::]:PORT/",
    "https://[::1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]:PORT/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://100.100.100.200/",
    "https://①②⑦.⓪.⓪.①:PORT/",
    "https://login。evil.example:PORT/",
    "file:///etc/passwd",
    "ftp://login.partner.localhost:PORT/",
    "gopher://login.partner.localhost:PORT/",
    "//login.partner.localhost:PORT/",
    "login.partner.localhost:PORT",
    "https:///",
    "",
];

/// Addresses that people may write somewhere; before each, where it may be kept
/// (`testkit/tests/story/address.rs`).
const WRITTEN: &str = include_str!("addresses.txt");

#[tokio::test]
async fn s75_nothing_that_people_write_is_asked() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let client = client(&partner.entry, &Arc::default(), LIMITS);
    assert!(WRITTEN.lines().count() >= 120);
    for line in WRITTEN.lines() {
        let url = line.split_once(' ').unwrap().1;
        let error = ask(&client, PARTNER, url).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::NotAllowed(_)),
            "{url}: {error}"
        );
    }
    assert_eq!(partner.connections.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn s75_only_the_hosts_of_the_registry_are_asked() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let client = client(&partner.entry, &Arc::default(), LIMITS);
    let port = partner.entry.hosts.login.rsplit(':').next().unwrap();
    for template in REFUSED {
        let url = template.replace("PORT", port);
        let error = ask(&client, PARTNER, &url).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::NotAllowed(_)),
            "{url}: {error}"
        );
    }
    assert_eq!(partner.connections.load(Ordering::Relaxed), 0);
    for url in [
        partner.url(),
        partner.url().to_uppercase().replacen("HTTPS", "https", 1),
        partner.url() + "?a=b",
    ] {
        ask(&client, PARTNER, &url).await.unwrap();
    }
}

#[tokio::test]
async fn each_cloud_is_asked_at_its_own_hosts_only() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let client = client(&partner.entry, &Arc::default(), LIMITS);
    for cloud in ["own.example", "unknown.example", "", "Partner.example"] {
        let error = ask(&client, cloud, &partner.url()).await.unwrap_err();
        assert!(
            matches!(error, OutboundError::NotAllowed(_)),
            "{cloud}: {error}"
        );
    }
}

#[tokio::test]
async fn an_unpaired_cloud_is_not_asked() {
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let registry = Registry {
        own: entry_of_ours(&partner.entry),
        allow_invites_from: "everyone".into(),
        others: [(PARTNER.to_owned(), partner.entry.clone())].into(),
        pairs: [].into(),
    };
    let client = HttpsOutbound::new(&registry, Arc::new(TestClock::default()), LIMITS).unwrap();
    let error = ask(&client, PARTNER, &partner.url()).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotAllowed(_)), "{error}");
}

#[tokio::test]
async fn r20_a_dead_partner_is_left_alone_and_tried_again() {
    let clock = Arc::new(TestClock::default());
    let partner = Partner::start(|stream| answer(stream, ok("hello"))).await;
    let dead = entry("partner", 1, partner.entry.ca_pem.as_deref().unwrap());
    let client = client(&dead, &clock, LIMITS);
    let ask = async || {
        ask(&client, PARTNER, &format!("{}/x", dead.hosts.login))
            .await
            .unwrap_err()
            .to_string()
    };
    for _ in 0..5 {
        assert!(ask().await.contains("refused"));
    }
    let shut = ask().await;
    assert!(shut.contains("several times in a row"), "{shut}");
    clock.0.store(30, Ordering::Relaxed);
    assert!(ask().await.contains("refused"));
    assert!(ask().await.contains("several times in a row"));
}

#[tokio::test]
async fn r20_calls_that_hang_are_bounded() {
    let partner = Partner::start(|stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let client = Arc::new(client(&partner.entry, &Arc::default(), SHORT));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, url) = (Arc::clone(&client), partner.url());
        calls.spawn(async move { ask(&client, PARTNER, &url).await.unwrap_err() });
    }
    let errors = calls.join_all().await;
    let busy = errors
        .iter()
        .filter(|error| matches!(error, OutboundError::Busy(_)))
        .count();
    assert!(busy >= 46, "{errors:?}");
    assert!(partner.connections.load(Ordering::Relaxed) <= 4);
}

/// As many at once as in production, only less patient.
#[tokio::test]
async fn r20_five_hundred_calls_that_hang_end_in_time_and_open_the_breaker() {
    let partner = Partner::start(|stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let limits = Limits {
        call: Duration::from_millis(500),
        ..Limits::default()
    };
    let client = Arc::new(client(&partner.entry, &Arc::default(), limits));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let (client, url) = (Arc::clone(&client), partner.url());
        calls.spawn(async move { ask(&client, PARTNER, &url).await });
    }
    // Each at its own limit, not one after the other.
    let ended = tokio::time::timeout(Duration::from_secs(5), calls.join_all()).await;
    let ended = ended.expect("the calls wait for one another");
    assert!(ended.iter().all(Result::is_err));
    // Sixty-four at once; four of those that waited had their turn before the fifth failure.
    assert!(partner.connections.load(Ordering::Relaxed) <= 64 + 4);
    let shut = ask(&client, PARTNER, &partner.url()).await.unwrap_err();
    assert!(
        shut.to_string().contains("several times in a row"),
        "{shut}"
    );
}

#[test]
fn an_error_does_not_repeat_the_query() {
    assert_eq!(super::shown("https://x/y?ticket=S3CRET#z"), "https://x/y");
}
