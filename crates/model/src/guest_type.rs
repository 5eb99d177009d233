//! Kinds of guests and external people (`conditionalAccessGuestOrExternalUserTypes`,
//! semantics.md §6.2): single words in requests, flags in policies.

use serde_json::Value;

use crate::document::{DocumentError, Node, Read, words};

words! {
    /// One word of `conditionalAccessGuestOrExternalUserTypes`.
    pub enum GuestType("a word of `conditionalAccessGuestOrExternalUserTypes`") {
        /// A member: none of the others.
        None = "none",
        InternalGuest = "internalGuest",
        B2bCollaborationGuest = "b2bCollaborationGuest",
        B2bCollaborationMember = "b2bCollaborationMember",
        B2bDirectConnectUser = "b2bDirectConnectUser",
        OtherExternalUser = "otherExternalUser",
        ServiceProvider = "serviceProvider",
        UnknownFutureValue = "unknownFutureValue",
    }
}

impl GuestType {
    const fn bit(self) -> u8 {
        match self {
            Self::None => 0,
            Self::InternalGuest => 1,
            Self::B2bCollaborationGuest => 2,
            Self::B2bCollaborationMember => 4,
            Self::B2bDirectConnectUser => 8,
            Self::OtherExternalUser => 16,
            Self::ServiceProvider => 32,
            Self::UnknownFutureValue => 64,
        }
    }

    /// Whether it is one of the six kinds of `GuestsOrExternalUsers`.
    pub const fn is_guest(self) -> bool {
        !matches!(self, Self::None | Self::UnknownFutureValue)
    }
}

/// A set of kinds, written as one joined string.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GuestTypes(u8);

impl GuestTypes {
    /// All six kinds: `GuestsOrExternalUsers`.
    pub const ALL: Self = Self(63);

    /// Whether it holds this kind; `none` and future words are in no set.
    pub const fn contains(self, kind: GuestType) -> bool {
        kind.is_guest() && self.0 & kind.bit() != 0
    }

    /// Adds a kind.
    #[must_use]
    pub const fn with(self, kind: GuestType) -> Self {
        Self(self.0 | kind.bit())
    }

    /// Whether it holds no kind.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Reads the joined string, with or without spaces.
    pub fn read(node: Node<'_, '_>) -> Read<Self> {
        let text = node.text()?;
        let mut words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.try_fold(Self::default(), |set, word| {
            let kind = GuestType::parse(word).ok_or_else(|| {
                DocumentError::new(format!(
                    "`{word}` is not a word of `conditionalAccessGuestOrExternalUserTypes`"
                ))
            })?;
            Ok(set.with(kind))
        })
    }

    /// The joined string, in the order of the schema.
    pub fn to_graph(self) -> Value {
        let words: Vec<&str> = GuestType::ALL
            .iter()
            .filter(|kind| self.0 & kind.bit() != 0)
            .map(|kind| kind.as_str())
            .collect();
        Value::String(if words.is_empty() {
            GuestType::None.as_str().to_owned()
        } else {
            words.join(",")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{GuestType, GuestTypes};
    use crate::document::Document;

    fn read(json: &str) -> Option<GuestTypes> {
        GuestTypes::read(Document::parse(json.as_bytes()).unwrap().root()).ok()
    }

    #[test]
    fn flags_are_one_joined_string() {
        let both = read(r#""internalGuest, B2BCollaborationGuest ""#).unwrap();
        assert!(both.contains(GuestType::InternalGuest));
        assert!(both.contains(GuestType::B2bCollaborationGuest));
        assert!(!both.contains(GuestType::ServiceProvider));
        assert_eq!(both.to_graph(), "internalGuest,b2bCollaborationGuest");
        assert!(read(r#""none""#).unwrap().is_empty());
        assert_eq!(read(r#""guest""#), None);
        assert_eq!(read(r#"["internalGuest"]"#), None);
    }

    #[test]
    fn all_are_six() {
        let all = |kind: &&GuestType| GuestTypes::ALL.contains(**kind);
        assert_eq!(GuestType::ALL.iter().filter(all).count(), 6);
        assert!(!GuestTypes::ALL.contains(GuestType::None));
    }
}
