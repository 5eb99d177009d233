//! An address without a page is answered by a page.

use comity_testkit::Engine;

use super::rig::Rig;

#[tokio::test]
async fn an_unknown_address_is_answered_by_a_page() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.browser();
    let myapps = format!("{}/no/such/page", rig.cloud("global").myapps);
    for url in [rig.login("/no/such/page"), myapps] {
        browser.open(&url).await.unwrap();
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
