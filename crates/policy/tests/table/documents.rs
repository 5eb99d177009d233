//! *Documents are taken as people have them*.

use serde_json::{Value, json};

use crate::support::{APP, HOME, NORA, OTHER, Row, US, apps, ca, check, half, users};

const INBOUND: &str = "resource.policy.partners.0.b2bCollaborationInbound";

#[test]
fn what_is_not_configured_and_what_is_ignored() {
    let rows: Vec<Row> = vec![
        (
            "null, [] and objects of only such",
            vec![(
                INBOUND,
                json!({"usersAndGroups": [], "applications": {"accessType": null}}),
            )],
            "allow",
        ),
        (
            "a whole default of such",
            vec![(
                "resource.policy.default",
                json!({"b2bCollaborationInbound": {}, "inboundTrust": null}),
            )],
            "allow",
        ),
        (
            "annotations are ignored",
            vec![(
                INBOUND,
                json!({"@odata.type": "#x", "applications@odata.context": "y", "#act": {}}),
            )],
            "allow",
        ),
        (
            "an annotation configures nothing",
            vec![(INBOUND, json!({"usersAndGroups": {"@odata.type": "#x"}}))],
            "allow",
        ),
        (
            "unknown members are ignored, in whatever case",
            vec![
                ("resource.policy.partners.0.isServiceProvider", json!(true)),
                ("resource.policy.partners.0.DisplayName", json!("x")),
                ("resource.policy.definition", json!(["x"])),
                ("comment", json!("x")),
                ("request.user.name", json!("nora")),
            ],
            "allow",
        ),
        (
            "policy absent is the service default",
            vec![
                ("home.cloud", json!("microsoftonline.com")),
                ("resource.policy", Value::Null),
            ],
            "allow",
        ),
        (
            "words are trimmed and read without case",
            vec![(
                INBOUND,
                json!({"usersAndGroups": half(" BLOCKED ", &[(NORA, " USER")])}),
            )],
            "deny resource users 500213",
        ),
        (
            "words of the request, too",
            vec![("request.user.type", json!(" B2BCollaborationGuest "))],
            "allow",
        ),
        (
            "GUIDs of the request compare without case",
            vec![
                ("request.user.id", json!(NORA.to_uppercase())),
                (INBOUND, json!({"usersAndGroups": users("blocked", NORA)})),
            ],
            "deny resource users 500213",
        ),
        (
            "signIn absent is empty",
            vec![
                ("request.signIn", Value::Null),
                ("resource.conditionalAccess", json!([ca("mfa")])),
            ],
            "challenge mfa@resource | failure",
        ),
        (
            "list answers of Conditional Access",
            vec![(
                "resource.conditionalAccess",
                json!({"value": [ca("block")]}),
            )],
            "deny resource conditionalAccess 53003 | failure",
        ),
    ];
    check(rows);
}

#[test]
fn a_name_that_differs_only_in_case_is_an_error() {
    for (path, wrong, known) in [
        ("", "Resource", "resource"),
        ("", "REQUEST", "request"),
        ("resource", "ConditionalAccess", "conditionalAccess"),
        ("resource", "offeredToguests", "offeredToGuests"),
        ("home", "TenantId", "tenantId"),
        (
            "resource.policy",
            "AllowedCloudEndpoints",
            "allowedCloudEndpoints",
        ),
        ("resource.policy", "Partners", "partners"),
        ("resource.policy", "Default", "default"),
        ("resource.policy.partners.0", "Cloud", "cloud"),
        (
            "resource.policy.partners.0",
            "B2BCollaborationInbound",
            "b2bCollaborationInbound",
        ),
        ("resource.policy.partners.0", "InboundTrust", "inboundTrust"),
        ("request", "SignIn", "signIn"),
        ("request.user", "Groups", "groups"),
        ("request.application", "resourceAppID", "resourceAppId"),
        ("request.signIn", "IPAddress", "ipAddress"),
    ] {
        let mut case = crate::support::base();
        let path = if path.is_empty() {
            wrong.to_owned()
        } else {
            format!("{path}.{wrong}")
        };
        crate::support::set(&mut case, &path, json!(["x"]));
        let found = crate::support::short(&crate::support::answer(&case));
        assert!(found.starts_with("error "), "{path}: {found}");
        assert!(
            found.contains(&format!("`{wrong}`")) && found.contains(&format!("`{known}`")),
            "{found}"
        );
    }
    let nested: Vec<Row> = vec![
        (
            "in a half",
            vec![(
                INBOUND,
                json!({"applications": {"AccessType": "blocked", "targets": [
                {"target": APP, "targetType": "application"}]}}),
            )],
            "error `AccessType`",
        ),
        (
            "in a target",
            vec![(
                INBOUND,
                json!({"applications": {"accessType": "blocked", "targets": [
                {"Target": APP, "targetType": "application"}]}}),
            )],
            "error `Target`",
        ),
        (
            "in trust",
            vec![(
                "resource.policy.default.inboundTrust",
                json!({"isMFAAccepted": true}),
            )],
            "error `isMFAAccepted` differs from `isMfaAccepted`",
        ),
        (
            "in a device",
            vec![("request.signIn.device", json!({"IsCompliant": true}))],
            "error request.signIn.device: `IsCompliant`",
        ),
    ];
    check(nested);
}

#[test]
fn errors_say_where() {
    let rows: Vec<Row> = vec![(
        "the path to the fault",
        vec![(
            "resource.policy.partners",
            json!([{"tenantId": OTHER}, {"tenantId": HOME,
            "b2bCollaborationInbound": {"applications": apps("perhaps", APP)}}]),
        )],
        "error resource.policy.partners[1].b2bCollaborationInbound.applications.accessType: `perhaps`",
    )];
    check(rows);
    let clouds = vec![("resource.policy.allowedCloudEndpoints", json!([US, 5]))];
    check(vec![(
        "places in lists",
        clouds,
        "error resource.policy.allowedCloudEndpoints[1]:",
    )]);
}
