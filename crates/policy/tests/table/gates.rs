//! *Order, gates and codes*: the table, its order, effective settings, the truth table.

use serde_json::{Value, json};

use crate::support::{
    APP, CN, COM, Change, GROUP, HOME, NORA, OTHER, RESOURCE, Row, US, apps, check, half, users,
};

const INBOUND: &str = "resource.policy.partners.0.b2bCollaborationInbound";
const OUTBOUND: &str = "home.policy.partners.0.b2bCollaborationOutbound";

fn same_cloud() -> Change {
    ("home.cloud", json!(COM))
}

#[test]
fn each_gate_has_its_code() {
    let block = |setting: &'static str| {
        (
            setting,
            json!({"usersAndGroups": users("blocked", NORA),
            "applications": apps("blocked", "AllApplications")}),
        )
    };
    let rows: Vec<Row> = vec![
        ("both sides ready", vec![], "allow"),
        (
            "1 the clouds are no pair",
            vec![("pairs", json!([]))],
            "deny resource pair 90038",
        ),
        (
            "2 home's cloud is not ticked",
            vec![("resource.policy.allowedCloudEndpoints", json!([CN]))],
            "deny resource cloud 500213",
        ),
        (
            "3 no partner at the resource",
            vec![("resource.policy.partners", json!([]))],
            "deny resource partner 500213",
        ),
        (
            "4 the resource's cloud is not ticked at home",
            vec![("home.policy.allowedCloudEndpoints", json!([]))],
            "deny home cloud 1000104",
        ),
        (
            "5 no partner at home",
            vec![("home.policy.partners", json!([]))],
            "deny home partner 500212",
        ),
        (
            "6 outbound",
            vec![block(OUTBOUND)],
            "deny home users 500212",
        ),
        (
            "7 inbound",
            vec![block(INBOUND)],
            "deny resource users 500213",
        ),
        (
            "the first that fails decides",
            vec![
                ("pairs", json!([])),
                ("resource.policy", Value::Null),
                ("home.policy", Value::Null),
            ],
            "deny resource pair 90038",
        ),
        (
            "2 before 3 and 4",
            vec![
                ("resource.policy", Value::Null),
                ("home.policy", Value::Null),
            ],
            "deny resource cloud 500213",
        ),
        (
            "3 before 4",
            vec![
                ("resource.policy.partners", json!([])),
                ("home.policy", Value::Null),
            ],
            "deny resource partner 500213",
        ),
        (
            "4 before 5",
            vec![("home.policy", Value::Null)],
            "deny home cloud 1000104",
        ),
        (
            "6 before 7",
            vec![block(INBOUND), block(OUTBOUND)],
            "deny home users 500212",
        ),
    ];
    check(rows);
}

#[test]
fn pairs_and_clouds() {
    let us_and_china = |pairs: Value| {
        vec![
            ("resource.cloud", json!(CN)),
            ("resource.policy.allowedCloudEndpoints", json!([US])),
            ("home.policy.allowedCloudEndpoints", json!([CN])),
            ("home.policy.partners.0.cloud", json!(CN)),
            ("pairs", pairs),
        ]
    };
    let rows: Vec<Row> = vec![
        (
            "us and china are not built in",
            us_and_china(Value::Null),
            "deny resource pair 90038",
        ),
        (
            "pairs replace the built-in ones",
            us_and_china(json!([[US, CN]])),
            "allow",
        ),
        (
            "a pair has no direction",
            us_and_china(json!([[CN, US]])),
            "allow",
        ),
        (
            "replaced: the built-in pair is gone",
            vec![("pairs", json!([[US, CN]]))],
            "deny resource pair 90038",
        ),
        (
            "the other built-in pair",
            vec![
                ("home.cloud", json!(CN)),
                ("resource.policy.allowedCloudEndpoints", json!([CN])),
                ("resource.policy.partners.0.cloud", json!(CN)),
            ],
            "allow",
        ),
        (
            "cloud names are compared exactly",
            vec![(
                "resource.policy.allowedCloudEndpoints",
                json!(["Microsoftonline.us"]),
            )],
            "deny resource cloud 500213",
        ),
        (
            "and not trimmed",
            vec![(
                "resource.policy.allowedCloudEndpoints",
                json!([" microsoftonline.us"]),
            )],
            "deny resource cloud 500213",
        ),
        (
            "within one cloud 1 to 5 do not apply",
            vec![
                same_cloud(),
                ("resource.policy", Value::Null),
                ("home.policy", Value::Null),
            ],
            "allow",
        ),
        (
            "within one cloud pairs do not matter",
            vec![same_cloud(), ("pairs", json!([]))],
            "allow",
        ),
    ];
    check(rows);
}

#[test]
fn partners_carry_a_cloud() {
    let inbound = || (INBOUND, json!({"usersAndGroups": users("blocked", NORA)}));
    let rows: Vec<Row> = vec![
        (
            "a partner without cloud fits any",
            vec![("resource.policy.partners", json!([{"tenantId": HOME}]))],
            "allow",
        ),
        (
            "null is absent",
            vec![("resource.policy.partners.0.cloud", Value::Null)],
            "allow",
        ),
        (
            "the same ID in another cloud is another tenant",
            vec![("resource.policy.partners.0.cloud", json!(CN))],
            "deny resource partner 500213",
        ),
        (
            "at home, too",
            vec![("home.policy.partners.0.cloud", json!(CN))],
            "deny home partner 500212",
        ),
        (
            "within one cloud a partner of another cloud is not meant",
            vec![same_cloud(), inbound()],
            "allow",
        ),
        (
            "but one of this cloud is",
            vec![
                same_cloud(),
                inbound(),
                ("resource.policy.partners.0.cloud", json!(COM)),
            ],
            "deny resource users 500213",
        ),
        (
            "GUIDs compare without case",
            vec![(
                "resource.policy.partners.0.tenantId",
                json!(HOME.to_uppercase()),
            )],
            "allow",
        ),
        (
            "another tenant's row does not help",
            vec![("resource.policy.partners.0.tenantId", json!(OTHER))],
            "deny resource partner 500213",
        ),
        (
            "whole list answers",
            vec![(
                "resource.policy.partners",
                json!({"@odata.context": "x",
                "value": [{"tenantId": HOME}]}),
            )],
            "allow",
        ),
    ];
    check(rows);
}

#[test]
fn effective_settings_per_half() {
    let default = "resource.policy.default.b2bCollaborationInbound";
    let blocked = || {
        (
            default,
            json!({"usersAndGroups": users("blocked", "AllUsers"),
            "applications": apps("blocked", "AllApplications")}),
        )
    };
    let rows: Vec<Row> = vec![
        (
            "the default counts for partners",
            vec![blocked()],
            "deny resource users 500213",
        ),
        (
            "the partner's halves win",
            vec![
                blocked(),
                (
                    INBOUND,
                    json!({"usersAndGroups": users("allowed", "AllUsers"),
                "applications": apps("allowed", "AllApplications")}),
                ),
            ],
            "allow",
        ),
        (
            "per half: users of the partner, applications of the default",
            vec![
                blocked(),
                (
                    INBOUND,
                    json!({"usersAndGroups": users("allowed", "AllUsers")}),
                ),
            ],
            "deny resource applications 500213",
        ),
        (
            "per half: applications of the partner, users of the default",
            vec![
                blocked(),
                (INBOUND, json!({"applications": apps("allowed", APP)})),
            ],
            "deny resource users 500213",
        ),
        (
            "else the service default's",
            vec![(INBOUND, json!({"applications": apps("blocked", APP)}))],
            "deny resource applications 500213",
        ),
        (
            "a default with one half takes the other from the service default",
            vec![(default, json!({"usersAndGroups": users("allowed", NORA)}))],
            "allow",
        ),
        (
            "null inherits",
            vec![
                blocked(),
                (
                    INBOUND,
                    json!({"usersAndGroups": null, "applications": null}),
                ),
            ],
            "deny resource users 500213",
        ),
        (
            "empty halves are not configured",
            vec![(
                INBOUND,
                json!({"usersAndGroups": {"accessType": null, "targets": []},
                "applications": {}}),
            )],
            "allow",
        ),
    ];
    check(rows);
}

#[test]
fn the_truth_table() {
    let mut rows: Vec<Row> = Vec::new();
    let mut row = |name, users: &Value, applications: &Value, expected| {
        let setting = json!({"usersAndGroups": users, "applications": applications});
        rows.push((name, vec![(INBOUND, setting)], expected));
    };
    let (open, closed) = ("allow", "deny resource users 500213");
    let by_app = "deny resource applications 500213";
    let u = |access: &str, hit: bool| users(access, if hit { GROUP } else { OTHER });
    let a = |access: &str, hit: bool| apps(access, if hit { APP } else { OTHER });
    row("u and a", &u("allowed", true), &a("allowed", true), open);
    row(
        "u, not a",
        &u("allowed", true),
        &a("allowed", false),
        by_app,
    );
    row(
        "not u, a",
        &u("allowed", false),
        &a("allowed", true),
        closed,
    );
    row(
        "neither: users alone refuse",
        &u("allowed", false),
        &a("allowed", false),
        closed,
    );
    row(
        "allowed, blocked: u and a",
        &u("allowed", true),
        &a("blocked", true),
        by_app,
    );
    row(
        "allowed, blocked: u, not a",
        &u("allowed", true),
        &a("blocked", false),
        open,
    );
    row(
        "allowed, blocked: not u, a",
        &u("allowed", false),
        &a("blocked", true),
        closed,
    );
    row(
        "allowed, blocked: neither",
        &u("allowed", false),
        &a("blocked", false),
        closed,
    );
    row(
        "blocked, allowed: u and a",
        &u("blocked", true),
        &a("allowed", true),
        closed,
    );
    row(
        "blocked, allowed: u, not a",
        &u("blocked", true),
        &a("allowed", false),
        closed,
    );
    row(
        "blocked, allowed: not u, a",
        &u("blocked", false),
        &a("allowed", true),
        open,
    );
    row(
        "blocked, allowed: neither",
        &u("blocked", false),
        &a("allowed", false),
        by_app,
    );
    row(
        "blocked, blocked: both match",
        &u("blocked", true),
        &a("blocked", true),
        closed,
    );
    row(
        "blocked, blocked: u alone",
        &u("blocked", true),
        &a("blocked", false),
        open,
    );
    row(
        "blocked, blocked: a alone",
        &u("blocked", false),
        &a("blocked", true),
        open,
    );
    row(
        "blocked, blocked: neither",
        &u("blocked", false),
        &a("blocked", false),
        open,
    );
    check(rows);
}

#[test]
fn direct_connect() {
    let direct = || ("request.user.type", json!("b2bDirectConnectUser"));
    let open = || {
        json!({"usersAndGroups": users("allowed", "AllUsers"),
            "applications": apps("allowed", "AllApplications")})
    };
    let cloudless = |setting: &str| json!([{"tenantId": HOME, setting: open()}]);
    let at_home = |setting: &str| json!([{"tenantId": RESOURCE, setting: open()}]);
    let rows: Vec<Row> = vec![
        (
            "never across clouds",
            vec![direct()],
            "deny resource cloud 500213",
        ),
        (
            "after the pair",
            vec![direct(), ("pairs", json!([]))],
            "deny resource pair 90038",
        ),
        (
            "denied at 2 even where 3 would refuse",
            vec![direct(), ("resource.policy.partners", json!([]))],
            "deny resource cloud 500213",
        ),
        (
            "shut by default",
            vec![direct(), same_cloud()],
            "deny home users 500212",
        ),
        (
            "reads its own outbound setting",
            vec![
                direct(),
                same_cloud(),
                ("home.policy.partners", at_home("b2bDirectConnectOutbound")),
            ],
            "deny resource users 500213",
        ),
        (
            "both sides open",
            vec![
                direct(),
                same_cloud(),
                ("home.policy.partners", at_home("b2bDirectConnectOutbound")),
                (
                    "resource.policy.partners",
                    cloudless("b2bDirectConnectInbound"),
                ),
            ],
            "allow",
        ),
        (
            "collaboration settings do not open it",
            vec![
                direct(),
                same_cloud(),
                ("home.policy.partners", at_home("b2bCollaborationOutbound")),
                (
                    "resource.policy.partners",
                    cloudless("b2bCollaborationInbound"),
                ),
            ],
            "deny home users 500212",
        ),
    ];
    check(rows);
}

#[test]
fn every_type_but_direct_connect_takes_the_same_way() {
    for kind in [
        "none",
        "internalGuest",
        "b2bCollaborationGuest",
        "b2bCollaborationMember",
        "otherExternalUser",
        "serviceProvider",
    ] {
        let kind = || ("request.user.type", json!(kind));
        let blocked = (
            INBOUND,
            json!({"usersAndGroups": half("blocked", &[(NORA, "user")])}),
        );
        check(vec![
            ("open", vec![kind()], "allow"),
            (
                "blocked",
                vec![kind(), blocked],
                "deny resource users 500213",
            ),
        ]);
    }
}
