//! Rich Authorization Requests (RFC 9396): the `authorization_details` parameter, generically.

use serde_json::{Map, Value};

use crate::json::{self, JsonError};

/// The longest `authorization_details`: one crossing that names 500 groups has 20 kB.
pub const MAX_LENGTH: usize = 32 * 1024;
const MAX_COUNT: usize = 8;

/// One element: a `type` and what that type defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The `type` member.
    pub kind: String,
    /// The whole object, `type` included.
    pub members: Map<String, Value>,
}

/// A broken rule of RFC 9396 §2 and §5.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RarError {
    /// Too long, or more than eight elements.
    #[error("`authorization_details` is too long")]
    TooLong,
    /// Not JSON, or doubled members.
    #[error("`authorization_details` is refused: {0}")]
    Json(#[from] JsonError),
    /// Not an array of objects that each have a `type`.
    #[error("`authorization_details` must be an array of objects with a `type`")]
    Shape,
}

impl RarError {
    /// RFC 9396 §5.
    pub fn code(&self) -> &'static str {
        "invalid_authorization_details"
    }
}

/// Parses the parameter. Types that the caller does not know are for him to refuse.
pub fn parse(text: &str) -> Result<Vec<Detail>, RarError> {
    if text.len() > MAX_LENGTH {
        return Err(RarError::TooLong);
    }
    let Value::Array(elements) = json::parse(text.as_bytes())? else {
        return Err(RarError::Shape);
    };
    if elements.len() > MAX_COUNT {
        return Err(RarError::TooLong);
    }
    if elements.is_empty() {
        return Err(RarError::Shape);
    }
    elements.into_iter().map(Detail::try_from).collect()
}

/// Writes the parameter.
pub fn to_json(details: &[Detail]) -> String {
    let elements = details
        .iter()
        .map(|detail| Value::Object(detail.members.clone()));
    Value::Array(elements.collect()).to_string()
}

impl TryFrom<Value> for Detail {
    type Error = RarError;

    fn try_from(value: Value) -> Result<Self, RarError> {
        let Value::Object(members) = value else {
            return Err(RarError::Shape);
        };
        match members.get("type") {
            Some(Value::String(kind)) if !kind.is_empty() => Ok(Self {
                kind: kind.clone(),
                members,
            }),
            _ => Err(RarError::Shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_members() {
        let text = r#"[{"type":"a","x":[1]},{"type":"b"}]"#;
        let details = parse(text).unwrap();
        assert_eq!(
            details.iter().map(|d| d.kind.as_str()).collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(to_json(&details), text);
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            "",
            "{}",
            "[]",
            "[1]",
            "[{}]",
            r#"[{"type":1}]"#,
            r#"[{"type":""}]"#,
            r#"[{"type":"a","type":"b"}]"#,
            r#"{"type":"a"}"#,
        ] {
            assert_eq!(
                parse(text).unwrap_err().code(),
                "invalid_authorization_details",
                "{text}"
            );
        }
        let many = format!("[{}]", [r#"{"type":"a"}"#; 9].join(","));
        assert_eq!(parse(&many), Err(RarError::TooLong));
        assert_eq!(parse(&" ".repeat(MAX_LENGTH + 1)), Err(RarError::TooLong));
    }
}
