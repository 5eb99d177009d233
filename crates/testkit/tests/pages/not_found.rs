//! Small things of pages: an address without a page, the example beside a field.

use comity_testkit::Engine;

use super::rig::Rig;

#[tokio::test]
async fn an_unknown_address_is_answered_by_a_page() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.browser();
    let cloud = rig.cloud("global");
    let elsewhere = [&cloud.myapps, &cloud.portal].map(|host| format!("{host}/no/such/page"));
    let letters = ["", "/html"].map(|part| format!("{}/dev/mail/none{part}", cloud.portal));
    let all = [rig.login("/no/such/page")];
    for url in all.iter().chain(&elsewhere).chain(&letters) {
        browser.open(url).await.unwrap();
        let page = browser.page().unwrap();
        assert_eq!(page.status, 404, "{url}");
        assert!(page.html.by_id("error-message").is_some(), "{url}");
    }
    // Files and endpoints are found as before.
    for path in ["/sign-out", "/common/discovery/instance"] {
        let answer = rig.get(&rig.login(path), &[]).await;
        assert_ne!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_example_of_a_user_name_is_one() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.browser();
    rig.my_apps(&mut browser).await;
    let text = browser.page().unwrap().html.text();
    assert!(text.contains("such as name@contoso.com"), "{text}");
}

/// S-42: nor does the page of an answer that nobody waits for keep what the answer held.
#[tokio::test]
async fn an_answer_to_my_apps_that_nobody_waits_for_leaves_the_address() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.browser();
    let cloud = rig.cloud("global");
    let url = format!("{}/callback?code=stolen&state=x", cloud.myapps);
    browser.open(&url).await.unwrap();
    let page = browser.page().unwrap();
    assert_eq!(page.status, 400, "{}", page.describe());
    let seen = (page.url.path(), page.url.query());
    assert_eq!(seen, ("/signin/gone", None));
}
