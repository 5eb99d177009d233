//! The `comity_crossing` authorization detail (cross-cloud-federation.md §3.1 and §7): what a push
//! binds, beside the standard parameters. The clouds are not members: the resource cloud is the
//! client that signed the push, the home cloud its audience.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::guid;
use crate::json;
use crate::rar::{Detail, RarError};
use crate::text;

/// The `type` of a crossing.
pub const TYPE: &str = "comity_crossing";

/// The marker that makes an object a crossing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CrossingType {
    /// The only value.
    #[default]
    #[serde(rename = "comity_crossing")]
    ComityCrossing,
}

/// One crossing; equality is what home and resource compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossingDetails {
    /// Always `comity_crossing`.
    #[serde(rename = "type")]
    pub kind: CrossingType,
    /// The tenant to which the person goes.
    #[serde(with = "guid")]
    pub resource_tenant: Uuid,
    /// The tenant from which she comes, and the only one that may answer.
    #[serde(with = "guid")]
    pub home_tenant: Uuid,
    /// The application she uses.
    #[serde(with = "guid")]
    pub client_app: Uuid,
    /// The application whose data it asks for.
    #[serde(with = "guid")]
    pub resource_app: Uuid,
    /// What the application calls itself; shown as such.
    #[serde(deserialize_with = "shown")]
    pub app_name: String,
    /// Groups of home that the resource's policies name.
    #[serde(with = "guid::set")]
    pub groups: BTreeSet<Uuid>,
    /// Random per leg; finds the records on both sides.
    #[serde(with = "guid")]
    pub correlation_id: Uuid,
}

impl CrossingDetails {
    /// The one crossing of a push; another type, or a second element, is refused.
    pub fn from_details(details: &[Detail]) -> Result<Self, RarError> {
        match details {
            [detail] if detail.kind == TYPE => Ok(json::from_object(detail.members.clone())?),
            _ => Err(RarError::Shape),
        }
    }

    /// The crossing as an authorization detail.
    pub fn to_details(&self) -> Vec<Detail> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => vec![Detail {
                kind: TYPE.to_owned(),
                members,
            }],
            _ => Vec::new(),
        }
    }
}

/// Names are cleaned before they are sent ([`text::clean`]); one that is not is refused.
fn shown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if text::is_clean(&name, text::MAX_SHOWN) {
        return Ok(name);
    }
    Err(serde::de::Error::custom(
        "a name has at most 64 characters, none of them invisible",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rar;
    use serde_json::json;

    fn value() -> Value {
        json!({
            "type": "comity_crossing",
            "resource_tenant": "11111111-1111-4111-8111-111111111111",
            "home_tenant": "22222222-2222-4222-8222-222222222222",
            "client_app": "33333333-3333-4333-8333-333333333333",
            "resource_app": "44444444-4444-4444-8444-444444444444",
            "app_name": "Expenses",
            "groups": ["55555555-5555-4555-8555-555555555555"],
            "correlation_id": "66666666-6666-4666-8666-666666666666",
        })
    }

    fn read(value: &Value) -> Result<CrossingDetails, RarError> {
        CrossingDetails::from_details(&rar::parse(&json!([value]).to_string())?)
    }

    #[test]
    fn parse_and_print_agree() {
        let crossing = read(&value()).unwrap();
        assert_eq!(
            rar::to_json(&crossing.to_details()),
            json!([value()]).to_string()
        );
        assert_eq!(
            CrossingDetails::from_details(&crossing.to_details()),
            Ok(crossing)
        );
    }

    #[test]
    fn every_member_is_required_and_no_other_known() {
        let members = value().as_object().unwrap().clone();
        for name in members.keys() {
            let mut less = members.clone();
            less.remove(name);
            assert!(read(&Value::Object(less)).is_err(), "{name}");
            let mut null = members.clone();
            null.insert(name.clone(), Value::Null);
            assert!(read(&Value::Object(null)).is_err(), "{name}");
        }
        let mut more = members;
        more.insert("consent".to_owned(), Value::Bool(true));
        assert!(read(&Value::Object(more)).is_err());
    }

    #[test]
    fn values_are_bounded() {
        let twice = "55555555-5555-4555-8555-555555555555";
        let many: Vec<_> = (0..501).map(|i| Uuid::from_u128(i).to_string()).collect();
        for (name, bad) in [
            ("type", json!("comity_other")),
            ("home_tenant", json!("22222222-2222-4222-8222-22222222222A")),
            ("home_tenant", json!("22222222222242228222222222222222")),
            ("app_name", json!("x".repeat(65))),
            ("app_name", json!("Ex\u{202e}penses")),
            ("groups", json!([twice, twice])),
            ("groups", json!(["*"])),
            ("groups", json!(many)),
        ] {
            let mut changed = value();
            if let Some(slot) = changed.get_mut(name) {
                *slot = bad;
            }
            assert!(read(&changed).is_err(), "{name}");
        }
        let mut most = value();
        if let Some(slot) = most.get_mut("groups") {
            *slot = many.get(..500).map(|most| json!(most)).unwrap();
        }
        assert_eq!(read(&most).unwrap().groups.len(), 500);
    }

    #[test]
    fn one_crossing_alone() {
        let two = rar::parse(&json!([value(), value()]).to_string()).unwrap();
        assert_eq!(CrossingDetails::from_details(&two), Err(RarError::Shape));
        let other = rar::parse(r#"[{"type":"payment"}]"#).unwrap();
        assert_eq!(CrossingDetails::from_details(&other), Err(RarError::Shape));
        assert_eq!(CrossingDetails::from_details(&[]), Err(RarError::Shape));
    }
}
