//! Fetching a partner's entity configuration: verified by a pinned or announced key, compared with
//! the registry, kept where something was learned.

use std::sync::Arc;

use comity_crypto::{Jwk, JwkSet, base64url};
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
    let trust = trust(entry, row.as_ref())?;
    let stored = row.as_ref().map(|r| r.issued_at);
    let expected = Expected {
        entity: &entry.entity,
        trust: &trust,
        last_iat: stored.max(last.map(|c| c.configuration.iat)),
        now: cx.now.seconds(),
    };
    let configuration = entity::verify(&statement, &expected)
        .map_err(|error| refused(entry, &error.to_string()))?;
    let shut = differences(cx, entry, &configuration);
    keep(
        cx,
        entry,
        (&statement, &configuration),
        shut.as_deref(),
        row.as_ref(),
    )
    .await?;
    if let Some(reason) = shut {
        alarm(entry, &reason);
        return Err(refused(entry, "it differs from this cloud's registry"));
    }
    let cloud = &configuration.metadata.comity_cloud;
    let keys = Purpose::ALL
        .into_iter()
        .map(|p| (p, cloud.keys(p)))
        .collect();
    Ok(Cached {
        configuration: Arc::new(configuration),
        confirmed: cx.now,
        tried: cx.now,
        keys,
    })
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
    (statement, configuration): (&str, &EntityConfiguration),
    shut: Option<&str>,
    row: Option<&PartnerConfiguration>,
) -> Result<()> {
    // Only an accepted configuration announces keys.
    let entity_keys = match (shut, row) {
        (Some(_), Some(row)) => row.entity_keys.clone(),
        (Some(_), None) => r#"{"keys":[]}"#.to_owned(),
        (None, _) => serde_json::to_string(&configuration.jwks).map_err(Error::internal)?,
    };
    // What is published anew, above all a revocation, is never taken back by an older statement.
    let same = row.is_some_and(|r| {
        r.entity_keys == entity_keys
            && r.shut.as_deref() == shut
            && published(&r.statement).is_some_and(|kept| kept == configuration.metadata)
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

/// What a statement that is kept here published.
fn published(statement: &str) -> Option<Metadata> {
    let claims = base64url::decode(statement.split('.').nth(1)?).ok()?;
    let kept: EntityConfiguration = serde_json::from_slice(&claims).ok()?;
    Some(kept.metadata)
}
