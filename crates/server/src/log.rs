//! The log of the process: text or JSON lines on standard error.
//!
//! Secrets travel in query strings (codes, tickets, states). The request log names path and route
//! only, never the query (S-42); as a second wall every line passes [`redact`], which blanks the
//! value of such parameters wherever they stand.

use std::{borrow::Cow, io};

use anyhow::Context as _;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// Sets up the log; `filter` as in `info,comity_app=debug`.
pub fn init(format: Format, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .with_context(|| format!("`{filter}` is not a log filter: use for example `info`"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Redacting);
    let done = match format {
        Format::Text => builder.with_ansi(false).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    done.map_err(|error| anyhow::anyhow!("the log is already set up: {error}"))
}

/// Parameters whose value never appears in a line.
const SECRET: [&str; 14] = [
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "id_token_hint",
    "invite",
    "password",
    "refresh_token",
    "state",
    "ticket",
    "token",
];

/// Blanks the values of secret parameters in `name=value` form, up to the next `&`, quote, `#` or
/// white space.
pub fn redact(line: &str) -> Cow<'_, str> {
    if !line.contains('=') {
        return Cow::Borrowed(line);
    }
    let mut clean = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('=') {
        clean.push_str(before);
        clean.push('=');
        rest = if is_secret(before) {
            blank(after, &mut clean)
        } else {
            after
        };
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// Whether the word at the end of `before` names a secret.
fn is_secret(before: &str) -> bool {
    let name = before
        .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .next()
        .unwrap_or("");
    SECRET
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Writes `…` for the value at the start of `after` and returns what follows it.
fn blank<'a>(after: &'a str, clean: &mut String) -> &'a str {
    let after = after
        .strip_prefix('"')
        .inspect(|_| clean.push('"'))
        .unwrap_or(after);
    let end = after.find(|c: char| c.is_whitespace() || "&\"'#\\<>".contains(c));
    let end = end.unwrap_or(after.len());
    if end > 0 {
        clean.push('…');
    }
    after.get(end..).unwrap_or("")
}

struct Redacting;

/// One event; `tracing-subscriber` writes each in one piece.
struct Line;

impl MakeWriter<'_> for Redacting {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line
    }
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().lock().write_all(redact(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{SECRET, redact};

    #[test]
    fn s42_secret_parameters_are_blanked() {
        for name in SECRET {
            for line in [
                format!("GET https://x/y?a=b&{name}=S3CRET&c=d"),
                format!("{{\"url\":\"https://x/y?{name}=S3CRET\"}}"),
                format!("{name}=S3CRET"),
                format!("({}=S3CRET)", name.to_uppercase()),
                format!("https://x/#{name}=S3CRET"),
            ] {
                let clean = redact(&line);
                assert!(!clean.contains("S3CRET"), "{clean}");
            }
        }
    }

    #[test]
    fn everything_else_stays() {
        for line in [
            "",
            "=",
            "status=200 zipcode=12",
            "grüße=1 é=2",
            "a=b=c&d==",
            "postcode=7&mystate=8",
        ] {
            assert_eq!(redact(line), line);
        }
        assert_eq!(redact("a?code=&b=c"), "a?code=&b=c");
        assert_eq!(redact("a?code=x&b=c code=\"y\""), "a?code=…&b=c code=\"…\"");
    }
}
