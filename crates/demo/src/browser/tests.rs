//! The browser against a small server over plain TCP that answers from a table and remembers what it was sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::*;

/// `METHOD path` → status, headers, body.
pub(crate) type Table = BTreeMap<&'static str, (u16, Vec<(&'static str, String)>, String)>;

#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

pub(crate) struct Fake {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Starts a server; `make` is given its port, so that pages can hold absolute addresses.
    pub(crate) async fn start(make: impl FnOnce(u16) -> Table) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let table = Arc::new(make(port));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let log = seen.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (table, log) = (table.clone(), log.clone());
                tokio::spawn(async move {
                    let service =
                        service_fn(move |request| answer(request, table.clone(), log.clone()));
                    http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                });
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    pub(crate) fn seen(&self, line: &str) -> Seen {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .rev()
            .find(|seen| seen.line == line)
            .cloned()
            .unwrap_or_else(|| panic!("no {line} in {seen:?}"))
    }
}

async fn answer(
    request: Request<Incoming>,
    table: Arc<Table>,
    log: Arc<Mutex<Vec<Seen>>>,
) -> Result<Response<Full<Bytes>>> {
    let line = format!("{} {}", request.method(), request.uri().path());
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = request.into_body().collect().await?.to_bytes();
    let body = String::from_utf8(body.to_vec())?;
    log.lock().unwrap().push(Seen {
        line: line.clone(),
        headers,
        body,
    });
    let (status, headers, body) = match table.get(line.as_str()) {
        Some(row) => row.clone(),
        None => (404, Vec::new(), format!("<title>no {line}</title>")),
    };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(Bytes::from(body)))?)
}

pub(crate) fn browser() -> Browser {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    Browser::new(crate::client::tests::plain(), Clock::new(move || now))
}

pub(crate) fn page(body: &str) -> (u16, Vec<(&'static str, String)>, String) {
    (200, Vec::new(), body.to_owned())
}

fn to(status: u16, location: String) -> (u16, Vec<(&'static str, String)>, String) {
    (status, vec![("location", location)], String::new())
}

#[tokio::test]
async fn a_form_is_filled_sent_and_its_redirect_followed_as_get() {
    let fake = Fake::start(|_| {
        Table::from([
            (
                "GET /start",
                page(
                    r#"<form action="/next" method="post"><input type="hidden" name="t" value="1">
                <input id="username" name="username"><button id="submit">Next</button></form>"#,
                ),
            ),
            (
                "POST /next",
                (
                    303,
                    vec![
                        ("location", "/end".into()),
                        ("set-cookie", "a=1; Path=/".into()),
                    ],
                    String::new(),
                ),
            ),
            (
                "GET /end",
                page("<title>End</title><p id=claim-iss>issuer</p>"),
            ),
        ])
    })
    .await;
    let mut browser = browser();
    browser
        .open(&fake.url("login.a.localhost", "/start"))
        .await
        .unwrap();
    browser.fill("#username", "nora@northwind.us").unwrap();
    browser.submit("#submit").await.unwrap();
    let end = browser.page().unwrap();
    assert_eq!(end.html.title(), "End");
    assert_eq!(end.text_of("claim-iss").as_deref(), Some("issuer"));
    let post = fake.seen("POST /next");
    assert_eq!(post.body, "t=1&username=nora%40northwind.us");
    let origin = fake.url("login.a.localhost", "");
    assert_eq!(post.headers.get("origin"), Some(&origin));
    assert_eq!(
        post.headers.get("referer"),
        Some(&format!("{origin}/start"))
    );
    assert_eq!(
        post.headers.get("sec-fetch-site").map(String::as_str),
        Some("same-origin")
    );
    let end = fake.seen("GET /end");
    assert_eq!(end.headers.get("cookie").map(String::as_str), Some("a=1"));
    assert!(!end.headers.contains_key("origin") && end.body.is_empty());
    let start = fake.seen("GET /start");
    assert_eq!(
        start.headers.get("sec-fetch-site").map(String::as_str),
        Some("none")
    );
    assert!(!start.headers.contains_key("cookie") && !start.headers.contains_key("referer"));
}

#[tokio::test]
async fn cookies_do_not_cross_hosts_and_the_way_through_another_site_is_remembered() {
    let fake = Fake::start(|port| {
        Table::from([
            (
                "GET /a",
                (
                    200,
                    vec![("set-cookie", "a=1; Path=/".into())],
                    r#"<a id="go" href="/out">go</a>"#.into(),
                ),
            ),
            (
                "GET /out",
                to(302, format!("http://login.b.localhost:{port}/b")),
            ),
            (
                "GET /b",
                to(302, format!("http://login.a.localhost:{port}/back")),
            ),
            ("GET /back", page("<title>Back</title>")),
        ])
    })
    .await;
    let mut browser = browser();
    browser
        .open(&fake.url("login.a.localhost", "/a"))
        .await
        .unwrap();
    browser.link("#go").await.unwrap();
    assert!(!fake.seen("GET /b").headers.contains_key("cookie"));
    let back = fake.seen("GET /back");
    assert_eq!(back.headers.get("cookie").map(String::as_str), Some("a=1"));
    assert_eq!(
        back.headers.get("sec-fetch-site").map(String::as_str),
        Some("cross-site")
    );
}

#[tokio::test]
async fn a_form_post_page_sends_itself() {
    let fake = Fake::start(|port| {
        let action = format!("http://app.a.localhost:{port}/callback");
        let body = format!(
            r#"<form id="form-post" method="post" action="{action}">
            <input type="hidden" name="code" value="c"><button>Continue</button></form>"#
        );
        Table::from([
            (
                "GET /authorize",
                (200, vec![("referrer-policy", "no-referrer".into())], body),
            ),
            ("POST /callback", page("<title>In</title>")),
        ])
    })
    .await;
    let mut browser = browser();
    browser
        .open(&fake.url("login.a.localhost", "/authorize"))
        .await
        .unwrap();
    assert_eq!(browser.page().unwrap().html.title(), "In");
    let post = fake.seen("POST /callback");
    assert_eq!(post.body, "code=c");
    assert_eq!(post.headers.get("origin").map(String::as_str), Some("null"));
    assert!(!post.headers.contains_key("referer"));
    assert_eq!(
        post.headers.get("sec-fetch-site").map(String::as_str),
        Some("same-site")
    );
}

#[tokio::test]
async fn a_307_keeps_method_and_body() {
    let fake = Fake::start(|_| {
        Table::from([
            ("GET /f", page(r#"<form action="/p" method="post"><input name="x" value="1"><button id="submit"></button></form>"#)),
            ("POST /p", to(307, "/q".into())),
            ("POST /q", page("<title>kept</title>")),
        ])
    })
    .await;
    let mut browser = browser();
    browser.open(&fake.url("a.localhost", "/f")).await.unwrap();
    browser.submit("#submit").await.unwrap();
    assert_eq!(browser.page().unwrap().html.title(), "kept");
    assert_eq!(fake.seen("POST /q").body, "x=1");
}

#[tokio::test]
async fn a_redirect_to_a_scripts_own_address_ends_the_visit() {
    let fake = Fake::start(|_| {
        Table::from([(
            "GET /authorize",
            to(302, "http://localhost:8400/?code=abc&state=s".into()),
        )])
    })
    .await;
    let mut browser = browser();
    browser.stop_at(Some("http://localhost:8400".to_owned()));
    browser
        .open(&fake.url("login.a.localhost", "/authorize"))
        .await
        .unwrap();
    let away = browser.away().unwrap();
    assert_eq!(away.query(), Some("code=abc&state=s"));
    assert!(browser.page().is_err());
}

#[tokio::test]
async fn endless_redirects_and_missing_elements_are_errors_that_say_so() {
    let fake = Fake::start(|_| Table::from([("GET /loop", to(302, "/loop".into()))])).await;
    let mut browser = browser();
    let error = browser
        .open(&fake.url("a.localhost", "/loop"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("30 redirects"), "{error}");
    browser
        .open(&fake.url("a.localhost", "/none"))
        .await
        .unwrap();
    let error = browser.fill("#username", "x").unwrap_err().to_string();
    assert!(
        error.contains("no `#username`") && error.contains("status 404"),
        "{error}"
    );
}

#[test]
fn the_policy_of_a_page_is_its_meta_else_its_header() {
    let page = Html::parse(r#"<head><meta name="referrer" content="no-referrer"></head>"#);
    assert_eq!(referrer_policy(&page, "same-origin"), "no-referrer");
    assert_eq!(
        referrer_policy(&Html::default(), "origin, Same-Origin"),
        "same-origin"
    );
    assert_eq!(referrer_policy(&Html::default(), ""), "");
}

#[tokio::test]
async fn a_form_post_page_is_also_known_by_its_script() {
    let body = r#"<head><script src="/assets/form-post.0123.js" defer></script></head>
        <form method="post" action="/callback"><input type="hidden" name="code" value="c">
        <button id="submit">Continue</button></form>"#;
    let fake = Fake::start(|_| {
        Table::from([
            ("GET /authorize", page(body)),
            ("POST /callback", page("<title>In</title>")),
        ])
    })
    .await;
    let mut browser = browser();
    browser
        .open(&fake.url("login.a.localhost", "/authorize"))
        .await
        .unwrap();
    assert_eq!(browser.page().unwrap().html.title(), "In");
    assert_eq!(fake.seen("POST /callback").body, "code=c");
}

#[test]
fn origin_and_referrer_follow_the_policy_of_the_page() {
    let url = |text: &str| Url::parse(text).unwrap();
    let same = url("https://login.a.localhost/next");
    let other = url("https://login.b.localhost/next");
    let rows = [
        (
            "",
            &same,
            Some("https://login.a.localhost/p?q=1"),
            "https://login.a.localhost",
        ),
        (
            "",
            &other,
            Some("https://login.a.localhost/"),
            "https://login.a.localhost",
        ),
        ("no-referrer", &same, None, "null"),
        (
            "same-origin",
            &same,
            Some("https://login.a.localhost/p?q=1"),
            "https://login.a.localhost",
        ),
        ("same-origin", &other, None, "null"),
        (
            "strict-origin",
            &other,
            Some("https://login.a.localhost/"),
            "https://login.a.localhost",
        ),
    ];
    for (policy, to, referrer, origin) in rows {
        let start = Start {
            url: url("https://login.a.localhost/p?q=1#f"),
            referrer_policy: policy.to_owned(),
        };
        assert_eq!(start.referrer(to).as_deref(), referrer, "{policy} {to}");
        assert_eq!(start.origin_for(to), origin, "{policy} {to}");
    }
}

#[test]
fn sites_are_told_apart_by_the_name_below_localhost() {
    let url = |text: &str| Url::parse(text).unwrap();
    let login = url("https://login.global.localhost:1/");
    assert_eq!(
        relation(&login, &url("https://login.global.localhost:1/x")),
        Relation::SameOrigin
    );
    assert_eq!(
        relation(&login, &url("https://myapps.global.localhost:1/")),
        Relation::SameSite
    );
    assert_eq!(
        relation(&login, &url("https://login.usgov.localhost:1/")),
        Relation::CrossSite
    );
    assert_eq!(
        relation(&login, &url("http://login.global.localhost/")),
        Relation::CrossSite
    );
}
