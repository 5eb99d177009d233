//! Differences between a published answer and ours: names and types of properties, as paths.

use serde_json::Value;

/// Annotations that depend on the server's host or on what else is stored.
const FREE: [&str; 3] = ["@odata.nextLink", "@odata.id", "@odata.count"];

/// What the published answer has and ours has not, or has with another type.
pub fn differences(want: &Value, have: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(want, have, "", &mut found);
    found.sort();
    found.dedup();
    found
}

fn compare(want: &Value, have: &Value, path: &str, found: &mut Vec<String>) {
    match (want, have) {
        (Value::Object(want), Value::Object(have)) => {
            for (name, value) in want.iter().filter(|(n, _)| !FREE.contains(&n.as_str())) {
                let inner = format!("{path}/{name}");
                let inner = inner.trim_start_matches('/');
                match have.get(name) {
                    None => found.push(inner.to_owned()),
                    Some(have) if name == "@odata.context" => {
                        if fragment(value) != fragment(have) {
                            found.push(inner.to_owned());
                        }
                    }
                    Some(have) => compare(value, have, inner, found),
                }
            }
        }
        (Value::Array(want), Value::Array(have)) => {
            for item in want {
                match partner(item, have) {
                    Some(other) => compare(item, other, path, found),
                    // Lists inside an object may well be empty here.
                    None if path.contains('/') || path != "value" => {}
                    None => found.push(format!("{path} is empty")),
                }
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        _ if std::mem::discriminant(want) == std::mem::discriminant(have) => {}
        _ => found.push(path.to_owned()),
    }
}

/// The object of ours that stands for a published one: the first of its type.
fn partner<'a>(item: &Value, have: &'a [Value]) -> Option<&'a Value> {
    match item.get("@odata.type") {
        Some(named) => have.iter().find(|h| h.get("@odata.type") == Some(named)),
        None => have.first(),
    }
}

/// The fragment of a context, without the IDs in it.
fn fragment(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let text = text.split_once('#').map_or("", |(_, f)| f);
    let mut out = String::new();
    for (at, part) in text.split('\'').enumerate() {
        out.push_str(if at % 2 == 1 { "'*'" } else { part });
    }
    out
}

/// Whether everything that was sent came back: objects by their members, the rest as it is.
pub fn holds(sent: &Value, have: &Value) -> bool {
    match (sent, have) {
        (Value::Object(sent), Value::Object(have)) => sent
            .iter()
            .filter(|(name, _)| !name.contains('@'))
            .all(|(name, value)| have.get(name).is_some_and(|h| holds(value, h))),
        (Value::Array(sent), Value::Array(have)) => {
            sent.len() == have.len() && sent.iter().zip(have).all(|(s, h)| holds(s, h))
        }
        _ => sent == have,
    }
}

#[test]
fn a_comparison_can_fail() {
    let want = serde_json::json!({"a": 1, "b": {"c": "x"}, "value": [{"id": "1"}]});
    let have = serde_json::json!({"a": "1", "b": {}, "value": []});
    assert_eq!(differences(&want, &have), ["a", "b/c", "value is empty"]);
    assert!(differences(&want, &want).is_empty());
    assert!(holds(&want["b"], &serde_json::json!({"c": "x", "d": 1})));
    assert!(!holds(&want["b"], &serde_json::json!({"c": "y"})));
}
