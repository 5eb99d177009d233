//! Conditional Access by its numbered rules.

use std::collections::BTreeSet;

use comity_model::{
    conditional_access::{ConditionalAccessPolicy, MethodSet},
    decision::{AppliedResult, Control, Outcome},
    guest_type::GuestType,
    named_location::{NamedLocation, parse_address},
    session::Place,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AccessDecision, CompiledAccess, Device, Signals};
use crate::trust::Trust;

const HOME: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(2);
const APP: Uuid = Uuid::from_u128(3);
const PLACE: &str = "00000000-0000-0000-0000-0000000000aa";

fn policy(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = json!({
        "displayName": "p", "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"]},
            "users": {"includeUsers": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}});
    change(&mut policy);
    policy
}

fn compiled(policies: &[Value]) -> CompiledAccess {
    let read = |p: &Value| ConditionalAccessPolicy::from_graph(p).unwrap();
    let location = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": PLACE,
        "displayName": "l", "isTrusted": true,
        "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "203.0.113.9/24"}]});
    CompiledAccess::compile(
        policies.iter().map(read).collect(),
        vec![NamedLocation::from_graph(&location).unwrap()],
    )
}

fn judge(policies: &[Value], change: impl FnOnce(&mut Signals<'_>)) -> AccessDecision {
    let none = BTreeSet::new();
    let mut signals = Signals {
        kind: GuestType::B2bCollaborationGuest,
        home_tenant: Some(HOME),
        user: Some(USER),
        groups: &none,
        roles: &none,
        application: Some(APP),
        client_app_type: None,
        platform: None,
        address: parse_address("203.0.113.7"),
        country: None,
        sign_in_risk: None,
        user_risk: None,
        home_methods: MethodSet::of_joined("password"),
        resource_methods: MethodSet::default(),
        device: None,
        trust: Trust::default(),
        offered: MethodSet::OFFERED_TO_GUESTS,
    };
    change(&mut signals);
    compiled(policies).evaluate(&signals)
}

fn earned(decision: &AccessDecision) -> Vec<(Control, Place)> {
    decision.controls.iter().collect()
}

#[test]
fn a_second_factor_is_earned_where_it_is_believed() {
    let mfa = [policy(|_| {})];
    assert_eq!(
        earned(&judge(&mfa, |_| {})),
        [(Control::Mfa, Place::Resource)]
    );
    assert_eq!(
        earned(&judge(&mfa, |s| s.trust.mfa = true)),
        [(Control::Mfa, Place::Home)]
    );
    let both = MethodSet::of_joined("password,softwareOath");
    let trusted = judge(&mfa, |s| {
        s.trust.mfa = true;
        s.home_methods = both;
    });
    assert_eq!(trusted.outcome, Outcome::Allow);
    assert_eq!(
        judge(&mfa, |s| s.home_methods = both).outcome,
        Outcome::Challenge
    );
    let code = MethodSet::of_joined("softwareOath");
    assert_eq!(
        judge(&mfa, |s| s.resource_methods = code).outcome,
        Outcome::Allow
    );
    let internal = judge(&mfa, |s| {
        s.resource_methods = code;
        s.kind = GuestType::InternalGuest;
    });
    assert_eq!(internal.outcome, Outcome::Challenge);
    let direct = judge(&mfa, |s| s.kind = GuestType::B2bDirectConnectUser);
    assert_eq!((direct.outcome, direct.code), (Outcome::Deny, Some(53_003)));
}

#[test]
fn refusals_have_an_order() {
    let wanting =
        |control: &str| policy(|p| p["grantControls"]["builtInControls"] = json!([control]));
    let code = |policies: &[Value]| judge(policies, |_| {}).code;
    assert_eq!(code(&[wanting("compliantDevice")]), Some(53_000));
    assert_eq!(code(&[wanting("domainJoinedDevice")]), Some(53_001));
    assert_eq!(
        code(&[wanting("domainJoinedDevice"), wanting("compliantDevice")]),
        Some(53_000)
    );
    assert_eq!(
        code(&[wanting("compliantDevice"), wanting("block")]),
        Some(53_003)
    );
    assert_eq!(
        code(&[wanting("passwordChange"), wanting("domainJoinedDevice")]),
        Some(53_001)
    );
    let device = Device {
        is_compliant: Some(true),
        ..Device::default()
    };
    let untrusted = judge(&[wanting("compliantDevice")], |s| s.device = Some(device));
    assert_eq!(untrusted.outcome, Outcome::Deny);
    let trusted = judge(&[wanting("compliantDevice")], |s| {
        s.device = Some(device);
        s.trust.compliant_device = true;
    });
    assert_eq!(trusted.outcome, Outcome::Allow);
}

#[test]
fn any_and_all() {
    let both = |operator: &str| {
        policy(|p| {
            p["grantControls"] = json!({"operator": operator,
                "builtInControls": ["mfa", "compliantDevice"]});
        })
    };
    assert_eq!(judge(&[both("OR")], |_| {}).outcome, Outcome::Challenge);
    assert_eq!(judge(&[both("AND")], |_| {}).code, Some(53_000));
}

#[test]
fn report_only_never_decides_and_disabled_is_silent() {
    let state = |state: &str| {
        policy(|p| {
            p["state"] = state.into();
            p["grantControls"]["builtInControls"] = json!(["block"]);
        })
    };
    let report = "enabledForReportingButNotEnforced";
    let decision = judge(&[state(report), state("disabled")], |_| {});
    assert_eq!(decision.outcome, Outcome::Allow);
    let results: Vec<_> = decision.policies.iter().map(|p| p.result).collect();
    assert_eq!(
        results,
        [AppliedResult::ReportOnlyFailure, AppliedResult::NotEnabled]
    );
    assert_eq!(judge(&[state("enabled")], |_| {}).code, Some(53_003));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn whom_a_policy_reaches() {
    let applies = |place: &str, value: Value| {
        let policy = policy(|p| {
            p["grantControls"]["builtInControls"] = json!(["block"]);
            p["conditions"][place] = value;
        });
        judge(&[policy], |_| {}).outcome == Outcome::Deny
    };
    let guests = |tenants: Value| {
        json!({"includeGuestsOrExternalUsers": {
            "guestOrExternalUserTypes": "b2bCollaborationGuest", "externalTenants": tenants}})
    };
    let listed = |id: Uuid| json!({"membershipKind": "enumerated", "members": [id]});
    for (place, value, expected) in [
        (
            "users",
            json!({"includeUsers": ["GuestsOrExternalUsers"]}),
            true,
        ),
        ("users", json!({"includeUsers": ["None"]}), false),
        ("users", json!({"includeUsers": [USER]}), true),
        (
            "users",
            json!({"includeUsers": ["All"], "excludeUsers": [USER]}),
            false,
        ),
        ("users", guests(Value::Null), true),
        ("users", guests(listed(HOME)), true),
        ("users", guests(listed(APP)), false),
        (
            "users",
            json!({"includeUsers": ["All"], "excludeGroups": [APP]}),
            true,
        ),
        ("applications", json!({"includeApplications": [APP]}), true),
        (
            "applications",
            json!({"includeApplications": [HOME]}),
            false,
        ),
        (
            "applications",
            json!({"includeApplications": ["Office365"]}),
            false,
        ),
        (
            "applications",
            json!({"includeApplications": ["All"], "excludeApplications": [APP]}),
            false,
        ),
        ("clientAppTypes", json!(["browser"]), false),
        (
            "platforms",
            json!({"includePlatforms": ["all"], "excludePlatforms": ["iOS"]}),
            true,
        ),
        ("platforms", json!({"includePlatforms": ["linux"]}), false),
        (
            "locations",
            json!({"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}),
            false,
        ),
        ("locations", json!({"includeLocations": [PLACE]}), true),
        ("locations", json!({"excludeLocations": [APP]}), false),
        ("signInRiskLevels", json!(["high"]), false),
        (
            "devices",
            json!({"deviceFilter": {"mode": "include", "rule": "device.model -ne \"x\""}}),
            true,
        ),
        (
            "devices",
            json!({"deviceFilter": {"mode": "exclude", "rule": "device.model -eq \"x\""}}),
            true,
        ),
        (
            "devices",
            json!({"deviceFilter": {"mode": "include", "rule": "device.isCompliant -eq True"}}),
            false,
        ),
    ] {
        assert_eq!(applies(place, value.clone()), expected, "{place} {value}");
    }
}

#[test]
fn strengths() {
    let strength = |id: &str, combinations: Value| {
        policy(|p| {
            p["grantControls"] = json!({"operator": "OR", "authenticationStrength":
                {"id": id, "allowedCombinations": combinations}});
        })
    };
    let resistant = strength("00000000-0000-0000-0000-000000000004", json!([]));
    assert_eq!(
        judge(std::slice::from_ref(&resistant), |_| {}).code,
        Some(53_003)
    );
    let trusted = judge(std::slice::from_ref(&resistant), |s| s.trust.mfa = true);
    assert_eq!(
        earned(&trusted),
        [(Control::AuthenticationStrength, Place::Home)]
    );
    let fido = MethodSet::of_joined("fido2");
    assert_eq!(
        judge(&[resistant], |s| s.resource_methods = fido).outcome,
        Outcome::Allow
    );
    let mfa = strength("00000000-0000-0000-0000-000000000002", json!([]));
    assert_eq!(judge(&[mfa], |_| {}).outcome, Outcome::Challenge);
    let strange = strength("00000000-0000-0000-0000-000000000009", json!([]));
    assert_eq!(
        judge(&[strange], |s| s.trust.mfa = true).outcome,
        Outcome::Deny
    );
    let own = strength(
        "00000000-0000-0000-0000-000000000004",
        json!(["password,sms"]),
    );
    let sms = MethodSet::of_joined("sms");
    assert_eq!(
        judge(&[own], |s| s.resource_methods = sms).outcome,
        Outcome::Allow
    );
}
