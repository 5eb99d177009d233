#![expect(clippy::too_many_lines, reason = "tables of cases")]
use serde_json::{Value, json};

use super::*;
use crate::resource::{
    APPLICATION, AUTHORIZATION_POLICY, CROSS_TENANT_ACCESS_PARTNER, GROUP, IP_NAMED_LOCATION,
    NAMED_LOCATION, OAUTH2_PERMISSION_GRANT, SERVICE_PRINCIPAL, USER,
};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

fn user() -> Value {
    json!({"displayName": "Adele", "userPrincipalName": "a@contoso.com", "accountEnabled": true})
}

fn with(base: Value, name: &str, value: Value) -> Value {
    let mut map = object(base);
    map.insert(name.into(), value);
    Value::Object(map)
}

fn post(resource: &'static ResourceType, body: Value) -> Result<Body, Fault> {
    create(resource, &object(body))
}

#[test]
fn each_broken_rule_names_the_property() {
    let long = "x".repeat(300);
    let cases: Vec<(Value, &str, &str)> = vec![
        (
            with(user(), "nickname", json!("x")),
            "nickname",
            "Could not find a property named 'nickname' on type 'microsoft.graph.user'.",
        ),
        (
            with(user(), "DisplayName", json!("x")),
            "DisplayName",
            "has 'displayName'",
        ),
        (
            with(user(), "city", json!(7)),
            "city",
            "Expected Edm.String",
        ),
        (
            with(user(), "city", json!(long)),
            "city",
            "longer than 128 characters",
        ),
        (with(user(), "city", json!("a\u{0}b")), "city", "U+0000"),
        (
            with(user(), "accountEnabled", json!("true")),
            "accountEnabled",
            "Expected Edm.Boolean",
        ),
        (
            with(user(), "accountEnabled", Value::Null),
            "accountEnabled",
            "cannot be null",
        ),
        (
            with(user(), "otherMails", json!("a@b.c")),
            "otherMails",
            "Collection(Edm.String)",
        ),
        (
            with(user(), "otherMails", json!([1])),
            "otherMails",
            "Expected Edm.String",
        ),
        (
            with(user(), "userType", json!("guest")),
            "userType",
            "Expected one of: Member, Guest.",
        ),
        (
            with(user(), "employeeHireDate", json!("tomorrow")),
            "employeeHireDate",
            "Edm.DateTimeOffset",
        ),
        (
            with(user(), "id", json!("00000000-0000-0000-0000-000000000001")),
            "id",
            "read-only",
        ),
        (
            with(user(), "externalUserState", json!("Accepted")),
            "externalUserState",
            "read-only",
        ),
        (
            with(user(), "identities", json!([])),
            "identities",
            "read-only",
        ),
        (
            with(user(), "passwordProfile", json!({"Password": "x"})),
            "passwordProfile/Password",
            "has 'password'",
        ),
        (
            with(user(), "passwordProfile", json!({"hash": "x"})),
            "passwordProfile/hash",
            "named 'passwordProfile/hash' on type 'microsoft.graph.passwordProfile'",
        ),
        (
            with(user(), "manager@odata.bind", json!("x")),
            "manager@odata.bind",
            "References",
        ),
        (
            with(user(), "displayName", json!("")),
            "displayName",
            "A value is required for property 'displayName' of resource 'User'.",
        ),
        (
            json!({"displayName": "x"}),
            "userPrincipalName",
            "A value is required",
        ),
        (
            with(user(), "@odata.type", json!("#microsoft.graph.group")),
            "@odata.type",
            "#microsoft.graph.user",
        ),
    ];
    for (body, property, message) in cases {
        let fault = post(&USER, body.clone()).unwrap_err();
        assert_eq!(fault.property, property, "{body}");
        assert!(fault.to_string().contains(message), "{fault} / {message}");
    }
}

#[test]
fn every_property_that_cannot_be_written_is_refused_in_a_post() {
    for resource in crate::resource::ALL {
        for property in resource
            .properties
            .iter()
            .filter(|p| p.access == Access::Read)
        {
            let value = match (property.many, property.kind) {
                (true, _) => json!([]),
                (_, Kind::Bool) => json!(true),
                (_, Kind::Int) => json!(1),
                (_, Kind::Complex(_) | Kind::Document(_)) => json!({}),
                (_, Kind::Time) => json!("2026-01-01T00:00:00Z"),
                (_, Kind::Guid) => json!("00000000-0000-0000-0000-000000000001"),
                (_, Kind::Words(words) | Kind::Enum(_, words)) => {
                    json!(words.first().copied().unwrap_or_default())
                }
                _ => json!("x"),
            };
            let mut body = Map::new();
            body.insert(property.name.into(), value);
            let place_type = resource.derived.is_empty();
            let read = read(resource, &body, Mode::Create);
            assert!(
                read.is_err(),
                "{} {} {place_type}",
                resource.name,
                property.name
            );
        }
    }
}

#[test]
fn null_in_a_post_is_absent_and_initial_values_are_filled_in() {
    let body = post(&USER, with(user(), "city", Value::Null)).unwrap();
    assert_eq!(body.properties.get("city"), None);
    assert_eq!(body.properties.get("otherMails"), Some(&json!([])));
    let app = post(&APPLICATION, json!({"displayName": "x"})).unwrap();
    assert_eq!(
        app.properties.get("signInAudience"),
        Some(&json!("AzureADMyOrg"))
    );
    let web = app.properties.get("web").unwrap();
    assert_eq!(web["redirectUris"], json!([]));
    assert_eq!(
        web["implicitGrantSettings"]["enableIdTokenIssuance"],
        json!(false)
    );
}

#[test]
fn null_in_a_patch_clears_where_it_may() {
    let body = update(&USER, &object(json!({"city": null}))).unwrap();
    assert_eq!(body.properties.get("city"), Some(&Value::Null));
    assert!(
        body.properties.get("otherMails").is_none(),
        "nothing is filled in"
    );
    assert!(
        update(
            &AUTHORIZATION_POLICY,
            &object(json!({"allowInvitesFrom": null}))
        )
        .is_err()
    );
}

#[test]
fn what_may_not_be_written_is_handed_back_by_a_patch() {
    let id = "0000000A-0000-0000-0000-000000000001";
    let body = update(
        &CROSS_TENANT_ACCESS_PARTNER,
        &object(json!({"tenantId": id})),
    )
    .unwrap();
    assert!(body.properties.is_empty());
    assert_eq!(
        body.repeated.get("tenantId"),
        Some(&json!(id.to_lowercase()))
    );
    let sp = update(
        &SERVICE_PRINCIPAL,
        &object(json!({"createdDateTime": "2026-01-01T01:00:00+01:00"})),
    );
    assert_eq!(
        sp.unwrap().repeated.get("createdDateTime"),
        Some(&json!("2026-01-01T00:00:00Z"))
    );
}

#[test]
fn derived_types_must_be_named_when_made() {
    let ip = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "x",
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "6.5.4.3/18"}]});
    let body = post(&NAMED_LOCATION, ip).unwrap();
    assert_eq!(body.resource, &IP_NAMED_LOCATION);
    assert_eq!(body.properties.get("isTrusted"), Some(&json!(false)));
    let fault = post(&NAMED_LOCATION, json!({"displayName": "x"})).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("#microsoft.graph.countryNamedLocation"),
        "{fault}"
    );
    for wrong in [
        "#microsoft.graph.IpNamedLocation",
        "#microsoft.graph.user",
        "x",
    ] {
        assert!(
            post(
                &NAMED_LOCATION,
                json!({"@odata.type": wrong, "displayName": "x"})
            )
            .is_err()
        );
    }
    assert!(update(&NAMED_LOCATION, &object(json!({"isTrusted": true}))).is_ok());
}

#[test]
fn references_are_read_where_they_can_be_bound() {
    let group = json!({"displayName": "g", "mailEnabled": false, "mailNickname": "g",
        "securityEnabled": true, "members@odata.bind": ["https://x/v1.0/users/1"],
        "owners@odata.type": "#Collection(x)"});
    let body = post(&GROUP, group.clone()).unwrap();
    assert_eq!(body.bindings.len(), 1);
    assert!(post(&GROUP, with(group, "memberOf@odata.bind", json!(["x"]))).is_err());
}

#[test]
fn guids_have_one_spelling_in_the_store() {
    let grant = |id: &str| {
        post(
            &OAUTH2_PERMISSION_GRANT,
            json!({"clientId": id, "consentType": "AllPrincipals",
            "resourceId": "943603e4-e787-4fe9-93d1-e30f749aae39", "scope": "User.Read"}),
        )
    };
    let good = grant("EF969797-201D-4F6B-960C-E9ED5F31DAB5").unwrap();
    assert_eq!(
        good.properties.get("clientId"),
        Some(&json!("ef969797-201d-4f6b-960c-e9ed5f31dab5"))
    );
    for bad in [
        "ef969797201d4f6b960ce9ed5f31dab5",
        "{ef969797-201d-4f6b-960c-e9ed5f31dab5}",
        " ef969797-201d-4f6b-960c-e9ed5f31dab5",
    ] {
        assert!(grant(bad).is_err(), "{bad}");
    }
}

#[test]
fn complex_values_merge_and_lists_are_replaced() {
    let mut app = object(json!({"web": {"redirectUris": ["a"], "logoutUrl": "b"}, "tags": ["x"]}));
    let change = object(json!({"web": {"redirectUris": ["c"]}, "tags": ["y"]}));
    merge(&APPLICATION, &mut app, change);
    assert_eq!(
        Value::Object(app),
        json!({"web": {"redirectUris": ["c"], "logoutUrl": "b"}, "tags": ["y"]})
    );
}

#[test]
fn a_list_has_an_end() {
    let app = |name: &str, value: Value| with(json!({"displayName": "A"}), name, value);
    let texts = |n: usize| json!(vec!["https://a.example"; n]);
    let uris = |n: usize| app("web", json!({"redirectUris": texts(n)}));
    let phones = |n: usize| with(user(), "businessPhones", texts(n));
    let (application, person) = (&APPLICATION, &USER);
    for (resource, fits, too_many, most, property) in [
        (application, uris(256), uris(257), 256, "web/redirectUris"),
        (
            application,
            app("tags", texts(1200)),
            app("tags", texts(1201)),
            1200,
            "tags",
        ),
        (
            application,
            app("identifierUris", texts(50)),
            app("identifierUris", texts(51)),
            50,
            "identifierUris",
        ),
        (person, phones(1), phones(2), 1, "businessPhones"),
    ] {
        assert!(post(resource, fits).is_ok(), "{property}");
        let fault = post(resource, too_many).unwrap_err();
        assert_eq!(fault.rule, Rule::TooMany(most), "{property}");
        assert!(fault.to_string().contains(property), "{fault}");
    }
}
