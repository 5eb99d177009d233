//! Reading a JSON body: bounded, UTF-8, one object, every name once.

use std::fmt;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, header};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Failure, Result};

/// Most bytes of a body.
pub const MAX: usize = 1024 * 1024;

/// Reads a body that must be a JSON object.
pub async fn object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>> {
    let bytes = bytes(headers, body).await?;
    if bytes.is_empty() {
        return Err(unreadable("the body is empty"));
    }
    parse(&bytes)
}

/// Reads a body that may be missing.
pub async fn optional(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>> {
    let bytes = bytes(headers, body).await?;
    if bytes.is_empty() {
        Ok(Map::new())
    } else {
        parse(&bytes)
    }
}

async fn bytes(headers: &HeaderMap, body: Body) -> Result<Vec<u8>> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map(|v| v.to_str().unwrap_or_default());
    let media = kind.map(|k| {
        k.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    if let Some(media) = media.filter(|m| m != "application/json") {
        return Err(Failure::new(
            415,
            "UnsupportedMediaType",
            format!("The content type '{media}' is not supported: send application/json."),
        ));
    }
    match to_bytes(body, MAX).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => Err(Failure::new(
            413,
            "RequestEntityTooLarge",
            format!("The body is longer than {MAX} bytes or ended early."),
        )),
    }
}

fn unreadable(why: &str) -> Failure {
    Failure::bad_request(format!(
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format: {why}."
    ))
}

/// Parses one object.
pub fn parse(bytes: &[u8]) -> Result<Map<String, Value>> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| unreadable(&format!("not UTF-8 at byte {}", e.valid_up_to())))?;
    match serde_json::from_str::<Strict>(text) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        Ok(_) => Err(unreadable("an object is expected")),
        Err(e) => Err(unreadable(&e.to_string())),
    }
}

/// A JSON value in which no object has a name twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::from(n))
    }
    fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
        Ok(Value::from(n))
    }
    fn visit_f64<E>(self, n: f64) -> Result<Value, E> {
        Ok(Number::from_f64(n).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if map.contains_key(&name) {
                return Err(serde::de::Error::custom(format!(
                    "the name '{name}' stands twice"
                )));
            }
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_with_every_name_once() {
        assert!(parse(br#"{"a": [1, -2, 1.5, null, true, {"b": "c"}]}"#).is_ok());
        for (bad, why) in [
            (&br#"{"a":1,"a":2}"#[..], "'a' stands twice"),
            (br#"{"a":{"b":1,"b":1}}"#, "'b' stands twice"),
            (b"[1]", "an object is expected"),
            (b"{\"a\":\"\xff\"}", "not UTF-8 at byte 6"),
            (b"{\"a\":1} x", "trailing characters"),
            (b"{", "EOF"),
        ] {
            let failure = parse(bad).unwrap_err();
            assert!(failure.message.contains(why), "{}", failure.message);
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500));
        assert!(parse(deep.as_bytes()).is_err());
    }
}
