//! The schema: one forward-only list of files, written once with type tokens.
//!
//! | token | SQLite | PostgreSQL |
//! |---|---|---|
//! | `{uuid}` | `BLOB` | `UUID` |
//! | `{text}` | `TEXT` | `TEXT COLLATE "C"` |
//! | `{bool}` | `INTEGER` | `BOOLEAN` |
//! | `{int}` | `INTEGER` | `BIGINT` |
//! | `{timestamp}` (microseconds since 1970) | `INTEGER` | `BIGINT` |
//! | `{json}` (text kept as it is; `->>` works on both) | `TEXT` | `JSON` |
//! | `{bytes}` | `BLOB` | `BYTEA` |
//! | `{table}` (after the closing parenthesis) | `STRICT` | |
//!
//! SQLite's tables have row numbers: without them a row is kept in the tree of its key, where one
//! of more than a kilobyte takes a page for itself, and every index repeats the whole key.
//!
//! Each migration runs in a transaction with its record, so a start that was killed is repeated.
//! A store with a newer schema is refused and not touched.

use sqlx::PgPool;

use crate::{
    error::{Error, Result},
    postgres,
    row::Row,
    run::Want,
    sqlite::{connection::Connection, plain},
    statement::Sql,
    value::values,
};

/// One file of `migrations/`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// All of them, in order; only ever added to.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_first",
        sql: include_str!("../migrations/0001_first.sql"),
    },
    Migration {
        version: 2,
        name: "0002_owners",
        sql: include_str!("../migrations/0002_owners.sql"),
    },
];

const TOKENS: [(&str, &str, &str); 8] = [
    ("{uuid}", "BLOB", "UUID"),
    ("{text}", "TEXT", "TEXT COLLATE \"C\""),
    ("{bool}", "INTEGER", "BOOLEAN"),
    ("{int}", "INTEGER", "BIGINT"),
    ("{timestamp}", "INTEGER", "BIGINT"),
    ("{json}", "TEXT", "JSON"),
    ("{bytes}", "BLOB", "BYTEA"),
    ("{table}", "STRICT", ""),
];

const TABLE: &str = "migrations";
const CREATE: &str = "CREATE TABLE IF NOT EXISTS migrations (version {int} PRIMARY KEY, \
     name {text} NOT NULL, mark {int} NOT NULL) {table}";
const LAST: &str = "SELECT version, name, mark FROM migrations ORDER BY version";
const RECORD: &str = "INSERT INTO migrations (version, name, mark) VALUES ($1, $2, $3)";

fn for_sqlite(sql: &str) -> String {
    TOKENS
        .iter()
        .fold(sql.to_owned(), |text, (token, sqlite, _)| {
            text.replace(token, sqlite)
        })
}

fn for_postgres(sql: &str) -> String {
    TOKENS
        .iter()
        .fold(sql.to_owned(), |text, (token, _, postgres)| {
            text.replace(token, postgres)
        })
}

/// Tells an edited file from the original: FNV-1a of its text.
fn mark(sql: &str) -> i64 {
    let hash = sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::from_ne_bytes(hash.to_ne_bytes())
}

/// What a store says it has run.
struct Applied {
    version: i64,
    name: String,
    mark: i64,
}

impl Applied {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            version: row.int("version")?,
            name: row.text("name")?,
            mark: row.int("mark")?,
        })
    }
}

/// The migrations that are still to run, or why this program must keep away.
fn remaining<'m>(applied: &[Applied], list: &'m [Migration]) -> Result<Option<&'m Migration>> {
    let known = list.last().map_or(0, |m| m.version);
    if let Some(found) = applied
        .last()
        .map(|a| a.version)
        .filter(|found| *found > known)
    {
        return Err(Error::NewerSchema { found, known });
    }
    for done in applied {
        let same = list
            .iter()
            .any(|m| m.version == done.version && mark(m.sql) == done.mark);
        if !same {
            return Err(Error::ForeignSchema {
                name: done.name.clone(),
            });
        }
    }
    let last = applied.last().map_or(0, |a| a.version);
    Ok(list.iter().find(|m| m.version > last))
}

/// Brings an SQLite file up to the last version of `list`. Nobody else uses the connection yet, and
/// another process that starts at the same time waits inside of `BEGIN`.
pub(crate) fn migrate_sqlite(connection: &Connection, list: &[Migration]) -> Result<()> {
    connection.wait_for_others(true).map_err(plain)?;
    while migrate_sqlite_once(connection, list)? {}
    connection.wait_for_others(false).map_err(plain)
}

/// Runs the next one; false when there is none.
fn migrate_sqlite_once(connection: &Connection, list: &[Migration]) -> Result<bool> {
    connection.control("BEGIN IMMEDIATE").map_err(plain)?;
    let done = migrate_sqlite_in_transaction(connection, list);
    if matches!(done, Ok(true)) {
        connection.control("COMMIT").map_err(plain)?;
    } else {
        // After some errors SQLite has rolled back by itself.
        connection.control("ROLLBACK").ok();
    }
    done
}

fn migrate_sqlite_in_transaction(connection: &Connection, list: &[Migration]) -> Result<bool> {
    connection.control(&for_sqlite(CREATE)).map_err(plain)?;
    let last = connection.run(&Sql::fixed(TABLE, LAST), &[], Want::Rows);
    let applied = last.map_err(plain)?.rows();
    let applied = applied
        .iter()
        .map(Applied::read)
        .collect::<Result<Vec<_>>>()?;
    let Some(next) = remaining(&applied, list)? else {
        return Ok(false);
    };
    connection.control(&for_sqlite(next.sql)).map_err(plain)?;
    let values = values![next.version, next.name, mark(next.sql)];
    let record = connection.run(&Sql::fixed(TABLE, RECORD), &values, Want::Count);
    record.map_err(plain).map(|_| true)
}

/// Brings a PostgreSQL schema up to the last version of `list`; nodes that start at the same time
/// wait for each other.
pub(crate) async fn migrate_postgres(pool: &PgPool, list: &[Migration]) -> Result<()> {
    use postgres::plain;
    loop {
        let mut tx = pool.begin().await.map_err(plain)?;
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext(current_schema()))")
            .execute(&mut *tx)
            .await
            .map_err(plain)?;
        let create = sqlx::AssertSqlSafe(for_postgres(CREATE));
        sqlx::query(create).execute(&mut *tx).await.map_err(plain)?;
        let mut applied = Vec::new();
        for row in sqlx::query(LAST).fetch_all(&mut *tx).await.map_err(plain)? {
            applied.push(Applied::read(&Row::postgres(TABLE, row))?);
        }
        let Some(next) = remaining(&applied, list)? else {
            return Ok(());
        };
        let sql = sqlx::AssertSqlSafe(for_postgres(next.sql));
        sqlx::raw_sql(sql).execute(&mut *tx).await.map_err(plain)?;
        let record = sqlx::query(RECORD)
            .bind(next.version)
            .bind(next.name)
            .bind(mark(next.sql));
        record.execute(&mut *tx).await.map_err(plain)?;
        tx.commit().await.map_err(plain)?;
    }
}

#[cfg(test)]
mod tests {
    use super::{Applied, MIGRATIONS, Migration, for_postgres, for_sqlite, mark, remaining};
    use crate::error::Error;

    const LIST: &[Migration] = &[
        Migration {
            version: 1,
            name: "one",
            sql: "A",
        },
        Migration {
            version: 2,
            name: "two",
            sql: "B",
        },
    ];

    fn done(version: i64, sql: &str) -> Applied {
        Applied {
            version,
            name: format!("{version}"),
            mark: mark(sql),
        }
    }

    #[test]
    fn versions_count_up_and_no_token_is_left() {
        for (position, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.version, position);
            assert!(migration.name.starts_with(&format!("{position:04}_")));
            for sql in [for_sqlite(migration.sql), for_postgres(migration.sql)] {
                assert!(!sql.contains(['{', '}']), "{}", migration.name);
            }
        }
    }

    #[test]
    fn the_next_one_runs() {
        assert_eq!(remaining(&[], LIST).unwrap().map(|m| m.version), Some(1));
        assert_eq!(
            remaining(&[done(1, "A")], LIST).unwrap().map(|m| m.version),
            Some(2)
        );
        assert!(
            remaining(&[done(1, "A"), done(2, "B")], LIST)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn newer_or_edited_is_refused() {
        let newer = remaining(&[done(1, "A"), done(2, "B"), done(3, "C")], LIST);
        assert_eq!(
            newer.unwrap_err(),
            Error::NewerSchema { found: 3, known: 2 }
        );
        let edited = remaining(&[done(1, "A, edited")], LIST);
        assert_eq!(
            edited.unwrap_err(),
            Error::ForeignSchema { name: "1".into() }
        );
    }
}
