//! Mail of the dev world: `DIR/mail/*.eml`, and beside each the same as JSON for the page
//! `/dev/mail`. Names begin with the time, so that they sort; then comes the cloud.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use comity_model::time::Utc;
use serde::{Deserialize, Serialize};

use crate::{
    file,
    port::{Clock, Mail, Mailer, Random},
    random,
};

/// Writes messages of one cloud to a folder.
pub struct FolderMailer {
    folder: PathBuf,
    cloud: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A message as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Name of the file, without `.eml`.
    pub name: String,
    pub cloud: String,
    pub at: Utc,
    pub mail: Mail,
}

impl FolderMailer {
    /// Makes the folder if it is not there.
    pub fn new(
        folder: &Path,
        cloud: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> anyhow::Result<Self> {
        file::private_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            cloud: cloud.to_owned(),
            clock,
            random,
        })
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &Mail) -> Result<(), String> {
        let (now, unique) = (self.clock.now(), random::bytes::<16>(&*self.random));
        let message = super::message(mail, now, unique)?.formatted();
        let name = format!(
            "{:016}-{}-{}",
            now.micros(),
            self.cloud,
            super::hex(&unique)
        );
        let written = Written {
            name,
            cloud: self.cloud.clone(),
            at: now,
            mail: mail.clone(),
        };
        let write = || {
            let record = serde_json::to_vec(&written)?;
            file::write_private(&self.folder.join(format!("{}.json", written.name)), &record)?;
            file::write_private(&self.folder.join(format!("{}.eml", written.name)), &message)
        };
        write().map_err(|error| format!("{error:#}"))
    }
}

/// The messages of one cloud, newest first.
pub fn list(folder: &Path, cloud: &str) -> anyhow::Result<Vec<Written>> {
    let mut list = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let written: Written = serde_json::from_slice(&std::fs::read(&path)?)?;
            list.push(written);
        }
    }
    list.retain(|written| written.cloud == cloud);
    list.sort_by(|a, b| b.name.cmp(&a.name));
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::{FolderMailer, list};
    use crate::{clock::SystemClock, port::Mailer as _, random::SystemRandom};
    use std::sync::Arc;

    #[tokio::test]
    async fn messages_become_files_and_are_listed_by_cloud() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("mail");
        for cloud in ["global", "usgov", "global"] {
            let mailer = FolderMailer::new(
                &folder,
                cloud,
                Arc::new(SystemClock),
                Arc::new(SystemRandom),
            )
            .unwrap();
            mailer.send(&super::super::tests::mail()).await.unwrap();
        }
        let listed = list(&folder, "global").unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed[0].name > listed[1].name);
        assert_eq!(listed[0].mail, super::super::tests::mail());
        let eml = std::fs::read_to_string(folder.join(format!("{}.eml", listed[0].name))).unwrap();
        assert!(
            eml.starts_with("From: ") && eml.contains("multipart/alternative"),
            "{eml}"
        );
        file_is_private(&folder.join(format!("{}.eml", listed[0].name)));
        assert_eq!(list(&folder, "china").unwrap(), []);
    }

    fn file_is_private(path: &std::path::Path) {
        crate::file::ensure_private(path).unwrap();
    }
}
