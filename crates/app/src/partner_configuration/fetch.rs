//! Fetching a partner's entity configuration: verified by a pinned or announced key, compared with
//! the registry, kept where something was learned.

use std::{collections::BTreeSet, sync::Arc};

use comity_crypto::{Jwk, JwkSet, base64url, thumbprint};
use comity_model::{
    cloud::CloudEntry,
    federation::PartnerConfiguration,
    sign_in::{OauthError, Refusal, Side},
};
use comity_oauth::{
    entity::{self, EntityConfiguration, Expected, ExpectedCloud, Metadata, Purpose, Trust},
    keys::KeySet,
};

use super::{Cached, hosts};
use crate::{
    context::Context,
    error::{Error, Result},
    port::{OutboundMethod, OutboundRequest},
};

/// The most revoked keys of a cloud that are remembered.
const MAX_EVER_REVOKED: usize = 4_096;

/// Fetches, verifies, compares and keeps a partner's configuration.
pub(super) async fn fetch(
    cx: &Context,
    entry: &CloudEntry,
    last: Option<&Cached>,
) -> Result<Cached> {
    let statement = statement(cx, entry).await?;
    let row = cx
        .app
        .store()
        .read()
        .cloud()
        .partner_configurations()
        .find(&entry.canonical_name)
        .await?;
    let mut revoked = row.as_ref().map(|r| r.revoked.clone()).unwrap_or_default();
    let known = Known::of(entry.pinned_key.as_deref(), row.as_ref())?;
    let trust = known.trust(entry, &revoked)?;
    let stored = row.as_ref().map(|r| r.issued_at);
    let expected = Expected {
        entity: &entry.entity,
        trust: &trust,
        last_iat: stored.max(last.map(|c| c.configuration.iat)),
        now: cx.now.seconds(),
    };
    let configuration = entity::verify(&statement, &expected)
        .map_err(|error| refused(entry, &error.to_string()))?;
    let cloud = &configuration.metadata.comity_cloud;
    revoked.extend(cloud.revoked.iter().cloned());
    if revoked.len() > MAX_EVER_REVOKED {
        return Err(refused(
            entry,
            "it has revoked more keys than are remembered",
        ));
    }
    let keys = Purpose::ALL.map(|purpose| (purpose, cloud.keys(purpose, &revoked)));
    let found = Found {
        statement,
        shut: differences(cx, entry, &configuration),
        configuration,
        revoked,
        pinned: known.pinned,
    };
    keep(cx, entry, &found, row.as_ref()).await?;
    if let Some(reason) = found.shut {
        alarm(entry, &reason);
        return Err(refused(entry, "it differs from this cloud's registry"));
    }
    Ok(Cached {
        configuration: Arc::new(found.configuration),
        confirmed: cx.now,
        tried: cx.now,
        keys: keys.into(),
        revoked: found.revoked,
    })
}

/// A configuration that its author has signed.
struct Found {
    statement: String,
    configuration: EntityConfiguration,
    /// Why the pair is shut.
    shut: Option<String>,
    /// With what was revoked before.
    revoked: BTreeSet<String>,
    /// Thumbprint of the key that is pinned.
    pinned: Option<String>,
}

async fn statement(cx: &Context, entry: &CloudEntry) -> Result<String> {
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
    String::from_utf8(response.body).map_err(|_| upstream("its configuration is not text".into()))
}

/// A statement that breaks a rule shuts the pair at once: it is not silence.
fn refused(entry: &CloudEntry, why: &str) -> Error {
    tracing::warn!(cloud = %entry.canonical_name, why, "a partner's configuration is refused");
    Error::Denied {
        refusal: Refusal {
            code: 90_033,
            side: Side::Home,
            error: OauthError::TemporarilyUnavailable,
        },
        message: format!("{}: its configuration is refused: {why}", entry.name),
    }
}

fn alarm(entry: &CloudEntry, reason: &str) {
    tracing::error!(cloud = %entry.canonical_name, reason, "the pair is shut");
}

/// By which keys a cloud is known here.
struct Known {
    keys: JwkSet,
    pinned: Option<String>,
}

impl Known {
    /// The pinned key and those that the last accepted configuration announced. A pin that the
    /// operator has replaced takes with it what was announced under the old one.
    fn of(pin: Option<&str>, row: Option<&PartnerConfiguration>) -> Result<Self> {
        let mut keys: Vec<Jwk> = Vec::new();
        if let Some(pinned) = pin {
            keys.push(serde_json::from_str(pinned).map_err(Error::internal)?);
        }
        let pinned = keys.first().map(thumbprint).transpose();
        let pinned = pinned.map_err(Error::internal)?;
        if let Some(row) = row.filter(|row| row.pinned == pinned) {
            let announced: JwkSet =
                serde_json::from_str(&row.entity_keys).map_err(Error::internal)?;
            for jwk in announced.keys {
                if !keys.iter().any(|key| key.kid == jwk.kid) {
                    keys.push(jwk);
                }
            }
        }
        let keys = JwkSet { keys };
        Ok(Self { keys, pinned })
    }

    /// Those that were never revoked. Without any, as in the dev world, the first configuration
    /// speaks for itself; if all are revoked, only the operators can go on.
    fn trust(&self, entry: &CloudEntry, revoked: &BTreeSet<String>) -> Result<Trust> {
        if self.keys.keys.is_empty() {
            return Ok(Trust::SelfSigned);
        }
        let revoked: Vec<_> = revoked.iter().collect();
        let trusted = KeySet::from_jwks(&self.keys).without(&revoked);
        if trusted.is_empty() {
            return Err(refused(
                entry,
                "every key that it is known by here is revoked: the two operators have to exchange \
                 `comity pair show` again",
            ));
        }
        Ok(Trust::Keys(trusted))
    }
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
    found: &Found,
    row: Option<&PartnerConfiguration>,
) -> Result<()> {
    let configuration = &found.configuration;
    // Only an accepted configuration announces keys, and only under the pin that it came under.
    let before = row.filter(|row| row.pinned == found.pinned);
    let entity_keys = match (&found.shut, before) {
        (Some(_), Some(row)) => row.entity_keys.clone(),
        (Some(_), None) => r#"{"keys":[]}"#.to_owned(),
        (None, _) => serde_json::to_string(&configuration.jwks).map_err(Error::internal)?,
    };
    // What is published anew, above all a revocation, is never taken back by an older statement.
    let same = before.is_some_and(|r| {
        r.entity_keys == entity_keys
            && r.shut == found.shut
            && r.revoked == found.revoked
            && published(&r.statement).is_some_and(|kept| kept == configuration.metadata)
            && configuration.iat - r.issued_at < 3600
    });
    if same {
        return Ok(());
    }
    let row = PartnerConfiguration {
        cloud: entry.canonical_name.clone(),
        statement: found.statement.clone(),
        issued_at: configuration.iat,
        expires_at: configuration.exp,
        entity_keys,
        revoked: found.revoked.clone(),
        pinned: found.pinned.clone(),
        confirmed: cx.now,
        shut: found.shut.clone(),
    };
    let tx = cx.app.store().begin().await?;
    tx.cloud().partner_configurations().upsert(&row).await?;
    tx.commit().await?;
    Ok(())
}

/// What a statement that is kept here published.
fn published(statement: &str) -> Option<Metadata> {
    let claims = base64url::decode(statement.split('.').nth(1)?).ok()?;
    let kept: EntityConfiguration = serde_json::from_slice(&claims).ok()?;
    Some(kept.metadata)
}

#[cfg(test)]
mod tests {
    use comity_crypto::{SigningAlgorithm, SigningKey};
    use comity_model::time::Utc;

    use super::*;

    fn key() -> Jwk {
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let mut jwk = key.public_jwk();
        jwk.kid = Some(key.kid().to_owned());
        jwk
    }

    fn row(pinned: Option<&Jwk>, announced: &Jwk) -> PartnerConfiguration {
        let keys = JwkSet {
            keys: vec![announced.clone()],
        };
        PartnerConfiguration {
            cloud: "there".into(),
            statement: String::new(),
            issued_at: 0,
            expires_at: 0,
            entity_keys: serde_json::to_string(&keys).unwrap(),
            revoked: BTreeSet::new(),
            pinned: pinned.map(|jwk| thumbprint(jwk).unwrap()),
            confirmed: Utc::from_seconds(0),
            shut: None,
        }
    }

    fn known(pin: Option<&Jwk>, row: &PartnerConfiguration) -> Vec<Jwk> {
        let pin = pin.map(|jwk| serde_json::to_string(jwk).unwrap());
        Known::of(pin.as_deref(), Some(row)).unwrap().keys.keys
    }

    #[test]
    fn what_was_announced_under_another_pin_is_forgotten() {
        let [old, new, announced] = [key(), key(), key()];
        let row_of_old = row(Some(&old), &announced);
        assert_eq!(
            known(Some(&old), &row_of_old),
            [old.clone(), announced.clone()]
        );
        assert_eq!(known(Some(&new), &row_of_old), std::slice::from_ref(&new));
        let without = row(None, &announced);
        assert_eq!(known(None, &without), [announced]);
        assert_eq!(known(Some(&new), &without), [new]);
    }
}
