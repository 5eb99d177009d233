//! `/set-password?link=` (dev-world.md, *tenant create*; V-12, V-20, V-21).

use comity_app::tenant::{self, NewTenant};
use comity_demo::browser::Browser;
use comity_model::name::{DomainName, Upn};
use comity_testkit::Engine;
use url::Url;

use super::rig::{FORGED, Rig, hidden, is_in};

const ADMIN: &str = "root@litware.com";
const GOOD: &str = "rain on a slate roof";

/// A tenant as the operator makes it, and the link that was printed.
async fn created(rig: &Rig) -> String {
    created_with(rig, ADMIN).await
}

/// The same for any administrator and her domain.
async fn created_with(rig: &Rig, admin: &str) -> String {
    let new = NewTenant {
        id: None,
        display_name: "Litware".into(),
        domain: DomainName::parse(admin.split('@').nth(1).unwrap()).unwrap(),
        initial_label: None,
    };
    let app = rig.world.app("global").unwrap();
    let admin = Upn::parse(admin).unwrap();
    tenant::create(app, &new, &admin).await.unwrap().1
}

async fn submit(browser: &mut Browser, password: &str) {
    browser.fill("#password", password).unwrap();
    browser.submit("#submit").await.unwrap();
}

fn status(browser: &Browser) -> u16 {
    browser.page().unwrap().status.as_u16()
}

/// Whether this password signs the administrator in, in a browser of its own.
async fn signs_in(rig: &Rig, password: &str) -> bool {
    signs_in_as(rig, ADMIN, password).await
}

async fn signs_in_as(rig: &Rig, admin: &str, password: &str) -> bool {
    let mut browser = rig.browser();
    let domain = admin.split('@').nth(1).unwrap();
    let url = format!("{}/{domain}", rig.cloud("global").myapps);
    browser.open(&url).await.unwrap();
    browser.fill("#username", admin).unwrap();
    browser.submit("#submit").await.unwrap();
    submit(&mut browser, password).await;
    is_in(&browser)
}

#[tokio::test]
async fn the_link_sets_the_password_once() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let link = created(&rig).await;
        let mut browser = rig.browser();
        for _ in 0..2 {
            browser.open(&link).await.unwrap();
            assert_eq!(status(&browser), 200, "looking uses nothing up");
            // S-42: the secret has left the address bar.
            let page = browser.page().unwrap();
            assert_eq!((page.url.path(), page.url.query()), ("/set-password", None));
        }
        assert!(browser.page().unwrap().html.text().contains(ADMIN));
        submit(&mut browser, GOOD).await;
        let page = browser.page().unwrap();
        assert!(page.html.by_id("username").is_some(), "{}", page.describe());
        assert!(signs_in(&rig, GOOD).await);
        browser.open(&link).await.unwrap();
        assert_eq!(status(&browser), 404, "used");
        assert!(!signs_in(&rig, "another long password").await);
    }
}

#[tokio::test]
async fn of_two_browsers_with_the_page_open_one_sets_it() {
    let rig = Rig::start(Engine::Sqlite).await;
    let link = created(&rig).await;
    let (mut first, mut second) = (rig.browser(), rig.browser());
    first.open(&link).await.unwrap();
    second.open(&link).await.unwrap();
    submit(&mut first, GOOD).await;
    submit(&mut second, "the thief's own sentence").await;
    assert_eq!(status(&second), 404);
    assert!(signs_in(&rig, GOOD).await);
    assert!(!signs_in(&rig, "the thief's own sentence").await);
}

/// The hidden fields of the form that is shown.
fn fields_of(browser: &Browser) -> Vec<(String, String)> {
    let inputs = browser.page().unwrap().html.nodes();
    let hidden = inputs.filter(|n| n.tag() == "input" && n.attribute("type") == Some("hidden"));
    let pair = |name: Option<&str>, value: Option<&str>| {
        Some((name?.to_owned(), value.unwrap_or_default().to_owned()))
    };
    hidden
        .filter_map(|n| pair(n.attribute("name"), n.attribute("value")))
        .collect()
}

/// Sends a form that was drawn before, with the cookies that the browser has now.
async fn send_later(
    rig: &Rig,
    browser: &Browser,
    fields: &[(String, String)],
) -> comity_demo::client::Answer {
    let url = rig.login("/set-password");
    let cookies = rig.cookies(browser, &url);
    let mut all: Vec<(&str, &str)> = Vec::new();
    all.extend(fields.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    all.push(("password", GOOD));
    rig.post(&url, &all, &own(&cookies)).await
}

/// A second link in the same browser takes the place of the first; the form of the first is still
/// open in its tab.
#[tokio::test]
async fn a_form_sets_the_password_of_the_account_that_it_shows_and_of_no_other() {
    const OTHER: &str = "root@adatum.com";
    let rig = Rig::start(Engine::Sqlite).await;
    let (first, second) = (created(&rig).await, created_with(&rig, OTHER).await);
    let mut browser = rig.browser();
    browser.open(&first).await.unwrap();
    let form = fields_of(&browser);
    browser.open(&second).await.unwrap();
    let answer = send_later(&rig, &browser, &form).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(
        answer.text().contains("Another link was opened"),
        "{}",
        answer.text()
    );
    for admin in [ADMIN, OTHER] {
        assert!(!signs_in_as(&rig, admin, GOOD).await, "{admin}");
    }
    // Both links are as good as before.
    for (link, admin) in [(&second, OTHER), (&first, ADMIN)] {
        browser.open(link).await.unwrap();
        assert!(browser.page().unwrap().html.text().contains(admin));
        submit(&mut browser, GOOD).await;
        assert!(signs_in_as(&rig, admin, GOOD).await, "{admin}");
    }
}

#[tokio::test]
async fn a_form_of_the_same_link_in_another_tab_is_as_good() {
    let rig = Rig::start(Engine::Sqlite).await;
    let link = created(&rig).await;
    let mut browser = rig.browser();
    browser.open(&link).await.unwrap();
    let form = fields_of(&browser);
    browser.open(&link).await.unwrap();
    let answer = send_later(&rig, &browser, &form).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(signs_in(&rig, GOOD).await);
}

#[tokio::test]
async fn v20_what_is_not_accepted_says_why_and_leaves_the_link() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mut browser = rig.browser();
    browser.open(&created(&rig).await).await.unwrap();
    for (typed, rule) in [
        ("", "has 0 characters"),
        ("fourteen chars", "14 characters"),
        ("passwordpassword", "common passwords"),
        ("aaaaaaaaaaaaaaaa", "one character repeated"),
        (ADMIN, "a name of yours"),
        (&"long ".repeat(52), "at most 256"),
    ] {
        let url = browser.page().unwrap().url.clone();
        let form = fields_of(&browser);
        let cookies = rig.cookies(&browser, url.as_str());
        let headers = own(&cookies);
        let mut fields: Vec<_> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        fields.push(("password", typed));
        let answer = rig.post(url.as_str(), &fields, &headers).await;
        assert_eq!(answer.status, 400, "{typed}");
        assert!(answer.text().contains(rule), "{rule}: {}", answer.text());
    }
    submit(&mut browser, GOOD).await;
    assert!(signs_in(&rig, GOOD).await);
}

fn own(cookies: &str) -> [(&'static str, &str); 3] {
    [
        ("origin", "https://login.global.localhost:8443"),
        ("sec-fetch-site", "same-origin"),
        ("cookie", cookies),
    ]
}

#[tokio::test]
async fn forged_foreign_and_old_links_look_the_same() {
    let rig = Rig::start(Engine::Sqlite).await;
    let link = created(&rig).await;
    let query = Url::parse(&link).unwrap().query().unwrap().to_owned();
    let mut last = link.clone();
    last.pop();
    let mut browser = rig.browser();
    for forged in [
        rig.login("/set-password"),
        rig.login("/set-password?link="),
        rig.login("/set-password?link=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        rig.login(&format!("/set-password?link={}", "x".repeat(5000))),
        last,
        format!("{link}x"),
        // Another cloud has nobody of this link.
        format!("{}/set-password?{query}", rig.cloud("usgov").login),
    ] {
        browser.open(&forged).await.unwrap();
        assert_eq!(status(&browser), 404, "{forged}");
        let title = browser.page().unwrap().html.title();
        assert!(title.contains("cannot be used"), "{title}");
    }
    // Open before its end, sent after it.
    browser.open(&link).await.unwrap();
    rig.world.clock.forward(3600);
    submit(&mut browser, GOOD).await;
    assert_eq!(status(&browser), 404, "an hour old");
    assert!(!signs_in(&rig, GOOD).await);
}

#[tokio::test]
async fn v12_no_form_of_another_page_uses_the_link() {
    let rig = Rig::start(Engine::Sqlite).await;
    let link = created(&rig).await;
    let mut browser = rig.browser();
    browser.open(&link).await.unwrap();
    let token = hidden(&browser, "form_token");
    let form = browser.page().unwrap().url.to_string();
    let cookies = rig.cookies(&browser, &form);
    for (what, headers, with_token) in FORGED {
        let mut headers = headers.to_vec();
        headers.push(("cookie", cookies.as_str()));
        let all = [
            ("password", "the thief's own sentence"),
            ("form_token", &token),
        ];
        let fields = if with_token { &all[..] } else { &all[..1] };
        let answer = rig.post(&form, fields, &headers).await;
        assert_eq!(answer.status, 403, "{what}");
    }
    submit(&mut browser, GOOD).await;
    assert!(signs_in(&rig, GOOD).await, "the link was still good");
}

#[tokio::test]
async fn a_disabled_account_gets_none_and_nobody_else_is_touched() {
    let rig = Rig::start(Engine::Sqlite).await;
    let link = created(&rig).await;
    let app = rig.world.app("global").unwrap();
    let read = app.store().read();
    let found = read.cloud().find_tenant_by_domain("litware.com").await;
    let tenant = found.unwrap().unwrap().id;
    let users = read.tenant(tenant).users();
    let admin = Upn::parse(ADMIN).unwrap();
    let mut user = users.find_by_upn(&admin).await.unwrap().unwrap();
    user.account_enabled = false;
    let tx = app.store().begin().await.unwrap();
    tx.tenant(tenant).users().update(&user).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = rig.browser();
    browser.open(&link).await.unwrap();
    assert_eq!(status(&browser), 404);
    rig.alex().await;
}
