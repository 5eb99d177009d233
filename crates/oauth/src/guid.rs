//! GUIDs on the wire between clouds: one spelling, lower case with dashes (security bar S-27).
//!
//! Use with `#[serde(with = "guid")]`, `guid::optional` and `guid::set`.

use std::collections::BTreeSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use uuid::Uuid;

/// Parses the canonical spelling and nothing else.
pub fn parse(text: &str) -> Option<Uuid> {
    let canonical = text.len() == 36
        && text
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-'));
    canonical.then(|| Uuid::try_parse(text).ok()).flatten()
}

/// Writes the canonical spelling.
pub fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&id.as_hyphenated())
}

/// Reads the canonical spelling.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("a GUID must be lower case with dashes"))
}

/// An optional GUID.
pub mod optional {
    use super::{Deserializer, Serializer, Uuid};

    /// Writes the GUID; a member that is `None` should be skipped.
    pub fn serialize<S: Serializer>(id: &Option<Uuid>, serializer: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => super::serialize(id, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a GUID; a present member may not be `null`.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Uuid>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

/// A set of GUIDs: no element twice, at most [`set::MAX`].
pub mod set {
    use super::{BTreeSet, Deserialize, Deserializer, Serializer, Uuid, parse};
    use serde::de::Error as _;

    /// The most group IDs that may be asked of one partner (cross-cloud-federation.md §3.5).
    pub const MAX: usize = 500;

    /// Writes the elements in order.
    pub fn serialize<S: Serializer>(
        ids: &BTreeSet<Uuid>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(ids.iter().map(ToString::to_string))
    }

    /// Reads the elements, strictly.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Uuid>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        if texts.len() > MAX {
            return Err(D::Error::custom("more than 500 GUIDs"));
        }
        let mut ids = BTreeSet::new();
        for text in &texts {
            let id = parse(text)
                .ok_or_else(|| D::Error::custom("a GUID must be lower case with dashes"))?;
            if !ids.insert(id) {
                return Err(D::Error::custom("a GUID occurs twice"));
            }
        }
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    #[test]
    fn s27_one_spelling() {
        assert_eq!(
            parse(CANONICAL).map(|id| id.to_string()).as_deref(),
            Some(CANONICAL)
        );
        let simple = CANONICAL.replace('-', "");
        for text in [
            CANONICAL.to_uppercase(),
            simple.clone(),
            format!("{{{CANONICAL}}}"),
            format!("urn:uuid:{CANONICAL}"),
            format!("{CANONICAL} "),
            format!(" {CANONICAL}"),
            CANONICAL.replacen('0', "\u{ff10}", 1),
            CANONICAL.replacen('0', "%30", 1),
            format!("{simple}----"),
            "0f8fad5bd-9cb-469f-a165-70867728950e".to_owned(),
            String::new(),
        ] {
            assert_eq!(parse(&text), None, "{text:?}");
        }
    }
}
