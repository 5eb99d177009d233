//! Every route of every host beside Graph (which has its own table, `guard.rs`), swept: none fails,
//! each answer carries the headers (V-08 to V-11, O-16), and nothing is done for a browser that
//! another site drives, or for an address alone (V-12, S-69).
//!
//! A row of `routes.txt` is host, path, and `form` where a page of ours posts to it. Routes are found
//! in the sources, so a new one without a row is a failing test.

use std::{collections::BTreeSet, fs, path::Path};

use comity_demo::client::Answer;
use http::{HeaderMap, Method, StatusCode};

use crate::{
    csp,
    rig::{Actor, CONTOSO, Rig, on_every_engine},
};

const TABLE: &str = include_str!("routes.txt");
/// Whose routes a file or folder names; the first that fits.
const HOSTS: [(&str, &str); 6] = [
    ("server/src/site/dev_mail.rs", "portal"),
    ("server/src/site/relying_party.rs", "application"),
    ("server/src/site.rs", "all"),
    ("web/src/my_apps.rs", "myapps"),
    ("web/src", "login"),
    ("oidc/src", "login"),
];
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const ALEX: &str = "alex@contoso.com";

fn sources(path: &Path, found: &mut Vec<std::path::PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
        found.push(path.to_owned());
    }
}

/// Host and path of every `.route(` in the crates that serve people and clients.
fn routes() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for place in [
        "oidc/src",
        "web/src",
        "server/src/site",
        "server/src/site.rs",
    ] {
        sources(&crates.join(place), &mut files);
    }
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for part in text.split(".route(").skip(1) {
            let name = part.trim_start().split([',', '\n']).next().unwrap();
            let path = name.trim().trim_matches('"');
            let host = HOSTS
                .iter()
                .find(|(place, _)| file.starts_with(crates.join(place)));
            let host = match (path, host) {
                ("/oidc/userinfo", _) => "graph",
                (_, Some((_, host))) => host,
                (_, None) => panic!("{} has routes: name their host", file.display()),
            };
            found.insert(format!("{host} {path}"));
        }
    }
    found
}

#[test]
fn every_route_of_every_host_has_a_row() {
    let rows = TABLE
        .lines()
        .map(|row| row.trim_end_matches(" form").to_owned());
    let table: BTreeSet<String> = rows.collect();
    let seen = routes();
    assert!(seen.len() > 35, "the sources were not found");
    let missing: Vec<_> = seen.difference(&table).collect();
    let gone: Vec<_> = table.difference(&seen).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "add {missing:#?}, remove {gone:#?}"
    );
}

/// A row with its address in this world.
struct Route {
    url: String,
    is_form: bool,
}

fn table(rig: &Rig) -> Vec<Route> {
    let cloud = rig.cloud_of(CONTOSO);
    let expenses = url::Url::parse(&rig.app("Expenses").redirect_uris[0]).unwrap();
    let expenses = expenses.origin().ascii_serialization();
    let row = |row: &str| {
        let mut words = row.split(' ');
        let origin = match words.next().unwrap() {
            "login" | "all" => &cloud.login,
            "graph" => &cloud.graph,
            "myapps" => &cloud.myapps,
            "portal" => &cloud.portal,
            _ => &expenses,
        };
        let path = words.next().unwrap();
        let path = path
            .replace("entity::PATH", "/.well-known/openid-federation")
            .replace("{tenant}", rig.id(CONTOSO))
            .replace("{n}", "123456")
            .replace(['{', '}', '*'], "x");
        Route {
            url: format!("{origin}{path}"),
            is_form: words.next() == Some("form"),
        }
    };
    let mut all: Vec<_> = TABLE.lines().map(row).collect();
    for origin in [
        &cloud.login,
        &cloud.graph,
        &cloud.myapps,
        &cloud.portal,
        &expenses,
    ] {
        for path in ["/", "/no/such/page", "/v1.0/me", "/healthz"] {
            let url = format!("{origin}{path}");
            all.push(Route {
                url,
                is_form: false,
            });
        }
    }
    all
}

#[tokio::test]
async fn no_route_fails_and_each_answer_carries_the_headers() {
    on_every_engine(async |rig| {
        for route in table(rig) {
            for method in [
                "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
            ] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                for body in [&b""[..], b"\xff\xfe%%%=&&=;", b"{}"] {
                    let answer = rig.send(method.clone(), &route.url, &[FORM], body).await;
                    let what = format!("{method} {}", route.url);
                    assert!(
                        !answer.status.is_server_error(),
                        "{what}: {}",
                        answer.text()
                    );
                    headers(&answer.headers, &what);
                    cookies(&answer.headers, &what);
                    if method == Method::TRACE {
                        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{what}");
                    }
                }
            }
        }
    })
    .await;
}

/// V-09 to V-11, O-16.
fn headers(headers: &HeaderMap, what: &str) {
    let one = |name: &str| {
        let mut all = headers.get_all(name).iter();
        let value = all.next().unwrap_or_else(|| panic!("{what}: no {name}"));
        assert!(
            all.next().is_none() || name == "content-security-policy",
            "{what}: {name} twice"
        );
        value.to_str().unwrap().to_owned()
    };
    let hsts = one("strict-transport-security");
    let age: u64 = hsts.split([';', '=']).nth(1).unwrap().parse().unwrap();
    assert!(
        age >= 31_536_000 && hsts.contains("includeSubDomains"),
        "{what}: {hsts}"
    );
    assert_eq!(one("x-content-type-options"), "nosniff", "{what}");
    // Pages say `same-origin`, or browsers would send `Origin: null` with our own forms.
    let referrer = one("referrer-policy");
    assert!(
        ["no-referrer", "same-origin"].contains(&referrer.as_str()),
        "{what}: {referrer}"
    );
    assert!(
        one("cross-origin-opener-policy").starts_with("same-origin"),
        "{what}"
    );
    assert!(!one("permissions-policy").contains("=*"), "{what}");
    one("cross-origin-resource-policy");
    let csp = headers.get_all("content-security-policy").iter();
    for policy in csp {
        let policy = policy.to_str().unwrap();
        assert_eq!(csp::findings(policy), [] as [String; 0], "{what}: {policy}");
    }
    assert!(
        headers.get("server").is_none() && headers.get("x-powered-by").is_none(),
        "{what}"
    );
}

/// V-08.
fn cookies(headers: &HeaderMap, what: &str) {
    for cookie in headers.get_all("set-cookie") {
        let text = cookie.to_str().unwrap();
        assert!(
            text.starts_with("__Host-") && text.len() <= 4096,
            "{what}: {text}"
        );
        for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite="] {
            assert!(text.contains(part), "{what}: {text}");
        }
        assert!(!text.contains("Domain="), "{what}: {text}");
    }
}

/// Alex, with My Apps open.
async fn signed_in(rig: &Rig) -> Actor {
    let mut alex = rig.actor(ALEX);
    let trip = alex.go(&rig.my_apps()).await;
    rig.at_my_apps(&trip, &alex);
    alex
}

/// Still signed in at both hosts: My Apps opens, and so does an application, without a page.
async fn is_signed_in(rig: &Rig, alex: &mut Actor) {
    for url in [rig.my_apps(), rig.direct("Expenses")] {
        let trip = alex.go(&url).await;
        assert_eq!(trip.stops, [], "{}", trip.path());
    }
}

async fn driven(
    rig: &Rig,
    alex: &Actor,
    method: &Method,
    url: &str,
    more: &[(&str, &str)],
) -> Answer {
    let place = url::Url::parse(url).unwrap();
    // All that a browser holds, as if no cookie had a `SameSite`.
    let jar = alex.browser.jar().header(&place, rig.means.clock.now());
    let jar = jar.unwrap_or_default();
    let mut headers = vec![("cookie", jar.as_str())];
    headers.extend(more);
    rig.send(
        method.clone(),
        url,
        &headers,
        b"username=x&password=x&organization=contoso.com",
    )
    .await
}

#[tokio::test]
async fn another_site_that_drives_her_browser_does_nothing() {
    on_every_engine(async |rig| {
        let mut alex = signed_in(rig).await;
        let before = rig.stored(CONTOSO).await;
        let forged: [&[(&str, &str)]; 6] = [
            &[FORM],
            &[FORM, ("origin", "https://evil.example")],
            &[FORM, ("origin", "null")],
            &[FORM, ("sec-fetch-site", "cross-site")],
            &[
                ("content-type", "text/plain"),
                ("origin", "https://evil.example"),
            ],
            &[
                FORM,
                ("origin", "https://evil.example"),
                ("x-http-method-override", "POST"),
            ],
        ];
        for route in table(rig) {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                for headers in forged {
                    let answer = driven(rig, &alex, &method, &route.url, headers).await;
                    if route.is_form && method == Method::POST {
                        let what = format!("{} {headers:?}", route.url);
                        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{what}");
                    }
                }
            }
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
        is_signed_in(rig, &mut alex).await;
    })
    .await;
}

#[tokio::test]
async fn an_address_alone_does_nothing() {
    on_every_engine(async |rig| {
        let mut alex = signed_in(rig).await;
        let before = rig.stored(CONTOSO).await;
        for route in table(rig) {
            for headers in [&[][..], &[("x-http-method-override", "POST")]] {
                let answer = driven(rig, &alex, &Method::GET, &route.url, headers).await;
                for cookie in answer.headers.get_all("set-cookie") {
                    let text = cookie.to_str().unwrap();
                    let ends = text.contains("Max-Age=0") && !text.starts_with("__Host-signin-");
                    assert!(!ends, "{}: {text}", route.url);
                }
            }
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
        is_signed_in(rig, &mut alex).await;
    })
    .await;
}

#[tokio::test]
async fn the_button_of_my_apps_ends_its_session_and_asks_about_the_rest() {
    on_every_engine(async |rig| {
        let mut alex = signed_in(rig).await;
        let page = alex.browser.page().unwrap();
        let button = page
            .html
            .nodes()
            .find(|n| n.tag() == "button" && n.text() == "Sign out");
        let button = button.unwrap().at();
        let mut copy = signed_in(rig).await;
        alex.browser.press(button).await.unwrap();
        assert_eq!(alex.browser.page().unwrap().url.path(), "/sign-out");
        assert!(alex.text().contains(ALEX), "{}", alex.text());
        // Its own session is over, the sign-in is not: one trip without a page brings another.
        is_signed_in(rig, &mut alex).await;
        is_signed_in(rig, &mut copy).await;
    })
    .await;
}

#[tokio::test]
async fn v18_what_a_proxy_would_say_is_not_believed() {
    on_every_engine(async |rig| {
        let said = [
            ("forwarded", "for=198.51.100.9;host=evil.example;proto=http"),
            ("x-forwarded-for", "198.51.100.9"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-real-ip", "198.51.100.9"),
            ("x-original-url", "/evil"),
        ];
        let cloud = rig.cloud_of(CONTOSO);
        for path in [
            "v2.0/.well-known/openid-configuration",
            "discovery/v2.0/keys",
        ] {
            let url = format!("{}/{}/{path}", cloud.login, rig.id(CONTOSO));
            let plain = rig.send(Method::GET, &url, &[], b"").await;
            let told = rig.send(Method::GET, &url, &said, b"").await;
            assert_eq!(plain.status, StatusCode::OK);
            assert_eq!(plain.text(), told.text(), "{path}");
        }
        let url = format!("{}/{CONTOSO}", cloud.myapps);
        let answer = rig.send(Method::GET, &url, &said, b"").await;
        let location = answer.headers["location"].to_str().unwrap();
        assert!(location.starts_with(&cloud.login), "{location}");
    })
    .await;
}
