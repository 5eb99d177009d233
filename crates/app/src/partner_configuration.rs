//! Entity configurations (cross-cloud-federation.md §1): ours, signed; theirs, fetched, verified
//! by a pinned or announced key that was never revoked, compared with the registry, cached for at
//! most a minute.

mod fetch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use comity_crypto::JwkSet;
use comity_model::{cloud::CloudEntry, signing_key::KeyPurpose, time::Utc};
use comity_oauth::{
    entity::{self, ComityCloud, EntityConfiguration, Metadata, Purpose},
    keys::KeySet,
};
use serde_json::{Map, Value, json};

use crate::{
    context::Context,
    error::{Error, Result},
};

/// Our configuration lives this long; partners fetch it again every minute in use.
const LIFE_SECONDS: i64 = 12 * 3600;
/// A configuration in use is at most this old.
const FRESH_SECONDS: i64 = 60;
/// An unknown key causes one fetch per partner and this time.
const REFETCH_SECONDS: i64 = 10;
/// Without a valid configuration for this long the pair is shut.
const SHUT_SECONDS: i64 = 300;

/// Our own configuration, signed by the active entity key, the next one announced beside it.
pub async fn own(cx: &Context) -> Result<String> {
    let registry = cx.app.registry();
    let keys = crate::key::fresh(cx).await?;
    let set = |purpose| JwkSet {
        keys: keys.published(purpose).to_vec(),
    };
    let own = &registry.own;
    let now = cx.now.seconds();
    let configuration = EntityConfiguration {
        iss: own.entity.clone(),
        sub: own.entity.clone(),
        iat: now,
        exp: now + LIFE_SECONDS,
        jwks: set(KeyPurpose::Entity),
        metadata: Metadata {
            openid_provider: provider(own),
            openid_relying_party: relying_party(own),
            comity_cloud: ComityCloud {
                canonical_name: own.canonical_name.clone(),
                issuer_template: own.issuer_template.clone(),
                hosts: hosts(own),
                initial_domain_suffix: own.initial_domain_suffix.clone(),
                pairs: registry.pairs.iter().cloned().collect(),
                assertion_keys: set(KeyPurpose::Assertion),
                client_assertion_keys: set(KeyPurpose::ClientAssertion),
                question_keys: set(KeyPurpose::Question),
                answer_keys: set(KeyPurpose::Answer),
                revoked: keys.revoked().iter().cloned().collect::<BTreeSet<_>>(),
            },
        },
    };
    entity::sign(&configuration, keys.active(KeyPurpose::Entity)?).map_err(Error::internal)
}

/// As a provider of the leg, for every tenant.
fn provider(own: &CloudEntry) -> Map<String, Value> {
    let endpoint = |name: &str| format!("{}/{{tenantid}}/oauth2/v2.0/{name}", own.hosts.login);
    object(json!({
        "issuer": own.issuer_template.replace("{tenant}", "{tenantid}"),
        "authorization_endpoint": endpoint("authorize"),
        "pushed_authorization_request_endpoint": endpoint("par"),
        "token_endpoint": endpoint("token"),
        "require_pushed_authorization_requests": true,
        "authorization_response_iss_parameter_supported": true,
        "authorization_details_types_supported": [comity_oauth::crossing::TYPE],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "acr_values_supported": ["urn:comity:acr:1", "urn:comity:acr:mfa"],
    }))
}

/// As the client of the leg.
fn relying_party(own: &CloudEntry) -> Map<String, Value> {
    object(json!({
        "client_name": own.name,
        "redirect_uris": [crate::crossing::callback_uri(own)],
        "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "dpop_bound_access_tokens": true,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn hosts(entry: &CloudEntry) -> BTreeMap<String, String> {
    let h = &entry.hosts;
    [
        ("login", &h.login),
        ("graph", &h.graph),
        ("portal", &h.portal),
        ("myapps", &h.myapps),
        ("device", &h.device),
    ]
    .into_iter()
    .map(|(role, origin)| (role.to_owned(), origin.clone()))
    .collect()
}

/// What is known about partners in this process: their accepted configurations, when they were last
/// asked, and what their endpoints said last.
#[derive(Default)]
pub struct PartnerCache {
    known: Mutex<BTreeMap<String, Known>>,
    /// One fetch at a time for each partner: others wait for its result.
    fetching: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
    readiness: crate::question::ReadinessCache,
}

#[derive(Clone, Default)]
struct Known {
    accepted: Option<Cached>,
    /// When it was last asked and gave nothing usable, and how that is told.
    failed: Option<(Utc, Error)>,
    /// The last DPoP nonce of its endpoints.
    nonce: Option<String>,
}

#[derive(Clone)]
struct Cached {
    configuration: Arc<EntityConfiguration>,
    confirmed: Utc,
    tried: Utc,
    keys: BTreeMap<Purpose, KeySet>,
    /// All that the cloud has ever revoked.
    revoked: BTreeSet<String>,
}

impl PartnerCache {
    fn find(&self, cloud: &str) -> Known {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(cloud).cloned().unwrap_or_default()
    }

    fn change(&self, cloud: &str, change: impl FnOnce(&mut Known)) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        change(known.entry(cloud.to_owned()).or_default());
    }

    fn turn(&self, cloud: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(fetching.entry(cloud.to_owned()).or_default())
    }

    /// The DPoP nonce that a partner's endpoints gave last.
    pub(crate) fn nonce(&self, cloud: &str) -> Option<String> {
        self.find(cloud).nonce
    }

    /// Remembers a partner's DPoP nonce.
    pub(crate) fn keep_nonce(&self, cloud: &str, nonce: &str) {
        self.change(cloud, |known| known.nonce = Some(nonce.to_owned()));
    }

    /// Answers about readiness, at most a minute old.
    pub(crate) const fn readiness(&self) -> &crate::question::ReadinessCache {
        &self.readiness
    }
}

/// The keys of a partner for a purpose, from a configuration at most a minute old. The kid of the
/// message at hand, if it is not among them, causes one more fetch.
pub async fn keys(
    cx: &Context,
    cloud: &str,
    purpose: Purpose,
    kid: Option<&str>,
) -> Result<KeySet> {
    let entry = partner(cx, cloud)?;
    let wanted = Wanted { purpose, kid };
    if let Some(cached) = in_use(cx, entry, wanted)? {
        return Ok(cached.set(purpose));
    }
    let turn = cx.app.partners().turn(&entry.canonical_name);
    let _turn = turn.lock().await;
    // Another request may have fetched it meanwhile.
    if let Some(cached) = in_use(cx, entry, wanted)? {
        return Ok(cached.set(purpose));
    }
    Ok(renew(cx, entry).await?.set(purpose))
}

/// Asks every paired cloud whose last accepted configuration is older than that, so that keys it
/// announces are known here also while nobody crosses. Gives how many answered.
pub async fn ask_all(cx: &Context, older_than: i64) -> Result<u64> {
    let mut answered = 0;
    for name in &cx.app.registry().pairs {
        let read = cx.app.store().read();
        let row = read.cloud().partner_configurations().find(name).await?;
        let known = row.map_or(i64::MIN, |row| row.issued_at);
        if cx.now.seconds().saturating_sub(known) < older_than {
            continue;
        }
        match keys(cx, name, Purpose::Assertion, None).await {
            Ok(_) => answered += 1,
            Err(error) => {
                tracing::info!(cloud = %name, %error, "a partner was not reached");
                // Nobody waits for this answer: the next request that needs one asks by itself.
                cx.app.partners().change(name, |known| known.failed = None);
            }
        }
    }
    Ok(answered)
}

/// Whether a key of a partner is listed as revoked, as far as is known here without asking.
pub(crate) fn is_revoked(cx: &Context, cloud: &str, kid: &str) -> bool {
    let known = cx.app.partners().find(cloud);
    known.accepted.is_some_and(|c| c.revoked.contains(kid))
}

/// The registry entry of a paired cloud.
pub fn partner<'c>(cx: &'c Context, cloud: &str) -> Result<&'c CloudEntry> {
    let registry = cx.app.registry();
    registry
        .others
        .get(cloud)
        .filter(|c| registry.is_paired(&c.canonical_name))
        .ok_or(Error::NotFound)
}

#[derive(Clone, Copy)]
struct Wanted<'a> {
    purpose: Purpose,
    kid: Option<&'a str>,
}

impl Cached {
    fn set(&self, purpose: Purpose) -> KeySet {
        self.keys.get(&purpose).cloned().unwrap_or_default()
    }

    fn has(&self, wanted: Wanted<'_>) -> bool {
        let kid = wanted.kid;
        kid.is_none_or(|kid| self.set(wanted.purpose).find(kid).is_some())
    }

    fn is_usable(&self, cx: &Context) -> bool {
        cx.now.seconds_since(self.confirmed) < SHUT_SECONDS
            && self.configuration.exp > cx.now.seconds()
    }
}

/// What may be used without asking the partner, or why it is not asked again yet.
fn in_use(cx: &Context, entry: &CloudEntry, wanted: Wanted<'_>) -> Result<Option<Cached>> {
    let known = cx.app.partners().find(&entry.canonical_name);
    let asked_lately = |at: Utc| cx.now.seconds_since(at) < REFETCH_SECONDS;
    if let Some(cached) = known.accepted.filter(|c| c.is_usable(cx)) {
        let is_fresh = cx.now.seconds_since(cached.confirmed) < FRESH_SECONDS;
        let enough = (is_fresh && cached.has(wanted)) || asked_lately(cached.tried);
        return Ok(enough.then_some(cached));
    }
    match known.failed {
        Some((at, error)) if asked_lately(at) => Err(error),
        _ => Ok(None),
    }
}

/// Asks the partner. One that does not answer for a moment is not shut: what it last said holds.
async fn renew(cx: &Context, entry: &CloudEntry) -> Result<Cached> {
    let partners = cx.app.partners();
    let name = &entry.canonical_name;
    let known = partners.find(name);
    match (
        fetch::fetch(cx, entry, known.accepted.as_ref()).await,
        known.accepted,
    ) {
        (Ok(fresh), _) => {
            partners.change(name, |k| {
                k.accepted = Some(fresh.clone());
                k.failed = None;
            });
            Ok(fresh)
        }
        (Err(Error::Upstream { .. }), Some(cached)) if cached.is_usable(cx) => {
            let kept = Cached {
                tried: cx.now,
                ..cached
            };
            partners.change(name, |k| k.accepted = Some(kept.clone()));
            Ok(kept)
        }
        (Err(error), _) => {
            partners.change(name, |k| {
                k.accepted = None;
                k.failed = Some((cx.now, error.clone()));
            });
            Err(error)
        }
    }
}
