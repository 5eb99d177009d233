//! Step 15: both tenants' sign-in logs show each attempt under the same correlation ID, with the
//! other cloud and tenant named; nobody else's log shows it.

use serde_json::Value;

use crate::rig::{
    CONTOSO, FABRIKAM, GLOBAL, NORTHWIND, Rig, USGOV, WOODGROVE, on_every_engine, over_guests,
    refused,
};

fn names_both(rig: &Rig, record: &Value) {
    assert_eq!(record["homeTenantId"], rig.id(NORTHWIND), "{record}");
    assert_eq!(record["homeCloud"], USGOV, "{record}");
    assert_eq!(record["resourceTenantId"], rig.id(CONTOSO), "{record}");
    assert_eq!(record["resourceCloud"], GLOBAL, "{record}");
}

#[tokio::test]
async fn a_sign_in_that_worked_is_in_both_logs() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        let here = rig.sign_ins(CONTOSO).await;
        let worked =
            |r: &&Value| r["appDisplayName"] == "Expenses" && r["status"]["errorCode"] == 0;
        let record = here.iter().find(worked).unwrap();
        names_both(rig, record);
        assert_eq!(record["userId"], guest);
        let id = record["correlationId"].as_str().unwrap();
        let there = rig.records(NORTHWIND, id).await;
        let record = there
            .iter()
            .find(|r| r["status"]["errorCode"] == 0)
            .unwrap();
        names_both(rig, record);
        assert_eq!(
            record["userId"],
            rig.user(crate::rig::NORA),
            "home names its own object"
        );
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_in_both_logs_and_each_sees_its_own() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.require(&over_guests(&[&rig.app("Expenses").app_id], "block"))
            .await;
        let (refused, _) = nora.denied(&rig.direct("Expenses"), 53_003).await;
        let here = rig.records(CONTOSO, &refused.correlation_id).await;
        let record = here
            .iter()
            .find(|r| r["status"]["errorCode"] == 53_003)
            .unwrap();
        names_both(rig, record);
        let there = rig.records(NORTHWIND, &refused.correlation_id).await;
        assert!(!there.is_empty());
        for record in &there {
            names_both(rig, record);
            let text = record.to_string();
            assert!(
                !text.contains("Over guests"),
                "Contoso's policy is in Northwind's log: {text}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn what_stops_before_home_is_in_contosos_log_only() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.tick(CONTOSO, &[]).await;
        nora.fresh();
        let (refused, _) = nora.denied(&rig.direct("Expenses"), 500_213).await;
        let here = rig.records(CONTOSO, &refused.correlation_id).await;
        assert!(
            here.iter().any(|r| r["status"]["errorCode"] == 500_213),
            "{here:?}"
        );
        assert!(
            rig.records(NORTHWIND, &refused.correlation_id)
                .await
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn no_neighbours_log_shows_it() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        for domain in [FABRIKAM, WOODGROVE] {
            let text = Value::Array(rig.sign_ins(domain).await).to_string();
            for word in ["Nora", guest.as_str(), rig.id(NORTHWIND), rig.id(CONTOSO)] {
                let own = rig.id(domain) == word;
                assert!(own || !text.contains(word), "{domain} shows `{word}`");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_log_is_for_readers_of_logs() {
    on_every_engine(async |rig| {
        let path = "/v1.0/auditLogs/signIns";
        for who in ["alex", "inviter"] {
            let graph = rig.graph(&format!("{who}@contoso.com")).await;
            let refusal = refused(graph.get(path).await);
            assert_eq!(refusal.status, 403, "{who}: {refusal}");
        }
        let reader = rig.graph("reader@contoso.com").await;
        assert!(reader.get(path).await.unwrap()["value"].is_array());
    })
    .await;
}

#[tokio::test]
async fn an_attempt_is_found_by_its_correlation_id_and_by_no_other() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        rig.require(&over_guests(&["All"], "block")).await;
        let (refused, _) = nora.denied(&rig.direct("Expenses"), 53_003).await;
        let graph = rig.graph("reader@contoso.com").await;
        let find = async |id: &str| {
            let filter = format!("correlationId eq '{id}'");
            let found = graph
                .query("/v1.0/auditLogs/signIns", &[("$filter", &filter)])
                .await;
            found.unwrap()["value"].as_array().unwrap().len()
        };
        assert!(find(&refused.correlation_id).await > 0);
        assert_eq!(find(crate::rig::NOBODY).await, 0);
    })
    .await;
}
