//! Device filters over what home claims.
//!
//! 1. The device counts only while one of the two device trusts is on.
//! 2. Without a value positive operators do not match and negative ones do.
//! 3. Texts compare without case; `trustType` is `ServerAD` while the device is hybrid joined.

use comity_model::device_filter::{Comparison, Expression, Operand};
use serde_json::Value;

use super::Signals;

pub(super) fn holds(expression: &Expression, s: &Signals<'_>) -> bool {
    match expression {
        Expression::All(parts) => parts.iter().all(|part| holds(part, s)),
        Expression::Any(parts) => parts.iter().any(|part| holds(part, s)),
        Expression::Not(part) => !holds(part, s),
        Expression::Compare {
            attribute,
            comparison,
            negated,
            operand,
        } => {
            let matched = value(attribute, s)
                .is_some_and(|texts| texts.iter().any(|t| compare(t, *comparison, operand)));
            matched != *negated
        }
    }
}

/// The texts of an attribute; none if it is absent.
fn value(attribute: &str, s: &Signals<'_>) -> Option<Vec<String>> {
    let device = s.device.filter(|_| s.trust.any_device())?;
    if attribute.eq_ignore_ascii_case("isCompliant")
        && let Some(is_compliant) = device.is_compliant
    {
        return Some(vec![is_compliant.to_string()]);
    }
    if attribute.eq_ignore_ascii_case("trustType") && device.is_hybrid_joined == Some(true) {
        return Some(vec!["ServerAD".to_owned()]);
    }
    let mut attributes = device.attributes?.iter();
    let (_, found) = attributes.find(|(name, _)| name.eq_ignore_ascii_case(attribute))?;
    texts(found)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Some(vec![value.to_string()]),
        Value::Array(values) => Some(values.iter().filter_map(texts).flatten().collect()),
    }
}

fn compare(text: &str, comparison: Comparison, operand: &Operand) -> bool {
    let text = text.to_lowercase();
    let one = |wanted: &str| {
        let wanted = wanted.to_lowercase();
        match comparison {
            Comparison::Equals | Comparison::In => text == wanted,
            Comparison::StartsWith => text.starts_with(&wanted),
            Comparison::EndsWith => text.ends_with(&wanted),
            Comparison::Contains => text.contains(&wanted),
        }
    };
    match operand {
        Operand::Bool(wanted) => one(if *wanted { "true" } else { "false" }),
        Operand::Text(wanted) => one(wanted),
        Operand::List(wanted) => wanted.iter().any(|wanted| one(wanted)),
    }
}
