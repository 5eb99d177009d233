//! Who is signed in where (sessions.md): one session per browser, accounts under it.

use serde::{Deserialize, Serialize};

use crate::{federation::AssertionFacts, id::Id, tenant::Tenant, time::Utc, user::User};

/// Where a method was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    Home,
    Resource,
}

/// One use of an authentication method, with its own time. `method` is a word of Graph's
/// `authenticationMethodModes` (`password`, `softwareOath`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodUse {
    pub method: String,
    pub at: Utc,
}

/// A browser's session at the login host.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub id: Id<Session>,
    pub created: Utc,
    pub expires: Utc,
    /// *Keep me signed in*: 90 days, else the browser's session (24 h at most on our side).
    pub persistent: bool,
    pub accounts: Vec<SessionAccount>,
}

/// An account under a browser's session. At the resource it names a guest, it does not admit one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionAccount {
    pub tenant: Id<Tenant>,
    pub user: Id<User>,
    /// Session ID in tokens (`sid`); new after every step up.
    pub sid: String,
    /// Methods proven in this tenant, oldest first. For a guest: resource factors only.
    pub methods: Vec<MethodUse>,
    /// When this account was last signed in or stepped up.
    pub signed_in: Utc,
    /// For guests: what home said last.
    pub home: Option<AssertionFacts>,
}
