//! `cargo xtask test`: sets up what the tests need, runs all of them, and ends with one line.
//!
//! Needed are a PostgreSQL cluster of its own and, for suites of real clients, their programs. What
//! is not there is installed where that is allowed, else named, counted as skipped and left out.

mod client;
mod package;
mod postgres;
mod progress;
mod tally;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::clock::Stopwatch;
use crate::tree::Tree;
use client::Suite;
use postgres::Cluster;
use progress::Progress;
use tally::Tally;

/// The address of the cluster, for tests.
const POSTGRES: &str = "TEST_POSTGRES_URL";

/// Runs everything; true when nothing failed.
pub fn run(tree: &Tree) -> Result<bool> {
    let watch = Stopwatch::start();
    let mut missing = Vec::new();
    let mut tally = Tally::default();
    let cluster = database(tree, &mut missing);
    let address = cluster.as_ref().map(Cluster::address);
    tally += workspace(tree, address)?;
    for suite in Suite::list(tree)? {
        tally += suite.run(tree, address, &mut missing)?;
    }
    drop(cluster);
    tally.skipped += missing.len();
    println!("took {}", watch.elapsed());
    for text in &missing {
        println!("missing: {text}");
    }
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// A cluster of our own, unless the caller named one or there can be none.
fn database(tree: &Tree, missing: &mut Vec<String>) -> Option<Cluster> {
    let found = match std::env::var(POSTGRES) {
        Ok(address) => Ok(Cluster::existing(address)),
        Err(_) => Cluster::start(tree),
    };
    match found {
        Ok(cluster) => {
            let which = if cluster.is_ours() {
                "a cluster of our own"
            } else {
                "the one you named"
            };
            println!("postgres: {which}");
            Some(cluster)
        }
        Err(error) => {
            missing.push(format!(
                "postgresql; its half of the store tests did not run: {error:#}"
            ));
            None
        }
    }
}

/// All tests that cargo knows, those in documentation included.
fn workspace(tree: &Tree, address: Option<&str>) -> Result<Tally> {
    let mut cargo = tree.cargo();
    cargo.args(["test", "--workspace", "--no-fail-fast"]);
    if let Some(address) = address {
        cargo.env(POSTGRES, address);
    }
    counted(&cargo)
}

/// Runs a program that prints `test result:` lines, shows its progress and adds the lines up. A
/// program that fails without a failed test (it did not compile, or crashed) counts as one.
fn counted(command: &Command) -> Result<Tally> {
    let mut progress = Progress::default();
    let mut child = merged(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start `sh`")?;
    let output = child
        .stdout
        .take()
        .context("the output of the tests is not readable")?;
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Some(text) = progress.feed(String::from_utf8_lossy(&line).trim_end()) {
            println!("{text}");
        }
        line.clear();
    }
    let mut tally = progress.tally();
    let status = child.wait()?;
    if !status.success() && tally.failed == 0 {
        println!("the tests stopped early ({status}); what they said stands above");
        tally.failed = 1;
    }
    Ok(tally)
}

/// The same command with its errors in its output, in the order they were written.
fn merged(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec \"$@\" 2>&1", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Tally {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        counted(&command).unwrap()
    }

    #[test]
    fn results_on_both_outputs_are_added_up() {
        let tally = shell(
            "echo 'test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out'; \
             echo 'test result: ok. 3 passed; 0 failed; 0 skipped' >&2",
        );
        assert_eq!(
            tally,
            Tally {
                passed: 5,
                failed: 0,
                skipped: 1
            }
        );
    }

    #[test]
    fn a_program_that_fails_without_a_failed_test_counts_as_one() {
        assert_eq!(
            shell("exit 101"),
            Tally {
                passed: 0,
                failed: 1,
                skipped: 0
            }
        );
        let tally = shell("echo 'test result: FAILED. 1 passed; 2 failed; 0 ignored'; exit 101");
        assert_eq!(
            tally,
            Tally {
                passed: 1,
                failed: 2,
                skipped: 0
            }
        );
    }

    #[test]
    fn bytes_that_are_not_text_do_not_stop_the_count() {
        let tally =
            shell("printf '\\377\\n'; echo 'test result: ok. 1 passed; 0 failed; 0 ignored'");
        assert_eq!(tally.passed, 1);
    }

    #[test]
    fn the_merged_command_keeps_environment_and_folder() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "echo \"test result: ok. $COUNT passed; 0 failed; 0 ignored\"",
        ]);
        command.env("COUNT", "7").current_dir("/");
        assert_eq!(counted(&command).unwrap().passed, 7);
    }
}
