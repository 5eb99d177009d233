//! What a statement is wanted for and what comes of it, and the way to PostgreSQL. The way to SQLite
//! is [`crate::sqlite::connection`].

use std::borrow::Cow;

use sqlx::{PgConnection, Postgres, query::Query};

use crate::{
    row::Row,
    statement::Sql,
    value::{Value, bind_postgres},
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
pub(crate) async fn on_postgres(
    connection: &mut PgConnection,
    sql: Sql,
    values: Vec<Value>,
    want: Want,
) -> Result<Outcome, sqlx::Error> {
    let table = sql.table;
    let mut query: Query<'_, Postgres, _> = match sql.text {
        Cow::Borrowed(text) => sqlx::query(text),
        Cow::Owned(text) => sqlx::query(sqlx::AssertSqlSafe(text)).persistent(false),
    };
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
