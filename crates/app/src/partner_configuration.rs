//! Entity configurations (cross-cloud-federation.md §1): ours, signed; theirs, fetched, verified
//! by a pinned or announced key, compared with the registry, cached for at most a minute.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use comity_crypto::{Jwk, JwkSet};
use comity_model::{
    cloud::CloudEntry, federation::PartnerConfiguration, signing_key::KeyPurpose, time::Utc,
};
use comity_oauth::{
    entity::{
        self, ComityCloud, EntityConfiguration, Expected, ExpectedCloud, Metadata, Purpose, Trust,
    },
    keys::KeySet,
};

use crate::{
    context::Context,
    error::{Error, Result},
    port::{OutboundMethod, OutboundRequest},
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
pub fn own(cx: &Context) -> Result<String> {
    let registry = cx.app.registry();
    let keys = cx.app.keys().current();
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
            openid_provider: serde_json::Map::new(),
            openid_relying_party: serde_json::Map::new(),
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

/// Accepted configurations in memory, by canonical name.
#[derive(Default)]
pub struct PartnerCache(Mutex<BTreeMap<String, Cached>>);

#[derive(Clone)]
struct Cached {
    configuration: Arc<EntityConfiguration>,
    confirmed: Utc,
    tried: Utc,
    keys: BTreeMap<Purpose, KeySet>,
}

impl PartnerCache {
    fn find(&self, cloud: &str) -> Option<Cached> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(cloud)
            .cloned()
    }

    fn keep(&self, cloud: &str, cached: Cached) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(cloud.to_owned(), cached);
    }

    fn forget(&self, cloud: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(cloud);
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
    let cached = current(cx, entry).await?;
    let known = |c: &Cached| {
        kid.is_none_or(|k| {
            c.keys
                .get(&purpose)
                .is_some_and(|set| set.find(k).is_some())
        })
    };
    if known(&cached) || cx.now.seconds_since(cached.tried) < REFETCH_SECONDS {
        return Ok(cached.keys.get(&purpose).cloned().unwrap_or_default());
    }
    let cached = if let Ok(cached) = fetch(cx, entry).await {
        cached
    } else {
        cx.app.partners().keep(
            cloud,
            Cached {
                tried: cx.now,
                ..cached.clone()
            },
        );
        cached
    };
    Ok(cached.keys.get(&purpose).cloned().unwrap_or_default())
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

async fn current(cx: &Context, entry: &CloudEntry) -> Result<Cached> {
    let cached = cx.app.partners().find(&entry.canonical_name);
    if let Some(cached) = &cached {
        if cx.now.seconds_since(cached.confirmed) < FRESH_SECONDS {
            return Ok(cached.clone());
        }
        if cx.now.seconds_since(cached.tried) < REFETCH_SECONDS && usable(cx, cached) {
            return Ok(cached.clone());
        }
    }
    match (fetch(cx, entry).await, cached) {
        (Ok(fresh), _) => Ok(fresh),
        // A partner that does not answer for a moment is not shut: what it last said holds.
        (Err(Error::Upstream { .. }), Some(cached)) if usable(cx, &cached) => {
            let kept = Cached {
                tried: cx.now,
                ..cached
            };
            cx.app.partners().keep(&entry.canonical_name, kept.clone());
            Ok(kept)
        }
        (Err(error), _) => {
            cx.app.partners().forget(&entry.canonical_name);
            Err(error)
        }
    }
}

fn usable(cx: &Context, cached: &Cached) -> bool {
    cx.now.seconds_since(cached.confirmed) < SHUT_SECONDS
        && cached.configuration.exp > cx.now.seconds()
}

/// Fetches, verifies, compares and keeps a partner's configuration.
#[expect(
    clippy::cognitive_complexity,
    reason = "the log lines count as branches"
)]
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
async fn fetch(cx: &Context, entry: &CloudEntry) -> Result<Cached> {
    let upstream = |reason: String| Error::Upstream {
        cloud: entry.name.clone(),
        reason,
    };
    let request = OutboundRequest {
        cloud: entry.canonical_name.clone(),
        method: OutboundMethod::Get,
        url: format!("{}{}", entry.entity, entity::PATH),
        headers: vec![("accept", entity::MEDIA_TYPE.to_owned())],
        body: Vec::new(),
    };
    let response = cx
        .app
        .outbound()
        .send(request)
        .await
        .map_err(|e| upstream(e.to_string()))?;
    if response.status != 200 {
        return Err(upstream(format!(
            "its configuration answers {}",
            response.status
        )));
    }
    let statement = String::from_utf8(response.body)
        .map_err(|_| upstream("its configuration is not text".into()))?;
    let row = cx
        .app
        .store()
        .read()
        .cloud()
        .partner_configurations()
        .find(&entry.canonical_name)
        .await?;
    let trust = trust(entry, row.as_ref())?;
    let expected = Expected {
        entity: &entry.entity,
        trust: &trust,
        last_iat: row.as_ref().map(|r| r.issued_at),
        now: cx.now.seconds(),
    };
    let configuration = match entity::verify(&statement, &expected) {
        Ok(configuration) => configuration,
        Err(error) => {
            tracing::warn!(cloud = %entry.canonical_name, %error, "a partner's configuration is refused");
            return Err(Error::Denied {
                refusal: comity_model::sign_in::Refusal {
                    code: 90_038,
                    side: comity_model::sign_in::Side::Home,
                    error: comity_model::sign_in::OauthError::TemporarilyUnavailable,
                },
                message: format!("{}: its configuration is refused: {error}", entry.name),
            });
        }
    };
    let shut = differences(cx, entry, &configuration);
    keep(
        cx,
        entry,
        &statement,
        &configuration,
        shut.as_deref(),
        row.as_ref(),
    )
    .await?;
    if let Some(reason) = shut {
        tracing::error!(cloud = %entry.canonical_name, reason, "the pair is shut");
        cx.app.partners().forget(&entry.canonical_name);
        return Err(upstream(
            "what it publishes differs from this cloud's registry".into(),
        ));
    }
    let cloud = &configuration.metadata.comity_cloud;
    let keys = Purpose::ALL
        .into_iter()
        .map(|p| (p, cloud.keys(p)))
        .collect();
    let cached = Cached {
        configuration: Arc::new(configuration),
        confirmed: cx.now,
        tried: cx.now,
        keys,
    };
    cx.app
        .partners()
        .keep(&entry.canonical_name, cached.clone());
    Ok(cached)
}

/// The pinned key and those that the last accepted configuration announced; without a pin, as in
/// the dev world, the first configuration speaks for itself.
fn trust(entry: &CloudEntry, row: Option<&PartnerConfiguration>) -> Result<Trust> {
    let mut jwks: Vec<Jwk> = Vec::new();
    if let Some(pinned) = &entry.pinned_key {
        jwks.push(serde_json::from_str(pinned).map_err(Error::internal)?);
    }
    if let Some(row) = row {
        let announced: JwkSet = serde_json::from_str(&row.entity_keys).map_err(Error::internal)?;
        for jwk in announced.keys {
            if !jwks.iter().any(|j| j.kid == jwk.kid) {
                jwks.push(jwk);
            }
        }
    }
    if jwks.is_empty() {
        return Ok(Trust::SelfSigned);
    }
    Ok(Trust::Keys(KeySet::from_jwks(&JwkSet { keys: jwks })))
}

fn differences(
    cx: &Context,
    entry: &CloudEntry,
    configuration: &EntityConfiguration,
) -> Option<String> {
    let expected = ExpectedCloud {
        canonical_name: entry.canonical_name.clone(),
        issuer_template: entry.issuer_template.clone(),
        hosts: hosts(entry),
        initial_domain_suffix: entry.initial_domain_suffix.clone(),
        paired_with: cx.app.registry().own.canonical_name.clone(),
    };
    let differences = configuration.metadata.comity_cloud.compare(&expected);
    if differences.is_empty() {
        return None;
    }
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    Some(lines.join("; "))
}

/// Writes only when something was learned: the same statement again costs nothing.
async fn keep(
    cx: &Context,
    entry: &CloudEntry,
    statement: &str,
    configuration: &EntityConfiguration,
    shut: Option<&str>,
    row: Option<&PartnerConfiguration>,
) -> Result<()> {
    let entity_keys = serde_json::to_string(&configuration.jwks).map_err(Error::internal)?;
    let same = row.is_some_and(|r| {
        r.entity_keys == entity_keys
            && r.shut.as_deref() == shut
            && configuration.iat - r.issued_at < 3600
    });
    if same {
        return Ok(());
    }
    let row = PartnerConfiguration {
        cloud: entry.canonical_name.clone(),
        statement: statement.to_owned(),
        issued_at: configuration.iat,
        expires_at: configuration.exp,
        entity_keys,
        confirmed: cx.now,
        shut: shut.map(str::to_owned),
    };
    let tx = cx.app.store().begin().await?;
    tx.cloud().partner_configurations().upsert(&row).await?;
    tx.commit().await?;
    Ok(())
}
