//! How old a proof may be (§3.9): the application's `max_age` on the first factor, and on the oldest
//! of two where a second one is asked, at home and at the resource. No loops.

use comity_demo::browser::Browser;
use comity_demo::walk::{Kind, Person};
use serde_json::json;

use super::{
    asking::{ALEX, asked, browser, is_code, open, person, request},
    rig::{NORA, Rig},
};

const MFA: (&str, &str) = ("acr_values", "urn:comity:acr:mfa");

/// Contoso believes Northwind's second factors.
async fn trusting(rig: &Rig) {
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    let partner = format!(
        "/v1.0/policies/crossTenantAccessPolicy/partners/{}",
        rig.northwind().id
    );
    let body = json!({ "inboundTrust": { "isMfaAccepted": true } });
    assert_eq!(graph.patch(&partner, &body).await.unwrap().status, 204);
}

/// Asks with a limit: how often password and code were asked until the code came.
async fn within(
    rig: &Rig,
    browser: &mut Browser,
    person: &mut Person,
    (mfa, age): (bool, Option<&str>),
) -> [usize; 2] {
    let mut more = Vec::new();
    more.extend(mfa.then_some(MFA));
    more.extend(age.map(|age| ("max_age", age)));
    let trip = open(rig, browser, person, &request(rig, &more)).await;
    is_code(&trip, browser);
    assert_eq!(
        trip.stops
            .iter()
            .filter(|s| s.kind == Kind::Enrolment)
            .count(),
        0
    );
    asked(&trip)
}

#[tokio::test]
async fn home_asks_once_for_each_factor_that_is_too_old() {
    let (rig, mut browser) = Rig::guest().await;
    trusting(&rig).await;
    browser.stop_at(Some(super::asking::LOOPBACK.to_owned()));
    let mut nora = person(&rig, NORA);
    // After so many seconds; wanted; asked.
    for (seconds, wanted, expected) in [
        (300, (true, None), [0, 1]),
        (0, (true, Some("3600")), [0, 0]),
        (200, (true, Some("60")), [1, 1]),
        (40, (true, Some("120")), [0, 0]),
        (200, (false, Some("60")), [1, 0]),
        // The password is young enough, the code is not.
        (10, (true, Some("120")), [0, 1]),
        (0, (false, None), [0, 0]),
    ] {
        rig.forward(seconds);
        let seen = within(&rig, &mut browser, &mut nora, wanted).await;
        assert_eq!(seen, expected, "{seconds} {wanted:?}");
    }
}

#[tokio::test]
async fn a_factor_that_a_policy_asks_of_home_is_as_young_as_the_application_wants() {
    let (rig, mut browser) = Rig::guest().await;
    trusting(&rig).await;
    browser.stop_at(Some(super::asking::LOOPBACK.to_owned()));
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    let body = json!({
        "displayName": "Guests prove a second factor",
        "state": "enabled",
        "conditions": {
            "users": { "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bCollaborationGuest",
                "externalTenants": {
                    "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                    "membershipKind": "all",
                },
            } },
            "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"],
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] },
    });
    let path = "/v1.0/identity/conditionalAccess/policies";
    assert_eq!(graph.post(path, &body).await.unwrap().status, 201);
    let mut nora = person(&rig, NORA);
    for (seconds, age, expected) in [
        (300, None, [0, 1]),
        (300, None, [0, 0]),
        (0, Some("3600"), [0, 0]),
        (0, Some("60"), [1, 1]),
        (10, Some("120"), [0, 0]),
    ] {
        rig.forward(seconds);
        let seen = within(&rig, &mut browser, &mut nora, (false, age)).await;
        assert_eq!(seen, expected, "{seconds} {age:?}");
    }
}

#[tokio::test]
async fn the_resource_asks_for_its_own_factor_again_when_it_is_too_old() {
    let (rig, mut browser) = Rig::guest().await;
    browser.stop_at(Some(super::asking::LOOPBACK.to_owned()));
    let mut nora = person(&rig, NORA);
    // Not trusted: she enrols here.
    let trip = open(&rig, &mut browser, &mut nora, &request(&rig, &[MFA])).await;
    is_code(&trip, &browser);
    for (seconds, wanted, expected) in [
        (300, (true, None), [0, 0]),
        (0, (true, Some("3600")), [0, 0]),
        (0, (true, Some("60")), [1, 1]),
        (200, (false, Some("60")), [1, 0]),
        (10, (true, Some("120")), [0, 1]),
    ] {
        rig.forward(seconds);
        let seen = within(&rig, &mut browser, &mut nora, wanted).await;
        assert_eq!(seen, expected, "{seconds} {wanted:?}");
    }
}

#[tokio::test]
async fn a_member_proves_again_what_is_too_old() {
    let rig = Rig::start().await;
    let (mut browser, mut alex) = (browser(&rig), person(&rig, ALEX));
    let trip = open(&rig, &mut browser, &mut alex, &request(&rig, &[MFA])).await;
    is_code(&trip, &browser);
    for (seconds, wanted, expected) in [
        (300, (true, None), [0, 0]),
        (0, (false, Some("60")), [1, 0]),
        (0, (true, Some("60")), [0, 1]),
        (0, (true, Some("60")), [0, 0]),
    ] {
        rig.forward(seconds);
        let seen = within(&rig, &mut browser, &mut alex, wanted).await;
        assert_eq!(seen, expected, "{seconds} {wanted:?}");
    }
}
