//! The `comity` command.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match comity_server::cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("comity: {error:#}");
            ExitCode::FAILURE
        }
    }
}
