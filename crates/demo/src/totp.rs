//! One-time codes: RFC 6238 with HMAC-SHA-1, 30 seconds and six digits, from a base32 secret (RFC 4648 §6).

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::hmac;

use crate::options::Clock;

const STEP: u64 = 30;

/// A person's authenticator application for one account.
#[derive(Clone)]
pub struct Authenticator {
    key: hmac::Key,
    /// The step whose code was given out last: a server takes each code once.
    used: Option<u64>,
}

impl Authenticator {
    pub fn new(secret: &str) -> Result<Self> {
        let secret = base32(secret)?;
        ensure!(
            !secret.is_empty(),
            "the secret of the one-time code is empty"
        );
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret),
            used: None,
        })
    }

    /// A code that was not given out before; waits for the next one where it must.
    pub async fn next(&mut self, clock: &Clock) -> Result<String> {
        while self.wait(clock.unix()) > 0 {
            clock.wait(Duration::from_secs(1)).await;
        }
        let step = clock.unix() / STEP;
        self.used = Some(step);
        self.code(step)
    }

    /// Seconds until there is a code that was not given out.
    fn wait(&self, now: u64) -> u64 {
        match self.used {
            Some(used) if now / STEP <= used => (used + 1) * STEP - now,
            _ => 0,
        }
    }

    /// RFC 4226 §5.3 with the step as counter.
    fn code(&self, step: u64) -> Result<String> {
        let tag = hmac::sign(&self.key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes.last().context("an empty tag")? & 0x0f);
        let word: [u8; 4] = bytes
            .get(offset..offset + 4)
            .context("a short tag")?
            .try_into()?;
        let number = u32::from_be_bytes(word) & 0x7fff_ffff;
        Ok(format!("{:06}", number % 1_000_000))
    }
}

fn base32(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for c in text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '='))
    {
        let value = match c.to_ascii_uppercase() {
            letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
            digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
            other => anyhow::bail!("`{other}` is not base32"),
        };
        buffer = (buffer << 5 | value) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits & 0xff)?);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238 appendix B, `12345678901234567890`.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_vectors_of_the_rfc() {
        let authenticator = Authenticator::new(SECRET).unwrap();
        let rows = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (time, code) in rows {
            assert_eq!(authenticator.code(time / STEP).unwrap(), code, "{time}");
        }
    }

    #[test]
    fn base32_with_groups_and_padding_and_nothing_else() {
        assert_eq!(base32("mzxw 6ytb-oi==").unwrap(), b"foobar");
        assert_eq!(base32("MZXW6===").unwrap(), b"foo");
        assert!(base32("MZXW1").is_err());
        assert!(Authenticator::new("").is_err());
    }

    #[tokio::test]
    async fn a_code_is_given_out_once() {
        let clock = Clock::new(|| std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(59));
        let mut authenticator = Authenticator::new(SECRET).unwrap();
        assert_eq!(authenticator.wait(59), 0);
        assert_eq!(authenticator.next(&clock).await.unwrap(), "287082");
        assert_eq!(authenticator.wait(59), 1);
        assert_eq!(authenticator.wait(31), 29);
        assert_eq!(authenticator.wait(60), 0);
    }
}
