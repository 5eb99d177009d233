//! Sealing of secrets at rest: AES-256-GCM under a subkey per purpose (HKDF-SHA-256, RFC 5869).
//!
//! A sealed value is `version (1) || key ID (4) || nonce (12) || ciphertext and tag`. The key ID
//! lets the key file rotate: a [`Sealer`] seals under its current key and opens under that or an
//! older one. Purpose and context are not in the value; they must be given again to open it, so a
//! sealed value cannot be moved to another column, row or tenant.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::{Zeroize as _, Zeroizing};

const VERSION: u8 = 1;
const HEADER: usize = 1 + 4 + 12;
const TAG: usize = 16;
const SALT: &[u8] = b"comity sealing key, version 1";

/// Seals under one key, opens under several.
#[derive(Clone)]
pub struct Sealer {
    current: Key,
    older: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; 4],
    secret: Zeroizing<[u8; 32]>,
}

/// Why a value cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The value is shorter than its frame or of another version.
    #[error("not a sealed value")]
    Malformed,
    /// The value was sealed under a key that is not here.
    #[error("the value is sealed under the key `{:08x}`, which the key file does not hold", u32::from_be_bytes(*.0))]
    UnknownKey([u8; 4]),
    /// The value was changed, or was sealed for another purpose or context.
    #[error("the sealed value does not open: it was changed or belongs elsewhere")]
    Refused,
    /// The library refused to seal.
    #[error("sealing failed")]
    Seal,
}

impl Sealer {
    /// A sealer with one key.
    pub fn from_key(mut key: [u8; 32]) -> Self {
        let current = Key::new(&key);
        key.zeroize();
        Self {
            current,
            older: Vec::new(),
        }
    }

    /// A sealer that seals under the first key and opens under all of them.
    pub fn from_keys(current: [u8; 32], older: impl IntoIterator<Item = [u8; 32]>) -> Self {
        older
            .into_iter()
            .fold(Self::from_key(current), Self::with_older)
    }

    /// Adds a key that only opens.
    #[must_use]
    pub fn with_older(mut self, mut key: [u8; 32]) -> Self {
        self.older.push(Key::new(&key));
        key.zeroize();
        self
    }

    /// The ID of the current key.
    pub fn key_id(&self) -> [u8; 4] {
        self.current.id
    }

    /// Whether `sealed` is under an older key and should be sealed again.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        sealed.get(1..5).is_some_and(|id| id != self.current.id)
    }

    /// Seals `plaintext` for `purpose` and `context` under a nonce that must never repeat.
    pub fn seal(
        &self,
        purpose: &str,
        context: &[u8],
        plaintext: &[u8],
        nonce: [u8; 12],
    ) -> Result<Vec<u8>, SealError> {
        let key = self.current.derive(purpose).ok_or(SealError::Seal)?;
        let mut body = plaintext.to_vec();
        let tag = key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut body,
            )
            .map_err(|_| SealError::Seal)?;
        let mut sealed = Vec::with_capacity(HEADER + body.len() + TAG);
        sealed.push(VERSION);
        sealed.extend(self.current.id);
        sealed.extend(nonce);
        sealed.append(&mut body);
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Opens a value that was sealed for the same purpose and context.
    pub fn open(
        &self,
        purpose: &str,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, nonce, body) = split(sealed).ok_or(SealError::Malformed)?;
        let key = std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.id == id)
            .ok_or(SealError::UnknownKey(id))?;
        let key = key.derive(purpose).ok_or(SealError::Refused)?;
        let mut buffer = Zeroizing::new(body.to_vec());
        let length = key
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                buffer.as_mut_slice(),
            )
            .map_err(|_| SealError::Refused)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let older: Vec<_> = self.older.iter().map(|key| key.id).collect();
        f.debug_struct("Sealer")
            .field("current", &self.current.id)
            .field("older", &older)
            .finish()
    }
}

impl Key {
    fn new(secret: &[u8; 32]) -> Self {
        let digest = crate::hmac_sha256(secret, b"comity key id");
        let mut id = [0; 4];
        for (to, from) in id.iter_mut().zip(digest) {
            *to = from;
        }
        Self {
            id,
            secret: Zeroizing::new(*secret),
        }
    }

    fn derive(&self, purpose: &str) -> Option<LessSafeKey> {
        struct Length;
        impl KeyType for Length {
            fn len(&self) -> usize {
                32
            }
        }
        let mut subkey = Zeroizing::new([0; 32]);
        Salt::new(HKDF_SHA256, SALT)
            .extract(self.secret.as_ref())
            .expand(&[purpose.as_bytes()], Length)
            .and_then(|okm| okm.fill(subkey.as_mut_slice()))
            .ok()?;
        UnboundKey::new(&AES_256_GCM, subkey.as_slice())
            .ok()
            .map(LessSafeKey::new)
    }
}

fn split(sealed: &[u8]) -> Option<([u8; 4], [u8; 12], &[u8])> {
    let (version, rest) = sealed.split_first()?;
    let (id, rest) = rest.split_first_chunk::<4>()?;
    let (nonce, body) = rest.split_first_chunk::<12>()?;
    (*version == VERSION && body.len() >= TAG).then_some((*id, *nonce, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [u8; 32] = [7; 32];
    const NEW: [u8; 32] = [8; 32];

    fn sealed() -> (Sealer, Vec<u8>) {
        let sealer = Sealer::from_key(OLD);
        let sealed = sealer
            .seal("totp", b"tenant/user", b"secret", [1; 12])
            .unwrap();
        (sealer, sealed)
    }

    #[test]
    fn opens_what_it_sealed() {
        let (sealer, sealed) = sealed();
        assert_eq!(
            sealer
                .open("totp", b"tenant/user", &sealed)
                .unwrap()
                .as_slice(),
            b"secret"
        );
        assert_eq!(sealed.get(1..5).unwrap(), sealer.key_id());
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        let empty = sealer.seal("totp", b"", b"", [2; 12]).unwrap();
        assert!(sealer.open("totp", b"", &empty).unwrap().is_empty());
    }

    #[test]
    fn another_purpose_or_context_does_not_open() {
        let (sealer, sealed) = sealed();
        assert_eq!(
            sealer.open("key", b"tenant/user", &sealed),
            Err(SealError::Refused)
        );
        assert_eq!(
            sealer.open("totp", b"tenant/other", &sealed),
            Err(SealError::Refused)
        );
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (sealer, sealed) = sealed();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(
                sealer.open("totp", b"tenant/user", &changed).is_err(),
                "{index}"
            );
        }
        for length in 0..sealed.len() {
            assert!(
                sealer
                    .open("totp", b"tenant/user", &sealed[..length])
                    .is_err(),
                "{length}"
            );
        }
    }

    #[test]
    fn v50_the_key_file_rotates() {
        let (old, sealed) = sealed();
        let rotated = Sealer::from_keys(NEW, [OLD]);
        assert!(rotated.open("totp", b"tenant/user", &sealed).is_ok());
        assert!(rotated.is_outdated(&sealed));
        let again = rotated
            .seal("totp", b"tenant/user", b"secret", [3; 12])
            .unwrap();
        assert!(!rotated.is_outdated(&again));
        assert_eq!(
            old.open("totp", b"tenant/user", &again),
            Err(SealError::UnknownKey(rotated.key_id()))
        );
        assert_eq!(
            Sealer::from_key(NEW).open("totp", b"tenant/user", &sealed),
            Err(SealError::UnknownKey(old.key_id()))
        );
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", Sealer::from_key([0xaa; 32])).contains("170, 170, 170, 170, 170"));
    }
}
