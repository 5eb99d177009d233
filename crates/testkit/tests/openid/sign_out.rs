//! RP-initiated sign-out (sessions.md; O-14).

use http::header::{LOCATION, SET_COOKIE};
use url::Url;

use super::rig::{LOOPBACK, Rig, ok, refused};

fn logout(rig: &Rig, pairs: &[(&str, &str)]) -> String {
    let mut url = Url::parse(&rig.endpoint(&rig.contoso().id, "logout")).unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url.into()
}

#[tokio::test]
async fn an_id_token_of_ours_ends_the_session_and_all_that_came_of_it() {
    let rig = Rig::start().await;
    let mut browser = rig.browser();
    let code = rig.code(&mut browser, "alex@contoso.com").await;
    let tokens = ok(&rig.redeem(&code).await);
    let (hint, refresh) = (
        tokens["id_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    );
    let url = logout(
        &rig,
        &[
            ("id_token_hint", hint),
            ("post_logout_redirect_uri", LOOPBACK),
            ("state", "bye"),
        ],
    );
    browser.open(&url).await.unwrap();
    assert_eq!(
        browser.away().unwrap().as_str(),
        "http://localhost:8400/?state=bye"
    );
    assert_eq!(
        refused(&rig.refresh(refresh).await),
        ("invalid_grant".to_owned(), 50_173)
    );
    assert_eq!(
        rig.userinfo(tokens["access_token"].as_str().unwrap())
            .await
            .status,
        401
    );
    let trip = rig
        .walk(&mut browser, "alex@contoso.com", &rig.request(&[]))
        .await;
    assert!(!trip.stops.is_empty(), "nobody is signed in any more");
}

#[tokio::test]
async fn o14_nothing_unknown_leads_anywhere_or_ends_anything() {
    let rig = Rig::start().await;
    let mut browser = rig.browser();
    let code = rig.code(&mut browser, "alex@contoso.com").await;
    let tokens = ok(&rig.redeem(&code).await);
    let hint = tokens["id_token"].as_str().unwrap();
    let broken = format!("{hint}x");
    let login = rig.global().login.clone();
    for pairs in [
        &[][..],
        &[("post_logout_redirect_uri", LOOPBACK)],
        &[
            ("id_token_hint", broken.as_str()),
            ("post_logout_redirect_uri", LOOPBACK),
        ],
        &[
            ("id_token_hint", tokens["access_token"].as_str().unwrap()),
            ("post_logout_redirect_uri", LOOPBACK),
        ],
        &[
            ("id_token_hint", hint),
            ("client_id", "x"),
            ("post_logout_redirect_uri", LOOPBACK),
        ],
    ] {
        let answer = rig.get(&logout(&rig, pairs)).await;
        assert_eq!(
            answer.header(&LOCATION),
            Some(format!("{login}/sign-out").as_str()),
            "{pairs:?}"
        );
        assert_eq!(answer.header(&SET_COOKIE), None);
    }
    for evil in [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/%2f",
        "javascript:alert(1)",
    ] {
        let pairs = [("id_token_hint", hint), ("post_logout_redirect_uri", evil)];
        let answer = rig.get(&logout(&rig, &pairs)).await;
        let location = answer.header(&LOCATION).unwrap();
        assert!(location.starts_with(&login), "{evil}: {location}");
    }
    assert_eq!(
        rig.userinfo(tokens["access_token"].as_str().unwrap())
            .await
            .status,
        200,
        "she is still signed in"
    );
}

#[tokio::test]
async fn a_code_of_a_session_that_has_ended_is_worth_nothing() {
    let rig = Rig::start().await;
    for signs_out in [false, true] {
        let (mut browser, mut other) = (rig.browser(), rig.browser());
        let code = rig.code(&mut browser, "alex@contoso.com").await;
        let elsewhere = rig.code(&mut other, "alex@contoso.com").await;
        // The session is the same, whatever was proven in it since.
        let newer = [("prompt", "login")];
        let trip = rig
            .walk(&mut browser, "alex@contoso.com", &rig.request(&newer))
            .await;
        assert!(!trip.stops.is_empty());
        if signs_out {
            browser
                .open(&format!("{}/sign-out", rig.global().login))
                .await
                .unwrap();
            browser.submit("#submit").await.unwrap();
        }
        let answer = rig.redeem(&code).await;
        if signs_out {
            let expected = ("invalid_grant".to_owned(), 70_000);
            assert_eq!(refused(&answer), expected);
        } else {
            ok(&answer);
        }
        ok(&rig.redeem(&elsewhere).await);
    }
}
