//! The mail server: `[smtp]` with `host`, `port`, `security`, `username`, `password_file`, `from`.

use std::path::{Path, PathBuf};

use super::section::Section;

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    pub host: String,
    /// The usual port of the security if absent.
    pub port: Option<u16>,
    pub security: Security,
    pub username: Option<String>,
    /// Mode 0600.
    pub password_file: Option<PathBuf>,
    /// The address in `From`.
    pub from: String,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Plain first, then TLS or nothing (RFC 3207); port 587.
    StartTls,
    /// TLS from the first byte (RFC 8314); port 465.
    Tls,
    /// None; only to a mail server on this machine.
    Loopback,
}

pub(super) fn read(section: &Section<'_>, folder: &Path) -> Option<Smtp> {
    let host = section.require_text("host");
    let port = section.number("port");
    let security = section.parsed_or("security", Security::StartTls, |text| match text {
        "starttls" => Ok(Security::StartTls),
        "tls" => Ok(Security::Tls),
        "none" => Ok(Security::Loopback),
        _ => Err("must be `starttls`, `tls` or `none`".into()),
    });
    let username = section.text("username").map(str::to_owned);
    let password_file = section.text("password_file").map(|text| folder.join(text));
    if username.is_some() != password_file.is_some() {
        section.problem(
            "username",
            "`smtp.username` and `smtp.password_file` go together",
        );
    }
    let from = section.parsed("from", |text| {
        text.parse::<lettre::Address>()
            .map(|_| text.to_owned())
            .map_err(|_| format!("has `{text}`, which is not a mail address"))
    });
    if security == Some(Security::Loopback) && host.is_some_and(|host| !is_loopback(host)) {
        section.problem(
            "security",
            "`smtp.security` may be `none` only for a mail server on this machine",
        );
    }
    section.finish();
    Some(Smtp {
        host: host?.to_owned(),
        port,
        security: security?,
        username,
        password_file,
        from: from?,
    })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
