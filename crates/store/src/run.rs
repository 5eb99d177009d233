//! One statement on one connection of either engine: the only place where SQL meets the drivers.

use std::borrow::Cow;

use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, query::Query};

use crate::{
    row::Row,
    statement::Sql,
    value::{Value, bind_postgres, bind_sqlite},
};

/// What the caller wants back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    Rows,
    Count,
}

/// Rows, or how many rows were written.
pub(crate) enum Outcome {
    Rows(Vec<Row>),
    Count(u64),
}

impl Outcome {
    pub(crate) fn rows(self) -> Vec<Row> {
        match self {
            Self::Rows(rows) => rows,
            Self::Count(_) => Vec::new(),
        }
    }

    pub(crate) fn count(self) -> u64 {
        match self {
            Self::Rows(rows) => rows.len() as u64,
            Self::Count(count) => count,
        }
    }
}

/// A fixed text stays prepared on its connection; a compiled one is prepared for this use only, so
/// that no caller can fill the statement caches.
macro_rules! prepared {
    ($db:ty, $sql:expr) => {
        match $sql.text {
            Cow::Borrowed(text) => sqlx::query::<$db>(text),
            Cow::Owned(text) => sqlx::query::<$db>(sqlx::AssertSqlSafe(text)).persistent(false),
        }
    };
}

pub(crate) async fn on_sqlite(
    connection: &mut SqliteConnection,
    sql: Sql,
    values: Vec<Value>,
    want: Want,
) -> Result<Outcome, sqlx::Error> {
    let table = sql.table;
    let mut query: Query<'_, Sqlite, _> = prepared!(Sqlite, sql);
    for value in values {
        query = bind_sqlite(query, value);
    }
    if want == Want::Count {
        return Ok(Outcome::Count(
            query.execute(connection).await?.rows_affected(),
        ));
    }
    let rows = query.fetch_all(connection).await?;
    Ok(Outcome::Rows(
        rows.into_iter()
            .map(|row| Row::sqlite(table, row))
            .collect(),
    ))
}

pub(crate) async fn on_postgres(
    connection: &mut PgConnection,
    sql: Sql,
    values: Vec<Value>,
    want: Want,
) -> Result<Outcome, sqlx::Error> {
    let table = sql.table;
    let mut query: Query<'_, Postgres, _> = prepared!(Postgres, sql);
    for value in values {
        query = bind_postgres(query, value);
    }
    if want == Want::Count {
        return Ok(Outcome::Count(
            query.execute(connection).await?.rows_affected(),
        ));
    }
    let rows = query.fetch_all(connection).await?;
    Ok(Outcome::Rows(
        rows.into_iter()
            .map(|row| Row::postgres(table, row))
            .collect(),
    ))
}
