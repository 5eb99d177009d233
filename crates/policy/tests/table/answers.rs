//! *Result*: the shape of an answer.

use serde_json::{Value, json};

use crate::support::{Change, answer, base, ca, check, set, with};

#[test]
fn an_answer_has_these_members() {
    let denied = answer(&with(&[("pairs", json!([]))]));
    let keys: Vec<&String> = denied.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "id",
            "decision",
            "side",
            "gate",
            "code",
            "controls",
            "because",
            "conditionalAccess"
        ]
    );
    assert_eq!(denied["code"], 90038);
    let allowed = answer(&base());
    for name in ["side", "gate", "code"] {
        assert_eq!(allowed[name], Value::Null);
    }
    assert_eq!(
        (&allowed["id"], &allowed["controls"]),
        (&json!(1), &json!([]))
    );
}

#[test]
fn reasons_say_side_gate_rule_origin_and_outcome() {
    let inherited = (
        "resource.policy.default.b2bCollaborationInbound",
        json!({"usersAndGroups": crate::support::users("blocked", "AllUsers")}),
    );
    let answer = answer(&with(&[inherited]));
    let because = answer["because"].as_array().unwrap();
    let gates: Vec<String> = because
        .iter()
        .map(|r| format!("{} {} {}", r["side"], r["gate"], r["outcome"]).replace('"', ""))
        .collect();
    assert_eq!(
        gates,
        [
            "resource pair pass",
            "resource cloud pass",
            "resource partner pass",
            "home cloud pass",
            "home partner pass",
            "home users pass",
            "resource users fail",
        ]
    );
    let last = because.last().unwrap();
    assert_eq!(last["usersAndGroups"], "inherited");
    assert_eq!(last["applications"], "serviceDefault");
    assert!(
        last["rule"]
            .as_str()
            .unwrap()
            .starts_with("b2bCollaborationInbound")
    );
}

#[test]
fn policies_are_listed_in_order_with_their_ids() {
    let policy = |id: Value, state: &str| {
        let mut policy = ca("mfa");
        policy["id"] = id;
        set(&mut policy, "state", json!(state));
        policy
    };
    let policies = json!([
        policy(json!("z\"\u{e9}"), "disabled"),
        policy(json!("a"), "enabled"),
        policy(Value::Null, "enabled"),
    ]);
    let answer = answer(&with(&[("resource.conditionalAccess", policies)]));
    assert_eq!(
        answer["conditionalAccess"],
        json!([
            {"id": "z\"\u{e9}", "result": "notEnabled"},
            {"id": "a", "result": "failure"},
            {"id": null, "result": "failure"},
        ])
    );
    assert_eq!(
        answer["controls"],
        json!([{"control": "mfa", "at": "resource"}])
    );
}

#[test]
fn conditional_access_is_empty_when_it_is_not_asked() {
    let policies = || -> Change { ("resource.conditionalAccess", json!([ca("block")])) };
    check(vec![
        (
            "when 1 to 7 deny",
            vec![policies(), ("pairs", json!([]))],
            "deny resource pair 90038",
        ),
        (
            "at an invitation",
            vec![policies(), ("request.application", Value::Null)],
            "allow",
        ),
        ("else asked", vec![policies()], crate::support::HIT),
    ]);
}

#[test]
fn the_id_comes_back_as_it_was() {
    for id in [
        json!(0),
        json!(-7),
        json!(1.5),
        json!("x\u{1F600}\n"),
        json!({"a": [null]}),
        Value::Null,
    ] {
        let mut case = base();
        case["id"] = id.clone();
        assert_eq!(answer(&case)["id"], id);
        case["request"] = Value::Null;
        let malformed = answer(&case);
        assert_eq!(malformed["id"], id);
        let keys: Vec<&String> = malformed.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "error"]);
    }
    let mut case = base();
    case.as_object_mut().unwrap().remove("id");
    assert_eq!(answer(&case)["id"], Value::Null);
}
