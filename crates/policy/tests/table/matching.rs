//! *Matching*: targets, invitations, system applications.

use serde_json::{Value, json};

use crate::support::{
    APP, CLIENT, Change, GRAPH, GROUP, MY_APPS, NORA, OTHER, Row, SHAREPOINT, apps, check, half,
    users,
};

const INBOUND: &str = "resource.policy.partners.0.b2bCollaborationInbound";
const BY_USER: &str = "deny resource users 500213";
const BY_APP: &str = "deny resource applications 500213";

fn only_users(half: &Value) -> Vec<Change> {
    vec![(INBOUND, json!({"usersAndGroups": half}))]
}

fn only_apps(half: &Value) -> Vec<Change> {
    vec![(INBOUND, json!({"applications": half}))]
}

#[test]
fn users_and_groups() {
    let target = |target: &str, kind: &str| only_users(&half("allowed", &[(target, kind)]));
    let mut no_groups = target(GROUP, "group");
    no_groups.push(("request.user.groups", Value::Null));
    let rows: Vec<Row> = vec![
        ("AllUsers matches all", target("AllUsers", "user"), "allow"),
        (
            "keywords are trimmed and read without case",
            target(" aLLusers ", "User"),
            "allow",
        ),
        (
            "a user target matches the home ID",
            target(NORA, "user"),
            "allow",
        ),
        (
            "without case",
            target(&NORA.to_uppercase(), "user"),
            "allow",
        ),
        ("not another ID", target(OTHER, "user"), BY_USER),
        ("nor a group's", target(GROUP, "user"), BY_USER),
        (
            "a group target matches any of the groups",
            target(GROUP, "group"),
            "allow",
        ),
        ("not the user's own ID", target(NORA, "group"), BY_USER),
        ("groups absent are empty", no_groups, BY_USER),
        (
            "a text matches nobody",
            target("nora@northwind.us", "user"),
            BY_USER,
        ),
        (
            "an application target in the users half matches nobody",
            target(NORA, "application"),
            BY_USER,
        ),
        (
            "nor does a keyword of applications",
            target("AllApplications", "user"),
            BY_USER,
        ),
        (
            "one of several suffices",
            only_users(&half("allowed", &[(OTHER, "user"), (GROUP, "group")])),
            "allow",
        ),
        (
            "the guest object's ID is not the home ID",
            target(crate::support::GUEST, "user"),
            BY_USER,
        ),
    ];
    check(rows);
}

#[test]
fn applications() {
    let at = |app: &str, half: &Value| {
        let mut changes = only_apps(half);
        changes.push(("request.application.resourceAppId", json!(app)));
        changes
    };
    let rows: Vec<Row> = vec![
        (
            "AllApplications matches all",
            only_apps(&apps("allowed", "AllApplications")),
            "allow",
        ),
        ("the resource", only_apps(&apps("allowed", APP)), "allow"),
        (
            "or the client",
            only_apps(&apps("allowed", CLIENT)),
            "allow",
        ),
        ("nothing else", only_apps(&apps("allowed", OTHER)), BY_APP),
        (
            "blocked: the client alone suffices",
            only_apps(&apps("blocked", CLIENT)),
            BY_APP,
        ),
        (
            "Office365 matches what is marked so",
            at(SHAREPOINT, &apps("allowed", "Office365")),
            "allow",
        ),
        (
            "not Graph",
            at(GRAPH, &apps("allowed", "Office365")),
            BY_APP,
        ),
        ("not others", at(APP, &apps("allowed", "Office365")), BY_APP),
        (
            "AllMicrosoftApps matches Graph",
            at(GRAPH, &apps("allowed", "AllMicrosoftApps")),
            "allow",
        ),
        (
            "and Office",
            at(SHAREPOINT, &apps("allowed", "allmicrosoftapps")),
            "allow",
        ),
        (
            "not others",
            at(APP, &apps("allowed", "AllMicrosoftApps")),
            BY_APP,
        ),
        (
            "admin portals are no keyword here",
            at(GRAPH, &apps("allowed", "MicrosoftAdminPortals")),
            BY_APP,
        ),
        (
            "a text matches nothing",
            only_apps(&apps("allowed", "Expenses")),
            BY_APP,
        ),
        (
            "resourceAppId absent is the same as appId",
            vec![
                ("request.application", json!({"appId": APP})),
                (INBOUND, json!({"applications": apps("allowed", APP)})),
            ],
            "allow",
        ),
        (
            "a system application is marked AllMicrosoftApps as a client",
            vec![
                ("request.application.appId", json!(MY_APPS)),
                (
                    INBOUND,
                    json!({"applications": apps("allowed", "AllMicrosoftApps")}),
                ),
            ],
            "allow",
        ),
        (
            "and nothing else",
            vec![
                ("request.application.appId", json!(MY_APPS)),
                (
                    INBOUND,
                    json!({"applications": apps("allowed", "Office365")}),
                ),
            ],
            BY_APP,
        ),
    ];
    check(rows);
}

/// Rows that hold for an unknown application and for a system application alike.
fn unknown_rows(way: impl Fn(Vec<Change>) -> Vec<Change>) {
    let both = |users: Value, applications: Value| {
        way(vec![(
            INBOUND,
            json!({"usersAndGroups": users, "applications": applications}),
        )])
    };
    let of = |half: &Value| way(only_apps(half));
    let rows: Vec<Row> = vec![
        ("nothing set", way(vec![]), "allow"),
        (
            "an allow-list of one application does not lock out",
            of(&apps("allowed", OTHER)),
            "allow",
        ),
        (
            "a keyword names an application",
            of(&apps("allowed", "Office365")),
            "allow",
        ),
        (
            "an allow-list that names none does",
            of(&apps("allowed", "Expenses")),
            BY_APP,
        ),
        (
            "one blocked application does not",
            of(&apps("blocked", OTHER)),
            "allow",
        ),
        (
            "nor a blocked keyword",
            of(&apps("blocked", "AllMicrosoftApps")),
            "allow",
        ),
        (
            "all blocked does",
            of(&apps("blocked", "AllApplications")),
            BY_APP,
        ),
        (
            "the users half always applies",
            way(only_users(&users("allowed", OTHER))),
            BY_USER,
        ),
        (
            "blocked from one application is not barred",
            both(users("blocked", NORA), apps("blocked", OTHER)),
            "allow",
        ),
        (
            "blocked from all is",
            both(users("blocked", NORA), apps("blocked", "AllApplications")),
            BY_USER,
        ),
        (
            "blocked users beside allowed applications",
            both(users("blocked", NORA), apps("allowed", OTHER)),
            BY_USER,
        ),
        (
            "others beside them",
            both(users("blocked", OTHER), apps("allowed", OTHER)),
            "allow",
        ),
        (
            "outbound is judged in the same way",
            way(vec![(
                "home.policy.partners.0.b2bCollaborationOutbound",
                json!({"applications": apps("blocked", "AllApplications")}),
            )]),
            "deny home applications 500212",
        ),
    ];
    check(rows);
}

#[test]
fn at_an_invitation_the_application_is_unknown() {
    unknown_rows(|mut changes| {
        changes.push(("request.application", Value::Null));
        changes
    });
}

#[test]
fn system_applications_are_judged_in_the_same_way() {
    for id in [
        MY_APPS,
        "0000000c-0000-0000-c000-000000000000",
        "8c59ead7-d703-4a27-9e55-c96a0054c8d2",
        "19db86c3-b2b9-44cc-b339-36da233a3be2",
        "D52792F4-ba38-424d-8140-ada5b883f293",
    ] {
        unknown_rows(|mut changes| {
            changes.push(("request.application.resourceAppId", json!(id)));
            changes
        });
    }
}

#[test]
fn system_applications_by_name() {
    let at = |half: &Value| {
        let mut changes = only_apps(half);
        changes.push(("request.application.resourceAppId", json!(MY_APPS)));
        changes
    };
    let other = |half: &Value| {
        let mut changes = only_apps(half);
        changes.push((
            "request.application.resourceAppId",
            json!("00000012-0000-0000-c000-000000000000"),
        ));
        changes
    };
    let rows: Vec<Row> = vec![
        (
            "a list that names it is obeyed: blocked",
            at(&apps("blocked", MY_APPS)),
            BY_APP,
        ),
        ("allowed", at(&apps("allowed", MY_APPS)), "allow"),
        (
            "a list that names only the client does not count",
            at(&apps("blocked", CLIENT)),
            "allow",
        ),
        (
            "Rights Management is no system application",
            other(&apps("allowed", APP)),
            BY_APP,
        ),
    ];
    check(rows);
}
