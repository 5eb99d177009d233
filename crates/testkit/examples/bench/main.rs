//! The measuring program of `cargo xtask bench` (docs/benchmarks.md): `bench NAME` prints one
//! [`figure::Figure`] a line, as JSON. What a name measures is told in its module and in the
//! `method` of each figure.
//!
//! What is measured "on one core" runs in a process that is pinned to one, and is divided by the
//! processor time of all its threads instead of the time on the wall: a busy neighbour then costs
//! little, and no second core is used unnoticed.

mod cases;
mod decision;
mod figure;
mod memory;
mod meter;
mod parties;
mod pinned;
mod policy_decide;
mod process;
mod sign_in;
mod start;
mod token;
mod visitor;

use anyhow::{Context as _, bail};
use figure::Figure;

fn main() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).context("usage: bench NAME")?;
    let is_for_one_core = !matches!(name.as_str(), "start" | "memory");
    if is_for_one_core && !pinned::is_one()? {
        return pinned::run_on_one(&name);
    }
    for figure in measure(&name)? {
        println!("{}", figure.to_json());
    }
    Ok(())
}

fn measure(name: &str) -> anyhow::Result<Vec<Figure>> {
    match name {
        "decision" => decision::measure(),
        "token" => block_on(token::measure()),
        "sign-in" => block_on(sign_in::measure()),
        "start" => start::measure(),
        "memory" => memory::measure(),
        "policy-decide" => policy_decide::measure(),
        _ => bail!("there is no measurement `{name}`"),
    }
}

/// One thread runs everything but the store's own threads.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
