//! The public key of a certificate (RFC 5280 §4.1), which is how Graph's `keyCredentials` bring it.
//!
//! Only the key is read: the certificate is a container an administrator uploaded, nothing in it is
//! believed, no chain is built. The key itself is judged by `comity_crypto::PublicKey`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comity_crypto::{Jwk, base64url, sha256};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
/// `[0] EXPLICIT`: the version.
const VERSION: u8 = 0xa0;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// The key of a base64 certificate, named by its thumbprints. `sha1` is Graph's
/// `customKeyIdentifier`, which only names.
pub(super) fn public_key(certificate: &str, sha1: Option<&str>) -> Option<Jwk> {
    let der = STANDARD.decode(certificate).ok()?;
    let mut jwk = key_of(&der)?;
    jwk.x5t_s256 = Some(base64url::encode(sha256(&der)));
    jwk.x5t = sha1
        .and_then(|text| STANDARD.decode(text).ok())
        .map(base64url::encode);
    Some(jwk)
}

fn key_of(der: &[u8]) -> Option<Jwk> {
    let mut certificate = Der(Der(der).take(SEQUENCE)?);
    let mut signed = Der(certificate.take(SEQUENCE)?);
    signed.skip_if(VERSION)?;
    signed.take(INTEGER)?;
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        signed.take(SEQUENCE)?;
    }
    let mut info = Der(signed.take(SEQUENCE)?);
    let mut algorithm = Der(info.take(SEQUENCE)?);
    let bits = info.take(BIT_STRING)?.strip_prefix(&[0])?;
    match algorithm.take(OBJECT)? {
        RSA => {
            let mut key = Der(Der(bits).take(SEQUENCE)?);
            let (n, e) = (unsigned(key.take(INTEGER)?), unsigned(key.take(INTEGER)?));
            Some(Jwk {
                n: Some(base64url::encode(n)),
                e: Some(base64url::encode(e)),
                ..bare("RSA")
            })
        }
        EC if algorithm.take(OBJECT)? == P256 => {
            let (x, y) = bits.strip_prefix(&[4])?.split_at_checked(32)?;
            Some(Jwk {
                crv: Some("P-256".to_owned()),
                x: Some(base64url::encode(x)),
                y: Some(base64url::encode(y)),
                ..bare("EC")
            })
        }
        _ => None,
    }
}

fn unsigned(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(&[0]).unwrap_or(bytes)
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

/// A reader of DER elements; every length is checked against what is there.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must have that tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        if *found != tag {
            return None;
        }
        self.0 = rest;
        Some(content)
    }

    fn skip_if(&mut self, tag: u8) -> Option<()> {
        if self.0.first() == Some(&tag) {
            self.take(tag)?;
        }
        Some(())
    }
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=3).contains(&count) {
        return None;
    }
    let (digits, rest) = rest.split_at_checked(count)?;
    Some((
        digits
            .iter()
            .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_crypto::PublicKey;

    /// Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=a`.
    const P256_CERTIFICATE: &str = include_str!("certificate/p256.txt");
    /// Made with `openssl req -x509 -newkey rsa:2048 -subj /CN=a`.
    const RSA_CERTIFICATE: &str = include_str!("certificate/rsa.txt");

    #[test]
    fn keys_of_both_families_are_read() {
        for (text, kty) in [(P256_CERTIFICATE, "EC"), (RSA_CERTIFICATE, "RSA")] {
            let jwk = public_key(text.trim(), Some("AAEC")).unwrap();
            assert_eq!(jwk.kty, kty);
            assert_eq!(jwk.x5t.as_deref(), Some("AAEC"));
            assert!(PublicKey::from_jwk(&jwk).is_ok(), "{kty}");
        }
    }

    #[test]
    fn a_cut_or_odd_certificate_has_no_key() {
        let der = STANDARD.decode(RSA_CERTIFICATE.trim()).unwrap();
        // The key ends before the signature, so a short cut may still hold it.
        for end in 0..200 {
            assert_eq!(key_of(der.get(..end).unwrap()), None, "{end}");
        }
        for bad in ["", "AAAA", "%%%", "MIIB"] {
            assert_eq!(public_key(bad, None), None, "{bad}");
        }
    }
}
