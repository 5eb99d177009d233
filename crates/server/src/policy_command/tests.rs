//! The two commands over texts and files.

use serde_json::{Value, json};

use super::{decide, explain};

const HOME: &str = "22222222-2222-2222-2222-222222222222";
const RESOURCE: &str = "11111111-1111-1111-1111-111111111111";
const PERSON: &str = "33333333-3333-3333-3333-333333333333";
const APP: &str = "44444444-4444-4444-4444-444444444444";

fn case(id: &Value) -> Value {
    let policy = |cloud: &str, tenant: &str| json!({"allowedCloudEndpoints": [cloud], "partners": [{"tenantId": tenant}]});
    json!({"id": id,
        "resource": {"cloud": "microsoftonline.com", "tenantId": RESOURCE,
            "policy": policy("microsoftonline.us", HOME)},
        "home": {"cloud": "microsoftonline.us", "tenantId": HOME,
            "policy": policy("microsoftonline.com", RESOURCE)},
        "request": {"user": {"id": PERSON, "type": "b2bCollaborationGuest"},
            "application": {"appId": APP}}})
}

fn run(input: &[u8]) -> Vec<Value> {
    let mut output = Vec::new();
    decide(input, &mut output).unwrap();
    let text = String::from_utf8(output).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn explained(name: &str, bytes: &[u8]) -> (String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let mut output = Vec::new();
    let is_case = explain(&path, &mut output).unwrap();
    (String::from_utf8(output).unwrap(), is_case)
}

#[test]
fn one_line_each_in_order_and_a_malformed_case_does_not_stop_the_run() {
    let mut input = Vec::new();
    input.extend_from_slice(b"\xEF\xBB\xBF");
    for id in [
        json!(1),
        json!("two"),
        json!(null),
        json!([3, {"a": "\u{e9}"}]),
    ] {
        input.extend_from_slice(case(&id).to_string().as_bytes());
        input.extend_from_slice(b"\r\n\r\n");
    }
    input.extend_from_slice(b"{\"id\": 5}\nnot json\n\"\xff\"\n[]\n");
    input.extend_from_slice(case(&json!(9)).to_string().as_bytes());
    let results = run(&input);
    let ids: Vec<&Value> = results.iter().map(|r| &r["id"]).collect();
    let expected = json!([1, "two", null, [3, {"a": "\u{e9}"}], 5, null, null, null, 9]);
    assert_eq!(json!(ids), expected);
    for (place, result) in results.iter().enumerate() {
        assert_eq!(
            result.get("error").is_some(),
            (4..8).contains(&place),
            "{result}"
        );
    }
    assert_eq!(results[8]["decision"], "allow");
    assert_eq!(results[8]["conditionalAccess"], json!([]));
}

#[test]
fn a_case_is_explained_from_every_encoding() {
    let text = serde_json::to_string_pretty(&case(&json!(1)))
        .unwrap()
        .replace('\n', "\r\n");
    let (plain, is_case) = explained("case.json", text.as_bytes());
    assert!(is_case && plain.contains("Allowed."), "{plain}");
    let units = || text.encode_utf16();
    let with_mark: Vec<u8> = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let little: Vec<u8> = [0xFEFF]
        .into_iter()
        .chain(units())
        .flat_map(u16::to_le_bytes)
        .collect();
    let big: Vec<u8> = [0xFEFF]
        .into_iter()
        .chain(units())
        .flat_map(u16::to_be_bytes)
        .collect();
    for bytes in [with_mark, little, big] {
        assert_eq!(explained("case.json", &bytes), (plain.clone(), true));
    }
    for bad in [
        &b"\xFF\xFE\x7B"[..],
        b"\xC3\x28",
        b"{",
        b"\xFF\xFE\x00\xD8",
        b"{}",
    ] {
        let (shown, is_case) = explained("case.json", bad);
        assert!(!is_case && shown.contains("case"), "{shown}");
    }
}

#[test]
fn a_denial_says_who_must_act_and_how() {
    let explain = |change: &dyn Fn(&mut Value)| {
        let mut case = case(&json!(1));
        change(&mut case);
        explained("case.json", case.to_string().as_bytes()).0
    };
    let at_home = explain(&|c| c["home"]["policy"]["allowedCloudEndpoints"] = json!([]));
    for part in [
        "4 FAIL home",
        "Denied with 1000104",
        HOME,
        "tick microsoftonline.com",
    ] {
        assert!(at_home.contains(part), "{part} in {at_home}");
    }
    let blocked = explain(&|c| {
        c["request"]["user"]["groups"] = json!([APP]);
        c["resource"]["policy"]["partners"][0]["b2bCollaborationInbound"] = json!({
            "usersAndGroups": {"accessType": "blocked",
                "targets": [{"target": APP, "targetType": "group"}]}});
    });
    for part in [
        "7 FAIL resource: b2bCollaborationInbound",
        "the partner's own",
        "service default",
        "Denied with 500213",
        "take out what matches (group",
    ] {
        assert!(blocked.contains(part), "{part} in {blocked}");
    }
    let challenged = explain(&|c| {
        c["resource"]["conditionalAccess"] = json!([{"id": "p1\u{7}", "state": "enabled",
            "conditions": {"users": {"includeUsers": ["All"]},
                "applications": {"includeApplications": ["All"]}},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}}]);
    });
    assert!(challenged.contains("8 FAIL") && challenged.contains("mfa at the resource"));
    assert!(challenged.contains("`p1`"), "{challenged}");
}
