//! What the Graph host says about itself and refuses (security-bars.md V-09, V-11, V-12, V-20,
//! V-21, V-50, and the envelope of odata-conventions.md §2 and §5).

use comity_testkit::Engine;
use http::HeaderName;
use serde_json::{Value, json};

use super::rig::{Rig, ok, refused};

#[tokio::test]
async fn every_answer_has_the_headers_of_its_kind() {
    let rig = Rig::start(Engine::Sqlite).await;
    let id = "9fbb3a4e-0dd7-4f3c-8f1b-7a5ff4dd1f80";
    for (token, method, path) in [
        (rig.admin.as_str(), "GET", "/me"),
        (rig.admin.as_str(), "GET", "/nothing"),
        (rig.admin.as_str(), "DELETE", "/organization"),
        ("", "GET", "/me"),
        ("nonsense", "POST", "/users"),
    ] {
        let headers = [("client-request-id", id)];
        let answer = rig.ask(token, (method, path), &headers, None).await;
        let header = |name: &'static str| {
            let value = answer.header(&HeaderName::from_static(name));
            value.unwrap_or_else(|| panic!("{method} {path} has no {name}"))
        };
        assert_eq!(header("client-request-id"), id);
        assert_ne!(header("request-id"), id);
        assert!(header("strict-transport-security").contains("includeSubDomains"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("cache-control").contains("no-"));
        assert!(answer.header(&http::header::SET_COOKIE).is_none());
        if answer.status != 200 {
            refused(&answer);
        }
        if answer.status == 401 {
            assert!(header("www-authenticate").starts_with("Bearer "));
        }
    }
}

#[tokio::test]
async fn unknown_names_in_bodies_are_named_and_nothing_is_written() {
    let rig = Rig::start(Engine::Sqlite).await;
    let before = ok(&rig.get("/groups").await);
    for (body, name) in [
        (json!({"displayName": "x", "colour": 1}), "colour"),
        (json!({"DisplayName": "x"}), "DisplayName"),
        (json!({"displayName": 7}), "displayName"),
        (json!({"id": "9fbb3a4e-0dd7-4f3c-8f1b-7a5ff4dd1f80"}), "id"),
    ] {
        let mut whole = json!({"displayName": "x", "mailEnabled": false, "mailNickname": "x",
            "securityEnabled": true});
        for (n, v) in body.as_object().unwrap() {
            whole[n] = v.clone();
        }
        let (status, _, message) = refused(&rig.send("POST", "/groups", &whole).await);
        assert_eq!(status, 400, "{message}");
        assert!(message.contains(name), "{name}: {message}");
    }
    for raw in [
        &b"{"[..],
        b"[]",
        b"\xff",
        b"{\"displayName\":\"a\",\"displayName\":\"b\"}",
    ] {
        let answer = rig
            .ask(&rig.admin, ("POST", "/groups"), &[], Some(raw))
            .await;
        assert_eq!(refused(&answer).0, 400);
    }
    assert_eq!(ok(&rig.get("/groups").await)["value"], before["value"]);
}

#[tokio::test]
async fn no_cookie_counts_and_nothing_changes_by_reading() {
    let rig = Rig::start(Engine::Sqlite).await;
    // V-12: there is no ambient authority; an origin or a cookie alone opens nothing.
    let headers = [("origin", "https://evil.example"), ("cookie", "__Host-s=1")];
    let answer = rig
        .ask("", ("POST", "/groups"), &headers, Some(b"{}"))
        .await;
    assert_eq!(refused(&answer).0, 401);
    let path = "/policies/crossTenantAccessPolicy/default/resetToSystemDefault";
    assert!(rig.get(path).await.status.is_client_error());
}

#[tokio::test]
async fn secrets_are_never_read_back() {
    let rig = Rig::start(Engine::Sqlite).await;
    let password = "a long enough pass phrase 7";
    let user = json!({"accountEnabled": true, "displayName": "P", "mailNickname": "p",
        "userPrincipalName": "p@contoso.com", "passwordProfile": {"password": password}});
    let made = rig.make("/users", &user).await;
    let app = rig
        .make("/applications", &json!({"displayName": "S"}))
        .await;
    let path = format!("/applications/{}", app["id"].as_str().unwrap());
    let body = json!({"passwordCredential": {"displayName": "k"}});
    let secret = rig.make(&format!("{path}/addPassword"), &body).await;
    let secret = secret["secretText"].as_str().unwrap().to_owned();
    let user = format!("/users/{}", made["id"].as_str().unwrap());
    for path in [
        format!("{user}?$select=passwordProfile,displayName"),
        path,
        "/auditLogs/directoryAudits".to_owned(),
    ] {
        let text = rig.get(&path).await.text();
        assert!(
            !text.contains(&secret) && !text.contains(password),
            "{path}: {text}"
        );
    }
    for short in ["", "short", "password1234567"] {
        let body = json!({"passwordProfile": {"password": short}});
        let (status, _, message) = refused(&rig.send("PATCH", &user, &body).await);
        assert_eq!(status, 400, "{short}");
        assert!(message.to_lowercase().contains("password"), "{message}");
    }
}

/// A principal shows the roles of its registration, also when that changes; a role of another
/// resource cannot be assigned.
#[tokio::test]
async fn a_service_principal_follows_its_registration() {
    let rig = Rig::start(Engine::Sqlite).await;
    let app = rig
        .make("/applications", &json!({"displayName": "S"}))
        .await;
    let made = rig
        .make("/servicePrincipals", &json!({"appId": app["appId"]}))
        .await;
    let path = format!("/servicePrincipals/{}", made["id"].as_str().unwrap());
    assert_eq!(made["appRoles"], json!([]));
    let role = json!({"id": "ef7437e6-4f94-4a0a-a110-a439eb2aa8f7", "value": "File",
        "displayName": "File", "description": "File", "isEnabled": true,
        "allowedMemberTypes": ["User"]});
    let change = json!({"appRoles": [role], "identifierUris": ["api://files"]});
    let app = format!("/applications/{}", app["id"].as_str().unwrap());
    assert_eq!(rig.send("PATCH", &app, &change).await.status, 204);
    let now = ok(&rig.get(&path).await);
    assert_eq!(now["appRoles"][0]["value"], "File", "{now}");
    assert_eq!(now["servicePrincipalNames"][1], "api://files");
    // `User.Read.All` of Graph is no role of this application.
    let alex: &Value = &json!(rig.tenant("contoso.com").users[0].id);
    let assign =
        |role: &str| json!({"principalId": alex, "resourceId": now["id"], "appRoleId": role});
    let to = format!("{path}/appRoleAssignedTo");
    let foreign = rig
        .send("POST", &to, &assign("df021288-bdef-4463-88db-98f22de89214"))
        .await;
    assert_eq!(refused(&foreign).0, 400);
    rig.make(&to, &assign("ef7437e6-4f94-4a0a-a110-a439eb2aa8f7"))
        .await;
}

/// One registration has an end, whatever its lists are called (every decision reads it).
#[tokio::test]
async fn a_registration_does_not_grow_without_end() {
    let rig = Rig::start(Engine::Sqlite).await;
    let tags = |n: usize| (0..n).map(|i| format!("t{i}")).collect::<Vec<_>>();
    let app = rig
        .make(
            "/applications",
            &json!({"displayName": "S", "tags": tags(1000)}),
        )
        .await;
    let path = format!("/applications/{}", app["id"].as_str().unwrap());
    let uris = |n: usize| {
        let all = (0..n).map(|i| format!("https://app.example/{i}"));
        json!({"web": {"redirectUris": all.collect::<Vec<_>>()}})
    };
    assert_eq!(rig.send("PATCH", &path, &uris(150)).await.status, 204);
    let (status, _, message) = refused(&rig.send("PATCH", &path, &uris(250)).await);
    assert_eq!(status, 400);
    assert!(message.contains("1200"), "{message}");
    let (status, _, message) = refused(&rig.send("PATCH", &path, &uris(257)).await);
    assert_eq!(status, 400);
    assert!(message.contains("256"), "{message}");
}
