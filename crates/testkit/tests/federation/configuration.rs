//! What a hostile cloud publishes about itself (§1): compared with the registry, never merged; a
//! lie shuts the pair, the truth opens it again.

use comity_app::{Client, Context, key, partner_configuration};
use comity_demo::browser::Browser;
use comity_model::signing_key::KeyPurpose;
use comity_oauth::entity::{self, Purpose};
use comity_testkit::{Fault, Hostile, Lie};
use serde_json::{Value, json};

use super::rig::Rig;

const HOSTILE: &str = "microsoftonline.us";
const CLOUD: &str = "/metadata/comity_cloud";

/// Opens *Expenses* a minute later, while the other cloud says this about itself.
async fn opened(rig: &Rig, browser: &mut Browser, lie: Option<Lie>) -> u16 {
    rig.forward(61);
    rig.world.wire.twist(HOSTILE, lie);
    browser.open(&rig.expenses()).await.unwrap();
    rig.world.wire.twist(HOSTILE, None);
    browser.page().unwrap().status.as_u16()
}

async fn shut(rig: &Rig) -> Option<String> {
    let read = rig.app("global").store().read();
    let row = read.cloud().partner_configurations().find(HOSTILE).await;
    row.unwrap().unwrap().shut
}

fn put(claims: &mut Value, pointer: &str, value: Value) {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    claims.pointer_mut(parent).unwrap()[member] = value;
}

pub(super) async fn all_refused(rig: &Rig, browser: &mut Browser, lies: Vec<(String, Lie)>) {
    let before = rig.standing(browser).await;
    for (name, lie) in lies {
        assert_eq!(opened(rig, browser, Some(lie)).await, 503, "{name}");
        assert_eq!(rig.standing(browser).await, before, "{name}");
    }
    opened(rig, browser, None).await;
    assert!(rig.standing(browser).await.lease, "the truth opens it");
    assert_eq!(shut(rig).await, None);
}

#[tokio::test]
async fn a_cloud_is_what_the_registry_says() {
    let (rig, mut browser) = Rig::guest().await;
    let global = &rig.app("global").registry().own;
    let china = &rig.app("china").registry().own;
    let told = [
        ("canonical_name", json!(global.canonical_name)),
        ("canonical_name", json!(china.canonical_name)),
        ("issuer_template", json!(global.issuer_template)),
        ("hosts/login", json!(global.hosts.login)),
        ("hosts/graph", json!(china.hosts.graph)),
        ("initial_domain_suffix", json!(".onmicrosoft.com")),
        ("pairs", json!([])),
        ("pairs", json!([china.canonical_name])),
    ];
    for (member, value) in told {
        let pointer = format!("{CLOUD}/{member}");
        let lie = rig
            .hostile()
            .of_itself(move |claims| put(claims, &pointer, value.clone()));
        let before = rig.standing(&browser).await;
        assert_eq!(opened(&rig, &mut browser, Some(lie)).await, 503, "{member}");
        assert_eq!(rig.standing(&browser).await, before, "{member}");
        let top = member.split('/').next().unwrap();
        let reason = shut(&rig).await;
        assert!(
            reason.as_ref().is_some_and(|r| r.contains(top)),
            "{reason:?}"
        );
    }
    opened(&rig, &mut browser, None).await;
    assert_eq!(shut(&rig).await, None);
    assert!(rig.standing(&browser).await.lease);
}

#[tokio::test]
async fn statements_have_a_time_an_author_and_keys_of_one_purpose() {
    let (rig, mut browser) = Rig::guest().await;
    let hostile = rig.hostile();
    let china = json!(rig.app("china").registry().own.entity);
    let shared = |from: &'static str, to: &'static str| {
        hostile.of_itself(move |claims| {
            let keys = claims.pointer(from).unwrap().clone();
            put(claims, to, keys);
        })
    };
    let moved = |member: &'static str, by: i64| {
        hostile.of_itself(move |claims| {
            let time = claims["iat"].as_i64().unwrap();
            claims[member] = json!(time + by);
        })
    };
    let named = |member: &'static str| {
        let china = china.clone();
        hostile.of_itself(move |claims| claims[member] = china.clone())
    };
    let mut lies = vec![
        ("issuer", named("iss")),
        ("subject", named("sub")),
        ("ahead", moved("iat", 90)),
        ("over", moved("exp", 0)),
        ("a day and an hour", moved("exp", 25 * 3600)),
        ("back in time", moved("iat", -4000)),
        (
            "one key for two",
            shared(
                "/metadata/comity_cloud/answer_keys",
                "/metadata/comity_cloud/assertion_keys",
            ),
        ),
        (
            "the entity's key",
            shared("/jwks", "/metadata/comity_cloud/assertion_keys"),
        ),
    ];
    lies.push(("a redirect", Hostile::at(entity::PATH, |a| a.status = 302)));
    let signed = |key, typ: &'static str| {
        let own = rig.hostile();
        Hostile::at(entity::PATH, move |answer| {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let claims = comity_testkit::hostile::claims(&text).unwrap();
            answer.body = own.sign(key, typ, &claims).unwrap().into_bytes();
        })
    };
    lies.push(("another key", signed(KeyPurpose::Assertion, entity::TYPE)));
    lies.push(("another typ", signed(KeyPurpose::Entity, "JWT")));
    // Silence is borne for five minutes; this is longer.
    rig.forward(301);
    let lies = lies.into_iter().map(|(name, lie)| (name.to_owned(), lie));
    all_refused(&rig, &mut browser, lies.collect()).await;
}

#[tokio::test]
async fn a_configuration_that_is_not_accepted_announces_no_key() {
    let (rig, mut browser) = Rig::guest().await;
    let china = Hostile::new(rig.app("china"));
    let key = rig.app("china").keys().current();
    let key = json!(key.published(KeyPurpose::Entity));
    let announced = key.clone();
    let announcing = rig.hostile().of_itself(move |claims| {
        let keys = claims["jwks"]["keys"].as_array_mut().unwrap();
        keys.extend(announced.as_array().unwrap().clone());
        claims["metadata"]["comity_cloud"]["canonical_name"] = json!("x");
    });
    let taken = Hostile::at(entity::PATH, move |answer| {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let mut claims = comity_testkit::hostile::claims(&text).unwrap();
        claims["jwks"]["keys"] = key.clone();
        let signed = china.sign(KeyPurpose::Entity, entity::TYPE, &claims);
        answer.body = signed.unwrap().into_bytes();
    });
    let lies = [("announced", announcing), ("used", taken)];
    let lies = lies.map(|(name, lie)| (name.to_owned(), lie));
    all_refused(&rig, &mut browser, lies.into()).await;
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_and_stays_dead() {
    let (rig, mut browser) = Rig::guest().await;
    let keys = rig.app("usgov").keys().current();
    let kid = keys.active(KeyPurpose::Assertion).unwrap().kid().to_owned();
    let revoked = kid.clone();
    let lie = rig.hostile().of_itself(move |claims| {
        claims["metadata"]["comity_cloud"]["revoked"] = json!([revoked]);
    });
    for _ in 0..3 {
        let status = opened(&rig, &mut browser, Some(lie.clone())).await;
        let page = browser.page().unwrap();
        // Refused, or asked for her name because nothing of her is left here.
        let asked = page.html.by_id("username").is_some();
        assert!(status >= 400 || asked, "{}", page.describe());
        assert!(!rig.standing(&browser).await.lease);
    }
    // Kept for the other nodes and the next start: no older statement takes it back.
    let read = rig.app("global").store().read();
    let row = read.cloud().partner_configurations().find(HOSTILE).await;
    let kept = comity_testkit::hostile::claims(&row.unwrap().unwrap().statement).unwrap();
    assert_eq!(kept["metadata"]["comity_cloud"]["revoked"], json!([kid]));
}

/// Asks the other cloud who it is, a minute later, while it says this about itself.
async fn asked(rig: &Rig, lie: Option<Lie>) -> comity_app::Result<()> {
    rig.forward(61);
    rig.world.wire.twist(HOSTILE, lie);
    let cx = Context::new(rig.app("global"), Client::default());
    let keys = partner_configuration::keys(&cx, HOSTILE, Purpose::Assertion, None).await;
    rig.world.wire.twist(HOSTILE, None);
    keys.map(drop)
}

/// The other cloud announces a key, uses it, and revokes the one before: whoever has stolen that one
/// can say nothing with it, however new it looks and whatever it says about revocations.
#[tokio::test]
async fn a_revoked_entity_key_speaks_for_nobody() {
    let (rig, _) = Rig::guest().await;
    let usgov = rig.app("usgov").clone();
    let stolen = usgov.keys().current();
    let stolen = stolen.active(KeyPurpose::Entity).unwrap().clone();
    let rotate = async || {
        let lines = key::rotate(&usgov, &[KeyPurpose::Entity], false).await;
        lines.unwrap().join("\n")
    };
    assert!(rotate().await.contains("is announced"));
    assert!(rotate().await.contains("does not sign yet"), "too early");
    asked(&rig, None).await.unwrap();
    rig.forward(24 * 3600);
    assert!(rotate().await.contains("signs from now on"));
    asked(&rig, None).await.unwrap();
    assert_eq!(shut(&rig).await, None, "the announced key is believed");
    key::revoke(&usgov, stolen.kid()).await.unwrap();
    asked(&rig, None).await.unwrap();
    assert_eq!(shut(&rig).await, None);
    let thief = stolen.clone();
    let lie = Hostile::at(entity::PATH, move |answer| {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let mut claims = comity_testkit::hostile::claims(&text).unwrap();
        let mut own = serde_json::to_value(thief.public_jwk()).unwrap();
        own["kid"] = json!(thief.kid());
        claims["jwks"]["keys"] = json!([own]);
        claims["metadata"]["comity_cloud"]["revoked"] = json!([]);
        let signed = comity_oauth::jws::sign(entity::TYPE, &claims, &thief).unwrap();
        answer.body = signed.into_bytes();
    });
    let refused = asked(&rig, Some(lie)).await.unwrap_err();
    assert!(
        matches!(refused, comity_app::Error::Denied { .. }),
        "{refused}"
    );
    asked(&rig, None).await.unwrap();
    let read = rig.app("global").store().read();
    let row = read.cloud().partner_configurations().find(HOSTILE).await;
    let revoked = row.unwrap().unwrap().revoked;
    assert!(revoked.contains(stolen.kid()), "{revoked:?}");
}

/// The job that asks partners while nobody crosses finds one silent: whoever needs an answer a moment
/// later asks anew, and is not told of that silence.
#[tokio::test]
async fn a_silence_that_nobody_waited_for_keeps_nobody_out() {
    let (rig, _) = Rig::guest().await;
    rig.forward(3600);
    let cx = Context::new(rig.app("global"), Client::default());
    rig.world.wire.fail(HOSTILE, Some(Fault::Down));
    let answered = partner_configuration::ask_all(&cx, 0).await.unwrap();
    rig.world.wire.fail(HOSTILE, None);
    assert_eq!(answered, 1, "the other partner answers");
    let keys = partner_configuration::keys(&cx, HOSTILE, Purpose::Assertion, None).await;
    assert!(keys.is_ok(), "{:?}", keys.err());
    // A partner that was asked lately is left alone.
    rig.world.wire.clear();
    let asked = partner_configuration::ask_all(&cx, 3600).await.unwrap();
    assert_eq!((asked, rig.world.wire.exchanges().len()), (0, 0));
}
