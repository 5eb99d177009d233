//! The edge as clients meet it: headers, addresses, options, bodies, paging, errors.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/edge.rs"]
mod edge;
#[path = "support/memory.rs"]
mod memory;

use comity_graph::TokenFault;
use comity_model::resource::{
    APPLICATION, CONDITIONAL_ACCESS_POLICY, CROSS_TENANT_ACCESS_DEFAULT,
    CROSS_TENANT_ACCESS_PARTNER, GROUP, ROLE_ASSIGNMENT, ROLE_DEFINITION, SERVICE_PRINCIPAL,
    SIGN_IN, USER,
};
use edge::{Edge, ROOT, USER_ID};
use serde_json::{Value, json};
use uuid::Uuid;

const GROUP_ID: &str = "00000000-0000-0000-0000-0000000000aa";

fn people(edge: &Edge) {
    for (i, name) in ["Anna", "berta", "Carl", "dora", "Emil"].iter().enumerate() {
        let id = format!("00000000-0000-0000-0000-00000000000{i}");
        edge.memory.put(
            &USER,
            json!({"id": id, "displayName": name, "userPrincipalName": format!("{name}@contoso.com"),
                "accountEnabled": true, "mail": format!("{name}@contoso.com"), "passwordHash": "secret"}),
        );
    }
    edge.memory.put(
        &USER,
        json!({"id": USER_ID, "displayName": "Zoe", "userPrincipalName": "zoe@contoso.com"}),
    );
}

fn names(body: &Value) -> Vec<String> {
    let list = body["value"].as_array().unwrap();
    list.iter()
        .map(|u| u["displayName"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let edge = Edge::new();
    people(&edge);
    let id = "0c2d39f5-2a4a-4e61-8d3f-1ac61f7f3f3c";
    for (path, status) in [
        ("/v1.0/users", 200),
        ("/v1.0/nothing", 404),
        ("/v1.0/users/nothing", 400),
    ] {
        let answer = edge
            .send("GET", path, &[("client-request-id", id)], None)
            .await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(
            answer.header("request-id"),
            "00000000-0000-0000-0000-000000000005"
        );
        assert_eq!(answer.header("client-request-id"), id);
        assert!(
            answer
                .header("content-type")
                .starts_with("application/json")
        );
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert!(
            answer
                .header("strict-transport-security")
                .contains("includeSubDomains")
        );
    }
    for name in ["x-ms-client-request-id", "X-Ms-Correlation-Request-Id"] {
        let answer = edge.send("GET", "/v1.0/users", &[(name, id)], None).await;
        assert_eq!(answer.header("client-request-id"), id);
    }
    let answer = edge
        .send(
            "GET",
            "/v1.0/users",
            &[("client-request-id", "<script>")],
            None,
        )
        .await;
    assert_eq!(
        answer.header("client-request-id"),
        answer.header("request-id")
    );
    assert_eq!(answer.header("odata-version"), "4.0");
}

#[tokio::test]
async fn levels_of_metadata() {
    let edge = Edge::new();
    people(&edge);
    edge.memory
        .put(&GROUP, json!({"id": GROUP_ID, "displayName": "G"}));
    edge.memory.refer(GROUP_ID, "members", USER_ID);
    let path = format!("/v1.0/groups/{GROUP_ID}/members");
    let minimal = edge.get(&path).await;
    assert_eq!(
        minimal.json()["value"][0]["@odata.type"],
        "#microsoft.graph.user"
    );
    assert_eq!(
        minimal.json()["@odata.context"],
        format!("{ROOT}/v1.0/$metadata#directoryObjects")
    );
    let accept = [("accept", "application/json;odata.metadata=none")];
    let none = edge.send("GET", &path, &accept, None).await;
    assert!(!none.text.contains("@odata"), "{}", none.text);
    assert!(none.header("content-type").contains("odata.metadata=none"));
    let accept = [(
        "accept",
        "application/json; charset=utf-8; IEEE754Compatible=false; odata.metadata=full",
    )];
    let full = edge.send("GET", &path, &accept, None).await;
    assert!(
        full.json()["value"][0]["@odata.id"]
            .as_str()
            .unwrap()
            .contains("/directoryObjects/")
    );
    let beta = edge.get(&path.replace("v1.0", "beta")).await;
    assert!(
        beta.json()["@odata.context"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{ROOT}/beta/"))
    );
}

#[tokio::test]
async fn a_token_that_says_nothing() {
    let edge = Edge::new();
    for (fault, message) in [
        (TokenFault::Missing, "Access token is empty."),
        (
            TokenFault::Expired,
            "Access token has expired or is not yet valid.",
        ),
        (
            TokenFault::Audience,
            "Access token validation failure. Invalid audience.",
        ),
    ] {
        let answer = edge.with_fault(fault).get("/v1.0/users").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "InvalidAuthenticationToken")
        );
        assert_eq!(answer.message(), message);
        let challenge = answer.header("www-authenticate");
        assert!(
            challenge
                .starts_with("Bearer realm=\"\", authorization_uri=\"https://login.contoso.test/")
        );
        assert!(challenge.contains("client_id=\"00000003-0000-0000-c000-000000000000\""));
    }
    let answer = edge
        .with_fault(TokenFault::Claims("e30=".into()))
        .get("/v1.0/me")
        .await;
    assert!(
        answer
            .header("www-authenticate")
            .ends_with("error=\"insufficient_claims\", claims=\"e30=\"")
    );
    assert_eq!(
        edge.with_fault(TokenFault::Missing)
            .get("/v1.0/nothing")
            .await
            .status,
        401
    );
    assert_eq!(
        edge.with_fault(TokenFault::Missing)
            .get("/v1.0/$metadata")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn scopes_are_asked_before_anything_else() {
    let edge = Edge::new();
    people(&edge);
    let reader = edge.with_scopes(true, &["User.ReadBasic.All"]);
    assert_eq!(reader.get("/v1.0/users").await.status, 200);
    for (caller, method, path, code) in [
        (
            &reader,
            "POST",
            "/v1.0/users",
            "Authorization_RequestDenied",
        ),
        (
            &reader,
            "GET",
            "/v1.0/groups",
            "Authorization_RequestDenied",
        ),
        (
            &reader,
            "GET",
            "/v1.0/policies/crossTenantAccessPolicy",
            "AccessDenied",
        ),
        (
            &reader,
            "GET",
            "/v1.0/identity/conditionalAccess/policies",
            "AccessDenied",
        ),
        (
            &reader,
            "GET",
            "/v1.0/auditLogs/signIns",
            "Authentication_MSGraphPermissionMissing",
        ),
        (
            &reader,
            "POST",
            "/v1.0/invitations",
            "Authorization_RequestDenied",
        ),
    ] {
        let answer = caller.send(method, path, &[], Some(json!({}))).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, code),
            "{method} {path}"
        );
    }
    assert!(edge.memory.writes().is_empty());
    let app = edge.with_scopes(false, &["User.Read.All"]);
    let me = app.get("/v1.0/me").await;
    assert_eq!(
        (me.status, me.message().as_str()),
        (
            400,
            "/me request is only valid with delegated authentication flow."
        )
    );
    // The scope of the expanded relation counts too.
    let groups = edge.with_scopes(true, &["GroupMember.ReadBasic.All", "Group.ReadBasic.All"]);
    assert_eq!(groups.get("/v1.0/groups?$expand=members").await.status, 200);
    let groups = edge.with_scopes(true, &["Group.ReadBasic.All"]);
    assert_eq!(groups.get("/v1.0/groups?$expand=owners").await.status, 403);
}

#[tokio::test]
async fn one_person_by_every_key() {
    let edge = Edge::new();
    people(&edge);
    for path in [
        "/v1.0/me".to_owned(),
        format!("/v1.0/users/{USER_ID}"),
        format!("/v1.0/Users('{USER_ID}')/"),
        "/beta/users/ZOE@contoso.com".to_owned(),
        "/v1.0/myorganization/users(userPrincipalName='zoe@contoso.com')".to_owned(),
    ] {
        let answer = edge.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.json()["id"], USER_ID);
        assert_eq!(answer.json()["businessPhones"], json!([]));
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
    let gone = edge
        .get("/v1.0/users/00000000-0000-0000-0000-0000000000ff")
        .await;
    assert_eq!(
        (gone.status, gone.code().as_str()),
        (404, "Request_ResourceNotFound")
    );
    assert!(
        gone.message().starts_with(
            "Resource '00000000-0000-0000-0000-0000000000ff' does not exist or one of"
        )
    );
    let inner = &gone.json()["error"]["innerError"];
    assert_eq!(inner["date"], "2026-01-15T09:57:58");
    assert_eq!(inner["request-id"], "00000000-0000-0000-0000-000000000005");
}

#[tokio::test]
async fn pages_follow_their_links() {
    let edge = Edge::new();
    people(&edge);
    let first = "/v1.0/users?$top=2&$orderby=displayName&$select=displayName&$count=true";
    let mut path = first.to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let page = edge.get(&path).await.json();
        assert_eq!(page.get("@odata.count").is_some(), pages == 0);
        assert_eq!(
            page["@odata.context"],
            format!("{ROOT}/v1.0/$metadata#users(displayName)")
        );
        seen.extend(names(&page));
        pages += 1;
        match page["@odata.nextLink"].as_str() {
            // The bearer only: no ConsistencyLevel, options sorted and encoded anew.
            Some(link) => {
                let url = url::Url::parse(link).unwrap();
                let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                pairs.sort();
                let again =
                    url::Url::parse_with_params(&format!("{ROOT}/v1.0/users"), pairs).unwrap();
                path = format!("{}?{}", again.path(), again.query().unwrap());
            }
            None => break,
        }
    }
    assert_eq!(
        (pages, seen.join(" ").as_str()),
        (3, "Anna berta Carl dora Emil Zoe")
    );
}

#[tokio::test]
async fn page_tokens_open_nowhere_else() {
    let edge = Edge::new();
    people(&edge);
    let page = edge.get("/v1.0/users?$top=2").await.json();
    let link = page["@odata.nextLink"]
        .as_str()
        .unwrap()
        .trim_start_matches(ROOT)
        .to_owned();
    assert_eq!(edge.get(&link).await.status, 200);
    let other = edge.with_tenant(Uuid::from_u128(9)).get(&link).await;
    assert_eq!(
        (other.status, other.code().as_str()),
        (400, "Directory_ExpiredPageToken")
    );
    for bad in [
        link.replace("/users", "/groups"),
        link.replace("$top=2", "$top=3"),
        format!("{link}&$select=id"),
        format!("{link}A"),
    ] {
        let answer = edge.get(&bad).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "Directory_ExpiredPageToken"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_mode_asked_for_once_holds_on_the_next_page() {
    let edge = Edge::new();
    people(&edge);
    let path = "/v1.0/users?$filter=displayName ne 'Carl'&$count=true&$top=3".replace(' ', "%20");
    assert_eq!(edge.get(&path).await.code(), "Request_UnsupportedQuery");
    let page = edge
        .send("GET", &path, &[("ConsistencyLevel", "eventual")], None)
        .await
        .json();
    assert_eq!(page["@odata.count"], 5);
    let link = page["@odata.nextLink"]
        .as_str()
        .unwrap()
        .trim_start_matches(ROOT);
    let next = edge.get(link).await;
    assert_eq!(next.status, 200, "{}", next.text);
    assert_eq!(next.json()["value"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn conditions_search_and_counts() {
    let edge = Edge::new();
    people(&edge);
    let eventual = [("ConsistencyLevel", "eventual")];
    for (query, want) in [
        ("$filter=startswith(displayName,'B')", "berta"),
        (
            "$filter=displayName+eq+'CARL'+or+mail+eq+'emil@contoso.com'",
            "Carl Emil",
        ),
        (
            "filter=id%20in%20('00000000-0000-0000-0000-000000000000')",
            "Anna",
        ),
        ("$search=\"displayName:do\"&$count=true", "dora"),
        (
            "$filter=endswith(mail,'a@contoso.com')&$orderby=userPrincipalName%20desc&$count=true",
            "dora berta Anna",
        ),
    ] {
        let answer = edge
            .send(
                "GET",
                &format!("/v1.0/users?{query}").replace('"', "%22"),
                &eventual,
                None,
            )
            .await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        assert_eq!(names(&answer.json()).join(" "), want, "{query}");
    }
    let count = edge
        .send(
            "GET",
            "/v1.0/users/$count?$filter=accountEnabled+eq+true",
            &eventual,
            None,
        )
        .await;
    assert_eq!(
        (count.text.as_str(), count.header("content-type")),
        ("5", "text/plain")
    );
    let without = edge.get("/v1.0/users/$count").await;
    assert_eq!(
        (without.status, without.code().as_str()),
        (400, "Request_UnsupportedQuery")
    );
    let hidden = edge
        .get("/v1.0/users?$filter=startswith(passwordHash,'s')")
        .await;
    assert!(
        hidden
            .message()
            .contains("Could not find a property named 'passwordHash'")
    );
    let skip = edge.get("/v1.0/users?$skip=1").await;
    assert!(skip.message().contains("$skip"));
}

#[tokio::test]
async fn lists_that_skip() {
    let edge = Edge::new();
    for name in ["a", "b", "c"] {
        edge.memory.put(
            &CONDITIONAL_ACCESS_POLICY,
            json!({"displayName": name, "state": "enabled"}),
        );
    }
    let answer = edge
        .get("/v1.0/identity/conditionalAccess/policies?$skip=1&$top=1&$orderby=displayName")
        .await;
    assert_eq!(names(&answer.json()), ["b"]);
    let link = answer.json()["@odata.nextLink"]
        .as_str()
        .unwrap()
        .trim_start_matches(ROOT)
        .to_owned();
    assert_eq!(names(&edge.get(&link).await.json()), ["c"]);
    let context = answer.json()["@odata.context"].as_str().unwrap().to_owned();
    assert!(context.ends_with("$metadata#conditionalAccess/policies"));
}

#[tokio::test]
async fn records_come_newest_first_over_pages() {
    let edge = Edge::new();
    for (i, time) in [
        "2026-01-01T00:00:00Z",
        "2026-01-03T00:00:00Z",
        "2026-01-02T00:00:00Z",
    ]
    .iter()
    .enumerate()
    {
        edge.memory.put(
            &SIGN_IN,
            json!({"createdDateTime": time, "userDisplayName": i.to_string()}),
        );
    }
    let page = edge.get("/v1.0/auditLogs/signIns?$top=2").await.json();
    assert_eq!(page["value"][0]["createdDateTime"], "2026-01-03T00:00:00Z");
    let link = page["@odata.nextLink"]
        .as_str()
        .unwrap()
        .trim_start_matches(ROOT)
        .to_owned();
    let last = edge.get(&link).await.json();
    assert_eq!(last["value"][0]["createdDateTime"], "2026-01-01T00:00:00Z");
    assert_eq!(last["value"].as_array().unwrap().len(), 1);
}

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
    assert_eq!(actions + functions + words, 7);
    let sources = concat!(
        include_str!("../src/handle.rs"),
        include_str!("../src/read.rs"),
        include_str!("../src/write.rs")
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
