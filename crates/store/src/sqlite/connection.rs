//! One connection to an SQLite file. Statements run at once, on the caller's thread: most take some
//! microseconds, less than the way to another thread and back. What may wait for the disk or walk
//! over many rows is taken to a thread of its own by [`super::writer`] and [`super::readers`].

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{CachedStatement, OpenFlags, Statement, types::Value as Cell};

use crate::{
    row::Row,
    run::{Outcome, Want},
    statement::Sql,
    value::Value,
};

/// Every fixed statement stays prepared.
const STATEMENT_CACHE: usize = 512;
/// Readers wait in one case: while the file recovers after a crash.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// For the writer. What a savepoint needs to be undone stays in memory: the driver would write it to
/// a temporary file, page by page. Pages that are written again and again, as those at the end of
/// a table, are kept (16 MiB at most) and go back to the file once in 16 MiB of log.
const WRITER: &str = "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; \
    PRAGMA wal_autocheckpoint = 4096";

/// Whether an acknowledged write must survive the loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// `synchronous = FULL`.
    Full,
    /// For stores that end with the process.
    None,
}

/// See the module.
pub(crate) struct Connection(rusqlite::Connection);

impl Connection {
    /// Opens to write, and makes the file if there is none. A writer never waits inside SQLite for
    /// another process: [`super::writer`] asks again, without keeping a thread.
    pub(crate) fn writer(path: &Path, durability: Durability) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Self::open(path, flags)?;
        // Another process may be making the file at this moment.
        connection.wait_for_others(true)?;
        connection.control("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON")?;
        connection.control(match durability {
            Durability::Full => "PRAGMA synchronous = FULL",
            Durability::None => "PRAGMA synchronous = OFF",
        })?;
        connection.control(WRITER)?;
        connection.wait_for_others(false)?;
        Ok(connection)
    }

    /// Opens to read.
    pub(crate) fn reader(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Self::open(path, flags)?;
        connection.wait_for_others(true)?;
        Ok(connection)
    }

    /// Whether a statement waits inside of SQLite, and keeps its thread, while another connection
    /// holds the lock that it needs.
    pub(crate) fn wait_for_others(&self, wait: bool) -> rusqlite::Result<()> {
        self.0
            .busy_timeout(if wait { PATIENCE } else { Duration::ZERO })
    }

    fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Self> {
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        Ok(Self(connection))
    }

    /// Statements without parameters and without rows.
    pub(crate) fn control(&self, sql: &str) -> rusqlite::Result<()> {
        self.0.execute_batch(sql)
    }

    /// Such a statement where it is run again and again.
    pub(crate) fn control_prepared(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.0.prepare_cached(sql)?.raw_execute().map(drop)
    }

    /// Whether no transaction is open: SQLite ends one by itself after some errors.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.is_autocommit()
    }

    #[cfg(test)]
    pub(crate) fn prepare(&self, text: &str) -> rusqlite::Result<()> {
        self.0.prepare(text).map(drop)
    }

    /// A fixed text stays prepared; a compiled one is prepared for this use only, so that no caller
    /// can fill the cache.
    pub(crate) fn run(&self, sql: &Sql, values: &[Value], want: Want) -> rusqlite::Result<Outcome> {
        if sql.is_fixed() {
            let mut statement: CachedStatement<'_> = self.0.prepare_cached(&sql.text)?;
            return run(&mut statement, sql.table, values, want);
        }
        run(&mut self.0.prepare(&sql.text)?, sql.table, values, want)
    }
}

fn run(
    statement: &mut Statement<'_>,
    table: &'static str,
    values: &[Value],
    want: Want,
) -> rusqlite::Result<Outcome> {
    bind(statement, values)?;
    if want == Want::Count {
        let count = statement.raw_execute()?;
        return Ok(Outcome::Count(count as u64));
    }
    let names: Arc<[String]> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let mut answer = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let cells = (0..names.len())
            .map(|position| row.get::<_, Cell>(position))
            .collect::<rusqlite::Result<_>>()?;
        answer.push(Row::sqlite(
            table,
            SqliteRow::new(Arc::clone(&names), cells),
        ));
    }
    Ok(Outcome::Rows(answer))
}

/// `$3` is the third value. To SQLite it is a name, and numbers are given in the order of first use.
fn bind(statement: &mut Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = statement
            .parameter_name(index)
            .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok())
            .unwrap_or(index);
        let value = number.checked_sub(1).and_then(|place| values.get(place));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(values.len(), number))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

/// A row, read completely.
pub(crate) struct SqliteRow {
    names: Arc<[String]>,
    cells: Vec<Cell>,
}

impl SqliteRow {
    const fn new(names: Arc<[String]>, cells: Vec<Cell>) -> Self {
        Self { names, cells }
    }

    /// The value of a column; `None` if there is no such column.
    pub(crate) fn cell(&self, column: &str) -> Option<&Cell> {
        let position = self.names.iter().position(|name| name == column)?;
        self.cells.get(position)
    }
}
