//! Reading, writing back, changing and refusing Conditional Access policies.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ConditionalAccessPolicy, Entry, ExternalTenants, UserKeyword, ValidationContext};
use crate::{
    cross_tenant::Violation,
    document::{Document, Mode},
    named_location::FoundBy,
};

const ID: &str = "ba8e7ded-8b0f-4836-ba06-8ff1ecc5c8ba";

fn simple(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = json!({
        "displayName": "Guests prove two factors",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"]},
            "users": {"includeUsers": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}});
    change(&mut policy);
    policy
}

fn rules(policy: &Value) -> Vec<&'static str> {
    match ConditionalAccessPolicy::from_graph(policy) {
        Err(_) => vec!["malformed"],
        Ok(policy) => {
            let result = policy.validate(&ValidationContext::default());
            result
                .err()
                .unwrap_or_default()
                .into_iter()
                .map(|v| v.rule)
                .collect()
        }
    }
}

fn lenient(policy: &Value) -> Result<ConditionalAccessPolicy, String> {
    let document = Document::from_value(policy).unwrap();
    ConditionalAccessPolicy::read(document.root(), Mode::Lenient).map_err(|e| e.to_string())
}

#[test]
fn the_answer_is_complete() {
    let policy = simple(|p| p["id"] = "x".into());
    let read = ConditionalAccessPolicy::from_graph(&policy).unwrap();
    let graph = read.to_graph();
    let conditions = &graph["conditions"];
    assert_eq!(conditions["users"]["excludeGroups"], json!([]));
    assert_eq!(
        conditions["users"]["includeGuestsOrExternalUsers"],
        Value::Null
    );
    assert_eq!(conditions["locations"], Value::Null);
    assert_eq!(graph["sessionControls"], Value::Null);
    assert_eq!(graph["grantControls"]["termsOfUse"], json!([]));
    let again = ConditionalAccessPolicy::from_graph(&Value::Object(graph)).unwrap();
    assert_eq!(again, read);
    assert_eq!(rules(&policy), Vec::<&str>::new());
}

#[test]
fn a_patch_merges_blocks_and_replaces_lists() {
    let policy = ConditionalAccessPolicy::from_graph(&simple(|_| {})).unwrap();
    let patch = |body: Value| policy.patched(body.as_object().unwrap());
    let changed = patch(json!({
        "description": "d",
        "conditions": {"users": {"includeUsers": [ID]}, "locations": {"includeLocations": ["All"]}}}));
    let graph = changed.unwrap().to_graph();
    assert_eq!(graph["conditions"]["users"]["includeUsers"], json!([ID]));
    assert_eq!(
        graph["conditions"]["applications"]["includeApplications"],
        json!(["All"])
    );
    assert_eq!(graph["conditions"]["clientAppTypes"], json!(["all"]));
    assert_eq!(graph["description"], "d");
    let cleared = patch(json!({"grantControls": null})).unwrap();
    assert_eq!(cleared.grant_controls, None);
}

#[test]
fn external_tenants() {
    let guests = |tenants: Value| {
        let policy = simple(|p| {
            p["conditions"]["users"]["includeGuestsOrExternalUsers"] = json!({
                "guestOrExternalUserTypes": "internalGuest, b2bCollaborationGuest",
                "externalTenants": tenants});
        });
        lenient(&policy).map(|p| p.conditions.users.include_guests.unwrap().external_tenants)
    };
    let listed = ExternalTenants::Enumerated(vec![Entry::parse(ID)]);
    let none = ExternalTenants::Enumerated(vec![]);
    let typed = "#microsoft.graph.conditionalAccessEnumeratedExternalTenants";
    let all = "#microsoft.graph.conditionalAccessAllExternalTenants";
    assert_eq!(guests(Value::Null), Ok(ExternalTenants::Unset));
    assert_eq!(guests(json!({})), Ok(ExternalTenants::Unset));
    assert_eq!(
        guests(json!({"membershipKind": "All"})),
        Ok(ExternalTenants::All)
    );
    assert_eq!(
        guests(json!({"@odata.type": all})),
        Ok(ExternalTenants::All)
    );
    assert_eq!(
        guests(json!({"membershipKind": "enumerated", "members": [ID]})),
        Ok(listed.clone())
    );
    assert_eq!(
        guests(json!({"@odata.type": typed, "members": [ID]})),
        Ok(listed)
    );
    assert_eq!(
        guests(json!({"membershipKind": "enumerated"})),
        Ok(none.clone())
    );
    assert_eq!(
        guests(json!({"@odata.type": typed, "members": []})),
        Ok(none)
    );
    assert!(guests(json!({"members": [ID]})).is_err());
    assert!(guests(json!({"@odata.type": "#x", "members": [ID]})).is_err());
    assert!(guests(json!({"MembershipKind": "all"})).is_err());
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn unknown_members_of_conditions() {
    for (place, value, judgeable) in [
        ("/conditions", json!({"times": {"all": true}}), false),
        (
            "/conditions",
            json!({"times": null, "clients": [], "deviceStates": {"a": null}}),
            true,
        ),
        ("/conditions/users", json!({"includeEveryone": true}), false),
        (
            "/conditions/applications",
            json!({"networkAccess": {"x": 1}}),
            false,
        ),
        (
            "/conditions/applications",
            json!({"includeUserActions": ["urn:user:registerdevice"]}),
            false,
        ),
        (
            "/conditions/applications",
            json!({"includeAuthenticationContextClassReferences": ["c1"]}),
            false,
        ),
        (
            "/conditions/applications",
            json!({"applicationFilter": {"mode": "include", "rule": "x"}}),
            false,
        ),
        ("/conditions", json!({"insiderRiskLevels": "minor"}), false),
        (
            "/conditions",
            json!({"servicePrincipalRiskLevels": ["low"]}),
            false,
        ),
        (
            "/conditions",
            json!({"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}),
            false,
        ),
        (
            "/conditions",
            json!({"clientApplications": {"includeServicePrincipals": ["x"]}}),
            false,
        ),
        (
            "/conditions",
            json!({"clientApplications": {"includeServicePrincipals": []}}),
            true,
        ),
        (
            "/conditions",
            json!({"devices": {"includeDevices": ["x"]}}),
            false,
        ),
        (
            "/conditions",
            json!({"platforms": {"includePlatforms": ["all"], "x": 1}}),
            false,
        ),
        (
            "/conditions",
            json!({"locations": {"includeLocations": ["All"], "x": 1}}),
            false,
        ),
        (
            "/conditions",
            json!({"signInRiskLevels": ["low"], "userRiskLevels": ["none"]}),
            true,
        ),
        (
            "",
            json!({"partialEnablementStrategy": "x", "DisplayName": "x"}),
            true,
        ),
    ] {
        let policy = simple(|p| {
            let place = p.pointer_mut(place).unwrap().as_object_mut().unwrap();
            place.extend(value.as_object().unwrap().clone());
        });
        let read = lenient(&policy).unwrap();
        assert_eq!(read.conditions.is_judgeable(), judgeable, "{value}");
    }
}

#[test]
fn names_in_other_case_are_errors() {
    for (place, name) in [
        ("", "State"),
        ("", "GrantControls"),
        ("/conditions", "Users"),
        ("/conditions", "insiderrisklevels"),
        ("/conditions/users", "includeusers"),
        ("/conditions/applications", "ApplicationFilter"),
        ("/grantControls", "builtincontrols"),
    ] {
        let policy = simple(|p| {
            let place = p.pointer_mut(place).unwrap().as_object_mut().unwrap();
            place.insert(name.into(), json!(["x"]));
        });
        let error = lenient(&policy).unwrap_err();
        assert!(error.contains(&format!("`{name}` differs from")), "{error}");
    }
}

#[test]
fn words_are_trimmed_and_read_without_case() {
    let policy = simple(|p| {
        p["state"] = " Enabled ".into();
        p["conditions"]["users"]["includeUsers"] = json!([" all", ID.to_uppercase()]);
        p["conditions"]["clientAppTypes"] = json!(["Browser "]);
        p["grantControls"]["operator"] = "or".into();
    });
    let read = lenient(&policy).unwrap();
    let users = &read.conditions.users.include_users;
    assert_eq!(users, &[Entry::Keyword(UserKeyword::All), Entry::parse(ID)]);
    for (place, bad) in [
        ("/state", json!("on")),
        ("/conditions/clientAppTypes", json!(["fax"])),
        ("/grantControls/operator", json!("XOR")),
        ("/grantControls/builtInControls", json!(["magic"])),
        ("/conditions/users/includeUsers", json!("All")),
        ("/conditions/users/includeUsers", json!([1])),
    ] {
        let policy = simple(|p| *p.pointer_mut(place).unwrap() = bad.clone());
        assert!(lenient(&policy).is_err(), "{place} {bad}");
    }
    let stateless = simple(|p| p["state"] = Value::Null);
    assert!(lenient(&stateless).is_err());
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn each_broken_rule_has_a_name_of_its_own() {
    for (place, value, rule) in [
        ("/displayName", json!(" "), "name"),
        (
            "/conditions/users/includeUsers",
            json!([]),
            "nobodyIncluded",
        ),
        (
            "/conditions/users/includeUsers",
            json!(["All", ID]),
            "mixedKeyword",
        ),
        ("/conditions/users/includeUsers", json!(["nora"]), "notAnId"),
        (
            "/conditions/applications/includeApplications",
            json!([]),
            "nothingIncluded",
        ),
        (
            "/conditions/applications/includeApplications",
            json!(["None", ID]),
            "mixedKeyword",
        ),
        (
            "/conditions/applications/includeApplications",
            json!(["Expenses"]),
            "notAnId",
        ),
        ("/conditions/clientAppTypes", json!([]), "noClientAppTypes"),
        ("/grantControls", Value::Null, "noControls"),
        ("/grantControls/operator", Value::Null, "noOperator"),
        (
            "/grantControls/builtInControls",
            json!(["block", "mfa"]),
            "blockNotAlone",
        ),
        (
            "/grantControls/builtInControls",
            json!(["passwordChange"]),
            "notEnforced",
        ),
    ] {
        let policy = simple(|p| *p.pointer_mut(place).unwrap() = value.clone());
        assert_eq!(rules(&policy), [rule], "{place} {value}");
    }
    for (name, value, rule) in [
        (
            "locations",
            json!({"excludeLocations": ["AllTrusted"]}),
            "onlyExcludes",
        ),
        (
            "platforms",
            json!({"excludePlatforms": ["iOS"]}),
            "onlyExcludes",
        ),
        ("signInRiskLevels", json!(["high"]), "notEnforced"),
        ("times", json!({"all": 1}), "malformed"),
        (
            "devices",
            json!({"deviceFilter": {"mode": "include", "rule": "device.x"}}),
            "malformed",
        ),
        (
            "devices",
            json!({"deviceFilter": {"mode": "include", "rule": "device.x -eq True"}}),
            "notEnforced",
        ),
    ] {
        let policy = simple(|p| p["conditions"][name] = value.clone());
        assert_eq!(rules(&policy), [rule], "{name} {value}");
    }
}

#[test]
fn what_is_not_enforced_may_sleep() {
    let policy = simple(|p| {
        p["conditions"]["userRiskLevels"] = json!(["high"]);
        p["grantControls"]["termsOfUse"] = json!([ID]);
        p["sessionControls"] = json!({"signInFrequency": {"value": 4}, "persistentBrowser": null});
    });
    let named: Vec<String> = ConditionalAccessPolicy::from_graph(&policy)
        .unwrap()
        .unenforceable()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        named,
        [
            "`conditions.userRiskLevels`",
            "`grantControls.termsOfUse`",
            "`sessionControls.signInFrequency`"
        ]
    );
    assert_eq!(rules(&policy).len(), 3);
    for (state, count) in [("disabled", 0), ("enabledForReportingButNotEnforced", 3)] {
        let mut policy = policy.clone();
        policy["state"] = state.into();
        assert_eq!(rules(&policy).len(), count, "{state}");
    }
}

fn in_locations(include: &[Uuid], exclude: &[Uuid], state: &str) -> ConditionalAccessPolicy {
    let policy = simple(|p| {
        p["state"] = state.into();
        p["conditions"]["locations"] =
            json!({"includeLocations": include, "excludeLocations": exclude});
    });
    ConditionalAccessPolicy::from_graph(&policy).unwrap()
}

fn location_rules(policy: &ConditionalAccessPolicy, known: &[(Uuid, FoundBy)]) -> Vec<Violation> {
    let known: BTreeMap<Uuid, FoundBy> = known.iter().copied().collect();
    let context = ValidationContext {
        locations: Some(&known),
    };
    policy.validate(&context).err().unwrap_or_default()
}

#[test]
fn locations_exist() {
    let id: Uuid = ID.parse().unwrap();
    let policy = in_locations(&[id], &[], "enabled");
    assert_eq!(location_rules(&policy, &[(id, FoundBy::Address)]), []);
    assert_eq!(location_rules(&policy, &[])[0].rule, "unknownLocation");
    let asleep = in_locations(&[id], &[Uuid::nil()], "disabled");
    assert_eq!(location_rules(&asleep, &[(id, FoundBy::Address)]), []);
}

#[test]
fn what_is_found_by_country_may_sleep() {
    let id: Uuid = ID.parse().unwrap();
    let other = Uuid::from_u128(7);
    let (include, exclude) = (([id], [other]), ([other], [id]));
    for (kind, lists, field, is_judged) in [
        (FoundBy::Address, include, "", true),
        (FoundBy::Address, exclude, "", true),
        (FoundBy::Country, include, "includeLocations", false),
        (FoundBy::Country, exclude, "excludeLocations", false),
        (FoundBy::CountryOrUnknown, include, "", true),
        (
            FoundBy::CountryOrUnknown,
            exclude,
            "excludeLocations",
            false,
        ),
    ] {
        let known = [(id, kind), (other, FoundBy::Address)];
        for state in ["enabled", "enabledForReportingButNotEnforced"] {
            let found = location_rules(&in_locations(&lists.0, &lists.1, state), &known);
            assert_eq!(found.is_empty(), is_judged, "{kind:?} {field} {state}");
            for violation in found {
                assert_eq!(violation.rule, "notEnforced");
                assert_eq!(violation.field, format!("conditions.locations.{field}"));
                assert!(violation.message.contains(ID), "{}", violation.message);
            }
        }
        let asleep = in_locations(&lists.0, &lists.1, "disabled");
        assert_eq!(location_rules(&asleep, &known), [], "{kind:?} {field}");
    }
}

#[test]
fn the_list_of_trusted_addresses_is_not_enforced() {
    let id: Uuid = ID.parse().unwrap();
    let known = [(id, FoundBy::Address)];
    for (include, exclude) in [(Uuid::nil(), id), (id, Uuid::nil())] {
        let enabled = in_locations(&[include], &[exclude], "enabled");
        let found = location_rules(&enabled, &known);
        assert_eq!(found[0].rule, "notEnforced");
        assert!(found[0].message.contains(&Uuid::nil().to_string()));
        let asleep = in_locations(&[include], &[exclude], "disabled");
        assert_eq!(location_rules(&asleep, &known), []);
    }
}
