//! Requests that are refused: on our own page until the way back is known, through it afterwards
//! (O-01, O-03, O-04, O-09).

use comity_demo::client::Answer;
use http::header::LOCATION;
use url::Url;

use super::rig::{CLI, LOOPBACK, Rig, challenge, param};

/// The page's number; a page never redirects.
fn page(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.header(&LOCATION), None);
    let html = comity_demo::markup::Html::parse(&answer.text());
    html.by_id("error-code").unwrap().text()
}

fn back(answer: &Answer) -> Url {
    assert_eq!(answer.status, 303, "{}", answer.text());
    Url::parse(answer.header(&LOCATION).unwrap()).unwrap()
}

#[tokio::test]
async fn o01_redirect_uris_are_compared_letter_by_letter() {
    let rig = Rig::start().await;
    let app = rig.expenses();
    let good = app.redirect_uris[0].clone();
    let scope = "openid profile";
    let known = rig
        .get(&rig.request_of(&app.app_id, &good, scope, &[]))
        .await;
    assert_eq!(known.status, 303, "{}", known.text());
    let parsed = Url::parse(&good).unwrap();
    let (host, path) = (
        parsed.host_str().unwrap().to_owned(),
        parsed.path().to_owned(),
    );
    let upper = good.replace(&host, &host.to_uppercase());
    for bad in [
        format!("{good}/"),
        format!("{good}/x"),
        format!("{good}/..;/"),
        format!("{good}?x=1"),
        format!("{good}#x"),
        format!("{good}%2e%2e"),
        format!("{good}%0d%0aSet-Cookie:x"),
        format!("{good}\\x"),
        format!("{good} "),
        format!(" {good}"),
        good.replace("https://", "http://"),
        good.replace("https://", "https://good@"),
        good.replace(&host, &format!("{host}.evil.example")),
        good.replace(&host, &format!("{host}.")),
        good.replace(&path, &path.to_uppercase()),
        upper,
        "https://evil.example".to_owned(),
        format!("https://{host}@evil.example{path}"),
        "javascript:alert(1)".to_owned(),
        "JaVaScRiPt:alert(1)".to_owned(),
        "http://127.0.0.1:1".to_owned(),
        "http://localhost".to_owned(),
        "//evil.example".to_owned(),
        format!("https://evil.example/{}", "a".repeat(8000)),
        "urn:ietf:wg:oauth:2.0:oob".to_owned(),
    ] {
        let code = page(
            &rig.get(&rig.request_of(&app.app_id, &bad, scope, &[]))
                .await,
        );
        assert!(
            ["AADSTS50011", "AADSTS9002313"].contains(&code.as_str()),
            "{bad}: {code}"
        );
    }
    let any_port = rig
        .get(&rig.request_of(CLI, "http://localhost:61234", scope, &[]))
        .await;
    assert_eq!(any_port.status, 303, "{}", any_port.text());
    let elsewhere = rig
        .get(&rig.request_of(CLI, "http://localhost.evil.example:1", scope, &[]))
        .await;
    assert_eq!(page(&elsewhere), "AADSTS50011");
}

#[tokio::test]
async fn before_the_way_back_is_known_an_error_is_our_page() {
    let rig = Rig::start().await;
    let unknown = "6fa459ea-ee8a-3ca4-894e-db77e160355e";
    for (url, expected) in [
        (
            rig.request_of(unknown, LOOPBACK, "openid", &[]),
            "AADSTS700016",
        ),
        (rig.request_of("x", LOOPBACK, "openid", &[]), "AADSTS700016"),
        (rig.request(&[("client_id", CLI)]), "AADSTS9002313"),
        (rig.request(&[("redirect_uri", LOOPBACK)]), "AADSTS9002313"),
        (
            rig.request(&[]).replace("redirect_uri=", "redirect="),
            "AADSTS900144",
        ),
        (
            rig.request(&[])
                .replace(&rig.contoso().id, "unknown.example"),
            "AADSTS90002",
        ),
        (
            rig.request(&[]).replace(&rig.contoso().id, "%7Bx%7D"),
            "AADSTS900023",
        ),
        (
            rig.request_of(&rig.expenses().app_id, "https://x.example", "openid", &[])
                .replace(&rig.contoso().id, "common"),
            "AADSTS50194",
        ),
    ] {
        assert_eq!(page(&rig.get(&url).await), expected, "{url}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn afterwards_it_goes_back_with_state_and_issuer() {
    let rig = Rig::start().await;
    let issuer = format!("{}/{}/v2.0", rig.global().login, rig.contoso().id);
    let request = rig.request(&[]);
    let without = |name: &str| {
        let url = Url::parse(&request).unwrap();
        let pairs: Vec<_> = url
            .query_pairs()
            .into_owned()
            .filter(|(n, _)| n != name)
            .collect();
        let mut url = url.clone();
        url.query_pairs_mut().clear().extend_pairs(pairs);
        url.to_string()
    };
    for (url, error, number) in [
        (without("code_challenge"), "invalid_request", "AADSTS50147"),
        (without("response_type"), "invalid_request", "AADSTS900144"),
        (without("scope"), "invalid_request", "AADSTS900144"),
        (
            request.replace("response_type=code", "response_type=token"),
            "unsupported_response_type",
            "AADSTS70005",
        ),
        (
            request.replace("S256", "plain"),
            "invalid_request",
            "AADSTS50147",
        ),
        (
            request.replace("scope=", "scope=Made.Up+&x="),
            "invalid_scope",
            "AADSTS70011",
        ),
        (
            rig.request(&[("prompt", "none")]),
            "login_required",
            "AADSTS50058",
        ),
        (
            rig.request(&[("prompt", "none login")]),
            "invalid_request",
            "AADSTS9002313",
        ),
        (
            rig.request(&[("prompt", "maybe")]),
            "invalid_request",
            "AADSTS9002313",
        ),
        (
            rig.request(&[("request", "x.y.z")]),
            "request_not_supported",
            "AADSTS90023",
        ),
        (
            rig.request(&[("request_uri", "https://x.example/r")]),
            "invalid_request_uri",
            "AADSTS90023",
        ),
        (
            rig.request(&[("nonce", "again")]),
            "invalid_request",
            "AADSTS9002313",
        ),
        (
            rig.request(&[("max_age", "-1")]),
            "invalid_request",
            "AADSTS9002313",
        ),
        (
            rig.request(&[("claims", "{")]),
            "invalid_request",
            "AADSTS9002313",
        ),
    ] {
        let location = back(&rig.get(&url).await);
        assert!(
            location.as_str().starts_with("http://localhost:8400/?"),
            "{location}"
        );
        assert_eq!(
            param(&location, "error").as_deref(),
            Some(error),
            "{url}: {location}"
        );
        assert!(
            param(&location, "error_description")
                .unwrap()
                .starts_with(number),
            "{url}: {location}"
        );
        assert_eq!(param(&location, "state").as_deref(), Some("st"));
        assert_eq!(
            param(&location, "iss").as_deref(),
            Some(issuer.as_str()),
            "o09"
        );
        assert_eq!(param(&location, "code"), None);
    }
}

#[tokio::test]
async fn modes_of_the_way_back() {
    let rig = Rig::start().await;
    let silent = |mode: &str| rig.request(&[("prompt", "none"), ("response_mode", mode)]);
    let fragment = back(&rig.get(&silent("fragment")).await);
    assert!(
        fragment
            .fragment()
            .unwrap()
            .contains("error=login_required")
    );
    let form = rig.get(&silent("form_post")).await;
    assert_eq!(form.status, 200);
    let csp = form.header(&http::header::CONTENT_SECURITY_POLICY).unwrap();
    assert!(
        csp.contains("form-action http://localhost:*;"),
        "v68: {csp}"
    );
    assert!(
        csp.contains("frame-ancestors http://localhost:*"),
        "a silent answer may be framed: {csp}"
    );
    assert!(
        form.text().contains("login_required")
            && form.text().contains(r#"action="http://localhost:8400""#)
    );
}

#[tokio::test]
async fn a_post_is_read_from_its_body_alone() {
    let rig = Rig::start().await;
    let url = rig.endpoint(&rig.contoso().id, "authorize");
    let challenge = challenge();
    let fields = [
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", LOOPBACK),
        ("scope", "openid"),
        ("prompt", "none"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let whole = rig.post(&url, &fields, &[]).await;
    assert_eq!(
        param(&back(&whole), "error").as_deref(),
        Some("login_required")
    );
    let split = rig
        .post(&format!("{url}?client_id={CLI}"), &fields[1..], &[])
        .await;
    assert_eq!(
        page(&split),
        "AADSTS900144",
        "o03: query and body are not merged"
    );
}
