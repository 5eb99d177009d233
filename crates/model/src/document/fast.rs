//! The short way through ordinary JSON: texts without escapes, whole numbers, no great depth.
//!
//! It either understands a text completely or gives up, and then `serde_json` reads it from the
//! start: every refusal, every message and everything unusual is `serde_json`'s. A law in the
//! tests holds the two to the same answer.

use std::borrow::Cow;

use super::{Content, Entry};

/// Deeper documents take the long way, which has its own limit.
const MAX_DEPTH: u8 = 32;

/// Appends the document to `entries`; `None` = take the long way.
pub(super) fn read<'a>(json: &'a str, entries: &mut Vec<Entry<'a>>) -> Option<()> {
    let mut reader = Reader {
        json,
        at: 0,
        entries,
    };
    reader.value("", 0)?;
    reader.skip_space();
    (reader.at == json.len()).then_some(())
}

struct Reader<'t, 'a> {
    json: &'a str,
    at: usize,
    entries: &'t mut Vec<Entry<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn next_is(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn push(&mut self, name: &'a str, content: Content<'a>) -> usize {
        let at = self.entries.len();
        self.entries.push(Entry {
            name: Cow::Borrowed(name),
            content,
            end: at + 1,
        });
        at
    }

    fn value(&mut self, name: &'a str, depth: u8) -> Option<()> {
        self.skip_space();
        match self.peek()? {
            b'"' => {
                self.at += 1;
                let text = self.text()?;
                self.push(name, Content::Text(Cow::Borrowed(text)));
            }
            b'{' if depth < MAX_DEPTH => self.object(name, depth)?,
            b'[' if depth < MAX_DEPTH => self.list(name, depth)?,
            b'n' => self.word("null", name, Content::Null)?,
            b't' => self.word("true", name, Content::Bool(true))?,
            b'f' => self.word("false", name, Content::Bool(false))?,
            b'1'..=b'9' => self.number(name)?,
            _ => return None,
        }
        Some(())
    }

    /// A text behind its opening quote.
    fn text(&mut self) -> Option<&'a str> {
        let rest = self.json.as_bytes().get(self.at..)?;
        let length = plain_length(rest);
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        let text = self.json.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    fn word(&mut self, word: &str, name: &'a str, content: Content<'a>) -> Option<()> {
        self.json.get(self.at..)?.strip_prefix(word)?;
        self.at += word.len();
        self.push(name, content);
        Some(())
    }

    /// A whole number that fits without a doubt.
    fn number(&mut self, name: &'a str) -> Option<()> {
        let rest = self.json.as_bytes().get(self.at..)?;
        let length = rest
            .iter()
            .position(|byte| !byte.is_ascii_digit())
            .unwrap_or(rest.len());
        if length > 18 || matches!(rest.get(length), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        let number: u64 = self.json.get(self.at..self.at + length)?.parse().ok()?;
        self.at += length;
        self.push(name, Content::Number(number.into()));
        Some(())
    }

    fn list(&mut self, name: &'a str, depth: u8) -> Option<()> {
        self.at += 1;
        let at = self.push(name, Content::List);
        if !self.next_is(b']') {
            loop {
                self.value("", depth + 1)?;
                if !self.next_is(b',') {
                    break;
                }
            }
            if !self.next_is(b']') {
                return None;
            }
        }
        super::close(self.entries, at);
        Some(())
    }

    fn object(&mut self, name: &'a str, depth: u8) -> Option<()> {
        self.at += 1;
        let at = self.push(name, Content::Object);
        if !self.next_is(b'}') {
            loop {
                if !self.next_is(b'"') {
                    return None;
                }
                let member = self.text()?;
                if !self.next_is(b':') {
                    return None;
                }
                self.value(member, depth + 1)?;
                if !self.next_is(b',') {
                    break;
                }
            }
            if !self.next_is(b'}') {
                return None;
            }
        }
        super::close(self.entries, at);
        Some(())
    }
}

/// Bytes before the first quote, backslash or control character, eight at a time.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (chunks, _) = bytes.as_chunks::<8>();
    let mut length = 0;
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zero_bytes(word ^ (ONES * u64::from(b'"')));
        let slashes = zero_bytes(word ^ (ONES * u64::from(b'\\')));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let special = quotes | slashes | controls;
        if special != 0 {
            // The lowest mark is exact; a borrow can only leave false ones above it.
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let rest = bytes.get(length..).unwrap_or_default();
    let special = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    length + rest.iter().position(special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::{super::Document, plain_length, read};

    #[test]
    fn special_bytes_are_found_wherever_they_stand() {
        for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for place in 0..40 {
                let mut bytes = "a\u{e9}\u{10ffff} !#[]~\u{7f}".repeat(5).into_bytes();
                bytes.truncate(40);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = special;
                }
                assert_eq!(plain_length(&bytes), place, "{special} at {place}");
            }
        }
        assert_eq!(plain_length(b""), 0);
        assert_eq!(plain_length(b"abc"), 3);
    }

    #[test]
    fn what_it_understands_is_what_serde_json_understands() {
        for json in [
            "{}",
            "[]",
            " [ ] ",
            "{ \"a\" : 1 }",
            "\"x\"",
            "12",
            "null",
            "true",
            " false\r\n",
            r#"{"a":[1,{"b":null},[],{}],"c":"é","d":123456789012345678}"#,
        ] {
            let mut entries = Vec::new();
            assert_eq!(read(json, &mut entries), Some(()), "{json}");
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(Document { entries }.root().to_value(), value, "{json}");
        }
    }

    #[test]
    fn it_gives_up_on_everything_else() {
        let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
        for json in [
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "nul",
            "nulll",
            "truefalse",
            "1 2",
            "01",
            "-1",
            "0",
            "1.5",
            "1e3",
            "1E3",
            "12345678901234567890",
            "\"a",
            "\"a\\n\"",
            "\"\u{1}\"",
            "[1]]",
            "1a",
            "{}}",
            "'a'",
            "\u{feff}{}",
            &deep,
        ] {
            assert_eq!(read(json, &mut Vec::new()), None, "{json}");
        }
    }
}
