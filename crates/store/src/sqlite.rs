//! SQLite: one writer with group commit ([`writer`]), a pool of read-only connections, and names
//! for the constraints that its messages leave out.

pub(crate) mod connection;
pub(crate) mod readers;
pub(crate) mod writer;

use std::{collections::BTreeMap, sync::Arc};

use self::connection::Connection;
use crate::{
    error::{Constraint, Error, Result},
    run::Want,
    statement::Sql,
};

/// From the columns in "UNIQUE constraint failed: t.a, t.b" to the name of the index.
#[derive(Debug, Default)]
pub(crate) struct ConstraintNames(BTreeMap<String, String>);

const UNIQUE_INDEXES: &str = "SELECT m.name AS table_name, l.name AS index_name, l.origin, \
    i.name AS column_name FROM sqlite_schema m, pragma_index_list(m.name) l, \
    pragma_index_info(l.name) i WHERE m.type = 'table' AND l.\"unique\" = 1 \
    ORDER BY m.name, l.name, i.seqno";

impl ConstraintNames {
    /// Reads the unique indexes of the open database.
    pub(crate) fn read(connection: &Connection) -> Result<Arc<Self>> {
        let sql = Sql::fixed("sqlite_schema", UNIQUE_INDEXES);
        let rows = connection.run(&sql, &[], Want::Rows).map_err(plain)?;
        let mut columns: BTreeMap<String, String> = BTreeMap::new();
        for row in rows.rows() {
            let table = row.text("table_name")?;
            // NULL is an expression: SQLite names such an index itself.
            let column = row.opt_text("column_name")?;
            let name = if row.text("origin")? == "pk" {
                format!("{table}_pkey")
            } else {
                row.text("index_name")?
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
        if let Some(name) = self.0.get(what) {
            return Constraint::new(name);
        }
        // A key of one integer is the row's own number and has no index.
        match what.split_once('.') {
            Some((table, _)) => Constraint::new(format!("{table}_pkey")),
            None => Constraint::new(what),
        }
    }
}

const CONSTRAINT_FOREIGN_KEY: i32 = 787;
const CONSTRAINT_PRIMARY_KEY: i32 = 1555;
const CONSTRAINT_UNIQUE: i32 = 2067;

/// What SQLite says: the extended result code and the message.
fn fault(error: &rusqlite::Error) -> Option<(i32, String)> {
    match error {
        rusqlite::Error::SqliteFailure(fault, message) => {
            let message = message.clone().unwrap_or_else(|| fault.to_string());
            Some((fault.extended_code, message))
        }
        rusqlite::Error::SqlInputError { error, msg, .. } => {
            Some((error.extended_code, msg.clone()))
        }
        _ => None,
    }
}

/// Whether another connection is writing.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// Our error for one of the driver, and whether SQLite may have rolled back by itself.
pub(crate) fn translate(
    error: &rusqlite::Error,
    table: &'static str,
    names: &ConstraintNames,
) -> Translated {
    let Some((code, message)) = fault(error) else {
        // The driver's own: parameters that do not fit the statement.
        return Translated::statement(Error::Database {
            table,
            reason: error.to_string(),
        });
    };
    match (code, code & 0xff) {
        (CONSTRAINT_PRIMARY_KEY | CONSTRAINT_UNIQUE, _) => {
            Translated::statement(Error::Conflict(names.find(&message)))
        }
        (CONSTRAINT_FOREIGN_KEY, _) => {
            Translated::statement(Error::Conflict(Constraint::new(Constraint::FOREIGN_KEY)))
        }
        // A fault in the text, the values or a CHECK: only this statement is undone.
        (_, 1 | 18 | 19 | 20 | 25) => Translated::statement(Error::Database {
            table,
            reason: message,
        }),
        // Full, I/O, memory, interrupt, busy, corrupt: the transaction may be gone as well.
        _ => Translated::fatal(Error::Unavailable(message)),
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
pub(crate) fn plain(error: rusqlite::Error) -> Error {
    translate(&error, "", &ConstraintNames::default()).error
}
