//! What can go wrong between a statement and its answer; the same words on both engines.

/// The name of the index or rule that a write ran into.
///
/// Unique indexes are named explicitly in the migrations and primary keys are `{table}_pkey`, so
/// that both engines report the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Constraint(String);

impl Constraint {
    /// A row that a new row points at does not exist (SQLite cannot say which).
    pub const FOREIGN_KEY: &'static str = "foreign_key";
    /// The row was changed (or deleted) since it was read: `version` no longer matches.
    pub const VERSION: &'static str = "version";

    /// A constraint by its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Constraint {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Constraint {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a statement, a transaction or the opening of a store failed. Absence is an `Option`, never
/// an error. `Clone`, because every member of a commit group gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The write would break a rule of the schema, or lost a race: nothing was written.
    #[error("the write conflicts with `{0}`")]
    Conflict(Constraint),
    /// The database cannot answer now; the same request may succeed later.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A stored value is not what its column promises.
    #[error("column `{column}` of table `{table}` (row `{id}`) holds a value that cannot be read")]
    Corrupt {
        table: &'static str,
        column: String,
        id: String,
    },
    /// A statement is wrong: a fault of the program, not of the input.
    #[error("the database refused a statement on `{table}`: {reason}")]
    Database { table: &'static str, reason: String },
    /// The store was written by a newer program.
    #[error(
        "the store has schema version {found}, this program knows versions up to {known}: use a newer program"
    )]
    NewerSchema { found: i64, known: i64 },
    /// A migration that this store has run is not the one this program has under that number.
    #[error(
        "migration `{name}` of the store differs from this program's: use the program that wrote the store"
    )]
    ForeignSchema { name: String },
    /// The address of the store cannot be used.
    #[error("`{url}` is not the address of a store: {reason}")]
    Address { url: String, reason: String },
}

/// What every call of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A lost optimistic lock: the row has another version by now, or is gone.
    pub fn stale() -> Self {
        Self::Conflict(Constraint::new(Constraint::VERSION))
    }

    /// Whether this is a conflict with the constraint of that name.
    pub fn is_conflict(&self, name: &str) -> bool {
        matches!(self, Self::Conflict(constraint) if constraint == name)
    }
}
