//! `/sign-out` and `/signed-out` (sessions.md; cross-cloud-federation.md §3.14; V-12).

use comity_demo::{browser::Browser, client::Answer};
use comity_testkit::Engine;
use http::{
    HeaderName,
    header::{LOCATION, SET_COOKIE},
};

use super::rig::{FORGED, Rig, hidden, is_in};

#[tokio::test]
async fn the_answer_to_the_question_ends_the_session_and_what_came_of_it() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let mut browser = rig.alex().await;
        let before = rig.cookies(&browser, &rig.login("/"));
        browser.open(&rig.login("/sign-out")).await.unwrap();
        let page = browser.page().unwrap();
        assert!(page.html.text().contains("alex@contoso.com"));
        assert!(
            page.html.text().contains("Contoso"),
            "the organization is named"
        );
        assert!(page.html.by_id("sign-out-home").is_none(), "she is at home");
        browser.submit("#submit").await.unwrap();
        let page = browser.page().unwrap();
        assert!(
            page.text_of("logged-out")
                .unwrap()
                .contains("You are signed out")
        );
        assert!(
            !rig.cookies(&browser, &rig.login("/"))
                .contains("__Host-session")
        );
        // My Apps had a session of its own, which lived by this one.
        rig.my_apps(&mut browser).await;
        assert!(!is_in(&browser), "{}", browser.page().unwrap().describe());
        // The old cookie names nobody, wherever a copy of it is.
        let headers = [("cookie", before.as_str())];
        let answer = rig.get(&rig.login("/sign-out"), &headers).await;
        assert!(answer.header(&LOCATION).unwrap().ends_with("/signed-out"));
    }
}

/// Sends the form that is shown, to one of these hosts.
async fn sent(rig: &Rig, browser: &Browser, (origin, url): (&str, &str)) -> Answer {
    let token = hidden(browser, "form_token");
    let cookies = rig.cookies(browser, url);
    let headers = [
        ("cookie", cookies.as_str()),
        ("origin", origin),
        ("sec-fetch-site", "same-origin"),
    ];
    rig.post(url, &[("form_token", &token)], &headers).await
}

/// V-54: nothing that a sign-out leaves in the browser names anybody, and no cookie of another host
/// is touched.
#[tokio::test]
async fn v54_a_browser_keeps_nothing_of_who_was_here() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.alex().await;
    let clear = HeaderName::from_static("clear-site-data");
    // My Apps clears its own.
    let origin = rig.cloud("global").myapps.clone();
    let away = format!("{origin}/signout");
    let answer = sent(&rig, &browser, (&origin, &away)).await;
    assert_eq!(
        answer.header(&clear),
        Some("\"storage\""),
        "{}",
        answer.status
    );
    // Two sign-ins are under way.
    for more in ["prompt=login", "prompt=select_account"] {
        let url = rig.login(&format!(
            "/{}/oauth2/v2.0/authorize?client_id={}&response_type=code&scope=openid&{more}\
             &redirect_uri=http://localhost:8400&code_challenge={}&code_challenge_method=S256",
            rig.contoso().id,
            comity_demo::oauth::AZURE_CLI,
            "A".repeat(43),
        ));
        browser.open(&url).await.unwrap();
    }
    let here = rig.login("/");
    let before = rig.cookies(&browser, &here);
    assert_eq!(before.matches("__Host-signin-").count(), 2, "{before}");
    browser.open(&rig.login("/sign-out")).await.unwrap();
    let login = rig.login("");
    let answer = sent(&rig, &browser, (&login, &rig.login("/sign-out"))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header(&clear), Some("\"storage\""));
    let set: Vec<&str> = answer
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|v| v.to_str().unwrap())
        .collect();
    for name in before.split("; ").filter_map(|pair| pair.split('=').next()) {
        if name == "__Host-form" {
            continue;
        }
        let start = format!("{name}=;");
        let mut gone = set.iter().filter(|c| c.starts_with(&start));
        assert!(gone.any(|c| c.contains("Max-Age=0")), "{name}: {set:?}");
    }
}

#[tokio::test]
async fn looking_at_the_question_or_staying_ends_nothing() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.alex().await;
    for _ in 0..2 {
        browser.open(&rig.login("/sign-out")).await.unwrap();
    }
    let at = browser.page().unwrap().link_named("stay").unwrap().at();
    browser.press(at).await.unwrap();
    assert!(is_in(&browser), "{}", browser.page().unwrap().describe());
    browser.open(&rig.login("/signed-out")).await.unwrap();
    let path = browser.page().unwrap().url.path().to_owned();
    assert_eq!(
        path, "/sign-out",
        "nobody is told so who is still signed in"
    );
}

#[tokio::test]
async fn v12_no_form_of_another_page_signs_anybody_out() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.alex().await;
    browser.open(&rig.login("/sign-out")).await.unwrap();
    let token = hidden(&browser, "form_token");
    let url = rig.login("/sign-out");
    let cookies = rig.cookies(&browser, &url);
    for (what, headers, with_token) in FORGED {
        let mut headers = headers.to_vec();
        headers.push(("cookie", cookies.as_str()));
        let fields = [("form_token", token.as_str())];
        let fields: &[_] = if with_token { &fields } else { &[] };
        let answer = rig.post(&url, fields, &headers).await;
        assert_eq!(answer.status, 403, "{what}");
        assert_eq!(answer.header(&SET_COOKIE), None, "{what}");
    }
    rig.my_apps(&mut browser).await;
    assert!(is_in(&browser), "she is still signed in");
}

#[tokio::test]
async fn nobody_is_told_that_it_is_over() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.browser();
    browser.open(&rig.login("/sign-out")).await.unwrap();
    assert_eq!(browser.page().unwrap().url.path(), "/signed-out");
    assert!(browser.page().unwrap().html.by_id("logged-out").is_some());
}

#[tokio::test]
async fn a_guest_is_asked_about_home_which_asks_for_itself() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut out = Vec::new();
    let outcome = comity_demo::story::play(&rig.world.story(), &mut out).await;
    assert_eq!(outcome.unwrap().failed, None);
    for also_home in [false, true] {
        let mut browser = rig.browser();
        rig.my_apps(&mut browser).await;
        let trip = rig.walk(&mut browser, "usgov", "nora@northwind.us").await;
        assert!(is_in(&browser), "{}", trip.outcome(&browser));
        browser.open(&rig.login("/sign-out")).await.unwrap();
        assert!(
            browser
                .page()
                .unwrap()
                .html
                .text()
                .contains("Northwind Agency")
        );
        if also_home {
            browser.fill("#sign-out-home", "on").unwrap();
        }
        browser.submit("#submit").await.unwrap();
        let page = browser.page().unwrap();
        if also_home {
            assert_eq!(page.host(), "login.usgov.localhost");
            assert_eq!(page.url.path(), "/sign-out", "home asks for itself");
            browser.submit("#submit").await.unwrap();
            let home = browser.page().unwrap();
            assert!(home.html.by_id("logged-out").is_some());
            assert!(!home.html.text().contains("still signed in"));
        } else {
            let text = page.text_of("logged-out").unwrap();
            assert!(
                text.contains("still signed in at Northwind Agency"),
                "{text}"
            );
            let link = page.link_named("sign out there").unwrap();
            let home = "https://login.usgov.localhost:8443/sign-out";
            assert_eq!(link.attribute("href"), Some(home));
        }
    }
}
