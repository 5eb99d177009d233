//! Verification (RFC 7515 §5.2, RFC 8725 §3.1): the key decides the algorithm, never the message.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use crate::jwk::{Jwk, JwkError, thumbprint};
use crate::{SigningAlgorithm, base64url};

/// A public key, parsed once, bound to its family (RSA or P-256) and, if its JWK names an `alg`,
/// to that algorithm alone.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    thumbprint: String,
    verifiers: Vec<(SigningAlgorithm, ParsedPublicKey)>,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The key is not for this algorithm.
    #[error("the key is not for `{0}`")]
    WrongAlgorithm(SigningAlgorithm),
    /// The signature is not one by this key over this message.
    #[error("the signature does not match")]
    BadSignature,
}

impl PublicKey {
    /// Accepts RSA of 2048 to 8192 bits with exponent 65537, and points on P-256; nothing else.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, JwkError> {
        if jwk
            .key_use
            .as_deref()
            .is_some_and(|key_use| key_use != "sig")
        {
            return Err(JwkError::Use);
        }
        let bound = match jwk.alg.as_deref() {
            Some(name) => Some(SigningAlgorithm::parse(name).map_err(|_| JwkError::Algorithm)?),
            None => None,
        };
        let family = match jwk.kty.as_str() {
            "EC" => vec![(SigningAlgorithm::Es256, p256(jwk)?)],
            "RSA" => rsa(jwk)?,
            other => return Err(JwkError::KeyType(other.chars().take(32).collect())),
        };
        let verifiers: Vec<_> = family
            .into_iter()
            .filter(|(algorithm, _)| bound.is_none_or(|bound| bound == *algorithm))
            .collect();
        if verifiers.is_empty() {
            return Err(JwkError::Algorithm);
        }
        Ok(Self(Arc::new(Inner {
            thumbprint: thumbprint(jwk)?,
            verifiers,
        })))
    }

    /// Verifies `signature` over `message`. `algorithm` is the one the caller expects of this key.
    pub fn verify(
        &self,
        algorithm: SigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let (_, key) = self
            .0
            .verifiers
            .iter()
            .find(|(own, _)| *own == algorithm)
            .ok_or(VerifyError::WrongAlgorithm(algorithm))?;
        key.verify_sig(message, signature)
            .map_err(|_| VerifyError::BadSignature)
    }

    /// The algorithms this key may verify.
    pub fn algorithms(&self) -> impl Iterator<Item = SigningAlgorithm> + '_ {
        self.0.verifiers.iter().map(|(algorithm, _)| *algorithm)
    }

    /// RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey")
            .field(&self.0.thumbprint)
            .finish()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.thumbprint == other.0.thumbprint && self.algorithms().eq(other.algorithms())
    }
}

impl Eq for PublicKey {}

fn p256(jwk: &Jwk) -> Result<ParsedPublicKey, JwkError> {
    if jwk.member("crv")? != "P-256" {
        return Err(JwkError::Curve);
    }
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = base64url::decode_array::<32>(jwk.member(name)?);
        point.extend(coordinate.map_err(|_| JwkError::Malformed(name))?);
    }
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| JwkError::Invalid)
}

fn rsa(jwk: &Jwk) -> Result<Vec<(SigningAlgorithm, ParsedPublicKey)>, JwkError> {
    let e = base64url::decode(jwk.member("e")?).map_err(|_| JwkError::Malformed("e"))?;
    if e != [1, 0, 1] {
        return Err(JwkError::RsaExponent);
    }
    let n = base64url::decode(jwk.member("n")?).map_err(|_| JwkError::Malformed("n"))?;
    let Some(first) = n.first().filter(|first| **first != 0) else {
        return Err(JwkError::Malformed("n"));
    };
    let bits = (n.len() * 8).saturating_sub(first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(JwkError::RsaSize(bits));
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err(JwkError::Invalid);
    }
    let key = RsaPublicKeyComponents { n, e };
    [
        (SigningAlgorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256),
        (SigningAlgorithm::Ps256, &RSA_PSS_2048_8192_SHA256),
    ]
    .into_iter()
    .map(|(algorithm, parameters)| {
        let key = key
            .to_parsed_public_key(parameters)
            .map_err(|_| JwkError::Invalid)?;
        Ok((algorithm, key))
    })
    .collect()
}
