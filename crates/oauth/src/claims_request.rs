//! The `claims` request parameter (OpenID Connect Core §5.5), as far as it changes what happens.
//!
//! Members we do not act on are tolerated, as clients send many (clients.md §2.5); the names asked
//! for are kept, so that an answer can be complete.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::json::{self, JsonError};

/// The longest `claims` parameter.
pub const MAX_LENGTH: usize = 8 * 1024;
const MAX_VALUES: usize = 32;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedClaims {
    /// `id_token.acr`: authentication contexts, in order of preference.
    pub acr: Option<AcrRequest>,
    /// `id_token.sub.value`: this person or nobody.
    pub sub: Option<String>,
    /// `id_token.methods.values`: combinations of methods, each good enough.
    pub methods: Vec<String>,
    /// `id_token.device`: the resource wants to know about the device.
    pub device: bool,
    /// `access_token.xms_cc.values`: what the client can do, `CP1` for claims challenges.
    pub capabilities: Vec<String>,
    /// `access_token.acrs.values`: authentication context IDs.
    pub acrs: Vec<String>,
    /// `access_token.nbf.value`: tokens from before are no longer wanted.
    pub not_before: Option<i64>,
    /// Every claim named under `id_token`.
    pub id_token: BTreeSet<String>,
    /// Every claim named under `userinfo`.
    pub userinfo: BTreeSet<String>,
}

/// A request for an authentication context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcrRequest {
    /// Whether an answer without it is of no use (OpenID Connect Core §5.5.1.1).
    pub essential: bool,
    /// The contexts that would do.
    pub values: Vec<String>,
}

/// Why a `claims` parameter is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// Not JSON, or doubled members.
    #[error("`claims` is refused: {0}")]
    Json(#[from] JsonError),
    /// Too long.
    #[error("`claims` is longer than 8 kB")]
    TooLong,
    /// A member that we act on has another form.
    #[error("`claims` has a malformed `{0}`")]
    Member(&'static str),
}

impl ClaimsError {
    /// OpenID Connect Core §3.1.2.6.
    pub fn code(&self) -> &'static str {
        "invalid_request"
    }
}

impl RequestedClaims {
    /// Parses the parameter.
    pub fn parse(text: &str) -> Result<Self, ClaimsError> {
        if text.len() > MAX_LENGTH {
            return Err(ClaimsError::TooLong);
        }
        let map = json::parse_object(text.as_bytes())?;
        let empty = Map::new();
        let section = |name: &'static str| match map.get(name) {
            None | Some(Value::Null) => Ok(&empty),
            Some(Value::Object(section)) => Ok(section),
            Some(_) => Err(ClaimsError::Member(name)),
        };
        let (id_token, access_token) = (section("id_token")?, section("access_token")?);
        Ok(Self {
            acr: acr(id_token)?,
            sub: values(id_token, "sub")?.into_iter().next(),
            methods: values(id_token, "methods")?,
            device: id_token.contains_key("device"),
            capabilities: values(access_token, "xms_cc")?,
            acrs: values(access_token, "acrs")?,
            not_before: not_before(access_token)?,
            id_token: names(id_token),
            userinfo: names(section("userinfo")?),
        })
    }

    /// Writes the parameter; `None` if nothing is asked.
    pub fn to_json(&self) -> Option<String> {
        let mut id_token = asked(&self.id_token);
        if let Some(acr) = &self.acr {
            let member = json!({ "essential": acr.essential, "values": acr.values });
            id_token.insert("acr".to_owned(), member);
        }
        if let Some(sub) = &self.sub {
            id_token.insert("sub".to_owned(), json!({ "essential": true, "value": sub }));
        }
        insert_values(&mut id_token, "methods", &self.methods);
        if self.device {
            id_token.insert("device".to_owned(), Value::Null);
        }
        let mut access_token = Map::new();
        insert_values(&mut access_token, "xms_cc", &self.capabilities);
        insert_values(&mut access_token, "acrs", &self.acrs);
        if let Some(time) = self.not_before {
            let member = json!({ "essential": true, "value": time.to_string() });
            access_token.insert("nbf".to_owned(), member);
        }
        let mut all = Map::new();
        for (name, section) in [
            ("id_token", id_token),
            ("access_token", access_token),
            ("userinfo", asked(&self.userinfo)),
        ] {
            if !section.is_empty() {
                all.insert(name.to_owned(), Value::Object(section));
            }
        }
        (!all.is_empty()).then(|| Value::Object(all).to_string())
    }
}

fn asked(names: &BTreeSet<String>) -> Map<String, Value> {
    names
        .iter()
        .map(|name| (name.clone(), Value::Null))
        .collect()
}

fn insert_values(section: &mut Map<String, Value>, name: &str, values: &[String]) {
    if !values.is_empty() {
        section.insert(name.to_owned(), json!({ "values": values }));
    }
}

fn names(section: &Map<String, Value>) -> BTreeSet<String> {
    section.keys().take(MAX_VALUES).cloned().collect()
}

fn acr(section: &Map<String, Value>) -> Result<Option<AcrRequest>, ClaimsError> {
    let values = values(section, "acr")?;
    let essential = section
        .get("acr")
        .and_then(|member| member.get("essential"));
    Ok((!values.is_empty()).then(|| AcrRequest {
        essential: essential == Some(&Value::Bool(true)),
        values,
    }))
}

/// `value` or `values` of a member, as texts.
fn values(section: &Map<String, Value>, name: &'static str) -> Result<Vec<String>, ClaimsError> {
    let member = match section.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(member)) => member,
        Some(_) => return Err(ClaimsError::Member(name)),
    };
    let list = match (member.get("value"), member.get("values")) {
        (None, None) => return Ok(Vec::new()),
        (Some(value), None) => std::slice::from_ref(value),
        (None, Some(Value::Array(values))) if values.len() <= MAX_VALUES => values.as_slice(),
        _ => return Err(ClaimsError::Member(name)),
    };
    list.iter()
        .map(|value| match value {
            Value::String(text) if text.len() <= 256 && !crate::text::has_control(text) => {
                Ok(text.clone())
            }
            _ => Err(ClaimsError::Member(name)),
        })
        .collect()
}

/// The time of a claims challenge, which the wire writes as text.
fn not_before(section: &Map<String, Value>) -> Result<Option<i64>, ClaimsError> {
    match section.get("nbf").and_then(|member| member.get("value")) {
        None => Ok(None),
        Some(Value::String(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| ClaimsError::Member("nbf")),
        Some(other) => json::numeric_date(other)
            .map(Some)
            .ok_or(ClaimsError::Member("nbf")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_leg_asks_for() {
        let asked = RequestedClaims::parse(
            r#"{"id_token":{"acr":{"essential":true,"values":["urn:comity:acr:mfa"]},
                "sub":{"value":"0f8fad5b"},"methods":{"values":["fido2","password,softwareOath"]},"device":null}}"#,
        )
        .unwrap();
        let acr = asked.acr.clone().unwrap();
        assert!(acr.essential);
        assert_eq!(acr.values, ["urn:comity:acr:mfa"]);
        assert_eq!(asked.sub.as_deref(), Some("0f8fad5b"));
        assert_eq!(asked.methods, ["fido2", "password,softwareOath"]);
        assert!(asked.device);
        assert_eq!(RequestedClaims::parse(&asked.to_json().unwrap()), Ok(asked));
    }

    #[test]
    fn what_msal_sends() {
        let asked = RequestedClaims::parse(
            r#"{"access_token":{"xms_cc":{"values":["CP1"]},"nbf":{"essential":true,"value":"1700000000"}},
                "id_token":{"signin_state":null,"login_hint":{"essential":false}},"userinfo":{"name":{"essential":true}}}"#,
        )
        .unwrap();
        assert_eq!(asked.capabilities, ["CP1"]);
        assert_eq!(asked.not_before, Some(1_700_000_000));
        assert!(asked.acr.is_none() && asked.sub.is_none() && !asked.device);
        assert!(asked.userinfo.contains("name") && asked.id_token.contains("signin_state"));
        assert_eq!(RequestedClaims::parse(&asked.to_json().unwrap()), Ok(asked));
        assert_eq!(RequestedClaims::parse("{}").unwrap().to_json(), None);
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "",
            "[]",
            "null",
            r#"{"id_token":[]}"#,
            r#"{"id_token":{"sub":"x"}}"#,
            r#"{"id_token":{"sub":{"value":1}}}"#,
            r#"{"id_token":{"sub":{"value":"a\u0000"}}}"#,
            r#"{"id_token":{"acr":{"values":"a"}}}"#,
            r#"{"id_token":{"acr":{"value":"a","values":["b"]}}}"#,
            r#"{"id_token":{"sub":{"value":"a"},"sub":{"value":"b"}}}"#,
            r#"{"access_token":{"nbf":{"value":"soon"}}}"#,
        ] {
            assert!(RequestedClaims::parse(text).is_err(), "{text}");
        }
        let long = format!("{{\"a\":\"{}\"}}", "a".repeat(MAX_LENGTH));
        assert_eq!(RequestedClaims::parse(&long), Err(ClaimsError::TooLong));
    }
}
