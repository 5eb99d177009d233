//! Read-only connections, opened when first needed and kept.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    sqlite::{plain, reader_options},
};

/// The pool. Much smaller than the driver's: no timers, no test of a connection that is a file.
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    pub(crate) fn new(path: &Path, count: usize) -> Arc<Self> {
        Arc::new(Self {
            options: reader_options(path),
            permits: Arc::new(Semaphore::new(count.max(1))),
            idle: Mutex::new(Vec::new()),
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
            None => self.options.connect().await.map_err(plain)?,
        };
        Ok(Reader {
            connection: Some(connection),
            in_snapshot: false,
            pool: Arc::clone(self),
            _permit: permit,
        })
    }

    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a read connection did not close well");
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan; goes back when dropped.
pub(crate) struct Reader {
    connection: Option<SqliteConnection>,
    /// A snapshot that nobody ended: the connection is closed instead of going back.
    in_snapshot: bool,
    pool: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection
            .as_mut()
            .ok_or_else(|| Error::Unavailable("the reader is gone".to_owned()))
    }

    pub(crate) async fn begin_snapshot(&mut self) -> Result<()> {
        self.in_snapshot = true;
        sqlx::query("BEGIN")
            .execute(self.connection()?)
            .await
            .map_err(plain)?;
        // The state is chosen by the first read, which should be now.
        let touch = sqlx::query("SELECT version FROM migrations LIMIT 1");
        touch
            .execute(self.connection()?)
            .await
            .map_err(plain)
            .map(drop)
    }

    pub(crate) async fn end_snapshot(&mut self) -> Result<()> {
        sqlx::query("COMMIT")
            .execute(self.connection()?)
            .await
            .map_err(plain)?;
        self.in_snapshot = false;
        Ok(())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && !self.in_snapshot
            && !self.pool.permits.is_closed()
        {
            self.pool.idle().push(connection);
        }
    }
}
