//! The folder of a dev world: what lies where, who holds it, and how it is emptied.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::manifest;
use crate::file;

/// `DIR`, held by this process alone.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    _lock: File,
}

/// What a reset removes. The certificates stay, so that a CA once trusted stays trusted.
const RESET: [&str; 3] = [manifest::NAME, "mail", "clouds"];

impl Directory {
    /// Makes the folder if it is not there and holds it until dropped.
    pub fn hold(path: &Path) -> anyhow::Result<Self> {
        file::private_folder(path)?;
        let path = std::path::absolute(path)?;
        let lock = path.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock);
        let file = file.with_context(|| format!("cannot open `{}`", lock.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _lock: file }),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another process runs the dev world in `{}`: stop it or use another `--data`",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock `{}`", lock.display()))
            }
        }
    }

    /// The folder itself, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Certificates.
    pub fn tls(&self) -> PathBuf {
        self.path.join("tls")
    }

    /// Messages.
    pub fn mail(&self) -> PathBuf {
        self.path.join("mail")
    }

    /// Store and key file of a cloud.
    pub fn cloud(&self, key: &str) -> anyhow::Result<PathBuf> {
        let path = self.path.join("clouds").join(key);
        file::private_folder(&path)?;
        Ok(path)
    }

    /// Forgets everything but the certificates. Removes nothing that a dev world did not make.
    pub fn reset(&self) -> anyhow::Result<()> {
        RESET
            .iter()
            .try_for_each(|name| file::remove(&self.path.join(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::Directory;

    #[test]
    fn one_process_holds_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let held = Directory::hold(folder.path()).unwrap();
        let error = Directory::hold(folder.path()).unwrap_err().to_string();
        assert!(error.contains("another process"), "{error}");
        drop(held);
        Directory::hold(folder.path()).unwrap();
    }

    #[test]
    fn a_reset_removes_only_what_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let held = Directory::hold(folder.path()).unwrap();
        std::fs::write(held.cloud("global").unwrap().join("comity.db"), "x").unwrap();
        std::fs::create_dir(held.tls()).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        held.reset().unwrap();
        assert!(!folder.path().join("clouds").exists());
        assert!(held.tls().exists() && folder.path().join("notes.txt").exists());
        held.reset().unwrap();
    }
}
