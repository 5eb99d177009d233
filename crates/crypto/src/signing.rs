//! Private signing keys. A key is parsed once and shared: parsing an RSA key costs about as much
//! as a signature, so a key parsed per call would halve the rate at which tokens can be issued.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaSignatureEncoding,
};
use zeroize::Zeroizing;

use crate::jwk::{Jwk, JwkError, thumbprint};
use crate::public_key::PublicKey;
use crate::{SigningAlgorithm, base64url};

/// A private key for one algorithm. Cloning shares the parsed key.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    algorithm: SigningAlgorithm,
    pair: Pair,
    jwk: Jwk,
    kid: String,
    public: PublicKey,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
}

/// Why a private key cannot be made, read or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The library could not generate a key.
    #[error("a key could not be generated")]
    Generate,
    /// Not a PKCS#8 document of a key for this algorithm.
    #[error("not a PKCS#8 private key for `{0}`")]
    Malformed(SigningAlgorithm),
    /// The key cannot be written as PKCS#8.
    #[error("the key could not be encoded")]
    Encode,
    /// The key's public half is not one we accept (size, exponent).
    #[error("the key's public half is refused: {0}")]
    Public(#[from] JwkError),
    /// The library refused to sign.
    #[error("signing failed")]
    Sign,
}

impl SigningKey {
    /// Generates a key: P-256 for ES256, RSA of 2048 bits otherwise.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, KeyError> {
        let pair = match rsa_encoding(algorithm) {
            None => Pair::P256(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(|_| KeyError::Generate)?,
            ),
            Some(encoding) => Pair::Rsa(
                RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generate)?,
                encoding,
            ),
        };
        Self::new(algorithm, pair)
    }

    /// Reads an unencrypted PKCS#8 document.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let malformed = |_| KeyError::Malformed(algorithm);
        let pair = match rsa_encoding(algorithm) {
            None => Pair::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(malformed)?,
            ),
            Some(encoding) => {
                Pair::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(malformed)?, encoding)
            }
        };
        Self::new(algorithm, pair)
    }

    fn new(algorithm: SigningAlgorithm, pair: Pair) -> Result<Self, KeyError> {
        let mut jwk = match &pair {
            Pair::P256(pair) => p256_jwk(pair.public_key().as_ref())?,
            Pair::Rsa(pair, _) => rsa_jwk(pair),
        };
        let kid = thumbprint(&jwk)?;
        jwk.kid = Some(kid.clone());
        jwk.alg = Some(algorithm.as_str().to_owned());
        jwk.key_use = Some("sig".to_owned());
        let public = PublicKey::from_jwk(&jwk)?;
        Ok(Self(Arc::new(Inner {
            algorithm,
            pair,
            jwk,
            kid,
            public,
        })))
    }

    /// The key as a PKCS#8 document, to be sealed before it is stored.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match &self.0.pair {
            Pair::P256(pair) => {
                let document = pair.to_pkcs8v1().map_err(|_| KeyError::Encode)?;
                Ok(Zeroizing::new(document.as_ref().to_vec()))
            }
            Pair::Rsa(pair, _) => {
                let document: Pkcs8V1Der<'static> = pair.as_der().map_err(|_| KeyError::Encode)?;
                Ok(Zeroizing::new(document.as_ref().to_vec()))
            }
        }
    }

    /// The algorithm this key signs with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.0.algorithm
    }

    /// The key's ID: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The public half as published, with `kid`, `alg` and `use`.
    pub fn public_jwk(&self) -> Jwk {
        self.0.jwk.clone()
    }

    /// The public half, ready to verify.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public
    }

    /// Signs `message`; ES256 gives the fixed `r || s` of RFC 7518 §3.4.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let rng = SystemRandom::new();
        match &self.0.pair {
            Pair::P256(pair) => {
                let signature = pair.sign(&rng, message).map_err(|_| KeyError::Sign)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &rng, message, &mut signature)
                    .map_err(|_| KeyError::Sign)?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.0.algorithm)
            .field("kid", &self.0.kid)
            .finish_non_exhaustive()
    }
}

fn rsa_encoding(algorithm: SigningAlgorithm) -> Option<&'static RsaSignatureEncoding> {
    match algorithm {
        SigningAlgorithm::Es256 => None,
        SigningAlgorithm::Rs256 => Some(&RSA_PKCS1_SHA256),
        SigningAlgorithm::Ps256 => Some(&RSA_PSS_SHA256),
    }
}

/// `point` is the uncompressed SEC 1 form, `04 || x || y`.
fn p256_jwk(point: &[u8]) -> Result<Jwk, JwkError> {
    let coordinates = point.strip_prefix(&[4]).ok_or(JwkError::Invalid)?;
    let (x, y) = coordinates.split_at_checked(32).ok_or(JwkError::Invalid)?;
    Ok(Jwk {
        crv: Some("P-256".to_owned()),
        x: Some(base64url::encode(x)),
        y: Some(base64url::encode(y)),
        ..bare("EC")
    })
}

fn rsa_jwk(pair: &RsaKeyPair) -> Jwk {
    let public = pair.public_key();
    Jwk {
        n: Some(base64url::encode(
            public.modulus().big_endian_without_leading_zero(),
        )),
        e: Some(base64url::encode(
            public.exponent().big_endian_without_leading_zero(),
        )),
        ..bare("RSA")
    }
}

fn bare(kty: &str) -> Jwk {
    Jwk {
        kty: kty.to_owned(),
        key_use: None,
        kid: None,
        alg: None,
        crv: None,
        x: None,
        y: None,
        n: None,
        e: None,
        x5t: None,
        x5t_s256: None,
    }
}
