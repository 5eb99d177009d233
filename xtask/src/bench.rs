//! `cargo xtask bench`: runs the registered measurements and writes `docs/benchmarks.md`.
//!
//! A measurement is a name known to the example `bench` of the crate testkit: started with that
//! name in a release build, it prints its results as JSON, one [`Measurement`] a line.

mod machine;
mod measurement;

use std::fs;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};

use crate::clock::today;
use crate::tree::Tree;
use machine::Machine;
use measurement::{Measurement, render};

/// What is measured, in the order of the report.
const REGISTERED: &[&str] = &[
    "decision",
    "token",
    "sign-in",
    "start",
    "memory",
    "policy-decide",
];
const REPORT: &str = "docs/benchmarks.md";

/// Measures, and writes the report when nothing was left out; true when every floor is held.
pub fn run(tree: &Tree, names: &[String]) -> Result<bool> {
    let chosen = select(names)?;
    build(tree)?;
    let mut measured = Vec::new();
    for name in chosen {
        println!("measuring {name}");
        measured.extend(measure(tree, name)?);
    }
    for measurement in &measured {
        println!("{measurement}");
    }
    if names.is_empty() {
        let report = render(&measured, &Machine::read(tree)?, &today()?);
        fs::write(tree.path(REPORT), report).with_context(|| format!("cannot write `{REPORT}`"))?;
        println!("wrote {REPORT}");
    }
    Ok(measured.iter().all(Measurement::holds_floor))
}

/// The product itself: some measurements start it.
fn build(tree: &Tree) -> Result<()> {
    let mut cargo = tree.cargo();
    cargo.args([
        "build",
        "--release",
        "--quiet",
        "--package",
        "comity-server",
    ]);
    let status = cargo.status().context("cannot start `cargo`")?;
    if !status.success() {
        bail!("the release build failed ({status}); see above");
    }
    Ok(())
}

fn select(names: &[String]) -> Result<Vec<&str>> {
    if names.is_empty() {
        return Ok(REGISTERED.to_vec());
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| !REGISTERED.contains(&name.as_str()))
    {
        bail!(
            "there is no measurement `{unknown}`; there are {}",
            REGISTERED.join(", ")
        );
    }
    Ok(names.iter().map(String::as_str).collect())
}

fn measure(tree: &Tree, name: &str) -> Result<Vec<Measurement>> {
    let mut cargo = tree.cargo();
    cargo.args([
        "run",
        "--release",
        "--quiet",
        "--package",
        "comity-testkit",
        "--example",
        "bench",
        "--",
        name,
    ]);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start `cargo`")?;
    if !output.status.success() {
        bail!(
            "the measurement `{name}` failed ({}); see above",
            output.status
        );
    }
    let text = String::from_utf8(output.stdout).context("a measurement did not print UTF-8")?;
    let measured = Measurement::parse_lines(&text)?;
    if measured.is_empty() {
        bail!("the measurement `{name}` printed no result");
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_names_everything_is_measured() {
        assert_eq!(select(&[]).unwrap(), REGISTERED);
        assert_eq!(select(&["token".to_owned()]).unwrap(), ["token"]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_that_exist() {
        let error = select(&["tokens".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("`tokens`") && error.contains("policy-decide"),
            "{error}"
        );
    }
}
