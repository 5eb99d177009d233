//! Secrets of the dev world: drawn at the first start, taken from the manifest ever after.

use std::collections::BTreeMap;

use comity_crypto::{base32, base64url};
use uuid::Uuid;

use super::manifest::Manifest;
use crate::{port::Random, random::bytes};

/// Known secrets, and chance for the others.
pub struct Secrets<'a> {
    passwords: BTreeMap<Uuid, String>,
    totp: BTreeMap<Uuid, String>,
    clients: BTreeMap<Uuid, String>,
    random: &'a dyn Random,
}

impl<'a> Secrets<'a> {
    /// Those of an earlier start, if there was one.
    pub fn new(earlier: Option<&Manifest>, random: &'a dyn Random) -> Self {
        let mut secrets = Self {
            passwords: BTreeMap::new(),
            totp: BTreeMap::new(),
            clients: BTreeMap::new(),
            random,
        };
        for tenant in earlier
            .iter()
            .flat_map(|manifest| &manifest.clouds)
            .flat_map(|cloud| &cloud.tenants)
        {
            for user in &tenant.users {
                secrets.passwords.insert(user.id, user.password.clone());
                secrets
                    .totp
                    .extend(user.totp_secret.clone().map(|secret| (user.id, secret)));
            }
            for application in &tenant.applications {
                secrets
                    .clients
                    .insert(application.app_id, application.client_secret.clone());
            }
            let automation = &tenant.automation;
            secrets
                .clients
                .insert(automation.client_id, automation.client_secret.clone());
        }
        secrets
    }

    /// A password: 80 random bits in four groups that can be typed.
    pub fn password(&mut self, user: Uuid) -> String {
        let random = self.random;
        let known = self.passwords.entry(user);
        known
            .or_insert_with(|| group(&base32::encode(bytes::<10>(random)).to_lowercase()))
            .clone()
    }

    /// A seed for one-time codes (RFC 4226 §4: 160 bits), in base32.
    pub fn totp(&mut self, user: Uuid) -> String {
        let random = self.random;
        self.totp
            .entry(user)
            .or_insert_with(|| base32::encode(bytes::<20>(random)))
            .clone()
    }

    /// A client secret: 256 random bits.
    pub fn client_secret(&mut self, client: Uuid) -> String {
        let random = self.random;
        self.clients
            .entry(client)
            .or_insert_with(|| base64url::encode(bytes::<32>(random)))
            .clone()
    }
}

/// `abcdefgh` as `abcd-efgh`.
fn group(text: &str) -> String {
    let mut grouped = String::new();
    for (position, letter) in text.chars().enumerate() {
        if position > 0 && position % 4 == 0 {
            grouped.push('-');
        }
        grouped.push(letter);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::{Secrets, group};
    use crate::random::SystemRandom;
    use uuid::Uuid;

    #[test]
    fn secrets_have_the_length_they_need_and_are_drawn_once() {
        let mut secrets = Secrets::new(None, &SystemRandom);
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let password = secrets.password(one);
        assert_eq!(password.len(), 19);
        assert_eq!(secrets.password(one), password);
        assert_ne!(secrets.password(two), password);
        assert_eq!(secrets.totp(one).len(), 32);
        assert_eq!(secrets.client_secret(one).len(), 43);
    }

    #[test]
    fn groups_of_four() {
        assert_eq!(group("abcdefghi"), "abcd-efgh-i");
        assert_eq!(group(""), "");
    }
}
