//! Words: text of another side, names of applications, lists, points in time, safe addresses.

use comity_model::time::Utc;
use maud::{Markup, Render, html};

/// The longest text of another side that is shown (cross-cloud-federation.md §6).
const FOREIGN_LENGTH: usize = 64;
/// The longest user name: 64 characters, `@`, 48 characters, and room for a port or an ellipsis.
const IDENTIFIER_LENGTH: usize = 128;

/// Text of another side, made fit to be shown: one line, at most 64 characters, without control,
/// bidirectional or other invisible characters. Markup escapes it when it is drawn.
pub fn foreign(text: &str) -> String {
    clean(text, FOREIGN_LENGTH)
}

/// A user name or an identifier of another side: as [`foreign`], but long enough for any user name.
pub fn identifier(text: &str) -> String {
    clean(text, IDENTIFIER_LENGTH)
}

fn clean(text: &str, length: usize) -> String {
    let spaced = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let shown: String = spaced.filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = shown.split(' ').filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.chars().count() <= length {
        return line;
    }
    let mut cut: String = line.chars().take(length - 1).collect();
    cut.push('…');
    cut
}

/// Control characters, bidirectional marks, and format characters that show nothing but change
/// what is read. The two joiners stay: several scripts need them.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The name of an application, with the word of whom to take it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppName {
    /// Registered here, or known to us.
    Ours(String),
    /// Told by the other side.
    Theirs(String),
}

impl AppName {
    /// For running text: `Expenses`, or `an application that calls itself “Expenses”`.
    pub fn clause(&self) -> String {
        match self {
            Self::Ours(name) => name.clone(),
            Self::Theirs(name) => {
                format!("an application that calls itself “{}”", foreign(name))
            }
        }
    }
}

/// The name alone, where there is no room for more: `Expenses` or `“Expenses”`.
impl Render for AppName {
    fn render(&self) -> Markup {
        match self {
            Self::Ours(name) => html! { (name) },
            Self::Theirs(name) => html! { "“" bdi { (foreign(name)) } "”" },
        }
    }
}

/// `Contoso’s`, `Woodgrove Systems’`.
pub fn owner(name: &str) -> String {
    if name.ends_with('s') {
        format!("{name}’")
    } else {
        format!("{name}’s")
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A point in time as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339, for machines.
    pub iso: String,
    /// `23 Nov 2026, 09:41:22 UTC`.
    pub text: String,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl When {
    /// To the second, always UTC.
    pub fn of(time: Utc) -> Self {
        let iso = Utc::from_seconds(time.seconds()).to_rfc3339();
        let text = Self::words(&iso).unwrap_or_else(|| iso.clone());
        Self { iso, text }
    }

    fn words(iso: &str) -> Option<String> {
        let (date, time) = iso.split_once('T')?;
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
        let day = day.trim_start_matches('0');
        Some(format!(
            "{day} {month} {year}, {} UTC",
            time.trim_end_matches('Z')
        ))
    }
}

impl Render for When {
    fn render(&self) -> Markup {
        html! { time datetime=(self.iso) { (self.text) } }
    }
}

/// An address fit for `href`: `https`, `http`, `mailto`, or a path of this host. Anything else,
/// `javascript:` above all, becomes `#`.
pub fn safe_href(href: &str) -> &str {
    let lower = href.to_ascii_lowercase();
    let scheme = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme));
    let path = href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\");
    let here = href.starts_with('?') || href.starts_with('#');
    let clean = !href.chars().any(|c| c.is_control() || c.is_whitespace());
    if clean && (scheme || path || here) {
        href
    } else {
        "#"
    }
}

/// A `mailto:` address with subject and text.
pub fn mailto(address: &str, subject: &str, body: &str) -> String {
    format!(
        "mailto:{}?subject={}&body={}",
        percent(address),
        percent(subject),
        percent(body)
    )
}

fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_one_short_visible_line() {
        let cases = [
            ("Expenses", "Expenses"),
            ("  a\r\n\tb  ", "a b"),
            ("pay\u{202e}lapyap", "paylapyap"),
            ("a\u{2066}b\u{2069}c\u{200e}\u{200f}\u{061c}", "abc"),
            ("nul\0l\u{7f}\u{9b}", "null"),
            ("soft\u{ad}\u{200b}\u{feff}hyphen", "softhyphen"),
            ("a\u{2028}b\u{2029}c", "a b c"),
            ("", ""),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("<b>bold</b>", "<b>bold</b>"),
        ];
        for (given, shown) in cases {
            assert_eq!(foreign(given), shown, "{given:?}");
        }
    }

    #[test]
    fn foreign_text_ends_after_64_characters_and_a_user_name_does_not() {
        assert_eq!(foreign(&"x".repeat(64)), "x".repeat(64));
        let cut = foreign(&"é".repeat(65));
        assert_eq!(cut.chars().count(), 64);
        assert!(cut.ends_with('…'));
        assert_eq!(identifier(&"x".repeat(113)), "x".repeat(113));
        assert_eq!(identifier(&"x".repeat(4000)).chars().count(), 128);
    }

    #[test]
    fn a_foreign_application_is_said_to_call_itself_so() {
        let theirs = AppName::Theirs("Pay\u{202e}roll".to_owned());
        assert_eq!(
            theirs.clause(),
            "an application that calls itself “Payroll”"
        );
        assert_eq!(theirs.render().into_string(), "“<bdi>Payroll</bdi>”");
        assert_eq!(AppName::Ours("Payroll".to_owned()).clause(), "Payroll");
    }

    #[test]
    fn only_addresses_that_load_pages_or_write_mail_are_linked() {
        for good in [
            "https://a.example/x?y=1#z",
            "http://localhost:1/",
            "/path",
            "?a=b",
            "#main",
        ] {
            assert_eq!(safe_href(good), good);
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "//evil.example/",
            "/\\evil.example/",
            "vbscript:x",
            "relative",
            "",
        ] {
            assert_eq!(safe_href(bad), "#", "{bad}");
        }
    }

    #[test]
    fn times_are_written_out() {
        let time = When::of(Utc::from_micros(1_795_426_882_123_456));
        assert_eq!(time.text, "23 Nov 2026, 09:41:22 UTC");
        assert_eq!(time.iso, "2026-11-23T09:41:22Z");
    }

    #[test]
    fn lists_and_owners_read_as_text() {
        let items = |n: usize| (0..n).map(|i| format!("item {i}")).collect::<Vec<_>>();
        assert_eq!(list(&items(0)), "");
        assert_eq!(list(&items(1)), "item 0");
        assert_eq!(list(&items(3)), "item 0, item 1 and item 2");
        assert_eq!(owner("Contoso"), "Contoso’s");
        assert_eq!(owner("Systems"), "Systems’");
    }

    #[test]
    fn mail_addresses_cannot_smuggle_headers() {
        assert_eq!(
            mailto("a@b.example\r\nBcc:c&d?e", "x y", "1&2"),
            "mailto:a@b.example%0D%0ABcc%3Ac%26d%3Fe?subject=x%20y&body=1%262"
        );
    }
}
