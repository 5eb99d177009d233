//! Nobody makes herself more than she is: permissions of Graph, the last administrator, the
//! applications that every organization has, and refusals that tell nothing.

use comity_testkit::Engine;
use serde_json::{Value, json};

use super::{
    property::{ASSIGNMENTS, GLOBAL, GRAPH, give, person, program},
    rig::{Rig, ok, refused},
};

const APPLICATIONS: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
const ROLES: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
const NOBODY: &str = "3f0c9a52-77aa-4b6e-9d3e-0a4f5b6c7d8e";
const OWN_ROLE: &str = "ef7437e6-4f94-4a0a-a110-a439eb2aa8f7";

/// What somebody may want of an application: the path, the body, and whether it reaches into Graph.
async fn wishes(rig: &Rig) -> Vec<(String, Value, bool)> {
    let role = json!({"id": OWN_ROLE, "value": "File", "displayName": "File", "description": "F",
        "isEnabled": true, "allowedMemberTypes": ["Application"]});
    let app = json!({"displayName": "Own", "appRoles": [role]});
    let app = rig.make("/applications", &app).await;
    let own = rig
        .make("/servicePrincipals", &json!({"appId": app["appId"]}))
        .await;
    let graph = ok(&rig.get(GRAPH).await);
    let offered = graph["appRoles"].as_array().unwrap();
    let offered = |name: &str| offered.iter().find(|r| r["value"] == name).unwrap()["id"].clone();
    let assign = |resource: &Value, role: Value| {
        let path = format!(
            "/servicePrincipals/{}/appRoleAssignments",
            own["id"].as_str().unwrap()
        );
        (
            path,
            json!({"principalId": own["id"], "resourceId": resource["id"], "appRoleId": role}),
        )
    };
    let consent = |scope: &str, who: &str| {
        let mut body = json!({"clientId": own["id"], "consentType": "AllPrincipals",
            "resourceId": graph["id"], "scope": scope});
        if !who.is_empty() {
            body["consentType"] = json!("Principal");
            body["principalId"] = json!(who);
        }
        ("/oauth2PermissionGrants".to_owned(), body)
    };
    let admin = person(rig, "admin");
    let with = |(path, body), reaches| (path, body, reaches);
    vec![
        with(
            assign(&graph, offered("RoleManagement.ReadWrite.Directory")),
            true,
        ),
        with(assign(&graph, offered("User.Read.All")), true),
        with(assign(&own, json!(OWN_ROLE)), false),
        with(
            consent("User.Read RoleManagement.ReadWrite.Directory", ""),
            true,
        ),
        with(
            consent("User.Read Directory.AccessAsUser.All", &admin),
            true,
        ),
        with(consent("User.Read Group.Read.All", ""), false),
    ]
}

#[tokio::test]
async fn an_administrator_of_applications_grants_no_permission_over_the_directory() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let wishes = wishes(&rig).await;
        give(&rig, &person(&rig, "alex"), APPLICATIONS).await;
        let alex = rig.token("contoso.com", "alex").await;
        let mut grant = String::new();
        for (path, body, reaches) in &wishes {
            let answer = rig.as_holder(&alex, ("POST", path), body).await;
            let wanted = if *reaches { 403 } else { 201 };
            assert_eq!(answer.status, wanted, "{body}: {}", answer.text());
            if path.starts_with("/oauth2") && !reaches {
                grant = answer.json().unwrap()["id"].as_str().unwrap().to_owned();
            }
        }
        // What was harmless does not grow into it either.
        let path = format!("/oauth2PermissionGrants/{grant}");
        let more = json!({"scope": "User.Read Directory.ReadWrite.All"});
        let answer = rig.as_holder(&alex, ("PATCH", &path), &more).await;
        assert_eq!(refused(&answer).0, 403);
        let less = json!({"scope": "User.Read"});
        let answer = rig.as_holder(&alex, ("PATCH", &path), &less).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        // Whoever gives roles away may give these too.
        give(&rig, &person(&rig, "bo"), ROLES).await;
        let bo = rig.token("contoso.com", "bo").await;
        let answer = rig.as_holder(&bo, ("PATCH", &path), &more).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        for (path, body, _) in wishes.iter().filter(|w| w.2).take(2) {
            let answer = rig.as_holder(&bo, ("POST", path), body).await;
            assert_eq!(answer.status, 201, "{body}: {}", answer.text());
        }
    }
}

/// Documented as all-powerful, and so it is.
#[tokio::test]
async fn an_application_with_the_permission_for_it_grants_permissions() {
    let rig = Rig::start(Engine::Sqlite).await;
    let wishes = wishes(&rig).await;
    let permissions = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"];
    let granter = program(&rig, &permissions, &[]).await;
    let (path, body, _) = &wishes[0];
    let answer = rig.as_holder(&granter.token, ("POST", path), body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let reader = program(&rig, &["Application.Read.All"], &[]).await;
    let answer = rig.as_holder(&reader.token, ("POST", path), body).await;
    assert_eq!(refused(&answer).0, 403);
}

#[tokio::test]
async fn the_last_administrator_who_can_sign_in_stays() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let permissions = ["User.ReadWrite.All", "RoleManagement.ReadWrite.Directory"];
        let program = program(&rig, &permissions, &[GLOBAL]).await;
        let (admin, second) = (person(&rig, "admin"), person(&rig, "bo"));
        let assignment = ok(&rig.get(ASSIGNMENTS).await)["value"]
            .as_array()
            .unwrap()
            .iter()
            .find(|a| a["principalId"] == admin.as_str())
            .unwrap()["id"]
            .clone();
        let user = format!("/users/{admin}");
        let member = format!("/directoryRoles/{GLOBAL}/members/{admin}/$ref");
        let assignment = format!("{ASSIGNMENTS}/{}", assignment.as_str().unwrap());
        let off = json!({"accountEnabled": false});
        let ask = async |method: &str, path: &str, body: &Value| {
            rig.as_holder(&program.token, (method, path), body).await
        };
        // A second one counts only while she can sign in.
        give(&rig, &second, GLOBAL).await;
        let other = format!("/users/{second}");
        assert_eq!(ask("PATCH", &other, &off).await.status, 204);
        for (method, path, body) in [
            ("PATCH", &user, &off),
            ("DELETE", &user, &Value::Null),
            ("DELETE", &member, &Value::Null),
            ("DELETE", &assignment, &Value::Null),
        ] {
            let answer = match body {
                Value::Null => rig.ask(&program.token, (method, path), &[], None).await,
                body => ask(method, path, body).await,
            };
            let (status, _, message) = refused(&answer);
            assert_eq!(status, 400, "{method} {path}: {message}");
            assert!(message.contains("last Global Administrator"), "{message}");
        }
        assert_eq!(ok(&rig.get("/me").await)["id"], admin.as_str());
        let on = json!({"accountEnabled": true});
        assert_eq!(ask("PATCH", &other, &on).await.status, 204);
        let answer = ask("PATCH", &user, &off).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let answer = rig
            .ask(&program.token, ("DELETE", &assignment), &[], None)
            .await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
}

#[tokio::test]
async fn nobody_is_locked_out_of_what_every_organization_has() {
    let rig = Rig::start(Engine::Sqlite).await;
    let own = program(&rig, &[], &[]).await;
    let own = format!("/servicePrincipals/{}", own.principal);
    let command_line = "/servicePrincipals(appId='04b07795-8ddb-461a-bbee-02f9e1bf7b46')";
    let my_apps = "/servicePrincipals(appId='2793995e-0a7d-40d7-bd35-6968ba142197')";
    for body in [
        json!({"accountEnabled": false}),
        json!({"appRoleAssignmentRequired": true}),
        json!({"homepage": "https://evil.example/"}),
        json!({"displayName": "Payroll"}),
    ] {
        for path in [GRAPH, command_line, my_apps] {
            let (status, _, message) = refused(&rig.send("PATCH", path, &body).await);
            assert_eq!(status, 400, "{path} {body}: {message}");
            assert!(message.contains("every organization"), "{message}");
        }
        let answer = rig.send("PATCH", &own, &body).await;
        assert_eq!(answer.status, 204, "{body}: {}", answer.text());
    }
    let notes = json!({"notes": "Ask Ada."});
    assert_eq!(rig.send("PATCH", my_apps, &notes).await.status, 204);
}

/// To somebody without the role, what exists and what does not look the same.
#[tokio::test]
async fn a_refusal_does_not_tell_what_exists() {
    let rig = Rig::start(Engine::Sqlite).await;
    let fixture = super::fixture::Fixture::make(&rig).await;
    let alex = rig.token("contoso.com", "alex").await;
    let url = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/users/{NOBODY}")});
    let id = |name: &str| fixture.get(name).to_owned();
    for (method, path, name, body) in [
        ("PATCH", "/users/{}", "USER", json!({"jobTitle": "x"})),
        ("DELETE", "/users/{}", "USER", Value::Null),
        ("PATCH", "/groups/{}", "GROUP", json!({"description": "x"})),
        ("DELETE", "/groups/{}", "GROUP", Value::Null),
        ("POST", "/groups/{}/members/$ref", "GROUP", url),
        ("DELETE", "/groups/{}/members/{}/$ref", "GROUP", Value::Null),
        (
            "PATCH",
            "/oauth2PermissionGrants/{}",
            "GRANT",
            json!({"scope": "x"}),
        ),
        ("DELETE", "/oauth2PermissionGrants/{}", "GRANT", Value::Null),
        (
            "DELETE",
            "/roleManagement/directory/roleAssignments/{}",
            "ROLE_ASSIGNMENT",
            Value::Null,
        ),
    ] {
        let mut said = Vec::new();
        for id in [id(name), NOBODY.to_owned()] {
            let path = path.replace("{}", &id);
            let answer = match &body {
                Value::Null => rig.ask(&alex, (method, &path), &[], None).await,
                body => rig.as_holder(&alex, (method, &path), body).await,
            };
            let (status, code, message) = refused(&answer);
            assert_eq!(status, 403, "{method} {path}: {message}");
            said.push((code, message));
        }
        assert_eq!(said[0], said[1], "{method} {path}");
        // The administrator is told.
        let path = path.replace("{}", NOBODY);
        let answer = match &body {
            Value::Null => rig.ask(&rig.admin, (method, &path), &[], None).await,
            body => rig.send(method, &path, body).await,
        };
        assert_eq!(refused(&answer).0, 404, "{method} {path}");
    }
}
