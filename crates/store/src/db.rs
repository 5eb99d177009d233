//! The store: concrete, one of two engines.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use comity_model::time::Utc;
use sqlx::PgPool;
use tokio::{sync::Mutex, task::spawn_blocking};

use crate::{
    error::{Error, Result},
    handle::{Handle, On, Read, Tx},
    migration::{MIGRATIONS, Migration, migrate_postgres, migrate_sqlite},
    postgres,
    sqlite::{
        self,
        connection::{Connection, Durability},
        readers::Readers,
        writer::Writer,
    },
};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Read connections of SQLite, opened when needed.
    pub readers: usize,
    /// Connections to PostgreSQL.
    pub connections: u32,
    /// The PostgreSQL schema that holds the tables; made if missing. Several clouds may use one
    /// database, each with a schema of its own.
    pub schema: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            connections: 16,
            schema: None,
        }
    }
}

/// A cloud's store. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Engine,
    transactions: AtomicU64,
    /// A store in memory is a file on a memory disk, so that it has the same reader pool.
    _folder: Option<tempfile::TempDir>,
}

enum Engine {
    Sqlite {
        writer: Writer,
        readers: Arc<Readers>,
    },
    Postgres(PgPool),
}

impl Store {
    /// Opens `sqlite:<path>` or `postgres://…` and brings its schema up to date.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        Self::open_with(url, options, MIGRATIONS).await
    }

    /// A new SQLite store that ends with its last handle; the test double.
    pub async fn memory() -> Result<Self> {
        Self::memory_with(MIGRATIONS).await
    }

    pub(crate) async fn memory_with(migrations: &[Migration]) -> Result<Self> {
        let unavailable =
            |e: std::io::Error| Error::Unavailable(format!("no temporary folder: {e}"));
        let mut builder = tempfile::Builder::new();
        builder.prefix("comity-");
        let folder = builder
            .tempdir_in("/dev/shm")
            .or_else(|_| builder.tempdir())
            .map_err(unavailable)?;
        let path = folder.path().join("store.db");
        let readers = Options::default().readers;
        let engine = open_sqlite(path, Durability::None, readers, migrations).await?;
        Ok(Self::new(engine, Some(folder)))
    }

    pub(crate) async fn open_with(
        url: &str,
        options: Options,
        migrations: &[Migration],
    ) -> Result<Self> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let pool =
                postgres::connect(url, options.schema.as_deref(), options.connections).await?;
            migrate_postgres(&pool, migrations).await?;
            return Ok(Self::new(Engine::Postgres(pool), None));
        }
        let path = sqlite_path(url)?;
        let engine = open_sqlite(path, Durability::Full, options.readers, migrations).await?;
        Ok(Self::new(engine, None))
    }

    fn new(engine: Engine, folder: Option<tempfile::TempDir>) -> Self {
        Self(Arc::new(Inner {
            engine,
            transactions: AtomicU64::new(0),
            _folder: folder,
        }))
    }

    /// Begins a write transaction: READ COMMITTED on PostgreSQL, the only writer on SQLite.
    pub async fn begin(&self) -> Result<Tx> {
        self.0.transactions.fetch_add(1, Ordering::Relaxed);
        let on = match &self.0.engine {
            Engine::Sqlite { writer, .. } => On::SqliteTx(Mutex::new(writer.begin().await?)),
            Engine::Postgres(pool) => {
                On::PostgresTx(Mutex::new(postgres::WriteTransaction::begin(pool).await?))
            }
        };
        Ok(Tx {
            handle: Handle { on },
        })
    }

    /// Reads, each statement by itself.
    pub fn read(&self) -> Read {
        let on = match &self.0.engine {
            Engine::Sqlite { readers, .. } => On::SqliteReaders(Arc::clone(readers)),
            Engine::Postgres(pool) => On::PostgresPool(pool.clone()),
        };
        Read {
            handle: Handle { on },
        }
    }

    /// Reads that must agree with each other: all see one state of the store.
    pub async fn snapshot(&self) -> Result<Read> {
        let on = match &self.0.engine {
            Engine::Sqlite { readers, .. } => {
                let reader = readers.acquire().await?;
                reader.begin_snapshot()?;
                On::SqliteSnapshot(Mutex::new(reader))
            }
            Engine::Postgres(pool) => {
                const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                let mut tx = pool.begin_with(BEGIN).await.map_err(postgres::plain)?;
                // The state is chosen by the first statement, which should be now.
                sqlx::query("SELECT 1")
                    .execute(&mut *tx)
                    .await
                    .map_err(postgres::plain)?;
                On::PostgresSnapshot(Mutex::new(tx))
            }
        };
        Ok(Read {
            handle: Handle { on },
        })
    }

    /// How many write transactions were begun; tests count them per request (law 7).
    pub fn transactions_begun(&self) -> u64 {
        self.0.transactions.load(Ordering::Relaxed)
    }

    /// How many commits reached the disk of an SQLite store; `None` on PostgreSQL.
    pub fn groups_committed(&self) -> Option<u64> {
        match &self.0.engine {
            Engine::Sqlite { writer, .. } => Some(writer.commits()),
            Engine::Postgres(_) => None,
        }
    }

    /// Whether this is the SQLite engine.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.0.engine, Engine::Sqlite { .. })
    }

    /// What the database server's clock says. `None` on SQLite, which has no clock but this
    /// machine's.
    pub async fn clock(&self) -> Result<Option<Utc>> {
        const CLOCK: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint";
        match &self.0.engine {
            Engine::Sqlite { .. } => Ok(None),
            Engine::Postgres(pool) => {
                let micros: i64 = sqlx::query_scalar(CLOCK)
                    .fetch_one(pool)
                    .await
                    .map_err(postgres::plain)?;
                Ok(Some(Utc::from_micros(micros)))
            }
        }
    }

    /// Waits for the writer, then closes every connection. Later calls are `Unavailable`.
    pub async fn close(&self) {
        match &self.0.engine {
            Engine::Sqlite { writer, readers } => {
                readers.close();
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }

    /// Why the engine does not accept the statement.
    #[cfg(test)]
    pub(crate) async fn prepare(&self, text: &'static str) -> std::result::Result<(), String> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        match &self.0.engine {
            Engine::Sqlite { readers, .. } => {
                let reader = readers.acquire().await.map_err(|e| e.to_string())?;
                reader.prepare(text).map_err(|e| e.to_string())
            }
            Engine::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(|e| e.to_string())?;
                let prepared = connection.prepare(text.into_sql_str()).await;
                prepared.map(drop).map_err(|e| e.to_string())
            }
        }
    }

    #[cfg(test)]
    pub(crate) async fn fail_next_commit(&self) {
        if let Engine::Sqlite { writer, .. } = &self.0.engine {
            writer.fail_next_commit().await;
        }
    }
}

/// On a thread of its own: a process that starts while another migrates the same file waits.
async fn open_sqlite(
    path: PathBuf,
    durability: Durability,
    readers: usize,
    migrations: &[Migration],
) -> Result<Engine> {
    let migrations = migrations.to_vec();
    let open = move || {
        let connection = Connection::writer(&path, durability).map_err(sqlite::plain)?;
        migrate_sqlite(&connection, &migrations)?;
        let names = sqlite::ConstraintNames::read(&connection)?;
        let readers = Readers::new(&path, readers, Arc::clone(&names));
        let writer = Writer::new(path, durability, connection, names);
        Ok(Engine::Sqlite { writer, readers })
    };
    spawn_blocking(open)
        .await
        .map_err(|_| Error::Unavailable("the store did not open".to_owned()))?
}

fn sqlite_path(url: &str) -> Result<PathBuf> {
    let address = |reason: &str| Error::Address {
        url: url.to_owned(),
        reason: reason.to_owned(),
    };
    let path = url
        .strip_prefix("sqlite:")
        .ok_or_else(|| address("it begins with neither `sqlite:` nor `postgres:`"))?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains(['?', '\0']) || path == ":memory:" {
        return Err(address(
            "`sqlite:` is followed by the path of a file, without parameters",
        ));
    }
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::sqlite_path;

    #[test]
    fn addresses() {
        assert_eq!(
            sqlite_path("sqlite:data/a.db").unwrap().to_str(),
            Some("data/a.db")
        );
        assert_eq!(
            sqlite_path("sqlite:///var/a.db").unwrap().to_str(),
            Some("/var/a.db")
        );
        for bad in [
            "",
            "sqlite:",
            "mysql://h/db",
            "sqlite::memory:",
            "sqlite:a?mode=ro",
        ] {
            assert!(sqlite_path(bad).is_err(), "{bad}");
        }
    }
}
