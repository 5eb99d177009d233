//! What every store must do, on both engines: SQLite always, PostgreSQL when `TEST_POSTGRES_URL`
//! names a server (each test works in a schema of its own).
#![expect(
    clippy::too_many_lines,
    clippy::cloned_ref_to_slice_refs,
    reason = "tests read from top to bottom; what is expected is written as it is"
)]

mod application;
mod directory;
mod durability;
mod engine;
mod fixture;
mod hammer;
mod lease;
mod listing;
mod once;
mod policy;
mod record;
mod retry;
mod sealed;
mod sign_in;
mod token;
mod writer;

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};

use crate::{
    Options, Store, Tx,
    error::Result,
    migration::{MIGRATIONS, Migration},
    row::Row,
    statement::Sql,
    value::Value,
};

/// Runs one body on both engines: `contract!(name, store, { … });`.
macro_rules! contract {
    ($name:ident, $store:ident, $body:block) => {
        mod $name {
            #[expect(clippy::allow_attributes, reason = "not every body needs its surroundings")]
            #[allow(unused_imports, reason = "not every body needs its surroundings")]
            use super::*;

            async fn check($store: crate::Store) $body

            #[tokio::test]
            async fn sqlite() {
                check(crate::contract::sqlite().await).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(store) = crate::contract::postgres().await {
                    check(store).await;
                }
            }
        }
    };
}
pub(crate) use contract;

/// A table that only these tests have.
pub(crate) const SCRATCH: Migration = Migration {
    version: 9000,
    name: "9000_scratch",
    sql: include_str!("contract/scratch.sql"),
};

fn with_scratch() -> Vec<Migration> {
    MIGRATIONS.iter().copied().chain([SCRATCH]).collect()
}

pub(crate) async fn sqlite() -> Store {
    Store::memory_with(&with_scratch()).await.unwrap()
}

/// An empty schema of its own on the test server.
pub(crate) async fn postgres_address() -> Option<(String, Options)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let url = std::env::var("TEST_POSTGRES_URL").ok()?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let schema = format!("t_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let drop = format!("DROP SCHEMA IF EXISTS {schema} CASCADE");
    sqlx::query(sqlx::AssertSqlSafe(drop))
        .execute(&mut connection)
        .await
        .unwrap();
    Some((
        url,
        Options {
            schema: Some(schema),
            connections: 8,
            ..Options::default()
        },
    ))
}

pub(crate) async fn postgres() -> Option<Store> {
    let (url, options) = postgres_address().await?;
    Some(
        Store::open_with(&url, options, &with_scratch())
            .await
            .unwrap(),
    )
}

/// A statement on the scratch table.
pub(crate) fn sql(text: &'static str) -> Sql {
    Sql {
        table: "scratch",
        text: text.into(),
        long: false,
    }
}

pub(crate) async fn write(tx: &Tx, text: &'static str, values: Vec<Value>) -> Result<u64> {
    tx.handle.execute(sql(text), values).await
}

pub(crate) async fn read(store: &Store, text: &'static str, values: Vec<Value>) -> Vec<Row> {
    store
        .read()
        .handle
        .fetch_all(sql(text), values)
        .await
        .unwrap()
}

/// Polls a future once and drops it: a caller that went away in the middle.
pub(crate) async fn cancel_at_once<F: Future>(future: F) {
    tokio::select! {
        biased;
        _ = future => {}
        () = std::future::ready(()) => {}
    }
}
