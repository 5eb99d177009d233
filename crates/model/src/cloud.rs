//! Clouds as the operator's registry describes them (cross-cloud-federation.md §1).
//!
//! The registry is configuration: it alone says what another cloud is. What a cloud publishes
//! about itself is compared with it, never merged into it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The canonical name of a cloud, the vocabulary of `allowedCloudEndpoints`
/// (`microsoftonline.com`). Compared exactly.
pub type CloudName = String;

/// The origins of a cloud, each `https://host` or `https://host:port`, without a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosts {
    pub login: String,
    pub graph: String,
    pub portal: String,
    pub myapps: String,
    pub device: String,
}

/// One entry of the registry: our own cloud or another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudEntry {
    /// Short key for people and style sheets (`usgov`).
    pub key: String,
    pub canonical_name: CloudName,
    /// At most three words, for people (`US Government`).
    pub name: String,
    /// Hue of the interface, 195 to 350.
    pub hue: u16,
    /// Entity URL: OpenID Federation identifier, client ID on the leg, audience of all we sign.
    pub entity: String,
    pub hosts: Hosts,
    /// `https://login.usgov.localhost:8443/{tenant}/v2.0`.
    pub issuer_template: String,
    /// With the leading dot: `.onmicrosoft.us`.
    pub initial_domain_suffix: String,
    /// PEM of the only certificate authority trusted for these hosts.
    pub ca_pem: Option<String>,
    /// JWK (JSON) of the entity key accepted at first; later keys must be announced by it.
    pub pinned_key: Option<String>,
    /// Networks that the hosts may resolve to, in CIDR form; loopback and private only if listed.
    pub addresses: Vec<String>,
}

impl CloudEntry {
    /// The issuer of a tenant of this cloud.
    pub fn issuer(&self, tenant: Uuid) -> String {
        self.issuer_template
            .replace("{tenant}", &tenant.to_string())
    }

    /// The tenant whose issuer this is, if it is one of this cloud, byte for byte.
    pub fn tenant_of_issuer(&self, issuer: &str) -> Option<Uuid> {
        let (before, after) = self.issuer_template.split_once("{tenant}")?;
        let tenant = issuer.strip_prefix(before)?.strip_suffix(after)?;
        let uuid = crate::id::parse_uuid(tenant)?;
        (self.issuer(uuid) == issuer).then_some(uuid)
    }
}

/// Our cloud and the others that the operator has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    pub own: CloudEntry,
    /// Who may invite in a new tenant: a word of `allowInvitesFrom`.
    pub allow_invites_from: String,
    /// Every other known cloud by canonical name.
    pub others: BTreeMap<CloudName, CloudEntry>,
    /// Canonical names of the clouds that ours is paired with.
    pub pairs: std::collections::BTreeSet<CloudName>,
}

/// Two entries of the registry cannot be told apart, or one claims what is ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the clouds `{first}` and `{second}` share the {what} `{value}`: give each its own")]
pub struct RegistryClash {
    pub first: CloudName,
    pub second: CloudName,
    pub what: &'static str,
    pub value: String,
}

impl Registry {
    /// The entry of that name, our own included.
    pub fn find(&self, name: &str) -> Option<&CloudEntry> {
        if name == self.own.canonical_name {
            Some(&self.own)
        } else {
            self.others.get(name)
        }
    }

    /// Whether that other cloud is one of a supported pair with ours.
    pub fn is_paired(&self, name: &str) -> bool {
        self.pairs.contains(name)
    }

    /// The paired cloud whose entity URL this is, byte for byte.
    pub fn find_by_entity(&self, entity: &str) -> Option<&CloudEntry> {
        self.others
            .values()
            .find(|c| c.entity == entity && self.is_paired(&c.canonical_name))
    }

    /// All pairs as the policy engine takes them.
    pub fn pair_list(&self) -> Vec<(CloudName, CloudName)> {
        self.pairs
            .iter()
            .map(|p| (self.own.canonical_name.clone(), p.clone()))
            .collect()
    }

    /// Refuses a registry in which two entries share a name, entity URL, host or suffix.
    pub fn check(&self) -> Result<(), RegistryClash> {
        let mut seen: BTreeMap<(&'static str, String), &CloudEntry> = BTreeMap::new();
        for entry in std::iter::once(&self.own).chain(self.others.values()) {
            for (what, value) in entry.unique_values() {
                if let Some(first) = seen.insert((what, value.clone()), entry)
                    && !std::ptr::eq(first, entry)
                {
                    return Err(RegistryClash {
                        first: first.canonical_name.clone(),
                        second: entry.canonical_name.clone(),
                        what,
                        value,
                    });
                }
            }
        }
        Ok(())
    }
}

impl CloudEntry {
    fn unique_values(&self) -> Vec<(&'static str, String)> {
        let h = &self.hosts;
        let mut values = vec![
            ("canonical name", self.canonical_name.to_lowercase()),
            ("key", self.key.to_lowercase()),
            ("entity URL", self.entity.to_lowercase()),
            (
                "initial domain suffix",
                self.initial_domain_suffix.to_lowercase(),
            ),
        ];
        for host in [&h.login, &h.graph, &h.portal, &h.myapps, &h.device] {
            values.push(("host", host.to_lowercase()));
        }
        values
    }
}
