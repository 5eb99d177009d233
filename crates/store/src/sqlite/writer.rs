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
//! 5. A transaction that was dropped is rolled back to its savepoint there and then. It takes nobody
//!    with it.
//! 6. After an error that may have rolled back the real transaction, the whole group has failed.
//!
//! Statements run on the caller's thread; a real `COMMIT`, which waits for the disk, has a thread of
//! its own.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{
    ConstraintNames,
    connection::{Connection, Durability, PATIENCE},
    is_busy, plain, translate,
};
use crate::{
    error::{Error, Result},
    run::{Outcome, Want},
    statement::Sql,
    value::Value,
};

const LARGEST_GROUP: usize = 64;
/// Between two tries while another process writes.
const PAUSE: Duration = Duration::from_millis(2);

/// The writer; cloned handles share one connection.
#[derive(Clone)]
pub(crate) struct Writer {
    state: Arc<Mutex<State>>,
    commits: Arc<AtomicU64>,
}

struct State {
    path: PathBuf,
    durability: Durability,
    /// `None` after a failure that left it unusable; opened again by the next transaction.
    connection: Option<Connection>,
    names: Arc<ConstraintNames>,
    /// A real transaction is open.
    open: bool,
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
        path: PathBuf,
        durability: Durability,
        connection: Connection,
        names: Arc<ConstraintNames>,
    ) -> Self {
        let commits = Arc::new(AtomicU64::new(0));
        let state = State {
            path,
            durability,
            connection: Some(connection),
            names,
            open: false,
            group: 0,
            members: Vec::new(),
            closed: false,
            commits: Arc::clone(&commits),
            #[cfg(test)]
            fail_next_commit: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            commits,
        }
    }

    /// How many real transactions were committed.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Waits for the writer and opens a savepoint. While another process writes, tries again for
    /// as long as a reader would wait.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction> {
        let begun = Instant::now();
        let mut state = Arc::clone(&self.state).lock_owned().await;
        loop {
            match state.enter()? {
                Entered::Yes => break,
                Entered::Busy(error) if begun.elapsed() > PATIENCE => return Err(error),
                Entered::Busy(_) => sleep(PAUSE).await,
            }
        }
        Ok(WriteTransaction {
            state: Some(state),
            shared: Arc::clone(&self.state),
            failed: None,
        })
    }

    /// Commits what is committed and closes the connection.
    pub(crate) async fn close(&self) {
        let mut state = Arc::clone(&self.state).lock_owned().await;
        state.closed = true;
        state.finish();
        state.connection = None;
    }

    #[cfg(test)]
    pub(crate) async fn fail_next_commit(&self) {
        self.state.lock().await.fail_next_commit = true;
    }
}

enum Entered {
    Yes,
    /// Another process writes.
    Busy(Error),
}

impl State {
    fn connection(&self) -> rusqlite::Result<&Connection> {
        self.connection.as_ref().ok_or_else(gone)
    }

    /// Rule 2.
    fn enter(&mut self) -> Result<Entered> {
        if self.closed {
            return Err(Error::Unavailable("the store is closed".to_owned()));
        }
        let entered = self.open_savepoint();
        match entered {
            Ok(()) => Ok(Entered::Yes),
            Err(error) if !self.open && is_busy(&error) => Ok(Entered::Busy(plain(error))),
            Err(error) => {
                let error = plain(error);
                self.fail(&error);
                Err(error)
            }
        }
    }

    fn open_savepoint(&mut self) -> rusqlite::Result<()> {
        if self.connection.is_none() {
            self.connection = Some(Connection::writer(&self.path, self.durability)?);
        }
        if !self.open {
            self.connection()?.control_prepared("BEGIN IMMEDIATE")?;
            self.open = true;
        }
        self.connection()?.control_prepared("SAVEPOINT tx")
    }

    /// Rule 5. Ends a real transaction that nobody waits for, so that other processes can write.
    fn leave(&mut self) {
        let undone = self.connection().and_then(|connection| {
            connection.control_prepared("ROLLBACK TO tx")?;
            connection.control_prepared("RELEASE tx")
        });
        if let Err(error) = undone {
            self.fail(&plain(error));
        } else if self.members.is_empty() {
            self.roll_back();
        }
    }

    /// The real `COMMIT` (rule 4).
    fn finish(&mut self) {
        if !self.open {
            return;
        }
        match self.commit() {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.end_group(&Ok(()));
            }
            Err(error) => self.fail(&plain(error)),
        }
    }

    fn commit(&mut self) -> rusqlite::Result<()> {
        #[cfg(test)]
        if std::mem::take(&mut self.fail_next_commit) {
            return Err(gone());
        }
        self.connection()?.control_prepared("COMMIT")
    }

    /// Rule 6.
    fn fail(&mut self, error: &Error) {
        self.roll_back();
        self.end_group(&Err(error.clone()));
    }

    fn roll_back(&mut self) {
        if let Some(connection) = &self.connection {
            // SQLite may have done it already.
            connection.control_prepared("ROLLBACK").ok();
            if !connection.is_idle() {
                // Dropping the connection rolls back for certain.
                self.connection = None;
            }
        }
        self.open = false;
    }

    fn end_group(&mut self, result: &Result<()>) {
        self.open = false;
        self.group += 1;
        for member in self.members.drain(..) {
            // A caller that no longer waits does not want to know.
            member.send(result.clone()).ok();
        }
    }
}

/// One caller's transaction. Dropped without `commit`, it is rolled back.
pub(crate) struct WriteTransaction {
    /// Taken by `commit`, `drop`, and an error that ended the real transaction.
    state: Option<OwnedMutexGuard<State>>,
    shared: Arc<Mutex<State>>,
    /// The first error: nothing more is accepted, as on PostgreSQL.
    failed: Option<Error>,
}

impl WriteTransaction {
    pub(crate) fn run(&mut self, sql: &Sql, values: &[Value], want: Want) -> Result<Outcome> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let Some(state) = self.state.as_mut() else {
            return Err(ended());
        };
        let result = state.connection().and_then(|c| c.run(sql, values, want));
        let error = match result {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        let translated = translate(&error, sql.table, &state.names);
        self.failed = Some(translated.error.clone());
        let rolled_back = state.connection.as_ref().is_none_or(Connection::is_idle);
        if translated.fatal || rolled_back {
            state.fail(&translated.error);
            self.state = None;
        }
        Err(translated.error)
    }

    /// Rules 3 and 4.
    pub(crate) async fn commit(mut self) -> Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let Some(mut state) = self.state.take() else {
            return Err(ended());
        };
        if let Err(error) = state
            .connection()
            .and_then(|c| c.control_prepared("RELEASE tx"))
        {
            let error = plain(error);
            state.fail(&error);
            return Err(error);
        }
        let (answer, committed) = oneshot::channel();
        state.members.push(answer);
        flush_later(state, &self.shared);
        committed
            .await
            .unwrap_or_else(|_| Err(Error::Unavailable("the writer stopped".to_owned())))
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        if let Some(mut state) = self.state.take() {
            state.leave();
        }
    }
}

/// As if the file could not be reached.
fn gone() -> rusqlite::Error {
    let fault = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
    rusqlite::Error::SqliteFailure(fault, Some("the connection is gone".to_owned()))
}

fn ended() -> Error {
    Error::Unavailable("the transaction has ended".to_owned())
}

/// Rule 3: one task per group, so that no caller's impatience can cut off a commit.
fn flush_later(state: OwnedMutexGuard<State>, shared: &Arc<Mutex<State>>) {
    let members = state.members.len();
    if members >= LARGEST_GROUP {
        tokio::spawn(flush(state));
    } else if members == 1 {
        let group = state.group;
        let shared = Arc::clone(shared);
        drop(state);
        tokio::spawn(async move {
            let state = shared.lock_owned().await;
            if state.group == group {
                flush(state).await;
            }
        });
    }
}

/// A commit that does not wait for the disk needs no thread.
async fn flush(mut state: OwnedMutexGuard<State>) {
    if state.durability == Durability::None {
        state.finish();
    } else if let Err(error) = spawn_blocking(move || state.finish()).await {
        tracing::error!(%error, "a commit did not end");
    }
}
