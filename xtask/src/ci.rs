//! `cargo xtask ci`: everything that must hold, what is cheap first, the tests last.

use std::process::Command;

use anyhow::Result;

use crate::clock::Stopwatch;
use crate::finding;
use crate::layering;
use crate::sizes;
use crate::step::Steps;
use crate::test;
use crate::tools::OPTIONAL;
use crate::tree::{Tree, find_program};

/// Stops at the first step that does not hold. When all do, the last line is that of the tests.
pub fn run(tree: &Tree) -> Result<bool> {
    let watch = Stopwatch::start();
    let mut steps = Steps::default();
    let ok = checks(tree, &mut steps)? && builds(tree, &mut steps)?;
    println!("{}", steps.summary());
    println!("before the tests: {}", watch.elapsed());
    if !ok {
        println!("ci stopped; the step that failed stands above");
        return Ok(false);
    }
    test::run(tree)
}

/// What needs no compiler.
fn checks(tree: &Tree, steps: &mut Steps) -> Result<bool> {
    if !steps.program("fmt", cargo(tree, &["fmt", "--all", "--check"]))?
        || !steps.run("layering", || {
            Ok(finding::report("layering", &layering::check(tree)?))
        })?
        || !steps.run("sizes", || {
            Ok(finding::report("sizes", &sizes::check(tree)?))
        })?
    {
        return Ok(false);
    }
    for tool in OPTIONAL {
        if find_program(tool.program).is_none() {
            println!(
                "── {}: not installed, left out (`cargo xtask tools` installs it)",
                tool.name
            );
        } else if !steps.program(tool.name, tool.command(tree))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn builds(tree: &Tree, steps: &mut Steps) -> Result<bool> {
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    let mut doc = cargo(tree, &["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    Ok(steps.program("clippy", cargo(tree, &clippy))?
        && steps.program("doc", doc)?
        && steps.program("build", cargo(tree, &["build", "--release"]))?
        && steps.program("demo", cargo(tree, &["run", "--release", "--", "demo"]))?)
}

fn cargo(tree: &Tree, arguments: &[&str]) -> Command {
    let mut command = tree.cargo();
    command.args(arguments);
    command
}
