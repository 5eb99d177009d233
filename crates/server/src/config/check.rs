//! What `comity check` and `comity serve` look at before anything starts: the files that the
//! configuration names, their modes, and whether they fit each other.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::{Config, Front, Problem, Problems};
use crate::{authority::Authority, file, key_file::KeyFile, tls::Identity};

/// Reads and checks; all that is wrong comes back together.
pub fn read_and_check(path: &Path) -> Result<Config, Problems> {
    let config = Config::read(path)?;
    let mut list = config.problems();
    if holds_password(config.store.expose()) && others_can_read(path) {
        list.push(problem(format!(
            "it holds the password of the store and can be read by others: run `chmod 600 {}`",
            path.display()
        )));
    }
    if list.is_empty() {
        Ok(config)
    } else {
        Err(Problems {
            file: path.to_owned(),
            list,
        })
    }
}

impl Config {
    /// What is wrong around the file.
    pub fn problems(&self) -> Vec<Problem> {
        let outcomes = [
            self.check_keys(),
            self.check_front(),
            self.check_store(),
            self.check_smtp(),
            self.check_outbound(),
        ];
        outcomes
            .into_iter()
            .filter_map(Result::err)
            .map(|error| problem(format!("{error:#}")))
            .collect()
    }

    fn check_keys(&self) -> anyhow::Result<()> {
        // A missing key file is made at the first start; its folder must be there.
        if self.key_file.exists() {
            KeyFile::read(&self.key_file).map(drop)
        } else {
            let folder = self.key_file.parent().unwrap_or(Path::new("."));
            anyhow::ensure!(
                folder.as_os_str().is_empty() || folder.is_dir(),
                "the folder of the key file `{}` does not exist",
                self.key_file.display()
            );
            Ok(())
        }
    }

    fn check_front(&self) -> anyhow::Result<()> {
        match &self.front {
            Front::Tls { cert, key } => self.identity(cert, key).map(drop),
            Front::Proxied(_) => Ok(()),
        }
    }

    /// The certificate for all hosts of the cloud, with its key, which nobody else may read.
    pub fn identity(&self, cert: &Path, key: &Path) -> anyhow::Result<Identity> {
        file::ensure_private(key)?;
        let hosts = &self.registry.own.hosts;
        let names = [
            &hosts.login,
            &hosts.graph,
            &hosts.portal,
            &hosts.myapps,
            &hosts.device,
        ]
        .into_iter()
        .map(|origin| Ok(Authority::of_origin(origin)?.host().to_owned()))
        .collect::<anyhow::Result<Vec<_>>>()?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let identity = Identity::read(cert, key)?;
        identity.check(&names)?;
        Ok(identity)
    }

    fn check_store(&self) -> anyhow::Result<()> {
        let Some(path) = self.store.expose().strip_prefix("sqlite:") else {
            return Ok(());
        };
        let path = Path::new(
            path.trim_start_matches("//")
                .split('?')
                .next()
                .unwrap_or(""),
        );
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        anyhow::ensure!(
            folder.is_none_or(Path::is_dir),
            "the folder of the store `{}` does not exist",
            path.display()
        );
        Ok(())
    }

    fn check_smtp(&self) -> anyhow::Result<()> {
        match self
            .smtp
            .as_ref()
            .and_then(|smtp| smtp.password_file.as_ref())
        {
            Some(path) => file::ensure_private(path),
            None => Ok(()),
        }
    }

    fn check_outbound(&self) -> anyhow::Result<()> {
        let clock = std::sync::Arc::new(crate::clock::SystemClock);
        crate::outbound::HttpsOutbound::new(
            &self.registry,
            clock,
            crate::outbound::Limits::default(),
        )
        .map(drop)
    }
}

fn problem(text: String) -> Problem {
    Problem { line: None, text }
}

fn holds_password(store: &str) -> bool {
    url::Url::parse(store).is_ok_and(|url| {
        url.password().is_some() || url.query().is_some_and(|query| query.contains("password="))
    })
}

fn others_can_read(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}
