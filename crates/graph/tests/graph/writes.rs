//! Writing as clients do it: objects, bodies, references, actions; what is not built.

use comity_model::resource::{
    APPLICATION, CROSS_TENANT_ACCESS_DEFAULT, CROSS_TENANT_ACCESS_PARTNER, GROUP, ROLE_ASSIGNMENT,
    ROLE_DEFINITION, SERVICE_PRINCIPAL, USER,
};
use serde_json::{Value, json};

use crate::{
    edge::{Edge, ROOT, USER_ID},
    requests::{GROUP_ID, names, people},
};

fn new_user(upn: &str) -> Value {
    json!({"displayName": "New", "userPrincipalName": upn, "accountEnabled": true, "city": null,
        "mailNickname": "new", "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"}})
}

#[tokio::test]
async fn making_changing_and_ending_an_object() {
    let edge = Edge::new();
    let made = edge.post("/v1.0/users", new_user("new@contoso.com")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let body = made.json();
    let id = body["id"].as_str().unwrap();
    assert_eq!(made.header("location"), format!("{ROOT}/v1.0/users/{id}"));
    assert_eq!(
        body["@odata.context"],
        format!("{ROOT}/v1.0/$metadata#users/$entity")
    );
    assert_eq!(
        (&body["mailNickname"], &body["businessPhones"]),
        (&json!("new"), &json!([]))
    );
    assert!(!made.text.contains("xWwvJ"));
    let path = format!("/v1.0/users/{id}");
    // A client sends back what it read.
    let patch = json!({"id": id, "createdDateTime": "2026-01-15T09:57:58Z", "jobTitle": "x",
        "@odata.type": "#microsoft.graph.user"});
    let changed = edge.patch(&path, patch).await;
    assert_eq!((changed.status, changed.text.as_str()), (204, ""));
    assert_eq!(edge.get(&path).await.json()["jobTitle"], "x");
    let other = edge
        .patch(&path, json!({"createdDateTime": "2020-01-01T00:00:00Z"}))
        .await;
    assert_eq!(
        other.message(),
        "Property 'createdDateTime' is read-only and cannot be set."
    );
    assert_eq!(
        edge.patch(&path, json!({"jobTitle": null})).await.status,
        204
    );
    assert_eq!(edge.get(&path).await.json()["jobTitle"], Value::Null);
    let double = edge.post("/v1.0/users", new_user("new@contoso.com")).await;
    assert_eq!(
        double.message(),
        "Another object with the same value for property userPrincipalName already exists."
    );
    assert_eq!(
        double.json()["error"]["details"][0]["target"],
        "userPrincipalName"
    );
    assert_eq!(edge.delete(&path).await.status, 204);
    assert_eq!(edge.delete(&path).await.status, 404);
    assert_eq!(
        edge.memory.writes(),
        ["create user", "update user", "update user", "delete user"]
    );
}

#[tokio::test]
async fn bad_bodies_name_the_field_and_write_nothing() {
    let edge = Edge::new();
    people(&edge);
    let json_type = [("content-type", "application/json")];
    let path = format!("/v1.0/users/{USER_ID}");
    for (body, status, message) in [
        (&b"{\"city\": 1}"[..], 400, "'city' of resource 'User'"),
        (b"{\"City\": \"x\"}", 400, "has 'city'"),
        (b"{\"isAdmin\": true}", 400, "named 'isAdmin'"),
        (
            b"{\"city\": \"a\", \"city\": \"b\"}",
            400,
            "'city' stands twice",
        ),
        (b"{\"city\": \"\xff\"}", 400, "not UTF-8"),
        (b"[]", 400, "an object is expected"),
        (b"", 400, "the body is empty"),
        (b"{", 400, "EOF"),
    ] {
        let answer = edge.raw("PATCH", &path, &json_type, body.to_vec()).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.message().contains(message), "{}", answer.message());
    }
    let long = format!("{{\"city\": \"{}\"}}", "x".repeat(2_000_000));
    assert_eq!(
        edge.raw("PATCH", &path, &json_type, long.into_bytes())
            .await
            .status,
        413
    );
    let form = [("content-type", "text/plain")];
    assert_eq!(
        edge.raw("PATCH", &path, &form, b"{}".to_vec()).await.status,
        415
    );
    // The published pages sometimes send no content type at all.
    assert_eq!(
        edge.raw("PATCH", &path, &[], b"{\"city\": \"x\"}".to_vec())
            .await
            .status,
        204
    );
    let tag = edge
        .send("DELETE", &path, &[("If-Match", "W/\"1\"")], None)
        .await;
    assert_eq!(tag.status, 412);
    assert_eq!(edge.memory.writes(), ["update user"]);
    assert_eq!(
        edge.send("DELETE", &path, &[("If-Match", "*")], None)
            .await
            .status,
        204
    );
}

/// S-60: every property of every schema and forty invented ones, on every writable type.
#[tokio::test]
async fn mass_assignment() {
    let invented = [
        "id",
        "tenantId",
        "userType2",
        "externalUserState",
        "roles",
        "passwordHash",
        "version",
        "createdDateTime",
        "deletedDateTime",
        "isAdmin",
        "tenant_id",
        "upn",
        "sealed",
        "policyVersion",
        "sessionsValidFrom",
        "_id",
        "__proto__",
        "constructor",
        "hash",
        "secret",
        "secretText",
        "appRoleIds",
        "directoryRoles",
        "memberIds",
        "ownerIds",
        "permissions",
        "scopes",
        "kind",
        "state2",
        "stored",
        "external",
        "homeTenant",
        "homeUpn",
        "cloudName",
        "issuer",
        "subject",
        "link",
        "ticket",
        "nonce",
        "key",
    ];
    let edge = Edge::new();
    people(&edge);
    let path = format!("/v1.0/users/{USER_ID}");
    let before = edge.memory.get(&USER, USER_ID).unwrap();
    for name in invented {
        let answer = edge.patch(&path, json!({name: "x"})).await;
        assert_eq!(answer.status, 400, "{name}");
    }
    for property in USER
        .properties
        .iter()
        .filter(|p| p.access == comity_model::resource::Access::Read)
    {
        let answer = edge.patch(&path, json!({property.name: "x"})).await;
        assert_eq!(answer.status, 400, "{}", property.name);
    }
    assert_eq!(edge.memory.get(&USER, USER_ID).unwrap(), before);
    assert!(edge.memory.writes().is_empty());
}

#[tokio::test]
async fn references_are_added_once_and_removed_once() {
    let edge = Edge::new();
    people(&edge);
    edge.memory
        .put(&GROUP, json!({"id": GROUP_ID, "displayName": "G"}));
    let path = format!("/v1.0/groups/{GROUP_ID}/members/$ref");
    let body = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{USER_ID}")});
    assert_eq!(edge.post(&path, body.clone()).await.status, 204);
    let twice = edge.post(&path, body).await;
    assert_eq!(
        twice.message(),
        "One or more added object references already exist for the following modified properties: 'members'."
    );
    assert_eq!(
        (twice.status, twice.code().as_str()),
        (400, "Request_BadRequest")
    );
    let list = edge.get(&path).await.json();
    assert_eq!(
        list["value"][0]["@odata.id"],
        format!("{ROOT}/v1.0/directoryObjects/{USER_ID}")
    );
    let filter = format!("/v1.0/groups/{GROUP_ID}/members?$filter=id%20eq%20'{USER_ID}'");
    assert_eq!(names(&edge.get(&filter).await.json()), ["Zoe"]);
    let cast = format!("/v1.0/groups/{GROUP_ID}/members/microsoft.graph.group");
    assert!(names(&edge.get(&cast).await.json()).is_empty());
    let one = format!("/v1.0/groups/{GROUP_ID}/members/{USER_ID}");
    // Without `$ref` the original would delete the person: never.
    assert_eq!(edge.delete(&one).await.status, 405);
    assert_eq!(edge.delete(&format!("{one}/$ref")).await.status, 204);
    let gone = edge.delete(&format!("{one}/$ref")).await;
    assert!(
        gone.message()
            .starts_with("One or more removed object references do not exist")
    );
    let ids = json!({"members@odata.bind": [format!("{ROOT}/v1.0/users/{USER_ID}")]});
    assert_eq!(
        edge.patch(&format!("/v1.0/groups/{GROUP_ID}"), ids)
            .await
            .status,
        204
    );
    let by_query = format!("{path}?@id={ROOT}/v1.0/directoryObjects/{USER_ID}");
    assert_eq!(edge.delete(&by_query).await.status, 204);
    assert_eq!(
        edge.memory.writes(),
        [
            "add members",
            "remove members",
            "update group",
            "remove members"
        ]
    );
}

#[tokio::test]
async fn expansion_serves_the_relation_inside() {
    let edge = Edge::new();
    people(&edge);
    edge.memory
        .put(&GROUP, json!({"id": GROUP_ID, "displayName": "G"}));
    edge.memory.refer(GROUP_ID, "members", USER_ID);
    let body = edge
        .get("/v1.0/groups?$expand=members($select=id,displayName)&$select=displayName")
        .await
        .json();
    assert_eq!(
        body["value"][0]["members"],
        json!([{"@odata.type": "#microsoft.graph.user", "id": USER_ID, "displayName": "Zoe"}])
    );
    assert!(
        body["@odata.context"]
            .as_str()
            .unwrap()
            .ends_with("#groups(displayName,members(id,displayName))")
    );
    let role = edge
        .memory
        .put(&ROLE_DEFINITION, json!({"displayName": "Reader"}));
    let assignment = edge.memory.put(
        &ROLE_ASSIGNMENT,
        json!({"principalId": USER_ID, "roleDefinitionId": role}),
    );
    let path = format!(
        "/v1.0/roleManagement/directory/roleAssignments/{assignment}?$expand=principal,roleDefinition"
    );
    let body = edge.get(&path).await.json();
    assert_eq!(body["principal"]["displayName"], "Zoe");
    assert_eq!(body["principal"]["@odata.type"], "#microsoft.graph.user");
    assert_eq!(body["roleDefinition"]["displayName"], "Reader");
}

#[tokio::test]
async fn actions_and_functions() {
    let edge = Edge::new();
    let id = edge.memory.put(
        &APPLICATION,
        json!({"appId": "00000000-0000-0000-0000-0000000000bb"}),
    );
    let made = edge
        .post(
            "/v1.0/applications(appId='00000000-0000-0000-0000-0000000000BB')/addPassword",
            json!({"passwordCredential": {"displayName": "CI"}}),
        )
        .await;
    assert_eq!(
        (made.status, &made.json()["secretText"]),
        (200, &json!("s3cret"))
    );
    assert_eq!(
        made.json()["@odata.context"],
        format!("{ROOT}/v1.0/$metadata#microsoft.graph.passwordCredential")
    );
    let path = format!("/v1.0/applications/{id}/removePassword");
    let missing = edge.post(&path, json!({})).await;
    assert!(
        missing.message().contains("'keyId'"),
        "{}",
        missing.message()
    );
    assert_eq!(edge.post(&path, json!({"keyId": id})).await.status, 204);
    edge.memory.put(&CROSS_TENANT_ACCESS_DEFAULT, json!({}));
    let reset = "/v1.0/policies/crossTenantAccessPolicy/default/resetToSystemDefault";
    assert_eq!(edge.send("POST", reset, &[], None).await.status, 204);
    let tenant = edge.get("/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='00000000-0000-0000-0000-000000000001')").await;
    assert_eq!(
        tenant.json()["@odata.context"],
        format!("{ROOT}/v1.0/$metadata#microsoft.graph.tenantInformation")
    );
    assert_eq!(tenant.json()["federationBrandName"], Value::Null);
    let sp = edge
        .memory
        .put(&SERVICE_PRINCIPAL, json!({"appRoles": [{"id": id}]}));
    let roles = edge
        .get(&format!("/v1.0/servicePrincipals/{sp}/appRoles"))
        .await
        .json();
    assert_eq!(roles["value"][0]["id"], id);
}

#[tokio::test]
async fn a_partner_is_keyed_by_its_tenant() {
    let edge = Edge::new();
    let path = "/v1.0/policies/crossTenantAccessPolicy/partners";
    let id = "3d0f5dec-5d3d-455c-8016-e2af1ae4d31a";
    let made = edge
        .post(path, json!({"tenantId": id.to_uppercase()}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["tenantId"], id);
    assert_eq!(made.json().get("id"), None);
    let twice = edge.post(path, json!({"tenantId": id})).await;
    assert_eq!(
        (twice.status, twice.code().as_str()),
        (409, "Request_MultipleObjectsWithSameKeyValue")
    );
    let wrong = edge
        .patch(
            &format!("{path}/{id}"),
            json!({"b2BDirectConnectInbound": null}),
        )
        .await;
    assert!(
        wrong
            .message()
            .contains("Invalid property 'b2BDirectConnectInbound'"),
        "{}",
        wrong.message()
    );
    let moved = edge
        .patch(&format!("{path}/{id}"), json!({"tenantId": USER_ID}))
        .await;
    assert_eq!(
        moved.message(),
        "Property 'tenantId' is read-only and cannot be set."
    );
    assert_eq!(edge.delete(&format!("{path}/{id}")).await.status, 204);
    assert!(edge.memory.get(&CROSS_TENANT_ACCESS_PARTNER, id).is_none());
}

#[tokio::test]
async fn what_is_not_built_and_what_cannot_be() {
    let edge = Edge::new();
    people(&edge);
    let user = format!("/v1.0/users/{USER_ID}");
    for (method, path, status) in [
        ("POST", "/v1.0/$batch".to_owned(), 501),
        ("GET", "/v1.0/devices".to_owned(), 501),
        ("GET", format!("{user}/manager"), 501),
        ("POST", format!("{user}/revokeSignInSessions"), 501),
        ("POST", "/v1.0/domains".to_owned(), 501),
        ("POST", "/v1.0/roleManagement/directory/roleDefinitions".to_owned(), 501),
        ("PUT", "/v1.0/policies/crossTenantAccessPolicy/partners/00000000-0000-0000-0000-000000000001/identitySynchronization".to_owned(), 501),
        ("GET", "/v1.0/invitations".to_owned(), 405),
        ("DELETE", "/v1.0/users".to_owned(), 405),
        ("PUT", user.clone(), 405),
        ("HEAD", user.clone(), 405),
        ("DELETE", "/v1.0/policies/authorizationPolicy".to_owned(), 405),
        ("PATCH", "/v1.0/auditLogs/signIns/x".to_owned(), 400),
        ("DELETE", "/v1.0/auditLogs/signIns/00000000-0000-0000-0000-000000000001".to_owned(), 405),
        ("GET", "/v1.0/nothing".to_owned(), 404),
        ("GET", format!("{user}/nothing"), 400),
    ] {
        let answer = edge.send(method, &path, &[], Some(json!({}))).await;
        assert_eq!(answer.status, status, "{method} {path} {}", answer.text);
        assert!(method == "HEAD" || !answer.code().is_empty(), "{method} {path}");
    }
    let upsert = [("Prefer", "create-if-missing")];
    let answer = edge
        .send(
            "PATCH",
            "/v1.0/applications(uniqueName='x')",
            &upsert,
            Some(json!({})),
        )
        .await;
    assert_eq!(answer.status, 501);
}

#[tokio::test]
async fn the_schema_names_what_is_served() {
    let answer = Edge::new().get("/v1.0/$metadata").await;
    assert_eq!(answer.header("content-type"), "application/xml");
    for part in [
        "<EntityType Name=\"user\" BaseType=\"graph.directoryObject\">",
        "<EntityType Name=\"crossTenantAccessPolicyConfigurationPartner\">\n<Key><PropertyRef Name=\"tenantId\"/></Key>",
        "<Property Name=\"allowInvitesFrom\" Type=\"graph.allowInvitesFrom\" Nullable=\"false\"/>",
        "<Member Name=\"enabledForReportingButNotEnforced\" Value=\"2\"/>",
        "<NavigationProperty Name=\"members\" Type=\"Collection(graph.directoryObject)\"/>",
        "<EntitySet Name=\"users\" EntityType=\"microsoft.graph.user\"/>",
        "<Action Name=\"addPassword\"",
        "<Function Name=\"findTenantInformationByTenantId\">",
    ] {
        assert!(answer.text.contains(part), "{part}");
    }
    let opened = answer.text.matches("<EntityType ").count();
    let closed = answer.text.matches("</EntityType>").count()
        + answer.text.matches("Abstract=\"true\"/>").count();
    assert_eq!(opened, closed);
    // Every type that is named is there.
    for name in answer.text.split("graph.").skip(1) {
        let name = name.split(['"', ')', '.']).next().unwrap();
        if name.chars().all(char::is_alphanumeric) && !name.is_empty() {
            let there = format!("Name=\"{name}\"");
            assert!(answer.text.contains(&there), "{name}");
        }
    }
}

/// A resource is one description: what is special to an operation is counted.
#[test]
fn operations_that_are_special_are_few() {
    let actions: usize = comity_model::resource::ALL
        .iter()
        .map(|r| r.actions.len())
        .sum();
    let functions = comity_model::resource::FUNCTIONS.len();
    // `/me` and `$ref` are the only words that the edge itself knows.
    let words = 2;
    assert_eq!(actions + functions + words, 8);
    let sources = concat!(
        include_str!("../../src/handle.rs"),
        include_str!("../../src/read.rs"),
        include_str!("../../src/write.rs")
    );
    for resource in comity_model::resource::ALL
        .iter()
        .filter(|r| r.name != "directoryObject")
    {
        assert!(
            !sources.contains(&format!("\"{}\"", resource.name)),
            "{}",
            resource.name
        );
    }
}
