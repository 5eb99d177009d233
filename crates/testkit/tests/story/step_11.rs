//! Step 11: while she is signed in, Northwind blocks Library outbound: opening it is 500212 and
//! names Northwind, Expenses still opens. Contoso blocks her group inbound: 500213, names Contoso.

use serde_json::{Value, json};

use crate::rig::{Actor, CONTOSO, NILS, NORA, NORTHWIND, Rig, contains, half, on_every_engine};

fn everybody_but_library(rig: &Rig) -> Value {
    json!({
        "usersAndGroups": half("allowed", "user", &["AllUsers"]),
        "applications": half("blocked", "application", &[&rig.app("Library").app_id]),
    })
}

fn barred(kind: &str, target: &str) -> Value {
    json!({
        "usersAndGroups": half("blocked", kind, &[target]),
        "applications": half("blocked", "application", &["AllApplications"]),
    })
}

async fn outbound(rig: &Rig, setting: Value) {
    rig.set(
        NORTHWIND,
        CONTOSO,
        &json!({ "b2bCollaborationOutbound": setting }),
    )
    .await;
}

async fn inbound(rig: &Rig, setting: Value) {
    rig.set(
        CONTOSO,
        NORTHWIND,
        &json!({ "b2bCollaborationInbound": setting }),
    )
    .await;
}

async fn opens(rig: &Rig, actor: &mut Actor, app: &str) {
    let trip = actor.go(&rig.direct(app)).await;
    rig.at_expenses(&trip, actor);
}

#[tokio::test]
async fn northwind_blocks_one_application_and_is_named() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        opens(rig, &mut nora, "Library").await;
        outbound(rig, everybody_but_library(rig)).await;
        let (refused, text) = nora.denied(&rig.direct("Library"), 500_212).await;
        contains(&text, &["administrator of Northwind", "Outbound access"]);
        contains(&text, &["does not let you go on", "not reached"]);
        opens(rig, &mut nora, "Expenses").await;
        for (domain, other) in [(CONTOSO, NORTHWIND), (NORTHWIND, CONTOSO)] {
            let records = rig.records(domain, &refused.correlation_id).await;
            assert!(!records.is_empty(), "{domain} has no record");
            let sides = ["homeTenantId", "resourceTenantId"];
            let names = |r: &Value| sides.iter().any(|side| r[side] == rig.id(other));
            assert!(records.iter().any(names), "{domain} does not name {other}");
        }
        outbound(rig, Value::Null).await;
        opens(rig, &mut nora, "Library").await;
    })
    .await;
}

#[tokio::test]
async fn contoso_blocks_a_group_and_is_named() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let (mut nils, _) = rig.guest(NILS).await;
        inbound(rig, barred("group", rig.group())).await;
        let (refused, text) = nora.denied(&rig.direct("Expenses"), 500_213).await;
        contains(&text, &["administrator of Contoso", "Inbound access"]);
        assert!(
            !text.contains("Contoso Project") && !text.contains(rig.group()),
            "{text}"
        );
        assert!(
            !rig.records(NORTHWIND, &refused.correlation_id)
                .await
                .is_empty()
        );
        // Who is not in the group is not barred.
        opens(rig, &mut nils, "Expenses").await;
        inbound(rig, Value::Null).await;
        opens(rig, &mut nora, "Expenses").await;
    })
    .await;
}

#[tokio::test]
async fn a_block_of_a_person_is_of_the_object_at_home_not_of_the_guest() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        inbound(rig, barred("user", &guest)).await;
        opens(rig, &mut nora, "Expenses").await;
        inbound(rig, barred("user", rig.user(NORA))).await;
        nora.denied(&rig.direct("Expenses"), 500_213).await;
    })
    .await;
}

#[tokio::test]
async fn an_allow_list_admits_only_who_and_what_is_on_it() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let (mut nils, _) = rig.guest(NILS).await;
        inbound(
            rig,
            json!({
                "usersAndGroups": half("allowed", "group", &[rig.group()]),
                "applications": half("allowed", "application", &[&rig.app("Expenses").app_id]),
            }),
        )
        .await;
        opens(rig, &mut nora, "Expenses").await;
        let (_, text) = nora.denied(&rig.direct("Library"), 500_213).await;
        contains(&text, &["administrator of Contoso"]);
        nils.denied(&rig.direct("Expenses"), 500_213).await;
    })
    .await;
}

#[tokio::test]
async fn both_sides_blocks_are_home_first_and_each_is_lifted_by_its_own_side() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        outbound(rig, barred("user", rig.user(NORA))).await;
        inbound(rig, barred("user", rig.user(NORA))).await;
        nora.denied(&rig.direct("Expenses"), 500_212).await;
        outbound(rig, Value::Null).await;
        nora.denied(&rig.direct("Expenses"), 500_213).await;
        inbound(rig, Value::Null).await;
        opens(rig, &mut nora, "Expenses").await;
    })
    .await;
}

#[tokio::test]
async fn a_block_towards_another_partner_is_nothing_here() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.add(CONTOSO, crate::rig::WOODGROVE).await;
        let body = json!({ "b2bCollaborationInbound": barred("user", "AllUsers") });
        rig.set(CONTOSO, crate::rig::WOODGROVE, &body).await;
        opens(rig, &mut nora, "Expenses").await;
    })
    .await;
}
