//! Step 5: an invitation is for a user principal name of home, and mail goes out with it.

use comity_model::id::Id;
use serde_json::{Value, json};

use crate::rig::{CONTOSO, NILS, NORA, NORTHWIND, Rig, on_every_engine, refused, says};

async fn inviting(rig: &Rig, body: &Value, status: u16, words: &[&str]) {
    let graph = rig.robot(CONTOSO).await;
    let before = rig.stored(CONTOSO).await;
    let refusal = refused(graph.post("/v1.0/invitations", body).await);
    says(&refusal, status, words);
    assert_eq!(rig.stored(CONTOSO).await, before, "{body} wrote");
    assert!(
        rig.mails("northwind.us").is_empty(),
        "{body}: mail went out"
    );
}

#[tokio::test]
async fn by_user_principal_name_it_works_and_mail_goes_out() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let graph = rig.graph("inviter@contoso.com").await;
        let reply = graph.post("/v1.0/invitations", &rig.invitation(NORA)).await;
        let made = reply.unwrap();
        assert_eq!(
            (made.status.as_u16(), &made.body["status"]),
            (201, &json!("PendingAcceptance"))
        );
        assert_eq!(made.body["invitedUserType"], "Guest");
        let mails = rig.mails(NORA);
        assert_eq!(mails.len(), 1);
        let link = mails[0].link("/redeem").unwrap();
        assert!(mails[0].subject.contains("Contoso"), "{}", mails[0].subject);
        assert!(link.starts_with(&rig.cloud_of(CONTOSO).login), "{link}");
        let guest = made.body["invitedUser"]["id"].as_str().unwrap();
        assert_ne!(guest, rig.user(NORA), "the guest object is another one");
        assert_eq!(rig.state_of(guest).await, "PendingAcceptance");
    })
    .await;
}

#[tokio::test]
async fn a_name_that_is_nobodys_is_refused_with_the_rule() {
    on_every_engine(async |rig| {
        rig.pair().await;
        for address in [
            "nora.mail@northwind.us",
            "nobody@northwind.us",
            // Disabled and absent look the same.
            "nadia@northwind.us",
        ] {
            let words = ["Northwind Agency", address, "user principal name"];
            inviting(rig, &rig.invitation(address), 400, &words).await;
        }
    })
    .await;
}

#[tokio::test]
async fn disabled_and_absent_are_refused_in_the_same_words() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let graph = rig.robot(CONTOSO).await;
        let mut said = Vec::new();
        for name in ["nadia", "nobdy"] {
            let address = format!("{name}@northwind.us");
            let refusal = refused(
                graph
                    .post("/v1.0/invitations", &rig.invitation(&address))
                    .await,
            );
            said.push(refusal.message.replace(name, "X"));
        }
        assert_eq!(said[0], said[1]);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_breaks_the_rules_is_refused_here() {
    on_every_engine(async |rig| {
        rig.pair().await;
        rig.world.wire.clear();
        let long = format!("{}@northwind.us", "n".repeat(300));
        for address in [
            "",
            " ",
            "nora",
            "@northwind.us",
            "nora@",
            "nora+x@northwind.us",
            "no ra@northwind.us",
            ".nora@northwind.us",
            "nora.@northwind.us",
            "nora@northwind.us\r\nBcc: x@y.z",
            "nora@north_wind",
            "nora@@northwind.us",
            "Nora <nora@northwind.us>",
            &long,
        ] {
            let words = ["invitedUserEmailAddress"];
            inviting(rig, &rig.invitation(address), 400, &words).await;
        }
        let unknown = rig.invitation("nora@elsewhere.example");
        inviting(
            rig,
            &unknown,
            400,
            &["invitedUserEmailAddress", "elsewhere.example"],
        )
        .await;
        assert!(
            rig.world.wire.exchanges().is_empty(),
            "the other cloud was asked"
        );
    })
    .await;
}

#[tokio::test]
async fn every_other_field_is_named_when_it_is_wrong() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let rows: [(&str, Value); 8] = [
            ("inviteRedirectUrl", json!("")),
            ("inviteRedirectUrl", json!("/relative")),
            ("inviteRedirectUrl", json!("http://contoso.com/")),
            ("inviteRedirectUrl", json!("javascript:alert(1)")),
            ("inviteRedirectUrl", json!(7)),
            ("invitedUserType", json!("Owner")),
            ("invitedUserDisplayName", json!("x".repeat(257))),
            ("sendInvitationMessage", json!("yes")),
        ];
        for (field, value) in rows {
            let mut body = rig.invitation(NORA);
            body[field] = value;
            inviting(rig, &body, 400, &[field]).await;
        }
        let mut body = rig.invitation(NORA);
        body["invitedUserMessageInfo"] = json!({ "customizedMessageBody": "x".repeat(2001) });
        inviting(rig, &body, 400, &["customizedMessageBody"]).await;
        let cc = |name: &str| json!({ "emailAddress": { "address": name } });
        body["invitedUserMessageInfo"] =
            json!({ "ccRecipients": [cc("a@contoso.com"), cc("b@contoso.com")] });
        inviting(rig, &body, 400, &["ccRecipients"]).await;
    })
    .await;
}

#[tokio::test]
async fn the_name_is_one_whatever_its_case_and_one_guest_is_made() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let first = rig.invite(NORA).await;
        let again = rig.invite("Nora@Northwind.us").await;
        assert_eq!(first.guest, again.guest, "one person, two guests");
        assert_ne!(
            first.link, again.link,
            "the second mail has a ticket of its own"
        );
        let nils = rig.invite(NILS).await;
        assert_ne!(nils.guest, first.guest);
        assert_eq!(rig.state_of(&first.guest).await, "PendingAcceptance");
    })
    .await;
}

/// Contoso's script sets who may invite.
async fn everyone_invites(rig: &Rig) {
    let graph = rig.robot(CONTOSO).await;
    let setting = json!({"allowInvitesFrom": "everyone"});
    let path = "/v1.0/policies/authorizationPolicy";
    graph.patch(path, &setting).await.unwrap();
}

#[tokio::test]
async fn a_guest_invites_nobody_of_another_cloud() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        everyone_invites(rig).await;
        let token = rig.script(&mut nora, CONTOSO).await.access_token;
        let graph = rig.graph_with(CONTOSO, &token);
        rig.world.wire.clear();
        for name in ["nils@northwind.us", "nobody@northwind.us"] {
            let refusal = refused(graph.post("/v1.0/invitations", &rig.invitation(name)).await);
            says(
                &refusal,
                403,
                &["a guest cannot invite people of another cloud"],
            );
        }
        let asked = rig.world.wire.exchanges();
        let asked = asked.iter().filter(|e| e.url.contains("/question"));
        assert_eq!(asked.count(), 0, "the other cloud was asked");
    })
    .await;
}

/// The partner publishes no domain, so its people's names lead nowhere: the inviter names it.
#[tokio::test]
async fn the_inviter_names_the_home_that_the_address_does_not_tell() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let app = rig.world.app("global").unwrap();
        let tenant = Id::parse(rig.id(CONTOSO)).unwrap();
        let tx = app.store().begin().await.unwrap();
        let home = Id::parse(rig.id(NORTHWIND)).unwrap();
        let partners = || tx.tenant(tenant).cross_tenant();
        let mut partner = partners().partner(home).await.unwrap().unwrap();
        partner.domains.clear();
        partners().delete_partner(home).await.unwrap();
        partners().insert_partner(&partner).await.unwrap();
        tx.tenant(tenant).bump_policy_version().await.unwrap();
        tx.commit().await.unwrap();
        let mut invitation = rig.invitation(NORA);
        let words = ["no organization is known", "invitedUserHomeTenantId"];
        inviting(rig, &invitation, 400, &words).await;
        invitation["invitedUserHomeTenantId"] = json!("northwind");
        inviting(rig, &invitation, 400, &["invitedUserHomeTenantId"]).await;
        invitation["invitedUserHomeTenantId"] = json!(rig.id(NORTHWIND));
        invitation["invitedUserHomeCloud"] = json!("example.org");
        inviting(rig, &invitation, 400, &["example.org"]).await;
        // Named in this cloud it is nobody's, in a third one no partner's.
        for cloud in ["microsoftonline.com", "partner.microsoftonline.cn"] {
            invitation["invitedUserHomeCloud"] = json!(cloud);
            inviting(rig, &invitation, 400, &[]).await;
        }
        invitation
            .as_object_mut()
            .unwrap()
            .remove("invitedUserHomeCloud");
        let graph = rig.graph("inviter@contoso.com").await;
        let made = graph.post("/v1.0/invitations", &invitation).await.unwrap();
        assert_eq!(made.status.as_u16(), 201, "{}", made.body);
        assert_eq!(rig.mails(NORA).len(), 1);
    })
    .await;
}
