//! Inviting a guest anew to another person of home: only under an address that the guest has, and
//! nothing of the first person stays (semantics §4.8; cross-cloud-federation.md §5.5).

use comity_demo::{
    oauth::SignIn,
    walk::{Kind, Trip},
};
use serde_json::{Value, json};

use crate::rig::{
    Actor, CONDITIONAL, CONTOSO, NILS, NORA, NORTHWIND, Rig, on_every_engine, refused, says,
};

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

/// A policy of Contoso that asks its administrator for a second factor.
async fn demand_a_second_factor(rig: &Rig) {
    let admin = rig.user("admin@contoso.com");
    rig.require(&json!({
        "displayName": "Administrators prove more",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": { "includeApplications": ["All"] },
            "users": { "includeUsers": [admin] }
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] }
    }))
    .await;
}

/// S-17: whoever found an administrator's session open binds no guest to somebody else.
#[tokio::test]
async fn a_person_resets_with_a_fresh_second_factor_only() {
    on_every_engine(async |rig| {
        let (_, guest) = rig.nora().await;
        let body = reset(rig, &guest, NORA);
        let try_it = async |upn: &str| {
            let graph = rig.graph(upn).await;
            graph.post("/v1.0/invitations", &body).await
        };
        let before = rig.stored(CONTOSO).await;
        // No second factor at all: a role is not enough.
        says(
            &refused(try_it("admin@contoso.com").await),
            403,
            &["second factor"],
        );
        assert_eq!(rig.stored(CONTOSO).await, before);
        demand_a_second_factor(rig).await;
        rig.forget_tokens();
        let mut admin = rig.actor("admin@contoso.com");
        let token = rig.script(&mut admin, CONTOSO).await.access_token;
        let graph = rig.graph_with(CONTOSO, &token);
        let made = graph.post("/v1.0/invitations", &body).await.unwrap();
        assert_eq!(made.status.as_u16(), 201);
        assert_eq!(rig.state_of(&guest).await, "PendingAcceptance");
        // The same token ten minutes later: the factor is too old.
        rig.world.clock.forward(601);
        let late = graph.post("/v1.0/invitations", &body).await;
        says(&refused(late), 403, &["second factor", "10 minutes"]);
        // With the factor, but without the role.
        says(
            &refused(try_it("alex@contoso.com").await),
            403,
            &["Helpdesk Administrator"],
        );
    })
    .await;
}

/// Contoso takes over Northwind's second factors, and Northwind asks its people for one.
async fn home_proves_more(rig: &Rig) {
    let trust = json!({ "inboundTrust": { "isMfaAccepted": true } });
    rig.set(CONTOSO, NORTHWIND, &trust).await;
    let policy = json!({
        "displayName": "Everybody proves more",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": { "includeApplications": ["All"] },
            "users": { "includeUsers": ["All"] }
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] }
    });
    let graph = rig.robot(NORTHWIND).await;
    graph.post(CONDITIONAL, &policy).await.unwrap();
}

/// A token of Contoso for a guest, and what was asked for it.
async fn as_guest(rig: &Rig, guest: &mut Actor) -> (String, Trip) {
    match rig.try_script(guest, CONTOSO).await {
        SignIn::Tokens(tokens, trip) => (tokens.access_token, trip),
        SignIn::Stopped(trip) => panic!("{}: {}", trip.path(), trip.outcome(&guest.browser)),
    }
}

/// Federation §2: what home proved, however fresh and however trusted, is no second factor of ours.
#[tokio::test]
async fn a_guest_with_a_role_resets_with_a_factor_of_this_organization_only() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        let fay = rig.invite("fay@fabrikam.com").await.guest;
        let role = json!({
            "principalId": guest,
            "roleDefinitionId": "fe930be7-5e62-47db-91af-98c3a49a38b1",
            "directoryScopeId": "/",
        });
        let path = "/v1.0/roleManagement/directory/roleAssignments";
        rig.robot(CONTOSO).await.post(path, &role).await.unwrap();
        let body = reset(rig, &fay, "fay@fabrikam.com");
        let (token, trip) = as_guest(rig, &mut nora).await;
        assert_eq!(
            rig.asked(&trip, CONTOSO, Kind::Enrolment),
            1,
            "{}",
            trip.path()
        );
        let graph = rig.graph_with(CONTOSO, &token);
        let made = graph.post("/v1.0/invitations", &body).await.unwrap();
        assert_eq!(made.status.as_u16(), 201);
        // Eleven minutes later home asks for its own factor: that one is new, ours is not.
        home_proves_more(rig).await;
        rig.world.clock.forward(660);
        let (token, trip) = as_guest(rig, &mut nora).await;
        assert_eq!(
            rig.asked(&trip, NORTHWIND, Kind::Code),
            1,
            "{}",
            trip.path()
        );
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Code), 0, "{}", trip.path());
        let graph = rig.graph_with(CONTOSO, &token);
        let late = graph.post("/v1.0/invitations", &body).await;
        says(&refused(late), 403, &["second factor", "10 minutes"]);
    })
    .await;
}
