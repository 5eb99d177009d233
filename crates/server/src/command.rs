//! One file per command; each says on standard output what it did.

use std::future::Future;

use anyhow::Context as _;

use crate::shutdown::{self, Shutdown};

pub mod check;
pub mod demo;
pub mod dev;
pub mod hosts;
pub mod keys;
pub mod pair;
pub mod policy;
pub mod serve;
pub mod tenant;
pub mod trust;

/// Runs a command that ends by itself.
fn once<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    runtime()?.block_on(work)
}

/// Runs a command that goes on until a signal.
fn until_signal<T, F>(work: impl FnOnce(Shutdown) -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    runtime()?.block_on(async {
        let (trigger, shutdown) = shutdown::channel();
        tokio::spawn(async move {
            if let Err(error) = shutdown::on_signals(trigger).await {
                tracing::error!(%error, "signals cannot be heard");
            }
        });
        work(shutdown).await
    })
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")
}
