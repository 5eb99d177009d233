//! The one interface between this edge and the use cases. One value per request: it already knows
//! who asks, and checks roles, ownership and policy of its own; scopes are checked before it is
//! called.

use std::collections::BTreeSet;

use async_trait::async_trait;
use comity_model::{
    query::{Listing, Query},
    resource::{
        Action, Function,
        address::{Change, Object, Place, Reference},
        operation::TokenKind,
    },
};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What a token says about its bearer, as far as this edge needs it.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant of the token.
    pub tenant: Uuid,
    /// Verified domains of that tenant, lower case: each may stand in a path for the tenant.
    pub domains: Vec<String>,
    /// The person; `None` = an application alone.
    pub user: Option<Uuid>,
    /// Delegated scopes, or application permissions.
    pub held: BTreeSet<String>,
}

impl Caller {
    /// Which list of scopes counts.
    pub const fn kind(&self) -> TokenKind {
        match self.user {
            Some(_) => TokenKind::Delegated,
            None => TokenKind::Application,
        }
    }
}

/// Why a use case did not do what was asked. Nothing has been written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such object for this caller: absent, of another tenant and never existed look the same.
    #[error("not found")]
    NotFound,
    /// A role or a setting is missing; the text names what is needed.
    #[error("{0}")]
    Forbidden(String),
    /// The caller's own account or application is unknown, disabled or revoked.
    #[error("{0}")]
    Unauthenticated(String),
    /// A policy of one of the two sides says no; the text names the side.
    #[error("{0}")]
    Denied(String),
    /// A value breaks a rule.
    #[error("{rule}")]
    Invalid { field: String, rule: String },
    /// Another object has the same value of a unique property.
    #[error("another object has the same `{property}`")]
    Duplicate { property: String },
    /// A reference that is there already.
    #[error("the reference exists")]
    ReferenceExists,
    /// A reference that is not there.
    #[error("the reference does not exist")]
    ReferenceMissing,
    /// The state does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// A stored version differs from the one the caller named.
    #[error("the object has changed meanwhile: read it again")]
    PreconditionFailed,
    /// Another cloud is down, slow or answered nonsense; the message names it.
    #[error("{cloud}: {reason}")]
    Upstream { cloud: String, reason: String },
    /// Too many attempts; seconds until the next one may succeed.
    #[error("too many attempts")]
    TooMany { retry_after: i64 },
    /// The store cannot answer now.
    #[error("the store does not answer")]
    Unavailable,
    /// A defect; the text is for the log only.
    #[error("internal error")]
    Internal(String),
}

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The use cases, by resource description.
#[async_trait]
pub trait Backend: Send + Sync {
    /// A page of a collection: whole objects, in the order asked, the key last.
    async fn list(&self, place: &Place, query: &Query) -> Result<Listing>;
    /// One object, whole. `@odata.type` where the type is a derived one.
    async fn find(&self, object: &Object) -> Result<Map<String, Value>>;
    /// Makes an object; answers it whole.
    async fn create(&self, place: &Place, change: Change) -> Result<Map<String, Value>>;
    /// Changes an object.
    async fn update(&self, object: &Object, change: Change) -> Result<()>;
    /// Ends an object.
    async fn delete(&self, object: &Object) -> Result<()>;
    /// Adds a member, an owner, …
    async fn add_reference(&self, place: &Place, reference: &Reference) -> Result<()>;
    /// Removes one.
    async fn remove_reference(&self, place: &Place, reference: &Reference) -> Result<()>;
    /// Does an action of the description; answers what the action returns.
    async fn act(
        &self,
        object: &Object,
        action: &'static Action,
        parameters: Map<String, Value>,
    ) -> Result<Map<String, Value>>;
    /// Keeps that an operation (method and path template) was refused for want of a permission;
    /// `path` as sent, `reason` as told.
    async fn refused(&self, operation: &str, path: &str, reason: &str);
    /// Answers a function of the description.
    async fn call(&self, function: &'static Function, argument: &str)
    -> Result<Map<String, Value>>;
}

/// Seals skip tokens under a purpose and a context.
pub trait Seal: Send + Sync {
    /// `None` if the library refuses.
    fn seal(&self, purpose: &'static str, context: &[u8], plain: &[u8]) -> Option<Vec<u8>>;
    /// `None` if the value was changed, or sealed for something else.
    fn open(&self, purpose: &'static str, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;
}
