//! Directory roles through the API: put into use by their template, and held over one application.

use comity_app::{
    Actor, Context,
    context::{Client, UserActor},
    permission::{Permission, authorize},
};
use comity_model::{id::Id, well_known};
use comity_testkit::Engine;
use serde_json::{Value, json};

use super::{
    fixture::Fixture,
    rig::{Rig, ok, refused},
};

const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
const USER_ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
const NOBODY: &str = "3f0c9a52-77aa-4b6e-9d3e-0a4f5b6c7d8e";
const ASSIGNMENTS: &str = "/roleManagement/directory/roleAssignments";

async fn active(rig: &Rig) -> Vec<String> {
    let roles = ok(&rig.get("/directoryRoles").await);
    let roles = roles["value"].as_array().unwrap().iter();
    roles
        .map(|r| r["roleTemplateId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_role_is_put_into_use_once() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let template = USER_ADMINISTRATOR.to_owned();
        assert!(!active(&rig).await.contains(&template));
        let members = format!("/directoryRoles/{template}/members");
        assert_eq!(refused(&rig.get(&members).await).0, 404, "not in use");
        let body = json!({"roleTemplateId": template});
        let alex = rig.token("contoso.com", "alex").await;
        let bytes = body.to_string();
        let call = ("POST", "/directoryRoles");
        let answer = rig.ask(&alex, call, &[], Some(bytes.as_bytes())).await;
        assert_eq!(refused(&answer).0, 403);
        let answer = rig.send("POST", "/directoryRoles", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let made = answer.json().unwrap();
        assert_eq!(made["displayName"], "User Administrator");
        assert!(active(&rig).await.contains(&template));
        assert_eq!(ok(&rig.get(&members).await)["value"], json!([]));
        let again = refused(&rig.send("POST", "/directoryRoles", &body).await);
        assert_eq!(
            (again.0, again.1.as_str()),
            (400, "Request_MultipleObjectsWithSameKeyValue")
        );
        let unknown = json!({"roleTemplateId": NOBODY});
        let answer = refused(&rig.send("POST", "/directoryRoles", &unknown).await);
        assert_eq!(answer.0, 400);
        assert!(answer.2.contains("roleTemplateId"), "{}", answer.2);
    }
}

/// Whoever is given a role puts it into use, and it stays so.
#[tokio::test]
async fn a_role_with_a_holder_is_in_use() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let body = json!({"principalId": fixture.get("USER"), "directoryScopeId": "/",
            "roleDefinitionId": USER_ADMINISTRATOR});
        let made = rig.make(ASSIGNMENTS, &body).await;
        assert!(active(&rig).await.contains(&USER_ADMINISTRATOR.to_owned()));
        let path = format!("{ASSIGNMENTS}/{}", made["id"].as_str().unwrap());
        assert_eq!(rig.send("DELETE", &path, &Value::Null).await.status, 204);
        assert!(active(&rig).await.contains(&USER_ADMINISTRATOR.to_owned()));
    }
}

/// What alex may do: status of each, in order.
async fn tries(rig: &Rig, fixture: &Fixture, token: &str) -> Vec<u16> {
    let [mine, other] = ["APPLICATION", "OTHER_APPLICATION"].map(|n| fixture.get(n));
    let owner = format!(
        "https://graph.microsoft.com/v1.0/directoryObjects/{}",
        fixture.get("TARGET")
    );
    let name = json!({"description": "changed"});
    let city = json!({"city": "Bonn"});
    let mut seen = Vec::new();
    for (method, path, body) in [
        ("PATCH", format!("/applications/{mine}"), name.clone()),
        (
            "POST",
            format!("/applications/{mine}/addPassword"),
            json!({}),
        ),
        (
            "POST",
            format!("/applications/{mine}/owners/$ref"),
            json!({"@odata.id": owner}),
        ),
        ("PATCH", format!("/applications/{other}"), name.clone()),
        (
            "POST",
            format!("/applications/{other}/addPassword"),
            json!({}),
        ),
        (
            "PATCH",
            format!("/servicePrincipals/{}", fixture.get("OTHER_PROGRAM")),
            name.clone(),
        ),
        ("POST", "/applications".into(), json!({"displayName": "X"})),
        ("PATCH", format!("/users/{}", fixture.get("TARGET")), city),
    ] {
        let bytes = body.to_string();
        let call = (method, path.as_str());
        let answer = rig.ask(token, call, &[], Some(bytes.as_bytes())).await;
        seen.push(answer.status.as_u16());
    }
    seen
}

#[tokio::test]
async fn a_role_over_one_application_reaches_no_further() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let alex = rig.token("contoso.com", "alex").await;
        assert_eq!(tries(&rig, &fixture, &alex).await, [403; 8]);
        let mine = fixture.get("APPLICATION");
        let id = rig.tenant("contoso.com").user("alex@contoso.com");
        let id = id.unwrap().id.clone();
        let body = json!({"principalId": id, "directoryScopeId": format!("/{mine}"),
            "roleDefinitionId": APPLICATION_ADMINISTRATOR});
        let made = rig.make(ASSIGNMENTS, &body).await;
        assert_eq!(made["directoryScopeId"], format!("/{mine}"));
        let again = refused(&rig.send("POST", ASSIGNMENTS, &body).await);
        assert_eq!(again.0, 400);
        let seen = tries(&rig, &fixture, &alex).await;
        assert_eq!(seen, [204, 200, 204, 403, 403, 403, 403, 403]);
        // It is no role of the organization: neither its members nor hers show it.
        let members = format!("/directoryRoles/{APPLICATION_ADMINISTRATOR}/members");
        for list in [members, format!("/users/{id}/memberOf")] {
            let list = ok(&rig.get(&list).await)["value"].to_string();
            assert!(
                !list.contains(&id) && !list.contains("directoryRole"),
                "{list}"
            );
        }
        let filter = format!("{ASSIGNMENTS}?$filter=directoryScopeId%20eq%20'/{mine}'");
        let found = ok(&rig.get(&filter).await);
        assert_eq!(found["value"].as_array().unwrap().len(), 1);
        let path = format!("{ASSIGNMENTS}/{}", made["id"].as_str().unwrap());
        assert_eq!(rig.send("DELETE", &path, &Value::Null).await.status, 204);
        assert_eq!(tries(&rig, &fixture, &alex).await, [403; 8], "at once");
    }
}

#[tokio::test]
async fn scopes_that_mean_nothing_are_refused_by_name() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let before = ok(&rig.get(ASSIGNMENTS).await);
        let mine = format!("/{}", fixture.get("APPLICATION"));
        let role = APPLICATION_ADMINISTRATOR;
        let units = "/administrativeUnits/5d107bba-d8e2-4e13-b6ae-884be90e5d1a";
        for (role, scope, says) in [
            (USER_ADMINISTRATOR, json!(mine), "tenant-wide"),
            (role, json!(format!("/{NOBODY}")), NOBODY),
            (role, json!(format!("/{}", fixture.get("USER"))), "exist"),
            (role, json!(units), "administrative units"),
            (role, json!(fixture.get("APPLICATION")), "directoryScopeId"),
            (role, json!(""), "directoryScopeId"),
        ] {
            let body = json!({"principalId": fixture.get("USER"), "roleDefinitionId": role,
                "directoryScopeId": scope});
            let (status, _, message) = refused(&rig.send("POST", ASSIGNMENTS, &body).await);
            assert_eq!(status, 400, "{body}: {message}");
            assert!(message.contains(says), "{body}: {message}");
        }
        let body = json!({"principalId": fixture.get("USER"), "roleDefinitionId": role,
            "directoryScopeId": "/", "appScopeId": "/x"});
        let (status, _, message) = refused(&rig.send("POST", ASSIGNMENTS, &body).await);
        assert_eq!(status, 400);
        assert!(message.contains("appScopeId"), "{message}");
        assert_eq!(ok(&rig.get(ASSIGNMENTS).await), before);
    }
}

/// A role that was taken away between the beginning of a request and its write is gone.
#[tokio::test]
async fn the_write_asks_again_who_holds_the_role() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let app = rig.world.app("global").unwrap();
        let contoso = rig.tenant("contoso.com");
        for (name, holds) in [("admin", true), ("alex", false)] {
            let upn = format!("{name}@contoso.com");
            let mut cx = Context::new(app, Client::default());
            cx.actor = Actor::User(Box::new(UserActor {
                tenant: Id::parse(&contoso.id).unwrap(),
                user: Id::parse(&contoso.user(&upn).unwrap().id).unwrap(),
                user_principal_name: upn.clone(),
                display_name: upn,
                mail: None,
                is_guest: false,
                client: well_known::COMMAND_LINE,
                scopes: [].into(),
                // As they were when the request began.
                roles: [well_known::role::GLOBAL_ADMINISTRATOR].into(),
                second_factor: None,
            }));
            let grant = authorize(&cx, Permission::WriteGroups).unwrap();
            assert_eq!(grant.begin().await.is_ok(), holds, "{name}");
        }
    }
}
