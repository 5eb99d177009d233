//! Proof Key for Code Exchange (RFC 7636), S256 only (RFC 9700 §2.1.1; security bar O-04).
//!
//! 1. A challenge comes with the method `S256`; `plain`, named or implied, is refused.
//! 2. A challenge is the base64url of 32 bytes, a verifier has 43 to 128 unreserved characters.
//! 3. Challenge at the beginning ⇔ verifier at the end: neither half may be dropped on the way.

use comity_crypto::{base64url, constant_time_eq, sha256};
use serde::{Deserialize, Serialize};

/// An S256 challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge(String);

/// Whether a client must use PKCE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Public clients and the profiles `oauth21` and `fapi2`.
    Required,
    /// The profile `basic`.
    Optional,
}

/// A broken rule of RFC 7636.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// The client must send a challenge.
    #[error("`code_challenge` is missing; this application must use PKCE with `S256`")]
    MissingChallenge,
    /// Rule 1.
    #[error("`code_challenge_method` must be `S256`")]
    Method,
    /// A method without a challenge.
    #[error("`code_challenge_method` came without `code_challenge`")]
    MethodWithoutChallenge,
    /// Rule 2.
    #[error("`code_challenge` is not the base64url form of a SHA-256 hash")]
    MalformedChallenge,
    /// Rule 2.
    #[error("`code_verifier` must have 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`")]
    MalformedVerifier,
    /// Rule 3: the code was asked for with a challenge.
    #[error("`code_verifier` is missing")]
    MissingVerifier,
    /// Rule 3: the code was asked for without a challenge.
    #[error("`code_verifier` came for a code that was asked for without `code_challenge`")]
    UnexpectedVerifier,
    /// The verifier is another one.
    #[error("`code_verifier` does not match `code_challenge`")]
    Mismatch,
}

impl PkceError {
    /// RFC 7636 §4.4.1 (authorize) and §4.6 (token).
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingChallenge
            | Self::Method
            | Self::MethodWithoutChallenge
            | Self::MalformedChallenge => "invalid_request",
            Self::MalformedVerifier
            | Self::MissingVerifier
            | Self::UnexpectedVerifier
            | Self::Mismatch => "invalid_grant",
        }
    }

    /// The directory's number (semantics §5.4).
    pub fn number(&self) -> u32 {
        match self {
            Self::MissingChallenge | Self::MissingVerifier => 50_148,
            Self::Method | Self::MethodWithoutChallenge | Self::MalformedChallenge => 50_147,
            Self::MalformedVerifier | Self::UnexpectedVerifier | Self::Mismatch => 501_491,
        }
    }
}

impl Challenge {
    /// Reads the two parameters of an authorization request.
    pub fn parse(
        challenge: Option<&str>,
        method: Option<&str>,
        requirement: Requirement,
    ) -> Result<Option<Self>, PkceError> {
        match (challenge, method) {
            (None, None) if requirement == Requirement::Optional => Ok(None),
            (None, None) => Err(PkceError::MissingChallenge),
            (None, Some(_)) => Err(PkceError::MethodWithoutChallenge),
            (Some(challenge), Some("S256")) => Self::try_from(challenge.to_owned()).map(Some),
            (Some(_), _) => Err(PkceError::Method),
        }
    }

    /// The challenge of a verifier.
    pub fn of(verifier: &str) -> Result<Self, PkceError> {
        if !is_verifier(verifier) {
            return Err(PkceError::MalformedVerifier);
        }
        Ok(Self(base64url::encode(sha256(verifier))))
    }

    /// The text of `code_challenge`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Rule 3 and the comparison, when a code is redeemed.
pub fn check(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), PkceError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(PkceError::MissingVerifier),
        (None, Some(_)) => Err(PkceError::UnexpectedVerifier),
        (Some(challenge), Some(verifier)) => {
            let given = Challenge::of(verifier)?;
            let same = constant_time_eq(given.as_str(), challenge.as_str());
            if same {
                Ok(())
            } else {
                Err(PkceError::Mismatch)
            }
        }
    }
}

fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

impl TryFrom<String> for Challenge {
    type Error = PkceError;

    fn try_from(text: String) -> Result<Self, PkceError> {
        base64url::decode_array::<32>(&text).map_err(|_| PkceError::MalformedChallenge)?;
        Ok(Self(text))
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Requirement::{Optional, Required};

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn challenge() -> Challenge {
        Challenge::parse(Some(CHALLENGE), Some("S256"), Required)
            .unwrap()
            .unwrap()
    }

    #[test]
    fn o04_the_rfc_pair_matches() {
        assert_eq!(check(Some(&challenge()), Some(VERIFIER)), Ok(()));
        assert_eq!(check(None, None), Ok(()));
    }

    #[test]
    fn o04_neither_half_may_be_dropped() {
        assert_eq!(
            check(Some(&challenge()), None),
            Err(PkceError::MissingVerifier)
        );
        assert_eq!(
            check(None, Some(VERIFIER)),
            Err(PkceError::UnexpectedVerifier)
        );
        assert_eq!(PkceError::MissingVerifier.code(), "invalid_grant");
    }

    #[test]
    fn o04_only_s256() {
        for (challenge, method, expected) in [
            (Some(CHALLENGE), None, PkceError::Method),
            (Some(CHALLENGE), Some("plain"), PkceError::Method),
            (Some(CHALLENGE), Some("s256"), PkceError::Method),
            (None, Some("S256"), PkceError::MethodWithoutChallenge),
            (None, None, PkceError::MissingChallenge),
            (
                Some(VERIFIER.get(1..).unwrap()),
                Some("S256"),
                PkceError::MalformedChallenge,
            ),
            (
                Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="),
                Some("S256"),
                PkceError::MalformedChallenge,
            ),
        ] {
            assert_eq!(Challenge::parse(challenge, method, Required), Err(expected));
        }
        assert_eq!(Challenge::parse(None, None, Optional), Ok(None));
    }

    #[test]
    fn o04_verifier_form() {
        let challenge = challenge();
        for verifier in [
            "a".repeat(42),
            "a".repeat(129),
            format!("{VERIFIER}+"),
            format!("{VERIFIER} "),
            format!("{VERIFIER}é"),
        ] {
            assert_eq!(
                check(Some(&challenge), Some(&verifier)),
                Err(PkceError::MalformedVerifier)
            );
        }
        for verifier in ["a".repeat(43), "a".repeat(128), format!("{VERIFIER}~.")] {
            assert_eq!(
                check(Some(&challenge), Some(&verifier)),
                Err(PkceError::Mismatch)
            );
        }
    }
}
