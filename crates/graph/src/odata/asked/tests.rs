use comity_model::resource::{
    CONDITIONAL_ACCESS_POLICY, CROSS_TENANT_ACCESS_PARTNER, DIRECTORY_ROLE, GROUP, ORGANIZATION,
    ROLE_ASSIGNMENT, SIGN_IN, USER,
};

use super::*;

fn ask(resource: &'static ResourceType, query: &str, eventual: bool) -> Result<Asked> {
    collection(
        &Options::parse(query)?,
        resource,
        Hints {
            eventual,
            page_size: None,
        },
    )
}

#[test]
fn advanced_queries_need_header_and_count() {
    for (query, without, with_header, with_both) in [
        ("$filter=displayName ne 'x'", false, false, true),
        (
            "$filter=not(startswith(displayName,'x'))",
            false,
            false,
            true,
        ),
        ("$filter=endswith(mail,'x')", false, false, true),
        ("$filter=otherMails/$count eq 0", false, false, true),
        (
            "$filter=startswith(displayName,'x')&$orderby=displayName",
            false,
            false,
            true,
        ),
        ("$search=\"displayName:x\"", false, true, true),
        ("$orderby=displayName", true, true, true),
        ("$filter=startswith(displayName,'x')", true, true, true),
        ("$top=5", true, true, true),
    ] {
        assert_eq!(ask(&USER, query, false).is_ok(), without, "{query}");
        assert_eq!(
            ask(&USER, query, true).is_ok(),
            with_header,
            "{query} header"
        );
        let both = format!("{query}&$count=true");
        assert_eq!(ask(&USER, &both, true).is_ok(), with_both, "{both} header");
    }
    assert!(
        ask(
            &CONDITIONAL_ACCESS_POLICY,
            "$filter=state ne 'enabled'&$orderby=displayName",
            false
        )
        .is_ok()
    );
}

#[test]
fn options_that_a_collection_does_not_offer_are_refused() {
    for (resource, query, message) in [
        (&USER, "$skip=1", "'$skip' is not supported"),
        (
            &DIRECTORY_ROLE,
            "$top=1",
            "does not support custom page sizes",
        ),
        (
            &ORGANIZATION,
            "$filter=displayName eq 'x'",
            "'$filter' is not supported",
        ),
        (&ORGANIZATION, "$top=1", "custom page sizes"),
        (
            &SIGN_IN,
            "$search=\"displayName:x\"",
            "'$search' is not supported",
        ),
        (
            &CROSS_TENANT_ACCESS_PARTNER,
            "$orderby=tenantId",
            "'$orderby' is not supported",
        ),
    ] {
        let failure = ask(resource, query, true).unwrap_err();
        assert!(
            failure.message.contains(message),
            "{query}: {}",
            failure.message
        );
        assert_eq!(failure.status, 400);
    }
}

#[test]
fn values_of_options() {
    for (resource, query, fits) in [
        (&USER, "$top=1", true),
        (&USER, "$top=999", true),
        (&USER, "$top=0", false),
        (&USER, "$top=1000", false),
        (&USER, "$top=-1", false),
        (&USER, "$top=1.5", false),
        (&USER, "$top= 1", false),
        (&USER, "$top=", false),
        (&SIGN_IN, "$top=1000", true),
        (&SIGN_IN, "$top=1001", false),
        (&CONDITIONAL_ACCESS_POLICY, "$skip=5&$top=5", true),
        (&CONDITIONAL_ACCESS_POLICY, "$skip=-5", false),
        (
            &CONDITIONAL_ACCESS_POLICY,
            "$skip=99999999999999999999",
            false,
        ),
        (&USER, "$count=true", true),
        (&USER, "$count=1", false),
        (&USER, "$select=id,displayName", true),
        (&USER, "$select=displayname", true),
        (&USER, "$select=*", true),
        (&USER, "$select=", false),
        (&USER, "$select=nothing", false),
        (&USER, "$select=passwordProfile/password", false),
        (&USER, "$orderby=displayName desc", true),
        (&USER, "$orderby=displayName DESC,userPrincipalName", true),
        (&USER, "$orderby=displayName down", false),
        (&USER, "$orderby=displayName desc nulls", false),
        (&USER, "$orderby=displayName,displayName", false),
        (&USER, "$orderby=city", false),
        (&USER, "$orderby=", false),
        (&GROUP, "$expand=members", true),
        (&GROUP, "$expand=members($select=id,displayName)", true),
        (&GROUP, "$expand=members($select=nothing)", false),
        (&GROUP, "$expand=members($top=5)", false),
        (&GROUP, "$expand=members($select=id;$top=5)", false),
        (&GROUP, "$expand=members($select=id", false),
        (&GROUP, "$expand=members,owners", false),
        (&GROUP, "$expand=nothing", false),
        (&GROUP, "$expand=*", false),
        (&GROUP, "$expand=", false),
        (
            &ROLE_ASSIGNMENT,
            "$expand=principal,roleDefinition($select=id)",
            true,
        ),
        (&ROLE_ASSIGNMENT, "$expand=principal,principal", false),
    ] {
        assert_eq!(
            ask(resource, query, false).is_ok(),
            fits,
            "{} {query}",
            resource.name
        );
    }
}

#[test]
fn pages_have_the_size_asked_for() {
    let size = |query: &str, page_size| {
        let options = Options::parse(query).unwrap();
        collection(
            &options,
            &USER,
            Hints {
                eventual: false,
                page_size,
            },
        )
        .unwrap()
        .query
        .page
        .size
    };
    assert_eq!(size("", None), 100);
    assert_eq!(size("$top=7", None), 7);
    assert_eq!(size("", Some(7)), 7);
    assert_eq!(size("", Some(0)), 100);
    assert_eq!(size("", Some(5000)), 999);
    assert_eq!(size("$top=7", Some(3)), 7);
    assert_eq!(size("$expand=memberOf", None), EXPANDED);
}

#[test]
fn records_come_newest_first() {
    let asked = ask(&SIGN_IN, "", false).unwrap();
    let order = asked.query.order.first().unwrap();
    assert_eq!(
        (order.property.name, order.descending),
        ("createdDateTime", true)
    );
}

#[test]
fn counting_takes_conditions_only() {
    let try_it = |resource, query: &str, eventual| {
        count(
            &Options::parse(query).unwrap(),
            resource,
            Hints {
                eventual,
                page_size: None,
            },
        )
    };
    assert!(try_it(&USER, "$filter=displayName ne 'x'", true).is_ok());
    assert!(try_it(&USER, "", false).is_err());
    assert!(try_it(&USER, "$top=1", true).is_err());
    assert!(try_it(&CONDITIONAL_ACCESS_POLICY, "", false).is_ok());
}
