//! Files that only their owner may read, written whole or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::Context as _;

/// Makes a folder that only its owner may enter.
pub fn private_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder `{}`", path.display()))
}

/// Writes a file of mode 0600: after a crash it is there whole, or as it was before.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace(path, bytes, 0o600)
}

/// The same with mode 0644.
pub fn write_public(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace(path, bytes, 0o644)
}

fn replace(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let mut name = path.file_name().context("a file needs a name")?.to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let write = || {
        remove(&new)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            File::open(folder)?.sync_all()?;
        }
        Ok::<_, anyhow::Error>(())
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a new file of mode 0600; fails if it is there.
pub fn create_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot make `{}`", path.display()))
}

/// Refuses a file that others than its owner may read or change.
pub fn ensure_private(path: &Path) -> anyhow::Result<()> {
    let metadata =
        fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    anyhow::ensure!(metadata.is_file(), "`{}` is not a file", path.display());
    anyhow::ensure!(
        is_private(&metadata),
        "`{0}` can be read by others: run `chmod 600 {0}`",
        path.display()
    );
    Ok(())
}

/// Whether only the owner may read or change it.
pub fn is_private(metadata: &fs::Metadata) -> bool {
    let others = metadata.permissions().mode() & 0o077;
    others == 0
}

/// Removes a file or folder if it is there.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{create_private, ensure_private, remove, write_private, write_public};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn r34_a_file_that_others_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(ensure_private(&path).is_err());
        write_private(&path, b"x").unwrap();
        ensure_private(&path).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601, 0o644, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = ensure_private(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        ensure_private(&path).unwrap();
        assert!(ensure_private(folder.path()).is_err());
    }

    #[test]
    fn replacing_keeps_the_mode_and_creating_keeps_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        create_private(&path, b"1").unwrap();
        assert!(create_private(&path, b"2").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"1");
        write_public(&path, b"3").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"3");
        assert!(ensure_private(&path).is_err());
        write_private(&path, b"4").unwrap();
        ensure_private(&path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        remove(&path).unwrap();
        remove(&path).unwrap();
        remove(folder.path()).unwrap();
    }
}
