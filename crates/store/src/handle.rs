//! What a use case holds: [`Tx`] to write, [`Read`] to read, and both narrowed to one tenant.
//!
//! A cross-tenant query cannot be written by accident: table modules hang off [`Scoped`], which
//! carries the tenant, and put it into every statement (design README, law 2).

use std::marker::PhantomData;

use comity_model::{id::Id, tenant::Tenant};
use sqlx::PgPool;
use tokio::sync::Mutex;

use crate::{
    error::{Error, Result},
    postgres,
    row::Row,
    run::{Outcome, Want, on_postgres},
    sqlite,
    statement::Sql,
    value::Value,
};

/// A way to run statements. Table modules use it; nobody else can.
pub struct Handle {
    pub(crate) on: On,
}

pub(crate) enum On {
    SqliteReaders(std::sync::Arc<sqlite::readers::Readers>),
    SqliteSnapshot(Mutex<sqlite::readers::Reader>),
    SqliteTx(Mutex<sqlite::writer::WriteTransaction>),
    PostgresPool(PgPool),
    PostgresSnapshot(Mutex<sqlx::PgTransaction<'static>>),
    PostgresTx(Mutex<postgres::WriteTransaction>),
}

impl Handle {
    async fn run(&self, sql: Sql, values: Vec<Value>, want: Want) -> Result<Outcome> {
        let table = sql.table;
        for value in &values {
            value.check(table)?;
        }
        match &self.on {
            On::SqliteTx(tx) => tx.lock().await.run(&sql, &values, want),
            On::PostgresTx(tx) => tx.lock().await.run(sql, values, want).await,
            _ if want == Want::Count => Err(Error::Database {
                table,
                reason: "a write on a reading handle".to_owned(),
            }),
            _ => self.read(sql, values).await,
        }
    }

    async fn read(&self, sql: Sql, values: Vec<Value>) -> Result<Outcome> {
        let (table, want) = (sql.table, Want::Rows);
        match &self.on {
            On::SqliteReaders(readers) => readers.acquire().await?.read(sql, values).await,
            On::SqliteSnapshot(reader) => reader.lock().await.read(sql, values).await,
            On::PostgresPool(pool) => {
                let mut connection = pool.acquire().await.map_err(postgres::plain)?;
                let result = on_postgres(&mut connection, sql, values, want).await;
                result.map_err(|e| postgres::translate(&e, table))
            }
            On::PostgresSnapshot(tx) => {
                let result = on_postgres(&mut **tx.lock().await, sql, values, want).await;
                result.map_err(|e| postgres::translate(&e, table))
            }
            On::SqliteTx(_) | On::PostgresTx(_) => Err(Error::Database {
                table,
                reason: "not a reading handle".to_owned(),
            }),
        }
    }

    /// All rows.
    pub(crate) async fn fetch_all(
        &self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Vec<Row>> {
        Ok(self.run(sql.into(), values, Want::Rows).await?.rows())
    }

    /// The first row.
    pub(crate) async fn fetch_optional(
        &self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<Option<Row>> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// Writes; how many rows were written.
    pub(crate) async fn execute(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<u64> {
        Ok(self.run(sql.into(), values, Want::Count).await?.count())
    }

    /// Writes one row under its version: none written is [`Error::stale`].
    pub(crate) async fn execute_versioned(
        &self,
        sql: impl Into<Sql>,
        values: Vec<Value>,
    ) -> Result<()> {
        if self.execute(sql, values).await? == 0 {
            Err(Error::stale())
        } else {
            Ok(())
        }
    }
}

/// A write transaction. Dropped without [`Tx::commit`], everything in it is rolled back, also when
/// the future that held it was cancelled in the middle of a statement. After a statement has failed
/// nothing more is accepted and `commit` answers with that first error, on both engines.
pub struct Tx {
    pub(crate) handle: Handle,
}

impl Tx {
    /// Narrows to one tenant.
    pub const fn tenant(&self, tenant: Id<Tenant>) -> TenantTx<'_> {
        Scoped {
            handle: &self.handle,
            tenant,
            mode: PhantomData,
        }
    }

    /// The few queries that know no tenant.
    pub const fn cloud(&self) -> Cloud<'_, Self> {
        Cloud {
            handle: &self.handle,
            mode: PhantomData,
        }
    }

    /// Makes the writes durable and visible, both or neither; returns after they are.
    pub async fn commit(self) -> Result<()> {
        match self.handle.on {
            On::SqliteTx(tx) => tx.into_inner().commit().await,
            On::PostgresTx(tx) => tx.into_inner().commit().await,
            _ => Err(Error::Unavailable("not a write transaction".to_owned())),
        }
    }

    /// Undoes the writes and waits until that is done.
    pub async fn rollback(self) {
        match self.handle.on {
            // Dropping it does so at once.
            On::SqliteTx(tx) => drop(tx),
            On::PostgresTx(tx) => tx.into_inner().rollback().await,
            _ => {}
        }
    }
}

/// Reading, without a transaction: each statement alone (`Store::read`), or all on one state of the
/// store (`Store::snapshot`).
pub struct Read {
    pub(crate) handle: Handle,
}

impl Read {
    /// Narrows to one tenant.
    pub const fn tenant(&self, tenant: Id<Tenant>) -> TenantRead<'_> {
        Scoped {
            handle: &self.handle,
            tenant,
            mode: PhantomData,
        }
    }

    /// The few queries that know no tenant.
    pub const fn cloud(&self) -> Cloud<'_, Self> {
        Cloud {
            handle: &self.handle,
            mode: PhantomData,
        }
    }

    /// Ends a snapshot early and gives its connection back; nothing to do for `Store::read`.
    pub async fn end(self) {
        match self.handle.on {
            On::SqliteSnapshot(reader) => {
                // If it fails, the connection is closed.
                reader.into_inner().end_snapshot().ok();
            }
            On::PostgresSnapshot(tx) => {
                tx.into_inner().rollback().await.ok();
            }
            _ => {}
        }
    }
}

/// One tenant's tables. `M` is [`Tx`] or [`Read`]: writing functions exist for `Tx` only.
pub struct Scoped<'a, M> {
    pub(crate) handle: &'a Handle,
    pub(crate) tenant: Id<Tenant>,
    mode: PhantomData<fn() -> M>,
}

/// One tenant's tables, to read and write.
pub type TenantTx<'a> = Scoped<'a, Tx>;
/// One tenant's tables, to read.
pub type TenantRead<'a> = Scoped<'a, Read>;

impl<M> Clone for Scoped<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for Scoped<'_, M> {}

impl<M> Scoped<'_, M> {
    /// Whose tables these are.
    pub const fn id(&self) -> Id<Tenant> {
        self.tenant
    }

    /// The tenant is `$1` of every statement, so that none can forget it.
    fn own(&self, mut values: Vec<Value>) -> Vec<Value> {
        values.insert(0, self.tenant.into());
        values
    }

    pub(crate) async fn all(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Vec<Row>> {
        self.handle.fetch_all(sql, self.own(values)).await
    }

    pub(crate) async fn one(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Option<Row>> {
        self.handle.fetch_optional(sql, self.own(values)).await
    }
}

impl Scoped<'_, Tx> {
    /// How many rows were written.
    pub(crate) async fn write(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<u64> {
        self.handle.execute(sql, self.own(values)).await
    }

    /// Writes one row under its version.
    pub(crate) async fn replace(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<()> {
        self.handle.execute_versioned(sql, self.own(values)).await
    }
}

/// What is kept per cloud, and the lookups that find the tenant of something.
pub struct Cloud<'a, M> {
    pub(crate) handle: &'a Handle,
    mode: PhantomData<fn() -> M>,
}

impl<M> Clone for Cloud<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for Cloud<'_, M> {}

impl<M> Cloud<'_, M> {
    pub(crate) async fn all(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Vec<Row>> {
        self.handle.fetch_all(sql, values).await
    }

    pub(crate) async fn one(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<Option<Row>> {
        self.handle.fetch_optional(sql, values).await
    }
}

impl Cloud<'_, Tx> {
    pub(crate) async fn write(&self, sql: impl Into<Sql>, values: Vec<Value>) -> Result<u64> {
        self.handle.execute(sql, values).await
    }
}
