//! Reading as clients do it: headers, tokens, scopes, addresses, options, pages.

use comity_graph::TokenFault;
use comity_model::resource::{CONDITIONAL_ACCESS_POLICY, GROUP, SIGN_IN, USER};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::edge::{Edge, ROOT, USER_ID};

pub const GROUP_ID: &str = "00000000-0000-0000-0000-0000000000aa";

/// Six people.
pub fn people(edge: &Edge) {
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

/// The display names of a list.
pub fn names(body: &Value) -> Vec<String> {
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
    // Behind a cast, where the table knows no such path, those of the type's own collection.
    let groups = edge.with_scopes(true, &["GroupMember.ReadBasic.All"]);
    let cast = format!("/v1.0/groups/{GROUP_ID}/members/graph.user?$expand=appRoleAssignments");
    assert_eq!(groups.get(&cast).await.status, 403);
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
