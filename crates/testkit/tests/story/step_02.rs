//! Step 2: Contoso's security administrator ticks US Government, finds Northwind by ID and adds it.

use serde_json::{Value, json};

use crate::rig::{
    CHINA, CONTOSO, FABRIKAM, GLOBAL, NOBODY, NORTHWIND, PARTNERS, POLICY, Rig, TAILSPIN, USGOV,
    WOODGROVE, on_every_engine, refused, says,
};

fn by_id(id: &str) -> String {
    format!("/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='{id}')")
}

fn by_domain(domain: &str) -> String {
    format!("/v1.0/tenantRelationships/findTenantInformationByDomainName(domainName='{domain}')")
}

#[tokio::test]
async fn the_security_administrator_ticks_finds_and_adds() {
    on_every_engine(async |rig| {
        let graph = rig.graph("secadmin@contoso.com").await;
        let body = json!({ "allowedCloudEndpoints": [USGOV] });
        assert_eq!(graph.patch(POLICY, &body).await.unwrap().status, 204);
        let found = graph.get(&by_id(rig.id(NORTHWIND))).await.unwrap();
        assert_eq!(found["displayName"], "Northwind Agency");
        assert_eq!(found["cloud"], USGOV);
        let body = json!({ "tenantId": rig.id(NORTHWIND) });
        let made = graph.post(PARTNERS, &body).await.unwrap();
        assert_eq!(made.status, 201);
        let path = format!("{PARTNERS}/{}", rig.id(NORTHWIND));
        let partner = graph.get(&path).await.unwrap();
        assert_eq!(partner["cloud"], USGOV);
        for setting in [
            "inboundTrust",
            "b2bCollaborationInbound",
            "b2bCollaborationOutbound",
            "b2bDirectConnectInbound",
            "b2bDirectConnectOutbound",
        ] {
            assert_eq!(partner[setting], Value::Null, "{setting}");
        }
        let audits = rig.stored(CONTOSO).await["/v1.0/auditLogs/directoryAudits"].clone();
        let names: Vec<&str> = audits["value"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|a| a["activityDisplayName"].as_str())
            .collect();
        assert!(
            names.contains(&"Add a partner to cross-tenant access setting"),
            "{names:?}"
        );
        assert!(
            names.contains(&"Update cross-tenant access policy"),
            "{names:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn who_has_no_role_for_it_writes_nothing() {
    on_every_engine(async |rig| {
        rig.tick(CONTOSO, &[USGOV]).await;
        let before = rig.stored(CONTOSO).await;
        for who in ["alex", "reader", "inviter"] {
            let graph = rig.graph(&format!("{who}@contoso.com")).await;
            let body = json!({ "allowedCloudEndpoints": [] });
            let refusal = refused(graph.patch(POLICY, &body).await);
            says(&refusal, 403, &["Security Administrator"]);
            let body = json!({ "tenantId": rig.id(NORTHWIND) });
            let refusal = refused(graph.post(PARTNERS, &body).await);
            says(&refusal, 403, &["Security Administrator"]);
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}

#[tokio::test]
async fn another_tenants_administrator_reaches_only_her_own() {
    on_every_engine(async |rig| {
        let before = rig.stored(CONTOSO).await;
        let fabrikam = rig.graph("admin@fabrikam.com").await;
        let body = json!({ "allowedCloudEndpoints": [USGOV] });
        fabrikam.patch(POLICY, &body).await.unwrap();
        assert_eq!(rig.stored(CONTOSO).await, before, "Contoso was written");
        let own = rig.stored(FABRIKAM).await;
        assert_eq!(own[POLICY]["allowedCloudEndpoints"], json!([USGOV]));
    })
    .await;
}

#[tokio::test]
async fn what_is_looked_up_the_wrong_way_is_told_the_right_one() {
    on_every_engine(async |rig| {
        rig.tick(CONTOSO, &[USGOV]).await;
        let graph = rig.robot(CONTOSO).await;
        says(
            &refused(graph.get(&by_domain(NORTHWIND)).await),
            400,
            &["ID"],
        );
        // The same cloud is looked up by domain as well.
        let fabrikam = graph.get(&by_domain(FABRIKAM)).await.unwrap();
        assert_eq!(fabrikam["tenantId"], rig.id(FABRIKAM));
        says(&refused(graph.get(&by_id(NOBODY)).await), 404, &[NOBODY]);
        says(
            &refused(graph.get(&by_id("northwind")).await),
            400,
            &["identifier", "northwind"],
        );
    })
    .await;
}

async fn adding(rig: &Rig, body: &Value) -> comity_demo::graph::Refusal {
    let graph = rig.robot(CONTOSO).await;
    let before = rig.stored(CONTOSO).await;
    let refusal = refused(graph.post(PARTNERS, body).await);
    assert_eq!(rig.stored(CONTOSO).await, before, "{body} wrote");
    refusal
}

#[tokio::test]
async fn a_partner_that_cannot_be_is_refused_and_nothing_is_written() {
    on_every_engine(async |rig| {
        let add = |id: &str| json!({ "tenantId": id });
        // Not ticked: nobody there is known.
        let refusal = adding(rig, &add(rig.id(NORTHWIND))).await;
        assert_eq!(refusal.status, 404, "{refusal}");
        rig.tick(CONTOSO, &[USGOV]).await;
        let refusal = adding(rig, &add(rig.id(CONTOSO))).await;
        says(&refusal, 400, &["tenantId", "own organization"]);
        let refusal = adding(rig, &add(NOBODY)).await;
        assert_eq!(refusal.status, 404, "{refusal}");
        let refusal = adding(rig, &add(rig.id(TAILSPIN))).await;
        assert_eq!(refusal.status, 404, "{refusal}");
        let refusal = adding(rig, &add("not-a-guid")).await;
        says(&refusal, 400, &["tenantId", "GUID"]);
        let refusal = adding(rig, &json!({})).await;
        says(&refusal, 400, &["tenantId"]);
        let elsewhere = json!({ "tenantId": rig.id(NORTHWIND), "cloud": CHINA });
        says(&adding(rig, &elsewhere).await, 400, &["cloud", CHINA]);
        rig.add(CONTOSO, NORTHWIND).await;
        let refusal = adding(rig, &add(rig.id(NORTHWIND))).await;
        says(&refusal, 409, &["partner already"]);
        let shouted = add(&rig.id(NORTHWIND).to_uppercase());
        says(&adding(rig, &shouted).await, 409, &["partner already"]);
        rig.add(CONTOSO, WOODGROVE).await;
    })
    .await;
}

#[tokio::test]
async fn only_known_other_paired_clouds_can_be_ticked() {
    on_every_engine(async |rig| {
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let rows: [(Value, &str); 6] = [
            (json!([GLOBAL]), "own cloud"),
            (json!(["login.example.gov"]), "not a known cloud"),
            (json!([USGOV, USGOV]), "twice"),
            (json!(["MicrosoftOnline.us"]), "not a known cloud"),
            (json!("microsoftonline.us"), "allowedCloudEndpoints"),
            (json!([7]), "allowedCloudEndpoints"),
        ];
        for (value, words) in rows {
            let body = json!({ "allowedCloudEndpoints": value });
            let refusal = refused(graph.patch(POLICY, &body).await);
            says(&refusal, 400, &["allowedCloudEndpoints", words]);
        }
        assert_eq!(rig.stored(CONTOSO).await, before);
    })
    .await;
}
