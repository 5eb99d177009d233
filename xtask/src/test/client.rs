//! Suites of real clients: folders of `tests/clients`.
//!
//! A suite is a folder with an executable `run`. It may have a file `needs` with one program a line
//! (`chromium`, `python`, `node`) and a `requirements.txt`, for which it gets a Python environment
//! of its own. It is started at the root of the repository with `COMITY` (the product's program),
//! `TEST_POSTGRES_URL` if there is a server, one variable for each program it needs (`CHROMIUM`, …),
//! and it prints `test result:` lines as cargo's tests do.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::package::PROGRAMS;
use super::tally::Tally;
use super::{POSTGRES, counted};
use crate::tree::Tree;

/// A suite that could not say how its tests went.
const FAILED: Tally = Tally {
    passed: 0,
    failed: 1,
    skipped: 0,
};

/// One folder of `tests/clients`.
#[derive(Debug)]
pub struct Suite {
    name: String,
    folder: PathBuf,
}

impl Suite {
    /// All suites, in the order of their names.
    pub fn list(tree: &Tree) -> Result<Vec<Self>> {
        let folder = tree.path("tests/clients");
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut suites = Vec::new();
        for entry in fs::read_dir(&folder).context("cannot read the folder `tests/clients`")? {
            let folder = entry?.path();
            if folder.join("run").is_file() {
                let name = folder
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                suites.push(Self { name, folder });
            }
        }
        suites.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(suites)
    }

    /// Runs the suite. What cannot be set up goes to `missing`; that the suite is silent, or that
    /// the product does not build, is a failure.
    pub fn run(
        &self,
        tree: &Tree,
        postgres: Option<&str>,
        missing: &mut Vec<String>,
    ) -> Result<Tally> {
        println!("client suite {}", self.name);
        let mut command = match self.prepare(tree) {
            Ok(command) => command,
            Err(error) => {
                missing.push(format!("client suite {}: {error:#}", self.name));
                return Ok(Tally::default());
            }
        };
        if !build(tree)? {
            println!("client suite {}: the product does not build", self.name);
            return Ok(FAILED);
        }
        command.env("COMITY", tree.target().join("debug/comity"));
        if let Some(address) = postgres {
            command.env(POSTGRES, address);
        }
        self.count(&command)
    }

    /// The results of a prepared suite.
    fn count(&self, command: &Command) -> Result<Tally> {
        let tally = counted(command)?;
        if tally == Tally::default() {
            println!("client suite {} printed no result", self.name);
            return Ok(FAILED);
        }
        Ok(tally)
    }

    fn prepare(&self, tree: &Tree) -> Result<Command> {
        let mut command = tree.command(&self.folder.join("run").to_string_lossy());
        for name in self.needs()? {
            let program = PROGRAMS.iter().find(|program| program.name == name);
            let program = program.with_context(|| {
                format!("`needs` names `{name}`, which is not in xtask/src/test/package.rs")
            })?;
            command.env(name.to_uppercase(), program.ensure(tree)?);
        }
        let requirements = self.folder.join("requirements.txt");
        if requirements.is_file() {
            let programs = python_environment(tree, &self.name, &requirements)?;
            command.env("PATH", with_first(&programs)?);
        }
        Ok(command)
    }

    fn needs(&self) -> Result<Vec<String>> {
        let file = self.folder.join("needs");
        if !file.is_file() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&file).context("cannot read the file `needs`")?;
        Ok(text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

/// The search path with one folder before all others.
fn with_first(folder: &Path) -> Result<OsString> {
    let rest = env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.to_path_buf()).chain(env::split_paths(&rest));
    env::join_paths(all).context("the search path cannot be put together")
}

/// Makes or brings up to date an environment with what the file lists; gives its programs' folder.
fn python_environment(tree: &Tree, name: &str, requirements: &Path) -> Result<PathBuf> {
    let python = PROGRAMS.iter().find(|program| program.name == "python");
    let python = python
        .context("`python` is not in the list of programs")?
        .ensure(tree)?;
    let folder = tree.target().join("clients").join(name);
    let programs = folder.join("bin");
    if !programs.join("pip").is_file() {
        let mut make = Command::new(python);
        make.args(["-m", "venv", "--clear"]).arg(&folder);
        succeed(
            make,
            "make a Python environment; Debian needs the package python3-venv",
        )?;
    }
    let mut pip = Command::new(programs.join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(requirements);
    succeed(
        pip,
        "install the Python packages of `requirements.txt`; is a package index reachable",
    )?;
    Ok(programs)
}

fn succeed(mut command: Command, purpose: &str) -> Result<()> {
    if !command.status().is_ok_and(|status| status.success()) {
        bail!("cannot {purpose}");
    }
    Ok(())
}

/// Builds the product's program, which cargo's tests alone need not do.
fn build(tree: &Tree) -> Result<bool> {
    let mut cargo = tree.cargo();
    cargo.args(["build", "--quiet", "--package", "comity-server"]);
    Ok(cargo.status().context("cannot start `cargo`")?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(files: &[(&str, &str)]) -> (tempfile::TempDir, Suite) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tests/clients/one");
        fs::create_dir_all(&path).unwrap();
        for (name, text) in files {
            fs::write(path.join(name), text).unwrap();
        }
        let suite = Suite {
            name: "one".to_owned(),
            folder: path,
        };
        (folder, suite)
    }

    #[test]
    fn a_folder_with_a_program_is_a_suite_and_one_without_is_not() {
        let (folder, _) = suite(&[("run", "")]);
        fs::create_dir_all(folder.path().join("tests/clients/notes")).unwrap();
        let suites = Suite::list(&Tree::at(folder.path())).unwrap();
        assert_eq!(
            suites
                .iter()
                .map(|suite| suite.name.as_str())
                .collect::<Vec<_>>(),
            ["one"]
        );
    }

    #[test]
    fn without_the_folder_there_are_no_suites() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Suite::list(&Tree::at(folder.path())).unwrap().is_empty());
    }

    #[test]
    fn a_program_that_nobody_knows_is_missing_and_the_suite_is_left_out() {
        let (folder, suite) = suite(&[("run", ""), ("needs", "no-such-program\n")]);
        let mut missing = Vec::new();
        let tally = suite
            .run(&Tree::at(folder.path()), None, &mut missing)
            .unwrap();
        assert_eq!(tally, Tally::default());
        assert!(missing[0].contains("`no-such-program`"), "{missing:?}");
    }

    #[test]
    fn results_of_a_suite_are_counted_and_a_silent_one_has_failed() {
        let result = "test result: ok. 2 passed; 0 failed; 1 skipped";
        let good = Tally {
            passed: 2,
            failed: 0,
            skipped: 1,
        };
        for (script, expected) in [
            (format!("test -n \"$PYTHON\" && echo '{result}'"), good),
            ("exit 0".to_owned(), FAILED),
            ("exit 3".to_owned(), FAILED),
        ] {
            let (folder, suite) = suite(&[("run", &script), ("needs", "python")]);
            let command = suite.prepare(&Tree::at(folder.path())).unwrap();
            // Through `sh`, so that the test does not depend on the mode of the file.
            let mut shell = Command::new("sh");
            shell.arg(command.get_program());
            let set = command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?)));
            shell.envs(set);
            assert_eq!(suite.count(&shell).unwrap(), expected, "{script}");
        }
    }

    #[test]
    fn needs_are_read_line_by_line() {
        let (_folder, suite) = suite(&[("run", ""), ("needs", "python\n\n chromium \n")]);
        assert_eq!(suite.needs().unwrap(), ["python", "chromium"]);
    }

    #[test]
    fn the_first_folder_is_searched_first() {
        let path = with_first(Path::new("/first")).unwrap();
        assert_eq!(env::split_paths(&path).next().unwrap(), Path::new("/first"));
    }
}
