//! Keys of a cloud, one purpose each (cross-cloud-federation.md §1).

use serde::{Deserialize, Serialize};

use crate::time::Utc;

/// What a key signs, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Entity configurations only.
    Entity,
    /// ID and access tokens of all tenants, RS256; published in each tenant's JWKS.
    Token,
    /// The assertion about a person, to another cloud, ES256.
    Assertion,
    /// Client assertions at another cloud, and of the first-party clients at our own, ES256.
    ClientAssertion,
    /// Questions on the back channel, ES256.
    Question,
    /// Answers on the back channel, ES256.
    Answer,
    /// DPoP proofs of the leg, ES256.
    Dpop,
}

impl KeyPurpose {
    /// Every purpose, in the order in which keys are made.
    pub const ALL: [Self; 7] = [
        Self::Entity,
        Self::Token,
        Self::Assertion,
        Self::ClientAssertion,
        Self::Question,
        Self::Answer,
        Self::Dpop,
    ];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Token => "token",
            Self::Assertion => "assertion",
            Self::ClientAssertion => "client_assertion",
            Self::Question => "question",
            Self::Answer => "answer",
            Self::Dpop => "dpop",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

/// A key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, not yet signing.
    Next,
    Active,
    /// Still published, so that what it signed can be verified until it has expired.
    Retired,
    /// Listed as revoked; dead at once.
    Revoked,
}

impl KeyState {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired, Self::Revoked]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// A stored key: the private part sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct SigningKeyRow {
    pub kid: String,
    pub purpose: KeyPurpose,
    /// `ES256` or `RS256`.
    pub algorithm: String,
    /// JWK as JSON text.
    pub public_jwk: String,
    pub sealed: Vec<u8>,
    pub state: KeyState,
    pub created: Utc,
    /// When the state last changed.
    pub changed: Utc,
}
