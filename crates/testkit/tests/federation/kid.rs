//! Whose key it is and what it may sign (security bar S-08): a key is looked for among those of the
//! cloud that speaks, of the purpose at hand, and nowhere else. A name that two keys share names
//! neither; the same name at two partners means each one's own key. Every text is well signed and
//! true but for its key.

use std::sync::Arc;

use comity_app::{
    App,
    port::{OutboundRequest, OutboundResponse},
};
use comity_crypto::{SigningAlgorithm, SigningKey};
use comity_demo::{
    browser::Browser,
    graph::Graph,
    walk::{self, End, Person},
};
use comity_model::signing_key::KeyPurpose;
use comity_oauth::{assertion, question};
use comity_testkit::{Hostile, Lie, hostile::claims};
use serde_json::{Value, json};

use super::{
    assertion::all_refused,
    configuration,
    header::{active, with},
    question::{HOSTILE, added, asked, partners, sent, ticked},
    rig::{NORA, Rig, add, told},
};

fn others(purpose: KeyPurpose) -> impl Iterator<Item = KeyPurpose> {
    let all = KeyPurpose::ALL.into_iter();
    all.filter(move |other| *other != purpose)
}

fn stranger(kid: &Value) -> Value {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let mut jwk = serde_json::to_value(key.public_jwk()).unwrap();
    jwk["kid"] = kid.clone();
    jwk
}

fn keys<'a>(claims: &'a mut Value, member: &str) -> &'a mut Vec<Value> {
    let place = match member {
        "jwks" => &mut claims["jwks"],
        _ => &mut claims["metadata"]["comity_cloud"][member],
    };
    place["keys"].as_array_mut().unwrap()
}

#[tokio::test]
async fn s08_a_partner_that_gives_two_keys_one_name_is_refused() {
    let (rig, mut browser) = Rig::guest().await;
    let mut lies = Vec::new();
    for member in ["jwks", "assertion_keys", "answer_keys"] {
        for first in [true, false] {
            let lie = rig.hostile().of_itself(move |claims| {
                let all = keys(claims, member);
                let twin = stranger(&all[0]["kid"]);
                all.insert(usize::from(!first), twin);
            });
            lies.push((format!("two of {member}, the new one first: {first}"), lie));
        }
        let lie = rig.hostile().of_itself(move |claims| {
            let kid = keys(claims, "question_keys")[0]["kid"].clone();
            keys(claims, member).push(stranger(&kid));
        });
        lies.push((format!("one of {member}, one of questions"), lie));
        let lie = rig.hostile().of_itself(move |claims| {
            let mut again = keys(claims, member)[0].clone();
            again["kid"] = json!("another name");
            keys(claims, member).push(again);
        });
        lies.push((format!("two names for one of {member}"), lie));
    }
    // A statement that is refused is not silence, which is borne for five minutes.
    rig.forward(301);
    configuration::all_refused(&rig, &mut browser, lies).await;
    // Another key with a name of its own is no lie.
    let honest = rig.hostile().of_itself(|claims| {
        keys(claims, "assertion_keys").push(stranger(&json!("next")));
    });
    rig.forward(301);
    rig.world.wire.twist(HOSTILE, Some(honest));
    browser.open(&rig.expenses()).await.unwrap();
    assert!(rig.standing(&browser).await.lease);
}

/// A cloud whose keys are named after what they are for, as any other's may be, and which signs
/// assertions and answers with these.
fn named_alike(app: &App, by: &App) -> Lie {
    let key = |purpose| by.keys().current().active(purpose).unwrap().clone();
    let forge = |purpose, name: &'static str| with(&key(purpose), "kid", json!(name));
    let people = forge(KeyPurpose::Assertion, "assertion_keys");
    let answer = forge(KeyPurpose::Answer, "answer_keys");
    let itself = Hostile::new(app).of_itself(|claims| {
        for member in ["assertion_keys", "answer_keys"] {
            keys(claims, member)[0]["kid"] = json!(member);
        }
    });
    let people = Hostile::in_grants(move |token| Ok(people(assertion::TYPE, &claims(token)?)));
    let answers = Hostile::at(question::PATH, move |said| {
        let text = String::from_utf8_lossy(&said.body).into_owned();
        if let Ok(true_claims) = claims(&text) {
            said.body = answer(question::ANSWER_TYPE, &true_claims).into_bytes();
        }
    });
    Arc::new(move |request: &OutboundRequest, said: OutboundResponse| {
        answers(request, people(request, itself(request, said)))
    })
}

/// US Government and China name their keys alike.
fn alike(rig: &Rig) {
    for cloud in ["usgov", "china"] {
        let app = rig.app(cloud);
        let name = &app.registry().own.canonical_name;
        rig.world.wire.twist(name, Some(named_alike(app, app)));
    }
}

/// Contoso with both clouds' organizations, each for itself.
async fn both_added(rig: &Rig) -> Graph {
    let clouds = ["microsoftonline.us", "partner.microsoftonline.cn"];
    rig.tick("global", "contoso.com", &clouds).await;
    let contoso = rig.graph("global", "contoso.com", "secadmin").await;
    for (cloud, domain, admin) in [
        ("usgov", "northwind.us", "secadmin"),
        ("china", "tailspin.cn", "admin"),
    ] {
        add(&contoso, &rig.tenant(cloud, domain).id).await;
        let graph = rig.graph(cloud, domain, admin).await;
        let path = "/v1.0/policies/crossTenantAccessPolicy";
        let body = json!({ "allowedCloudEndpoints": ["microsoftonline.com"] });
        assert_eq!(graph.patch(path, &body).await.unwrap().status, 204);
        add(&graph, &rig.contoso().id).await;
    }
    contoso
}

/// Redeems an invitation of Contoso.
async fn guest(rig: &Rig, upn: &str, cloud: &str) -> Browser {
    let domain = upn.split('@').nth(1).unwrap();
    let user = rig.tenant(cloud, domain).user(upn).unwrap();
    let mut person = Person::of(user, rig.cloud(cloud)).unwrap();
    let link = rig.invite(upn).await;
    let mut browser = rig.browser();
    browser.open(&link).await.unwrap();
    let trip = walk::walk(&mut browser, &mut person, &rig.means.clock).await;
    let trip = trip.unwrap();
    assert!(
        matches!(trip.end, End::Landed),
        "{upn}: {}",
        trip.outcome(&browser)
    );
    browser
}

#[tokio::test]
async fn s08_two_partners_whose_keys_have_one_name_are_told_apart() {
    let rig = Rig::start().await;
    alike(&rig);
    let contoso = both_added(&rig).await;
    assert_eq!(partners(&contoso).await, 2, "both answer under one name");
    let mut nora = guest(&rig, NORA, "usgov").await;
    guest(&rig, "tao@tailspin.cn", "china").await;
    // China's key under the name that both have, for a word of US Government, and back again.
    let before = rig.standing(&nora).await;
    for (by, expected) in [("china", 403), ("usgov", 200)] {
        let lie = named_alike(rig.app("usgov"), rig.app(by));
        rig.world.wire.twist(HOSTILE, Some(lie));
        nora.open(&rig.expenses()).await.unwrap();
        assert_eq!(nora.page().unwrap().status, expected, "signed by {by}");
        if by == "china" {
            assert_eq!(rig.recorded(&nora).await, 50_000);
            assert_eq!(rig.standing(&nora).await, before);
        }
    }
    assert!(rig.standing(&nora).await.lease);
}

#[tokio::test]
async fn s08_an_answer_of_one_partner_by_the_other_s_key_of_that_name_adds_nobody() {
    let rig = Rig::start().await;
    alike(&rig);
    let graph = ticked(&rig, &[HOSTILE, "partner.microsoftonline.cn"]).await;
    let body = json!({ "tenantId": rig.northwind().id });
    let lie = named_alike(rig.app("usgov"), rig.app("china"));
    assert_eq!(added(&rig, &graph, &body, Some(lie)).await.0, 503);
    assert_eq!(partners(&graph).await, 0);
    alike(&rig);
    add(&graph, &rig.northwind().id).await;
}

type Wrong = (String, super::header::Forge);

/// The listener's own keys, and the speaker's of other purposes, under their own names and under the
/// right one's.
fn wrong_keys(
    rig: &Rig,
    (speaker, listener): (&'static str, &'static str),
    purpose: KeyPurpose,
) -> Vec<Wrong> {
    let kid = active(rig, speaker, purpose).kid().to_owned();
    let own = KeyPurpose::ALL.map(|own| (listener, own));
    let theirs = others(purpose).map(|other| (speaker, other));
    let mut wrong = Vec::new();
    for (cloud, purpose) in own.into_iter().chain(theirs) {
        let key = active(rig, cloud, purpose);
        for name in [key.kid(), kid.as_str()] {
            let what = format!("{cloud}'s key for {purpose:?} as {name}");
            wrong.push((what, with(&key, "kid", json!(name))));
        }
    }
    wrong
}

#[tokio::test]
async fn s08_neither_our_own_keys_nor_home_s_of_other_purposes_vouch_for_a_person() {
    let (rig, mut browser) = Rig::guest().await;
    let wrong = wrong_keys(&rig, ("usgov", "global"), KeyPurpose::Assertion);
    assert_eq!(wrong.len(), 26);
    let lies = wrong.into_iter().map(|(name, forge)| {
        let lie = Hostile::in_grants(move |token| Ok(forge(assertion::TYPE, &claims(token)?)));
        (name, lie)
    });
    all_refused(&rig, &mut browser, lies.collect()).await;
}

#[tokio::test]
async fn s08_nor_do_they_answer_a_question() {
    let rig = Rig::start().await;
    let graph = ticked(&rig, &[HOSTILE]).await;
    let body = json!({ "tenantId": rig.northwind().id });
    for (name, forge) in wrong_keys(&rig, ("usgov", "global"), KeyPurpose::Answer) {
        let lie = Hostile::at(question::PATH, move |answer| {
            let said = claims(&String::from_utf8_lossy(&answer.body)).unwrap();
            answer.body = forge(question::ANSWER_TYPE, &said).into_bytes();
        });
        assert_eq!(added(&rig, &graph, &body, Some(lie)).await.0, 503, "{name}");
    }
    assert_eq!(partners(&graph).await, 0);
    assert_eq!(added(&rig, &graph, &body, None).await.0, 201);
}

#[tokio::test]
async fn s08_nor_do_they_ask_one() {
    let rig = Rig::paired().await;
    let tenant = ("tenant", json!({ "id": rig.northwind().id }));
    let wrong = wrong_keys(&rig, ("global", "usgov"), KeyPurpose::Question);
    for (number, (name, forge)) in wrong.into_iter().enumerate() {
        let text = forge(question::TYPE, &asked(&rig, number as u128, tenant.clone()));
        assert_eq!(sent(&rig, text).await.0, 400, "{name}");
    }
    let right = active(&rig, "global", KeyPurpose::Question);
    let text = with(&right, "kid", json!(right.kid()))(question::TYPE, &asked(&rig, 999, tenant));
    assert_eq!(sent(&rig, text).await.0, 200);
}

#[tokio::test]
async fn s08_nor_does_any_other_key_prove_who_pushes() {
    let rig = Rig::paired().await;
    rig.at_home().await;
    let pushed = rig.sent("/par").into_iter().find(|e| e.status == 201);
    let pushed = pushed.unwrap();
    let form = super::rig::unsigned(&pushed);
    let pair = ("global", "usgov");
    let first = rig.call(pair, &pushed.url, &form).await;
    assert_eq!(first.status, 201, "{}", first.text());
    for key in others(KeyPurpose::ClientAssertion) {
        let signature = super::rig::Signature {
            key,
            nonce: first
                .header(&http::HeaderName::from_static("dpop-nonce"))
                .map(str::to_owned),
            ..super::rig::Signature::default()
        };
        let answer = rig.signed(pair, &pushed.url, &form, &signature).await;
        let (status, error, _) = told(&answer);
        assert_eq!((status, error.as_str()), (401, "invalid_client"), "{key:?}");
    }
}
