//! The mail folder of the dev world: `*.eml` beside the manifest (RFC 5322, MIME of RFC 2045 to 2047).

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::markup::decode;

#[derive(Debug, Clone)]
pub struct Mailbox {
    folder: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Mailbox {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Every mail to this address, oldest first.
    pub fn to(&self, address: &str) -> Result<Vec<Mail>> {
        let mut files = Vec::new();
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("cannot read the mail folder `{}`", self.folder.display())
                });
            }
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                files.push((entry.metadata()?.modified()?, path));
            }
        }
        files.sort();
        let mut mails = Vec::new();
        for (_, path) in files {
            let bytes = std::fs::read(&path)?;
            let mail = Mail::parse(&bytes).with_context(|| format!("`{}`", path.display()))?;
            if mail.to.to_lowercase().contains(&address.to_lowercase()) {
                mails.push(mail);
            }
        }
        Ok(mails)
    }
}

impl Mail {
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let part = Part::parse(&String::from_utf8_lossy(bytes).replace("\r\n", "\n"))?;
        let mut mail = Self {
            from: words(part.header("from").unwrap_or_default()),
            to: words(part.header("to").unwrap_or_default()),
            subject: words(part.header("subject").unwrap_or_default()),
            text: String::new(),
            html: String::new(),
        };
        mail.take(&part, 0)?;
        Ok(mail)
    }

    /// The first address in it with this path, from the plain text, else from the HTML.
    pub fn link(&self, path: &str) -> Option<String> {
        let html = decode(&self.html);
        [self.text.as_str(), html.as_str()]
            .into_iter()
            .find_map(|body| {
                body.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'))
                    .find(|word| {
                        word.starts_with("https://")
                            && url::Url::parse(word).is_ok_and(|url| url.path() == path)
                    })
                    .map(str::to_owned)
            })
    }

    fn take(&mut self, part: &Part, depth: usize) -> Result<()> {
        if depth > 8 {
            bail!("parts within parts without end");
        }
        let kind = part
            .header("content-type")
            .unwrap_or("text/plain")
            .to_owned();
        let lower = kind.to_lowercase();
        if lower.starts_with("multipart/") {
            let boundary =
                parameter(&kind, "boundary").context("a multipart without a boundary")?;
            for inner in split(&part.body, &boundary) {
                self.take(&Part::parse(&inner)?, depth + 1)?;
            }
        } else if lower.starts_with("text/html") {
            self.html.push_str(&part.decoded()?);
        } else if lower.starts_with("text/plain") {
            self.text.push_str(&part.decoded()?);
        }
        Ok(())
    }
}

struct Part {
    headers: Vec<(String, String)>,
    body: String,
}

impl Part {
    fn parse(text: &str) -> Result<Self> {
        let (head, body) = match text.strip_prefix('\n') {
            Some(body) => ("", body),
            None => text.split_once("\n\n").unwrap_or((text, "")),
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers
                    .last_mut()
                    .context("a folded line without a header")?;
                value.push(' ');
                value.push_str(line.trim());
            } else {
                let (name, value) = line
                    .split_once(':')
                    .with_context(|| format!("`{line}` is no header"))?;
                headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
            }
        }
        Ok(Self {
            headers,
            body: body.to_owned(),
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn decoded(&self) -> Result<String> {
        let encoding = self
            .header("content-transfer-encoding")
            .unwrap_or("7bit")
            .to_lowercase();
        let bytes = match encoding.trim() {
            "base64" => {
                let packed: String = self.body.split_whitespace().collect();
                STANDARD.decode(packed).context("the body is not base64")?
            }
            "quoted-printable" => quoted_printable(&self.body),
            _ => return Ok(self.body.clone()),
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A parameter of a structured header, quoted or not.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts between the lines `--boundary` (RFC 2046 §5.1.1).
fn split(body: &str, boundary: &str) -> Vec<String> {
    let open = format!("--{boundary}");
    let close = format!("--{boundary}--");
    let mut parts: Vec<String> = Vec::new();
    let mut within = false;
    for line in body.lines() {
        let line = line.trim_end();
        if line == close {
            break;
        }
        if line == open {
            parts.push(String::new());
            within = true;
        } else if let (true, Some(part)) = (within, parts.last_mut()) {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts
}

/// RFC 2045 §6.7.
fn quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in text.lines() {
        let line = line.trim_end();
        let (line, soft) = line
            .strip_suffix('=')
            .map_or((line, false), |line| (line, true));
        bytes.extend(escaped(line, b'='));
        if !soft {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// Bytes with `mark` and two hexadecimal digits for some of them; what is no such escape stays.
fn escaped(text: &str, mark: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let pair = tail
            .get(..2)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        let value = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match value {
            Some(value) if first == mark => {
                bytes.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    bytes
}

/// A header with its encoded words read (RFC 2047); white space between two of them is dropped.
fn words(header: &str) -> String {
    let mut out = String::new();
    let mut after_word = false;
    for (number, word) in header.split(' ').enumerate() {
        let decoded = encoded_word(word);
        let both = after_word && decoded.is_some();
        if number > 0 && !both {
            out.push(' ');
        }
        after_word = decoded.is_some();
        out.push_str(&decoded.unwrap_or_else(|| word.to_owned()));
    }
    out
}

fn encoded_word(word: &str) -> Option<String> {
    let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (_, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => escaped(&text.replace('_', " "), b'='),
        _ => return None,
    };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: \"inviter@contoso.com via Contoso\" <invites@contoso.onmicrosoft.com>\r\n\
To: nora@northwind.us\r\n\
Subject: =?utf-8?B?Q29udG9zbw==?= =?utf-8?Q?_invites_you_caf=C3=A9?=\r\n\
\x20to Contoso\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/alternative;\r\n boundary=\"b1\"\r\n\
\r\n\
preamble\r\n\
--b1\r\n\
Content-Type: text/plain; charset=utf-8\r\n\
Content-Transfer-Encoding: quoted-printable\r\n\
\r\n\
Open the invitation:\r\n\
https://login.global.localhost:8443/redeem?tenant=3Da&user=3Dfalse&ticket=\r\n\
=3Dabc&ver=3D2.0\r\n\
--b1\r\n\
Content-Type: text/html; charset=utf-8\r\n\
Content-Transfer-Encoding: base64\r\n\
\r\n\
PGEgaHJlZj0iaHR0cHM6Ly9sb2dpbi5nbG9iYWwubG9jYWxob3N0Ojg0NDMvcmVkZWVtP3RlbmFu\r\n\
dD1hJmFtcDt1c2VyPWIiPk9wZW48L2E+\r\n\
--b1--\r\n\
epilogue\r\n";

    #[test]
    fn a_mail_with_two_alternatives() {
        let mail = Mail::parse(MAIL.as_bytes()).unwrap();
        assert_eq!(mail.to, "nora@northwind.us");
        assert_eq!(mail.subject, "Contoso invites you café to Contoso");
        assert!(mail.from.contains("invites@contoso.onmicrosoft.com"));
        assert!(
            mail.html
                .contains("href=\"https://login.global.localhost:8443/redeem?")
        );
        assert!(!mail.text.contains("epilogue") && !mail.text.contains("preamble"));
    }

    #[test]
    fn the_link_is_found_in_the_text_and_else_in_the_html() {
        let soft = MAIL.replace("ticket=\r\n=3Dabc", "ticket=3D=\r\nabc");
        let mail = Mail::parse(soft.as_bytes()).unwrap();
        let expected =
            "https://login.global.localhost:8443/redeem?tenant=a&user=false&ticket=abc&ver=2.0";
        assert_eq!(mail.link("/redeem").as_deref(), Some(expected));
        let html = Mail {
            text: String::new(),
            ..mail.clone()
        };
        let expected = "https://login.global.localhost:8443/redeem?tenant=a&user=b";
        assert_eq!(html.link("/redeem").as_deref(), Some(expected));
        assert_eq!(mail.link("/other"), None);
    }

    #[test]
    fn a_simple_mail_and_a_broken_one() {
        let mail = Mail::parse(b"To: a@b\n\nhello =20").unwrap();
        assert_eq!(mail.text, "hello =20");
        assert!(Mail::parse(b"no header line\n\nx").is_err());
        assert!(Mail::parse(b"Content-Type: multipart/mixed\n\nx").is_err());
        assert_eq!(quoted_printable("a=3Db =\nc=ZZ"), b"a=b c=ZZ\n");
    }

    #[test]
    fn the_folder_is_read_by_address_and_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::new(folder.path().join("mail"));
        assert_eq!(mailbox.to("nora@northwind.us").unwrap(), []);
        let mailbox = Mailbox::new(folder.path().to_owned());
        std::fs::write(folder.path().join("1.eml"), MAIL).unwrap();
        std::fs::write(folder.path().join("note.txt"), "x").unwrap();
        assert_eq!(mailbox.to("Nora@northwind.us").unwrap().len(), 1);
        assert_eq!(mailbox.to("nils@northwind.us").unwrap().len(), 0);
    }
}
