//! Entries of the registry as a file writes them: our own cloud, and clouds it is paired with. The
//! clouds of the dev world are read by the same functions.

use std::path::Path;

use anyhow::Context as _;
use comity_crypto::Jwk;
use comity_model::cloud::{CloudEntry, Hosts};
use ipnet::IpNet;

use super::{OwnEntry, section::Section};
use crate::{authority::Authority, outbound, tls};

/// Hue of a partner that gives none.
const HUE: u16 = 210;

/// Our own cloud and who may invite in a new tenant.
pub fn own(section: &Section<'_>) -> Option<OwnEntry> {
    let key = section.parsed("key", key);
    let canonical_name = section.parsed("canonical_name", name);
    let title = section.parsed("name", title);
    let hue = section.number::<u16>("hue");
    if hue.is_none_or(|hue| !HUES.contains(&hue)) {
        section.problem("hue", "`cloud.hue` must be a number from 195 to 350");
    }
    let hosts = hosts(section);
    let suffix = section.parsed("initial_domain_suffix", suffix);
    let invites = section.parsed_or("allow_invites_from", "everyone".to_owned(), invites);
    let hosts = hosts?;
    let entry = CloudEntry {
        key: key?,
        canonical_name: canonical_name?,
        name: title?,
        hue: hue?,
        entity: hosts.login.clone(),
        issuer_template: format!("{}/{{tenant}}/v2.0", hosts.login),
        hosts,
        initial_domain_suffix: suffix?,
        ca_pem: None,
        pinned_key: None,
        addresses: Vec::new(),
    };
    Some((entry, invites?))
}

/// A cloud that ours is paired with.
pub fn pair(section: &Section<'_>, folder: &Path) -> Option<CloudEntry> {
    let canonical_name = section.parsed("canonical_name", name);
    let fallback = canonical_name.clone().unwrap_or_default();
    let key = section.parsed_or("key", fallback.replace('.', "-"), key);
    let title = section.parsed_or("name", fallback, title);
    let hue = section.number::<u16>("hue").unwrap_or(HUE);
    if !HUES.contains(&hue) {
        section.problem("hue", "`pair.hue` must be a number from 195 to 350");
    }
    let hosts = hosts(section);
    let entity = section.parsed("entity", entity);
    let issuer_template = section.parsed("issuer_template", issuer_template);
    let suffix = section.parsed("initial_domain_suffix", suffix);
    let pinned_key = pinned_key(section);
    let (ca_pem, addresses) = reach(section, folder);
    Some(CloudEntry {
        key: key?,
        canonical_name: canonical_name?,
        name: title?,
        hue,
        entity: entity?,
        hosts: hosts?,
        issuer_template: issuer_template?,
        initial_domain_suffix: suffix?,
        ca_pem: ca_pem?,
        pinned_key: Some(pinned_key?),
        addresses,
    })
}

/// How calls reach a cloud's hosts: the only authority trusted for them, and the networks that they
/// may be in. Ours too, because My Apps redeems its codes over HTTPS like any application.
pub fn reach(section: &Section<'_>, folder: &Path) -> (Option<Option<String>>, Vec<String>) {
    let ca_pem = section.parsed_or("ca_file", None, |text| ca(&folder.join(text)).map(Some));
    let addresses = section.parsed_list("addresses", |text| {
        network(text).map(|network| network.to_string())
    });
    (ca_pem, addresses)
}

const HUES: std::ops::RangeInclusive<u16> = 195..=350;

fn hosts(section: &Section<'_>) -> Option<Hosts> {
    let hosts = section.require_section("hosts")?;
    let [login, graph, portal, myapps, device] =
        ["login", "graph", "portal", "myapps", "device"].map(|site| hosts.parsed(site, origin));
    hosts.finish();
    Some(Hosts {
        login: login?,
        graph: graph?,
        portal: portal?,
        myapps: myapps?,
        device: device?,
    })
}

/// An origin; a bare host name means HTTPS on port 443.
fn origin(text: &str) -> Result<String, String> {
    let origin = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let authority = Authority::of_origin(&origin)
        .map_err(|_| format!("has `{text}`, which is not a host: write `login.example.gov` or `https://login.example.gov:8443`"))?;
    Ok(if authority.port() == 443 {
        format!("https://{}", authority.host())
    } else {
        format!("https://{}:{}", authority.host(), authority.port())
    })
}

fn entity(text: &str) -> Result<String, String> {
    let rule = || {
        format!(
            "has `{text}`, which is not an entity URL: write it as the other operator's `comity pair show` prints it"
        )
    };
    let url = url::Url::parse(text).map_err(|_| rule())?;
    let plain = url.scheme() == "https"
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && !text.ends_with('/')
        && url.as_str().trim_end_matches('/') == text;
    plain.then(|| text.to_owned()).ok_or_else(rule)
}

fn issuer_template(text: &str) -> Result<String, String> {
    let sample = text.replace("{tenant}", "00000000-0000-0000-0000-000000000000");
    let one = text.matches("{tenant}").count() == 1 && text.matches(['{', '}']).count() == 2;
    (one && entity(&sample).is_ok())
        .then(|| text.to_owned())
        .ok_or_else(|| {
            format!("has `{text}`: it must be an https URL with `{{tenant}}` in it exactly once")
        })
}

fn key(text: &str) -> Result<String, String> {
    let good = !text.is_empty()
        && text.len() <= 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    good.then(|| text.to_owned())
        .ok_or_else(|| "must be 1 to 32 of `a` to `z`, `0` to `9` and `-`".into())
}

fn name(text: &str) -> Result<String, String> {
    let read = comity_model::name::DomainName::parse(text);
    let same = read.is_ok_and(|read| read.as_str() == text);
    same.then(|| text.to_owned())
        .ok_or_else(|| "must be a name like `example.gov` in lower case".into())
}

fn title(text: &str) -> Result<String, String> {
    let words = text.split(' ').count();
    let good = (1..=3).contains(&words)
        && (1..=40).contains(&text.chars().count())
        && !text.chars().any(char::is_control)
        && text.trim() == text;
    good.then(|| text.to_owned())
        .ok_or_else(|| "must be one to three words for people".into())
}

fn suffix(text: &str) -> Result<String, String> {
    let read = text
        .strip_prefix('.')
        .map(|rest| name(&format!("x.{rest}")));
    matches!(read, Some(Ok(_)))
        .then(|| text.to_owned())
        .ok_or_else(|| "must be a domain with a dot before it, as in `.example.gov`".into())
}

fn invites(text: &str) -> Result<String, String> {
    const WORDS: [&str; 4] = [
        "none",
        "adminsAndGuestInviters",
        "adminsGuestInvitersAndAllMembers",
        "everyone",
    ];
    WORDS
        .contains(&text)
        .then(|| text.to_owned())
        .ok_or_else(|| format!("must be one of `{}`", WORDS.join("`, `")))
}

fn pinned_key(section: &Section<'_>) -> Option<String> {
    if section.text("pinned_key").is_none() {
        section.problem("pinned_key", "`pair.pinned_key` is missing: ask the other operator for what `comity pair show` prints");
        return None;
    }
    section.parsed("pinned_key", jwk)
}

/// A public P-256 key as a JWK; a private one is refused, so that nobody copies the wrong thing.
fn jwk(text: &str) -> Result<String, String> {
    let rule =
        || "must be the public JWK that the other operator's `comity pair show` prints".to_owned();
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| rule())?;
    if value.get("d").is_some() {
        return Err("is a private key: remove it here and make a new one there".into());
    }
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| rule())?;
    let elliptic = jwk.kty == "EC" && comity_crypto::thumbprint(&jwk).is_ok();
    elliptic.then(|| text.to_owned()).ok_or_else(rule)
}

fn ca(path: &Path) -> Result<String, String> {
    let read = || {
        let pem = std::fs::read_to_string(path).context("cannot be read")?;
        tls::certificates(pem.as_bytes())?;
        Ok::<_, anyhow::Error>(pem)
    };
    read().map_err(|error| format!("names `{}`: {error:#}", path.display()))
}

/// A network, or one address.
pub fn network(text: &str) -> Result<IpNet, String> {
    outbound::network(text)
        .map_err(|_| "is not a network as in `192.0.2.0/24` or an address".into())
}
