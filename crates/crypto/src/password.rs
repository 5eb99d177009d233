//! Passwords: NFC, Argon2id (RFC 9106) with a pepper, PHC strings.
//!
//! 1. A password has 1 to 256 characters after NFC, and all of them count.
//! 2. The pepper is Argon2's secret input, so a stolen table alone cannot be searched.
//! 3. Parameters are at least 19 MiB with two passes or 46 MiB with one; no faster set exists, also
//!    not for tests.
//! 4. A hash made with other parameters than the current ones is made anew at the next sign-in.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::constant_time_eq;

/// The longest password, in characters.
pub const MAX_CHARS: usize = 256;

/// NFC never needs more than this for [`MAX_CHARS`]; longer input is refused before any work.
const MAX_BYTES: usize = MAX_CHARS * 16;
const PREFIX: &str = "$argon2id$v=19$";

/// The cost of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why a password cannot be hashed, or parameters cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Nothing, or more than 256 characters.
    #[error("a password has 1 to 256 characters")]
    Length,
    /// The parameters are below the floor.
    #[error(
        "the password parameters are too weak; use at least 19 MiB with 2 passes or 46 MiB with 1"
    )]
    TooWeak,
    /// The parameters are beyond what one sign-in may cost.
    #[error("the password parameters are too costly; use at most 1 GiB, 16 passes, 16 lanes")]
    TooCostly,
    /// The library refused.
    #[error("the password could not be hashed")]
    Hash,
}

/// What a password check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Valid {
        /// The stored hash has other parameters than the current ones and should be replaced.
        rehash: bool,
    },
    /// The password is wrong.
    Invalid,
    /// The stored hash is not one of ours.
    Corrupt,
}

impl Default for Parameters {
    /// 46 MiB, one pass, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 46 * 1024,
            passes: 1,
            lanes: 1,
        }
    }
}

impl Parameters {
    /// Checks the floor and the ceiling.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, PasswordError> {
        let strong =
            (memory_kib >= 46 * 1024 && passes >= 1) || (memory_kib >= 19 * 1024 && passes >= 2);
        if !strong || lanes == 0 {
            return Err(PasswordError::TooWeak);
        }
        if memory_kib > 1024 * 1024 || passes > 16 || lanes > 16 {
            return Err(PasswordError::TooCostly);
        }
        Ok(Self {
            memory_kib,
            passes,
            lanes,
        })
    }

    /// Memory in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    pub const fn lanes(self) -> u32 {
        self.lanes
    }
}

/// Hashes a password into a PHC string.
pub fn hash(
    password: &str,
    salt: [u8; 16],
    pepper: &[u8; 32],
    parameters: Parameters,
) -> Result<String, PasswordError> {
    let password = normalise(password).ok_or(PasswordError::Length)?;
    let hash = derive(&password, &salt, pepper, parameters).ok_or(PasswordError::Hash)?;
    let Parameters {
        memory_kib,
        passes,
        lanes,
    } = parameters;
    let (salt, hash) = (
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(hash.as_slice()),
    );
    Ok(format!(
        "{PREFIX}m={memory_kib},t={passes},p={lanes}${salt}${hash}"
    ))
}

/// Checks a password against a stored PHC string. A password of impossible length is merely wrong.
pub fn verify(password: &str, phc: &str, pepper: &[u8; 32], current: Parameters) -> Verdict {
    let Some(stored) = Stored::parse(phc) else {
        return Verdict::Corrupt;
    };
    let Some(password) = normalise(password) else {
        return Verdict::Invalid;
    };
    match derive(&password, &stored.salt, pepper, stored.parameters) {
        None => Verdict::Corrupt,
        Some(hash) if constant_time_eq(hash.as_slice(), stored.hash) => Verdict::Valid {
            rehash: stored.parameters != current,
        },
        Some(_) => Verdict::Invalid,
    }
}

struct Stored {
    parameters: Parameters,
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Stored {
    fn parse(phc: &str) -> Option<Self> {
        let mut parts = phc.strip_prefix(PREFIX)?.split('$');
        let (parameters, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let mut numbers = parameters.split(',');
        let mut number = |name: &str| -> Option<u32> {
            numbers
                .next()?
                .strip_prefix(name)?
                .strip_prefix('=')?
                .parse()
                .ok()
        };
        let (memory_kib, passes, lanes) = (number("m")?, number("t")?, number("p")?);
        if numbers.next().is_some() {
            return None;
        }
        Some(Self {
            parameters: Parameters::new(memory_kib, passes, lanes).ok()?,
            salt: STANDARD_NO_PAD.decode(salt).ok()?.try_into().ok()?,
            hash: STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?,
        })
    }
}

/// Rule 1: the password as it counts; `None` if it is empty or too long.
pub fn normalise(password: &str) -> Option<Zeroizing<String>> {
    if password.len() > MAX_BYTES {
        return None;
    }
    let normal: Zeroizing<String> = Zeroizing::new(password.nfc().collect());
    (1..=MAX_CHARS)
        .contains(&normal.chars().count())
        .then_some(normal)
}

fn derive(
    password: &str,
    salt: &[u8; 16],
    pepper: &[u8; 32],
    parameters: Parameters,
) -> Option<Zeroizing<[u8; 32]>> {
    let Parameters {
        memory_kib,
        passes,
        lanes,
    } = parameters;
    let cost = Params::new(memory_kib, passes, lanes, Some(32)).ok()?;
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, cost).ok()?;
    let mut hash = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into(password.as_bytes(), salt, hash.as_mut_slice())
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 16] = [3; 16];
    const PEPPER: [u8; 32] = [4; 32];

    fn made(password: &str) -> String {
        hash(password, SALT, &PEPPER, Parameters::default()).unwrap()
    }

    fn check(password: &str, phc: &str) -> Verdict {
        verify(password, phc, &PEPPER, Parameters::default())
    }

    #[test]
    fn v21_a_password_verifies_and_another_does_not() {
        let phc = made("correct horse battery");
        assert!(phc.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{phc}");
        assert_eq!(
            check("correct horse battery", &phc),
            Verdict::Valid { rehash: false }
        );
        assert_eq!(check("correct horse batterz", &phc), Verdict::Invalid);
        assert_eq!(check("", &phc), Verdict::Invalid);
    }

    #[test]
    fn v21_the_pepper_and_the_salt_count() {
        let phc = made("pw");
        assert_eq!(
            verify("pw", &phc, &[5; 32], Parameters::default()),
            Verdict::Invalid
        );
        assert_ne!(
            phc,
            hash("pw", [9; 16], &PEPPER, Parameters::default()).unwrap()
        );
    }

    #[test]
    fn v20_the_last_of_256_characters_counts() {
        let long = "é".repeat(255);
        let phc = made(&format!("{long}a"));
        assert_eq!(
            check(&format!("{long}a"), &phc),
            Verdict::Valid { rehash: false }
        );
        assert_eq!(check(&format!("{long}b"), &phc), Verdict::Invalid);
        assert_eq!(check(&long, &phc), Verdict::Invalid);
    }

    #[test]
    fn v20_length_is_1_to_256_characters_after_nfc() {
        let current = Parameters::default();
        for password in [String::new(), "a".repeat(257), "a".repeat(1 << 20)] {
            assert_eq!(
                hash(&password, SALT, &PEPPER, current),
                Err(PasswordError::Length)
            );
            assert_eq!(check(&password, &made("x")), Verdict::Invalid);
        }
        // 512 code points that NFC composes to 256.
        assert!(hash(&"e\u{301}".repeat(256), SALT, &PEPPER, current).is_ok());
    }

    #[test]
    fn v20_both_spellings_of_a_character_are_one_password() {
        assert_eq!(
            check("caf\u{e9}", &made("cafe\u{301}")),
            Verdict::Valid { rehash: false }
        );
        assert_eq!(check("cafe", &made("cafe\u{301}")), Verdict::Invalid);
    }

    #[test]
    fn v21_other_parameters_ask_for_a_new_hash() {
        let other = Parameters::new(19 * 1024, 2, 1).unwrap();
        let phc = hash("pw", SALT, &PEPPER, other).unwrap();
        assert_eq!(check("pw", &phc), Verdict::Valid { rehash: true });
        assert_eq!(
            verify("pw", &phc, &PEPPER, other),
            Verdict::Valid { rehash: false }
        );
    }

    #[test]
    fn v21_no_parameters_below_the_floor() {
        for (memory, passes, lanes) in [
            (19 * 1024, 1, 1),
            (46 * 1024 - 1, 1, 1),
            (8, 100, 1),
            (0, 0, 0),
            (46 * 1024, 1, 0),
        ] {
            assert_eq!(
                Parameters::new(memory, passes, lanes),
                Err(PasswordError::TooWeak)
            );
        }
        for (memory, passes, lanes) in [(u32::MAX, 1, 1), (46 * 1024, 17, 1), (46 * 1024, 1, 17)] {
            assert_eq!(
                Parameters::new(memory, passes, lanes),
                Err(PasswordError::TooCostly)
            );
        }
    }

    #[test]
    fn a_damaged_hash_says_so() {
        let phc = made("pw");
        let damaged = [
            String::new(),
            phc.replace("argon2id", "argon2i"),
            phc.replace("v=19", "v=16"),
            phc.replace("m=47104", "m=8"),
            phc.replace("m=47104", "m=4294967295"),
            phc.replace(",p=1", ""),
            phc.replace(",p=1", ",p=1,x=2"),
            format!("{phc}$"),
            phc.chars().take(phc.len() - 1).collect(),
        ];
        for phc in damaged {
            assert_eq!(check("pw", &phc), Verdict::Corrupt, "{phc}");
        }
    }
}
