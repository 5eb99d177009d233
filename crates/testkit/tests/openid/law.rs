//! Law 7, counted: write transactions of a request and of a sign-in; and law 6, the records.

use comity_demo::walk::End;

use super::rig::{Rig, ok, param};

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
