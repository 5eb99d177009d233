//! A leg at a home in the same cloud (§7): within one browser and one sign-in, by the rules of a leg
//! between clouds.

use comity_demo::walk::{End, Kind};
use comity_model::id::Id;
use serde_json::json;

use super::{
    asking::{
        ALEX, FAY, answered, asked, at_fabrikam, browser, cookie, go_on, invited_fay, is_code,
        open, person, request, session, session_of,
    },
    rig::{Rig, id_of},
};

const LOGIN: &str = "login.global.localhost";

#[tokio::test]
async fn the_typed_name_decides_and_nobody_else_s_account_is_taken() {
    let rig = Rig::start().await;
    invited_fay(&rig).await;
    let mut fay = person(&rig, FAY);
    for more in [&[][..], &[("login_hint", FAY)]] {
        let mut browser = browser(&rig);
        let mut admin = person(&rig, "admin@fabrikam.com");
        let trip = open(&rig, &mut browser, &mut admin, &at_fabrikam(&rig)).await;
        assert!(
            matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&browser)
        );
        let trip = open(&rig, &mut browser, &mut fay, &request(&rig, more)).await;
        is_code(&trip, &browser);
        assert_eq!(asked(&trip), [1, 0], "{}", trip.path());
        assert!(trip.count(LOGIN, Kind::Username) <= 1, "{}", trip.path());
    }
    // She alone is signed in at home: her name is enough.
    let mut browser = browser(&rig);
    open(&rig, &mut browser, &mut fay, &at_fabrikam(&rig)).await;
    let trip = open(&rig, &mut browser, &mut fay, &request(&rig, &[])).await;
    is_code(&trip, &browser);
    assert_eq!(asked(&trip), [0, 0], "{}", trip.path());
}

#[tokio::test]
async fn a_guest_s_account_is_nobody_s_home() {
    let rig = Rig::start().await;
    invited_fay(&rig).await;
    let link = rig
        .invited_by(("fabrikam.com", "admin"), "alex@contoso.com")
        .await;
    let mut browser = browser(&rig);
    let mut alex = person(&rig, ALEX);
    let trip = open(&rig, &mut browser, &mut alex, &link).await;
    assert!(
        matches!(trip.end, End::Landed),
        "{}",
        trip.outcome(&browser)
    );
    let fabrikam = id_of(rig.tenant("global", "fabrikam.com"));
    let accounts = session(&rig, &browser).await.accounts;
    assert!(
        accounts
            .iter()
            .any(|a| a.tenant == fabrikam && a.home.is_some())
    );
    // He is a guest of Fabrikam in this browser; Fay's home is Fabrikam.
    let mut fay = person(&rig, FAY);
    let url = request(&rig, &[("prompt", "select_account")]);
    let trip = open(&rig, &mut browser, &mut fay, &url).await;
    is_code(&trip, &browser);
    assert_eq!(trip.count(LOGIN, Kind::Password), 1, "{}", trip.path());
}

/// The number of the record that a tenant has of an attempt.
async fn recorded(rig: &Rig, domain: &str, leg: &str) -> Vec<u32> {
    let records = rig
        .records("global", rig.tenant("global", domain), leg)
        .await;
    records.iter().map(|r| r.error_code).collect()
}

/// Fabrikam's own Conditional Access bars one of its people.
async fn bar(rig: &Rig, user: &str) {
    let admin = rig.graph("global", "fabrikam.com", "admin").await;
    let body = json!({
        "displayName": "Barred",
        "state": "enabled",
        "conditions": {
            "users": { "includeUsers": [user] },
            "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"],
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] },
    });
    let path = "/v1.0/identity/conditionalAccess/policies";
    let reply = admin.post(path, &body).await.unwrap();
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[tokio::test]
async fn a_silent_request_is_answered_to_the_application_and_each_tenant_has_its_record() {
    let rig = Rig::start().await;
    invited_fay(&rig).await;
    let (mut browser, mut fay) = (browser(&rig), person(&rig, FAY));
    let trip = open(&rig, &mut browser, &mut fay, &request(&rig, &[])).await;
    is_code(&trip, &browser);
    let silent = request(&rig, &[("prompt", "none")]);
    for barred in [false, true] {
        if barred {
            bar(&rig, &fay.id).await;
        }
        let trip = open(&rig, &mut browser, &mut fay, &silent).await;
        let error = answered(&trip, &browser, "error");
        let word = barred.then(|| "login_required".to_owned());
        assert_eq!(error, word, "{:?}", trip.end);
        let issuer = format!("{}/{}/v2.0", rig.cloud("global").login, rig.contoso().id);
        assert_eq!(answered(&trip, &browser, "iss"), Some(issuer));
        if barred {
            let said = answered(&trip, &browser, "error_description").unwrap();
            assert!(said.starts_with("AADSTS50058"), "{said}");
            let leg = said.rsplit(' ').next().unwrap();
            assert_eq!(recorded(&rig, "contoso.com", leg).await, [50_058]);
            // Why, is home's to know.
            assert_eq!(recorded(&rig, "fabrikam.com", leg).await, [53_003]);
        }
    }
}

#[tokio::test]
async fn a_no_to_the_release_is_told_to_the_application_and_recorded_on_both_sides() {
    let rig = Rig::start().await;
    invited_fay(&rig).await;
    let (mut browser, mut fay) = (browser(&rig), person(&rig, FAY));
    open(&rig, &mut browser, &mut fay, &at_fabrikam(&rig)).await;
    browser.open(&request(&rig, &[])).await.unwrap();
    browser.fill("#username", FAY).unwrap();
    browser.submit("#submit").await.unwrap();
    browser.submit("#consent-decline").await.unwrap();
    let trip = go_on(&rig, &mut browser, &mut fay).await;
    let error = answered(&trip, &browser, "error");
    assert_eq!(error.as_deref(), Some("access_denied"));
    let said = answered(&trip, &browser, "error_description").unwrap();
    assert!(said.starts_with("AADSTS65004"), "{said}");
    let leg = said.rsplit(' ').next().unwrap();
    for domain in ["contoso.com", "fabrikam.com"] {
        assert_eq!(recorded(&rig, domain, leg).await, [65_004], "{domain}");
    }
}

#[tokio::test]
async fn keep_me_signed_in_on_a_page_of_home_keeps_the_session_that_is_there() {
    let rig = Rig::start().await;
    invited_fay(&rig).await;
    let (mut browser, mut fay) = (browser(&rig), person(&rig, FAY));
    open(&rig, &mut browser, &mut fay, &at_fabrikam(&rig)).await;
    assert!(!session(&rig, &browser).await.persistent);
    for keep in [false, true] {
        // Home is asked anew, and the sign-in stops at a page of the resource.
        browser
            .open(&request(&rig, &[("prompt", "login")]))
            .await
            .unwrap();
        while browser.page().unwrap().html.by_id("username").is_some() {
            browser.fill("#username", FAY).unwrap();
            browser.submit("#submit").await.unwrap();
        }
        let fabrikam = rig.tenant("global", "fabrikam.com");
        let secret = fabrikam.user(FAY).unwrap().password.expose().to_owned();
        browser.fill("#password", &secret).unwrap();
        if keep {
            browser.fill("#keep", "on").unwrap();
        }
        browser.submit("#submit").await.unwrap();
        let page = browser.page().unwrap();
        assert!(page.html.title().contains("Review"), "{}", page.describe());
        let session = session(&rig, &browser).await;
        assert_eq!(session.persistent, keep);
        let days = session.expires.seconds_since(rig.world.clock.time()) / 86_400;
        assert_eq!(days > 80, keep, "{days}");
        let kept = browser.jar().find(LOGIN, "__Host-session").unwrap();
        assert_eq!(kept.expires.is_some(), keep);
    }
}

#[tokio::test]
async fn a_yes_to_the_release_renews_the_session_and_a_silent_leg_does_not() {
    let rig = Rig::start().await;
    invited_fay(&rig).await;
    let (mut browser, mut fay) = (browser(&rig), person(&rig, FAY));
    open(&rig, &mut browser, &mut fay, &at_fabrikam(&rig)).await;
    let before = (cookie(&browser, LOGIN), session(&rig, &browser).await);
    browser.open(&request(&rig, &[])).await.unwrap();
    browser.fill("#username", FAY).unwrap();
    browser.submit("#submit").await.unwrap();
    browser.submit("#consent-accept").await.unwrap();
    let title = browser.page().unwrap().html.title();
    assert!(title.contains("Review"), "{title}");
    let after = (cookie(&browser, LOGIN), session(&rig, &browser).await);
    assert_ne!(after.0, before.0);
    assert_ne!(after.1.accounts[0].sid, before.1.accounts[0].sid);
    assert_eq!(session_of(&rig, "global", &before.0).await, None);
    // Once she is a guest, home's account stays as it is.
    let trip = go_on(&rig, &mut browser, &mut fay).await;
    is_code(&trip, &browser);
    let home = |session: comity_model::session::Session| {
        let fay = Id::parse(&person(&rig, FAY).id).unwrap();
        let mut accounts = session.accounts.into_iter();
        accounts.find(|a| a.user == fay).unwrap().sid
    };
    let before = home(session(&rig, &browser).await);
    let trip = open(&rig, &mut browser, &mut fay, &request(&rig, &[])).await;
    is_code(&trip, &browser);
    assert_eq!(trip.stops, []);
    assert_eq!(home(session(&rig, &browser).await), before);
}
