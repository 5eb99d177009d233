//! `comity dev hosts`.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use crate::dev::{clouds, hosts, world::World};

const FILE: &str = "/etc/hosts";

/// Prints the lines, or asks and writes them.
pub fn run(install: bool) -> anyhow::Result<ExitCode> {
    let leaves = clouds::leaves(&clouds::built_in(443)?, &World::built_in()?)?;
    let lines = hosts::lines(leaves.values().flatten());
    print!("{lines}");
    if install {
        print!("Write these lines into `{FILE}`? [y/N] ");
        io::stdout().flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            println!("Nothing was changed.");
            return Ok(ExitCode::FAILURE);
        }
        hosts::install(Path::new(FILE), &lines)?;
        println!("Done.");
    }
    Ok(ExitCode::SUCCESS)
}
