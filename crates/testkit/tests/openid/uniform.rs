//! What a stranger can find out about people (S-37): nothing, until a password was right.

use comity_demo::browser::Browser;

use super::rig::Rig;

/// The page as it is drawn, without what differs in every browser.
fn drawn(browser: &Browser, name: &str) -> String {
    let page = browser.page().unwrap();
    let text = format!("{} {:?}", page.status, page.html).replace(name, "NAME");
    let mut plain = String::new();
    let mut run = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_hexdigit() {
            run.push(c);
            continue;
        }
        // Form tokens are long hexadecimal runs, numbers of sign-ins short decimal ones.
        let number =
            run.len() >= 64 || (!run.is_empty() && run.bytes().all(|b| b.is_ascii_digit()));
        plain.push_str(if number { "#" } else { &run });
        plain.push(c);
        run.clear();
    }
    plain
}

/// The password page, and what a wrong password answers.
async fn seen(rig: &Rig, name: &str) -> (String, String) {
    let mut browser = rig.browser();
    browser.open(&rig.request(&[])).await.unwrap();
    browser.fill("#username", name).unwrap();
    browser.submit("#submit").await.unwrap();
    let asked = drawn(&browser, name);
    browser.fill("#password", "certainly wrong").unwrap();
    browser.submit("#submit").await.unwrap();
    (asked, drawn(&browser, name))
}

#[tokio::test]
async fn s37_known_unknown_and_disabled_names_look_the_same() {
    use comity_model::id::Id;
    let rig = Rig::start().await;
    let app = rig.world.app("global").unwrap();
    let tenant = Id::parse(&rig.contoso().id).unwrap();
    let bo = Id::parse(&rig.contoso().user("bo@contoso.com").unwrap().id).unwrap();
    let mut user = app
        .store()
        .read()
        .tenant(tenant)
        .users()
        .find(bo)
        .await
        .unwrap()
        .unwrap();
    user.account_enabled = false;
    let tx = app.store().begin().await.unwrap();
    tx.tenant(tenant).users().update(&user).await.unwrap();
    tx.commit().await.unwrap();

    let known = seen(&rig, "alex@contoso.com").await;
    assert!(known.0.contains("password"), "{}", known.0);
    for name in ["nobody@contoso.com", "bo@contoso.com"] {
        let other = seen(&rig, name).await;
        assert_eq!(other.0, known.0, "{name}: the password page");
        assert_eq!(other.1, known.1, "{name}: the answer to a wrong password");
    }
}
