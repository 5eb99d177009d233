//! The repository: its root, its programs and the files that are or would be committed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The repository that this program was built from.
#[derive(Debug, Clone)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    pub fn open() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask lies at the top of the file system; put it into the repository")?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    #[cfg(test)]
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
        }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.path("target"), PathBuf::from)
    }

    /// A program run at the root, without the variables that `cargo run` sets for this program:
    /// build scripts would see them change and run again.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }

    pub fn cargo(&self) -> Command {
        self.command(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
    }

    /// Paths relative to the root of all files that are committed or not ignored, sorted. Without
    /// git (an unpacked archive) all files except those of builds.
    pub fn files(&self) -> Result<Vec<String>> {
        let mut files = if self.root.join(".git").exists() {
            self.listed()?
        } else {
            self.walked()?
        };
        files.sort();
        files.dedup();
        Ok(files)
    }

    fn listed(&self) -> Result<Vec<String>> {
        let mut git = self.command("git");
        git.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let listing = output(git)?;
        let names = listing.split('\0').filter(|name| !name.is_empty());
        Ok(names
            .filter(|name| self.root.join(name).is_file())
            .map(str::to_owned)
            .collect())
    }

    fn walked(&self) -> Result<Vec<String>> {
        let mut files = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .with_context(|| format!("cannot read the folder `{}`", folder.display()))?;
            for entry in entries {
                let path = entry?.path();
                let ignored = path
                    .file_name()
                    .is_some_and(|name| name == "target" || name == ".git" || name == ".comity");
                if ignored {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(relative) = path.strip_prefix(&self.root) {
                    files.push(relative.to_string_lossy().into_owned());
                }
            }
        }
        Ok(files)
    }

    /// The text of a file, or nothing if it is not UTF-8.
    pub fn text(&self, relative: &str) -> Result<Option<String>> {
        let bytes = fs::read(self.path(relative))
            .with_context(|| format!("cannot read the file `{relative}`"))?;
        Ok(String::from_utf8(bytes).ok())
    }
}

/// The standard output of a program that must succeed.
pub fn output(mut command: Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("cannot start `{name}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{name}` failed ({}): {}", output.status, said.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{name}` did not answer in UTF-8"))
}

/// Whether a file of the repository has this ending.
pub fn has_ending(file: &str, ending: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|found| found == ending)
}

/// The full path of a program, if there is one by this name.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_git_all_files_but_those_of_builds_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "b.md",
            "target/x.rs",
            "crates/a/src/lib.rs",
            ".comity/world.json",
        ] {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "x").unwrap();
        }
        let tree = Tree::at(folder.path());
        assert_eq!(tree.files().unwrap(), ["b.md", "crates/a/src/lib.rs"]);
    }

    #[test]
    fn this_file_is_listed_and_the_build_is_not() {
        let files = Tree::open().unwrap().files().unwrap();
        assert!(files.iter().any(|file| file == "xtask/src/tree.rs"));
        assert!(!files.iter().any(|file| file.starts_with("target/")));
    }

    #[test]
    fn a_program_is_found_by_name_and_an_unknown_one_is_not() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-program-has-this-name").is_none());
    }

    #[test]
    fn bytes_that_are_not_text_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.png"), [0xff, 0xfe, 0x00]).unwrap();
        fs::write(folder.path().join("a.txt"), "text").unwrap();
        let tree = Tree::at(folder.path());
        assert_eq!(tree.text("a.png").unwrap(), None);
        assert_eq!(tree.text("a.txt").unwrap().as_deref(), Some("text"));
    }
}
