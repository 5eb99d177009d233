//! The one writer of an SQLite store, with group commit.
//!
//! A caller's transaction is a savepoint inside a real transaction that several callers share.
//! Rule by rule:
//!
//! 1. Who holds the lock holds the connection; the lock is fair, so writers run in the order in
//!    which they asked.
//! 2. The first transaction of a group opens the real one (`BEGIN IMMEDIATE`); each is a savepoint.
//! 3. Committing releases the savepoint and joins the group. The first member of a group queues
//!    for the lock once more: all who asked before it run, join, and one `COMMIT` serves them.
//!    A group of 64 commits at once.
//! 4. `commit().await` answers after the real `COMMIT`; if that fails, every member gets the error.
//! 5. A transaction that was dropped, also in the middle of a statement, is rolled back to its
//!    savepoint by whoever comes next, before anything else happens. It takes nobody with it.
//! 6. After an error that may have rolled back the real transaction, the whole group has failed.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::{
    error::{Error, Result},
    run::{Outcome, Want, on_sqlite},
    sqlite::{ConstraintNames, plain, translate},
    statement::Sql,
    value::Value,
};

const LARGEST_GROUP: usize = 64;

/// The writer; cloned handles share one connection.
#[derive(Clone)]
pub(crate) struct Writer {
    state: Arc<Mutex<State>>,
    names: Arc<ConstraintNames>,
    commits: Arc<AtomicU64>,
}

/// Whether a real transaction is open on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    /// `BEGIN` was sent, but its answer never seen.
    Unknown,
    Open,
}

struct State {
    options: SqliteConnectOptions,
    /// `None` after a failure that left it unusable; opened again by the next transaction.
    connection: Option<SqliteConnection>,
    phase: Phase,
    /// A savepoint is open, or may be.
    savepoint: bool,
    /// The group cannot be saved any more, and its members may not know yet.
    broken: Option<Error>,
    /// Counts the real transactions, so that a late flush knows that it comes late.
    group: u64,
    members: Vec<oneshot::Sender<Result<()>>>,
    closed: bool,
    commits: Arc<AtomicU64>,
    #[cfg(test)]
    fail_next_commit: bool,
}

impl Writer {
    pub(crate) fn new(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        names: Arc<ConstraintNames>,
    ) -> Self {
        let commits = Arc::new(AtomicU64::new(0));
        let state = State {
            options,
            connection: Some(connection),
            phase: Phase::Closed,
            savepoint: false,
            broken: None,
            group: 0,
            members: Vec::new(),
            closed: false,
            commits: Arc::clone(&commits),
            #[cfg(test)]
            fail_next_commit: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            names,
            commits,
        }
    }

    /// How many real transactions were committed.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn names(&self) -> &Arc<ConstraintNames> {
        &self.names
    }

    /// Waits for the writer and opens a savepoint.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction> {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        state.enter().await?;
        Ok(WriteTransaction {
            state: Some(state),
            shared: Arc::clone(&self.state),
            names: Arc::clone(&self.names),
            failed: None,
        })
    }

    /// Commits what is committed, rolls back what is not, and closes the connection.
    pub(crate) async fn close(&self) {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        state.closed = true;
        state.finish().await;
        if let Some(connection) = state.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the write connection did not close well");
        }
    }

    #[cfg(test)]
    pub(crate) async fn fail_next_commit(&self) {
        self.state.lock().await.fail_next_commit = true;
    }
}

impl State {
    async fn control(&mut self, sql: &'static str) -> std::result::Result<(), sqlx::Error> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        sqlx::query(sql).execute(connection).await.map(drop)
    }

    /// Rules 2 and 5.
    async fn enter(&mut self) -> Result<()> {
        if self.closed {
            return Err(Error::Unavailable("the store is closed".to_owned()));
        }
        self.settle().await;
        let entered = self.open_savepoint().await.map_err(plain);
        if let Err(error) = &entered {
            self.fail(error).await;
        }
        entered
    }

    async fn open_savepoint(&mut self) -> std::result::Result<(), sqlx::Error> {
        if self.connection.is_none() {
            self.connection = Some(self.options.connect().await?);
        }
        let opens_group = self.phase == Phase::Closed;
        if opens_group {
            self.phase = Phase::Unknown;
        }
        self.savepoint = true;
        // In one message: each costs two changes of thread.
        self.control(if opens_group {
            "BEGIN IMMEDIATE; SAVEPOINT tx"
        } else {
            "SAVEPOINT tx"
        })
        .await?;
        self.phase = Phase::Open;
        Ok(())
    }

    /// Rule 5: undoes what a dropped transaction left. Each step may itself be cut off and is run
    /// again by the next caller.
    async fn settle(&mut self) {
        if let Some(error) = self.broken.take() {
            self.fail(&error).await;
        }
        if self.phase == Phase::Unknown {
            // Nothing can have been written yet; `ROLLBACK` fails if `BEGIN` never ran.
            self.control("ROLLBACK").await.ok();
            self.phase = Phase::Closed;
            self.savepoint = false;
        }
        if self.savepoint {
            match self.undo_savepoint().await {
                Ok(()) => self.savepoint = false,
                Err(error) if is_missing_savepoint(&error) => self.settle_missing().await,
                Err(error) => self.fail(&plain(error)).await,
            }
        }
    }

    /// The savepoint is gone: released by a caller that did not wait for the answer, or SQLite
    /// rolled back everything while nobody listened. A second `BEGIN` tells them apart.
    async fn settle_missing(&mut self) {
        let error = Error::Unavailable("the transaction was rolled back".to_owned());
        self.broken = Some(error.clone());
        match self.control("BEGIN").await {
            Err(fault) if message_contains(&fault, "within a transaction") => {
                self.broken = None;
                self.savepoint = false;
            }
            _ => self.fail(&error).await,
        }
    }

    async fn undo_savepoint(&mut self) -> std::result::Result<(), sqlx::Error> {
        self.control("ROLLBACK TO tx").await?;
        self.control("RELEASE tx").await
    }

    /// The real `COMMIT` (rule 4). Never cut off: it runs in a task of its own.
    async fn finish(&mut self) {
        self.settle().await;
        if self.phase != Phase::Open {
            return;
        }
        match self.commit().await {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.end_group(&Ok(()));
            }
            Err(error) => self.fail(&plain(error)).await,
        }
    }

    async fn commit(&mut self) -> std::result::Result<(), sqlx::Error> {
        #[cfg(test)]
        if std::mem::take(&mut self.fail_next_commit) {
            return Err(sqlx::Error::WorkerCrashed);
        }
        self.control("COMMIT").await
    }

    /// Rule 6. Cut off, it is run again by the next caller.
    async fn fail(&mut self, error: &Error) {
        self.broken = Some(error.clone());
        let gone = match self.control("ROLLBACK").await {
            Ok(()) => true,
            Err(fault) => message_contains(&fault, "no transaction is active"),
        };
        if !gone {
            // Dropping the connection rolls back for certain.
            self.connection = None;
        }
        self.savepoint = false;
        self.end_group(&Err(error.clone()));
    }

    /// Ends a real transaction that nobody waits for, so that other processes can write.
    async fn leave(&mut self) {
        self.settle().await;
        if self.members.is_empty() {
            self.finish().await;
        }
    }

    fn end_group(&mut self, result: &Result<()>) {
        self.broken = None;
        self.phase = Phase::Closed;
        self.group += 1;
        for member in self.members.drain(..) {
            // A caller that no longer waits does not want to know.
            member.send(result.clone()).ok();
        }
    }
}

fn message_contains(error: &sqlx::Error, part: &str) -> bool {
    error
        .as_database_error()
        .is_some_and(|e| e.message().contains(part))
}

fn is_missing_savepoint(error: &sqlx::Error) -> bool {
    message_contains(error, "no such savepoint")
}

/// One caller's transaction. Dropped without `commit`, it is rolled back.
pub(crate) struct WriteTransaction {
    /// Taken by `commit`, `rollback` and `drop`.
    state: Option<OwnedMutexGuard<State>>,
    shared: Arc<Mutex<State>>,
    names: Arc<ConstraintNames>,
    /// The first error: nothing more is accepted, as on PostgreSQL.
    failed: Option<Error>,
}

impl WriteTransaction {
    pub(crate) async fn run(
        &mut self,
        sql: Sql,
        values: Vec<Value>,
        want: Want,
    ) -> Result<Outcome> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let table = sql.table;
        let result = match self.state.as_mut().and_then(|s| s.connection.as_mut()) {
            Some(connection) => on_sqlite(connection, sql, values, want).await,
            None => Err(sqlx::Error::WorkerCrashed),
        };
        let error = match result {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        let translated = translate(&error, table, &self.names);
        self.failed = Some(translated.error.clone());
        if let Some(state) = self.state.as_mut().filter(|_| translated.fatal) {
            state.fail(&translated.error).await;
        }
        Err(translated.error)
    }

    /// Rules 3 and 4.
    pub(crate) async fn commit(mut self) -> Result<()> {
        if let Some(error) = self.failed.take() {
            self.rollback().await;
            return Err(error);
        }
        let Some(state) = self.state.as_mut() else {
            return Err(Error::Unavailable("the transaction has ended".to_owned()));
        };
        if let Err(error) = state.control("RELEASE tx").await {
            let error = plain(error);
            state.fail(&error).await;
            return Err(error);
        }
        state.savepoint = false;
        let (answer, committed) = oneshot::channel();
        state.members.push(answer);
        self.flush_later();
        committed
            .await
            .unwrap_or_else(|_| Err(Error::Unavailable("the writer stopped".to_owned())))
    }

    pub(crate) async fn rollback(mut self) {
        if let Some(state) = self.state.as_mut() {
            state.leave().await;
        }
        self.state = None;
    }

    /// Rule 3: one task per group, so that no caller's impatience can cut off a commit.
    fn flush_later(&mut self) {
        let Some(mut state) = self.state.take() else {
            return;
        };
        let members = state.members.len();
        if members >= LARGEST_GROUP {
            tokio::spawn(async move { state.finish().await });
        } else if members == 1 {
            let group = state.group;
            let shared = Arc::clone(&self.shared);
            drop(state);
            tokio::spawn(async move {
                let mut state = shared.lock_owned().await;
                if state.group == group {
                    state.finish().await;
                }
            });
        }
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        // Without a runtime the next caller does it (`enter`).
        if let (Some(mut state), Ok(runtime)) =
            (self.state.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move { state.leave().await });
        }
    }
}
