//! *Conditional Access* (8): when a policy applies.

use serde_json::{Value, json};

use crate::support::{
    APP, CLIENT, Change, GRAPH, GUEST, HIT, HOME, MISSED, NORA, OTHER, Row, SHAREPOINT, blocking,
    ca, check, set,
};

pub(super) fn row(
    name: &'static str,
    conditions: &[(&str, Value)],
    facts: &[Change],
    expected: &'static str,
) -> Row {
    let mut changes = vec![blocking(conditions)];
    changes.extend(facts.iter().cloned());
    (name, changes, expected)
}

#[test]
fn people() {
    let only = |name: &str, value: Value| [("users", json!({name: value}))];
    let but = |name: &str, value: Value| [("users", json!({"includeUsers": ["All"], name: value}))];
    let groups = [("request.user.resourceGroups", json!([OTHER.to_uppercase()]))];
    let roles = [("request.user.resourceRoles", json!([OTHER]))];
    let member = [("request.user.type", json!("none"))];
    let rows = vec![
        row("All", &only("includeUsers", json!(["All"])), &[], HIT),
        row("None", &only("includeUsers", json!(["None"])), &[], MISSED),
        row(
            "nobody included",
            &only("includeUsers", json!([])),
            &[],
            MISSED,
        ),
        row("no users at all", &[("users", Value::Null)], &[], MISSED),
        row(
            "only excluded",
            &only("excludeUsers", json!([OTHER])),
            &[],
            MISSED,
        ),
        row(
            "the guest object",
            &only("includeUsers", json!([GUEST])),
            &[],
            HIT,
        ),
        row(
            "not the home ID",
            &only("includeUsers", json!([NORA])),
            &[],
            MISSED,
        ),
        row(
            "a text matches nobody",
            &only("includeUsers", json!(["Everyone", OTHER])),
            &[],
            MISSED,
        ),
        row(
            "a group at the resource",
            &only("includeGroups", json!([OTHER])),
            &groups,
            HIT,
        ),
        row(
            "not otherwise",
            &only("includeGroups", json!([OTHER])),
            &[],
            MISSED,
        ),
        row(
            "not a group at home",
            &only("includeGroups", json!([crate::support::GROUP])),
            &[],
            MISSED,
        ),
        row("a role", &only("includeRoles", json!([OTHER])), &roles, HIT),
        row(
            "not a group as role",
            &only("includeRoles", json!([OTHER])),
            &groups,
            MISSED,
        ),
        row(
            "GuestsOrExternalUsers",
            &only("includeUsers", json!(["guestsOrExternalUsers"])),
            &[],
            HIT,
        ),
        row(
            "not a member",
            &only("includeUsers", json!(["GuestsOrExternalUsers"])),
            &member,
            MISSED,
        ),
        row(
            "exclusions beat inclusions",
            &but("excludeUsers", json!([GUEST])),
            &[],
            MISSED,
        ),
        row(
            "by group",
            &but("excludeGroups", json!([OTHER])),
            &groups,
            MISSED,
        ),
        row(
            "by role",
            &but("excludeRoles", json!([OTHER])),
            &roles,
            MISSED,
        ),
        row(
            "by kind",
            &but("excludeUsers", json!(["GuestsOrExternalUsers"])),
            &[],
            MISSED,
        ),
        row(
            "excluding others",
            &but("excludeGroups", json!([OTHER])),
            &[],
            HIT,
        ),
        row(
            "excluding None",
            &but("excludeUsers", json!(["None"])),
            &[],
            HIT,
        ),
        row(
            "an absent guest object is nobody's ID",
            &only("includeUsers", json!([GUEST])),
            &[("request.user.resourceUserId", Value::Null)],
            MISSED,
        ),
    ];
    check(rows);
}

#[test]
fn kinds_of_guests_and_their_tenants() {
    let kind = |types: &str, tenants: Value| {
        let guests = json!({"guestOrExternalUserTypes": types, "externalTenants": tenants});
        [("users", json!({"includeGuestsOrExternalUsers": guests}))]
    };
    let not = |tenants: Value| {
        let guests = json!({"guestOrExternalUserTypes": "b2bCollaborationGuest", "externalTenants": tenants});
        [(
            "users",
            json!({"includeUsers": ["All"], "excludeGuestsOrExternalUsers": guests}),
        )]
    };
    let listed = |tenant: &str| json!({"membershipKind": "enumerated", "members": [tenant]});
    let typed = json!({"@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
        "members": [HOME]});
    let mine = "b2bCollaborationGuest";
    let rows = vec![
        row("the kind", &kind(mine, Value::Null), &[], HIT),
        row(
            "another kind",
            &kind("b2bCollaborationMember", Value::Null),
            &[],
            MISSED,
        ),
        row(
            "flags are one joined string",
            &kind("internalGuest,b2bCollaborationGuest", Value::Null),
            &[],
            HIT,
        ),
        row(
            "with spaces",
            &kind("internalGuest, B2bCollaborationGuest", Value::Null),
            &[],
            HIT,
        ),
        row("none", &kind("none", Value::Null), &[], MISSED),
        row(
            "all tenants",
            &kind(mine, json!({"membershipKind": "all"})),
            &[],
            HIT,
        ),
        row(
            "nothing configured is all tenants",
            &kind(mine, json!({"members": []})),
            &[],
            HIT,
        ),
        row(
            "this tenant",
            &kind(mine, listed(&HOME.to_uppercase())),
            &[],
            HIT,
        ),
        row("another tenant", &kind(mine, listed(OTHER)), &[], MISSED),
        row("told by its type", &kind(mine, typed), &[], HIT),
        row(
            "enumerated, none",
            &kind(mine, json!({"membershipKind": "enumerated", "members": []})),
            &[],
            MISSED,
        ),
        row("excluded everywhere", &not(Value::Null), &[], MISSED),
        row("excluded from this tenant", &not(listed(HOME)), &[], MISSED),
        row("excluded from another", &not(listed(OTHER)), &[], HIT),
        row(
            "no kind named",
            &[
                (
                    "users.includeGuestsOrExternalUsers",
                    json!({"externalTenants": {"membershipKind": "all"}}),
                ),
                ("users.includeUsers", json!([])),
            ],
            &[],
            MISSED,
        ),
    ];
    check(rows);
}

#[test]
fn applications() {
    let only = |value: Value| [("applications", json!({"includeApplications": value}))];
    let but = |value: Value| {
        [(
            "applications",
            json!({"includeApplications": ["All"], "excludeApplications": value}),
        )]
    };
    let at = |app: &str| [("request.application.resourceAppId", json!(app))];
    let portal = at("80ccca67-54bd-44ab-8625-4b79c4dc7775");
    let rows = vec![
        row("All", &only(json!([" all"])), &[], HIT),
        row("None", &only(json!(["None"])), &[], MISSED),
        row("nothing included", &only(json!([])), &[], MISSED),
        row(
            "no applications at all",
            &[("applications", Value::Null)],
            &[],
            MISSED,
        ),
        row("the resource", &only(json!([APP])), &[], HIT),
        row(
            "the client does not count",
            &only(json!([CLIENT])),
            &[],
            MISSED,
        ),
        row(
            "Office365",
            &only(json!(["Office365"])),
            &at(SHAREPOINT),
            HIT,
        ),
        row("not Graph", &only(json!(["Office365"])), &at(GRAPH), MISSED),
        row(
            "MicrosoftAdminPortals",
            &only(json!(["MicrosoftAdminPortals"])),
            &portal,
            HIT,
        ),
        row(
            "not others",
            &only(json!(["MicrosoftAdminPortals"])),
            &at(GRAPH),
            MISSED,
        ),
        row(
            "AllMicrosoftApps is no keyword here",
            &only(json!(["AllMicrosoftApps"])),
            &at(GRAPH),
            MISSED,
        ),
        row("excluded", &but(json!([APP])), &[], MISSED),
        row("excluding the client", &but(json!([CLIENT])), &[], HIT),
        row(
            "system applications like any",
            &only(json!(["All"])),
            &at(crate::support::MY_APPS),
            HIT,
        ),
        row(
            "by ID",
            &only(json!([crate::support::MY_APPS])),
            &at(crate::support::MY_APPS),
            HIT,
        ),
    ];
    check(rows);
}

#[test]
fn clients_platforms_and_risk() {
    let client = |word: &str| [("request.signIn.clientAppType", json!(word))];
    let platform = |word: &str| [("request.signIn.platform", json!(word))];
    let linux = [("platforms", json!({"includePlatforms": ["linux"]}))];
    let not_linux = [(
        "platforms",
        json!({"includePlatforms": ["all"], "excludePlatforms": ["Linux"]}),
    )];
    let browser = [("clientAppTypes", json!(["browser"]))];
    let risk = |name: &'static str| [(name, json!(["high", "medium"]))];
    let rows = vec![
        row(
            "clients: not configured",
            &[("clientAppTypes", json!([]))],
            &[],
            HIT,
        ),
        row(
            "all, unknown client",
            &[("clientAppTypes", json!(["all"]))],
            &[],
            HIT,
        ),
        row("browser", &browser, &client("Browser"), HIT),
        row("other", &browser, &client("other"), MISSED),
        row("absent matches no named value", &browser, &[], MISSED),
        row("linux", &linux, &platform("linux"), HIT),
        row("windows", &linux, &platform("windows"), MISSED),
        row("platform absent", &linux, &[], MISSED),
        row(
            "all, platform absent",
            &[("platforms", json!({"includePlatforms": ["all"]}))],
            &[],
            HIT,
        ),
        row("excluded", &not_linux, &platform("linux"), MISSED),
        row("absent is exempted by nothing", &not_linux, &[], HIT),
        row(
            "only exclude reaches nobody",
            &[("platforms", json!({"excludePlatforms": ["iOS"]}))],
            &platform("linux"),
            MISSED,
        ),
        row(
            "sign-in risk",
            &risk("signInRiskLevels"),
            &[("request.signIn.signInRiskLevel", json!("high"))],
            HIT,
        ),
        row(
            "lower",
            &risk("signInRiskLevels"),
            &[("request.signIn.signInRiskLevel", json!("low"))],
            MISSED,
        ),
        row("unknown", &risk("signInRiskLevels"), &[], MISSED),
        row(
            "user risk",
            &risk("userRiskLevels"),
            &[("request.signIn.userRiskLevel", json!("MEDIUM"))],
            HIT,
        ),
        row(
            "the other risk does not count",
            &risk("userRiskLevels"),
            &[("request.signIn.signInRiskLevel", json!("high"))],
            MISSED,
        ),
        row(
            "none is a level",
            &[("userRiskLevels", json!(["none"]))],
            &[("request.signIn.userRiskLevel", json!("none"))],
            HIT,
        ),
    ];
    check(rows);
}

#[test]
fn what_a_case_cannot_carry_has_not_matched() {
    let rows = vec![
        row(
            "insider risk",
            &[("insiderRiskLevels", json!("elevated"))],
            &[],
            MISSED,
        ),
        row(
            "user actions",
            &[(
                "applications.includeUserActions",
                json!(["urn:user:registersecurityinfo"]),
            )],
            &[],
            MISSED,
        ),
        row(
            "authentication contexts",
            &[(
                "applications.includeAuthenticationContextClassReferences",
                json!(["c1"]),
            )],
            &[],
            MISSED,
        ),
        row(
            "application filters",
            &[(
                "applications.applicationFilter",
                json!({"mode": "include", "rule": "x"}),
            )],
            &[],
            MISSED,
        ),
        row(
            "client applications",
            &[(
                "clientApplications",
                json!({"includeServicePrincipals": ["x"]}),
            )],
            &[],
            MISSED,
        ),
        row(
            "authentication flows",
            &[(
                "authenticationFlows",
                json!({"transferMethods": "deviceCodeFlow"}),
            )],
            &[],
            MISSED,
        ),
        row(
            "risk of service principals",
            &[("servicePrincipalRiskLevels", json!(["high"]))],
            &[],
            MISSED,
        ),
        row(
            "an unknown member that is set",
            &[("times", json!({"all": false}))],
            &[],
            MISSED,
        ),
        row(
            "one that is not set",
            &[("times", json!({"all": null})), ("clients", json!([]))],
            &[],
            HIT,
        ),
        row(
            "deeper",
            &[("users.includeAgents", json!(["All"]))],
            &[],
            MISSED,
        ),
        row(
            "in an exclusion",
            &[(
                "users.excludeGuestsOrExternalUsers",
                json!({"guestOrExternalUserTypes": "none", "x": 1}),
            )],
            &[],
            MISSED,
        ),
        row(
            "annotations are none",
            &[("users.includeUsers@odata.count", json!(1))],
            &[],
            HIT,
        ),
        row(
            "not configured",
            &[
                (
                    "clientApplications",
                    json!({"includeServicePrincipals": []}),
                ),
                ("insiderRiskLevels", Value::Null),
            ],
            &[],
            HIT,
        ),
        row(
            "a name that differs only in case",
            &[("users.IncludeUsers", json!(["None"]))],
            &[],
            "error `IncludeUsers` differs from `includeUsers`",
        ),
        row(
            "also of what is not judged",
            &[("InsiderRiskLevels", json!("x"))],
            &[],
            "error `InsiderRiskLevels`",
        ),
    ];
    check(rows);
    let mut outside = ca("block");
    set(
        &mut outside,
        "sessionControls",
        json!({"signInFrequency": {"value": 1}}),
    );
    set(&mut outside, "partialEnablementStrategy", json!("x"));
    let outside = vec![("resource.conditionalAccess", json!([outside]))];
    check(vec![(
        "unknown members elsewhere are ignored",
        outside,
        HIT,
    )]);
}
