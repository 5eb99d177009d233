//! Names that people type: user principal names, addresses and domains. Parsed once at the edge;
//! never an identity (cross-cloud-federation.md §1).

use serde::{Deserialize, Serialize};

/// The key under which a name is compared and searched: lower case, nothing else changed.
pub fn key(text: &str) -> String {
    text.to_lowercase()
}

/// Why a name cannot be read. The message completes "the user name …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("is empty")]
    Empty,
    #[error("is longer than {0} characters")]
    TooLong(usize),
    #[error("needs exactly one `@` between a name and a domain")]
    NoAt,
    #[error("contains a character that is not allowed here")]
    Character,
    #[error("has a domain that is not a DNS name")]
    Domain,
}

/// A DNS name in lower case, at least two labels or a single configured label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DomainName(String);

impl DomainName {
    /// Reads an ASCII DNS name (letters, digits, `-`, dots); 253 characters at most.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if text.len() > 253 {
            return Err(InvalidName::TooLong(253));
        }
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && !l.starts_with('-')
                && !l.ends_with('-')
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !text.contains('.') || !text.split('.').all(label) {
            return Err(InvalidName::Domain);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DomainName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user principal name as typed, with its domain. 113 characters at most (Graph's limit),
/// `#` only in the `#EXT#` form of guests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upn {
    text: String,
    at: usize,
}

impl Upn {
    /// Reads `name@domain`. Outer white space is dropped; inner is refused.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if text.chars().count() > 256 {
            return Err(InvalidName::TooLong(256));
        }
        let at = text.rfind('@').ok_or(InvalidName::NoAt)?;
        let (local, domain) = (
            text.get(..at).unwrap_or(""),
            text.get(at + 1..).unwrap_or(""),
        );
        if local.is_empty() || local.contains('@') {
            return Err(InvalidName::NoAt);
        }
        if local
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "\"<>()[]\\,;:|/".contains(c))
        {
            return Err(InvalidName::Character);
        }
        DomainName::parse(domain)?;
        Ok(Self {
            text: text.to_owned(),
            at,
        })
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Before the `@`.
    pub fn local(&self) -> &str {
        self.text.get(..self.at).unwrap_or("")
    }

    /// After the `@`, lower case.
    pub fn domain(&self) -> String {
        key(self.text.get(self.at + 1..).unwrap_or(""))
    }

    /// What is compared.
    pub fn key(&self) -> String {
        key(&self.text)
    }
}

impl std::fmt::Display for Upn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// An address for mail as invitations take it (semantics.md §4.1): RFC 5321 addresses, minus the
/// characters that the original refuses.
pub fn parse_invited_address(text: &str) -> Result<Upn, InvalidName> {
    let upn = Upn::parse(text)?;
    let local = upn.local();
    let refused = "~!#$%^&*()+=[]{}\\/|;:\"<>?,";
    if local.chars().any(|c| refused.contains(c)) {
        return Err(InvalidName::Character);
    }
    if local.starts_with(['.', '-']) || local.ends_with(['.', '-']) {
        return Err(InvalidName::Character);
    }
    Ok(upn)
}

#[cfg(test)]
mod tests {
    use super::{DomainName, InvalidName, Upn, parse_invited_address};

    #[test]
    fn user_names() {
        let nora = Upn::parse(" Nora@Northwind.US ").unwrap();
        assert_eq!(
            (nora.local(), nora.domain().as_str()),
            ("Nora", "northwind.us")
        );
        assert_eq!(nora.key(), "nora@northwind.us");
        assert!(Upn::parse("nora_northwind.us#EXT#@contoso.onmicrosoft.com").is_ok());
        for bad in [
            "",
            "nora",
            "@northwind.us",
            "nora@",
            "no ra@northwind.us",
            "nora@north_wind.us",
            "a@b@c.us",
        ] {
            assert!(Upn::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn invited_addresses() {
        assert!(parse_invited_address("john_doe@fabrikam.com").is_ok());
        for bad in [
            "a+b@x.com",
            ".a@x.com",
            "a-@x.com",
            "a#b@x.com",
            "a{b@x.com",
        ] {
            assert_eq!(
                parse_invited_address(bad),
                Err(InvalidName::Character),
                "{bad}"
            );
        }
    }

    #[test]
    fn domains() {
        assert_eq!(
            DomainName::parse("Contoso.COM").unwrap().as_str(),
            "contoso.com"
        );
        for bad in [
            "",
            "localhost",
            "a..b",
            "-a.com",
            "a_b.com",
            "ä.com",
            &"a.".repeat(200),
        ] {
            assert!(DomainName::parse(bad).is_err(), "{bad}");
        }
    }
}
