//! Base32 (RFC 4648 §6) without padding, as one-time code secrets are written.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A text that is not base32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base32: only `A-Z 2-7`, no padding, no stray bits")]
pub struct Base32Error;

/// Encodes without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    let mut text = String::new();
    let mut buffer: u16 = 0;
    let mut bits = 0;
    for byte in bytes.as_ref() {
        buffer = ((buffer & 0x1f) << 8) | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(symbol(buffer >> bits));
        }
    }
    if bits > 0 {
        text.push(symbol(buffer << (5 - bits)));
    }
    text
}

/// Decodes upper-case text without padding; the bits beyond the last byte must be zero.
pub fn decode(text: &str) -> Result<Vec<u8>, Base32Error> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let mut buffer: u16 = 0;
    let mut bits = 0;
    for symbol in text.bytes() {
        let value = ALPHABET
            .iter()
            .position(|s| *s == symbol)
            .ok_or(Base32Error)?;
        buffer = (buffer << 5) | u16::try_from(value).map_err(|_| Base32Error)?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).map_err(|_| Base32Error)?);
        }
        buffer &= (1 << bits) - 1;
    }
    // Five or more spare bits would be a whole symbol that says nothing.
    if bits >= 5 || buffer != 0 {
        return Err(Base32Error);
    }
    Ok(bytes)
}

fn symbol(bits: u16) -> char {
    ALPHABET
        .get(usize::from(bits & 0x1f))
        .map_or('A', |byte| char::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 §10, padding removed.
    const VECTORS: [(&str, &str); 7] = [
        ("", ""),
        ("f", "MY"),
        ("fo", "MZXQ"),
        ("foo", "MZXW6"),
        ("foob", "MZXW6YQ"),
        ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ];

    #[test]
    fn rfc_vectors_both_ways() {
        for (plain, text) in VECTORS {
            assert_eq!(encode(plain), text);
            assert_eq!(decode(text).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "my",
            "MY======",
            "M",
            "MZX",
            "MZXW6Y",
            "MZ XQ",
            "M1",
            "MZ",
            "\u{ff2d}Y",
        ] {
            assert_eq!(decode(text), Err(Base32Error), "{text:?}");
        }
    }
}
