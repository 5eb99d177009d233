//! Addresses that are kept for people to be sent to: home pages, statements, where an invitation
//! ends. Nothing of them is ever fetched (security bar S-75); what a browser or a mail is given is
//! a web address, whoever wrote it.
//!
//! 1. `https://` or `http://`, written out, and a host, without user name or password.
//! 2. No white space, control character or backslash: programs disagree about these.
//! 3. An address at which a sign-out ends is a redirect URI (`oauth/redirect_uri.rs`).

use comity_oauth::redirect_uri::Registered;
use serde_json::{Map, Value};
use url::Url;

use crate::error::{Error, Result};

/// Properties of applications, service principals and organizations under rules 1 and 2.
const LINKS: [&str; 9] = [
    "homepage",
    "loginUrl",
    "web/homePageUrl",
    "privacyProfile/statementUrl",
    "info/termsOfServiceUrl",
    "info/supportUrl",
    "info/privacyStatementUrl",
    "info/marketingUrl",
    "info/logoUrl",
];

/// Those under rule 3.
const ENDS: [&str; 2] = ["logoutUrl", "web/logoutUrl"];

/// The three rules over what is to be stored.
pub(crate) fn check(properties: &Map<String, Value>) -> Result<()> {
    for path in LINKS {
        if let Some(text) = at(properties, path)
            && parse(text).is_none()
        {
            return Err(Error::invalid(
                path,
                format!(
                    "`{path}` begins with `https://` or `http://`, names a host, and has no user name, white space or backslash"
                ),
            ));
        }
    }
    for path in ENDS {
        if let Some(text) = at(properties, path) {
            Registered::parse(text).map_err(|e| Error::invalid(path, format!("`{path}`: {e}")))?;
        }
    }
    Ok(())
}

fn at<'a>(properties: &'a Map<String, Value>, path: &str) -> Option<&'a str> {
    let mut names = path.split('/');
    let first = properties.get(names.next()?)?;
    let text = names.try_fold(first, |value, name| value.get(name))?;
    text.as_str().filter(|text| !text.is_empty())
}

/// Rules 1 and 2.
pub(crate) fn parse(text: &str) -> Option<Url> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let written = ["https", "http"]
        .iter()
        .any(|s| scheme.eq_ignore_ascii_case(s));
    if !written || authority.is_empty() || authority.contains('@') || text.contains(odd) {
        return None;
    }
    Url::parse(text).ok()
}
