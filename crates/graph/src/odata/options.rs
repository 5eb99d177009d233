//! The query string as name and value, once each: `$` may be `%24` or missing, names in any case,
//! `+` is a space.

use url::form_urlencoded;

use crate::error::{Failure, Result};

/// Longest query string.
const MAX: usize = 16_384;

/// The options this server knows, in their right spelling.
const KNOWN: [&str; 9] = [
    "$select",
    "$expand",
    "$filter",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$search",
    "$skiptoken",
];

/// The options of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    pairs: Vec<(&'static str, String)>,
    /// `@id` of `DELETE …/$ref?@id=…`.
    pub reference: Option<String>,
}

impl Options {
    /// Reads a raw query string.
    pub fn parse(query: &str) -> Result<Self> {
        if query.len() > MAX {
            return Err(Failure::bad_request(format!(
                "The query string is longer than {MAX} bytes."
            )));
        }
        let mut options = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name.is_empty() && value.is_empty() {
                continue;
            }
            if value.contains(['\u{fffd}', '\0']) {
                return Err(Failure::bad_request(format!(
                    "The value of '{name}' is not UTF-8."
                )));
            }
            if name == "@id" || name == "$id" {
                if options.reference.is_some() {
                    return Err(Failure::bad_request(
                        "The query option '@id' may be given only once.",
                    ));
                }
                options.reference = Some(value.into_owned());
                continue;
            }
            options.add(name.trim(), value.into_owned())?;
        }
        Ok(options)
    }

    fn add(&mut self, name: &str, value: String) -> Result<()> {
        let bare = name.strip_prefix('$').unwrap_or(name);
        let known = KNOWN
            .iter()
            .find(|k| k.get(1..).is_some_and(|k| k.eq_ignore_ascii_case(bare)));
        let known = *known.ok_or_else(|| Failure::unsupported_option(name))?;
        if self.get(known).is_some() {
            return Err(Failure::bad_request(format!(
                "The query option '{known}' may be given only once."
            )));
        }
        self.pairs.push((known, value));
        Ok(())
    }

    /// An option's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v.as_str())
    }

    /// All but the page token.
    pub fn without_token(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.pairs
            .iter()
            .filter(|(n, _)| *n != "$skiptoken")
            .map(|(n, v)| (*n, v.as_str()))
    }

    /// The options of a page token.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut options = Self::default();
        for (name, value) in pairs {
            options.add(&name, value)?;
        }
        Ok(options)
    }

    /// Refuses every option that is not in the list.
    pub fn only(&self, allowed: &[&str]) -> Result<()> {
        match self.pairs.iter().find(|(n, _)| !allowed.contains(n)) {
            Some((name, _)) => Err(Failure::unsupported_option(name)),
            None if self.reference.is_some() && !allowed.contains(&"@id") => {
                Err(Failure::unsupported_option("@id"))
            }
            None => Ok(()),
        }
    }

    /// The query string of a next link, without its token.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        for (name, value) in self.without_token() {
            text.push_str(name);
            text.push('=');
            // `%20`, not `+`: some clients decode only that.
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            text.push_str(&value.replace('+', "%20"));
            text.push('&');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_option() {
        for query in [
            "$filter=displayName eq 'a'",
            "%24filter=displayName%20eq%20%27a%27",
            "filter=displayName+eq+'a'",
            "$filter%20=displayName+eq+'a'",
            "&$Filter=displayName+eq+'a'&",
        ] {
            let options = Options::parse(query).unwrap();
            assert_eq!(
                options.get("$filter"),
                Some("displayName eq 'a'"),
                "{query}"
            );
        }
    }

    #[test]
    fn what_is_not_known_or_twice_is_refused_by_name() {
        for (query, name) in [
            ("$levels=1", "$levels"),
            ("api-version=1", "api-version"),
            ("$top=1&top=1", "$top"),
            ("@id=a&$id=b", "@id"),
            ("$search=%ff", "$search"),
            ("$filter=a%00", "$filter"),
            ("=x", "''"),
        ] {
            let failure = Options::parse(query).unwrap_err();
            assert!(
                failure.message.contains(name),
                "{query}: {}",
                failure.message
            );
        }
        assert!(Options::parse(&"a".repeat(MAX + 1)).is_err());
    }

    #[test]
    fn encoding_survives_reading_again() {
        let options = Options::parse("$filter=a+eq+'x%26y%2Bz'&$top=5&$skiptoken=abc").unwrap();
        let again = Options::parse(&options.encode()).unwrap();
        assert_eq!(again.get("$filter"), Some("a eq 'x&y+z'"));
        assert_eq!(again.get("$skiptoken"), None);
        assert!(options.encode().contains("%20eq%20"));
    }
}
