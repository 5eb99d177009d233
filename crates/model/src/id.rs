//! Identifiers: a UUID that knows what it names.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The identifier of one `T`. Copy, ordered, printed lower-case with dashes.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// Wraps a UUID that is known to name a `T`.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// Reads the canonical form only: 36 characters with dashes; upper case is accepted and
    /// canonicalised, braces, missing dashes, spaces and other digits are not (S-27).
    pub fn parse(text: &str) -> Option<Self> {
        parse_uuid(text).map(Self::new)
    }
}

/// Reads a dashed 36-character GUID of ASCII hexadecimal digits, in either case.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36 && text.is_ascii())
        .then(|| Uuid::try_parse(text).ok())
        .flatten()
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> FromStr for Id<T> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text).ok_or(InvalidId)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a GUID with dashes"))
    }
}

/// The text is not a GUID in the 36-character form with dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID in the form with dashes")]
pub struct InvalidId;

#[cfg(test)]
mod tests {
    use super::Id;
    struct Thing;

    #[test]
    fn only_the_dashed_form_is_read() {
        let good = "6fa459ea-ee8a-3ca4-894e-db77e160355e";
        assert_eq!(
            Id::<Thing>::parse(good).map(|i| i.to_string()).as_deref(),
            Some(good)
        );
        assert_eq!(
            Id::<Thing>::parse(&good.to_uppercase()),
            Id::<Thing>::parse(good)
        );
        for bad in [
            "{6fa459ea-ee8a-3ca4-894e-db77e160355e}",
            "6fa459eaee8a3ca4894edb77e160355e",
            "6fa459ea-ee8a-3ca4-894e-db77e160355e ",
            " 6fa459ea-ee8a-3ca4-894e-db77e160355e",
            "urn:uuid:6fa459ea-ee8a-3ca4-894e-db77e160355e",
            "6fa459ea-ee8a-3ca4-894e-db77e160355\u{ff45}",
            "",
        ] {
            assert_eq!(Id::<Thing>::parse(bad), None, "{bad}");
        }
    }
}
