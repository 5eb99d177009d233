//! `comity check`.

use std::{path::Path, process::ExitCode};

use crate::config::check::read_and_check;

/// Prints everything that is wrong; fails if anything is.
pub fn run(config: &Path) -> ExitCode {
    match read_and_check(config) {
        Ok(read) => {
            let own = &read.registry.own;
            println!("{}: good", config.display());
            println!("cloud `{}` at {}", own.canonical_name, own.hosts.login);
            for other in read.registry.others.values() {
                println!("paired with `{}` at {}", other.canonical_name, other.entity);
            }
            ExitCode::SUCCESS
        }
        Err(problems) => {
            println!("{problems}");
            ExitCode::FAILURE
        }
    }
}
