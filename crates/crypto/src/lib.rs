//! Signatures, sealing, hashing and one-time codes; the only crate that names the cryptographic
//! library.
//!
//! Everything here is synchronous and takes time and chance as values; the one exception is key
//! generation, which draws inside the library. Keys are parsed once and cheap to clone.
#![warn(missing_docs)]

mod algorithm;
pub mod base32;
pub mod base64url;
mod hash;
mod jwk;
pub mod password;
mod public_key;
mod seal;
mod signing;
pub mod totp;

pub use algorithm::{SigningAlgorithm, UnknownAlgorithm};
pub use hash::{constant_time_eq, hmac_sha256, sha256};
pub use jwk::{Jwk, JwkError, JwkSet, thumbprint};
pub use public_key::{PublicKey, VerifyError};
pub use seal::{SealError, Sealer};
pub use signing::{KeyError, SigningKey};
pub use zeroize::Zeroizing;
