//! `world.json`: what a dev world tells a program (dev-world, "The manifest"). Unknown members are ignored.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub ca_file: PathBuf,
    pub clouds: Vec<Cloud>,
}

/// One isolated cloud; the hosts are full origins such as `https://login.global.localhost:8443`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cloud {
    pub key: String,
    pub canonical_name: String,
    pub login: String,
    pub graph: String,
    pub portal: String,
    pub myapps: String,
    pub device: String,
    pub tenants: Vec<Tenant>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    pub id: String,
    pub display_name: String,
    pub domains: Vec<String>,
    pub users: Vec<User>,
    #[serde(default)]
    pub groups: Vec<Group>,
    #[serde(default)]
    pub applications: Vec<Application>,
    pub automation: Automation,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: String,
    pub user_principal_name: String,
    pub display_name: String,
    pub password: Secret,
    pub totp_secret: Option<Secret>,
    #[serde(default)]
    pub roles: Vec<String>,
    pub account_enabled: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub id: String,
    pub display_name: String,
    pub members: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub app_id: String,
    pub id: String,
    pub display_name: String,
    pub client_secret: Option<Secret>,
    pub redirect_uris: Vec<String>,
}

/// An application with every Graph application permission, for scripts.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Automation {
    pub client_id: String,
    pub client_secret: Secret,
}

/// A text that is never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Manifest {
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the manifest `{}`", path.display()))?;
        let mut manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("`{}` is not a manifest of a dev world", path.display()))?;
        if manifest.ca_file.is_relative()
            && let Some(folder) = path.parent()
        {
            manifest.ca_file = folder.join(&manifest.ca_file);
        }
        Ok(manifest)
    }

    pub fn cloud(&self, key: &str) -> Result<&Cloud> {
        self.clouds
            .iter()
            .find(|cloud| cloud.key == key)
            .with_context(|| format!("the manifest has no cloud `{key}`"))
    }
}

impl Cloud {
    pub fn tenant(&self, domain: &str) -> Result<&Tenant> {
        self.tenants
            .iter()
            .find(|tenant| tenant.domains.iter().any(|held| held == domain))
            .with_context(|| format!("the manifest has no tenant with the domain `{domain}`"))
    }
}

impl Tenant {
    /// By the full user principal name.
    pub fn user(&self, upn: &str) -> Result<&User> {
        self.users
            .iter()
            .find(|user| user.user_principal_name == upn)
            .with_context(|| format!("the manifest has no user `{upn}`"))
    }

    pub fn group(&self, name: &str) -> Result<&Group> {
        self.groups
            .iter()
            .find(|group| group.display_name == name)
            .with_context(|| format!("the manifest has no group `{name}`"))
    }

    pub fn application(&self, name: &str) -> Result<&Application> {
        self.applications
            .iter()
            .find(|application| application.display_name == name)
            .with_context(|| format!("the manifest has no application `{name}`"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SAMPLE: &str = r#"{
      "caFile": "ca.pem", "later": 1,
      "clouds": [{
        "key": "global", "canonicalName": "microsoftonline.com", "login": "https://login.global.localhost:1",
        "graph": "https://graph.global.localhost:1", "portal": "https://portal.global.localhost:1",
        "myapps": "https://myapps.global.localhost:1", "device": "https://device.global.localhost:1",
        "tenants": [{
          "id": "c1", "displayName": "Contoso", "domains": ["contoso.com", "contoso.onmicrosoft.com"],
          "users": [{"id": "u1", "userPrincipalName": "alex@contoso.com", "displayName": "Alex",
                     "password": "p", "totpSecret": null, "roles": [], "accountEnabled": true, "hue": 3}],
          "groups": [{"id": "g1", "displayName": "Team", "members": ["u1"]}],
          "applications": [{"appId": "a1", "id": "o1", "displayName": "Expenses", "clientSecret": "s",
                            "redirectUris": ["https://expenses.localhost:1/callback"]}],
          "automation": {"clientId": "x", "clientSecret": "y"}
        }]
      }]
    }"#;

    #[test]
    fn a_manifest_is_read_and_its_ca_file_is_found_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.json");
        std::fs::write(&path, SAMPLE).unwrap();
        let manifest = Manifest::read(&path).unwrap();
        assert_eq!(manifest.ca_file, folder.path().join("ca.pem"));
        let contoso = manifest
            .cloud("global")
            .unwrap()
            .tenant("contoso.com")
            .unwrap();
        assert_eq!(contoso.user("alex@contoso.com").unwrap().id, "u1");
        assert_eq!(contoso.group("Team").unwrap().members, ["u1"]);
        assert_eq!(contoso.application("Expenses").unwrap().app_id, "a1");
        assert_eq!(
            format!("{:?}", contoso.automation.client_secret),
            "(secret)"
        );
    }

    #[test]
    fn what_is_not_there_is_named() {
        let manifest: Manifest = serde_json::from_str(SAMPLE).unwrap();
        let error = manifest.cloud("moon").unwrap_err().to_string();
        assert_eq!(error, "the manifest has no cloud `moon`");
        let cloud = manifest.cloud("global").unwrap();
        assert!(
            cloud
                .tenant("woodgrove.us")
                .unwrap_err()
                .to_string()
                .contains("`woodgrove.us`")
        );
        assert!(Manifest::read(Path::new("no/such/world.json")).is_err());
    }
}
