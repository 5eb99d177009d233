//! Step 3: inviting nora is refused while the other side is not ready, and the message names
//! Northwind's administrator.

use crate::rig::{
    CONTOSO, FABRIKAM, GLOBAL, NORA, NORTHWIND, Rig, USGOV, contains, on_every_engine, refused,
    says,
};
use comity_demo::graph::Refusal;

async fn inviting(rig: &Rig, address: &str) -> Refusal {
    let graph = rig.graph("inviter@contoso.com").await;
    let before = rig.stored(CONTOSO).await;
    let mails = rig.mails(address).len();
    let refusal = refused(
        graph
            .post("/v1.0/invitations", &rig.invitation(address))
            .await,
    );
    assert_eq!(
        rig.stored(CONTOSO).await,
        before,
        "{address}: something was written"
    );
    assert_eq!(rig.mails(address).len(), mails, "{address}: mail went out");
    refusal
}

#[tokio::test]
async fn each_closed_gate_is_refused_and_its_administrator_named() {
    on_every_engine(async |rig| {
        rig.open(CONTOSO, NORTHWIND).await;
        // Northwind has done nothing.
        let neither = inviting(rig, NORA).await;
        says(&neither, 400, &["administrator of Northwind Agency"]);
        // Northwind ticked the cloud, but has not added Contoso.
        rig.tick(NORTHWIND, &[GLOBAL]).await;
        let ticked = inviting(rig, NORA).await;
        says(&ticked, 400, &["administrator of Northwind Agency"]);
        // And the other way round.
        rig.add(NORTHWIND, CONTOSO).await;
        rig.tick(NORTHWIND, &[]).await;
        let added = inviting(rig, NORA).await;
        says(&added, 400, &["administrator of Northwind Agency"]);
        // With both it works.
        rig.tick(NORTHWIND, &[GLOBAL]).await;
        rig.invite(NORA).await;
    })
    .await;
}

#[tokio::test]
async fn contosos_own_gates_name_contoso_and_ask_nobody() {
    on_every_engine(async |rig| {
        rig.pair().await;
        rig.tick(CONTOSO, &[]).await;
        rig.world.wire.clear();
        let refusal = inviting(rig, NORA).await;
        says(&refusal, 400, &["administrator of Contoso"]);
        assert!(
            !refusal.message.contains("administrator of Northwind"),
            "{refusal}"
        );
        assert!(
            rig.world.wire.exchanges().is_empty(),
            "Northwind's cloud was asked"
        );
        rig.tick(CONTOSO, &[USGOV]).await;
        rig.invite(NORA).await;
    })
    .await;
}

#[tokio::test]
async fn without_a_partner_the_domain_is_nobodys() {
    on_every_engine(async |rig| {
        rig.tick(CONTOSO, &[USGOV]).await;
        rig.open(NORTHWIND, CONTOSO).await;
        rig.world.wire.clear();
        let refusal = inviting(rig, NORA).await;
        says(&refusal, 400, &["invitedUserEmailAddress", NORTHWIND]);
        assert!(rig.world.wire.exchanges().is_empty(), "somebody was asked");
    })
    .await;
}

#[tokio::test]
async fn whose_role_does_not_suffice_asks_nobody() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let path = "/v1.0/policies/authorizationPolicy";
        let body = serde_json::json!({ "allowInvitesFrom": "adminsAndGuestInviters" });
        rig.robot(CONTOSO).await.patch(path, &body).await.unwrap();
        let alex = rig.graph("alex@contoso.com").await;
        let before = rig.stored(CONTOSO).await;
        rig.world.wire.clear();
        let invitation = rig.invitation(NORA);
        let refusal = refused(alex.post("/v1.0/invitations", &invitation).await);
        assert_eq!(refusal.status, 403, "{refusal}");
        contains(
            &refusal.message,
            &["Guest invitations not allowed", "administrators"],
        );
        assert!(
            rig.world.wire.exchanges().is_empty(),
            "Northwind's cloud was asked"
        );
        assert_eq!(rig.stored(CONTOSO).await, before);
        let inviter = rig.graph("inviter@contoso.com").await;
        let made = inviter
            .post("/v1.0/invitations", &invitation)
            .await
            .unwrap();
        assert_eq!(made.status, 201);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_within_the_cloud_needs_no_gate() {
    on_every_engine(async |rig| {
        let invited = rig.invite("fay@fabrikam.com").await;
        assert_eq!(rig.state_of(&invited.guest).await, "PendingAcceptance");
        let own = inviting(rig, "alex@contoso.com").await;
        says(&own, 400, &["inviter tenant"]);
        let stranger = inviting(rig, "nobody@fabrikam.com").await;
        says(
            &stranger,
            400,
            &["invitedUserEmailAddress", "user principal name"],
        );
        assert!(rig.id(FABRIKAM) != rig.id(CONTOSO));
    })
    .await;
}
