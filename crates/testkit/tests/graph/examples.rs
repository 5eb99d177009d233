//! The published requests, replayed against the product (issue 3, "Done when").

use std::collections::BTreeSet;

use comity_testkit::Engine;
use serde_json::Value;

use super::{
    compare::{differences, holds},
    fixture::Fixture,
    published::{self, Example},
    rig::{Rig, ok, refused},
};

/// Requests of what is not built, with the status that says so.
const NOT_HERE: &[(&str, u16)] = &[
    ("application_addkey_1", 501),
    ("application_addkey_2", 501),
    ("application_removekey", 501),
    ("authentication_strength_usage", 501),
    ("authentication_strength_update_allowed_combinations", 501),
    ("authentication_strength_create", 501),
    ("authentication_strength_get_builtin", 501),
    ("evaluate_user_application", 501),
    ("evaluate_user_authentication_context", 501),
    ("list_partners_expand_identity_sync", 400),
    ("put_identity_synchronization", 501),
    ("update_identity_synchronization", 501),
    ("get_identity_synchronization", 501),
    ("get_mto_partner_template_configured", 501),
    ("update_mto_partner_template", 501),
    ("create_partner_m365_capability", 501),
    ("group_delta", 501),
    ("group_delta_with_select", 501),
    ("get_roledefinitions_entitlementmanagement_provider", 501),
    ("create_unifiedroledefinition_from_rbacapplication", 501),
    ("get_roleAssignments_3", 501),
    ("create_unifiedroleassignment3_from_rbacapplication_4", 501),
    ("get_devices", 501),
    ("get_a_count", 501),
    ("get_devices_by_extensionAttribute", 501),
    ("get_device", 501),
    ("get_device_select", 501),
    ("create_device_from_devices", 501),
    ("update_device_extensionAttributes", 501),
    ("get_device_memberof", 501),
    ("list_devices_memberof_startswith", 501),
    ("list_provisioningobjectsummary", 501),
    ("list_provisioningobjectsummary_error", 501),
    ("get_subscriptions", 501),
    ("get_subscription", 501),
    ("update_subscription", 501),
    ("delete_subscription", 501),
    ("domain-post-domains", 501),
    ("domain_verify", 501),
    ("get_verificationdnsrecords", 501),
    ("get_domainnamereferences", 501),
    ("update_schemaextension", 400),
    ("user_delta", 501),
    ("user_delta_select", 501),
    ("user_delta_minimal", 501),
    ("get_manager_2", 501),
    ("get_transitive_managers", 400),
    // There are no administrative units.
    ("create_unifiedroleassignment_over_administrativeunit", 400),
    ("directoryobject_getmembergroups", 501),
    ("directoryobject_getmembergroups_me", 501),
    ("directoryobject_getmemberobjects", 501),
    ("directoryobject_checkmembergroups", 501),
    ("directoryobject_checkmembergroups_me", 501),
    ("directoryobject_getById", 501),
];

/// Faults of published pages, and what this directory cannot hold.
const FAULTS: &[(&str, &str)] = &[
    ("get_serviceprincipal", "endpoints"),
    ("get_serviceprincipal", "publisherName"),
    (
        "create_serviceprincipal_from_serviceprincipals",
        "publisherName",
    ),
    ("serviceprincipal_get_approleassignments", "@odata.context"),
    (
        "serviceprincipal_create_approleassignment",
        "@odata.context",
    ),
    (
        "create_conditionalaccesspolicy_from_conditionalaccessroot_4",
        "conditions/applications/includeProtectionLevels",
    ),
    (
        "create_conditionalaccesspolicy_from_conditionalaccessroot_4",
        "conditions/times",
    ),
    ("get_crosstenantaccesspolicy", "value"),
    ("group_get_owners", "value/accountEnabled"),
    ("get_roleAssignments_1", "value/principal/accountEnabled"),
    ("get_roleAssignments_1", "value/principal/imAddresses"),
    ("get_roleAssignments_1", "value/principal/mailNickname"),
    ("get_roleAssignments_1", "value/principal/userType"),
    (
        "create_unifiedroleassignment_over_application",
        "principalOrganizationId",
    ),
    ("get_unifiedroleassignment_2", "@odata.context"),
    ("get_unifiedroleassignment_2", "@odata.type"),
    ("get_directoryaudit_2", "@odata.context"),
    ("get_directoryaudit_1", "@odata.context"),
    ("get_directoryaudit_1", "value"),
    ("get_organization_1", "directorySizeQuota"),
    ("get_users_2", "value/mailNickname"),
    ("get_users_2", "value/otherMails"),
    ("get_users_2", "value/proxyAddresses"),
    ("get_wa_count", "value/mailNickname"),
    (
        "user_get_approleassignments_filterby_resourceId",
        "@odata.context",
    ),
    ("user_create_approleassignment", "status 201"),
    ("get_directoryaudit_2", "value/targetResources/Type"),
    ("get_enabled_dynamic_groups", "value is empty"),
    ("get_groups_with_licenses", "value is empty"),
    ("get_groups_withlicenseerrors_count", "value is empty"),
    ("list_signins_2", "value is empty"),
];

async fn replay(rig: &Rig, fixture: &Fixture, example: &Example) -> Vec<String> {
    let path = published::path(example, fixture);
    let body = published::body(example, fixture);
    let text = body.as_ref().map(Value::to_string);
    let headers: Vec<(&str, &str)> = example
        .headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let answer = rig
        .ask(
            &rig.admin,
            (&example.method, &path),
            &headers,
            text.as_deref().map(str::as_bytes),
        )
        .await;
    let status = answer.status.as_u16();
    if status >= 400 {
        let (_, code, message) = refused(&answer);
        return vec![format!("status {status}"), format!("({code}: {message})")];
    }
    let mut found = Vec::new();
    if status != example.status {
        found.push(format!("status {status}"));
    }
    let have = answer.json().unwrap_or_default();
    if example.response.is_object() {
        found.extend(differences(&example.response, &have));
    }
    if let Some(sent) = &body {
        found.extend(determined(rig, example, &path, (sent, &have)).await);
    } else if example.method == "DELETE" {
        found.extend(gone(rig, &path).await);
    }
    found.extend(selected(&path, &have));
    found
}

/// What the request determines: members of the answer, or of the object read again.
async fn determined(
    rig: &Rig,
    example: &Example,
    path: &str,
    (sent, have): (&Value, &Value),
) -> Vec<String> {
    let Some(members) = sent.as_object() else {
        return Vec::new();
    };
    if let Some(reference) = sent.get("@odata.id").and_then(Value::as_str) {
        let id = reference.rsplit('/').next().unwrap();
        let list = ok(&rig.get(path.trim_end_matches("/$ref")).await);
        let there = list["value"].as_array().unwrap().iter();
        let there = there.filter(|o| o["id"] == *id).count();
        return (there != 1)
            .then(|| format!("{id} is there {there} times"))
            .into_iter()
            .collect();
    }
    let names: Vec<&str> = members
        .keys()
        .map(String::as_str)
        .filter(|n| !n.contains('@') && *n != "passwordProfile")
        .collect();
    let read;
    let have = if example.method == "PATCH" && !names.is_empty() {
        read = ok(&rig
            .get(&format!("{path}?$select={}", names.join(",")))
            .await);
        &read
    } else {
        have
    };
    names
        .into_iter()
        .filter(|n| example.method == "PATCH" || example.response.get(*n).is_some())
        .filter(|n| have.get(*n).is_none_or(|h| !holds(&members[*n], h)))
        .map(|n| format!("{n} is not as sent: {:?}", have.get(n)))
        .collect()
}

/// What was deleted is not there any more.
async fn gone(rig: &Rig, path: &str) -> Vec<String> {
    let missing = match path.strip_suffix("/$ref") {
        None => rig.get(path).await.status == 404,
        Some(reference) => {
            let (list, id) = reference.rsplit_once('/').unwrap();
            let list = ok(&rig.get(list).await);
            list["value"]
                .as_array()
                .unwrap()
                .iter()
                .all(|o| o["id"] != *id)
        }
    };
    (!missing)
        .then(|| "still there".to_owned())
        .into_iter()
        .collect()
}

/// Nothing but what `$select` asks for is served.
fn selected(path: &str, have: &Value) -> Vec<String> {
    let Some((_, names)) = path.split_once("$select=") else {
        return Vec::new();
    };
    let names: Vec<&str> = names.split(['&', '?']).next().unwrap().split(',').collect();
    let objects = match have.get("value").and_then(Value::as_array) {
        Some(list) => list.clone(),
        None => vec![have.clone()],
    };
    objects
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|o| o.keys())
        .filter(|n| {
            !n.contains('@') && *n != "id" && !names.iter().any(|s| s.eq_ignore_ascii_case(n))
        })
        .map(|n| format!("{n} was not selected"))
        .collect()
}

async fn published_on(engine: Engine) {
    let Some(examples) = published::all() else {
        println!("skipped: the published requests are not here");
        return;
    };
    let rig = Rig::start(engine).await;
    let fixture = Fixture::make(&rig).await;
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for example in &examples {
        let name = example.name.as_str();
        let found = replay(&rig, &fixture, example).await;
        let known = |difference: &str| {
            let refused = NOT_HERE
                .iter()
                .any(|(n, s)| *n == name && difference == format!("status {s}"));
            let refused_text =
                difference.starts_with('(') && NOT_HERE.iter().any(|(n, _)| *n == name);
            let fault = FAULTS.iter().any(|(n, p)| *n == name && *p == difference);
            refused || refused_text || fault
        };
        for difference in found {
            if !known(&difference) {
                wrong.push(format!("{name}: {difference}"));
            }
            seen.insert((name, difference));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        examples.len(),
        wrong.join("\n")
    );
    for (name, status) in NOT_HERE {
        let there = seen.contains(&(*name, format!("status {status}")));
        assert!(there, "answered now: {name}");
    }
    for (name, fault) in FAULTS {
        let there = seen.contains(&(*name, (*fault).to_owned()));
        assert!(there, "no fault any more: {name} {fault}");
    }
    assert!(examples.len() > 150);
}

#[tokio::test]
async fn published_requests_are_answered_as_published() {
    for engine in Engine::available() {
        published_on(engine).await;
    }
}

#[test]
fn the_faults_of_the_pages_are_written_down() {
    let document = include_str!("../../../../docs/API-DESIGN.md");
    let ours = NOT_HERE.iter().filter(|(_, status)| *status != 501);
    for name in FAULTS.iter().map(|(n, _)| n).chain(ours.map(|(n, _)| n)) {
        assert!(
            document.contains(name),
            "docs/API-DESIGN.md does not name {name}"
        );
    }
}
