//! Cases from a base and changes, answers as short texts.

use serde_json::{Map, Value, json};

pub const COM: &str = "microsoftonline.com";
pub const US: &str = "microsoftonline.us";
pub const CN: &str = "partner.microsoftonline.cn";
pub const RESOURCE: &str = "11111111-1111-1111-1111-11111111111a";
pub const HOME: &str = "22222222-2222-2222-2222-22222222222b";
pub const NORA: &str = "33333333-3333-3333-3333-33333333333c";
pub const GROUP: &str = "44444444-4444-4444-4444-44444444444d";
pub const GUEST: &str = "55555555-5555-5555-5555-55555555555e";
pub const APP: &str = "66666666-6666-6666-6666-66666666666f";
pub const CLIENT: &str = "77777777-7777-7777-7777-77777777777a";
pub const OTHER: &str = "88888888-8888-8888-8888-88888888888b";
pub const MY_APPS: &str = "2793995e-0a7d-40d7-bd35-6968ba142197";
pub const SHAREPOINT: &str = "00000003-0000-0ff1-ce00-000000000000";
pub const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// One changed place of the base: a dotted path, and what stands there.
pub type Change = (&'static str, Value);
/// A sentence, its changes and the expected answer.
pub type Row = (&'static str, Vec<Change>, &'static str);

/// Two clouds that are ready for one another, and a guest who wants to open an application.
pub fn base() -> Value {
    json!({
        "id": 1,
        "resource": {"cloud": COM, "tenantId": RESOURCE, "policy":
            {"allowedCloudEndpoints": [US], "partners": [{"tenantId": HOME, "cloud": US}]}},
        "home": {"cloud": US, "tenantId": HOME, "policy":
            {"allowedCloudEndpoints": [COM], "partners": [{"tenantId": RESOURCE, "cloud": COM}]}},
        "request": {
            "user": {"id": NORA, "groups": [GROUP], "type": "b2bCollaborationGuest",
                "resourceUserId": GUEST, "resourceGroups": [], "resourceRoles": []},
            "application": {"appId": CLIENT, "resourceAppId": APP},
            "signIn": {"homeMethods": ["password"]}}})
}

/// Puts a value at a dotted path; numbers are places in lists.
pub fn set(root: &mut Value, path: &str, value: Value) {
    let mut at = root;
    for step in path.split('.') {
        at = match step.parse::<usize>() {
            Ok(place) => &mut at[place],
            Err(_) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                at.as_object_mut()
                    .unwrap()
                    .entry(step)
                    .or_insert(Value::Null)
            }
        };
    }
    *at = value;
}

pub fn with(changes: &[Change]) -> Value {
    let mut case = base();
    for (path, value) in changes {
        set(&mut case, path, value.clone());
    }
    case
}

/// The answer to a case, as JSON.
pub fn answer(case: &Value) -> Value {
    let mut out = Vec::new();
    comity_policy::result::answer(case.to_string().as_bytes(), &mut out);
    assert_eq!(out.pop(), Some(b'\n'));
    serde_json::from_slice(&out).unwrap()
}

/// `deny resource users 500213`, `challenge mfa@home | failure`, `allow`, `error …`.
pub fn short(answer: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    if let Some(error) = answer.get("error") {
        return format!("error {}", word(error));
    }
    let mut text = word(&answer["decision"]);
    if text == "deny" {
        let (side, gate) = (word(&answer["side"]), word(&answer["gate"]));
        text = format!("{text} {side} {gate} {}", answer["code"]);
    }
    for control in answer["controls"].as_array().unwrap() {
        text += &format!(" {}@{}", word(&control["control"]), word(&control["at"]));
    }
    let results = answer["conditionalAccess"].as_array().unwrap();
    if !results.is_empty() {
        text += " |";
        for result in results {
            text += &format!(" {}", word(&result["result"]));
        }
    }
    text
}

/// Checks every row and shows all that fail.
pub fn check(rows: Vec<Row>) {
    let mut failed = Vec::new();
    for (sentence, changes, expected) in rows {
        let found = short(&answer(&with(&changes)));
        let is_right = match expected.strip_prefix("error") {
            Some(part) => found.starts_with("error ") && found.contains(part.trim()),
            None => found == expected,
        };
        if !is_right {
            failed.push(format!(
                "{sentence}: expected `{expected}`, found `{found}`"
            ));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// One half of a setting.
pub fn half(access: &str, targets: &[(&str, &str)]) -> Value {
    let targets: Vec<Value> = targets
        .iter()
        .map(|(target, kind)| json!({"target": target, "targetType": kind}))
        .collect();
    json!({"accessType": access, "targets": targets})
}

pub fn users(access: &str, target: &str) -> Value {
    let kind = if target == GROUP { "group" } else { "user" };
    half(access, &[(target, kind)])
}

pub fn apps(access: &str, target: &str) -> Value {
    half(access, &[(target, "application")])
}

/// A policy for everybody and everything that demands one control.
pub fn ca(control: &str) -> Value {
    json!({"id": "p", "state": "enabled",
        "conditions": {"users": {"includeUsers": ["All"]},
            "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": [control]}})
}

/// A blocking policy with changed conditions: `deny …` if it applies.
pub fn blocking(changes: &[(&str, Value)]) -> Change {
    let mut policy = ca("block");
    for (path, value) in changes {
        set(&mut policy["conditions"], path, value.clone());
    }
    ("resource.conditionalAccess", json!([policy]))
}

/// The answer when a blocking policy applies.
pub const HIT: &str = "deny resource conditionalAccess 53003 | failure";
/// The answer when it does not.
pub const MISSED: &str = "allow | notApplied";
