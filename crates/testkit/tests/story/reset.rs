//! Inviting a guest anew to another person of home: only under an address that the guest has, and
//! nothing of the first person stays (semantics §4.8; cross-cloud-federation.md §5.5).

use serde_json::{Value, json};

use crate::rig::{CONTOSO, NILS, NORA, Rig, on_every_engine, refused, says};

fn reset(rig: &Rig, guest: &str, address: &str) -> Value {
    let mut body = rig.invitation(address);
    body["resetRedemption"] = json!(true);
    body["invitedUser"] = json!({ "id": guest });
    body
}

#[tokio::test]
async fn a_guest_is_bound_anew_only_under_an_address_of_its_own() {
    on_every_engine(async |rig| {
        let (_, guest) = rig.nora().await;
        let graph = rig.robot(CONTOSO).await;
        let before = rig.stored(CONTOSO).await;
        let answer = graph
            .post("/v1.0/invitations", &reset(rig, &guest, NILS))
            .await;
        says(
            &refused(answer),
            400,
            &["invitedUserEmailAddress", "otherMails"],
        );
        assert_eq!(rig.stored(CONTOSO).await, before);
        assert_eq!(rig.state_of(&guest).await, "Accepted");
    })
    .await;
}

#[tokio::test]
async fn what_was_the_first_persons_is_gone_after_a_reset() {
    on_every_engine(async |rig| {
        let (_, guest) = rig.nora().await;
        let graph = rig.robot(CONTOSO).await;
        let user = format!("/v1.0/users/{guest}");
        let known = json!({ "otherMails": [NORA, NILS] });
        graph.patch(&user, &known).await.unwrap();
        let made = graph
            .post("/v1.0/invitations", &reset(rig, &guest, NILS))
            .await;
        assert_eq!(made.unwrap().status.as_u16(), 201);
        assert_eq!(rig.state_of(&guest).await, "PendingAcceptance");
        let chosen = format!("{user}?$select=mail,otherMails,proxyAddresses");
        let kept = graph.get(&chosen).await.unwrap();
        assert_eq!(kept["mail"], NILS);
        assert!(!kept.to_string().contains(NORA), "{kept}");
    })
    .await;
}
