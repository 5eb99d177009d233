//! `comity policy decide` and `comity policy explain`.

use std::{io, process::ExitCode};

use anyhow::Context as _;

use crate::{cli::Policy, policy_command};

/// Runs the command over standard input and output. A reader that leaves early is no error.
pub fn run(policy: &Policy) -> anyhow::Result<ExitCode> {
    let output = io::stdout().lock();
    let done = match policy {
        Policy::Decide => policy_command::decide(io::stdin().lock(), output).map(|()| true),
        Policy::Explain { file } => match policy_command::explain(file, output) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(error).with_context(|| format!("cannot explain `{}`", file.display()));
            }
            done => done,
        },
    };
    match done {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("cannot read the cases or write the results"),
    }
}
