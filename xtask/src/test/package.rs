//! Programs that the tests need: found, or installed where that is allowed.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::tree::{Tree, find_program, output};

/// A program under the names that systems give it, and the Debian packages that bring it.
#[derive(Debug)]
pub struct Program {
    pub name: &'static str,
    pub files: &'static [&'static str],
    pub packages: &'static [&'static str],
}

/// What a client suite may ask for in its file `needs`.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "chromium",
        files: &["chromium", "chromium-browser", "google-chrome", "chrome"],
        packages: &["chromium"],
    },
    Program {
        name: "python",
        files: &["python3"],
        packages: &["python3", "python3-venv"],
    },
    Program {
        name: "node",
        files: &["node"],
        packages: &["nodejs", "npm"],
    },
];

impl Program {
    /// The program's file; installs it first if it is not there and we may.
    pub fn ensure(&self, tree: &Tree) -> Result<PathBuf> {
        let look = || self.files.iter().find_map(|file| find_program(file));
        if let Some(found) = look() {
            return Ok(found);
        }
        install(tree, self.packages)?;
        look().with_context(|| {
            format!(
                "`{}` was installed but is not in the search path",
                self.name
            )
        })
    }
}

/// Installs packages of Debian, or says why it does not.
pub fn install(tree: &Tree, packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if find_program("apt-get").is_none() {
        bail!("this system has no `apt-get`; install {wanted} by its own means");
    }
    if !is_root(tree) {
        bail!("only root may install; run `apt-get install {wanted}`");
    }
    println!("installing {wanted}");
    if apt(
        tree,
        &["install", "--yes", "--no-install-recommends"],
        packages,
    )? {
        return Ok(());
    }
    // The list of packages may be old or empty.
    if apt(tree, &["update"], &[])?
        && apt(
            tree,
            &["install", "--yes", "--no-install-recommends"],
            packages,
        )?
    {
        return Ok(());
    }
    bail!("`apt-get install {wanted}` failed; install it by hand");
}

fn apt(tree: &Tree, arguments: &[&str], packages: &[&str]) -> Result<bool> {
    let mut command = tree.command("apt-get");
    command
        .arg("--quiet=2")
        .args(arguments)
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command
        .status()
        .context("cannot start `apt-get`")?
        .success())
}

/// Whether this process is root.
pub fn is_root(tree: &Tree) -> bool {
    let mut id = tree.command("id");
    id.arg("-u");
    output(id).is_ok_and(|answer| answer.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_is_found_without_installing() {
        let program = Program {
            name: "shell",
            files: &["no-such-shell", "sh"],
            packages: &["no-such-package"],
        };
        assert!(
            program
                .ensure(&Tree::open().unwrap())
                .unwrap()
                .ends_with("sh")
        );
    }

    #[test]
    fn every_program_has_one_name() {
        for (index, program) in PROGRAMS.iter().enumerate() {
            assert!(
                PROGRAMS
                    .iter()
                    .skip(index + 1)
                    .all(|other| other.name != program.name)
            );
        }
    }
}
