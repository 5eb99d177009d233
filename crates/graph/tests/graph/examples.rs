//! The published requests of the original's reference pages, replayed: those of what is built are
//! answered as published (status, names and types of properties, values), the others with 400, 404
//! or 501 in Graph's envelope. What is wrong on a page itself stands in `FAULTS` and in
//! `docs/API-DESIGN.md`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    edge::Edge,
    published::{self, Example, Values},
};

/// Nothing is deleted in memory: the replay through the product compares these.
const ELSEWHERE: [&str; 3] = [
    "get_directory",
    "create_directoryobject_from_directory",
    "delete_directory",
];

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
    ("directoryobject_getmembergroups", 501),
    ("directoryobject_getmembergroups_me", 501),
    ("directoryobject_getmemberobjects", 501),
    ("directoryobject_checkmembergroups", 501),
    ("directoryobject_checkmembergroups_me", 501),
    ("directoryobject_getById", 501),
];

/// Faults of published pages: the example and the property that is not as the schema, the
/// conventions or its own request say.
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
    ("get_tier_count", "value"),
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
];

/// What a page leaves out of its objects although its own filter asks for it.
fn additions(name: &str) -> Vec<(&'static str, Value)> {
    match name {
        "get_enabled_dynamic_groups" => vec![
            ("mailEnabled", json!(false)),
            ("securityEnabled", json!(true)),
            ("groupTypes", json!(["DynamicMembership"])),
        ],
        "get_groups_withlicenseerrors_count" => {
            vec![("hasMembersWithLicenseErrors", json!(true))]
        }
        _ => Vec::new(),
    }
}

async fn replay(example: &Example) -> (u16, Vec<String>, String) {
    let edge = Edge::new();
    let want = published::seed(&edge, example, &additions(&example.name));
    let headers: Vec<(&str, &str)> = example
        .headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let answer = edge
        .send(
            &example.method,
            &example.path,
            &headers,
            example.request.clone(),
        )
        .await;
    let mut found = Vec::new();
    if answer.status != example.status {
        found.push(format!("status {}", answer.status));
    } else if want.is_object() {
        let have = answer.json();
        let values = if example.method == "GET" {
            Values::Equal
        } else {
            Values::Types
        };
        found = published::differences(&want, &have, values);
        // Whatever the request determines must come back as it was sent.
        for (name, sent) in example
            .request
            .iter()
            .filter_map(Value::as_object)
            .flatten()
        {
            if want.get(name).is_some_and(|w| w == sent) && have.get(name) != Some(sent) {
                found.extend(published::differences(
                    &json!({name: sent}),
                    &have,
                    Values::Equal,
                ));
            }
        }
    }
    found.sort();
    found.dedup();
    (answer.status, found, answer.text)
}

#[tokio::test]
async fn published_requests_are_answered_as_published() {
    let Some(examples) = published::all() else {
        println!("skipped: the published requests are not here");
        return;
    };
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for example in &examples {
        let name = example.name.as_str();
        if ELSEWHERE.contains(&name) {
            continue;
        }
        let (status, found, text) = replay(example).await;
        if let Some((_, want)) = NOT_HERE.iter().find(|(n, _)| *n == name) {
            let envelope = serde_json::from_str::<Value>(&text).unwrap_or_default();
            let message = envelope["error"]["message"].is_string()
                && envelope["error"]["innerError"].is_object();
            if status != *want || !message {
                wrong.push(format!("{name}: {status} {text}"));
            }
            seen.insert((name, String::new()));
            continue;
        }
        for difference in found {
            let known = FAULTS.iter().any(|(n, p)| *n == name && *p == difference);
            if !known {
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
    for (name, fault) in FAULTS {
        assert!(
            seen.contains(&(*name, (*fault).to_owned())),
            "no fault any more: {name} {fault}"
        );
    }
    assert!(examples.len() > 150);
}

#[test]
fn the_faults_of_the_pages_are_written_down() {
    let document = include_str!("../../../../docs/API-DESIGN.md");
    for (name, _) in FAULTS {
        assert!(
            document.contains(name),
            "docs/API-DESIGN.md does not name {name}"
        );
    }
}
