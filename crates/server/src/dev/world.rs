//! Who lives in the dev world: `world.toml`, without IDs and secrets.

use anyhow::Context as _;
use serde::Deserialize;
use uuid::Uuid;

const WORLD: &str = include_str!("world.toml");

/// All organisations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    #[serde(rename = "tenant", default)]
    pub tenants: Vec<WorldTenant>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldTenant {
    /// Key of its cloud.
    pub cloud: String,
    pub name: String,
    pub domain: String,
    /// First label of the initial domain.
    pub initial: String,
    #[serde(default)]
    pub people: Vec<WorldPerson>,
    #[serde(default)]
    pub groups: Vec<WorldGroup>,
    #[serde(default)]
    pub applications: Vec<WorldApplication>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldPerson {
    /// Before the `@`.
    pub name: String,
    pub display: String,
    /// Display names of directory roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// A second factor is enrolled.
    #[serde(default)]
    pub totp: bool,
    #[serde(default)]
    pub disabled: bool,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldGroup {
    pub name: String,
    /// Names of people before the `@`.
    pub members: Vec<String>,
}

/// A web application with a host of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldApplication {
    pub name: String,
    pub description: String,
    pub host: String,
}

impl World {
    /// The world that the product brings along.
    pub fn built_in() -> anyhow::Result<Self> {
        toml::from_str(WORLD).context("the people of the dev world")
    }
}

/// A fixed ID, the same in every installation: `fixed_id(&["user", "alex@contoso.com"])`.
pub fn fixed_id(parts: &[&str]) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"dev.comity.localhost");
    Uuid::new_v5(&namespace, parts.join("/").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{World, fixed_id};
    use std::collections::BTreeMap;

    #[test]
    fn everybody_of_the_design_lives_there() {
        let world = World::built_in().unwrap();
        let people: BTreeMap<_, Vec<_>> = world
            .tenants
            .iter()
            .map(|tenant| {
                (
                    tenant.domain.as_str(),
                    tenant
                        .people
                        .iter()
                        .map(|person| person.name.as_str())
                        .collect(),
                )
            })
            .collect();
        assert_eq!(
            people["contoso.com"],
            ["admin", "secadmin", "inviter", "reader", "alex", "bo"]
        );
        assert_eq!(people["fabrikam.com"], ["admin", "fay"]);
        assert_eq!(
            people["northwind.us"],
            ["admin", "secadmin", "nora", "nils", "nadia"]
        );
        assert_eq!(people["woodgrove.us"], ["admin", "will"]);
        assert_eq!(people["tailspin.cn"], ["admin", "tao"]);
        assert_eq!(people.len(), 5);
    }

    #[test]
    fn ids_never_change() {
        let contoso = fixed_id(&["tenant", "Contoso"]);
        assert_eq!(contoso, fixed_id(&["tenant", "Contoso"]));
        assert_ne!(contoso, fixed_id(&["tenant", "Fabrikam"]));
        assert_eq!(contoso.get_version_num(), 5);
        assert_eq!(contoso.to_string(), "d04b7b23-3854-5cb1-a33f-e5970c573626");
    }
}
