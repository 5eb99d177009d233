//! Inviting from another tenant of the same cloud tells no more of its people than inviting across
//! clouds does (cross-cloud-federation.md §4): who cannot be invited looks like nobody, and guesses
//! are limited and recorded alike.

use comity_model::{id::Id, sign_in_record::SignInRecord, user::User};
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

/// What a tenant recorded of Contoso's questions to Fabrikam, in the order asked.
async fn questions(rig: &Rig, domain: &str) -> Vec<SignInRecord> {
    let read = rig.world.app("global").unwrap().store().read();
    let tenant = Id::parse(rig.id(domain)).unwrap();
    let records = read.tenant(tenant).sign_in_records();
    let mut all = records.all().await.unwrap();
    let of_contoso = |r: &SignInRecord| {
        let asking = r.resource_tenant.as_ref();
        r.event == "crossCloudQuestion"
            && asking.is_some_and(|t| t.tenant.to_string() == rig.id(CONTOSO))
    };
    all.retain(of_contoso);
    all.sort_by_key(|r| (r.created, r.id));
    all
}

fn codes(records: &[SignInRecord]) -> Vec<u32> {
    records.iter().map(|r| r.error_code).collect()
}

#[tokio::test]
async fn both_tenants_record_that_was_asked_and_home_alone_why_it_said_no() {
    on_every_engine(async |rig| {
        rig.add(FABRIKAM, CONTOSO).await;
        renamed_guest(rig).await;
        refusal(rig, "nobody@fabrikam.com").await;
        refusal(rig, GUEST).await;
        rig.enable(FAY, false).await;
        refusal(rig, FAY).await;
        rig.enable(FAY, true).await;
        let only = json!({ "b2bCollaborationOutbound": {
            "usersAndGroups": half("blocked", "user", &[rig.user(FAY)]),
        }});
        rig.set(FABRIKAM, CONTOSO, &only).await;
        refusal(rig, FAY).await;
        let open = outbound("allowed", "AllUsers", "AllApplications");
        rig.set(FABRIKAM, CONTOSO, &open).await;
        rig.invite(FAY).await;
        let (home, ours) = (
            questions(rig, FABRIKAM).await,
            questions(rig, CONTOSO).await,
        );
        assert_eq!(codes(&home), [50_034, 50_020, 50_057, 500_212, 0]);
        assert_eq!(codes(&ours), [50_034, 50_034, 50_034, 50_034, 0]);
        for (home, ours) in home.iter().zip(&ours) {
            assert_eq!(home.correlation_id, ours.correlation_id);
            assert_eq!(home.home, ours.home);
            assert_eq!(
                ours.home.as_ref().unwrap().tenant.to_string(),
                rig.id(FABRIKAM)
            );
            assert_eq!((ours.user, ours.user_principal_name.as_str()), (None, ""));
        }
        assert_eq!(home[4].user.unwrap().to_string(), rig.user(FAY));
    })
    .await;
}

/// Status of an invitation by somebody of Contoso.
async fn invited(rig: &Rig, inviter: &str, name: &str) -> u16 {
    let graph = rig.graph(inviter).await;
    match graph.post("/v1.0/invitations", &rig.invitation(name)).await {
        Ok(reply) => reply.status.as_u16(),
        Err(error) => error.refusal().unwrap().status,
    }
}

#[tokio::test]
async fn names_are_guessed_no_faster_than_across_clouds() {
    on_every_engine(async |rig| {
        let (inviter, admin) = ("inviter@contoso.com", "admin@contoso.com");
        for n in 0..50 {
            let guess = format!("guess{n}@fabrikam.com");
            assert_eq!(invited(rig, inviter, &guess).await, 400, "{n}");
        }
        assert_eq!(questions(rig, FABRIKAM).await.len(), 50);
        for name in ["guess50@fabrikam.com", FAY] {
            assert_eq!(invited(rig, inviter, name).await, 429, "{name}");
        }
        assert_eq!(questions(rig, FABRIKAM).await.len(), 50, "nobody was asked");
        // Another inviter is counted by herself; home counts the organization as one.
        assert_eq!(invited(rig, admin, FAY).await, 400);
        let home = questions(rig, FABRIKAM).await;
        assert_eq!(home.last().unwrap().error_code, 50_196);
        rig.world.clock.forward(3600);
        rig.forget_tokens();
        assert_eq!(invited(rig, admin, FAY).await, 201);
    })
    .await;
}

#[tokio::test]
async fn who_knows_the_names_is_not_stopped() {
    on_every_engine(async |rig| {
        for n in 0..55 {
            assert_eq!(invited(rig, "inviter@contoso.com", FAY).await, 201, "{n}");
        }
    })
    .await;
}
