//! Step 4: Northwind's administrator ticks the commercial cloud and adds Contoso. From then on each
//! side says so, and only then.

use serde_json::json;

use crate::rig::{
    CONTOSO, GLOBAL, NORA, NORTHWIND, PARTNERS, POLICY, WOODGROVE, on_every_engine, refused, says,
};

#[tokio::test]
async fn northwinds_administrator_opens_her_side() {
    on_every_engine(async |rig| {
        rig.open(CONTOSO, NORTHWIND).await;
        let graph = rig.graph("secadmin@northwind.us").await;
        let body = json!({ "allowedCloudEndpoints": [GLOBAL] });
        assert_eq!(graph.patch(POLICY, &body).await.unwrap().status, 204);
        let body = json!({ "tenantId": rig.id(CONTOSO) });
        let made = graph.post(PARTNERS, &body).await.unwrap();
        assert_eq!(
            (made.status.as_u16(), &made.body["cloud"]),
            (201, &json!(GLOBAL))
        );
        rig.invite(NORA).await;
    })
    .await;
}

#[tokio::test]
async fn a_member_of_northwind_cannot() {
    on_every_engine(async |rig| {
        let before = rig.stored(NORTHWIND).await;
        let graph = rig.graph("nils@northwind.us").await;
        let body = json!({ "allowedCloudEndpoints": [GLOBAL] });
        says(
            &refused(graph.patch(POLICY, &body).await),
            403,
            &["Security Administrator"],
        );
        assert_eq!(rig.stored(NORTHWIND).await, before);
    })
    .await;
}

#[tokio::test]
async fn one_sides_pairing_is_nothing_to_the_other_side_or_to_a_neighbour() {
    on_every_engine(async |rig| {
        let contoso = rig.stored(CONTOSO).await;
        let woodgrove = rig.stored(WOODGROVE).await;
        rig.open(NORTHWIND, CONTOSO).await;
        assert_eq!(rig.stored(CONTOSO).await, contoso, "Contoso was written");
        assert_eq!(
            rig.stored(WOODGROVE).await,
            woodgrove,
            "Woodgrove was written"
        );
        // Contoso opens to Woodgrove, a neighbour of Northwind's that has done nothing.
        rig.open(CONTOSO, WOODGROVE).await;
        let graph = rig.robot(CONTOSO).await;
        let invitation = rig.invitation("will@woodgrove.us");
        let refusal = refused(graph.post("/v1.0/invitations", &invitation).await);
        says(&refusal, 400, &["administrator of Woodgrove Defense"]);
    })
    .await;
}

#[tokio::test]
async fn a_partner_that_is_removed_is_closed_again() {
    on_every_engine(async |rig| {
        rig.pair().await;
        rig.invite(NORA).await;
        let path = format!("{PARTNERS}/{}", rig.id(CONTOSO));
        let gone = rig.robot(NORTHWIND).await.delete(&path).await.unwrap();
        assert_eq!(gone.status, 204);
        let graph = rig.robot(CONTOSO).await;
        let invitation = rig.invitation("nils@northwind.us");
        let refusal = refused(graph.post("/v1.0/invitations", &invitation).await);
        says(&refusal, 400, &["administrator of Northwind Agency"]);
    })
    .await;
}
