//! The configuration of a production server (dev-world.md, "A production server").
//!
//! One typed value from one TOML file. Reading goes on after a mistake, so that all are told at
//! once, each with its line. Paths are relative to the file. What another cloud is, is said here
//! and nowhere else (cross-cloud-federation.md §1, "registry").

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use comity_model::{
    cloud::{CloudEntry, Registry},
    secret::Secret,
};
use ipnet::IpNet;

use self::section::{Document, Section};

pub mod check;
pub mod entry;
pub mod pair;
pub mod section;
mod smtp;
#[cfg(test)]
mod tests;

pub use smtp::{Security, Smtp};

/// What an operator has configured.
#[derive(Debug, Clone)]
pub struct Config {
    pub registry: Registry,
    /// `sqlite:` or `postgres:`; may hold a password.
    pub store: Secret<String>,
    pub key_file: PathBuf,
    pub listen: Vec<SocketAddr>,
    pub front: Front,
    pub smtp: Option<Smtp>,
    /// What a network may cause in a minute before anybody is proven; usual if absent.
    pub network_per_minute: Option<u32>,
}

/// Who speaks TLS with the clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Front {
    Tls {
        cert: PathBuf,
        key: PathBuf,
    },
    /// A proxy on one of these networks.
    Proxied(Vec<IpNet>),
}

/// Something wrong in the file or around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Counted from one; absent where it is not about a place in the file.
    pub line: Option<usize>,
    pub text: String,
}

/// Everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    pub file: PathBuf,
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.list.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", self.file.display())?;
            if let Some(line) = problem.line {
                write!(f, ":{line}")?;
            }
            write!(f, ": {}", problem.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// Reads the file; all that is wrong with its text and the files it names comes back together.
    pub fn read(file: &Path) -> Result<Self, Problems> {
        let problems = |list| Problems {
            file: file.to_owned(),
            list,
        };
        let text = std::fs::read_to_string(file).map_err(|error| {
            problems(vec![Problem {
                line: None,
                text: format!("cannot read the file: {error}"),
            }])
        })?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, &folder).map_err(problems)
    }

    /// Reads the text; paths are relative to `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Problem>> {
        let document = Document::parse(text);
        let config = read(&document.root(), folder);
        let problems = document.into_problems();
        config.filter(|_| problems.is_empty()).ok_or(problems)
    }
}

fn read(root: &Section<'_>, folder: &Path) -> Option<Config> {
    let registry = registry(root, folder);
    let store = root.require_section("store").and_then(|store| {
        let url = store.parsed("url", store_url);
        store.finish();
        url
    });
    let key_file = root.path("key_file", folder);
    let listen = root.parsed_list("listen", |text| {
        text.parse::<SocketAddr>()
            .map_err(|_| "is not an address with a port, as in `0.0.0.0:443` or `[::]:443`".into())
    });
    if listen.is_empty() {
        root.missing("listen");
    }
    let front = front(root, folder);
    let network_per_minute = root.section("limits").and_then(|section| limits(&section));
    let smtp = root
        .section("smtp")
        .and_then(|section| smtp::read(&section, folder));
    root.finish();
    Some(Config {
        registry: registry?,
        store: store?,
        key_file: key_file?,
        listen,
        front: front?,
        smtp,
        network_per_minute,
    })
}

/// `[limits]`: what a network may cause in a minute before anybody is proven.
fn limits(section: &Section<'_>) -> Option<u32> {
    let bound = section.number("network_per_minute");
    if bound.is_some_and(|bound: u32| bound < 10) {
        section.problem(
            "network_per_minute",
            "`limits.network_per_minute` must be 10 or more",
        );
    }
    section.finish();
    bound
}

fn store_url(text: &str) -> Result<Secret<String>, String> {
    let known = ["sqlite:", "postgres:", "postgresql:"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    // The value is not repeated: it may hold a password.
    known
        .then(|| Secret::new(text.to_owned()))
        .ok_or_else(|| "must begin with `sqlite:` or `postgres:`".to_owned())
}

fn front(root: &Section<'_>, folder: &Path) -> Option<Front> {
    let (tls, proxy) = (root.section("tls"), root.section("behind_proxy"));
    match (tls, proxy) {
        (Some(tls), None) => {
            let (cert, key) = (tls.path("cert", folder), tls.path("key", folder));
            tls.finish();
            Some(Front::Tls {
                cert: cert?,
                key: key?,
            })
        }
        (None, Some(proxy)) => {
            let networks = proxy.parsed_list("addresses", entry::network);
            if networks.is_empty() {
                proxy.missing("addresses");
            }
            proxy.finish();
            Some(Front::Proxied(networks))
        }
        (Some(_), Some(_)) => {
            root.problem(
                "behind_proxy",
                "`tls` and `behind_proxy` exclude each other: keep the one that speaks TLS",
            );
            None
        }
        (None, None) => {
            root.problem(
                "tls",
                "neither `tls` nor `behind_proxy` is given: clients must come over HTTPS",
            );
            None
        }
    }
}

fn registry(root: &Section<'_>, folder: &Path) -> Option<Registry> {
    let own = root.require_section("cloud").and_then(|cloud| {
        let own = entry::own(&cloud);
        let (ca_pem, addresses) = entry::reach(&cloud, folder);
        cloud.finish();
        let (own, invites) = own?;
        let own = CloudEntry {
            ca_pem: ca_pem?,
            addresses,
            ..own
        };
        Some((own, invites))
    });
    let mut others = BTreeMap::new();
    let mut whole = true;
    for pair in root.sections("pair") {
        let read = entry::pair(&pair, folder);
        pair.finish();
        whole &= read.is_some();
        if let Some(entry) = read {
            let name = entry.canonical_name.clone();
            if others.insert(name.clone(), entry).is_some() {
                pair.problem(
                    "canonical_name",
                    &format!("the cloud `{name}` is paired twice: keep one entry"),
                );
            }
        }
    }
    let (own, allow_invites_from) = own?;
    let pairs: BTreeSet<String> = others.keys().cloned().collect();
    let registry = Registry {
        own,
        allow_invites_from,
        others,
        pairs,
    };
    if registry.others.contains_key(&registry.own.canonical_name) {
        root.problem("pair", "this cloud is paired with itself: remove the entry");
    } else if let Err(clash) = registry.check() {
        root.problem("pair", &clash.to_string());
    }
    whole.then_some(registry)
}

/// Our own cloud as an entry, and who may invite in a new tenant of it.
pub type OwnEntry = (CloudEntry, String);
