//! `DIR/world.json`: tells a program everything (dev-world.md, "The manifest"), and keeps the secrets
//! over restarts. Mode 0600. Keys only get added.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use comity_model::cloud::CloudEntry;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::seed::{Seed, SeedApplication, SeedTenant};
use crate::file;

/// Name of the file.
pub const NAME: &str = "world.json";

/// The whole manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub ca_file: PathBuf,
    pub clouds: Vec<ManifestCloud>,
}

/// A cloud; the sites are full origins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestCloud {
    pub key: String,
    pub canonical_name: String,
    pub login: String,
    pub graph: String,
    pub portal: String,
    pub myapps: String,
    pub device: String,
    pub tenants: Vec<ManifestTenant>,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestTenant {
    pub id: Uuid,
    pub display_name: String,
    pub domains: Vec<String>,
    pub users: Vec<ManifestUser>,
    pub groups: Vec<ManifestGroup>,
    pub applications: Vec<ManifestApplication>,
    pub automation: Automation,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestUser {
    pub id: Uuid,
    pub user_principal_name: String,
    pub display_name: String,
    pub password: String,
    /// Base32, or null.
    pub totp_secret: Option<String>,
    /// Display names of directory roles.
    pub roles: Vec<String>,
    pub account_enabled: bool,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestGroup {
    pub id: Uuid,
    pub display_name: String,
    pub members: Vec<Uuid>,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestApplication {
    pub app_id: Uuid,
    pub id: Uuid,
    pub display_name: String,
    pub client_secret: String,
    pub redirect_uris: Vec<String>,
}

/// An application with every Graph application permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Automation {
    pub client_id: Uuid,
    pub client_secret: String,
}

impl Manifest {
    /// The manifest of these clouds and what they are filled with.
    pub fn new<'a>(
        ca_file: &Path,
        clouds: impl IntoIterator<Item = (&'a CloudEntry, &'a Seed)>,
    ) -> Self {
        let clouds = clouds
            .into_iter()
            .map(|(entry, seed)| cloud(entry, seed))
            .collect();
        Self {
            ca_file: ca_file.to_owned(),
            clouds,
        }
    }

    /// The manifest in that folder, if there is one.
    pub fn find(folder: &Path) -> anyhow::Result<Option<Self>> {
        let path = folder.join(NAME);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).with_context(|| {
                format!("`{}` is damaged: start once with `--reset`", path.display())
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    /// Writes it into that folder.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        file::write_private(&folder.join(NAME), &text)
    }
}

fn cloud(entry: &CloudEntry, seed: &Seed) -> ManifestCloud {
    let hosts = &entry.hosts;
    ManifestCloud {
        key: entry.key.clone(),
        canonical_name: entry.canonical_name.clone(),
        login: hosts.login.clone(),
        graph: hosts.graph.clone(),
        portal: hosts.portal.clone(),
        myapps: hosts.myapps.clone(),
        device: hosts.device.clone(),
        tenants: seed.tenants.iter().map(tenant).collect(),
    }
}

fn tenant(tenant: &SeedTenant) -> ManifestTenant {
    let users = tenant.users.iter().map(|user| ManifestUser {
        id: user.id,
        user_principal_name: user.user_principal_name.clone(),
        display_name: user.display_name.clone(),
        password: user.password.clone(),
        totp_secret: user.totp_secret.clone(),
        roles: user.roles.iter().map(|(_, name)| name.clone()).collect(),
        account_enabled: user.account_enabled,
    });
    let groups = tenant.groups.iter().map(|group| ManifestGroup {
        id: group.id,
        display_name: group.display_name.clone(),
        members: group.members.clone(),
    });
    ManifestTenant {
        id: tenant.id,
        display_name: tenant.name.clone(),
        domains: vec![tenant.domain.clone(), tenant.initial_domain.clone()],
        users: users.collect(),
        groups: groups.collect(),
        applications: tenant.applications.iter().map(application).collect(),
        automation: Automation {
            client_id: tenant.automation.app_id,
            client_secret: tenant.automation.client_secret.clone(),
        },
    }
}

fn application(application: &SeedApplication) -> ManifestApplication {
    ManifestApplication {
        app_id: application.app_id,
        id: application.id,
        display_name: application.display_name.clone(),
        client_secret: application.client_secret.clone(),
        redirect_uris: application.redirect_uris.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::Manifest;
    use crate::{
        dev::{clouds::built_in, secrets::Secrets, seed::seeds, world::World},
        file,
        random::SystemRandom,
    };
    use serde_json::Value;
    use std::path::Path;

    fn manifest(earlier: Option<&Manifest>) -> Manifest {
        let clouds = built_in(8443).unwrap();
        let mut secrets = Secrets::new(earlier, &SystemRandom);
        let seeds = seeds(&clouds, &World::built_in().unwrap(), 8443, &mut secrets).unwrap();
        Manifest::new(
            Path::new("dir/tls/ca.pem"),
            clouds.iter().map(|cloud| &cloud.entry).zip(&seeds),
        )
    }

    #[test]
    fn secrets_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::find(folder.path()).unwrap(), None);
        let first = manifest(None);
        first.write(folder.path()).unwrap();
        file::ensure_private(&folder.path().join("world.json")).unwrap();
        let read = Manifest::find(folder.path()).unwrap().unwrap();
        assert_eq!(read, first);
        assert_eq!(manifest(Some(&read)), first);
        assert_ne!(manifest(None), first);
    }

    #[test]
    fn a_damaged_manifest_is_not_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("world.json"), "{").unwrap();
        assert!(
            Manifest::find(folder.path())
                .unwrap_err()
                .to_string()
                .contains("--reset")
        );
    }

    /// The shape that dev-world.md promises.
    #[test]
    fn keys_are_those_of_the_design() {
        let value = serde_json::to_value(manifest(None)).unwrap();
        let keys =
            |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(keys(&value), ["caFile", "clouds"]);
        let cloud = &value["clouds"][0];
        assert_eq!(
            keys(cloud),
            [
                "key",
                "canonicalName",
                "login",
                "graph",
                "portal",
                "myapps",
                "device",
                "tenants"
            ]
        );
        let tenant = &cloud["tenants"][0];
        assert_eq!(
            keys(tenant),
            [
                "id",
                "displayName",
                "domains",
                "users",
                "groups",
                "applications",
                "automation"
            ]
        );
        let user = &tenant["users"][0];
        assert_eq!(
            keys(user),
            [
                "id",
                "userPrincipalName",
                "displayName",
                "password",
                "totpSecret",
                "roles",
                "accountEnabled"
            ]
        );
        assert_eq!(user["totpSecret"], Value::Null);
        assert_eq!(
            keys(&tenant["applications"][0]),
            ["appId", "id", "displayName", "clientSecret", "redirectUris"]
        );
        assert_eq!(keys(&tenant["automation"]), ["clientId", "clientSecret"]);
        let group = &value["clouds"][1]["tenants"][0]["groups"][0];
        assert_eq!(keys(group), ["id", "displayName", "members"]);
        assert_eq!(
            tenant["domains"],
            serde_json::json!(["contoso.com", "contoso.onmicrosoft.com"])
        );
        assert_eq!(cloud["login"], "https://login.global.localhost:8443");
    }
}
