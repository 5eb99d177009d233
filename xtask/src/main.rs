//! Checks, tests and measurements of the workspace; `cargo xtask help` lists them.
//!
//! A clean machine has the toolchain and a C compiler, so everything here is Rust, and every
//! other program is looked for, installed where that is allowed, or named as missing.

mod bench;
mod ci;
mod clock;
mod finding;
mod layering;
mod sizes;
mod step;
mod test;
mod tools;
mod tree;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use tree::Tree;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Checks, tests and measurements of the workspace"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must hold before a change is merged; ends with `test`
    Ci,
    /// Set up what the tests need and run all of them, on both database engines
    Test,
    /// Check which crate uses which
    Layering,
    /// Check file sizes, paths named in documents, machine paths and SQL put together from text
    Sizes,
    /// Install the optional checkers that `ci` uses when they are there
    Tools,
    /// Measure and write `docs/benchmarks.md`
    Bench {
        /// Only these measurements; all without a name
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True when everything asked for holds.
fn run(task: &Task) -> Result<bool> {
    let tree = Tree::open()?;
    match task {
        Task::Ci => ci::run(&tree),
        Task::Test => test::run(&tree),
        Task::Layering => Ok(finding::report("layering", &layering::check(&tree)?)),
        Task::Sizes => Ok(finding::report("sizes", &sizes::check(&tree)?)),
        Task::Tools => tools::run(&tree),
        Task::Bench { names } => bench::run(&tree, names),
    }
}
