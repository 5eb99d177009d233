//! PostgreSQL: a pool, READ COMMITTED transactions, and its errors in our words.

mod transaction;

pub(crate) use transaction::WriteTransaction;

use std::{borrow::Cow, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::error::{Constraint, Error, Result};

const STATEMENT_CACHE: usize = 512;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool whose connections work in `schema`, which is made if it is missing.
pub(crate) async fn connect(url: &str, schema: Option<&str>, connections: u32) -> Result<PgPool> {
    let mut options = PgConnectOptions::from_str(url)
        .map_err(|e| Error::Address {
            url: without_password(url),
            reason: e.to_string(),
        })?
        .statement_cache_capacity(STATEMENT_CACHE)
        .application_name("comity")
        .options([
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("client_min_messages", "warning"),
        ])
        .disable_statement_logging();
    if let Some(schema) = schema {
        check_schema(schema)?;
        options = options.options([("search_path", schema)]);
    }
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Connections are tested when they come back; a statement on a dead one is `Unavailable`.
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(plain)?;
    if let Some(schema) = schema {
        // sql: `check_schema` has let only lower-case letters, digits and `_` through
        let sql = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&pool)
            .await
            .map_err(plain)?;
    }
    Ok(pool)
}

fn check_schema(schema: &str) -> Result<()> {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !schema.is_empty() && schema.len() <= 63 && schema.bytes().all(word) {
        return Ok(());
    }
    Err(Error::Address {
        url: schema.to_owned(),
        reason: "a schema is named with `a` to `z`, digits and `_`, 63 at most".to_owned(),
    })
}

/// `postgres://user:…@host/db` without the part nobody should read in a log.
fn without_password(url: &str) -> String {
    url.rsplit_once('@')
        .map_or_else(|| "postgres:…".to_owned(), |(_, host)| format!("…@{host}"))
}

pub(crate) fn translate(error: &sqlx::Error, table: &'static str) -> Error {
    let Some(fault) = error.as_database_error() else {
        return match error {
            sqlx::Error::Encode(_) | sqlx::Error::ColumnNotFound(_) => Error::Database {
                table,
                reason: error.to_string(),
            },
            other => Error::Unavailable(other.to_string()),
        };
    };
    let code = fault.code().unwrap_or(Cow::Borrowed(""));
    match code.as_ref() {
        "23505" => Error::Conflict(Constraint::new(fault.constraint().unwrap_or("unique"))),
        "23503" => Error::Conflict(Constraint::new(Constraint::FOREIGN_KEY)),
        "55P03" | "57014" => Error::Unavailable(fault.message().to_owned()),
        // Connection, resources, operator, system; serialization failure and deadlock, which
        // `WriteTransaction` tries again first.
        other
            if ["08", "40", "53", "57", "58"]
                .iter()
                .any(|class| other.starts_with(class)) =>
        {
            Error::Unavailable(fault.message().to_owned())
        }
        _ => Error::Database {
            table,
            reason: fault.message().to_owned(),
        },
    }
}

/// Outside of tables: connecting, control statements.
#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
pub(crate) fn plain(error: sqlx::Error) -> Error {
    translate(&error, "")
}

#[cfg(test)]
mod tests {
    use super::{check_schema, without_password};

    #[test]
    fn schema_names_are_words() {
        assert!(check_schema("cloud_1").is_ok());
        for bad in ["", "a\"b", "A", "a; drop", "ä", &"a".repeat(64)] {
            assert!(check_schema(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        assert_eq!(without_password("postgres://u:p@h/db"), "…@h/db");
        assert_eq!(without_password("postgres://u:p"), "postgres:…");
    }
}
