//! JSON that says one thing (RFC 8725 §2.4 and RFC 8259 §4): a doubled member is refused at every
//! depth, because two readers may take different ones.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};

/// Why a text is not accepted as JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or nested too deeply.
    #[error("not valid JSON")]
    Syntax,
    /// A member occurs twice in one object.
    #[error("a JSON member occurs twice")]
    Duplicate,
    /// Not an object.
    #[error("not a JSON object")]
    NotObject,
    /// JSON of another shape: a member is missing, unknown or of the wrong type.
    #[error("unexpected JSON: {0}")]
    Shape(String),
}

/// Parses any JSON value.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let duplicate = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = Strict {
        duplicate: &duplicate,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|_| {
        if duplicate.get() {
            JsonError::Duplicate
        } else {
            JsonError::Syntax
        }
    })
}

/// Parses an object.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match parse(bytes)? {
        Value::Object(map) => Ok(map),
        _ => Err(JsonError::NotObject),
    }
}

/// Parses a typed object.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    from_object(parse_object(bytes)?)
}

/// Reads a typed value out of a parsed object.
pub fn from_object<T: DeserializeOwned>(map: Map<String, Value>) -> Result<T, JsonError> {
    serde_json::from_value(Value::Object(map)).map_err(|error| {
        // The message may quote the input; it goes to logs and must stay short.
        JsonError::Shape(crate::text::clean(&error.to_string(), 120))
    })
}

/// A NumericDate (RFC 7519 §2) as whole seconds; some clients write fractions.
pub fn numeric_date(value: &Value) -> Option<i64> {
    /// Whole numbers up to here are exact in a double; the year 285 million will do.
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    if let Some(whole) = value.as_i64() {
        return Some(whole);
    }
    let fraction = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounded by the line above the cast"
    )]
    (fraction.abs() < LIMIT).then(|| fraction.floor() as i64)
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    duplicate: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if map.contains_key(&name) {
                self.duplicate.set(true);
                return Err(A::Error::custom("duplicate member"));
            }
            let value = access.next_value_seed(self)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a":[1,-2,3.5,true,null,"x\u0041"],"b":{"c":{}}}"#;
        assert_eq!(
            parse(text.as_bytes()),
            Ok(serde_json::from_str(text).unwrap())
        );
    }

    #[test]
    fn o34_doubled_members_are_refused_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"y":[{"a":1,"b":2,"a":3}]}}"#,
            r#"[{"":1,"":2}]"#,
        ] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::Duplicate), "{text}");
        }
        assert!(parse(br#"{"a":{"a":1},"A":[{"a":1},{"a":1}]}"#).is_ok());
    }

    #[test]
    fn trailing_text_and_deep_nesting_are_refused() {
        for text in [
            "{} {}",
            "{}x",
            "",
            "{",
            "nul",
            "\u{feff}{}",
            "{\"a\":1,}",
            "{'a':1}",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::Syntax), "{text}");
        }
        assert_eq!(
            parse("[".repeat(100_000).as_bytes()),
            Err(JsonError::Syntax)
        );
        assert_eq!(parse(b"\"\xff\""), Err(JsonError::Syntax));
        assert_eq!(parse_object(b"[]"), Err(JsonError::NotObject));
    }

    #[test]
    fn numeric_dates_may_be_fractions() {
        for (value, expected) in [
            (json!(1_700_000_000), Some(1_700_000_000)),
            (json!(1_700_000_000.9), Some(1_700_000_000)),
            (json!(-1.5), Some(-2)),
            (json!("1700000000"), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!(null), None),
        ] {
            assert_eq!(numeric_date(&value), expected, "{value}");
        }
    }
}
