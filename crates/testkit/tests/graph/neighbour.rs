//! Objects of another tenant (security bars S-02 and S-62): every built operation on an object, by
//! the administrator of a neighbour tenant and by one of another cloud, is answered as if the object
//! had never existed, and writes nothing. The table of built operations is the list, so that a new
//! one is covered by itself.

use comity_testkit::Engine;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    fixture::Fixture,
    rig::{Rig, ok, refused},
};

const BUILT: &str = include_str!("../story/operations.txt");
/// Roles are the same in every organization.
const SHARED: [&str; 3] = [
    "directoryRoles",
    "directoryRoleTemplates",
    "roleDefinitions",
];
const NOBODY: &str = "3f0c9a52-77aa-4b6e-9d3e-0a4f5b6c7d8e";

/// Somebody who has every permission in an organization of their own.
struct Stranger {
    token: String,
    graph: String,
    /// An object of the own organization: the administrator.
    own: String,
}

/// Operations on an object of an organization, as method and template.
fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = BUILT.lines().filter_map(|row| row.split_once(' '));
    all.filter(|(_, template)| {
        template.contains("{}") && !SHARED.iter().any(|name| template.contains(name))
    })
}

/// The name before each place of a template, in order.
fn places(template: &str) -> Vec<&str> {
    let mut before = "";
    let mut found = Vec::new();
    for segment in template.split('/') {
        if segment == "{}" {
            found.push(before);
        }
        before = segment;
    }
    found
}

/// Contoso's object for a place.
fn object(fixture: &Fixture, sign_in: &str, place: &str) -> String {
    match place {
        "signIns" => sign_in.to_owned(),
        "memberOf" | "transitiveMemberOf" => fixture.get("GROUP").to_owned(),
        place => fixture
            .key(place, "GET")
            .unwrap_or_else(|| panic!("no object of Contoso for {place}: add one")),
    }
}

/// A body that would be taken from Contoso's own administrator, about the caller's own objects.
fn body(method: &str, path: &str, own: &str) -> Option<Value> {
    let last = path.rsplit('/').next().unwrap();
    let value = match (method, last) {
        ("POST", "$ref") => {
            json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{own}")})
        }
        ("POST", "addPassword") => json!({"passwordCredential": {"displayName": "k"}}),
        ("POST", "restore") => json!({}),
        ("POST", "removePassword") => json!({"keyId": NOBODY}),
        ("POST", _) => {
            let parent = path.split('/').nth(2).unwrap();
            json!({"principalId": parent, "resourceId": parent, "appRoleId": Uuid::nil()})
        }
        ("PATCH", _) if path.contains("/partners/") => {
            json!({"inboundTrust": {"isMfaAccepted": true}})
        }
        ("PATCH", _) if path.contains("/oauth2PermissionGrants/") => json!({"scope": "User.Read"}),
        ("PATCH", _) if path.contains("/domains/") => json!({"isDefault": true}),
        ("PATCH", _) => json!({"displayName": "X"}),
        _ => return None,
    };
    Some(value)
}

/// What a stranger is told, with the object's name taken out.
async fn told(
    rig: &Rig,
    who: &Stranger,
    (method, path): (&str, &str),
    ids: &[String],
) -> (u16, String, String) {
    let url = format!("{}/v1.0{path}", who.graph);
    let body = body(method, path, &who.own).map(|b| b.to_string());
    let bytes = body.as_ref().map(String::as_bytes);
    let headers = [("consistencylevel", "eventual")];
    let answer = rig.ask(&who.token, (method, &url), &headers, bytes).await;
    let (status, code, mut message) = refused(&answer);
    for id in ids {
        message = message.replace(id.as_str(), "ID");
    }
    (status, code, message)
}

/// Everything that Contoso keeps, as far as it can be listed, with its audit log.
async fn kept(rig: &Rig) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    let lists = BUILT.lines().filter_map(|row| row.strip_prefix("GET "));
    for path in lists.filter(|p| !p.contains("{}") && !p.contains('$') && !p.ends_with("signIns")) {
        all.push((path, ok(&rig.get(path).await)));
    }
    all
}

async fn sign_in(rig: &Rig) -> String {
    let found = ok(&rig.get("/auditLogs/signIns?$top=1").await);
    found["value"][0]["id"].as_str().unwrap().to_owned()
}

/// Tries every operation; gives how many were answered 404.
async fn tries(rig: &Rig, fixture: &Fixture, who: &Stranger) -> usize {
    let sign_in = sign_in(rig).await;
    let mut hidden = 0;
    for (method, template) in operations() {
        let mut seen = Vec::new();
        for exists in [true, false] {
            let ids: Vec<String> = places(template)
                .into_iter()
                .map(|place| {
                    if exists {
                        object(fixture, &sign_in, place)
                    } else {
                        NOBODY.to_owned()
                    }
                })
                .collect();
            let path = ids
                .iter()
                .fold(template.to_owned(), |path, id| path.replacen("{}", id, 1));
            seen.push(told(rig, who, (method, &path), &ids).await);
        }
        assert_eq!(seen[0], seen[1], "{method} {template} tells them apart");
        // Not built below this type, or not to be written by anybody.
        let open = matches!(seen[0].0, 405 | 501);
        assert!(open || seen[0].0 == 404, "{method} {template}: {seen:?}");
        hidden += usize::from(!open);
    }
    hidden
}

#[tokio::test]
async fn what_another_organization_has_looks_like_nothing() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let before = kept(&rig).await;
        for (cloud, domain) in [("global", "fabrikam.com"), ("usgov", "northwind.us")] {
            let place = rig.manifest.cloud(cloud).unwrap();
            let admin = format!("admin@{domain}");
            let who = Stranger {
                token: rig.token_at(cloud, domain, "admin").await,
                graph: place.graph.clone(),
                own: place
                    .tenant(domain)
                    .unwrap()
                    .user(&admin)
                    .unwrap()
                    .id
                    .clone(),
            };
            let hidden = tries(&rig, &fixture, &who).await;
            assert!(hidden > 70, "{domain}: {hidden}");
            assert_eq!(kept(&rig).await, before, "{domain} wrote");
        }
        // A token of one cloud is nothing in another.
        let usgov = &rig.manifest.cloud("usgov").unwrap().graph;
        let url = format!("{usgov}/v1.0/users/{}", fixture.get("USER"));
        let answer = rig.ask(&rig.admin, ("GET", &url), &[], None).await;
        assert_eq!(refused(&answer).0, 401);
    }
}

/// From an own object nothing of another organization can be pointed at either.
#[tokio::test]
async fn own_objects_cannot_point_at_those_of_others() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let token = rig.token("fabrikam.com", "admin").await;
        let send = async |path: &str, body: &Value| {
            let bytes = body.to_string();
            let bytes = Some(bytes.as_bytes());
            rig.ask(&token, ("POST", path), &[], bytes).await
        };
        let group = json!({"displayName": "G", "mailEnabled": false, "mailNickname": "g",
            "securityEnabled": true});
        let group = send("/groups", &group).await.json().unwrap();
        let app = send("/applications", &json!({"displayName": "A"})).await;
        let app = app.json().unwrap();
        let (group, app) = (group["id"].as_str().unwrap(), app["id"].as_str().unwrap());
        for (path, name) in [
            (format!("/groups/{group}/members/$ref"), "USER"),
            (format!("/groups/{group}/members/$ref"), "GROUP"),
            (format!("/groups/{group}/owners/$ref"), "USER"),
            (format!("/applications/{app}/owners/$ref"), "USER"),
            ("/roleManagement/directory/roleAssignments".into(), "USER"),
            ("/oauth2PermissionGrants".into(), "PROGRAM"),
            ("/servicePrincipals".into(), "NEW_APP"),
        ] {
            let mut said = Vec::new();
            for id in [fixture.get(name), NOBODY] {
                let url = format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}");
                let body = match path.as_str() {
                    "/servicePrincipals" => json!({"appId": id}),
                    "/oauth2PermissionGrants" => {
                        json!({"clientId": id, "consentType": "AllPrincipals",
                        "resourceId": id, "scope": "User.Read"})
                    }
                    p if p.ends_with("roleAssignments") => json!({"principalId": id,
                        "directoryScopeId": "/",
                        "roleDefinitionId": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"}),
                    _ => json!({"@odata.id": url}),
                };
                let (status, code, message) = refused(&send(&path, &body).await);
                assert!(matches!(status, 400 | 404), "{path}: {status} {message}");
                said.push((status, code, message.replace(id, "ID")));
            }
            assert_eq!(said[0], said[1], "{path} {name}");
        }
    }
}
