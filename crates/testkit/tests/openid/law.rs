//! Law 7, counted: write transactions of a request and of a sign-in; and law 6, the records.

use comity_demo::{totp::Authenticator, walk::End};
use comity_model::{id::Id, user::PasswordCredential};

use super::rig::{Rig, ok, param};

const BO: &str = "bo@contoso.com";

#[tokio::test]
async fn a_sign_in_with_a_session_writes_twice() {
    let rig = Rig::start().await;
    let mut browser = rig.browser();
    rig.code(&mut browser, "alex@contoso.com").await;
    let app = rig.world.app("global").unwrap();
    let begun = || app.store().transactions_begun();
    let before = begun();
    let trip = rig
        .walk(&mut browser, "alex@contoso.com", &rig.request(&[]))
        .await;
    assert_eq!(begun() - before, 1, "the sign-in is complete in one");
    let End::Away(url) = &trip.end else {
        panic!("{}", trip.outcome(&browser))
    };
    let code = param(url, "code").unwrap();
    let before = begun();
    let tokens = ok(&rig.redeem(&code).await);
    assert_eq!(begun() - before, 1, "the code is redeemed in one");
    let before = begun();
    ok(&rig.refresh(tokens["refresh_token"].as_str().unwrap()).await);
    assert_eq!(begun() - before, 1, "a refresh");
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let before = begun();
    rig.userinfo(&access).await;
    rig.get(&rig.request(&[("redirect_uri", "https://evil.example")]))
        .await;
    rig.get(&format!(
        "{}/{}/v2.0/.well-known/openid-configuration",
        rig.global().login,
        rig.contoso().id
    ))
    .await;
    assert_eq!(begun() - before, 0, "what only reads writes nothing");
}

#[tokio::test]
async fn no_request_of_a_first_sign_in_writes_more_than_once() {
    let rig = Rig::start().await;
    let app = rig.world.app("global").unwrap().clone();
    let mut browser = rig.browser();
    let begun = || app.store().transactions_begun();
    let mut before = begun();
    browser.open(&rig.request(&[])).await.unwrap();
    let mut counted = vec![("begin", begun() - before)];
    before = begun();
    browser.fill("#username", "alex@contoso.com").unwrap();
    browser.submit("#submit").await.unwrap();
    counted.push(("user name", begun() - before));
    before = begun();
    let password = rig
        .contoso()
        .user("alex@contoso.com")
        .unwrap()
        .password
        .expose()
        .to_owned();
    browser.fill("#password", &password).unwrap();
    browser.submit("#submit").await.unwrap();
    counted.push(("password", begun() - before));
    assert!(browser.away().is_some());
    assert!(counted.iter().all(|(_, n)| *n <= 1), "{counted:?}");
}

/// A browser at the page after the password.
async fn after_the_password(rig: &Rig, more: &[(&str, &str)]) -> comity_demo::browser::Browser {
    let mut browser = rig.browser();
    browser.open(&rig.request(more)).await.unwrap();
    browser.fill("#username", BO).unwrap();
    browser.submit("#submit").await.unwrap();
    let password = rig.contoso().user(BO).unwrap().password.clone();
    browser.fill("#password", password.expose()).unwrap();
    browser.submit("#submit").await.unwrap();
    browser
}

#[tokio::test]
async fn a_new_password_is_written_with_the_end_of_the_sign_in() {
    let rig = Rig::start().await;
    let store = rig.world.app("global").unwrap().store();
    let tenant = Id::parse(&rig.contoso().id).unwrap();
    let user = Id::parse(&rig.contoso().user(BO).unwrap().id).unwrap();
    let tx = store.begin().await.unwrap();
    let passwords = tx.tenant(tenant).passwords();
    let given = PasswordCredential {
        must_change: true,
        ..passwords.find(user).await.unwrap().unwrap()
    };
    passwords.upsert(user, &given).await.unwrap();
    tx.commit().await.unwrap();
    let mut browser = after_the_password(&rig, &[]).await;
    browser
        .fill("#new-password", "seven boats leave before noon")
        .unwrap();
    let before = store.transactions_begun();
    browser.submit("#submit").await.unwrap();
    assert_eq!(store.transactions_begun() - before, 1);
    assert!(browser.away().is_some(), "signed in");
    let read = store.read();
    let kept = read.tenant(tenant).passwords().find(user).await.unwrap();
    let kept = kept.unwrap();
    assert!(!kept.must_change && kept.hash != given.hash);
}

#[tokio::test]
async fn a_second_factor_is_registered_with_the_end_of_the_sign_in() {
    let rig = Rig::start().await;
    let store = rig.world.app("global").unwrap().store();
    let wants = r#"{"id_token":{"acr":{"essential":true,"value":"urn:comity:acr:mfa"}}}"#;
    let mut browser = after_the_password(&rig, &[("claims", wants)]).await;
    let page = browser.page().unwrap();
    let secret = page.html.by_id("totp-secret").unwrap();
    let secret = secret
        .attribute("value")
        .map_or_else(|| secret.text(), str::to_owned);
    let clock = rig.world.story().clock;
    let code = Authenticator::new(&secret).unwrap().next(&clock).await;
    browser.fill("#code", &code.unwrap()).unwrap();
    let before = store.transactions_begun();
    browser.submit("#submit").await.unwrap();
    // Before it one takes a place in the limits and one gives it back; after it the job takes the
    // message to her and notes that it was sent.
    assert_eq!(store.transactions_begun() - before, 2 + 1 + 2);
    assert!(browser.away().is_some(), "signed in");
    let tenant = Id::parse(&rig.contoso().id).unwrap();
    let user = Id::parse(&rig.contoso().user(BO).unwrap().id).unwrap();
    let read = store.read();
    let factors = read.tenant(tenant).factors().list(user).await.unwrap();
    assert_eq!(factors.len(), 1);
}
