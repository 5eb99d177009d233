//! Checkers that `ci` uses where they are installed. Compiling them costs minutes, so a clean
//! machine goes without.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::tree::{Tree, find_program};

/// A checker: how `ci` calls the step, its program, its package, and how it is run.
#[derive(Debug)]
pub struct Tool {
    pub name: &'static str,
    pub program: &'static str,
    package: &'static str,
    arguments: &'static [&'static str],
}

pub const OPTIONAL: &[Tool] = &[
    Tool {
        name: "deny",
        program: "cargo-deny",
        package: "cargo-deny@0.20.2",
        // Advisories need the network at every run; a nightly job asks them.
        arguments: &["deny", "check", "bans", "licenses", "sources"],
    },
    Tool {
        name: "machete",
        program: "cargo-machete",
        package: "cargo-machete@0.9.2",
        arguments: &["machete"],
    },
    Tool {
        name: "typos",
        program: "typos",
        package: "typos-cli@1.52.0",
        arguments: &[],
    },
];

impl Tool {
    pub fn command(&self, tree: &Tree) -> Command {
        let mut command = if self.arguments.is_empty() {
            tree.command(self.program)
        } else {
            tree.cargo()
        };
        command.args(self.arguments);
        command
    }
}

/// Installs what is missing; true when everything is there.
pub fn run(tree: &Tree) -> Result<bool> {
    let mut complete = true;
    for tool in OPTIONAL {
        if find_program(tool.program).is_some() {
            println!("{}: installed", tool.name);
            continue;
        }
        let mut cargo = tree.cargo();
        cargo.args(["install", "--locked", tool.package]);
        let installed = cargo.status().context("cannot start `cargo`")?.success();
        println!(
            "{}: {}",
            tool.name,
            if installed {
                "installed"
            } else {
                "could not be installed"
            }
        );
        complete &= installed;
    }
    Ok(complete)
}
