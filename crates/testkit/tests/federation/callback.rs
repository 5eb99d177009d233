//! The browser is bound (§3.2), the issuer is the one asked (RFC 9207), and nothing is released
//! before a yes (§3.4). A result that was used, or is another transaction's, is none (security bar
//! S-20).

use comity_demo::{browser::Browser, walk::End};
use comity_oauth::params::Params;
use url::Url;

use super::rig::{Rig, unsigned, with};

/// What the page says that a browser has come to.
fn shown(browser: &Browser) -> (u16, String) {
    let page = browser.page().unwrap();
    (page.status.as_u16(), page.html.title().clone())
}

async fn open(browser: &mut Browser, url: &Url) -> (u16, String) {
    browser.open(url.as_str()).await.unwrap();
    shown(browser)
}

pub fn replaced(url: &Url, name: &str, value: &str) -> Url {
    let mut changed = url.clone();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    changed
        .query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().filter(|(n, _)| n != name))
        .append_pair(name, value);
    changed
}

async fn ready() -> (Rig, Browser, Url) {
    let (rig, _) = Rig::guest().await;
    let mut browser = rig.at_home().await;
    let url = rig.back(&mut browser).await;
    assert!(url.path().ends_with("/federation/callback"));
    (rig, browser, url)
}

#[tokio::test]
async fn only_the_browser_that_left_comes_back_and_once() {
    let (rig, mut browser, url) = ready().await;
    let gone = |seen: (u16, String)| {
        assert_eq!(seen.0, 400, "{seen:?}");
        assert!(seen.1.contains("cannot go on"), "{seen:?}");
    };
    gone(open(&mut rig.browser(), &url).await);
    let mut other = rig.at_home().await;
    other.stop_at(None);
    gone(open(&mut other, &url).await);
    gone(open(&mut browser, &replaced(&url, "state", &"A".repeat(43))).await);
    let (status, title) = open(&mut browser, &url).await;
    assert_eq!(status, 200, "{title}");
    assert!(title.contains("My Apps"), "{title}");
    gone(open(&mut browser, &url).await);
}

#[tokio::test]
async fn late_is_over() {
    let (rig, mut browser, url) = ready().await;
    rig.forward(601);
    assert_eq!(open(&mut browser, &url).await.0, 400);
}

#[tokio::test]
async fn an_answer_of_another_issuer_ends_the_sign_in() {
    for wrong in ["other tenant", "other cloud", "none"] {
        let (rig, mut browser, url) = ready().await;
        let iss = match wrong {
            "other tenant" => {
                let tenant = &rig.tenant("usgov", "woodgrove.us").id;
                format!("{}/{tenant}/v2.0", rig.cloud("usgov").login)
            }
            "other cloud" => {
                format!("{}/{}/v2.0", rig.cloud("global").login, rig.northwind().id)
            }
            _ => String::new(),
        };
        let seen = open(&mut browser, &replaced(&url, "iss", &iss)).await;
        assert_eq!(seen.0, 403, "{wrong}: {seen:?}");
        assert_eq!(open(&mut browser, &url).await.0, 400, "{wrong}: used up");
    }
}

#[tokio::test]
async fn a_code_is_used_once_and_its_second_use_ends_the_lease() {
    let (rig, mut browser, url) = ready().await;
    assert_eq!(open(&mut browser, &url).await.0, 200);
    let sent = rig.sent("/token").pop().unwrap();
    let form = super::rig::unsigned(&sent);
    let again = rig.call(("global", "usgov"), &sent.url, &form).await;
    assert_eq!(
        super::rig::told(&again),
        (400, "invalid_grant".into(), None)
    );
    // The lease that the first use gave is gone: home no longer knows it.
    rig.forward(61);
    open(&mut browser, &Url::parse(&rig.my_apps()).unwrap()).await;
    assert_eq!(renewals(&rig).first(), Some(&400));
}

#[tokio::test]
async fn a_lease_whose_code_was_used_once_is_renewed() {
    let (rig, mut browser, url) = ready().await;
    assert_eq!(open(&mut browser, &url).await.0, 200);
    rig.forward(61);
    open(&mut browser, &Url::parse(&rig.my_apps()).unwrap()).await;
    assert_eq!(renewals(&rig), [200]);
}

/// How home answered to renewals, without those that only fetched a nonce.
fn renewals(rig: &Rig) -> Vec<u16> {
    let sent = rig.sent("/token").into_iter();
    sent.filter(|e| e.body.contains("grant_type=refresh_token"))
        .filter(|e| !e.answer.contains("use_dpop_nonce"))
        .map(|e| e.status)
        .collect()
}

/// A push of a resource that wants nothing drawn, brought by nora's signed-in browser; what home
/// tells.
async fn silently_pushed(rig: &Rig, browser: &mut Browser) -> (Option<String>, bool) {
    let sent = rig.sent("/par").into_iter().find(|e| e.status == 201);
    let sent = sent.unwrap();
    let form = with(&unsigned(&sent), "prompt", Some("none"));
    let answer = rig.call(("global", "usgov"), &sent.url, &form).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let reference = answer.json().unwrap()["request_uri"].clone();
    let query = Params::from_pairs([
        (
            "client_id",
            rig.app("global").registry().own.entity.as_str(),
        ),
        ("request_uri", reference.as_str().unwrap()),
    ]);
    browser.stop_at(Some(rig.cloud("global").login.clone()));
    let url = sent.url.replace("/par", "/authorize");
    browser
        .open(&format!("{url}?{}", query.encode()))
        .await
        .unwrap();
    let away = browser.away().unwrap().clone();
    browser.stop_at(None);
    let field = |name: &str| {
        let mut pairs = away.query_pairs();
        pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
    };
    (field("error"), field("code").is_some())
}

#[tokio::test]
async fn nothing_is_released_before_a_yes_whatever_the_resource_wants() {
    let rig = Rig::paired().await;
    // A genuine push of an honest leg that nobody finishes.
    rig.at_home().await;
    let mut browser = rig.browser();
    let home = format!(
        "{}/?tenantid={}",
        rig.cloud("usgov").myapps,
        rig.northwind().id
    );
    browser.open(&home).await.unwrap();
    let trip = rig.walk(&mut browser).await;
    assert!(
        matches!(trip.end, End::Landed),
        "{}",
        trip.outcome(&browser)
    );
    let answer = silently_pushed(&rig, &mut browser).await;
    assert_eq!(answer, (Some("interaction_required".to_owned()), false));
}

#[tokio::test]
async fn a_silent_push_after_the_yes_goes_through() {
    let (rig, mut browser) = Rig::guest().await;
    assert_eq!(silently_pushed(&rig, &mut browser).await, (None, true));
}
