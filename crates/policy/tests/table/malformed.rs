//! *Malformed*: the list of the corner cases, and what cannot be read at all.

use serde_json::{Value, json};

use crate::support::{APP, HOME, OTHER, Row, apps, ca, check, set, users};

const INBOUND: &str = "resource.policy.partners.0.b2bCollaborationInbound";

fn policy(path: &str, value: Value) -> Vec<crate::support::Change> {
    let mut policy = ca("block");
    set(&mut policy, path, value);
    vec![("resource.conditionalAccess", json!([policy]))]
}

#[test]
fn the_listed_ones() {
    let tenants = "conditions.users.includeGuestsOrExternalUsers";
    let guests = |tenants: Value| json!({"guestOrExternalUserTypes": "internalGuest", "externalTenants": tenants});
    let filter = |rule: Value| json!({"deviceFilter": {"mode": "include", "rule": rule}});
    let rows: Vec<Row> = vec![
        (
            "two rows for one tenant ID",
            vec![(
                "resource.policy.partners",
                json!([{"tenantId": HOME}, {"tenantId": HOME.to_uppercase()}]),
            )],
            "error resource.policy.partners: two rows",
        ),
        (
            "also with different clouds",
            vec![(
                "resource.policy.partners",
                json!([
                {"tenantId": HOME, "cloud": "a"}, {"tenantId": HOME, "cloud": "b"}]),
            )],
            "error two rows",
        ),
        (
            "also of somebody else",
            vec![(
                "resource.policy.partners",
                json!([
                {"tenantId": HOME}, {"tenantId": OTHER}, {"tenantId": OTHER}]),
            )],
            "error two rows",
        ),
        (
            "a half without accessType",
            vec![(
                INBOUND,
                json!({"applications": {"targets": [{"target": APP, "targetType": "application"}]}}),
            )],
            "error `accessType` is missing",
        ),
        (
            "a half without targets",
            vec![(INBOUND, json!({"applications": {"accessType": "allowed"}}))],
            "error `targets` is missing",
        ),
        (
            "an empty list is none",
            vec![(
                INBOUND,
                json!({"usersAndGroups": {"accessType": "allowed", "targets": []}}),
            )],
            "error `targets` is missing",
        ),
        (
            "a malformed half of home counts although the resource denies",
            vec![
                ("pairs", json!([])),
                (
                    "home.policy.default.b2bCollaborationOutbound",
                    json!({"applications": {"accessType": "allowed"}}),
                ),
            ],
            "error home.policy.default",
        ),
        (
            "partners as an object without value",
            vec![("home.policy.partners", json!({"tenantId": HOME}))],
            "error `value`",
        ),
        (
            "also an empty one",
            vec![("home.policy.partners", json!({}))],
            "error `value`",
        ),
        (
            "application: {}",
            vec![("request.application", json!({}))],
            "error `appId` is missing",
        ),
        (
            "a resource without a client",
            vec![("request.application", json!({"resourceAppId": APP}))],
            "error `appId` is missing",
        ),
        (
            "externalTenants without kind and type",
            policy(tenants, guests(json!({"members": [HOME]}))),
            "error `membershipKind`",
        ),
        (
            "a type that does not tell",
            policy(
                tenants,
                guests(json!({"@odata.type": "#x", "members": [HOME]})),
            ),
            "error `membershipKind`",
        ),
        (
            "a filter that does not parse",
            policy("conditions.devices", filter(json!("device.x"))),
            "error does not parse",
        ),
        (
            "an empty filter",
            policy("conditions.devices", filter(json!(""))),
            "error does not parse",
        ),
        (
            "a filter without a rule",
            policy("conditions.devices", filter(Value::Null)),
            "error `rule` is missing",
        ),
    ];
    check(rows);
}

#[test]
fn disabled_policies_are_read_like_others() {
    let mut bad = ca("block");
    set(&mut bad, "state", json!("disabled"));
    set(
        &mut bad,
        "conditions.devices",
        json!({"deviceFilter": {"mode": "include", "rule": "x"}}),
    );
    let disabled = vec![("resource.conditionalAccess", json!([bad]))];
    check(vec![(
        "a disabled one",
        disabled,
        "error resource.conditionalAccess[0].conditions",
    )]);
}

#[test]
fn what_is_missing_or_of_the_wrong_kind() {
    let rows: Vec<Row> = vec![
        (
            "no resource",
            vec![("resource", Value::Null)],
            "error `resource` is missing",
        ),
        (
            "no home",
            vec![("home", Value::Null)],
            "error `home` is missing",
        ),
        (
            "no request",
            vec![("request", Value::Null)],
            "error `request` is missing",
        ),
        (
            "no user",
            vec![("request.user", Value::Null)],
            "error `user` is missing",
        ),
        (
            "no cloud",
            vec![("home.cloud", Value::Null)],
            "error `cloud` is missing",
        ),
        (
            "no tenant",
            vec![("home.tenantId", Value::Null)],
            "error `tenantId` is missing",
        ),
        (
            "no user ID",
            vec![("request.user.id", Value::Null)],
            "error `id` is missing",
        ),
        (
            "no type",
            vec![("request.user.type", Value::Null)],
            "error `type` is missing",
        ),
        (
            "an unknown type",
            vec![("request.user.type", json!("guest"))],
            "error request.user.type: `guest`",
        ),
        (
            "types are single words",
            vec![("request.user.type", json!("internalGuest,serviceProvider"))],
            "error request.user.type",
        ),
        (
            "a tenant that is no GUID",
            vec![("home.tenantId", json!("contoso.com"))],
            "error is not a GUID",
        ),
        (
            "an address that is none",
            vec![("request.signIn.ipAddress", json!("1.2.3"))],
            "error request.signIn.ipAddress",
        ),
        (
            "an unknown platform",
            vec![("request.signIn.platform", json!("beos"))],
            "error request.signIn.platform",
        ),
        (
            "an unknown risk",
            vec![("request.signIn.userRiskLevel", json!("some"))],
            "error request.signIn.userRiskLevel",
        ),
        (
            "methods that are no list",
            vec![("request.signIn.homeMethods", json!("password"))],
            "error a list is expected",
        ),
        (
            "groups that are no texts",
            vec![("request.user.groups", json!([1]))],
            "error request.user.groups[0]",
        ),
        (
            "a pair of three",
            vec![("pairs", json!([["a", "b", "c"]]))],
            "error pairs[0]: a pair",
        ),
        (
            "a pair that is a text",
            vec![("pairs", json!(["a"]))],
            "error pairs[0]",
        ),
        (
            "a policy that is a text",
            vec![("home.policy", json!("x"))],
            "error home.policy: an object",
        ),
        (
            "trust that is a text",
            vec![(
                "home.policy.default.inboundTrust.isMfaAccepted",
                json!("yes"),
            )],
            "error isMfaAccepted: `true`",
        ),
        (
            "a target without a type",
            vec![(
                INBOUND,
                json!({"usersAndGroups": {"accessType": "allowed", "targets": [{"target": OTHER}]}}),
            )],
            "error `targetType` is missing",
        ),
        (
            "a target without a target",
            vec![(
                INBOUND,
                json!({"usersAndGroups": {"accessType": "allowed", "targets": [{"targetType": "user"}]}}),
            )],
            "error `target` is missing",
        ),
        (
            "a range that is none",
            vec![(
                "resource.namedLocations",
                json!([{"id": OTHER, "ipRanges": [{"cidrAddress": "1.2.3.0/40"}]}]),
            )],
            "error resource.namedLocations[0].ipRanges[0].cidrAddress",
        ),
    ];
    check(rows);
    let lenient: Vec<Row> = vec![
        (
            "a keyword needs no type",
            vec![(
                INBOUND,
                json!({"usersAndGroups": {"accessType": "blocked", "targets": [{"target": "AllUsers"}]},
                "applications": {"accessType": "blocked", "targets": [{"target": APP}]}}),
            )],
            "deny resource users 500213",
        ),
        (
            "a claim that is no truth value is no claim",
            vec![
                ("request.signIn.device", json!({"isCompliant": "true"})),
                (
                    "resource.policy.partners.0.inboundTrust",
                    json!({"isCompliantDeviceAccepted": true}),
                ),
                ("resource.conditionalAccess", json!([ca("compliantDevice")])),
            ],
            "deny resource conditionalAccess 53000 | failure",
        ),
        (
            "texts among the groups that are no GUIDs match nothing",
            vec![
                ("request.user.groups", json!(["project", HOME])),
                (
                    INBOUND,
                    json!({"usersAndGroups": users("blocked", OTHER), "applications": apps("blocked", APP)}),
                ),
            ],
            "allow",
        ),
    ];
    check(lenient);
}
