//! Redirect URIs against the corpus of security bar O-01: one registered URI, many that look like
//! it; and what cannot be registered at all.

use comity_oauth::redirect_uri::{Client, Registered, RegistrationError, is_loopback_http, origin};

use RegistrationError::{Character, Fragment, Malformed, Scheme, TooLong, UserInfo, Wildcard};

const GOOD: &str = "https://app.contoso.com/auth/callback";

#[test]
fn o01_only_the_exact_text_matches() {
    let registered = Registered::parse(GOOD).unwrap();
    for client in [Client::Public, Client::Confidential] {
        assert!(registered.matches(GOOD, client));
        for requested in corpus() {
            assert!(!registered.matches(&requested, client), "{requested:?}");
        }
    }
}

const CORPUS: &[&str] = &[
    "",
    "/",
    "//app.contoso.com/auth/callback",
    "/auth/callback",
    "app.contoso.com/auth/callback",
    "http://app.contoso.com/auth/callback",
    "HTTPS://app.contoso.com/auth/callback",
    "https://APP.contoso.com/auth/callback",
    "https://app.contoso.com/Auth/callback",
    "https://app.contoso.com/auth/callback/",
    "https://app.contoso.com/auth/callback/evil",
    "https://app.contoso.com/auth/callback..;/evil",
    "https://app.contoso.com/auth/callback/..;/",
    "https://app.contoso.com/auth/callback/../evil",
    "https://app.contoso.com/auth/callback/%2e%2e/evil",
    "https://app.contoso.com/auth/./callback",
    "https://app.contoso.com/auth//callback",
    "https://app.contoso.com/auth/callback%2f",
    "https://app.contoso.com/auth/callback%00",
    "https://app.contoso.com/auth/callback%0d%0aSet-Cookie:a=b",
    "https://app.contoso.com/auth/callback\r\nSet-Cookie:a=b",
    "https://app.contoso.com/auth/callback\n",
    "https://app.contoso.com/auth/callback\t",
    "https://app.contoso.com/auth/callback ",
    " https://app.contoso.com/auth/callback",
    "https://app.contoso.com/auth/callback?",
    "https://app.contoso.com/auth/callback?x=1",
    "https://app.contoso.com/auth/callback?code=1&code=2",
    "https://app.contoso.com/auth/callback#",
    "https://app.contoso.com/auth/callback#x",
    "https://app.contoso.com/auth/callback;x",
    "https://app.contoso.com:443/auth/callback",
    "https://app.contoso.com:8443/auth/callback",
    "https://app.contoso.com:/auth/callback",
    "https://app.contoso.com./auth/callback",
    "https://app.contoso.com.evil.example/auth/callback",
    "https://evil.example/app.contoso.com/auth/callback",
    "https://evil.example/?https://app.contoso.com/auth/callback",
    "https://good@app.contoso.com/auth/callback",
    "https://app.contoso.com@evil.example/auth/callback",
    "https://app.contoso.com:x@evil.example/auth/callback",
    "https://app.contoso.com%40evil.example/auth/callback",
    "https://app.contoso.com\\@evil.example/auth/callback",
    "https://app.contoso.com\\auth\\callback",
    "https:\\\\app.contoso.com\\auth\\callback",
    "https:/app.contoso.com/auth/callback",
    "https:app.contoso.com/auth/callback",
    "https:///app.contoso.com/auth/callback",
    "https://xn--app-contoso-.com/auth/callback",
    "https://app.cont\u{43e}so.com/auth/callback",
    "https://app\u{3002}contoso.com/auth/callback",
    "https://app.contoso.com\u{ff0f}auth/callback",
    "https://sub.app.contoso.com/auth/callback",
    "https://contoso.com/auth/callback",
    "https://*.contoso.com/auth/callback",
    "https://app.contoso.com/auth/*",
    "https://app.contoso.com/auth/callbac",
    "https://app.contoso.com/auth/%63allback",
    "javascript:alert(1)//app.contoso.com/auth/callback",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "http://127.0.0.1:1/auth/callback",
    "http://localhost/auth/callback",
    "http://localhost",
    "http://[::1]/auth/callback",
];

fn corpus() -> Vec<String> {
    let long = [
        format!("{GOOD}{}", "a".repeat(8192)),
        format!("{GOOD}?{}", "a".repeat(8192)),
    ];
    CORPUS.iter().map(ToString::to_string).chain(long).collect()
}

#[test]
fn o01_loopback_has_any_port_for_public_clients_only() {
    for (registered, requested, matches) in [
        ("http://localhost", "http://localhost:51234", true),
        ("http://localhost", "http://localhost:51234/", true),
        ("http://localhost", "http://localhost/", true),
        ("http://localhost/", "http://localhost:51234", true),
        (
            "http://localhost:3000/cb",
            "http://localhost:51234/cb",
            true,
        ),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb", true),
        ("http://[::1]/cb", "http://[::1]:65535/cb", true),
        ("http://localhost/cb?x=1", "http://localhost:9/cb?x=1", true),
        ("http://localhost", "http://localhost:51234/evil", false),
        ("http://localhost/cb", "http://localhost:51234", false),
        (
            "http://localhost/cb",
            "http://localhost:51234/cb?x=1",
            false,
        ),
        ("http://localhost/cb", "http://localhost:51234/cb#x", false),
        ("http://localhost", "http://127.0.0.1:51234", false),
        ("http://127.0.0.1", "http://localhost:51234", false),
        ("http://localhost", "https://localhost:51234", false),
        ("http://localhost", "http://LOCALHOST:51234", false),
        ("http://localhost", "http://localhost:0", false),
        ("http://localhost", "http://localhost:65536", false),
        ("http://localhost", "http://localhost:080", false),
        ("http://localhost", "http://localhost:", false),
        ("http://localhost", "http://localhost:+80", false),
        (
            "http://localhost",
            "http://localhost:80@evil.example",
            false,
        ),
        ("http://localhost", "http://localhost@evil.example", false),
        ("http://localhost", "http://localhost.evil.example", false),
        ("http://localhost", "http://localhostevil", false),
        (
            "http://localhost",
            "http://localhost:80\\@evil.example",
            false,
        ),
        ("http://localhost", "http://localhost?x", false),
        ("https://localhost/cb", "https://localhost:9/cb", false),
    ] {
        let registered = Registered::parse(registered).unwrap();
        assert_eq!(
            registered.matches(requested, Client::Public),
            matches,
            "{requested}"
        );
        let exact = registered.as_str() == requested;
        assert_eq!(
            registered.matches(requested, Client::Confidential),
            exact,
            "{requested}"
        );
    }
}

#[test]
fn o01_what_can_be_registered() {
    for uri in [
        GOOD,
        "https://app.contoso.com",
        "https://app.contoso.com/",
        "https://app.contoso.com:8443/cb?tenant=a",
        "http://localhost",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:1/cb",
        "https://xn--bcher-kva.example/cb",
    ] {
        assert_eq!(Registered::parse(uri).unwrap().as_str(), uri);
    }
    let long = format!("https://a.example/{}", "a".repeat(2048));
    for (uri, error) in [
        ("", Malformed),
        ("/cb", Malformed),
        ("https://", Malformed),
        ("https://A.example/cb", Malformed),
        ("https://a.example:443/cb", Malformed),
        ("https://a.example/x/../cb", Malformed),
        ("https:a.example/cb", Malformed),
        ("http://app.contoso.com/cb", Scheme),
        ("http://127.0.0.2/cb", Scheme),
        ("http://localhost.evil.example/cb", Scheme),
        ("javascript:alert(1)", Scheme),
        ("ftp://a.example/", Scheme),
        ("myapp://auth", Scheme),
        ("https://a.example/cb#", Fragment),
        ("https://a.example/cb#x", Fragment),
        ("https://u:p@a.example/cb", UserInfo),
        ("https://u@a.example/cb", UserInfo),
        ("https://*.example/cb", Wildcard),
        ("https://a.example/*", Wildcard),
        ("https://a.example/c b", Character),
        ("https://a.example/cb\n", Character),
        ("https://a.example\\cb", Character),
        ("https://bücher.example/cb", Character),
        (&long, TooLong),
    ] {
        assert_eq!(Registered::parse(uri), Err(error), "{uri:?}");
    }
}

#[test]
fn origins_for_form_action() {
    assert_eq!(origin(GOOD).as_deref(), Some("https://app.contoso.com"));
    assert_eq!(
        origin("http://localhost:3000/cb").as_deref(),
        Some("http://localhost:3000")
    );
    assert_eq!(origin("javascript:alert(1)"), None);
    assert!(is_loopback_http("http://localhost:3000/cb"));
    assert!(!is_loopback_http("http://localhost.evil.example/cb"));
}
