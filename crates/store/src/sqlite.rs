//! SQLite: one writer with group commit ([`writer`]), a pool of read-only connections, and names
//! for the constraints that its messages leave out.

pub(crate) mod readers;
pub(crate) mod writer;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Row as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::error::{Constraint, Error, Result};

/// Every fixed statement stays prepared.
const STATEMENT_CACHE: usize = 512;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether an acknowledged write must survive the loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// `synchronous = FULL`.
    Full,
    /// For stores that end with the process.
    None,
}

pub(crate) fn writer_options(path: &Path, durability: Durability) -> SqliteConnectOptions {
    let synchronous = match durability {
        Durability::Full => SqliteSynchronous::Full,
        Durability::None => SqliteSynchronous::Off,
    };
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENT_CACHE)
        .thread_name(|_| "store-writer".to_owned())
        .disable_statement_logging()
}

pub(crate) fn reader_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENT_CACHE)
        .thread_name(|_| "store-reader".to_owned())
        .disable_statement_logging()
}

/// From the columns in "UNIQUE constraint failed: t.a, t.b" to the name of the index.
#[derive(Debug, Default)]
pub(crate) struct ConstraintNames(BTreeMap<String, String>);

const UNIQUE_INDEXES: &str = "SELECT m.name AS table_name, l.name AS index_name, l.origin, \
    i.name AS column_name FROM sqlite_schema m, pragma_index_list(m.name) l, \
    pragma_index_info(l.name) i WHERE m.type = 'table' AND l.\"unique\" = 1 \
    ORDER BY m.name, l.name, i.seqno";

impl ConstraintNames {
    /// Reads the unique indexes of the open database.
    pub(crate) async fn read(connection: &mut SqliteConnection) -> Result<Arc<Self>> {
        let rows = sqlx::query(UNIQUE_INDEXES)
            .fetch_all(connection)
            .await
            .map_err(plain)?;
        let mut columns: BTreeMap<String, String> = BTreeMap::new();
        for row in rows {
            let table: String = row.try_get("table_name").map_err(plain)?;
            let index: String = row.try_get("index_name").map_err(plain)?;
            let origin: String = row.try_get("origin").map_err(plain)?;
            // NULL is an expression: SQLite names such an index itself.
            let column: Option<String> = row.try_get("column_name").map_err(plain)?;
            let name = if origin == "pk" {
                format!("{table}_pkey")
            } else {
                index
            };
            let list = columns.entry(name).or_default();
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.extend([&table, ".", column.as_deref().unwrap_or_default()]);
        }
        Ok(Arc::new(Self(
            columns
                .into_iter()
                .map(|(name, list)| (list, name))
                .collect(),
        )))
    }

    fn find(&self, message: &str) -> Constraint {
        let what = message
            .rsplit_once("failed: ")
            .map_or(message, |(_, what)| what);
        if let Some(name) = what
            .strip_prefix("index '")
            .and_then(|w| w.strip_suffix('\''))
        {
            return Constraint::new(name);
        }
        Constraint::new(self.0.get(what).map_or(what, String::as_str))
    }
}

const CONSTRAINT_FOREIGN_KEY: i32 = 787;
const CONSTRAINT_PRIMARY_KEY: i32 = 1555;
const CONSTRAINT_UNIQUE: i32 = 2067;

/// Our error for one of the driver, and whether SQLite may have rolled back by itself.
pub(crate) fn translate(
    error: &sqlx::Error,
    table: &'static str,
    names: &ConstraintNames,
) -> Translated {
    let Some(fault) = error.as_database_error() else {
        return match error {
            sqlx::Error::Encode(_) | sqlx::Error::Protocol(_) | sqlx::Error::ColumnNotFound(_) => {
                Translated::statement(Error::Database {
                    table,
                    reason: error.to_string(),
                })
            }
            other => Translated::fatal(Error::Unavailable(other.to_string())),
        };
    };
    let code = fault
        .code()
        .and_then(|c| c.parse::<i32>().ok())
        .unwrap_or(0);
    match (code, code & 0xff) {
        (CONSTRAINT_PRIMARY_KEY | CONSTRAINT_UNIQUE, _) => {
            Translated::statement(Error::Conflict(names.find(fault.message())))
        }
        (CONSTRAINT_FOREIGN_KEY, _) => {
            Translated::statement(Error::Conflict(Constraint::new(Constraint::FOREIGN_KEY)))
        }
        // A fault in the text, the values or a CHECK: only this statement is undone.
        (_, 1 | 18 | 19 | 20 | 25) => Translated::statement(Error::Database {
            table,
            reason: fault.message().to_owned(),
        }),
        // Full, I/O, memory, interrupt, busy, corrupt: the transaction may be gone as well.
        _ => Translated::fatal(Error::Unavailable(fault.message().to_owned())),
    }
}

/// See [`translate`].
pub(crate) struct Translated {
    pub(crate) error: Error,
    pub(crate) fatal: bool,
}

impl Translated {
    const fn statement(error: Error) -> Self {
        Self {
            error,
            fatal: false,
        }
    }

    const fn fatal(error: Error) -> Self {
        Self { error, fatal: true }
    }
}

/// Outside of tables: opening, control statements.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
pub(crate) fn plain(error: sqlx::Error) -> Error {
    translate(&error, "", &ConstraintNames::default()).error
}
