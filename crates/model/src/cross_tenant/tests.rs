//! Reading, writing back, changing and refusing the cross-tenant access policy.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    CrossTenantAccessPolicy, CrossTenantDefault, CrossTenantPartner, TargetValue, ValidationContext,
};
use crate::document::{Document, Mode};

const OTHER: &str = "9c5d131d-b1c3-4fc4-9e3f-c6557947d551";
const OWN: Uuid = Uuid::from_u128(7);

fn half(access: &str, targets: &[(&str, &str)]) -> Value {
    let targets: Vec<Value> = targets
        .iter()
        .map(|(target, kind)| json!({"target": target, "targetType": kind}))
        .collect();
    json!({"accessType": access, "targets": targets})
}

fn context(default: Option<&CrossTenantDefault>) -> ValidationContext<'_> {
    ValidationContext {
        own_cloud: "microsoftonline.com",
        own_tenant: OWN,
        known_clouds: &["microsoftonline.us", "partner.microsoftonline.cn"],
        default,
    }
}

/// The rules that a partner with these properties breaks.
fn broken(mut body: Value) -> Vec<&'static str> {
    let members = body.as_object_mut().unwrap();
    members.entry("tenantId").or_insert_with(|| OTHER.into());
    match CrossTenantPartner::from_graph(&body) {
        Err(_) => vec!["malformed"],
        Ok(partner) => rules(partner.validate(&context(None))),
    }
}

fn rules(result: Result<(), Vec<super::Violation>>) -> Vec<&'static str> {
    result.err().into_iter().flatten().map(|v| v.rule).collect()
}

#[test]
fn a_partner_comes_back_as_it_was_given() {
    let body = json!({
        "tenantId": OTHER,
        "cloud": "microsoftonline.us",
        "inboundTrust": null,
        "automaticUserConsentSettings": {"inboundAllowed": null, "outboundAllowed": null},
        "b2bCollaborationInbound": null,
        "b2bCollaborationOutbound": null,
        "b2bDirectConnectInbound": {"applications": half("allowed", &[("Office365", "application")])},
        "b2bDirectConnectOutbound":
            {"usersAndGroups": half("blocked", &[("6f546279-4da5-4b53-a095-09ea0cef9971", "group")])},
        "tenantRestrictions": null,
        "m365CollaborationInbound": {"users": half("blocked", &[("AllUsers", "user")])},
    });
    let partner = CrossTenantPartner::from_graph(&body).unwrap();
    assert_eq!(Value::Object(partner.to_graph()), body);
    assert_eq!(partner.validate(&context(None)), Ok(()));
}

#[test]
fn words_are_canonical_when_served() {
    let body = json!({"tenantId": OTHER.to_uppercase(), "b2bCollaborationInbound":
        {"usersAndGroups": half(" Allowed", &[("allusers ", "USER")])}});
    let partner = CrossTenantPartner::from_graph(&body).unwrap().to_graph();
    assert_eq!(partner["tenantId"], OTHER);
    assert_eq!(
        partner["b2bCollaborationInbound"]["usersAndGroups"],
        half("allowed", &[("AllUsers", "user")])
    );
}

#[test]
fn a_patch_merges_halves_and_null_clears() {
    let both = json!({"tenantId": OTHER, "inboundTrust": {"isMfaAccepted": true},
        "b2bCollaborationInbound": {
            "usersAndGroups": half("allowed", &[("AllUsers", "user")]),
            "applications": half("allowed", &[("AllApplications", "application")])}});
    let partner = CrossTenantPartner::from_graph(&both).unwrap();
    let patch = |body: Value| partner.patched(body.as_object().unwrap());
    let users = half("blocked", &[(OTHER, "group")]);
    let merged = patch(json!({"b2bCollaborationInbound": {"usersAndGroups": users}})).unwrap();
    let merged = merged.to_graph();
    assert_eq!(merged["b2bCollaborationInbound"]["usersAndGroups"], users);
    assert_eq!(
        merged["b2bCollaborationInbound"]["applications"]["accessType"],
        "allowed"
    );
    assert_eq!(merged["inboundTrust"]["isMfaAccepted"], true);
    let cleared = patch(json!({"b2bCollaborationInbound": null, "inboundTrust": null})).unwrap();
    assert_eq!(cleared, CrossTenantPartner::new(partner.tenant_id, None));
    let error = patch(json!({"tenantId": OWN.to_string()})).unwrap_err();
    assert_eq!(error.field, "tenantId");
    assert!(patch(json!({"cloud": "microsoftonline.us"})).is_err());
}

#[test]
fn the_default_knows_whether_it_is_the_service_default() {
    let default = CrossTenantDefault::service_default();
    assert_eq!(default.validate(&context(None)), Ok(()));
    let graph = default.to_graph();
    assert_eq!(graph["isServiceDefault"], true);
    assert_eq!(
        graph["b2bDirectConnectInbound"]["applications"]["accessType"],
        "blocked"
    );
    let body = json!({"inboundTrust": {"isMfaAccepted": true}});
    let patched = default.patched(body.as_object().unwrap()).unwrap();
    assert_eq!(patched.to_graph()["isServiceDefault"], false);
    assert_eq!(
        patched.to_graph()["inboundTrust"]["isCompliantDeviceAccepted"],
        false
    );
    let stored = Value::Object(patched.to_graph());
    assert_eq!(CrossTenantDefault::from_graph(&stored).unwrap(), patched);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn each_broken_rule_has_a_name_of_its_own() {
    let inbound = |users: Value| json!({"b2bCollaborationInbound": {"usersAndGroups": users}});
    let apps = |apps: Value| json!({"b2bCollaborationOutbound": {"applications": apps}});
    let all = ("AllUsers", "user");
    let every = ("AllApplications", "application");
    let rows: Vec<(Value, &str)> = vec![
        (inbound(half("allowed", &[])), "emptyTargets"),
        (
            inbound(half("allowed", &[(OTHER, "application")])),
            "wrongTargetType",
        ),
        (
            inbound(half("allowed", &[("AllUsers", "group")])),
            "wrongTargetType",
        ),
        (
            inbound(half("allowed", &[all, (OTHER, "user")])),
            "mixedKeyword",
        ),
        (
            inbound(half("allowed", &[("AllApplications", "user")])),
            "wrongKeyword",
        ),
        (
            inbound(half("allowed", &[("nora@northwind.us", "user")])),
            "notAnId",
        ),
        (inbound(half("permitted", &[all])), "malformed"),
        (inbound(json!({"accessType": "allowed"})), "malformed"),
        (inbound(json!({"targets": []})), "malformed"),
        (
            inbound(json!({"accessType": "allowed", "targets": [{"target": OTHER}]})),
            "malformed",
        ),
        (inbound(half("blocked", &[all])), "allUsersBlocked"),
        (apps(half("allowed", &[(OTHER, "user")])), "wrongTargetType"),
        (
            apps(half("allowed", &[every, (OTHER, "application")])),
            "mixedKeyword",
        ),
        (
            apps(half(
                "allowed",
                &[("Office365", "application"), (OTHER, "application")],
            )),
            "mixedKeyword",
        ),
        (
            apps(half("allowed", &[("MicrosoftAdminPortals", "application")])),
            "notAnId",
        ),
        (apps(half("blocked", &[every])), "allApplicationsBlocked"),
        (json!({"cloud": "login.example.gov"}), "unknownCloud"),
        (json!({"tenantId": OWN.to_string()}), "ownTenant"),
        (json!({"tenantId": "contoso.com"}), "malformed"),
        (json!({"InboundTrust": {}}), "malformed"),
        (
            json!({"inboundTrust": {"isMFAAccepted": true}}),
            "malformed",
        ),
        (
            json!({"inboundTrust": {"isMfaAccepted": "yes"}}),
            "malformed",
        ),
    ];
    for (body, rule) in rows {
        assert_eq!(broken(body.clone()), [rule], "{body}");
    }
}

#[test]
fn what_the_rules_leave_alone() {
    let every = ("AllApplications", "application");
    let blocked_group = json!({"b2bCollaborationOutbound": {
        "usersAndGroups": half("blocked", &[(OTHER, "group")]),
        "applications": half("blocked", &[every])}});
    let barred = json!({"b2bCollaborationInbound": {
        "usersAndGroups": half("blocked", &[("AllUsers", "user")]),
        "applications": half("blocked", &[every])}});
    let same_id_elsewhere = json!({"tenantId": OWN.to_string(), "cloud": "microsoftonline.us"});
    for body in [
        blocked_group,
        barred,
        same_id_elsewhere,
        json!({"inboundTrust": {}}),
    ] {
        assert_eq!(broken(body.clone()), Vec::<&str>::new(), "{body}");
    }
}

#[test]
fn lists_are_bounded() {
    let ids = |count: u128, kind: &str| -> Vec<Value> {
        (1..=count)
            .map(|n| json!({"target": Uuid::from_u128(n), "targetType": kind}))
            .collect()
    };
    let users = |targets: Vec<Value>| {
        let half = json!({"accessType": "allowed", "targets": targets});
        broken(json!({"b2bCollaborationInbound": {"usersAndGroups": half}}))
    };
    assert_eq!(users(ids(2_000, "user")), Vec::<&str>::new());
    assert_eq!(users(ids(2_001, "user")), ["tooManyTargets"]);
    assert_eq!(users(ids(500, "group")), Vec::<&str>::new());
    assert_eq!(users(ids(501, "group")), ["tooManyGroups"]);
}

#[test]
fn consistency_is_judged_on_the_merged_value() {
    let closed = json!({"b2bCollaborationInbound": {
        "usersAndGroups": half("blocked", &[("AllUsers", "user")]),
        "applications": half("blocked", &[("AllApplications", "application")])}});
    let closed = CrossTenantDefault::from_graph(&closed).unwrap();
    let opened = json!({"tenantId": OTHER, "b2bCollaborationInbound":
        {"usersAndGroups": half("allowed", &[("AllUsers", "user")])}});
    let partner = CrossTenantPartner::from_graph(&opened).unwrap();
    assert_eq!(rules(partner.validate(&context(None))), Vec::<&str>::new());
    let merged = partner.validate(&context(Some(&closed)));
    assert_eq!(rules(merged), ["allApplicationsBlocked"]);
}

#[test]
fn the_default_names_nobody_in_particular() {
    let check = |body: Value| {
        CrossTenantDefault::from_graph(&body)
            .map(|d| rules(d.validate(&context(None))))
            .unwrap()
    };
    let users = json!({"usersAndGroups": half("allowed", &[(OTHER, "user")])});
    for setting in [
        "b2bCollaborationInbound",
        "b2bDirectConnectInbound",
        "tenantRestrictions",
    ] {
        assert_eq!(
            check(json!({setting: users})),
            ["defaultNamesUsers"],
            "{setting}"
        );
    }
    assert_eq!(
        check(json!({"b2bCollaborationOutbound": users})),
        Vec::<&str>::new()
    );
    let providers = |primary: Value, fallback: Value| {
        check(json!({"invitationRedemptionIdentityProviderConfiguration":
            {"primaryIdentityProviderPrecedenceOrder": primary, "fallbackIdentityProvider": fallback}}))
    };
    assert_eq!(
        providers(json!([]), json!("emailOneTimePasscode")),
        Vec::<&str>::new()
    );
    assert_eq!(providers(json!([]), Value::Null), ["noFallback"]);
    assert_eq!(
        providers(json!([]), json!("azureActiveDirectory")),
        ["notAFallback"]
    );
    assert_eq!(
        providers(json!(["microsoftAccount"]), json!("microsoftAccount")),
        ["notAPrimary"]
    );
    let twice = json!(["externalFederation", "ExternalFederation "]);
    assert_eq!(
        providers(twice, json!("defaultConfiguredIdp")),
        ["duplicateProvider"]
    );
    assert_eq!(
        check(json!({"automaticUserConsentSettings": {"inboundAllowed": true}})),
        ["readOnly"]
    );
}

#[test]
fn clouds_are_known_and_other() {
    let check = |clouds: &[&str]| {
        let clouds: Vec<String> = clouds.iter().map(|c| (*c).to_owned()).collect();
        rules(context(None).check_clouds(&clouds))
    };
    assert_eq!(check(&["microsoftonline.us"]), Vec::<&str>::new());
    assert_eq!(check(&["microsoftonline.com"]), ["ownCloud"]);
    assert_eq!(check(&["microsoftonline.de"]), ["unknownCloud"]);
    assert_eq!(check(&["Microsoftonline.us"]), ["unknownCloud"]);
    assert_eq!(
        check(&["microsoftonline.us", "microsoftonline.us"]),
        ["duplicateCloud"]
    );
}

#[test]
fn judges_read_leniently() {
    let read = |json: &str| {
        let document = Document::parse(json.as_bytes()).unwrap();
        CrossTenantAccessPolicy::read(document.root(), Mode::Lenient)
    };
    let row =
        format!(r#"{{"tenantId":"{OTHER}","unknown":1,"DisplayName":"x","inboundTrust":{{}}}}"#);
    let list = read(&format!(r#"{{"partners":[{row}]}}"#)).unwrap();
    let answer = read(&format!(r#"{{"partners":{{"value":[{row}]}}}}"#)).unwrap();
    assert_eq!(list, answer);
    assert_eq!(list.partners.len(), 1);
    assert_eq!(list.partners[0].rest, Map::new());
    assert_eq!(list.partners[0].settings.inbound_trust, None);
    let twice = read(&format!(r#"{{"partners":[{row},{row}]}}"#)).unwrap_err();
    assert_eq!(twice.field, "partners");
    let empty = r#"{"default":{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":null,"targets":[]}}}}"#;
    assert_eq!(read(empty).unwrap(), CrossTenantAccessPolicy::default());
    for bad in [
        r#"{"partners":{}}"#,
        r#"{"Partners":[]}"#,
        r#"{"default":{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed"}}}}"#,
        r#"{"default":{"b2bCollaborationInbound":{"usersAndGroups":{"accessType":"allowed","targets":[]}}}}"#,
        r#"{"default":{"b2bCollaborationInbound":{"usersAndGroups":{"targets":[{"target":"AllUsers"}]}}}}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn keywords_and_other_texts() {
    assert_eq!(TargetValue::parse(" alLusers"), TargetValue::AllUsers);
    assert_eq!(TargetValue::parse("OFFICE365"), TargetValue::Office365);
    assert_eq!(
        TargetValue::parse("allMicrosoftApps").to_string(),
        "AllMicrosoftApps"
    );
    assert_eq!(
        TargetValue::parse("everyone"),
        TargetValue::Other("everyone".into())
    );
}
