//! Where forms may lead (V-68): each page names itself and the one address of its request, and at
//! home a page ends the chain that a form began, for a browser.

use comity_demo::browser::Browser;
use comity_testkit::Engine;
use http::{
    HeaderName,
    header::{CONTENT_SECURITY_POLICY, LOCATION, REFRESH},
};

use super::rig::{Rig, hidden};

const CALLBACK: &str = "https://login.global.localhost:8443/federation/callback?";

/// A world after the story, in which nora may come to Contoso.
async fn paired() -> Rig {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut out = Vec::new();
    let outcome = comity_demo::story::play(&rig.world.story(), &mut out).await;
    assert_eq!(outcome.unwrap().failed, None);
    rig
}

/// A browser at the password page of home, on the way to Contoso's My Apps.
async fn at_home(rig: &Rig) -> Browser {
    let mut browser = rig.browser();
    rig.my_apps(&mut browser).await;
    for _ in 0..4 {
        let page = browser.page().unwrap();
        if page.html.by_id("password").is_some() {
            break;
        }
        if page.html.by_id("username").is_some() {
            browser.fill("#username", "nora@northwind.us").unwrap();
        }
        browser.submit("#submit").await.unwrap();
    }
    assert_eq!(browser.page().unwrap().host(), "login.usgov.localhost");
    browser
}

fn form_action(csp: &str) -> String {
    let mut parts = csp.split("; ");
    let part = parts.find_map(|p| p.strip_prefix("form-action "));
    part.unwrap().to_owned()
}

#[tokio::test]
async fn v68_home_names_itself_and_the_callback_and_a_page_ends_the_chain() {
    let rig = paired().await;
    for (agent, page) in [("Mozilla/5.0", true), ("curl/8.9", false)] {
        let browser = at_home(&rig).await;
        let url = browser.page().unwrap().url.clone();
        let cookies = rig.cookies(&browser, url.as_str());
        let shown = rig.get(url.as_str(), &[("cookie", &cookies)]).await;
        let csp = shown.header(&CONTENT_SECURITY_POLICY).unwrap();
        let named = "'self' https://login.global.localhost:8443";
        assert_eq!(form_action(csp), named);
        let headers = [
            ("cookie", cookies.as_str()),
            ("origin", "https://login.usgov.localhost:8443"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-dest", "document"),
            ("user-agent", agent),
        ];
        let cloud = rig.cloud("usgov");
        let nora = cloud.tenant("northwind.us").unwrap();
        let nora = nora.user("nora@northwind.us").unwrap();
        let token = hidden(&browser, "form_token");
        let fields = [
            ("form_token", token.as_str()),
            ("password", nora.password.expose()),
        ];
        let target = format!("{url}/password");
        let answer = rig.post(&target, &fields, &headers).await;
        let on = |name: &HeaderName| answer.header(name).map(str::to_owned);
        if page {
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert!(
                on(&REFRESH)
                    .unwrap()
                    .starts_with(&format!("0; url={CALLBACK}"))
            );
            assert_eq!(
                form_action(&on(&CONTENT_SECURITY_POLICY).unwrap()),
                "'self'"
            );
            assert_eq!(on(&LOCATION), None);
        } else {
            assert_eq!(answer.status, 303, "{}", answer.text());
            assert!(on(&LOCATION).unwrap().starts_with(CALLBACK));
            assert_eq!(on(&REFRESH), None);
        }
    }
}
