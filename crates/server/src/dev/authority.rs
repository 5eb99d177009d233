//! The certificate authority of the dev world: made once with all its leaves, its key thrown away
//! after signing (dev-world.md, "Addresses").
//!
//! P-256, good for `localhost` names only, so trusting it in a browser endangers no real site.
//! Kept in `DIR/tls` and used again while names are the same and it is far from its end.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use comity_model::time::Utc;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use serde::{Deserialize, Serialize};

use crate::{file, port::Random, random, tls::Identity};

/// What browsers accept for a leaf.
const DAYS: i64 = 397;

/// Days before the end at which everything is made anew.
const RENEW: i64 = 30;

const DAY: i64 = 24 * 3600;

/// Host names by leaf: `global`, `device.global`, ….
pub type Leaves = BTreeMap<String, Vec<String>>;

/// What the folder holds; it is written last, so that a half-made folder is made anew.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Index {
    ends: Utc,
    leaves: Leaves,
}

/// The authority's certificate and the leaves it signed.
#[derive(Debug)]
pub struct Certificates {
    pub ca_file: PathBuf,
    pub ca_pem: String,
    pub leaves: BTreeMap<String, Identity>,
}

/// Reads the certificates in `folder`, or makes them.
pub fn open(
    folder: &Path,
    leaves: &Leaves,
    now: Utc,
    random: &dyn Random,
) -> anyhow::Result<Certificates> {
    match read(folder, leaves, now) {
        Ok(certificates) => Ok(certificates),
        Err(reason) => {
            tracing::debug!(reason = format!("{reason:#}"), "making certificates");
            make(folder, leaves, now, random)?;
            read(folder, leaves, now)
        }
    }
}

fn read(folder: &Path, leaves: &Leaves, now: Utc) -> anyhow::Result<Certificates> {
    let index: Index = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
    anyhow::ensure!(index.leaves == *leaves, "the host names have changed");
    anyhow::ensure!(
        index.ends.seconds_since(now) > RENEW * DAY,
        "the certificates end soon"
    );
    let ca_file = folder.join("ca.pem");
    let ca_pem = std::fs::read_to_string(&ca_file)?;
    let leaves = leaves
        .keys()
        .map(|name| {
            let path = |kind: &str| folder.join(format!("{name}.{kind}"));
            Ok((name.clone(), Identity::read(&path("pem"), &path("key"))?))
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(Certificates {
        ca_file,
        ca_pem,
        leaves,
    })
}

fn make(folder: &Path, leaves: &Leaves, now: Utc, random: &dyn Random) -> anyhow::Result<()> {
    file::private_folder(folder)?;
    let index = folder.join("index.json");
    file::remove(&index)?;
    let ends = now.plus_seconds(DAYS * DAY);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let params = authority(now, ends, random)?;
    let ca = params.self_signed(&key)?;
    let issuer = Issuer::from_params(&params, &key);
    for (name, hosts) in leaves {
        let leaf_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let leaf = leaf(hosts, now, ends, random)?.signed_by(&leaf_key, &issuer)?;
        file::write_private(&folder.join(format!("{name}.pem")), leaf.pem().as_bytes())?;
        file::write_private(
            &folder.join(format!("{name}.key")),
            leaf_key.serialize_pem().as_bytes(),
        )?;
    }
    file::write_public(&folder.join("ca.pem"), ca.pem().as_bytes())?;
    let made = serde_json::to_vec_pretty(&Index {
        ends,
        leaves: leaves.clone(),
    })?;
    file::write_private(&index, &made)
}

fn authority(from: Utc, to: Utc, random: &dyn Random) -> anyhow::Result<CertificateParams> {
    let mut params = common("Comity dev world", from, to, random)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("localhost".into())],
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
        ],
    });
    Ok(params)
}

fn leaf(
    hosts: &[String],
    from: Utc,
    to: Utc,
    random: &dyn Random,
) -> anyhow::Result<CertificateParams> {
    let first = hosts.first().context("a certificate needs a host name")?;
    let mut params = common(first, from, to, random)?;
    params.subject_alt_names = CertificateParams::new(hosts.to_vec())?.subject_alt_names;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn common(
    name: &str,
    from: Utc,
    to: Utc,
    random: &dyn Random,
) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    // Positive, 127 bits (RFC 5280 §4.1.2.2).
    let mut serial = random::bytes::<16>(random);
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x3f) | 0x40;
    }
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let seconds = |time: Utc| u64::try_from(time.seconds()).context("the clock is before 1970");
    let at = |time: Utc| {
        Ok::<_, anyhow::Error>(
            rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds(time)?),
        )
    };
    // An hour back, for clients whose clock is behind.
    params.not_before = at(from.plus_seconds(-3600))?;
    params.not_after = at(to)?;
    Ok(params)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Certificates, DAY, Leaves, open};
    use crate::random::SystemRandom;
    use comity_model::time::Utc;
    use std::{os::unix::fs::PermissionsExt as _, path::Path};

    pub(crate) fn names(hosts: &[&str]) -> Leaves {
        [(
            "global".to_owned(),
            hosts.iter().map(ToString::to_string).collect(),
        )]
        .into()
    }

    pub(crate) fn make(folder: &Path, leaves: &Leaves) -> Certificates {
        open(
            folder,
            leaves,
            crate::port::Clock::now(&crate::clock::SystemClock),
            &SystemRandom,
        )
        .unwrap()
    }

    #[test]
    fn certificates_are_kept_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let now = Utc::from_seconds(1_800_000_000);
        let leaves = names(&["login.global.localhost", "graph.global.localhost"]);
        let open = |leaves: &Leaves, now| {
            open(folder.path(), leaves, now, &SystemRandom)
                .unwrap()
                .ca_pem
        };
        let first = open(&leaves, now);
        assert_eq!(open(&leaves, now.plus_seconds(300 * DAY)), first);
        assert_ne!(open(&leaves, now.plus_seconds(380 * DAY)), first);
        let second = open(&leaves, now);
        assert_ne!(open(&names(&["login.global.localhost"]), now), second);
    }

    #[test]
    fn a_half_made_folder_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let leaves = names(&["login.global.localhost"]);
        let first = make(folder.path(), &leaves).ca_pem;
        std::fs::remove_file(folder.path().join("global.key")).unwrap();
        assert_ne!(make(folder.path(), &leaves).ca_pem, first);
    }

    #[test]
    fn the_authoritys_key_is_nowhere_and_the_others_are_private() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), &names(&["login.global.localhost"]));
        let mut keys = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            if text.contains("PRIVATE KEY") {
                keys += 1;
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0);
            }
        }
        assert_eq!(keys, 1);
    }

    #[test]
    fn a_leaf_is_for_its_hosts_only() {
        let folder = tempfile::tempdir().unwrap();
        let made = make(folder.path(), &names(&["login.global.localhost"]));
        let leaf = &made.leaves["global"];
        leaf.check(&["login.global.localhost"]).unwrap();
        let error = leaf
            .check(&["login.usgov.localhost"])
            .unwrap_err()
            .to_string();
        assert!(error.contains("`login.usgov.localhost`"), "{error}");
    }

    #[test]
    fn a_name_outside_localhost_does_not_verify() {
        use rustls::{
            client::WebPkiServerVerifier,
            client::danger::ServerCertVerifier as _,
            pki_types::{ServerName, UnixTime},
        };
        let folder = tempfile::tempdir().unwrap();
        for (host, accepted) in [
            ("login.global.localhost", true),
            ("login.example.com", false),
            ("localhost.example.com", false),
        ] {
            let made = make(folder.path(), &names(&[host]));
            let mut roots = rustls::RootCertStore::empty();
            for certificate in crate::tls::certificates(made.ca_pem.as_bytes()).unwrap() {
                roots.add(certificate).unwrap();
            }
            let verifier =
                WebPkiServerVerifier::builder_with_provider(roots.into(), crate::tls::provider())
                    .build()
                    .unwrap();
            let name = ServerName::try_from(host).unwrap();
            let verdict = verifier.verify_server_cert(
                &made.leaves["global"].chain[0],
                &[],
                &name,
                &[],
                UnixTime::now(),
            );
            assert_eq!(verdict.is_ok(), accepted, "{host} {verdict:?}");
        }
    }
}
