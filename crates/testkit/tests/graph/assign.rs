//! Mass assignment (security bar S-60): for every entity that can be made or changed, every property
//! of its description that is not to be written, and forty that it does not have, in POST and PATCH:
//! refused, or ignored and unchanged. Driven by the descriptions, so that a new resource is covered
//! by itself; where it needs a body to be made with, the test says so.

use std::collections::BTreeSet;

use comity_model::resource::{self, Access, Kind, Property, ResourceType, write};
use comity_testkit::Engine;
use serde_json::{Map, Value, json};

use super::{
    fixture::Fixture,
    rig::{Rig, ok},
};

const NOBODY: &str = "3f0c9a52-77aa-4b6e-9d3e-0a4f5b6c7d8e";

const LONG_AGO: &str = "2001-02-03T04:05:06Z";

/// What somebody would like to set, on whatever it is.
const INVENTED: [&str; 41] = [
    "id",
    "tenantId",
    "tenant_id",
    "userType",
    "externalUserState",
    "roles",
    "role",
    "passwordHash",
    "password",
    "createdDateTime",
    "deletedDateTime",
    "version",
    "isAdmin",
    "admin",
    "isGuest",
    "owner",
    "owners",
    "members",
    "memberOf",
    "sessionsValidFrom",
    "signInSessionsValidFromDateTime",
    "externalCloud",
    "external",
    "homeTenantId",
    "homeCloud",
    "identities",
    "issuer",
    "cloud",
    "isServiceDefault",
    "isInMultiTenantOrganization",
    "workerEnabled",
    "policyVersion",
    "secretText",
    "keyId",
    "permissions",
    "scopes",
    "grants",
    "verified",
    "enabled",
    "properties",
    "__proto__",
];
/// Never to be written with PATCH, whatever a description says.
const NEVER: [&str; 8] = [
    "id",
    "createdDateTime",
    "deletedDateTime",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "creationType",
    "isServiceDefault",
    "tenantId",
];

/// Types with a path of their own that take a write.
fn taking(writes: u8) -> impl Iterator<Item = &'static ResourceType> {
    let all = resource::ALL.into_iter();
    all.filter(move |r| !r.path.is_empty() && r.takes(writes))
}

/// Every name to be tried, with a value that is not the present one.
fn names(resource: &ResourceType, writable: &dyn Fn(&Property) -> bool) -> Vec<(String, Value)> {
    let derived = resource.derived.iter().flat_map(|d| d.properties);
    let own: Vec<&Property> = resource.properties.iter().chain(derived).collect();
    let mut all: Vec<(String, Value)> = own
        .iter()
        .filter(|p| !writable(p) || NEVER.contains(&p.name))
        .map(|p| (p.name.to_owned(), value(p)))
        .collect();
    let known: BTreeSet<&str> = own.iter().map(|p| p.name).collect();
    let invented = INVENTED.iter().filter(|name| !known.contains(**name));
    all.extend(invented.map(|name| ((*name).to_owned(), json!(NOBODY))));
    all.push((
        "@odata.type".into(),
        json!("#microsoft.graph.directoryRole"),
    ));
    all.push(("@odata.id".into(), json!(NOBODY)));
    all
}

fn value(property: &Property) -> Value {
    let one = match property.kind {
        Kind::Text | Kind::Words(_) => json!("x1"),
        Kind::Enum(_, words) => json!(words.last()),
        Kind::Bool => json!(true),
        Kind::Int => json!(7),
        Kind::Time => json!(LONG_AGO),
        Kind::Guid => json!(NOBODY),
        Kind::Binary => json!("AAAA"),
        Kind::Complex(_) | Kind::Document(_) => json!({"x": 1}),
    };
    if property.many { json!([one]) } else { one }
}

/// Where an object of the type is found.
fn place(fixture: &Fixture, resource: &ResourceType) -> String {
    if resource.singleton {
        return format!("/{}", resource.path);
    }
    let collection = resource.path.rsplit('/').next().unwrap();
    let key = fixture.key(collection, "PATCH");
    let key = key.unwrap_or_else(|| panic!("no {} to change: add one", resource.name));
    format!("/{}/{key}", resource.path)
}

/// The object, with whatever `$select` brings to light.
async fn whole(rig: &Rig, resource: &ResourceType, path: &str) -> Map<String, Value> {
    let served = resource
        .properties
        .iter()
        .filter(|p| p.access != Access::Secret);
    let chosen: Vec<&str> = served.map(|p| p.name).collect();
    let plain = ok(&rig.get(path).await);
    let selected = rig
        .get(&format!("{path}?$select={}", chosen.join(",")))
        .await;
    let mut all = plain.as_object().unwrap().clone();
    if selected.status == 200 {
        all.extend(selected.json().unwrap().as_object().unwrap().clone());
    }
    // The server's own stamp moves with every change, to its own time.
    let stamp = all.remove("modifiedDateTime").unwrap_or_default();
    assert_ne!(stamp, json!(LONG_AGO), "{path}: modifiedDateTime was set");
    all
}

#[tokio::test]
async fn a_change_sets_nothing_that_is_not_to_be_set() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let mut tried = 0;
        for resource in taking(write::UPDATE) {
            let path = place(&fixture, resource);
            let before = whole(&rig, resource, &path).await;
            let writable = |p: &Property| matches!(p.access, Access::Write | Access::Secret);
            for (name, value) in names(resource, &writable) {
                let answer = rig.send("PATCH", &path, &json!({ &name: value })).await;
                let status = answer.status.as_u16();
                let text = answer.text();
                assert!(
                    matches!(status, 204 | 400),
                    "{path} {name}: {status} {text}"
                );
                assert!(
                    status == 204 || text.contains(&name) || name.starts_with('@'),
                    "{path} {name} is not named: {text}"
                );
                if status == 204 {
                    let after = whole(&rig, resource, &path).await;
                    assert_eq!(after, before, "{path}: {name} was set");
                }
                tried += 1;
            }
            let after = whole(&rig, resource, &path).await;
            assert_eq!(after, before, "{path}: what was refused was set");
        }
        assert!(tried > 400, "{tried}");
    }
}

/// A body that makes an object of the type.
fn body(fixture: &Fixture, resource: &ResourceType) -> Value {
    match resource.name {
        "user" => json!({"accountEnabled": true, "displayName": "M", "mailNickname": "m",
            "userPrincipalName": "mass@contoso.com",
            "passwordProfile": {"password": "a long enough pass phrase 7"}}),
        "group" => json!({"displayName": "M", "mailEnabled": false, "mailNickname": "m",
            "securityEnabled": true}),
        "application" => json!({"displayName": "M"}),
        "servicePrincipal" => json!({"appId": fixture.get("NEW_APP")}),
        "oAuth2PermissionGrant" => json!({"clientId": fixture.get("PROGRAM"),
            "consentType": "AllPrincipals", "resourceId": fixture.get("GRAPH"),
            "scope": "User.Read"}),
        "unifiedRoleAssignment" => json!({"principalId": fixture.get("TARGET"),
            "directoryScopeId": "/", "roleDefinitionId": "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"}),
        "directoryRole" => json!({"roleTemplateId": "fe930be7-5e62-47db-91af-98c3a49a38b1"}),
        "crossTenantAccessPolicyConfigurationPartner" => {
            json!({"tenantId": fixture.get("FABRIKAM")})
        }
        "conditionalAccessPolicy" => json!({"displayName": "M", "state": "disabled",
            "conditions": {"clientAppTypes": ["all"],
                "applications": {"includeApplications": ["All"]},
                "users": {"includeUsers": ["All"]}},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}}),
        "namedLocation" => json!({"@odata.type": "#microsoft.graph.countryNamedLocation",
            "displayName": "M", "countriesAndRegions": ["DE"],
            "includeUnknownCountriesAndRegions": false}),
        "invitation" => json!({"invitedUserEmailAddress": "fay@fabrikam.com",
            "inviteRedirectUrl": "https://app.contoso.example/"}),
        other => panic!("no body that makes a {other}: add one"),
    }
}

/// How many objects there are; guests for invitations, which are not listed.
async fn count(rig: &Rig, resource: &ResourceType) -> usize {
    let path = match resource.name {
        "invitation" => "/users",
        _ => resource.path,
    };
    let list = ok(&rig.get(&format!("/{}", path.trim_start_matches('/'))).await);
    list["value"].as_array().unwrap().len()
}

#[tokio::test]
async fn nothing_is_made_with_more_than_may_be_said() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let fixture = Fixture::make(&rig).await;
        let mut tried = 0;
        for resource in taking(write::CREATE) {
            let path = format!("/{}", resource.path);
            let good = body(&fixture, resource);
            let before = count(&rig, resource).await;
            let writable = |p: &Property| p.access != Access::Read;
            for (name, value) in names(resource, &writable) {
                // Annotations are no properties: that they do nothing is seen with PATCH.
                if name.starts_with('@') || good.get(&name).is_some() {
                    continue;
                }
                let kind = resource.property(&name);
                if kind.is_some_and(writable) {
                    continue;
                }
                let mut whole = good.clone();
                whole[&name] = value;
                let answer = rig.send("POST", &path, &whole).await;
                let text = answer.text();
                assert_eq!(answer.status, 400, "{path} {name}: {text}");
                assert!(text.contains(&name), "{path} {name} is not named: {text}");
                tried += 1;
            }
            assert_eq!(count(&rig, resource).await, before, "{path}");
            // The same body without what was refused makes one, so that nothing else was.
            let answer = rig.send("POST", &path, &good).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text());
        }
        assert!(tried > 300, "{tried}");
    }
}
