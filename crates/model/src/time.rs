//! Points in time as the store keeps them: microseconds since 1970, UTC.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time with microsecond precision. Ordered, fixed width, without time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Utc(i64);

impl Utc {
    /// From microseconds since 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down; the unit of JWT claims.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This time plus (or minus) whole seconds.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whole seconds from `earlier` to this time; negative if `earlier` is later.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        (self.0.saturating_sub(earlier.0)).div_euclid(1_000_000)
    }

    /// RFC 3339 in UTC with `Z`, as Graph writes it: fraction only where there is one.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0)
            .map(|t| t.to_string())
            .unwrap_or_default()
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|t| Self(t.as_microsecond()))
    }
}

impl std::fmt::Display for Utc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Utc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::Utc;

    #[test]
    fn prints_and_reads_the_same_point() {
        let t = Utc::from_micros(1_763_980_000_123_456);
        assert_eq!(Utc::parse(&t.to_rfc3339()), Some(t));
        assert_eq!(Utc::from_seconds(0).to_rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Utc::parse("2026-11-25"), None);
    }

    #[test]
    fn seconds_round_down_also_before_1970() {
        assert_eq!(Utc::from_micros(-1).seconds(), -1);
        assert_eq!(Utc::from_seconds(10).seconds_since(Utc::from_seconds(4)), 6);
    }
}
