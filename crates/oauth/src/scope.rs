//! Scopes (RFC 6749 §3.3) in the directory's spelling: OpenID scopes, bare Graph names, and names
//! under a resource (`{resource}/Name`, `{resource}/.default`).
//!
//! 1. Scopes are separated by spaces and have printable ASCII characters without `"` and `\`.
//! 2. `{resource}/.default` loses exactly `/.default`; a slash before it belongs to the resource
//!    (clients.md §2.4).
//! 3. A request is for one resource, and `.default` stands alone on it.

use std::collections::BTreeSet;
use std::fmt;

/// The longest `scope` parameter.
pub const MAX_LENGTH: usize = 4096;
const MAX_COUNT: usize = 100;
const DEFAULT: &str = ".default";

/// A scope that OpenID Connect defines (§5.4, §11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OidcScope {
    /// `openid`
    OpenId,
    /// `profile`
    Profile,
    /// `email`
    Email,
    /// `address`
    Address,
    /// `phone`
    Phone,
    /// `offline_access`
    OfflineAccess,
}

impl OidcScope {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Address,
        Self::Phone,
        Self::OfflineAccess,
    ];

    /// The scope's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::OfflineAccess => "offline_access",
        }
    }
}

/// One scope of a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeRequest {
    /// The resource as written; `None` means Graph.
    pub resource: Option<String>,
    /// The permission's name, or `.default`.
    pub value: String,
}

impl ScopeRequest {
    /// Whether this asks for everything already granted.
    pub fn is_default(&self) -> bool {
        self.value == DEFAULT
    }
}

/// The scopes of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    /// OpenID scopes.
    pub oidc: BTreeSet<OidcScope>,
    /// Scopes of the resource, in order, none twice.
    pub requests: Vec<ScopeRequest>,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Too long, or more than 100 scopes.
    #[error("`scope` is too long")]
    TooLong,
    /// Rule 1.
    #[error("`scope` has a character that scopes do not have")]
    Character,
    /// A resource without a name, or a name without a resource.
    #[error("the scope `{0}` is neither a permission's name nor `resource/name`")]
    Malformed(String),
    /// Rule 3.
    #[error("`scope` names the resources `{first}` and `{second}`; ask for one at a time")]
    SeveralResources {
        /// The one named first.
        first: String,
        /// The other.
        second: String,
    },
    /// Rule 3.
    #[error("`.default` cannot be combined with other scopes of the same resource")]
    DefaultWithOthers,
}

impl ScopeError {
    /// RFC 6749 §4.1.2.1 and §5.2.
    pub fn code(&self) -> &'static str {
        "invalid_scope"
    }

    /// The directory's number (semantics §5.4).
    pub fn number(&self) -> u32 {
        match self {
            Self::SeveralResources { .. } => 28_000,
            Self::TooLong | Self::Character | Self::Malformed(_) | Self::DefaultWithOthers => {
                70_011
            }
        }
    }
}

impl Scopes {
    /// Parses the `scope` parameter.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > MAX_LENGTH {
            return Err(ScopeError::TooLong);
        }
        let mut scopes = Self::default();
        for (count, token) in text
            .split(' ')
            .filter(|token| !token.is_empty())
            .enumerate()
        {
            if count == MAX_COUNT {
                return Err(ScopeError::TooLong);
            }
            if !token
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
            {
                return Err(ScopeError::Character);
            }
            if let Some(oidc) = OidcScope::ALL
                .into_iter()
                .find(|oidc| oidc.as_str() == token)
            {
                scopes.oidc.insert(oidc);
                continue;
            }
            let request = parse_request(token)?;
            if !scopes.requests.contains(&request) {
                scopes.requests.push(request);
            }
        }
        scopes.check()?;
        Ok(scopes)
    }

    /// The resource named, if one is.
    pub fn resource(&self) -> Option<&str> {
        self.requests
            .iter()
            .find_map(|request| request.resource.as_deref())
    }

    /// Whether an OpenID scope was asked for.
    pub fn has(&self, scope: OidcScope) -> bool {
        self.oidc.contains(&scope)
    }

    /// Rule 3.
    fn check(&self) -> Result<(), ScopeError> {
        let mut resources = self
            .requests
            .iter()
            .filter_map(|request| request.resource.as_ref());
        if let Some(first) = resources.next()
            && let Some(second) = resources.find(|resource| *resource != first)
        {
            return Err(ScopeError::SeveralResources {
                first: first.clone(),
                second: second.clone(),
            });
        }
        let default = self.requests.iter().any(ScopeRequest::is_default);
        if default && self.requests.len() > 1 {
            return Err(ScopeError::DefaultWithOthers);
        }
        Ok(())
    }
}

fn parse_request(token: &str) -> Result<ScopeRequest, ScopeError> {
    let malformed = || ScopeError::Malformed(token.chars().take(100).collect());
    let Some((resource, value)) = token.rsplit_once('/') else {
        return Ok(ScopeRequest {
            resource: None,
            value: token.to_owned(),
        });
    };
    // `https://host` alone would split into `https:/` and `host`.
    let is_bare_url = resource.ends_with(":/");
    if resource.is_empty() || value.is_empty() || is_bare_url {
        return Err(malformed());
    }
    Ok(ScopeRequest {
        resource: Some(resource.to_owned()),
        value: value.to_owned(),
    })
}

impl fmt::Display for ScopeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.resource {
            Some(resource) => write!(f, "{resource}/{}", self.value),
            None => f.write_str(&self.value),
        }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let oidc = self.oidc.iter().map(|scope| scope.as_str().to_owned());
        let all: Vec<_> = oidc
            .chain(self.requests.iter().map(ToString::to_string))
            .collect();
        f.write_str(&all.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(resource: Option<&str>, value: &str) -> ScopeRequest {
        ScopeRequest {
            resource: resource.map(str::to_owned),
            value: value.to_owned(),
        }
    }

    #[test]
    fn every_spelling() {
        for (text, resource, value) in [
            ("User.Read", None, "User.Read"),
            (".default", None, ".default"),
            (
                "https://graph.global.localhost/.default",
                Some("https://graph.global.localhost"),
                ".default",
            ),
            (
                "https://graph.global.localhost:8443//.default",
                Some("https://graph.global.localhost:8443/"),
                ".default",
            ),
            (
                "https://graph.global.localhost/User.Read",
                Some("https://graph.global.localhost"),
                "User.Read",
            ),
            ("api://a1b2/Files.Read", Some("api://a1b2"), "Files.Read"),
            (
                "00000003-0000-0000-c000-000000000000/.default",
                Some("00000003-0000-0000-c000-000000000000"),
                ".default",
            ),
            (
                "https://contoso.com/app/access",
                Some("https://contoso.com/app"),
                "access",
            ),
        ] {
            let scopes = Scopes::parse(text).unwrap();
            assert_eq!(scopes.requests, [request(resource, value)], "{text}");
            assert_eq!(scopes.resource(), resource);
            assert_eq!(scopes.to_string(), text);
        }
    }

    #[test]
    fn oidc_scopes_belong_to_no_resource() {
        let scopes = Scopes::parse("openid  profile offline_access User.Read User.Read ").unwrap();
        assert!(scopes.has(OidcScope::OpenId) && scopes.has(OidcScope::OfflineAccess));
        assert!(!scopes.has(OidcScope::Email));
        assert_eq!(scopes.requests, [request(None, "User.Read")]);
        assert_eq!(Scopes::parse("OpenID").unwrap().requests.len(), 1);
        assert_eq!(Scopes::parse("").unwrap(), Scopes::default());
    }

    #[test]
    fn broken_rules() {
        let many = "a ".repeat(101);
        for (text, number) in [
            ("api://a/x api://b/y", 28_000),
            ("api://a/.default api://a/x", 70_011),
            ("https://host", 70_011),
            ("/x", 70_011),
            ("api://a/", 70_011),
            ("a\"b", 70_011),
            ("a\\b", 70_011),
            ("a\tb", 70_011),
            ("é", 70_011),
            (many.as_str(), 70_011),
        ] {
            let error = Scopes::parse(text).unwrap_err();
            assert_eq!(
                (error.code(), error.number()),
                ("invalid_scope", number),
                "{text}"
            );
        }
        assert_eq!(Scopes::parse(&"a".repeat(4097)), Err(ScopeError::TooLong));
    }
}
