//! Step 10: Contoso demands a compliant device. Refused (53000) without device trust, and refused
//! with it because home vouches for none.

use comity_demo::walk::Kind;
use serde_json::{Value, json};

use crate::rig::{CONTOSO, NORTHWIND, Rig, contains, on_every_engine, over_guests};

async fn demand(rig: &Rig, control: &str) -> String {
    let expenses = rig.app("Expenses").app_id.clone();
    rig.require(&over_guests(&[&expenses], control)).await
}

async fn trust(rig: &Rig, trust: Value) {
    rig.set(CONTOSO, NORTHWIND, &json!({ "inboundTrust": trust }))
        .await;
}

#[tokio::test]
async fn refused_with_and_without_trust_and_contoso_named() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let policy = demand(rig, "compliantDevice").await;
        let (_, text) = nora.denied(&rig.direct("Expenses"), 53_000).await;
        contains(&text, &["administrator of Contoso", "Conditional Access"]);
        trust(rig, json!({ "isCompliantDeviceAccepted": true })).await;
        let (refused, text) = nora.denied(&rig.direct("Expenses"), 53_000).await;
        contains(&text, &["administrator of Contoso"]);
        assert!(!text.contains("Over guests"), "the rule is told: {text}");
        let here = rig.records(CONTOSO, &refused.correlation_id).await;
        let record = here
            .iter()
            .find(|r| r["status"]["errorCode"] == 53_000)
            .unwrap();
        let applied = record["appliedConditionalAccessPolicies"]
            .as_array()
            .unwrap();
        let failed = applied.iter().find(|p| p["id"] == policy.as_str()).unwrap();
        assert_eq!(failed["result"], "failure", "{record}");
        let there = rig.records(NORTHWIND, &refused.correlation_id).await;
        assert!(!there.is_empty(), "home was asked and has no record");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_named_stays_open_and_without_the_policy_it_opens() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let policy = demand(rig, "compliantDevice").await;
        nora.denied(&rig.direct("Expenses"), 53_000).await;
        let trip = nora.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &nora);
        let trip = nora.go(&rig.direct("Library")).await;
        rig.at_expenses(&trip, &nora);
        let graph = rig.robot(CONTOSO).await;
        let path = format!("{}/{policy}", crate::rig::CONDITIONAL);
        graph.delete(&path).await.unwrap();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
    })
    .await;
}

#[tokio::test]
async fn a_hybrid_joined_device_and_a_block_have_numbers_of_their_own() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        for (control, code) in [("domainJoinedDevice", 53_001), ("block", 53_003)] {
            let policy = demand(rig, control).await;
            let (_, text) = nora.denied(&rig.direct("Expenses"), code).await;
            contains(&text, &["administrator of Contoso"]);
            let path = format!("{}/{policy}", crate::rig::CONDITIONAL);
            rig.robot(CONTOSO).await.delete(&path).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn report_only_admits_and_records_what_would_have_been() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let mut policy = over_guests(&["All"], "compliantDevice");
        policy["state"] = json!("enabledForReportingButNotEnforced");
        let id = rig.require(&policy).await;
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        let records = rig.sign_ins(CONTOSO).await;
        let of_policy = |record: &Value| {
            let all = record["appliedConditionalAccessPolicies"].as_array();
            all.into_iter()
                .flatten()
                .any(|p| p["id"] == id.as_str() && p["result"] == "reportOnlyFailure")
        };
        assert!(records.iter().any(of_policy), "{records:?}");
    })
    .await;
}

#[tokio::test]
async fn device_or_second_factor_is_met_by_the_factor() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let expenses = rig.app("Expenses").app_id.clone();
        let mut policy = over_guests(&[&expenses], "mfa");
        policy["grantControls"]["builtInControls"] = json!(["compliantDevice", "mfa"]);
        let id = rig.require(&policy).await;
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Enrolment), 1, "{}", trip.path());
        // Both of them are not.
        let body = json!({ "grantControls": { "operator": "AND", "builtInControls": ["compliantDevice", "mfa"] } });
        let path = format!("{}/{id}", crate::rig::CONDITIONAL);
        rig.robot(CONTOSO).await.patch(&path, &body).await.unwrap();
        nora.denied(&rig.direct("Expenses"), 53_000).await;
    })
    .await;
}
