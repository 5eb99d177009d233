//! People: members, and guests whose account lives elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{cloud::CloudName, id::Id, tenant::Tenant, time::Utc};

/// Identity of a person everywhere: never an address, never a name (federation §1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExternalIdentity {
    pub cloud: CloudName,
    pub tenant: Id<Tenant>,
    pub object: Id<User>,
}

/// Graph's `userType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserType {
    Member,
    Guest,
}

impl UserType {
    /// Graph's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Guest => "Guest",
        }
    }

    /// Reads Graph's word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "Member" => Some(Self::Member),
            "Guest" => Some(Self::Guest),
            _ => None,
        }
    }
}

/// Graph's `externalUserState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExternalUserState {
    PendingAcceptance,
    Accepted,
}

impl ExternalUserState {
    /// Graph's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingAcceptance => "PendingAcceptance",
            Self::Accepted => "Accepted",
        }
    }

    /// Reads Graph's word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "PendingAcceptance" => Some(Self::PendingAcceptance),
            "Accepted" => Some(Self::Accepted),
            _ => None,
        }
    }
}

/// The link from a guest object to the person at home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalLink {
    /// Fixed at invitation, from home's own answer.
    pub identity: ExternalIdentity,
    pub state: ExternalUserState,
    pub state_changed: Utc,
    /// Shown and used as `login_hint`; never compared.
    pub home_upn: String,
}

/// A user object of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub id: Id<User>,
    pub upn: String,
    pub display_name: String,
    pub mail: Option<String>,
    pub user_type: UserType,
    pub account_enabled: bool,
    pub external: Option<ExternalLink>,
    /// Sessions, codes and refresh tokens of proofs earlier than this are dead.
    pub sessions_valid_from: Utc,
    pub created: Utc,
    pub deleted: Option<Utc>,
    pub version: i64,
    /// The other Graph properties, by their Graph names (`creationType`, `otherMails`, …).
    pub properties: Map<String, Value>,
}

impl User {
    /// Whether the first credential is kept in this tenant (federation §3.6).
    pub const fn is_local(&self) -> bool {
        self.external.is_none()
    }
}

/// What is stored of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordCredential {
    /// PHC string.
    pub hash: String,
    pub changed: Utc,
    pub must_change: bool,
}
