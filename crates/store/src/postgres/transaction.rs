//! A write transaction on PostgreSQL, begun again where the server asks for that (security bar
//!
//!
//! A serialization failure or a deadlock undoes a transaction that did nothing wrong. It is begun
//! again, at most three times. Its statements run once more, in their order, and each must see what
//! it saw the first time: the caller has decided on that. If one sees something else, or after the
//! third time, the answer is [`Error::Unavailable`], which is a 503.
//!
//! SQLite needs none of this: its one writer waits for the file and never loses what it has begun.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use sqlx::{PgPool, PgTransaction};

use super::{plain, translate};
use crate::{
    error::{Error, Result},
    run::{Outcome, Want, on_postgres},
    statement::Sql,
    value::Value,
};

/// How often a transaction is begun again.
const RETRIES: u8 = 3;
/// Statements that are kept to be repeated. A longer transaction is not begun again.
const KEPT: usize = 256;

/// A transaction of one caller. Dropped without `commit`, it is rolled back.
pub(crate) struct WriteTransaction {
    pool: PgPool,
    /// `None` only while it is being begun again.
    transaction: Option<PgTransaction<'static>>,
    done: Vec<Done>,
    retries: u8,
    /// The first error. PostgreSQL itself would answer `COMMIT` with a silent rollback.
    failed: Option<Error>,
}

struct Statement {
    sql: Sql,
    values: Vec<Value>,
    want: Want,
}

/// A statement that has run, and what it saw.
struct Done {
    statement: Statement,
    seen: u64,
}

/// Why a statement or a commit did not work.
struct Failure {
    error: Error,
    /// The server has undone the transaction and says that it may work the next time.
    again: bool,
}

impl Failure {
    fn of(error: &sqlx::Error, table: &'static str) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        Self {
            error: translate(error, table),
            again: matches!(code.as_deref(), Some("40001" | "40P01")),
        }
    }

    const fn last(error: Error) -> Self {
        Self {
            error,
            again: false,
        }
    }
}

impl WriteTransaction {
    pub(crate) async fn begin(pool: &PgPool) -> Result<Self> {
        Ok(Self {
            transaction: Some(pool.begin().await.map_err(plain)?),
            pool: pool.clone(),
            done: Vec::new(),
            retries: 0,
            failed: None,
        })
    }

    pub(crate) async fn run(
        &mut self,
        sql: Sql,
        values: Vec<Value>,
        want: Want,
    ) -> Result<Outcome> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let statement = Statement { sql, values, want };
        match self.until_it_runs(&statement).await {
            Ok(outcome) => {
                let seen = seen(&outcome);
                self.keep(Done { statement, seen });
                Ok(outcome)
            }
            Err(error) => {
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    fn keep(&mut self, done: Done) {
        if self.done.len() < KEPT {
            self.done.push(done);
        } else {
            self.retries = RETRIES;
        }
    }

    async fn until_it_runs(&mut self, statement: &Statement) -> Result<Outcome> {
        loop {
            match execute(self.transaction.as_mut(), statement).await {
                Ok(outcome) => return Ok(outcome),
                Err(failure) => Box::pin(self.begin_again(failure)).await?,
            }
        }
    }

    /// Back to where the transaction was, or the error that it ends with.
    async fn begin_again(&mut self, mut failure: Failure) -> Result<()> {
        while failure.again && self.retries < RETRIES {
            self.retries += 1;
            match self.repeat().await {
                Ok(()) => return Ok(()),
                Err(next) => failure = next,
            }
        }
        Err(failure.error)
    }

    async fn repeat(&mut self) -> std::result::Result<(), Failure> {
        // Its connection goes back first: a caller never holds two.
        if let Some(undone) = self.transaction.take() {
            undone.rollback().await.ok();
        }
        let begun = self.pool.begin().await;
        self.transaction = Some(begun.map_err(|e| Failure::of(&e, ""))?);
        for done in &self.done {
            let outcome = execute(self.transaction.as_mut(), &done.statement).await?;
            if seen(&outcome) != done.seen {
                return Err(Failure::last(Error::Unavailable(
                    "the transaction was undone for another one that changed what it had read"
                        .to_owned(),
                )));
            }
        }
        Ok(())
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        if let Some(error) = self.failed.take() {
            self.rollback().await;
            return Err(error);
        }
        loop {
            let Some(transaction) = self.transaction.take() else {
                return Err(gone());
            };
            match transaction.commit().await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    // Rare, so that it is no part of every caller's future.
                    Box::pin(self.begin_again(Failure::of(&error, ""))).await?;
                }
            }
        }
    }

    pub(crate) async fn rollback(self) {
        // The server rolls back by itself when the connection is gone.
        if let Some(transaction) = self.transaction {
            transaction.rollback().await.ok();
        }
    }
}

async fn execute(
    transaction: Option<&mut PgTransaction<'static>>,
    statement: &Statement,
) -> std::result::Result<Outcome, Failure> {
    let connection = transaction.ok_or_else(|| Failure::last(gone()))?;
    let (sql, values) = (statement.sql.clone(), statement.values.clone());
    let result = on_postgres(connection, sql, values, statement.want).await;
    result.map_err(|error| Failure::of(&error, statement.sql.table))
}

/// The caller went away while the transaction was begun again.
fn gone() -> Error {
    Error::Unavailable("the transaction is gone".to_owned())
}

/// What a statement saw, as a number to compare. It never leaves the process.
fn seen(outcome: &Outcome) -> u64 {
    let mut hasher = DefaultHasher::new();
    match outcome {
        Outcome::Count(count) => count.hash(&mut hasher),
        Outcome::Rows(rows) => {
            rows.len().hash(&mut hasher);
            for row in rows {
                row.hash_values(&mut hasher);
            }
        }
    }
    hasher.finish()
}
