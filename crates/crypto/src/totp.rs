//! Time-based one-time codes (RFC 6238 over RFC 4226): SHA-1, six digits, thirty seconds.
//!
//! 1. The window is the current step and one to each side.
//! 2. A step is good once: it must be later than the last one used, which the caller stores in the
//!    transaction that accepts the code.
//! 3. A code is exactly six ASCII digits; white space and other digits are wrong.

use crate::hash::hmac_sha1;
use crate::{base32, constant_time_eq};

/// Seconds per step.
pub const STEP_SECONDS: u64 = 30;

/// The six digits for a step.
pub fn code(secret: &[u8], step: u64) -> String {
    let tag = hmac_sha1(secret, &step.to_be_bytes());
    let tag = tag.as_ref();
    // RFC 4226 §5.3: the low four bits of the last byte say where the number starts.
    let offset = tag.last().map_or(0, |last| usize::from(last & 0x0f));
    let number = tag
        .iter()
        .skip(offset)
        .take(4)
        .fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

/// The step a moment falls into; `None` before 1970.
pub fn step_at(unix_seconds: i64) -> Option<u64> {
    Some(u64::try_from(unix_seconds).ok()? / STEP_SECONDS)
}

/// Checks a code and returns the step it used up. All three steps are always computed.
pub fn verify(
    secret: &[u8],
    given: &str,
    unix_seconds: i64,
    last_step: Option<u64>,
) -> Option<u64> {
    if given.len() != 6 || !given.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let now = step_at(unix_seconds)?;
    let mut found = None;
    for step in now.saturating_sub(1)..=now.saturating_add(1) {
        let matches = constant_time_eq(code(secret, step), given);
        if matches && last_step.is_none_or(|last| step > last) {
            found = Some(step);
        }
    }
    found
}

/// The `otpauth:` URI that authenticator applications read from a QR code.
pub fn otpauth_uri(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (escape(issuer), escape(account));
    let secret = base32::encode(secret);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

/// Percent-encoding of everything but the unreserved characters (RFC 3986 §2.3).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for nibble in [byte >> 4, byte & 0x0f] {
                let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                escaped.push(digit.to_ascii_uppercase());
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238 appendix B, the last six of its eight digits.
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    #[test]
    fn rfc_6238_vectors() {
        for (seconds, expected) in VECTORS {
            let step = step_at(seconds).unwrap();
            assert_eq!(code(SECRET, step), expected);
            assert_eq!(verify(SECRET, expected, seconds, None), Some(step));
        }
    }

    /// RFC 4226 appendix D.
    #[test]
    fn rfc_4226_vectors() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
        ];
        for (step, expected) in (0..).zip(codes) {
            assert_eq!(code(SECRET, step), expected);
        }
    }

    #[test]
    fn s43_the_window_is_one_step_to_each_side() {
        let now = 1_000_000 * 30;
        for (step, accepted) in [
            (999_998, false),
            (999_999, true),
            (1_000_000, true),
            (1_000_001, true),
            (1_000_002, false),
        ] {
            let found = verify(SECRET, &code(SECRET, step), now, None);
            assert_eq!(found, accepted.then_some(step));
        }
        assert_eq!(verify(SECRET, "287082", -1, None), None);
    }

    #[test]
    fn s44_a_step_is_good_once() {
        let now = 1_000_000 * 30;
        let this = code(SECRET, 1_000_000);
        assert_eq!(verify(SECRET, &this, now, Some(999_999)), Some(1_000_000));
        assert_eq!(verify(SECRET, &this, now, Some(1_000_000)), None);
        assert_eq!(
            verify(SECRET, &code(SECRET, 999_999), now, Some(1_000_000)),
            None
        );
    }

    #[test]
    fn s44_a_code_is_six_ascii_digits() {
        let now = 59;
        for given in [
            " 287082",
            "287082 ",
            "287 082",
            "28708",
            "2870820",
            "２８７０８２",
            "",
            "28708a",
            "+28708",
        ] {
            assert_eq!(verify(SECRET, given, now, None), None, "{given:?}");
        }
    }

    #[test]
    fn the_uri_escapes_its_parts() {
        assert_eq!(
            otpauth_uri("Contoso & Co", "nora@northwind.us", b"foobar"),
            "otpauth://totp/Contoso%20%26%20Co:nora%40northwind.us?secret=MZXW6YTBOI&issuer=Contoso%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }
}
