//! A guest who holds a privileged role proves a second factor of Contoso's own, whatever home is
//! trusted for (federation §2): at the sign-in and at each renewal.

use comity_demo::walk::Kind;
use serde_json::json;

use crate::{
    relying::Relying,
    rig::{CONTOSO, NORTHWIND, Rig, on_every_engine},
};

const ASSIGNMENTS: &str = "/v1.0/roleManagement/directory/roleAssignments";
const SECURITY_ADMINISTRATOR: &str = "194ae4cb-b126-40b2-bd5b-6091b380977d";
const DIRECTORY_READERS: &str = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b";

pub async fn assign(rig: &Rig, principal: &str, role: &str) -> String {
    let body = json!({
        "principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/",
    });
    let graph = rig.robot(CONTOSO).await;
    let made = graph.post(ASSIGNMENTS, &body).await.unwrap();
    made.body["id"].as_str().unwrap().to_owned()
}

pub async fn unassign(rig: &Rig, assignment: &str) {
    let graph = rig.robot(CONTOSO).await;
    let path = format!("{ASSIGNMENTS}/{assignment}");
    graph.delete(&path).await.unwrap();
}

async fn trust(rig: &Rig) {
    let trust = json!({ "inboundTrust": { "isMfaAccepted": true } });
    rig.set(CONTOSO, NORTHWIND, &trust).await;
}

#[tokio::test]
async fn at_the_sign_in_homes_factor_does_not_do() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        trust(rig).await;
        // A role that changes nothing asks nothing.
        assign(rig, &guest, DIRECTORY_READERS).await;
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Enrolment), 0);
        let assignment = assign(rig, &guest, SECURITY_ADMINISTRATOR).await;
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        let path = trip.path();
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Enrolment), 1, "{path}");
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Code), 1, "{}", trip.path());
        unassign(rig, &assignment).await;
        nora.fresh();
        let trip = nora.go(&rig.direct("Expenses")).await;
        rig.at_expenses(&trip, &nora);
        assert_eq!(rig.asked(&trip, CONTOSO, Kind::Code), 0, "{}", trip.path());
    })
    .await;
}

#[tokio::test]
async fn at_a_renewal_it_does_not_either() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        trust(rig).await;
        let cli = Relying::command_line(rig);
        let client = &rig.means.client;
        let tokens = cli.tokens(&mut nora, client).await;
        let reader = assign(rig, &guest, DIRECTORY_READERS).await;
        let tokens = cli.refresh(client, &tokens).await.unwrap();
        unassign(rig, &reader).await;
        let assignment = assign(rig, &guest, SECURITY_ADMINISTRATOR).await;
        assert_eq!(cli.refresh(client, &tokens).await.err(), Some(50_076));
        // Who proves one of Contoso's renews.
        let proven = cli.tokens(&mut nora, client).await;
        assert!(cli.refresh(client, &proven).await.is_ok());
        unassign(rig, &assignment).await;
        assert!(cli.refresh(client, &tokens).await.is_ok());
    })
    .await;
}
