//! A hostile person at a browser in which somebody else is signed in (sessions.md): what one account
//! proved counts for no other.

use comity_demo::{
    browser::Browser,
    client::Ask,
    oauth,
    walk::{self, End, Person},
};
use http::{HeaderName, Method};
use serde_json::json;
use url::Url;

use super::rig::{Rig, step};

const ALEX: &str = "alex@contoso.com";
const BO: &str = "bo@contoso.com";

fn request(rig: &Rig, prompt: &str) -> String {
    let base = format!(
        "{}/{}/oauth2/v2.0/authorize",
        rig.cloud("global").login,
        rig.contoso().id
    );
    let mut url = Url::parse(&base).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("client_id", oauth::AZURE_CLI),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:8400"),
        ("scope", "openid profile"),
        ("state", "st"),
        ("nonce", "no"),
        ("prompt", prompt),
        ("code_challenge", &"A".repeat(43)),
        ("code_challenge_method", "S256"),
    ]);
    url.into()
}

/// Bo must prove a second factor, so that his sign-in has a page between password and end.
async fn demand_mfa(rig: &Rig) {
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    let bo = &rig.contoso().user(BO).unwrap().id;
    let body = json!({
        "displayName": "Bo proves a second factor",
        "state": "enabled",
        "conditions": {
            "users": { "includeUsers": [bo] },
            "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"],
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    });
    let reply = graph
        .post("/v1.0/identity/conditionalAccess/policies", &body)
        .await
        .unwrap();
    assert_eq!(reply.status, 201, "{}", reply.body);
}

async fn signed_in(rig: &Rig) -> Browser {
    let mut browser = rig.browser();
    browser.stop_at(Some("http://localhost:8400".to_owned()));
    browser.open(&request(rig, "login")).await.unwrap();
    let user = rig.contoso().user(ALEX).unwrap();
    let mut alex = Person::of(user, rig.cloud("global")).unwrap();
    let trip = walk::walk(&mut browser, &mut alex, &rig.means.clock).await;
    assert!(matches!(trip.unwrap().end, End::Away(_)));
    browser
}

/// What the picker sends for the account that is signed in.
async fn account(rig: &Rig, browser: &mut Browser) -> String {
    browser.open(&request(rig, "select_account")).await.unwrap();
    let page = browser.page().unwrap();
    let list = page.html.by_id("account-list").unwrap();
    let value = list.inside().find_map(|n| n.attribute("value"));
    value.unwrap().to_owned()
}

/// Sends a form that the shown page does not have, in its browser and with its token.
async fn forged(rig: &Rig, browser: &Browser, tail: &str, field: (&str, &str)) -> Option<Url> {
    let page = browser.page().unwrap();
    let token = page.html.nodes().find_map(|n| {
        let is_token = n.attribute("name") == Some("form_token");
        is_token.then(|| n.attribute("value")).flatten()
    });
    let url = Url::parse(&step(browser, tail)).unwrap();
    let now = rig.means.clock.now();
    let cookies = browser.jar().header(&url, now).unwrap();
    let ask = Ask::new(Method::POST, url.clone())
        .form(&[("form_token", token.unwrap()), field])
        .header(http::header::COOKIE, &cookies)
        .unwrap()
        .header(http::header::ORIGIN, &rig.cloud("global").login)
        .unwrap()
        .header(HeaderName::from_static("sec-fetch-site"), "same-origin")
        .unwrap();
    let answer = rig.means.client.send(ask).await.unwrap();
    assert!(!answer.status.is_server_error(), "{}", answer.status);
    let to = answer.header(&http::header::LOCATION)?;
    url.join(to).ok()
}

#[tokio::test]
async fn what_one_account_proved_counts_for_no_other() {
    let rig = Rig::start().await;
    demand_mfa(&rig).await;
    let mut browser = signed_in(&rig).await;
    let alex = account(&rig, &mut browser).await;
    // The application wants the person to prove herself; bo does.
    browser.open(&request(&rig, "login")).await.unwrap();
    browser.fill("#username", BO).unwrap();
    browser.submit("#submit").await.unwrap();
    let password = &rig.contoso().user(BO).unwrap().password;
    browser.fill("#password", password.expose()).unwrap();
    browser.submit("#submit").await.unwrap();
    assert!(browser.page().unwrap().html.by_id("totp-secret").is_some());
    let to = forged(&rig, &browser, "/account", ("account", &alex)).await;
    let is_code = to
        .as_ref()
        .is_some_and(|url| url.query().is_some_and(|q| q.contains("code=")));
    assert!(!is_code, "a code for alex by bo's password: {to:?}");
    // Alex is asked for his own.
    let shown = to.unwrap();
    browser.open(shown.as_str()).await.unwrap();
    let page = browser.page().unwrap();
    assert!(page.html.by_id("password").is_some(), "{}", page.describe());
}
