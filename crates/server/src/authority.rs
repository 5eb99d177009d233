//! Host and port of a request or an origin, in one comparable form.

use anyhow::Context as _;

/// `host:port` with the host in lower case and the port always there (443 if not given).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Authority {
    host: String,
    port: u16,
}

impl Authority {
    /// Reads `host` or `host:port` as a Host header has it. No user, no empty port, no trailing dot:
    /// what is not written as the registry writes it is another host.
    pub fn parse(text: &str) -> Option<Self> {
        let authority: http::uri::Authority = text.parse().ok()?;
        if text.contains('@') || text.ends_with(':') {
            return None;
        }
        let host = authority.host().to_ascii_lowercase();
        let port = match text.get(authority.host().len()..)?.strip_prefix(':') {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            Some(_) => return None,
            None => 443,
        };
        (!host.is_empty()).then_some(Self { host, port })
    }

    /// Reads an origin `https://host` or `https://host:port`, without a path.
    pub fn of_origin(origin: &str) -> anyhow::Result<Self> {
        origin
            .strip_prefix("https://")
            .and_then(Self::parse)
            .with_context(|| {
                format!("`{origin}` is not an origin: write `https://host` or `https://host:port`")
            })
    }

    /// The host, lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::Authority;

    #[test]
    fn hosts_compare_by_lower_case_and_port() {
        let parse = Authority::parse;
        assert_eq!(parse("Login.Example.GOV"), parse("login.example.gov:443"));
        assert_ne!(parse("login.example.gov:8443"), parse("login.example.gov"));
        assert_eq!(parse("[::1]:8443").unwrap().host(), "[::1]");
    }

    #[test]
    fn s49_odd_spellings_are_no_host() {
        for bad in [
            "", ":443", "a:", "a:b", "a:70000", "u@a", "u:p@a:1", "a b", "a/b", "a?b", "a:+1",
        ] {
            assert_eq!(Authority::parse(bad), None, "{bad}");
        }
        assert_ne!(Authority::parse("a."), Authority::parse("a"));
    }

    #[test]
    fn an_origin_is_https_without_a_path() {
        assert_eq!(Authority::of_origin("https://a:8443").unwrap().port(), 8443);
        for bad in [
            "http://a",
            "a",
            "https://a/",
            "https://a/b",
            "https://u@a",
            "https://",
        ] {
            let error = Authority::of_origin(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("`{bad}`")), "{error}");
        }
    }
}
