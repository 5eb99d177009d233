#![expect(clippy::too_many_lines, reason = "tables of cases")]
use comity_model::{
    query::matches,
    resource::{
        APP_ROLE_ASSIGNMENT, DIRECTORY_AUDIT, GROUP, NAMED_LOCATION, OAUTH2_PERMISSION_GRANT,
        SIGN_IN, USER,
    },
};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn printed(resource: &'static ResourceType, text: &str) -> String {
    parse(text, resource).map_or_else(
        |f| format!("{} {}", f.code, f.message),
        |p| p.filter.to_string(),
    )
}

#[test]
fn what_clients_send_is_understood() {
    for (resource, text, want) in [
        (
            &USER,
            "displayName eq 'O''Brien'",
            "displayName eq 'O''Brien'",
        ),
        (
            &USER,
            "startswith(displayName,'a')",
            "startsWith(displayName, 'a')",
        ),
        (
            &USER,
            "startsWith(displayName, 'a') AND accountEnabled eq true",
            "(startsWith(displayName, 'a')) and (accountEnabled eq true)",
        ),
        (
            &GROUP,
            "displayName eq 'x' and mailNickname eq 'y' or mail eq 'z'",
            "((displayName eq 'x') and (mailNickname eq 'y')) or (mail eq 'z')",
        ),
        (
            &GROUP,
            "mailEnabled eq false and securityEnabled eq true and NOT(groupTypes/any(s:s eq 'Unified')) and membershipRuleProcessingState eq 'On'",
            "(mailEnabled eq false) and (securityEnabled eq true) and (not (groupTypes/any(x:x eq 'Unified'))) and (membershipRuleProcessingState eq 'On')",
        ),
        (
            &GROUP,
            "groupTypes/any(c:c+eq+'Unified')",
            "BadRequest Syntax error at position 18 in 'groupTypes/any(c:c+eq+'Unified')'.",
        ),
        (&GROUP, "groupTypes/any()", "groupTypes/any()"),
        (&USER, "otherMails/$count eq 0", "otherMails/$count eq 0"),
        (
            &USER,
            "userType in ('Guest', 'Member')",
            "userType in ('Guest', 'Member')",
        ),
        (&USER, "city eq null", "city eq null"),
        (
            &USER,
            "id eq '0000000A-0000-0000-0000-000000000001'",
            "id eq '0000000a-0000-0000-0000-000000000001'",
        ),
        (
            &APP_ROLE_ASSIGNMENT,
            "resourceId eq 8e881353-1735-45af-af21-ee1344582a4d",
            "resourceId eq '8e881353-1735-45af-af21-ee1344582a4d'",
        ),
        (
            &OAUTH2_PERMISSION_GRANT,
            "clientId eq ef969797-201d-4f6b-960c-e9ed5f31dab5",
            "clientId eq 'ef969797-201d-4f6b-960c-e9ed5f31dab5'",
        ),
        (
            &OAUTH2_PERMISSION_GRANT,
            "principalId eq null",
            "principalId eq null",
        ),
        (
            &NAMED_LOCATION,
            "isof('microsoft.graph.ipNamedLocation')",
            "isof('microsoft.graph.ipNamedLocation')",
        ),
        (
            &NAMED_LOCATION,
            "createdDateTime ge 2026-01-01T00:00:00Z",
            "createdDateTime ge 2026-01-01T00:00:00Z",
        ),
        (
            &SIGN_IN,
            "createdDateTime ge 2026-01-01 and status/errorCode eq 53003",
            "(createdDateTime ge 2026-01-01T00:00:00Z) and (status/errorCode eq 53003)",
        ),
        (
            &SIGN_IN,
            "startsWith(location/city,'Red')",
            "startsWith(location/city, 'Red')",
        ),
        (
            &DIRECTORY_AUDIT,
            "initiatedBy/user/id eq '0000000a-0000-0000-0000-000000000001'",
            "initiatedBy/user/id eq '0000000a-0000-0000-0000-000000000001'",
        ),
        (
            &DIRECTORY_AUDIT,
            "targetResources/any(t:t/id eq 'a')",
            "targetResources/any(x:x/id eq 'a')",
        ),
        (
            &DIRECTORY_AUDIT,
            "targetResources/any(x:startswith(x/displayName,'a'))",
            "targetResources/any(x:startsWith(x/displayName, 'a'))",
        ),
    ] {
        assert_eq!(printed(resource, text), want, "{text}");
    }
}

#[test]
fn what_is_not_offered_is_a_400_that_names_it() {
    for (resource, text, message) in [
        (
            &USER,
            "passwordHash eq 'a'",
            "Could not find a property named 'passwordHash'",
        ),
        (
            &USER,
            "passwordProfile/password eq 'a'",
            "property 'passwordProfile/password' of resource 'User'",
        ),
        (
            &USER,
            "startswith(passwordProfile,'a')",
            "property 'passwordProfile'",
        ),
        (&USER, "aboutMe eq 'a'", "property 'aboutMe'"),
        (&USER, "contains(displayName,'a')", "property 'displayName'"),
        (&USER, "endswith(displayName,'a')", "property 'displayName'"),
        (&USER, "displayName gt 'a'", "property 'displayName'"),
        (
            &USER,
            "userPrincipalName eq null",
            "property 'userPrincipalName'",
        ),
        (&USER, "displayName ge null", "property 'displayName'"),
        (&USER, "otherMails eq 'a'", "property 'otherMails'"),
        (
            &USER,
            "displayName/any(x:x eq 'a')",
            "property 'displayName'",
        ),
        (&USER, "displayName/$count eq 1", "property 'displayName'"),
        (&USER, "otherMails/any(x:x gt 'a')", "property 'otherMails'"),
        (&USER, "otherMails/any(x:x/y eq 'a')", "property 'x/y'"),
        (
            &USER,
            "otherMails/any(x:businessPhones/any(y:y eq 'a'))",
            "'any' inside 'any'",
        ),
        (
            &USER,
            "length(displayName) eq 1",
            "unknown function 'length'",
        ),
        (
            &USER,
            "isof('microsoft.graph.group')",
            "no type derived from",
        ),
        (
            &USER,
            "displayName eq 5",
            "'5' is no value of type 'Edm.String'",
        ),
        (
            &USER,
            "accountEnabled eq 'true'",
            "'true' is no value of type 'Edm.Boolean'",
        ),
        (&USER, "id eq 'x'", "'x' is no value of type 'Edm.Guid'"),
        (&USER, "createdDateTime ge 'x'", "Edm.DateTimeOffset"),
        (&SIGN_IN, "status eq 5", "property 'status'"),
        (
            &SIGN_IN,
            "status/failureReason eq 'x'",
            "property 'status/failureReason'",
        ),
        (
            &SIGN_IN,
            "not (appId eq '0000000a-0000-0000-0000-000000000001')",
            "property 'appId'",
        ),
        (
            &DIRECTORY_AUDIT,
            "targetResources/any(t:t eq 'a')",
            "property 'targetResources'",
        ),
        (
            &DIRECTORY_AUDIT,
            "targetResources/id eq 'a'",
            "property 'targetResources/id'",
        ),
        (
            &GROUP,
            "identifierUris/any(x:x eq 'a')",
            "named 'identifierUris'",
        ),
    ] {
        let failure = parse(text, resource).unwrap_err();
        assert!(
            failure.message.contains(message),
            "{text}: {}",
            failure.message
        );
        assert_eq!(failure.status, 400);
    }
}

#[test]
fn syntax_errors_name_the_position() {
    for (text, at) in [
        ("", 0),
        ("displayName", 11),
        ("displayName eq", 14),
        ("displayName eq 'a", 15),
        ("displayName eq 'a' and", 22),
        ("displayName eq 'a' displayName", 19),
        ("displayName is 'a'", 12),
        ("(displayName eq 'a'", 19),
        ("displayName eq 'a')", 18),
        ("displayName in 'a'", 15),
        ("displayName in ()", 16),
        ("displayName eq \u{fe0f}", 15),
        ("'a' eq displayName", 0),
        ("displayName eq )", 15),
    ] {
        let failure = parse(text, &USER).unwrap_err();
        assert_eq!(failure, Failure::syntax(at, text), "{text}");
    }
}

#[test]
fn limits() {
    let condition = "displayName eq 'a'";
    let join = |n: usize| vec![condition; n].join(" or ");
    assert!(parse(&join(MAX_CONDITIONS), &USER).is_ok());
    assert!(parse(&join(MAX_CONDITIONS + 1), &USER).is_err());
    let nest = |n: usize| format!("{}{condition}{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&nest(MAX_DEPTH), &USER).is_ok());
    assert!(parse(&nest(MAX_DEPTH + 1), &USER).is_err());
    assert!(parse(&nest(3000), &USER).is_err());
    assert!(parse(&"not ".repeat(1000), &USER).is_err());
    let list = |n: usize| format!("displayName in ({})", vec!["'a'"; n].join(","));
    assert!(parse(&list(MAX_VALUES), &USER).is_ok());
    assert!(parse(&list(MAX_VALUES + 1), &USER).is_err());
    assert!(
        parse(
            &format!("displayName eq '{}'", "a".repeat(MAX_LENGTH)),
            &USER
        )
        .is_err()
    );
}

/// Conditions as a client could write them.
fn conditions() -> impl Strategy<Value = String> {
    let text = "[a-zA-Z0-9 '\u{e4}%_]{0,6}".prop_map(|t| format!("'{}'", t.replace('\'', "''")));
    let leaf = prop_oneof![
        (
            prop_oneof!["displayName", "city", "mail"],
            prop_oneof!["eq", "ne", "ge", "le"],
            text.clone()
        )
            .prop_map(|(p, o, t)| format!("{p} {o} {t}")),
        (prop_oneof!["displayName", "city"], text.clone())
            .prop_map(|(p, t)| format!("startsWith({p}, {t})")),
        text.clone().prop_map(|t| format!("endswith(mail,{t})")),
        text.clone()
            .prop_map(|t| format!("otherMails/any(x:x eq {t})")),
        proptest::collection::vec(text, 1..4).prop_map(|l| format!("city in ({})", l.join(","))),
        Just("accountEnabled eq true".to_owned()),
        Just("city eq null".to_owned()),
        Just("otherMails/$count eq 0".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4)
                .prop_map(|l| format!("({})", l.join(" and "))),
            proptest::collection::vec(inner.clone(), 2..4)
                .prop_map(|l| format!("({})", l.join(" OR "))),
            inner.prop_map(|i| format!("not ({i})")),
        ]
    })
}

proptest! {
    #[test]
    fn printing_and_reading_again_is_the_same(text in conditions()) {
        // `passwordPolicies` apart, everything in the strategy may stand under `not`.
        let parsed = parse(&text, &USER).unwrap();
        let again = parse(&parsed.filter.to_string(), &USER).unwrap();
        prop_assert_eq!(&parsed.filter, &again.filter);
    }

    #[test]
    fn a_condition_and_its_opposite_divide_the_world(text in conditions(), name in "[a-z]{0,3}") {
        let user = json!({"displayName": name, "otherMails": [name], "accountEnabled": true});
        let user = user.as_object().unwrap();
        let yes = parse(&text, &USER).unwrap().filter;
        let no = Filter::Not(Box::new(yes.clone()));
        prop_assert_ne!(matches(&yes, user), matches(&no, user));
    }

    #[test]
    fn garbage_is_a_400_and_never_a_panic(text in "[ -~\u{e4}\u{1f600}]{0,200}") {
        if let Err(failure) = parse(&text, &USER) {
            prop_assert_eq!(failure.status, 400);
        }
    }

    #[test]
    fn shuffled_words_are_a_400_and_never_a_panic(words in proptest::collection::vec(
        proptest::sample::select(vec!["displayName", "eq", "not", "(", ")", "'a'", "and", "or", "in",
            ",", "otherMails", "/", "any", ":", "x", "null", "true", "5", "startswith", "isof",
            "$count"]), 0..40)) {
        if let Err(failure) = parse(&words.join(" "), &USER) {
            prop_assert_eq!(failure.status, 400);
        }
    }
}
