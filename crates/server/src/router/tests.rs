use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes},
    routing::{get, post},
};
use comity_model::cloud::Hosts;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{CloudSites, Limits, OtherSite, Sites, router};
use crate::{peer::Peer, readiness::Readiness};

fn hosts(key: &str) -> Hosts {
    let host = |site: &str| format!("https://{site}.{key}.localhost:8443");
    Hosts {
        login: host("login"),
        graph: host("graph"),
        portal: host("portal"),
        myapps: host("myapps"),
        device: host("device"),
    }
}

fn site(name: String) -> Router {
    let slow = || async { tokio::time::sleep(Duration::from_mins(10)).await };
    Router::new()
        .route("/", get(move || async move { name }))
        .route(
            "/echo",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .route("/slow", get(slow))
}

fn cloud(key: &str) -> CloudSites {
    let site = |what: &str| site(format!("{what} of {key}"));
    CloudSites {
        hosts: hosts(key),
        login: site("login"),
        graph: site("graph"),
        portal: site("portal"),
        myapps: site("myapps"),
        device: site("device"),
    }
}

fn world() -> Router {
    let others = vec![OtherSite {
        origin: "https://expenses.contoso.localhost:8443".into(),
        router: site("expenses".into()),
    }];
    let sites = Sites {
        clouds: vec![cloud("global"), cloud("usgov")],
        others,
    };
    let limits = Limits {
        body: 1000,
        target: 100,
        head: 400,
        exchange: Duration::from_millis(50),
    };
    router(sites, limits, Readiness::ready_now()).unwrap()
}

async fn ask(router: &Router, request: http::request::Builder, body: Body) -> (StatusCode, String) {
    let response = router
        .clone()
        .oneshot(request.body(body).unwrap())
        .await
        .unwrap();
    for name in [
        "strict-transport-security",
        "content-security-policy",
        "x-content-type-options",
    ] {
        assert!(response.headers().contains_key(name), "{name}");
    }
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn get_from(host: &str) -> (StatusCode, String) {
    ask(
        &world(),
        Request::get("/").header(header::HOST, host),
        Body::empty(),
    )
    .await
}

#[tokio::test]
async fn the_host_decides_which_site_answers() {
    for (host, expected) in [
        ("login.global.localhost:8443", "login of global"),
        ("LOGIN.USGOV.localhost:8443", "login of usgov"),
        ("graph.usgov.localhost:8443", "graph of usgov"),
        ("portal.global.localhost:8443", "portal of global"),
        ("myapps.global.localhost:8443", "myapps of global"),
        ("device.global.localhost:8443", "device of global"),
        ("expenses.contoso.localhost:8443", "expenses"),
    ] {
        assert_eq!(
            get_from(host).await,
            (StatusCode::OK, expected.to_owned()),
            "{host}"
        );
    }
}

#[tokio::test]
async fn s49_an_unknown_host_is_misdirected() {
    for host in [
        "evil.example",
        "login.global.localhost",
        "login.global.localhost:443",
        "login.global.localhost.:8443",
        "127.0.0.1:8443",
        "localhost:8443",
    ] {
        assert_eq!(
            get_from(host).await.0,
            StatusCode::MISDIRECTED_REQUEST,
            "{host}"
        );
    }
}

#[tokio::test]
async fn s49_a_forwarded_host_changes_nothing() {
    let request = Request::get("/")
        .header(header::HOST, "login.global.localhost:8443")
        .header("x-forwarded-host", "login.usgov.localhost:8443")
        .header("forwarded", "host=login.usgov.localhost:8443");
    assert_eq!(
        ask(&world(), request, Body::empty()).await.1,
        "login of global"
    );
}

#[tokio::test]
async fn a_request_names_exactly_one_host() {
    let none = Request::get("/");
    let two = Request::get("/")
        .header(header::HOST, "login.global.localhost:8443")
        .header(header::HOST, "login.usgov.localhost:8443");
    let disagreeing = Request::get("https://login.usgov.localhost:8443/")
        .header(header::HOST, "login.global.localhost:8443");
    let malformed = Request::get("/").header(header::HOST, "u@login.global.localhost:8443");
    let longer = Request::get("/").header(header::HOST, "login.global.localhost:8443.evil.example");
    for request in [none, two, disagreeing, malformed, longer] {
        assert_eq!(
            ask(&world(), request, Body::empty()).await.0,
            StatusCode::BAD_REQUEST
        );
    }
    let agreeing = Request::get("https://login.usgov.localhost:8443/")
        .header(header::HOST, "login.usgov.localhost:8443");
    assert_eq!(
        ask(&world(), agreeing, Body::empty()).await.1,
        "login of usgov"
    );
    let http2 = Request::get("https://login.usgov.localhost:8443/");
    assert_eq!(
        ask(&world(), http2, Body::empty()).await.1,
        "login of usgov"
    );
}

#[tokio::test]
async fn a_connection_serves_the_cloud_of_its_name_only() {
    const OK: StatusCode = StatusCode::OK;
    const NO: StatusCode = StatusCode::MISDIRECTED_REQUEST;
    for (name, host, expected) in [
        ("login.global.localhost", "login.global.localhost", OK),
        ("login.global.localhost", "graph.global.localhost", OK),
        ("login.global.localhost", "login.usgov.localhost", NO),
        ("login.global.localhost", "device.global.localhost", NO),
        ("device.global.localhost", "login.global.localhost", NO),
        ("device.global.localhost", "device.global.localhost", OK),
        ("device.global.localhost", "device.usgov.localhost", NO),
        ("expenses.contoso.localhost", "login.global.localhost", NO),
        ("login.global.localhost", "expenses.contoso.localhost", NO),
        ("evil.example", "login.global.localhost", NO),
    ] {
        let peer = Peer {
            address: [127, 0, 0, 1].into(),
            server_name: Some(name.into()),
            client_certificate: None,
        };
        let request = Request::get("/")
            .header(header::HOST, format!("{host}:8443"))
            .extension(peer);
        assert_eq!(
            ask(&world(), request, Body::empty()).await.0,
            expected,
            "{name} {host}"
        );
    }
}

#[tokio::test]
async fn healthz_answers_on_every_host_and_tells_the_state() {
    let readiness = Readiness::default();
    let sites = Sites {
        clouds: vec![cloud("global")],
        others: vec![],
    };
    let router = router(sites, Limits::default(), readiness.clone()).unwrap();
    let ask = async |host: &str| {
        let request = Request::get("/healthz").header(header::HOST, format!("{host}:8443"));
        ask(&router, request, Body::empty()).await
    };
    assert_eq!(
        ask("login.global.localhost").await,
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n".into())
    );
    readiness.set_ready();
    for site in ["login", "graph", "portal", "myapps", "device"] {
        let host = format!("{site}.global.localhost");
        assert_eq!(ask(&host).await, (StatusCode::OK, "ready\n".into()));
    }
    assert_eq!(ask("evil.example").await.0, StatusCode::MISDIRECTED_REQUEST);
    readiness.set_stopping();
    assert_eq!(
        ask("login.global.localhost").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
}

#[tokio::test]
async fn oversized_bodies_and_addresses_are_refused() {
    let echo = || Request::post("/echo").header(header::HOST, "login.global.localhost:8443");
    let body = |length: usize| Body::from("x".repeat(length));
    assert_eq!(
        ask(&world(), echo(), body(1000)).await,
        (StatusCode::OK, "1000".into())
    );
    assert_eq!(
        ask(&world(), echo(), body(1001)).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let declared = echo().header(header::CONTENT_LENGTH, "1001");
    assert_eq!(
        ask(&world(), declared, Body::empty()).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let long = format!("/?{}", "x".repeat(99));
    let request = Request::get(long).header(header::HOST, "login.global.localhost:8443");
    assert_eq!(
        ask(&world(), request, Body::empty()).await.0,
        StatusCode::URI_TOO_LONG
    );
}

#[tokio::test]
async fn large_heads_are_refused() {
    let host = "login.global.localhost:8443";
    // `/`, the host's line, and the rest in `x` and `y`.
    let room = 400 - 1 - ("host".len() + host.len() + 4) - 2 * ("x".len() + 4);
    for (length, status) in [
        (room, StatusCode::OK),
        (room + 1, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
    ] {
        let request = Request::get("/")
            .header(header::HOST, host)
            .header("x", "x".repeat(100))
            .header("y", "y".repeat(length - 100));
        assert_eq!(ask(&world(), request, Body::empty()).await.0, status);
    }
}

#[tokio::test]
async fn slow_exchanges_end_and_odd_methods_are_refused() {
    let at = |method: &str, path: &str| {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "login.global.localhost:8443")
    };
    assert_eq!(
        ask(&world(), at("GET", "/slow"), Body::empty()).await.0,
        StatusCode::REQUEST_TIMEOUT
    );
    assert_eq!(
        ask(&world(), at("TRACE", "/"), Body::empty()).await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        ask(&world(), at("POST", "/healthz"), Body::empty()).await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        ask(&world(), at("GET", "/none"), Body::empty()).await.0,
        StatusCode::NOT_FOUND
    );
}

#[test]
fn two_clouds_cannot_share_a_host() {
    let sites = Sites {
        clouds: vec![cloud("global"), cloud("global")],
        others: vec![],
    };
    assert!(router(sites, Limits::default(), Readiness::default()).is_err());
}
