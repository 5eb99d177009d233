//! What a use case answers when it does not do what was asked. Each edge has one file that turns
//! this into its wire form.

use comity_model::sign_in::Refusal;

/// Why a use case did not do what was asked. Nothing has been written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// No such object for this caller: absent, of another tenant or never existed look the same.
    #[error("not found")]
    NotFound,
    /// The caller lacks a scope, a role or a setting; the text names what is needed.
    #[error("{0}")]
    Forbidden(String),
    /// The caller's own account or application is unknown, disabled or revoked.
    #[error("{0}")]
    Unauthenticated(String),
    /// A policy of one of the two sides says no.
    #[error("{message}")]
    Denied { refusal: Refusal, message: String },
    /// A value breaks a rule; the field is named as the caller wrote it.
    #[error("{rule}")]
    Invalid { field: String, rule: String },
    /// Another object has the same value of a unique property.
    #[error("another object has the same value of `{property}`")]
    Duplicate { property: String },
    /// A reference that is there already.
    #[error("the reference exists")]
    ReferenceExists,
    /// A reference that is not there.
    #[error("the reference does not exist")]
    ReferenceMissing,
    /// The state does not allow it: a duplicate, a stale version.
    #[error("{0}")]
    Conflict(String),
    /// A stored version differs from the one the caller named.
    #[error("the object has changed meanwhile: read it again")]
    PreconditionFailed,
    /// Another cloud is down, slow or answered nonsense; the message names it.
    #[error("{cloud}: {reason}")]
    Upstream { cloud: String, reason: String },
    /// Too many attempts; seconds until the next one may succeed.
    #[error("too many attempts: try again in {retry_after} s")]
    TooMany { retry_after: i64 },
    /// The store cannot answer now.
    #[error("the store does not answer")]
    Unavailable,
    /// A defect or a damaged row; the text is for the log only.
    #[error("internal error")]
    Internal(String),
}

impl Error {
    /// A broken rule of a field.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    /// A defect; `what` goes to the log.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }
}

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<comity_store::Error> for Error {
    fn from(error: comity_store::Error) -> Self {
        match error {
            comity_store::Error::Conflict(constraint) => {
                Self::Conflict(format!("another object has the same value ({constraint})"))
            }
            comity_store::Error::Unavailable(_) => Self::Unavailable,
            other => Self::internal(other),
        }
    }
}

impl From<comity_crypto::KeyError> for Error {
    fn from(error: comity_crypto::KeyError) -> Self {
        Self::internal(error)
    }
}

impl From<comity_crypto::SealError> for Error {
    fn from(error: comity_crypto::SealError) -> Self {
        Self::internal(error)
    }
}
