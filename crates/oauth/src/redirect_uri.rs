//! Redirect URIs (RFC 6749 §3.1.2, RFC 8252 §7.3, RFC 9700 §2.1; security bar O-01).
//!
//! 1. Registered is `https`, or `http` on a loopback host; no fragment, user information, wildcard
//!    or control character; at most 2048 characters, written as a URL parser would write it.
//! 2. Requested and registered are compared as strings, without any normalisation.
//! 3. One exception: a public client's loopback URI may come with any port, and an empty path is
//!    the path `/`. Host and rest must be exact all the same.

use url::{Host, Url};

/// The longest redirect URI.
pub const MAX_LENGTH: usize = 2048;

/// A redirect URI as an application registered it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registered(String);

/// Whose redirect URI it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Installed applications, which cannot know their port beforehand.
    Public,
    /// Everything else.
    Confidential,
}

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not a URL, or one that a parser would write differently.
    #[error("not an absolute URL in canonical form")]
    Malformed,
    /// Too long.
    #[error("longer than 2048 characters")]
    TooLong,
    /// Neither `https` nor loopback `http`.
    #[error("use `https`; `http` is for `localhost`, `127.0.0.1` and `[::1]` only")]
    Scheme,
    /// Has a `#`.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// Has a user name or password.
    #[error("a redirect URI has no user information")]
    UserInfo,
    /// Has a `*`.
    #[error("a redirect URI has no wildcard")]
    Wildcard,
    /// Has white space, a control character or a backslash.
    #[error("a redirect URI has no white space, control character or backslash")]
    Character,
}

impl RegistrationError {
    /// RFC 7591 §3.2.2.
    pub fn code(&self) -> &'static str {
        "invalid_redirect_uri"
    }
}

impl Registered {
    /// Rule 1.
    pub fn parse(text: &str) -> Result<Self, RegistrationError> {
        if text.len() > MAX_LENGTH {
            return Err(RegistrationError::TooLong);
        }
        if text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '\\' || !c.is_ascii())
        {
            return Err(RegistrationError::Character);
        }
        if text.contains('*') {
            return Err(RegistrationError::Wildcard);
        }
        let url = Url::parse(text).map_err(|_| RegistrationError::Malformed)?;
        if url.fragment().is_some() {
            return Err(RegistrationError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(RegistrationError::UserInfo);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => return Err(RegistrationError::Scheme),
        }
        // Only the path `/` may be left out; everything else would be compared in a spelling that
        // browsers do not send.
        let canonical = url.as_str() == text
            || url
                .as_str()
                .strip_suffix('/')
                .is_some_and(|shorter| shorter == text);
        if !canonical {
            return Err(RegistrationError::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The registered text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Rules 2 and 3.
    pub fn matches(&self, requested: &str, client: Client) -> bool {
        if self.0 == requested {
            return true;
        }
        if client == Client::Confidential || requested.len() > MAX_LENGTH {
            return false;
        }
        match (loopback(&self.0), loopback(requested)) {
            (Some(own), Some(given)) => own == given,
            _ => false,
        }
    }
}

/// The origin of a redirect URI, for the `form-action` of a page that will post to it.
pub fn origin(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    matches!(url.scheme(), "https" | "http").then(|| url.origin().ascii_serialization())
}

/// Whether the URI is `http` on a loopback host.
pub fn is_loopback_http(uri: &str) -> bool {
    loopback(uri).is_some()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.octets() == [127, 0, 0, 1],
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Host and rest of a loopback URI, without the port. Read by hand, so that no parser can make
/// two different texts the same.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| rest.starts_with(*host))?;
    let rest = rest.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(after) => {
            let length = after.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = after.split_at_checked(length)?;
            let number: u16 = port.parse().ok()?;
            if number == 0 || number.to_string() != port {
                return None;
            }
            rest
        }
    };
    match rest {
        "" => Some((host, "/")),
        rest if rest.starts_with('/') && !rest.contains('#') => Some((host, rest)),
        _ => None,
    }
}
