//! The group answer and the freshness of a lying home (§3.5, §3.9), and its word on redemption
//! (§5.2).

use comity_demo::{
    browser::Browser,
    oauth,
    walk::{End, Trip},
};
use comity_testkit::Lie;
use serde_json::{Value, json};
use url::Url;

use super::rig::{NORA, Rig};

const HOSTILE: &str = "microsoftonline.us";

/// Contoso lets in, or keeps out, the members of one group of Northwind.
async fn inbound(rig: &Rig, access: &str) -> String {
    let group = rig.northwind().group("Contoso Project").unwrap().id.clone();
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    let path = format!(
        "/v1.0/policies/crossTenantAccessPolicy/partners/{}",
        rig.northwind().id
    );
    let body = json!({ "b2bCollaborationInbound": {
        "usersAndGroups": {
            "accessType": access,
            "targets": [{ "target": group, "targetType": "group" }],
        },
        "applications": {
            "accessType": access,
            "targets": [{ "target": "AllApplications", "targetType": "application" }],
        },
    }});
    let reply = graph.patch(&path, &body).await.unwrap();
    assert_eq!(reply.status, 204, "{}", reply.body);
    group
}

async fn opened(rig: &Rig, browser: &mut Browser, lie: Option<Lie>) -> Option<u32> {
    rig.world.wire.twist(HOSTILE, lie);
    browser.open(&rig.expenses()).await.unwrap();
    rig.world.wire.twist(HOSTILE, None);
    match browser.page().unwrap().host() {
        "expenses.contoso.localhost" => None,
        _ => Some(rig.recorded(browser).await),
    }
}

fn answering(rig: &Rig, groups: Value) -> Lie {
    rig.hostile()
        .of_people(move |claims| claims["groups"] = groups.clone())
}

#[tokio::test]
async fn groups_left_out_count_against_her_and_groups_not_asked_for_nothing() {
    let other = "77777777-7777-4777-8777-777777777777";
    let (rig, mut browser) = Rig::guest().await;
    let group = inbound(&rig, "blocked").await;
    let left_out = answering(&rig, json!({"evaluated": [], "member": []}));
    assert_eq!(
        opened(&rig, &mut browser, Some(left_out)).await,
        Some(500_213)
    );
    let instead = answering(&rig, json!({"evaluated": [other], "member": []}));
    assert_eq!(
        opened(&rig, &mut browser, Some(instead)).await,
        Some(500_213)
    );
    assert_eq!(
        opened(&rig, &mut browser, None).await,
        Some(500_213),
        "a member"
    );
    // Speaking for its own people, home may say that she is none.
    let none = answering(&rig, json!({"evaluated": [group], "member": []}));
    assert_eq!(opened(&rig, &mut browser, Some(none)).await, None);
}

#[tokio::test]
async fn a_membership_that_was_not_evaluated_admits_nobody() {
    let other = "77777777-7777-4777-8777-777777777777";
    let (rig, mut browser) = Rig::guest().await;
    let group = inbound(&rig, "allowed").await;
    for groups in [
        json!({"evaluated": [], "member": [group]}),
        json!({"evaluated": [other], "member": [other, group]}),
    ] {
        let lie = answering(&rig, groups.clone());
        assert_eq!(
            opened(&rig, &mut browser, Some(lie)).await,
            Some(500_213),
            "{groups}"
        );
    }
    assert_eq!(opened(&rig, &mut browser, None).await, None, "a member");
}

/// A sign-in of the command line at Contoso that wants a young proof.
async fn signed_in(rig: &Rig, browser: &mut Browser, max_age: &str) -> Trip {
    let base = format!(
        "{}/{}/oauth2/v2.0/authorize",
        rig.cloud("global").login,
        rig.contoso().id
    );
    let mut url = Url::parse(&base).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("client_id", oauth::AZURE_CLI),
        ("response_type", "code"),
        ("redirect_uri", "http://localhost:8400"),
        ("scope", "openid profile"),
        ("state", "st"),
        ("nonce", "no"),
        ("max_age", max_age),
        ("login_hint", NORA),
        ("code_challenge", &"A".repeat(43)),
        ("code_challenge_method", "S256"),
    ]);
    browser.stop_at(Some("http://localhost:8400".to_owned()));
    browser.open(url.as_str()).await.unwrap();
    let trip = rig.walk(browser).await;
    browser.stop_at(None);
    trip
}

#[tokio::test]
async fn a_proof_older_than_was_asked_is_asked_for_once_more_and_then_refused() {
    let (rig, mut browser) = Rig::guest().await;
    let lie = rig.hostile().of_people(|claims| {
        let time = claims["auth_time"].as_i64().unwrap();
        claims["auth_time"] = json!(time - 900);
        claims["methods"] = json!([{"method": "password", "at": time - 900}]);
    });
    rig.world.wire.twist(HOSTILE, Some(lie));
    rig.world.wire.clear();
    let trip = signed_in(&rig, &mut browser, "300").await;
    let End::Refused(refused) = &trip.end else {
        panic!("{}", trip.outcome(&browser))
    };
    assert_eq!(refused.code, "AADSTS50076");
    let legs = rig.sent("/par").iter().filter(|e| e.status == 201).count();
    assert_eq!(legs, 2, "one retry, no loop");
    rig.world.wire.twist(HOSTILE, None);
    let trip = signed_in(&rig, &mut browser, "300").await;
    assert!(
        matches!(trip.end, End::Away(_)),
        "{}",
        trip.outcome(&browser)
    );
}

#[tokio::test]
async fn home_s_word_alone_redeems_nothing_automatically() {
    let rig = Rig::paired().await;
    let link = rig.invite(NORA).await;
    let lie = rig
        .hostile()
        .of_people(|claims| claims["automatic_redemption"] = json!(true));
    rig.world.wire.twist(HOSTILE, Some(lie));
    let mut browser = rig.browser();
    let before = rig.standing(&browser).await;
    browser.open(&link).await.unwrap();
    rig.until_review(&mut browser).await;
    assert_eq!(rig.standing(&browser).await, before);
    browser.submit("#consent-accept").await.unwrap();
    assert_ne!(rig.standing(&browser).await.guest, before.guest);
}
