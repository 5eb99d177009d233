//! Entity configurations (OpenID Federation 1.0 §3 and §9; cross-cloud-federation.md §1): how a
//! cloud publishes its keys by purpose, and how another compares that with its registry.
//!
//! 1. `typ` is `entity-statement+jwt`, ES256, signed by the pinned key or by one that an accepted
//!    configuration announced; that key is also in the statement's own `jwks`.
//! 2. `iss` = `sub` = the entity URL of our registry.
//! 3. Life at most 24 h; `iat` at most 60 s ahead and never older than the last one accepted.
//! 4. A key has one purpose: no key occurs under two, and the entity's keys under none; all are
//!    ES256 and named by their `kid`.
//! 5. It names at most 1,000 revoked keys, and the one that signs it is none of them.
//! 6. What `comity_cloud` says is compared with the registry, never merged into it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use comity_crypto::{JwkSet, SigningAlgorithm, SigningKey, thumbprint};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::jws::{self, JwsError, Kind, SignError, Unverified};
use crate::keys::KeySet;

/// The `typ` of an entity statement.
pub const TYPE: &str = "entity-statement+jwt";
/// Where it is published, under the entity URL.
pub const PATH: &str = "/.well-known/openid-federation";
/// Its media type.
pub const MEDIA_TYPE: &str = "application/entity-statement+jwt";
/// The longest life, in seconds.
pub const MAX_LIFE: i64 = 24 * 60 * 60;
/// The most keys that are named as revoked.
pub const MAX_REVOKED: usize = 1_000;

/// An entity configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityConfiguration {
    /// The entity URL.
    pub iss: String,
    /// The same.
    pub sub: String,
    /// Issued at.
    pub iat: i64,
    /// Expires.
    pub exp: i64,
    /// The entity's keys: the one that signs, and the next one announced.
    pub jwks: JwkSet,
    /// What the entity is.
    pub metadata: Metadata,
}

/// Metadata by entity type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// As a provider, per tenant; endpoints are taken from the registry's templates all the same.
    #[serde(default)]
    pub openid_provider: Map<String, Value>,
    /// As a client of the leg.
    #[serde(default)]
    pub openid_relying_party: Map<String, Value>,
    /// As a cloud.
    pub comity_cloud: ComityCloud,
}

/// A cloud by its own account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComityCloud {
    /// The name used in `allowedCloudEndpoints`.
    pub canonical_name: String,
    /// The issuer of its tenants, with `{tenantid}`.
    pub issuer_template: String,
    /// Hosts by role, with their ports: `login`, `graph`, …
    pub hosts: BTreeMap<String, String>,
    /// The end of its tenants' initial domains.
    pub initial_domain_suffix: String,
    /// Clouds it can be paired with, by canonical name.
    pub pairs: BTreeSet<String>,
    /// Keys of assertions.
    pub assertion_keys: JwkSet,
    /// Keys of client assertions.
    pub client_assertion_keys: JwkSet,
    /// Keys of questions.
    pub question_keys: JwkSet,
    /// Keys of answers.
    pub answer_keys: JwkSet,
    /// Keys that are dead at once, with what they vouched for.
    #[serde(default)]
    pub revoked: BTreeSet<String>,
}

/// What a key of another cloud may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Assertions about people.
    Assertion,
    /// Client assertions.
    ClientAssertion,
    /// Questions.
    Question,
    /// Answers.
    Answer,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [
        Self::Assertion,
        Self::ClientAssertion,
        Self::Question,
        Self::Answer,
    ];
}

/// What we expect of a cloud: its entry in the operator's registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedCloud {
    /// Canonical name.
    pub canonical_name: String,
    /// Issuer template, with `{tenantid}`.
    pub issuer_template: String,
    /// Hosts by role; roles the registry does not name are not compared.
    pub hosts: BTreeMap<String, String>,
    /// Suffix of initial domains.
    pub initial_domain_suffix: String,
    /// Our own canonical name, which must be among its pairs.
    pub paired_with: String,
}

/// A difference between what a cloud publishes and what the registry says; shuts the pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The member.
    pub member: String,
    /// What the registry says.
    pub expected: String,
    /// What is published, cleaned and cut.
    pub published: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            member,
            expected,
            published,
        } = self;
        write!(
            f,
            "`{member}` is `{published}`, the registry says `{expected}`"
        )
    }
}

/// By which keys a configuration may be signed.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The pinned key, and those that the last accepted configuration announced.
    Keys(KeySet),
    /// By its own word, as in the dev world.
    SelfSigned,
}

/// What a configuration must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The entity URL of the registry.
    pub entity: &'a str,
    /// Who may sign.
    pub trust: &'a Trust,
    /// `iat` of the last one accepted.
    pub last_iat: Option<i64>,
    /// Unix seconds.
    pub now: i64,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntityError {
    /// Rule 1, or not an acceptable JWS.
    #[error("the entity configuration is refused: {0}")]
    Jws(#[from] JwsError),
    /// Rule 1: the signing key is not among the statement's own.
    #[error("the entity configuration does not hold the key that signed it")]
    SigningKey,
    /// Rule 2.
    #[error("the entity configuration is of another entity")]
    Entity,
    /// Rule 3.
    #[error("the entity configuration has expired")]
    Expired,
    /// Rule 3.
    #[error("the entity configuration lives longer than 24 hours")]
    TooLong,
    /// Rule 3.
    #[error("the entity configuration is from the future")]
    FromTheFuture,
    /// Rule 3.
    #[error("the entity configuration is older than the last one accepted")]
    Older,
    /// Rule 4: not ES256, without a name, or not a key.
    #[error("the entity configuration has a key that is not a named ES256 key")]
    Key,
    /// Rule 5.
    #[error("the entity configuration is signed by a key that is revoked")]
    Revoked,
    /// Rule 5.
    #[error(
        "the entity configuration names more revoked keys than {MAX_REVOKED}, or a name that is too long"
    )]
    TooManyRevoked,
    /// Rule 4.
    #[error("the entity configuration uses the key `{0}` for two purposes")]
    SharedKey(String),
}

impl EntityError {
    /// OpenID Federation §8.9.
    pub fn code(&self) -> &'static str {
        "invalid_metadata"
    }
}

/// Signs a configuration.
pub fn sign(configuration: &EntityConfiguration, key: &SigningKey) -> Result<String, SignError> {
    jws::sign(TYPE, configuration, key)
}

/// Rules 1 to 5. Rule 6 is [`ComityCloud::compare`].
pub fn verify(token: &str, expected: &Expected<'_>) -> Result<EntityConfiguration, EntityError> {
    let unverified = Unverified::parse(token, Kind::Cloud)?;
    if unverified.header().algorithm != SigningAlgorithm::Es256 {
        return Err(JwsError::AlgorithmOfKey.into());
    }
    let kid = unverified.header().kid.clone().ok_or(JwsError::KeyName)?;
    let configuration = match expected.trust {
        Trust::Keys(keys) => unverified.verify_with(keys, TYPE)?.read()?,
        Trust::SelfSigned => self_signed(token, unverified)?,
    };
    configuration.check(&kid, expected)?;
    Ok(configuration)
}

/// Takes the key out of the statement before its signature is checked: it proves only that the
/// sender has the key, which is all the dev world asks for.
fn self_signed(
    token: &str,
    unverified: Unverified<'_>,
) -> Result<EntityConfiguration, EntityError> {
    let claims = token.split('.').nth(1).unwrap_or_default();
    let own = comity_crypto::base64url::decode(claims)
        .ok()
        .and_then(|bytes| crate::json::from_slice::<EntityConfiguration>(&bytes).ok())
        .ok_or(EntityError::SigningKey)?;
    Ok(unverified
        .verify_with(&KeySet::from_jwks(&own.jwks), TYPE)?
        .read()?)
}

impl EntityConfiguration {
    fn check(&self, kid: &str, expected: &Expected<'_>) -> Result<(), EntityError> {
        if self.jwks.find(kid).is_none() {
            return Err(EntityError::SigningKey);
        }
        if self.iss != expected.entity || self.sub != expected.entity {
            return Err(EntityError::Entity);
        }
        if self.exp <= expected.now {
            return Err(EntityError::Expired);
        }
        if self.exp.saturating_sub(self.iat) > MAX_LIFE {
            return Err(EntityError::TooLong);
        }
        if crate::is_ahead(self.iat, expected.now) {
            return Err(EntityError::FromTheFuture);
        }
        if expected.last_iat.is_some_and(|last| self.iat < last) {
            return Err(EntityError::Older);
        }
        self.check_revoked(kid)?;
        self.check_keys()
    }

    fn check_revoked(&self, kid: &str) -> Result<(), EntityError> {
        let revoked = &self.metadata.comity_cloud.revoked;
        if revoked.contains(kid) {
            return Err(EntityError::Revoked);
        }
        if revoked.len() > MAX_REVOKED || revoked.iter().any(|kid| kid.len() > 256) {
            return Err(EntityError::TooManyRevoked);
        }
        Ok(())
    }

    fn check_keys(&self) -> Result<(), EntityError> {
        let cloud = &self.metadata.comity_cloud;
        let mut seen = BTreeSet::new();
        let purposes = Purpose::ALL.map(|purpose| cloud.jwks(purpose));
        for jwk in std::iter::once(&self.jwks)
            .chain(purposes)
            .flat_map(|set| &set.keys)
        {
            let kid = jwk.kid.clone().ok_or(EntityError::Key)?;
            let key = comity_crypto::PublicKey::from_jwk(jwk).map_err(|_| EntityError::Key)?;
            let is_es256 = key.algorithms().eq([SigningAlgorithm::Es256]);
            if !is_es256 || !(1..=256).contains(&kid.len()) {
                return Err(EntityError::Key);
            }
            // Neither the same numbers under two names nor the same name for two keys.
            let numbers = thumbprint(jwk).map_err(|_| EntityError::Key)?;
            if !seen.insert(format!("key {numbers}")) || !seen.insert(format!("kid {kid}")) {
                return Err(EntityError::SharedKey(crate::text::clean(&kid, 64)));
            }
        }
        Ok(())
    }
}

impl ComityCloud {
    /// The published keys of a purpose.
    pub fn jwks(&self, purpose: Purpose) -> &JwkSet {
        match purpose {
            Purpose::Assertion => &self.assertion_keys,
            Purpose::ClientAssertion => &self.client_assertion_keys,
            Purpose::Question => &self.question_keys,
            Purpose::Answer => &self.answer_keys,
        }
    }

    /// The keys of a purpose, ready to verify, without those revoked: what is revoked here, and
    /// what was before.
    pub fn keys(&self, purpose: Purpose, before: &BTreeSet<String>) -> KeySet {
        let revoked: Vec<_> = self.revoked.union(before).collect();
        KeySet::from_jwks(self.jwks(purpose)).without(&revoked)
    }

    /// Rule 6.
    pub fn compare(&self, expected: &ExpectedCloud) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |member: &str, expected: &str, published: Option<&str>| {
            if published != Some(expected) {
                differences.push(Difference {
                    member: member.to_owned(),
                    expected: expected.to_owned(),
                    published: crate::text::clean(published.unwrap_or_default(), 200),
                });
            }
        };
        compare(
            "canonical_name",
            &expected.canonical_name,
            Some(&self.canonical_name),
        );
        compare(
            "issuer_template",
            &expected.issuer_template,
            Some(&self.issuer_template),
        );
        let suffix = Some(self.initial_domain_suffix.as_str());
        compare(
            "initial_domain_suffix",
            &expected.initial_domain_suffix,
            suffix,
        );
        for (role, host) in &expected.hosts {
            compare(
                &format!("hosts.{role}"),
                host,
                self.hosts.get(role).map(String::as_str),
            );
        }
        let pair = self.pairs.get(&expected.paired_with).map(String::as_str);
        compare("pairs", &expected.paired_with, pair);
        differences
    }
}
