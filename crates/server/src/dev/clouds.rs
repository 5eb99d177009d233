//! The clouds of the dev world as registries, one per cloud, from `clouds.toml`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use comity_model::cloud::{CloudEntry, Hosts, Registry};

use super::{authority::Leaves, world::World};
use crate::{
    authority::Authority,
    config::{
        entry,
        section::{Document, Section},
    },
};

const CLOUDS: &str = include_str!("clouds.toml");

/// One cloud of the dev world.
#[derive(Debug, Clone)]
pub struct DevCloud {
    pub entry: CloudEntry,
    allow_invites_from: String,
    pairs: BTreeSet<String>,
}

/// The clouds that the product brings along, on this port.
pub fn built_in(port: u16) -> anyhow::Result<Vec<DevCloud>> {
    parse(CLOUDS, port)
}

/// Clouds from the text of a file like `clouds.toml`.
pub fn parse(text: &str, port: u16) -> anyhow::Result<Vec<DevCloud>> {
    let document = Document::parse(text);
    let root = document.root();
    let clouds: Vec<_> = root
        .sections("cloud")
        .iter()
        .filter_map(|section| cloud(section, port))
        .collect();
    root.finish();
    let problems = document.into_problems();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| problem.text.as_str())
        .collect();
    anyhow::ensure!(
        told.is_empty(),
        "the clouds of the dev world: {}",
        told.join("; ")
    );
    Ok(clouds)
}

fn cloud(section: &Section<'_>, port: u16) -> Option<DevCloud> {
    let own = entry::own(section);
    let pairs = section
        .parsed_list("pairs", |text| Ok(text.to_owned()))
        .into_iter()
        .collect();
    section.finish();
    let (entry, allow_invites_from) = own?;
    Some(DevCloud {
        entry: at_port(entry, port),
        allow_invites_from,
        pairs,
    })
}

fn at_port(mut entry: CloudEntry, port: u16) -> CloudEntry {
    let Hosts {
        login,
        graph,
        portal,
        myapps,
        device,
    } = &mut entry.hosts;
    for origin in [login, graph, portal, myapps, device] {
        *origin = origin_at(origin, port);
    }
    entry.entity.clone_from(&entry.hosts.login);
    entry.issuer_template = format!("{}/{{tenant}}/v2.0", entry.hosts.login);
    // The dev world lives on loopback, and only there.
    entry.addresses = vec!["127.0.0.0/8".into(), "::1/128".into()];
    entry
}

/// The origin at another port; 443 is not written.
pub fn origin_at(origin: &str, port: u16) -> String {
    if port == 443 {
        origin.to_owned()
    } else {
        format!("{origin}:{port}")
    }
}

/// The registry of the cloud with that key, as its operator would have written it.
pub fn registry(clouds: &[DevCloud], key: &str, ca_pem: &str) -> anyhow::Result<Registry> {
    let trusting = |cloud: &DevCloud| CloudEntry {
        ca_pem: Some(ca_pem.to_owned()),
        ..cloud.entry.clone()
    };
    let own = clouds
        .iter()
        .find(|cloud| cloud.entry.key == key)
        .with_context(|| format!("no cloud `{key}`"))?;
    let others: BTreeMap<_, _> = clouds
        .iter()
        .filter(|cloud| cloud.entry.key != key)
        .map(|cloud| (cloud.entry.canonical_name.clone(), trusting(cloud)))
        .collect();
    let registry = Registry {
        own: trusting(own),
        allow_invites_from: own.allow_invites_from.clone(),
        pairs: own
            .pairs
            .iter()
            .filter(|pair| others.contains_key(*pair))
            .cloned()
            .collect(),
        others,
    };
    registry.check()?;
    Ok(registry)
}

/// Which certificate holds which names: one per cloud, one per device host, one per relying party.
pub fn leaves(clouds: &[DevCloud], world: &World) -> anyhow::Result<Leaves> {
    let host =
        |origin: &str| Ok::<_, anyhow::Error>(Authority::of_origin(origin)?.host().to_owned());
    let mut leaves = Leaves::new();
    for cloud in clouds {
        let hosts = &cloud.entry.hosts;
        let names =
            [&hosts.login, &hosts.graph, &hosts.portal, &hosts.myapps].map(|origin| host(origin));
        leaves.insert(
            cloud.entry.key.clone(),
            names.into_iter().collect::<anyhow::Result<_>>()?,
        );
        leaves.insert(
            format!("device.{}", cloud.entry.key),
            vec![host(&hosts.device)?],
        );
    }
    for application in world.tenants.iter().flat_map(|tenant| &tenant.applications) {
        leaves.insert(application.host.clone(), vec![application.host.clone()]);
    }
    Ok(leaves)
}

#[cfg(test)]
mod tests {
    use super::{built_in, leaves, parse, registry};
    use crate::dev::world::World;

    #[test]
    fn the_three_clouds_are_those_of_the_design() {
        let clouds = built_in(8443).unwrap();
        let expected = [
            (
                "global",
                "microsoftonline.com",
                ".onmicrosoft.com",
                "everyone",
                &["microsoftonline.us", "partner.microsoftonline.cn"][..],
            ),
            (
                "usgov",
                "microsoftonline.us",
                ".onmicrosoft.us",
                "adminsGuestInvitersAndAllMembers",
                &["microsoftonline.com"],
            ),
            (
                "china",
                "partner.microsoftonline.cn",
                ".partner.onmschina.cn",
                "everyone",
                &["microsoftonline.com"],
            ),
        ];
        assert_eq!(clouds.len(), expected.len());
        for (key, name, suffix, invites, pairs) in expected {
            let registry = registry(&clouds, key, "pem").unwrap();
            assert_eq!(registry.own.canonical_name, name);
            assert_eq!(registry.own.initial_domain_suffix, suffix);
            assert_eq!(registry.allow_invites_from, invites);
            assert_eq!(registry.pairs.iter().collect::<Vec<_>>(), pairs);
            assert_eq!(
                registry.own.hosts.login,
                format!("https://login.{key}.localhost:8443")
            );
            assert_eq!(registry.own.entity, registry.own.hosts.login);
            assert_eq!(registry.others.len(), 2);
            assert!(
                registry
                    .others
                    .values()
                    .all(|other| other.ca_pem.as_deref() == Some("pem"))
            );
        }
        let usgov = registry(&clouds, "usgov", "pem").unwrap();
        assert!(!usgov.is_paired("partner.microsoftonline.cn"));
        assert!(registry(&clouds, "moon", "pem").is_err());
    }

    #[test]
    fn port_443_is_not_written() {
        assert_eq!(
            built_in(443).unwrap()[0].entry.hosts.login,
            "https://login.global.localhost"
        );
    }

    #[test]
    fn a_mistake_in_the_data_is_told() {
        let error = parse("[[cloud]]\nkey = \"x\"\n", 1)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`cloud.canonical_name` is missing"),
            "{error}"
        );
    }

    #[test]
    fn every_cloud_has_one_certificate_and_one_for_its_device_host() {
        let leaves = leaves(&built_in(1).unwrap(), &World::built_in().unwrap()).unwrap();
        assert_eq!(leaves.len(), 3 + 3 + 3);
        assert_eq!(
            leaves["usgov"],
            ["login", "graph", "portal", "myapps"].map(|site| format!("{site}.usgov.localhost"))
        );
        assert_eq!(leaves["device.usgov"], ["device.usgov.localhost"]);
        assert!(
            leaves
                .values()
                .flatten()
                .all(|host| host.ends_with(".localhost"))
        );
    }
}
