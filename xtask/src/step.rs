//! One step of a longer task: its name, its command, how it went and how long it took.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::clock::{Elapsed, Stopwatch};

/// How the steps so far went.
#[derive(Debug, Default)]
pub struct Steps {
    done: Vec<(String, Elapsed)>,
}

impl Steps {
    /// Runs a program with our own input and output; true when it succeeds.
    pub fn program(&mut self, name: &str, mut command: Command) -> Result<bool> {
        self.run(name, || {
            let program = command.get_program().to_string_lossy().into_owned();
            let status = command
                .status()
                .with_context(|| format!("cannot start `{program}`"))?;
            Ok(status.success())
        })
    }

    /// Runs part of this program; true when it holds.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> Result<bool>) -> Result<bool> {
        println!("── {name}");
        let watch = Stopwatch::start();
        let ok = work()?;
        let elapsed = watch.elapsed();
        println!(
            "── {name}: {} in {elapsed}",
            if ok { "ok" } else { "FAILED" }
        );
        self.done.push((name.to_owned(), elapsed));
        Ok(ok)
    }

    /// One line with all times, to see where they went.
    pub fn summary(&self) -> String {
        let parts: Vec<String> = self
            .done
            .iter()
            .map(|(name, elapsed)| format!("{name} {elapsed}"))
            .collect();
        parts.join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_succeeds_holds_and_one_that_fails_does_not() {
        let mut steps = Steps::default();
        assert!(steps.program("good", Command::new("true")).unwrap());
        assert!(!steps.program("bad", Command::new("false")).unwrap());
        assert!(
            steps
                .program("none", Command::new("no-program-has-this-name"))
                .is_err()
        );
        assert!(steps.summary().starts_with("good 0."));
        assert!(steps.summary().contains("· bad 0."));
    }
}
