//! What ends with a session (sessions.md): sign-ins under way, My Apps, the word of home that was
//! given before; and what renews one (security bar S-19).

use std::sync::Arc;

use comity_app::{Context, logout};
use comity_demo::{browser::Browser, oauth, walk::End};
use comity_testkit::{Engine, Lie};

use super::{
    asking::{
        ALEX, FAY, browser, cookie, end_sessions, invited_fay, open, person, request, session_of,
    },
    rig::{NORA, Rig, step},
};

#[tokio::test]
async fn signing_out_ends_the_sign_ins_under_way_in_that_browser() {
    let rig = Rig::start().await;
    for signs_out in [false, true] {
        let (mut browser, mut alex) = (browser(&rig), person(&rig, ALEX));
        open(&rig, &mut browser, &mut alex, &request(&rig, &[])).await;
        // Bo has typed his password and is to enrol.
        let wanted = [("prompt", "login"), ("acr_values", "urn:comity:acr:mfa")];
        browser.open(&request(&rig, &wanted)).await.unwrap();
        browser.fill("#username", "bo@contoso.com").unwrap();
        browser.submit("#submit").await.unwrap();
        let bo = rig.contoso().user("bo@contoso.com").unwrap();
        browser.fill("#password", bo.password.expose()).unwrap();
        browser.submit("#submit").await.unwrap();
        assert!(browser.page().unwrap().html.by_id("totp-secret").is_some());
        let under_way = step(&browser, "");
        if signs_out {
            let url = format!("{}/sign-out", rig.cloud("global").login);
            browser.open(&url).await.unwrap();
            browser.submit("#submit").await.unwrap();
        }
        browser.open(&under_way).await.unwrap();
        let page = browser.page().unwrap();
        let goes_on = page.html.by_id("totp-secret").is_some();
        assert_ne!(goes_on, signs_out, "{}", page.describe());
    }
}

#[tokio::test]
async fn home_s_word_from_before_a_guest_s_sessions_were_ended_counts_no_more() {
    for engine in Engine::available() {
        for ended in [false, true] {
            let rig = Rig::paired_on(engine).await;
            let link = rig.invite(NORA).await;
            let mut browser = rig.browser();
            browser.open(&link).await.unwrap();
            rig.until_review(&mut browser).await;
            rig.forward(5);
            if ended {
                end_sessions(&rig, "microsoftonline.us", NORA).await;
            }
            let pushes = rig.sent("/par").len();
            browser.submit("#consent-accept").await.unwrap();
            let trip = rig.walk(&mut browser).await;
            assert!(
                matches!(trip.end, End::Landed),
                "{}",
                trip.outcome(&browser)
            );
            let sent = rig.sent("/par").into_iter().skip(pushes);
            let again = sent.filter(|e| e.status == 201).count();
            // My Apps, where she lands, is a leg of its own.
            assert_eq!(again, 1 + usize::from(ended), "{engine:?}");
            assert!(rig.standing(&browser).await.session.is_some());
        }
    }
}

/// How often Fabrikam has vouched for Fay.
async fn vouched(rig: &Rig) -> usize {
    let admin = rig.graph("global", "fabrikam.com", "admin").await;
    let found = admin.get("/v1.0/auditLogs/signIns?$top=200").await.unwrap();
    let all = found["value"].as_array().unwrap().iter();
    all.filter(|r| r["userPrincipalName"] == FAY && r["status"]["errorCode"] == 0)
        .count()
}

#[tokio::test]
async fn within_one_cloud_too_home_is_asked_again() {
    for ended in [false, true] {
        let rig = Rig::start().await;
        let fay = rig.tenant("global", "fabrikam.com").user(FAY).unwrap();
        let link = invited_fay(&rig).await;
        let mut browser = rig.browser();
        browser.open(&link).await.unwrap();
        rig.until_review_of(fay, &mut browser).await;
        let before = vouched(&rig).await;
        rig.forward(5);
        if ended {
            end_sessions(&rig, "microsoftonline.com", FAY).await;
        }
        browser.submit("#consent-accept").await.unwrap();
        let page = browser.page().unwrap();
        let there = page.host().starts_with("myapps.");
        assert_ne!(there, ended, "{}", page.describe());
        if ended {
            // What was agreed to is asked on the new word.
            browser.submit("#consent-accept").await.unwrap();
            assert!(browser.page().unwrap().host().starts_with("myapps."));
        }
        // My Apps, where she lands, is a leg of its own.
        let legs = vouched(&rig).await - before;
        assert_eq!(legs, 1 + usize::from(ended));
    }
}

#[tokio::test]
async fn a_yes_at_home_renews_its_session_and_a_silent_leg_does_not() {
    const HOME: &str = "login.usgov.localhost";
    let rig = Rig::paired().await;
    let link = rig.invite(NORA).await;
    let mut browser = rig.browser();
    let home = format!(
        "{}/?tenantid={}",
        rig.cloud("usgov").myapps,
        rig.northwind().id
    );
    browser.open(&home).await.unwrap();
    rig.walk(&mut browser).await;
    let before = cookie(&browser, HOME);
    browser.open(&link).await.unwrap();
    let trip = rig.walk(&mut browser).await;
    assert!(
        matches!(trip.end, End::Landed),
        "{}",
        trip.outcome(&browser)
    );
    let after = cookie(&browser, HOME);
    assert_ne!(after, before, "{}", trip.path());
    assert_eq!(session_of(&rig, "usgov", &before).await, None);
    rig.forward(120);
    browser.open(&rig.expenses()).await.unwrap();
    rig.walk(&mut browser).await;
    assert_eq!(cookie(&browser, HOME), after);
}

#[tokio::test]
async fn my_apps_ends_with_the_session_that_it_stands_on() {
    let rig = Rig::start().await;
    let (mut browser, mut alex) = (browser(&rig), person(&rig, ALEX));
    let lives = |browser: &Browser| {
        let page = browser.page().unwrap();
        page.host().starts_with("myapps.") && page.status == 200
    };
    open(&rig, &mut browser, &mut alex, &request(&rig, &[])).await;
    rig.forward(23 * 3600);
    let trip = open(&rig, &mut browser, &mut alex, &rig.my_apps()).await;
    assert_eq!(trip.stops, [], "silently");
    for (seconds, expected) in [(3000, true), (700, false)] {
        rig.forward(seconds);
        browser.open(&rig.my_apps()).await.unwrap();
        let page = browser.page().unwrap().describe();
        assert_eq!(lives(&browser), expected, "{seconds}: {page}");
    }
    // Signed in at the page itself, it lives its whole day.
    let trip = open(&rig, &mut browser, &mut alex, &rig.my_apps()).await;
    assert!(
        matches!(trip.end, End::Landed),
        "{}",
        trip.outcome(&browser)
    );
    rig.forward(23 * 3600);
    browser.open(&rig.my_apps()).await.unwrap();
    assert!(lives(&browser));
}

/// While home answers the renewal of a lease, the person signs out in her browser.
fn signing_out(rig: &Rig, browser: &Browser) -> Lie {
    let app = rig.app("global").clone();
    let cookie = cookie(browser, "login.global.localhost");
    Arc::new(move |request, answer| {
        let (app, cookie) = (app.clone(), cookie.clone());
        if request.url.ends_with("/token") {
            let ending = std::thread::spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().unwrap();
                let cx = Context::new(&app, comity_app::Client::default());
                let ended = logout::end(&cx, Some(&cookie), std::iter::empty());
                runtime.block_on(ended).unwrap()
            });
            assert_eq!(ending.join().unwrap().accounts.len(), 1);
        }
        answer
    })
}

#[tokio::test]
async fn a_sign_out_during_a_slow_renewal_yields_no_token() {
    for signs_out in [false, true] {
        let (rig, mut browser) = Rig::guest().await;
        let tokens = rig.tokens(&mut browser).await;
        rig.forward(61);
        let lie = signs_out.then(|| signing_out(&rig, &browser));
        rig.world.wire.twist("microsoftonline.us", lie);
        let answer = rig.refresh(&tokens).await;
        rig.world.wire.twist("microsoftonline.us", None);
        match answer {
            Ok(_) => assert!(!signs_out, "a token of a session that has ended"),
            Err(oauth::Error::Refused(refusal)) => {
                assert!(signs_out, "{refusal}");
                assert_eq!((refusal.status, refusal.codes), (400, vec![50_173]));
            }
            Err(oauth::Error::Failed(error)) => panic!("{error:#}"),
        }
    }
}
