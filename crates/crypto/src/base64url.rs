//! Base64url without padding (RFC 4648 §5, RFC 7515 §2), strictly: one text for one value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A text that is not base64url without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64url: only `A-Z a-z 0-9 - _`, no padding, no stray bits")]
pub struct Base64UrlError;

/// Encodes without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes; refuses padding, white space, the other alphabet and non-zero trailing bits.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Base64UrlError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Base64UrlError)
}

/// Decodes a value that must have exactly `N` bytes.
pub fn decode_array<const N: usize>(text: impl AsRef<[u8]>) -> Result<[u8; N], Base64UrlError> {
    decode(text)?.try_into().map_err(|_| Base64UrlError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_of_every_length() {
        for length in 0..70_u8 {
            let bytes: Vec<u8> = (0..length).map(|i| i.wrapping_mul(37)).collect();
            assert_eq!(decode(encode(&bytes)), Ok(bytes));
        }
    }

    #[test]
    fn o34_only_the_canonical_text_is_accepted() {
        assert_eq!(decode("_-8"), Ok(vec![0xff, 0xef]));
        for text in [
            "_-8=",
            "/+8",
            "_-9",
            "_-8\n",
            " _-8",
            "_-8 ",
            "A",
            "_.8",
            "\u{ff21}A",
        ] {
            assert_eq!(decode(text), Err(Base64UrlError), "{text:?}");
        }
    }

    #[test]
    fn arrays_have_one_length() {
        assert_eq!(decode_array::<2>("_-8"), Ok([0xff, 0xef]));
        assert_eq!(decode_array::<3>("_-8"), Err(Base64UrlError));
    }
}
