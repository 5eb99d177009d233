//! What a trusted home may say of factors and devices, and what it may not (security bars S-21,
//! S-23; §3.8, §3.9). Trust is towards one organization: what it was given does not carry over to
//! its neighbour, from one claim to another, or to what nobody asked about. The product keeps no
//! devices of its own: a device is one of the asserting organization or none.

use comity_demo::{
    browser::Browser,
    graph::{Error, Graph},
    walk::{End, Kind, Person, Trip},
};
use comity_testkit::Lie;
use serde_json::{Value, json};

use super::{
    asking::{LOOPBACK, go_on, is_code, open, person, request},
    question::HOSTILE,
    rig::{NORA, Rig, add},
};

const POLICIES: &str = "/v1.0/identity/conditionalAccess/policies";
const DEVICE: &str = "5d0c2f4e-0f6b-4d0e-8a55-d1a5f7f0b9a1";

async fn trust(rig: &Rig, graph: &Graph, domain: &str, trust: Value) {
    let tenant = &rig.tenant("usgov", domain).id;
    let path = format!("/v1.0/policies/crossTenantAccessPolicy/partners/{tenant}");
    let body = json!({ "inboundTrust": trust });
    assert_eq!(graph.patch(&path, &body).await.unwrap().status, 204);
}

/// A policy over guests at *Expenses*.
fn over_expenses(rig: &Rig, control: &str) -> Value {
    let expenses = &rig.contoso().application("Expenses").unwrap().app_id;
    json!({
        "displayName": "Over guests",
        "state": "enabled",
        "conditions": {
            "users": { "includeGuestsOrExternalUsers": {
                "guestOrExternalUserTypes": "b2bCollaborationGuest",
                "externalTenants": {
                    "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                    "membershipKind": "all",
                },
            } },
            "applications": { "includeApplications": [expenses] },
            "clientAppTypes": ["all"],
        },
        "grantControls": { "operator": "OR", "builtInControls": [control] },
    })
}

/// Nora is a guest; Contoso demands something of guests at *Expenses*.
async fn demanding(control: &str) -> (Rig, Browser, Graph) {
    let (rig, browser) = Rig::guest().await;
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    let made = graph.post(POLICIES, &over_expenses(&rig, control)).await;
    assert_eq!(made.unwrap().status, 201);
    (rig, browser, graph)
}

/// Opens *Expenses* while home says this of her device: the number of the refusal, or none.
async fn opened(rig: &Rig, browser: &mut Browser, device: Option<Value>) -> Option<String> {
    let lie: Option<Lie> = device.map(|device| {
        rig.hostile()
            .of_people(move |claims| claims["device"] = device.clone())
    });
    rig.world.wire.twist(HOSTILE, lie);
    browser.open(&rig.expenses()).await.unwrap();
    rig.world.wire.twist(HOSTILE, None);
    let page = browser.page().unwrap();
    let code = page.text_of("error-code");
    let landed = page.host() == "expenses.contoso.localhost";
    assert!(code.is_some() != landed, "{}", page.describe());
    code
}

fn claim(compliant: bool, joined: bool) -> Value {
    json!({ "id": DEVICE, "isCompliant": compliant, "isHybridJoined": joined, "attributes": {} })
}

const NOT_COMPLIANT: &str = "AADSTS53000";
const NOT_BELIEVED: &str = "access_denied";

#[tokio::test]
async fn s23_a_device_counts_for_what_is_trusted_and_only_if_it_was_asked_about() {
    let (rig, mut browser, graph) = demanding("compliantDevice").await;
    let [compliant, joined] = [
        "isCompliantDeviceAccepted",
        "isHybridAzureADJoinedDeviceAccepted",
    ];
    for (trusts, claimed, expected) in [
        ([false, false], None, Some(NOT_COMPLIANT)),
        // Nobody asked.
        ([false, false], Some(claim(true, true)), Some(NOT_BELIEVED)),
        ([false, true], None, Some(NOT_COMPLIANT)),
        ([false, true], Some(claim(true, true)), Some(NOT_COMPLIANT)),
        ([true, false], None, Some(NOT_COMPLIANT)),
        ([true, false], Some(claim(false, true)), Some(NOT_COMPLIANT)),
        ([true, true], Some(claim(false, true)), Some(NOT_COMPLIANT)),
        ([true, false], Some(claim(true, false)), None),
        // A minute later home is asked anew: the word of then is no word of now.
        ([true, false], None, Some(NOT_COMPLIANT)),
        ([false, false], None, Some(NOT_COMPLIANT)),
    ] {
        let what = format!("{trusts:?} {claimed:?}");
        let body = json!({ compliant: trusts[0], joined: trusts[1] });
        trust(&rig, &graph, "northwind.us", body).await;
        let seen = opened(&rig, &mut browser, claimed).await;
        assert_eq!(seen.as_deref(), expected, "{what}");
        if seen.is_none() {
            rig.forward(61);
        }
    }
}

#[tokio::test]
async fn s23_trust_in_a_neighbour_is_no_trust_in_this_home() {
    let (rig, mut browser, graph) = demanding("compliantDevice").await;
    add(&graph, &rig.tenant("usgov", "woodgrove.us").id).await;
    let both = json!({
        "isMfaAccepted": true,
        "isCompliantDeviceAccepted": true,
        "isHybridAzureADJoinedDeviceAccepted": true,
    });
    trust(&rig, &graph, "woodgrove.us", both.clone()).await;
    let seen = opened(&rig, &mut browser, None).await;
    assert_eq!(seen.as_deref(), Some(NOT_COMPLIANT));
    let seen = opened(&rig, &mut browser, Some(claim(true, true))).await;
    assert_eq!(seen.as_deref(), Some(NOT_BELIEVED));
    trust(&rig, &graph, "northwind.us", both).await;
    assert_eq!(
        opened(&rig, &mut browser, Some(claim(true, true))).await,
        None
    );
}

#[tokio::test]
async fn s23_what_is_no_device_is_not_believed() {
    let (rig, mut browser, graph) = demanding("compliantDevice").await;
    let on = json!({ "isCompliantDeviceAccepted": true });
    trust(&rig, &graph, "northwind.us", on).await;
    let with = |member: &str, value: Value| {
        let mut device = claim(true, true);
        device[member] = value;
        device
    };
    let mut nameless = claim(true, true);
    nameless.as_object_mut().unwrap().remove("id");
    let many: Value = (0..65).map(|n| (format!("a{n}"), json!("x"))).collect();
    for device in [
        with("id", json!("")),
        with("id", json!("DESKTOP-1")),
        with("id", json!(format!("{{{DEVICE}}}"))),
        with("id", json!(DEVICE.replace('-', ""))),
        with("id", json!([DEVICE])),
        with("isCompliant", json!("true")),
        with("isCompliant", json!(1)),
        with("isCompliant", Value::Null),
        with("tenantId", json!(rig.contoso().id)),
        with("attributes", many),
        with("attributes", json!("x")),
        nameless,
        json!(true),
        json!([claim(true, true)]),
        json!(DEVICE),
    ] {
        let seen = opened(&rig, &mut browser, Some(device.clone())).await;
        assert_eq!(seen.as_deref(), Some(NOT_BELIEVED), "{device}");
    }
    assert_eq!(
        opened(&rig, &mut browser, Some(claim(true, false))).await,
        None
    );
}

/// Home says of everybody that two factors were proven, so long ago.
fn boasting(rig: &Rig, age: i64) -> Lie {
    let clock = rig.world.clock.clone();
    rig.hostile().of_people(move |claims| {
        let at = clock.time().seconds() - age;
        let method = |method: &str| json!({ "method": method, "at": at });
        claims["acr"] = json!("urn:comity:acr:mfa");
        claims["amr"] = json!(["pwd", "otp", "mfa"]);
        claims["auth_time"] = json!(at);
        claims["methods"] = json!([method("password"), method("softwareOath")]);
    })
}

/// Asks for a second factor, no older than a minute if so wanted, while home boasts.
async fn boasted(
    rig: &Rig,
    (browser, nora): (&mut Browser, &mut Person),
    (age, young): (i64, bool),
) -> Trip {
    let mut more = vec![("acr_values", "urn:comity:acr:mfa")];
    more.extend(young.then_some(("max_age", "60")));
    rig.world.wire.twist(HOSTILE, Some(boasting(rig, age)));
    rig.forward(61);
    let trip = open(rig, browser, nora, &request(rig, &more)).await;
    rig.world.wire.twist(HOSTILE, None);
    trip
}

#[tokio::test]
async fn s21_a_second_factor_that_home_claims_counts_where_home_is_trusted_for_it() {
    let (rig, mut browser) = Rig::guest().await;
    browser.stop_at(Some(LOOPBACK.to_owned()));
    let mut nora = person(&rig, NORA);
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    add(&graph, &rig.tenant("usgov", "woodgrove.us").id).await;
    let own = |trip: &Trip| {
        let here = trip
            .stops
            .iter()
            .filter(|s| s.host.starts_with("login.global"));
        here.filter(|s| matches!(s.kind, Kind::Enrolment | Kind::Code))
            .count()
    };
    // Trust in the neighbour, and in devices of this home, is none in its factors: Contoso asks its
    // own. A browser without a session each time, or the factor of Contoso would be remembered.
    for (domain, member) in [
        ("woodgrove.us", "isMfaAccepted"),
        ("northwind.us", "isCompliantDeviceAccepted"),
    ] {
        trust(&rig, &graph, domain, json!({ member: true })).await;
        let mut copy = browser.clone();
        copy.open(&request(&rig, &[])).await.unwrap();
        let trip = boasted(&rig, (&mut copy, &mut nora), (0, false)).await;
        assert_eq!(own(&trip), 1, "{domain} {member}: {}", trip.path());
    }
    trust(
        &rig,
        &graph,
        "northwind.us",
        json!({ "isMfaAccepted": true }),
    )
    .await;
    let trip = boasted(&rig, (&mut browser, &mut nora), (0, false)).await;
    is_code(&trip, &browser);
    assert_eq!(own(&trip), 0, "{}", trip.path());
}

#[tokio::test]
async fn s21_a_claim_that_is_older_than_wanted_lets_nobody_in() {
    let (rig, mut browser) = Rig::guest().await;
    browser.stop_at(Some(LOOPBACK.to_owned()));
    let mut nora = person(&rig, NORA);
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    trust(
        &rig,
        &graph,
        "northwind.us",
        json!({ "isMfaAccepted": true }),
    )
    .await;
    // Home was told the age, proves anew, and says again what is too old: asked once more, then
    // refused.
    let mut trip = boasted(&rig, (&mut browser, &mut nora), (3600, true)).await;
    assert!(
        matches!(trip.end, End::Stuck(_)),
        "{}",
        trip.outcome(&browser)
    );
    rig.world.wire.twist(HOSTILE, Some(boasting(&rig, 3600)));
    trip = go_on(&rig, &mut browser, &mut nora).await;
    match &trip.end {
        End::Refused(refused) => assert_eq!(refused.code, "AADSTS50076"),
        _ => panic!("{}", trip.outcome(&browser)),
    }
    let trip = boasted(&rig, (&mut browser, &mut nora), (5, true)).await;
    is_code(&trip, &browser);
}

#[tokio::test]
async fn s21_how_often_to_sign_in_cannot_be_demanded_yet_and_says_so() {
    let rig = Rig::start().await;
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    let mut policy = over_expenses(&rig, "mfa");
    policy["sessionControls"] = json!({ "signInFrequency": {
        "isEnabled": true, "type": "hours", "value": 4,
        "authenticationType": "primaryAndSecondaryAuthentication", "frequencyInterval": "timeBased",
    } });
    let refused = |answer: Result<comity_demo::graph::Reply, Error>| {
        let refusal = answer.unwrap_err().refusal().unwrap();
        assert_eq!(refusal.status, 400, "{refusal}");
        assert!(
            refusal.message.contains("sessionControls.signInFrequency"),
            "{refusal}"
        );
    };
    refused(graph.post(POLICIES, &policy).await);
    // Kept asleep it may be, and wakes no more than it could have been born.
    policy["state"] = json!("disabled");
    let made = graph.post(POLICIES, &policy).await.unwrap();
    assert_eq!(made.status, 201);
    let path = format!("{POLICIES}/{}", made.body["id"].as_str().unwrap());
    refused(graph.patch(&path, &json!({ "state": "enabled" })).await);
    let without = json!({ "state": "enabled", "sessionControls": null });
    assert_eq!(graph.patch(&path, &without).await.unwrap().status, 204);
}
