//! A set of public keys, parsed once and asked by name (RFC 7517 §5, RFC 8725 §3.8).

use std::sync::Arc;

use comity_crypto::{Jwk, JwkError, JwkSet, PublicKey};

use crate::jws::Header;

/// Public keys of one owner and one purpose. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Arc<Vec<Entry>>);

#[derive(Clone, Debug)]
struct Entry {
    kid: Option<String>,
    x5t: Option<String>,
    x5t_s256: Option<String>,
    key: PublicKey,
}

impl KeySet {
    /// Takes the keys we accept; others (other types, other sizes) are as if absent, as RFC 7517
    /// §5 asks.
    pub fn from_jwks(set: &JwkSet) -> Self {
        Self(Arc::new(
            set.keys
                .iter()
                .filter_map(|jwk| Entry::new(jwk).ok())
                .collect(),
        ))
    }

    /// Takes all keys or none.
    pub fn try_from_jwks(set: &JwkSet) -> Result<Self, JwkError> {
        set.keys
            .iter()
            .map(Entry::new)
            .collect::<Result<_, _>>()
            .map(|keys| Self(Arc::new(keys)))
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key with this `kid`. A name that two keys share names neither.
    pub fn find(&self, kid: &str) -> Option<&PublicKey> {
        self.only(|entry| entry.kid.as_deref() == Some(kid))
    }

    /// The set without the keys named.
    #[must_use]
    pub fn without<S: AsRef<str>>(&self, kids: &[S]) -> Self {
        let is_named = |entry: &&Entry| {
            entry
                .kid
                .as_deref()
                .is_some_and(|kid| kids.iter().any(|named| named.as_ref() == kid))
        };
        Self(Arc::new(
            self.0
                .iter()
                .filter(|entry| !is_named(entry))
                .cloned()
                .collect(),
        ))
    }

    /// The key a client assertion means: by `kid`, else by certificate thumbprint, else the only
    /// key there is. A header that names a key is never served with another one.
    pub fn meant_by(&self, header: &Header) -> Option<&PublicKey> {
        if let Some(kid) = &header.kid {
            // MSAL names the certificate in `kid` too, in hexadecimal or as its `x5t`.
            return self.find(kid).or_else(|| self.by_certificate(header));
        }
        if header.x5t.is_some() || header.x5t_s256.is_some() {
            return self.by_certificate(header);
        }
        self.only(|_| true)
    }

    fn by_certificate(&self, header: &Header) -> Option<&PublicKey> {
        if let Some(thumbprint) = &header.x5t_s256 {
            return self.only(|entry| same_thumbprint(entry.x5t_s256.as_ref(), thumbprint));
        }
        let thumbprint = header.x5t.as_ref()?;
        self.only(|entry| same_thumbprint(entry.x5t.as_ref(), thumbprint))
    }

    fn only(&self, is_meant: impl Fn(&Entry) -> bool) -> Option<&PublicKey> {
        let mut found = self.0.iter().filter(|entry| is_meant(entry));
        match (found.next(), found.next()) {
            (Some(entry), None) => Some(&entry.key),
            _ => None,
        }
    }
}

/// Keys by their thumbprints, which is how our own are named.
impl FromIterator<PublicKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        let entries = keys.into_iter().map(|key| Entry {
            kid: Some(key.thumbprint().to_owned()),
            x5t: None,
            x5t_s256: None,
            key,
        });
        Self(Arc::new(entries.collect()))
    }
}

impl Entry {
    fn new(jwk: &Jwk) -> Result<Self, JwkError> {
        Ok(Self {
            kid: jwk.kid.clone(),
            x5t: jwk.x5t.clone(),
            x5t_s256: jwk.x5t_s256.clone(),
            key: PublicKey::from_jwk(jwk)?,
        })
    }
}

/// Some clients pad their thumbprints (clients.md §0.8).
fn same_thumbprint(own: Option<&String>, given: &str) -> bool {
    own.is_some_and(|own| own.trim_end_matches('=') == given.trim_end_matches('='))
}
