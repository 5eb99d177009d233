//! `application/x-www-form-urlencoded` parameters (RFC 6749 §3.1, §3.2 and appendix B; security
//! bar O-03).
//!
//! 1. A parameter we know may come once; twice is an error, and so is its array spelling `name[]`.
//! 2. A parameter without a value counts as absent.
//! 3. Percent-encoding must be complete and the result UTF-8 without control characters other than
//!    tab and line ends.
//! 4. At most 64 kB, 128 parameters.
//!
//! Query and body are never merged: whoever calls parses one of them.

use std::borrow::Cow;

/// The longest query or body.
pub const MAX_LENGTH: usize = 64 * 1024;
/// The most parameters.
pub const MAX_COUNT: usize = 128;

/// Parameters in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// Why parameters are not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// Rule 1.
    #[error("the parameter `{0}` occurs more than once; send it once")]
    Duplicate(&'static str),
    /// Rule 3: a percent sign without two hexadecimal digits.
    #[error("{0} has an incomplete percent-encoding")]
    PercentEncoding(Place),
    /// Rule 3.
    #[error("{0} is not UTF-8")]
    NotUtf8(Place),
    /// Rule 3.
    #[error("{0} has a control character")]
    Control(Place),
    /// Rule 4.
    #[error("the parameters are longer than 64 kB or more than 128")]
    TooLarge,
}

/// What cannot be read: named as far as its name can be shown in any answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The value of the parameter of that name.
    Value(String),
    /// The name of a parameter, which cannot be shown.
    Name,
}

impl Place {
    fn value(name: &str) -> Self {
        let shown = |c: &char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '`');
        Self::Value(name.chars().filter(shown).take(64).collect())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(name) => write!(f, "the parameter `{name}`"),
            Self::Name => f.write_str("the name of a parameter"),
        }
    }
}

/// Rule 3, of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    PercentEncoding,
    NotUtf8,
    Control,
}

impl Unreadable {
    fn at(self, place: Place) -> ParamsError {
        match self {
            Self::PercentEncoding => ParamsError::PercentEncoding(place),
            Self::NotUtf8 => ParamsError::NotUtf8(place),
            Self::Control => ParamsError::Control(place),
        }
    }
}

impl ParamsError {
    /// RFC 6749 §4.1.2.1 and §5.2.
    pub fn code(&self) -> &'static str {
        "invalid_request"
    }
}

impl Params {
    /// Parses a query string (without `?`) or a form body.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParamsError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ParamsError::TooLarge);
        }
        let mut pairs = Vec::new();
        for pair in bytes
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
        {
            if pairs.len() == MAX_COUNT {
                return Err(ParamsError::TooLarge);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default()).map_err(|e| e.at(Place::Name))?;
            let value =
                decode(halves.next().unwrap_or_default()).map_err(|e| e.at(Place::value(&name)))?;
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// Takes pairs that are decoded already.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    /// Adds a parameter.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds a parameter if there is a value.
    pub fn push_some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.push(name, value);
        }
    }

    /// The one value of a parameter we know.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, ParamsError> {
        let is_array = |other: &str| {
            other
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('['))
        };
        if self.0.iter().any(|(other, _)| is_array(other)) {
            return Err(ParamsError::Duplicate(name));
        }
        let mut values = self.0.iter().filter(|(other, _)| other == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(ParamsError::Duplicate(name)),
            (Some((_, value)), None) if !value.is_empty() => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// Every value of a parameter that may be repeated (RFC 8707 `resource`).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0
            .iter()
            .filter(move |(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The pairs, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The parameters as a query string or form body.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push('&');
            }
            text.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
            text.push('=');
            text.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        }
        text
    }
}

/// Decodes one form-encoded name or value.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let text =
        String::from_utf8(percent_decode(bytes)?.into_owned()).map_err(|_| Unreadable::NotUtf8)?;
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
    {
        return Err(Unreadable::Control);
    }
    Ok(text)
}

fn percent_decode(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    if !bytes.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| {
                    char::from(byte?)
                        .to_digit(16)
                        .and_then(|digit| u8::try_from(digit).ok())
                };
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(Unreadable::PercentEncoding);
                };
                high << 4 | low
            }
            other => other,
        });
    }
    Ok(Cow::Owned(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn o03_a_known_parameter_comes_once() {
        let once = params("client_id=a&x=1&x=2");
        assert_eq!(once.one("client_id"), Ok(Some("a")));
        for text in [
            "client_id=a&client_id=a",
            "client_id=a&client_id=b",
            "client_id=a&client_id=",
            "client_id=a&client%5Fid=b",
            "client_id=a&client_id[]=b",
            "client_id[]=a",
            "client_id%5B0%5D=a",
        ] {
            let params = params(text);
            assert_eq!(
                params.one("client_id"),
                Err(ParamsError::Duplicate("client_id")),
                "{text}"
            );
        }
        assert_eq!(
            params("client_idx=a&client_id=b").one("client_id"),
            Ok(Some("b"))
        );
    }

    #[test]
    fn empty_is_absent() {
        assert_eq!(params("state=&nonce").one("state"), Ok(None));
        assert_eq!(params("state=&nonce").one("nonce"), Ok(None));
        assert_eq!(params("&&").pairs().len(), 0);
    }

    #[test]
    fn decoding_is_strict() {
        assert_eq!(params("a=b+c%2Bd%C3%A9=%20").one("a"), Ok(Some("b c+dé= ")));
        let a = || Place::Value("a".into());
        for (bytes, error) in [
            (&b"a=%"[..], ParamsError::PercentEncoding(a())),
            (b"a=%4", ParamsError::PercentEncoding(a())),
            (b"a=%+1", ParamsError::PercentEncoding(a())),
            (b"%zz=1", ParamsError::PercentEncoding(Place::Name)),
            (b"a=\xff", ParamsError::NotUtf8(a())),
            (b"a=%ff", ParamsError::NotUtf8(a())),
            (b"a=%C3", ParamsError::NotUtf8(a())),
            (b"\xc3=1", ParamsError::NotUtf8(Place::Name)),
            (b"a=%00", ParamsError::Control(a())),
            (b"a=%1b", ParamsError::Control(a())),
            (b"a=%7F", ParamsError::Control(a())),
            (b"a%00=1", ParamsError::Control(Place::Name)),
        ] {
            assert_eq!(Params::parse(bytes), Err(error), "{bytes:?}");
        }
    }

    #[test]
    fn a_parameter_that_cannot_be_read_is_named() {
        let said = |text: &str| Params::parse(text.as_bytes()).unwrap_err().to_string();
        let name = said("a=1&user name=%00");
        assert_eq!(name, "the parameter `username` has a control character");
        // A name that is long or odd is shown as far as every answer can carry it.
        let odd = said(&format!("\"<%C3%A9{}=%00", "x".repeat(99)));
        assert_eq!(
            odd,
            format!(
                "the parameter `<{}` has a control character",
                "x".repeat(63)
            )
        );
    }

    #[test]
    fn size_is_bounded() {
        let long = format!("a={}", "b".repeat(MAX_LENGTH));
        assert_eq!(Params::parse(long.as_bytes()), Err(ParamsError::TooLarge));
        assert!(Params::parse("a=1&".repeat(MAX_COUNT).as_bytes()).is_ok());
        let many = Params::parse("a=1&".repeat(MAX_COUNT + 1).as_bytes());
        assert_eq!(many, Err(ParamsError::TooLarge));
    }
}
