//! Read-only connections, opened when first needed and kept.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::{ConstraintNames, connection::Connection, plain, translate};
use crate::{
    error::{Error, Result},
    run::{Outcome, Want},
    statement::Sql,
    value::Value,
};

/// The pool: no timers, no test of a connection that is a file.
pub(crate) struct Readers {
    path: PathBuf,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    names: Arc<ConstraintNames>,
}

impl Readers {
    pub(crate) fn new(path: &Path, count: usize, names: Arc<ConstraintNames>) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            permits: Arc::new(Semaphore::new(count.max(1))),
            idle: Mutex::new(Vec::new()),
            names,
        })
    }

    /// A connection, waiting for one in the order of asking.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Result<Reader> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| Error::Unavailable("the store is closed".to_owned()))?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Connection::reader(&self.path).map_err(plain)?,
        };
        Ok(Reader {
            connection: Some(connection),
            pool: Arc::clone(self),
            permit: Arc::new(permit),
        })
    }

    pub(crate) fn close(&self) {
        self.permits.close();
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan; goes back when dropped.
pub(crate) struct Reader {
    /// `None` while a statement runs on another thread, and for good if nobody waited for it.
    connection: Option<Connection>,
    pool: Arc<Readers>,
    permit: Arc<OwnedSemaphorePermit>,
}

impl Reader {
    fn connection(&self) -> Result<&Connection> {
        let gone = || Error::Unavailable("the reader is gone".to_owned());
        self.connection.as_ref().ok_or_else(gone)
    }

    /// Rows. Statements over any number of rows go to a thread of their own.
    pub(crate) async fn read(&mut self, sql: Sql, values: Vec<Value>) -> Result<Outcome> {
        let table = sql.table;
        let outcome = if sql.long {
            self.connection()?;
            let connection = self.connection.take();
            // A caller that gives up gives its place back when the statement has ended.
            let permit = Arc::clone(&self.permit);
            let (connection, outcome) = spawn_blocking(move || {
                let _permit = permit;
                let outcome = connection
                    .as_ref()
                    .map(|c| c.run(&sql, &values, Want::Rows));
                (connection, outcome)
            })
            .await
            .map_err(|_| Error::Unavailable("the reader stopped".to_owned()))?;
            self.connection = connection;
            outcome.unwrap_or(Err(rusqlite::Error::InvalidQuery))
        } else {
            self.connection()?.run(&sql, &values, Want::Rows)
        };
        outcome.map_err(|error| translate(&error, table, &self.pool.names).error)
    }

    #[cfg(test)]
    pub(crate) fn prepare(&self, text: &str) -> Result<()> {
        self.connection()?.prepare(text).map_err(plain)
    }

    pub(crate) fn begin_snapshot(&self) -> Result<()> {
        // The state is chosen by the first read, which should be now.
        let begin = "BEGIN; SELECT version FROM migrations LIMIT 1";
        self.connection()?.control(begin).map_err(plain)
    }

    pub(crate) fn end_snapshot(&self) -> Result<()> {
        self.connection()?.control_prepared("COMMIT").map_err(plain)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A connection whose snapshot nobody ended is closed.
        if let Some(connection) = self.connection.take()
            && connection.is_idle()
            && !self.pool.permits.is_closed()
        {
            self.pool.idle().push(connection);
        }
    }
}
