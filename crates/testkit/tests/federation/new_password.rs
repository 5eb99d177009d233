//! A password that an administrator has set is replaced before anything else (Graph,
//! `forceChangePasswordNextSignIn`), in a tenant of one's own and at home on a crossing.

use comity_demo::{browser::Browser, graph::Graph};
use serde_json::json;

use super::{
    asking::{LOOPBACK, browser, cookie, request, session_of},
    rig::{NORA, Rig},
};

const BO: &str = "bo@contoso.com";
const GIVEN: &str = "a lamp on the pier at dusk";
const CHOSEN: &str = "seven boats leave before noon";

async fn give(admin: &Graph, user: &str, profile: serde_json::Value) {
    let path = format!("/v1.0/users/{user}");
    let body = json!({ "passwordProfile": profile });
    assert_eq!(admin.patch(&path, &body).await.unwrap().status, 204);
}

/// Types what the pages ask for until they ask for something else; what they asked.
async fn types(browser: &mut Browser, name: &str, password: &str) -> Vec<&'static str> {
    let mut asked = Vec::new();
    while browser.away().is_none() && asked.len() < 6 {
        let page = browser.page().unwrap();
        let has = |id: &str| page.html.by_id(id).is_some();
        let (id, text) = if has("username") {
            ("username", name)
        } else if has("password") {
            ("password", password)
        } else {
            break;
        };
        asked.push(id);
        browser.fill(&format!("#{id}"), text).unwrap();
        browser.submit("#submit").await.unwrap();
    }
    asked
}

async fn chooses(browser: &mut Browser, password: &str) -> Option<String> {
    browser.fill("#new-password", password).unwrap();
    browser.submit("#submit").await.unwrap();
    if browser.away().is_some() {
        return None;
    }
    browser.page().unwrap().text_of("error-message")
}

fn has_code(browser: &Browser) -> bool {
    let url = browser.away();
    url.is_some_and(|url| url.query_pairs().any(|(n, _)| n == "code"))
}

#[tokio::test]
async fn nothing_comes_before_the_new_password() {
    let rig = Rig::start().await;
    let admin = rig.graph("global", "contoso.com", "admin").await;
    let bo = rig.contoso().user(BO).unwrap().id.clone();
    let force = json!({ "password": GIVEN, "forceChangePasswordNextSignIn": true });
    give(&admin, &bo, force).await;
    let mut browser = browser(&rig);
    browser.open(&request(&rig, &[])).await.unwrap();
    let asked = types(&mut browser, BO, GIVEN).await;
    assert_eq!(asked, ["username", "password"]);
    let session = browser
        .jar()
        .find("login.global.localhost", "__Host-session");
    assert!(session.is_none(), "nobody is signed in yet");
    for (bad, why) in [
        ("short", "at least 15"),
        ("Password2026!!!!", "common"),
        (GIVEN, "another one"),
    ] {
        let error = chooses(&mut browser, bad).await.unwrap();
        assert!(error.contains(why), "{bad}: {error}");
    }
    assert_eq!(chooses(&mut browser, CHOSEN).await, None);
    assert!(has_code(&browser), "{:?}", browser.away());
    // From then on it is her password, and the one before is none.
    for (password, right) in [(GIVEN, false), (CHOSEN, true)] {
        let mut browser = super::asking::browser(&rig);
        browser.open(&request(&rig, &[])).await.unwrap();
        types(&mut browser, BO, password).await;
        assert_eq!(has_code(&browser), right, "{password}");
    }
}

#[tokio::test]
async fn a_password_given_for_good_is_not_asked_to_be_changed() {
    let rig = Rig::start().await;
    let admin = rig.graph("global", "contoso.com", "admin").await;
    let bo = rig.contoso().user(BO).unwrap().id.clone();
    for profile in [
        json!({ "password": GIVEN, "forceChangePasswordNextSignIn": false }),
        json!({ "password": CHOSEN }),
    ] {
        let password = profile["password"].as_str().unwrap().to_owned();
        give(&admin, &bo, profile).await;
        let mut browser = browser(&rig);
        browser.open(&request(&rig, &[])).await.unwrap();
        types(&mut browser, BO, &password).await;
        assert!(has_code(&browser));
    }
}

#[tokio::test]
async fn the_flag_alone_asks_at_the_next_sign_in_and_the_change_ends_what_is_open() {
    let rig = Rig::start().await;
    let user = rig.contoso().user(BO).unwrap().clone();
    let present = user.password.expose();
    let mut open = browser(&rig);
    open.open(&request(&rig, &[])).await.unwrap();
    types(&mut open, BO, present).await;
    assert!(has_code(&open));
    let admin = rig.graph("global", "contoso.com", "admin").await;
    let flag = json!({ "forceChangePasswordNextSignIn": true });
    give(&admin, &user.id, flag).await;
    open.open(&request(&rig, &[("prompt", "none")]))
        .await
        .unwrap();
    assert!(has_code(&open), "a session that runs goes on");
    let mut next = browser(&rig);
    next.open(&request(&rig, &[])).await.unwrap();
    types(&mut next, BO, present).await;
    assert_eq!(chooses(&mut next, CHOSEN).await, None);
    assert!(has_code(&next));
    open.open(&request(&rig, &[("prompt", "none")]))
        .await
        .unwrap();
    assert!(!has_code(&open), "the change has ended it");
    next.open(&request(&rig, &[("prompt", "none")]))
        .await
        .unwrap();
    assert!(has_code(&next), "but not the sign-in that made it");
}

#[tokio::test]
async fn home_asks_for_it_before_it_vouches() {
    const HOME: &str = "login.usgov.localhost";
    let (rig, _) = Rig::guest().await;
    let admin = rig.graph("usgov", "northwind.us", "admin").await;
    let force = json!({ "password": GIVEN, "forceChangePasswordNextSignIn": true });
    give(&admin, &rig.nora().id, force).await;
    let mut browser = browser(&rig);
    browser.open(&request(&rig, &[])).await.unwrap();
    browser.fill("#username", NORA).unwrap();
    browser.submit("#submit").await.unwrap();
    browser.submit("#submit").await.unwrap();
    assert_eq!(browser.page().unwrap().host(), HOME);
    types(&mut browser, NORA, GIVEN).await;
    assert!(browser.jar().find(HOME, "__Host-session").is_none());
    let short = chooses(&mut browser, "short").await.unwrap();
    // She has a second factor there.
    assert!(short.contains("at least 8"), "{short}");
    assert_eq!(chooses(&mut browser, CHOSEN).await, None);
    let back = browser.away().map(ToString::to_string);
    assert!(has_code(&browser) && back.unwrap().starts_with(LOOPBACK));
    let home = session_of(&rig, "usgov", &cookie(&browser, HOME)).await;
    assert_eq!(home.unwrap().accounts.len(), 1);
}
