//! Inviting from another tenant of the same cloud tells no more of its people than inviting across
//! clouds does (cross-cloud-federation.md §4): who cannot be invited looks like nobody.

use comity_model::{id::Id, user::User};
use serde_json::{Value, json};

use crate::rig::{CONTOSO, FABRIKAM, Rig, half, on_every_engine, refused};

const FAY: &str = "fay@fabrikam.com";
const GUEST: &str = "gast@fabrikam.com";

/// Status, code and words of the refusal to invite somebody, without the name.
async fn refusal(rig: &Rig, name: &str) -> (u16, String, String) {
    let graph = rig.robot(CONTOSO).await;
    let answer = graph.post("/v1.0/invitations", &rig.invitation(name)).await;
    let seen = refused(answer);
    (seen.status, seen.code, seen.message.replace(name, "NAME"))
}

fn outbound(access: &str, user: &str, app: &str) -> Value {
    json!({ "b2bCollaborationOutbound": {
        "usersAndGroups": half(access, "user", &[user]),
        "applications": half(access, "application", &[app]),
    }})
}

/// A guest of Fabrikam that is called there as its people are.
async fn renamed_guest(rig: &Rig) {
    let graph = rig.robot(FABRIKAM).await;
    let body = json!({
        "invitedUserEmailAddress": "alex@contoso.com",
        "inviteRedirectUrl": rig.my_apps(),
    });
    let made = graph.post("/v1.0/invitations", &body).await.unwrap();
    let id = Id::parse(made.body["invitedUser"]["id"].as_str().unwrap()).unwrap();
    let app = rig.world.app("global").unwrap();
    let tenant = Id::parse(rig.id(FABRIKAM)).unwrap();
    let tx = app.store().begin().await.unwrap();
    let users = tx.tenant(tenant).users();
    let guest = users.find(id).await.unwrap().unwrap();
    let renamed = User {
        upn: GUEST.into(),
        ..guest
    };
    users.update(&renamed).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_cannot_be_invited_looks_like_nobody() {
    on_every_engine(async |rig| {
        rig.add(FABRIKAM, CONTOSO).await;
        renamed_guest(rig).await;
        let before = rig.stored(CONTOSO).await;
        let nobody = refusal(rig, "nobody@fabrikam.com").await;
        assert_eq!(nobody.0, 400);
        assert!(nobody.2.contains("Fabrikam"), "{nobody:?}");
        assert_eq!(refusal(rig, GUEST).await, nobody, "external");
        rig.enable(FAY, false).await;
        assert_eq!(refusal(rig, FAY).await, nobody, "disabled");
        rig.enable(FAY, true).await;
        let fay = rig.user(FAY);
        let only = json!({ "b2bCollaborationOutbound": {
            "usersAndGroups": half("blocked", "user", &[fay]),
        }});
        rig.set(FABRIKAM, CONTOSO, &only).await;
        assert_eq!(refusal(rig, FAY).await, nobody, "not let out");
        assert_eq!(refusal(rig, "nobody@fabrikam.com").await, nobody);
        // Nobody is let out: that is told, for every name alike.
        let all = outbound("blocked", "AllUsers", "AllApplications");
        rig.set(FABRIKAM, CONTOSO, &all).await;
        let closed = refusal(rig, FAY).await;
        assert_ne!(closed, nobody);
        assert_eq!(refusal(rig, "nobody@fabrikam.com").await, closed);
        assert_eq!(rig.stored(CONTOSO).await, before);
        let open = outbound("allowed", "AllUsers", "AllApplications");
        rig.set(FABRIKAM, CONTOSO, &open).await;
        rig.invite(FAY).await;
    })
    .await;
}
