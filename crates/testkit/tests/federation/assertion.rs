//! What a lying home says about a person (§3.8, §3.9; security bars S-20, S-21): each member is compared with what was asked,
//! each lie alone is refused, nothing is written of it but its record, and the truth passes.

use comity_demo::browser::Browser;
use comity_model::signing_key::KeyPurpose;
use comity_oauth::assertion;
use comity_testkit::{Engine, Hostile, Lie};
use serde_json::{Value, json};

use super::rig::{Rig, Standing};

/// Home is not believed.
const NOT_BELIEVED: (u16, u32) = (403, 50_000);

type Told = (&'static str, Value);

/// Opens *Expenses* while home lies: what the page's status and the record say.
async fn opened(rig: &Rig, browser: &mut Browser, lie: Lie) -> (u16, u32) {
    rig.world.wire.twist("microsoftonline.us", Some(lie));
    browser.open(&rig.expenses()).await.unwrap();
    rig.world.wire.twist("microsoftonline.us", None);
    let status = browser.page().unwrap().status.as_u16();
    (status, rig.recorded(browser).await)
}

/// Each lie is refused and leaves nothing behind; the truth afterwards opens the application.
pub async fn all_refused(rig: &Rig, browser: &mut Browser, lies: Vec<(String, Lie)>) {
    let before: Standing = rig.standing(browser).await;
    assert!(!before.lease && before.session.is_some());
    for (name, lie) in lies {
        assert_eq!(opened(rig, browser, lie).await, NOT_BELIEVED, "{name}");
        assert_eq!(rig.standing(browser).await, before, "{name}");
    }
    browser.open(&rig.expenses()).await.unwrap();
    let page = browser.page().unwrap();
    assert_eq!(
        page.host(),
        "expenses.contoso.localhost",
        "{}",
        page.describe()
    );
    let after = rig.standing(browser).await;
    assert!(after.lease, "the truth gives a lease");
    assert_ne!(after.session, before.session, "and a new session value");
}

fn said(rig: &Rig, told: Vec<Told>) -> Vec<(String, Lie)> {
    let hostile = rig.hostile();
    let lie = |(pointer, value): Told| {
        let name = format!("{pointer} {value}").chars().take(100).collect();
        let lie = hostile.of_people(move |claims| {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            claims.pointer_mut(parent).unwrap()[member] = value.clone();
        });
        (name, lie)
    };
    told.into_iter().map(lie).collect()
}

#[tokio::test]
async fn whose_word_it_is_for_whom_and_about_whom() {
    let (rig, mut browser) = Rig::guest().await;
    let nils = rig
        .northwind()
        .user("nils@northwind.us")
        .unwrap()
        .id
        .clone();
    let northwind = rig.northwind().id.clone();
    let woodgrove = rig.tenant("usgov", "woodgrove.us").id.clone();
    let issuer =
        |cloud: &str, tenant: &str| json!(format!("{}/{tenant}/v2.0", rig.cloud(cloud).login));
    let entity = |cloud: &str| json!(rig.app(cloud).registry().own.entity);
    let mut told = vec![
        ("/iss", issuer("usgov", &woodgrove)),
        ("/iss", issuer("global", &northwind)),
        ("/iss", issuer("china", &northwind)),
        ("/iss", entity("usgov")),
        ("/aud", entity("china")),
        ("/aud", entity("usgov")),
        ("/aud", json!([rig.app("global").registry().own.entity])),
        ("/tid", json!(woodgrove)),
        ("/sub", json!(nils)),
        ("/oid", json!(nils)),
        ("/nonce", json!("A".repeat(43))),
        ("/nonce", Value::Null),
        ("/credential", json!("federated")),
        ("/credential", Value::Null),
        ("/consent", json!(true)),
    ];
    told.push(("/upn", json!("nora")));
    let hostile = rig.hostile();
    let another = hostile.of_people(move |claims| {
        claims["sub"] = json!(nils);
        claims["oid"] = json!(nils);
    });
    // Another tenant of the same cloud vouches for its neighbour's person, with two factors (S-21).
    let now = rig.world.clock.time().seconds();
    let (iss, tid) = (issuer("usgov", &woodgrove), json!(woodgrove));
    let neighbour = rig.hostile().of_people(move |claims| {
        claims["iss"] = iss.clone();
        claims["tid"] = tid.clone();
        claims["acr"] = json!("mfa");
        let at = |method: &str| json!({ "method": method, "at": now });
        claims["methods"] = json!([at("password"), at("softwareOath")]);
    });
    let mut lies = said(&rig, told);
    lies.push(("a neighbour's word".to_owned(), neighbour));
    lies.push(("a person other than the one asked".to_owned(), another));
    all_refused(&rig, &mut browser, lies).await;
}

#[tokio::test]
async fn the_crossing_is_the_one_that_was_pushed() {
    let (rig, mut browser) = Rig::guest().await;
    let other = json!("77777777-7777-4777-8777-777777777777");
    let told = vec![
        (
            "/crossing/resource_tenant",
            json!(rig.tenant("global", "fabrikam.com").id),
        ),
        (
            "/crossing/home_tenant",
            json!(rig.tenant("usgov", "woodgrove.us").id),
        ),
        ("/crossing/client_app", other.clone()),
        ("/crossing/resource_app", other.clone()),
        ("/crossing/app_name", json!("Library")),
        ("/crossing/groups", json!([other])),
        ("/crossing/correlation_id", other.clone()),
        ("/crossing/consent", json!(true)),
        (
            "/device",
            json!({"id": other, "isCompliant": true, "isHybridJoined": true, "attributes": {}}),
        ),
    ];
    let lies = said(&rig, told);
    all_refused(&rig, &mut browser, lies).await;
}

#[tokio::test]
async fn times_are_neither_ahead_nor_over_and_texts_have_an_end() {
    let (rig, mut browser) = Rig::guest().await;
    let now = rig.world.clock.time().seconds();
    let method = |at: i64| json!([{"method": "password", "at": at}]);
    let many: Vec<_> = (0..33)
        .map(|_| json!({"method": "password", "at": now}))
        .collect();
    let told = vec![
        ("/iat", json!(now + 90)),
        ("/auth_time", json!(now + 90)),
        ("/methods", method(now + 90)),
        ("/exp", json!(now - 1)),
        ("/exp", json!(now + 3600)),
        ("/session_exp", json!(now)),
        ("/iat", json!(-i64::MAX)),
        ("/methods", json!(many)),
        ("/methods", json!([{"method": "x".repeat(65), "at": now}])),
        ("/name", json!("x".repeat(2000))),
        ("/upn", json!(format!("{}@northwind.us", "x".repeat(400)))),
        ("/upn", json!("nora\u{202e}@northwind.us")),
        ("/sid", json!("")),
    ];
    let lies = said(&rig, told);
    all_refused(&rig, &mut browser, lies).await;
}

/// The same claims by another key or under another `typ`.
fn signed(by: Hostile, key: KeyPurpose, typ: &'static str) -> Lie {
    Hostile::in_grants(move |token| by.sign(key, typ, &comity_testkit::hostile::claims(token)?))
}

#[tokio::test]
async fn only_home_s_key_for_assertions_vouches() {
    let (rig, mut browser) = Rig::guest().await;
    let (own, china) = (rig.hostile(), Hostile::new(rig.app("china")));
    let unsigned = Hostile::in_grants(|token| {
        let middle = token.split('.').nth(1).unwrap_or_default();
        let header = comity_crypto::base64url::encode(
            json!({"alg": "none", "typ": assertion::TYPE, "kid": "k"}).to_string(),
        );
        Ok(format!("{header}.{middle}."))
    });
    let cut = Hostile::in_grants(|token| Ok(token.get(..token.len() - 8).unwrap_or("").to_owned()));
    let of = |key| signed(own.clone(), key, assertion::TYPE);
    let lies = [
        ("question key", of(KeyPurpose::Question)),
        ("answer key", of(KeyPurpose::Answer)),
        ("client assertion key", of(KeyPurpose::ClientAssertion)),
        ("entity key", of(KeyPurpose::Entity)),
        ("token key", of(KeyPurpose::Token)),
        (
            "another cloud's key",
            signed(china, KeyPurpose::Assertion, assertion::TYPE),
        ),
        (
            "typ of an answer",
            signed(own.clone(), KeyPurpose::Assertion, "comity-answer+jwt"),
        ),
        ("typ JWT", signed(own, KeyPurpose::Assertion, "JWT")),
        ("no signature", unsigned),
        ("half a signature", cut),
    ];
    let lies = lies.map(|(name, lie)| (name.to_owned(), lie));
    all_refused(&rig, &mut browser, lies.into()).await;
}

#[tokio::test]
async fn an_answer_that_is_none_is_silence() {
    let (rig, mut browser) = Rig::guest().await;
    let before = rig.standing(&browser).await;
    let body = |text: &'static [u8]| Hostile::at("/token", move |a| a.body = text.to_vec());
    let status = |status| Hostile::at("/token", move |a| a.status = status);
    let without = |member: &'static str| {
        Hostile::grants(move |body| {
            body.as_object_mut().unwrap().remove(member);
        })
    };
    let lies = [
        ("redirect", status(302)),
        ("fault", status(500)),
        ("busy", status(503)),
        ("a page", body(b"<html><script>alert(1)</script>")),
        ("nothing", body(b"")),
        (
            "huge",
            Hostile::at("/token", |a| a.body = vec![b' '; 257 * 1024]),
        ),
        ("no assertion", without("id_token")),
        ("no lease", without("refresh_token")),
        (
            "bearer",
            Hostile::grants(|body| body["token_type"] = json!("Bearer")),
        ),
    ];
    for (name, lie) in lies {
        assert_eq!(
            opened(&rig, &mut browser, lie).await,
            (503, 90_033),
            "{name}"
        );
        assert_eq!(rig.standing(&browser).await, before, "{name}");
    }
    rig.world.wire.twist("microsoftonline.us", None);
    browser.open(&rig.expenses()).await.unwrap();
    let back = rig.standing(&browser).await;
    assert!(
        back.lease,
        "then back: {}",
        browser.page().unwrap().describe()
    );
}

#[tokio::test]
async fn a_lie_redeems_nobody_on_either_engine() {
    for engine in Engine::available() {
        let rig = Rig::paired_on(engine).await;
        let link = rig.invite(super::rig::NORA).await;
        let mut browser = rig.browser();
        let before = rig.standing(&browser).await;
        let nils = rig
            .northwind()
            .user("nils@northwind.us")
            .unwrap()
            .id
            .clone();
        let lie = rig.hostile().of_people(move |claims| {
            claims["sub"] = json!(nils);
            claims["oid"] = json!(nils);
        });
        rig.world.wire.twist("microsoftonline.us", Some(lie));
        browser.open(&link).await.unwrap();
        rig.walk(&mut browser).await;
        assert_eq!(browser.page().unwrap().status, 403);
        assert_eq!(rig.recorded(&browser).await, 50_000);
        assert_eq!(rig.standing(&browser).await, before, "{engine:?}");
        rig.world.wire.twist("microsoftonline.us", None);
        browser.open(&link).await.unwrap();
        rig.walk(&mut browser).await;
        let after = rig.standing(&browser).await;
        assert!(after.session.is_some());
        assert_ne!(after.guest, before.guest, "redeemed by the truth");
    }
}

#[tokio::test]
async fn text_that_is_markup_stays_text() {
    let rig = Rig::paired().await;
    let link = rig.invite(super::rig::NORA).await;
    let mut browser = rig.browser();
    let name = "<script>alert(1)</script>\u{202e}\u{7}\"><img src=x onerror=alert(1)>";
    let lie = rig
        .hostile()
        .of_people(move |claims| claims["name"] = json!(name));
    rig.world.wire.twist("microsoftonline.us", Some(lie));
    browser.open(&link).await.unwrap();
    rig.until_review(&mut browser).await;
    let page = browser.page().unwrap();
    assert!(
        page.html.text().contains("<script>alert(1)</script>"),
        "{}",
        page.describe()
    );
    assert!(page.html.nodes().all(|n| n.attribute("onerror").is_none()));
    assert!(!page.html.text().contains('\u{202e}'));
    browser.submit("#consent-accept").await.unwrap();
    assert!(
        rig.standing(&browser).await.session.is_some(),
        "she is herself all the same"
    );
}

/// A name in a domain that is verified at the host, or that home does not publish, is shown as
/// unverified, on pages and in tokens (S-29, §5.7).
#[tokio::test]
async fn a_name_in_a_domain_that_is_not_home_s_is_shown_as_unverified() {
    for (said, shown) in [
        (
            "ceo@contoso.com",
            "ceo at contoso.com (unverified, Northwind Agency)",
        ),
        (
            "Ceo@CONTOSO.com",
            "Ceo at CONTOSO.com (unverified, Northwind Agency)",
        ),
        (
            "ceo@bank.example",
            "ceo at bank.example (unverified, Northwind Agency)",
        ),
        ("ceo@northwind.us", "ceo@northwind.us"),
    ] {
        let rig = Rig::paired().await;
        let link = rig.invite(super::rig::NORA).await;
        let mut browser = rig.browser();
        let lie = rig
            .hostile()
            .of_people(move |claims| claims["upn"] = json!(said));
        rig.world.wire.twist("microsoftonline.us", Some(lie));
        browser.open(&link).await.unwrap();
        rig.until_review(&mut browser).await;
        let shows = |browser: &Browser, place: &str| {
            let page = browser.page().unwrap();
            let body = page.html.nodes().find(|n| n.tag() == "body");
            let text = body.unwrap().text();
            assert!(text.contains(shown), "{place}: {text}");
            assert!(said == shown || !text.contains(said), "{place}: {text}");
        };
        shows(&browser, "review");
        browser.submit("#consent-accept").await.unwrap();
        assert!(browser.page().unwrap().host().starts_with("myapps."));
        shows(&browser, "my apps");
        let tokens = rig.tokens(&mut browser).await;
        let id_token = tokens.id_token.unwrap();
        let claims = comity_testkit::hostile::claims(&id_token).unwrap();
        assert_eq!(claims["preferred_username"], shown);
        let claims = comity_testkit::hostile::claims(&tokens.access_token).unwrap();
        assert_eq!(claims["preferred_username"], shown);
    }
}
