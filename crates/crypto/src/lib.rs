//! Signatures, sealing, hashing and one-time codes; the only crate that names the cryptographic library.
