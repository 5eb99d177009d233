//! Home's switch (cross-cloud-federation.md §4): a Security Administrator with a recent second factor
//! turns it, no application does, and it stops everything that home answers to other clouds.

use comity_app::{
    Context,
    question::{Readiness, readiness},
};
use comity_demo::{client::Answer, walk::End};
use comity_model::{federation::HomeTenant, id::Id};
use comity_oauth::question::Role;
use http::Method;
use serde_json::{Value, json};

use crate::rig::{
    Actor, CONDITIONAL, CONTOSO, NILS, NORA, NORTHWIND, Rig, USGOV, on_every_engine, refused,
};

const SECADMIN: &str = "secadmin@northwind.us";
const WORKER: &str = "/servicePrincipals(appId='b2bcc10d-0000-4000-8000-000000000001')";

async fn ask(rig: &Rig, domain: &str, token: &str, call: (Method, &str), body: &Value) -> Answer {
    let url = format!("{}/v1.0{}", rig.cloud_of(domain).graph, call.1);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let bytes = match body {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    rig.send(call.0, &url, &headers, &bytes).await
}

async fn switch(rig: &Rig, token: &str, on: bool) -> Answer {
    let body = json!({ "accountEnabled": on });
    ask(rig, NORTHWIND, token, (Method::PATCH, WORKER), &body).await
}

async fn is_on(rig: &Rig) -> Value {
    let graph = rig.robot(NORTHWIND).await;
    let path = format!("/v1.0{WORKER}");
    graph.get(&path).await.unwrap()["accountEnabled"].clone()
}

/// A token of a sign-in that asked for a second factor.
async fn proven(rig: &Rig, actor: &mut Actor) -> String {
    actor.fresh();
    rig.script(actor, NORTHWIND).await.access_token
}

async fn demand_a_second_factor(rig: &Rig) {
    let policy = json!({
        "displayName": "Administrators prove more",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": { "includeApplications": ["All"] },
            "users": { "includeUsers": [rig.user(SECADMIN), rig.user(NILS)] }
        },
        "grantControls": { "operator": "OR", "builtInControls": ["mfa"] }
    });
    let graph = rig.robot(NORTHWIND).await;
    graph.post(CONDITIONAL, &policy).await.unwrap();
}

#[tokio::test]
async fn who_turns_homes_switch() {
    on_every_engine(async |rig| {
        let status = async |token: &str| {
            let answer = switch(rig, token, false).await;
            (answer.status.as_u16(), answer.text())
        };
        let (code, text) = status(&rig.robot_token(NORTHWIND).await).await;
        assert_eq!(code, 403, "an application: {text}");
        let (code, text) = status(&rig.token(SECADMIN).await).await;
        assert_eq!(code, 403, "no second factor: {text}");
        assert!(text.contains("second factor"), "{text}");
        demand_a_second_factor(rig).await;
        let (code, text) = status(&proven(rig, &mut rig.actor(NILS)).await).await;
        assert_eq!(code, 403, "no role: {text}");
        let mut secadmin = rig.actor(SECADMIN);
        let token = proven(rig, &mut secadmin).await;
        let body = json!({"displayName": "Worker", "accountEnabled": false});
        let answer = ask(rig, NORTHWIND, &token, (Method::PATCH, WORKER), &body).await;
        assert_eq!(
            answer.status,
            400,
            "more than the switch: {}",
            answer.text()
        );
        rig.world.clock.forward(601);
        let (code, text) = status(&token).await;
        assert_eq!(code, 403, "too old: {text}");
        assert_eq!(is_on(rig).await, true);
        let token = proven(rig, &mut secadmin).await;
        assert_eq!(status(&token).await.0, 204);
        assert_eq!(is_on(rig).await, false);
        let path = "/v1.0/auditLogs/directoryAudits?$filter=activityDisplayName%20eq%20\
                    'Disable%20collaboration%20with%20other%20clouds'";
        let audits = rig.robot(NORTHWIND).await.get(path).await.unwrap();
        let records = audits["value"].as_array().unwrap();
        assert_eq!(records.len(), 1, "{audits}");
        let details = &records[0]["additionalDetails"];
        assert_eq!(*details, json!([{"key": "class", "value": "highest"}]));
        let by = &records[0]["initiatedBy"]["user"]["userPrincipalName"];
        assert_eq!(*by, SECADMIN);
    })
    .await;
}

/// Nora on her way home: pushed, and not signed in yet.
async fn halfway(rig: &Rig) -> Actor {
    let mut nora = rig.actor(NORA);
    nora.browser.open(&rig.my_apps()).await.unwrap();
    nora.browser.fill("#username", NORA).unwrap();
    nora.browser.submit("#submit").await.unwrap();
    nora.browser.submit("#submit").await.unwrap();
    let page = nora.browser.page().unwrap();
    let here = page.url.origin().ascii_serialization();
    assert_eq!(here, rig.cloud_of(NORTHWIND).login, "{}", page.describe());
    nora
}

/// The question how ready Northwind is.
async fn ready(rig: &Rig) -> Readiness {
    let app = rig.world.app("global").unwrap();
    let cx = Context::system(app, "test", Id::parse(rig.id(CONTOSO)).unwrap());
    let other = HomeTenant {
        cloud: USGOV.to_owned(),
        tenant: Id::parse(rig.id(NORTHWIND)).unwrap(),
    };
    readiness(&cx, &other, Role::Home).await.unwrap()
}

#[tokio::test]
async fn home_answers_nothing_while_it_is_off() {
    on_every_engine(async |rig| {
        let (mut nora, _) = rig.nora().await;
        let guest = rig.script(&mut nora, CONTOSO).await.access_token;
        let me = async || {
            let call = (Method::GET, "/me");
            ask(rig, CONTOSO, &guest, call, &Value::Null)
                .await
                .status
                .as_u16()
        };
        assert_eq!(me().await, 200);
        let before = ready(rig).await;
        demand_a_second_factor(rig).await;
        let mut secadmin = rig.actor(SECADMIN);
        let token = proven(rig, &mut secadmin).await;
        let mut halfway = halfway(rig).await;
        assert_eq!(switch(rig, &token, false).await.status, 204);
        // The code of somebody already at home.
        let trip = halfway.walk().await;
        assert!(
            matches!(trip.end, End::Refused(_)),
            "{}",
            trip.outcome(&halfway.browser)
        );
        // A push of the next one.
        let mut next = rig.actor(NORA);
        let trip = next.go(&rig.my_apps()).await;
        assert!(
            matches!(trip.end, End::Refused(_)),
            "{}",
            trip.outcome(&next.browser)
        );
        // The renewal of one who is in.
        rig.world.clock.forward(61);
        assert_eq!(me().await, 401);
        // The question for a person.
        let graph = rig.robot(CONTOSO).await;
        let answer = graph.post("/v1.0/invitations", &rig.invitation(NILS)).await;
        refused(answer);
        // And the question for the pair.
        assert_ne!(ready(rig).await, before);
        // On again, all of it works again.
        assert_eq!(switch(rig, &token, true).await.status, 204);
        rig.invite(NILS).await;
        let trip = next.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &next);
    })
    .await;
}
