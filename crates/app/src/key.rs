//! The keys of this cloud: made at first start, sealed at rest, one purpose each, rotated and
//! revoked with overlap (cross-cloud-federation.md §1).

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

use comity_crypto::{Jwk, Sealer, SigningAlgorithm, SigningKey};
use comity_model::{
    signing_key::{KeyPurpose, KeyState, SigningKeyRow},
    time::Utc,
};
use comity_store::{Store, Tx};

use crate::{
    app::App,
    error::{Error, Result},
    port::Random,
};

/// What stored keys are sealed for.
pub(crate) const SEALED: &str = "signing-key";

/// How long a retired key stays: longer than anything it signed lives (24 h entity configurations
/// are the longest), and a key of proofs as long as a lease that is bound to it.
const fn overlap_seconds(purpose: KeyPurpose) -> i64 {
    match purpose {
        KeyPurpose::Dpop => 91 * 24 * 3600,
        _ => 26 * 3600,
    }
}

/// How long an entity key is announced before it signs: partners that are online ask several times
/// in this time ([`crate::partner_configuration::ask_all`]).
const ANNOUNCED_SECONDS: i64 = 24 * 3600;

/// The keys as loaded at one `keys_version`.
#[derive(Default)]
pub struct KeySet {
    version: i64,
    active: BTreeMap<KeyPurpose, SigningKey>,
    published: BTreeMap<KeyPurpose, Vec<Jwk>>,
    verifiers: BTreeMap<KeyPurpose, comity_oauth::keys::KeySet>,
    /// Keys of DPoP proofs by thumbprint, retired ones too: a lease stays bound to its key.
    proof_keys: BTreeMap<String, SigningKey>,
    revoked: Vec<String>,
}

impl KeySet {
    /// The key that signs for a purpose.
    pub fn active(&self, purpose: KeyPurpose) -> Result<&SigningKey> {
        self.active
            .get(&purpose)
            .ok_or_else(|| Error::internal(format!("no active key for {}", purpose.as_str())))
    }

    /// The key of DPoP proofs with that thumbprint, while it is kept.
    pub fn proof_key(&self, thumbprint: &str) -> Option<&SigningKey> {
        self.proof_keys.get(thumbprint)
    }

    /// Public keys to publish for a purpose: next, active and retired ones.
    pub fn published(&self, purpose: KeyPurpose) -> &[Jwk] {
        self.published.get(&purpose).map_or(&[], Vec::as_slice)
    }

    /// The published keys of a purpose, ready to verify.
    pub fn verifiers(&self, purpose: KeyPurpose) -> comity_oauth::keys::KeySet {
        self.verifiers.get(&purpose).cloned().unwrap_or_default()
    }

    /// The published key of that ID, for that purpose only.
    pub fn find(&self, purpose: KeyPurpose, kid: &str) -> Option<&Jwk> {
        self.published(purpose)
            .iter()
            .find(|k| k.kid.as_deref() == Some(kid))
    }

    /// Key IDs that are dead at once.
    pub fn revoked(&self) -> &[String] {
        &self.revoked
    }

    /// The `keys_version` they were loaded at.
    pub const fn version(&self) -> i64 {
        self.version
    }
}

/// The current [`KeySet`], replaced when the stored version moves.
pub struct KeyRing(RwLock<Arc<KeySet>>);

impl KeyRing {
    /// Loads the keys, making those that are missing.
    pub async fn open(
        store: &Store,
        sealer: &Sealer,
        random: &dyn Random,
        now: Utc,
    ) -> Result<Self> {
        let rows = store.read().cloud().signing_keys().list().await?;
        let missing: Vec<_> = KeyPurpose::ALL
            .into_iter()
            .filter(|p| {
                !rows
                    .iter()
                    .any(|r| r.purpose == *p && r.state == KeyState::Active)
            })
            .collect();
        if !missing.is_empty() {
            let tx = store.begin().await?;
            // Another node may have made them while this one waited.
            tx.cloud().signing_keys().lock().await?;
            let there = tx.cloud().signing_keys().list().await?;
            for purpose in missing {
                if there
                    .iter()
                    .any(|r| r.purpose == purpose && r.state == KeyState::Active)
                {
                    continue;
                }
                let row = make(purpose, KeyState::Active, sealer, random, now)?;
                tx.cloud().signing_keys().insert(&row).await?;
            }
            tx.commit().await?;
        }
        let ring = Self(RwLock::new(Arc::default()));
        ring.reload(store, sealer).await?;
        Ok(ring)
    }

    /// The keys as last loaded.
    pub fn current(&self) -> Arc<KeySet> {
        self.0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Loads the keys anew.
    pub async fn reload(&self, store: &Store, sealer: &Sealer) -> Result<()> {
        let version = store.read().cloud().signing_keys().version().await?;
        let rows = store.read().cloud().signing_keys().list().await?;
        let mut set = KeySet {
            version,
            ..KeySet::default()
        };
        for row in rows {
            let jwk: Jwk = serde_json::from_str(&row.public_jwk).map_err(Error::internal)?;
            match row.state {
                KeyState::Revoked => {
                    set.revoked.push(row.kid);
                    continue;
                }
                KeyState::Retired if row.purpose == KeyPurpose::Dpop => {
                    let key = open(&row, sealer)?;
                    set.proof_keys.insert(thumbprint(&key), key);
                }
                KeyState::Active if row.purpose == KeyPurpose::Dpop => {
                    let key = open(&row, sealer)?;
                    set.proof_keys.insert(thumbprint(&key), key.clone());
                    set.active.insert(row.purpose, key);
                }
                KeyState::Active => {
                    set.active.insert(row.purpose, open(&row, sealer)?);
                }
                KeyState::Next | KeyState::Retired => {}
            }
            set.published.entry(row.purpose).or_default().push(jwk);
        }
        let verifiers = set.published.iter().map(|(purpose, keys)| {
            let keys = comity_crypto::JwkSet { keys: keys.clone() };
            (*purpose, comity_oauth::keys::KeySet::from_jwks(&keys))
        });
        set.verifiers = verifiers.collect();
        *self
            .0
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(set);
        Ok(())
    }
}

/// The keys as they are now on every node: one statement when nothing has changed.
pub async fn fresh(cx: &crate::context::Context) -> Result<Arc<KeySet>> {
    let version = cx
        .app
        .store()
        .read()
        .cloud()
        .signing_keys()
        .version()
        .await?;
    if version != cx.app.keys().current().version() {
        cx.app
            .keys()
            .reload(cx.app.store(), cx.app.sealer())
            .await?;
    }
    Ok(cx.app.keys().current())
}

/// Makes the next keys active and announces new ones; what is active stays published. The first
/// call only announces, so that partners learn an entity key before it signs: that takes a day,
/// unless it is to be `at_once`.
/// Returns what happened, a line a purpose.
pub async fn rotate(app: &App, purposes: &[KeyPurpose], at_once: bool) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let tx = app.store().begin().await?;
    tx.cloud().signing_keys().lock().await?;
    let rows = tx.cloud().signing_keys().list().await?;
    for purpose in purposes.iter().copied() {
        let of_purpose = rows.iter().filter(|row| row.purpose == purpose);
        let of_purpose: Vec<_> = of_purpose.collect();
        lines.push(rotate_one(app, &tx, (purpose, &of_purpose), at_once).await?);
    }
    tx.commit().await?;
    Ok(lines)
}

/// [`rotate`] for the keys of one purpose.
async fn rotate_one(
    app: &App,
    tx: &Tx,
    (purpose, rows): (KeyPurpose, &[&SigningKeyRow]),
    at_once: bool,
) -> Result<String> {
    let (now, keys) = (app.now(), tx.cloud().signing_keys());
    let name = purpose.as_str();
    let of = |state| rows.iter().filter(move |row| row.state == state);
    for old in of(KeyState::Retired) {
        if now.seconds_since(old.changed) > overlap_seconds(purpose) {
            keys.delete(&old.kid).await?;
        }
    }
    let Some(next) = of(KeyState::Next).next() else {
        let row = make(purpose, KeyState::Next, app.sealer(), app.random(), now)?;
        keys.insert(&row).await?;
        let when = match purpose {
            KeyPurpose::Entity => "rotate again tomorrow to use it",
            _ => "rotate again to use it",
        };
        return Ok(format!("{name}: `{}` is announced; {when}", row.kid));
    };
    let announced = now.seconds_since(next.created);
    if purpose == KeyPurpose::Entity && announced < ANNOUNCED_SECONDS && !at_once {
        return Ok(format!(
            "{name}: `{}` was announced {} h ago and does not sign yet: partners that have not \
             asked meanwhile would refuse this cloud. Rotate again in {} h, or with `--at-once`",
            next.kid,
            announced / 3600,
            (ANNOUNCED_SECONDS - announced).div_euclid(3600) + 1,
        ));
    }
    for active in of(KeyState::Active) {
        keys.set_state(&active.kid, KeyState::Retired, now).await?;
    }
    keys.set_state(&next.kid, KeyState::Active, now).await?;
    Ok(format!("{name}: `{}` signs from now on", next.kid))
}

/// Revokes a key at once; an active one is replaced in the same transaction.
pub async fn revoke(app: &App, kid: &str) -> Result<Vec<String>> {
    let now = app.now();
    let tx = app.store().begin().await?;
    tx.cloud().signing_keys().lock().await?;
    let rows = tx.cloud().signing_keys().list().await?;
    let row = rows.iter().find(|r| r.kid == kid).ok_or(Error::NotFound)?;
    if row.state == KeyState::Revoked {
        return Err(Error::Conflict(format!(
            "the key `{kid}` is revoked already"
        )));
    }
    let mut lines = vec![format!("{}: `{kid}` is revoked", row.purpose.as_str())];
    tx.cloud()
        .signing_keys()
        .set_state(kid, KeyState::Revoked, now)
        .await?;
    if row.state == KeyState::Active {
        let next = rows
            .iter()
            .find(|r| r.purpose == row.purpose && r.state == KeyState::Next);
        let successor = if let Some(next) = next {
            tx.cloud()
                .signing_keys()
                .set_state(&next.kid, KeyState::Active, now)
                .await?;
            next.kid.clone()
        } else {
            let made = make(
                row.purpose,
                KeyState::Active,
                app.sealer(),
                app.random(),
                now,
            )?;
            tx.cloud().signing_keys().insert(&made).await?;
            made.kid
        };
        lines.push(format!(
            "{}: `{successor}` signs from now on",
            row.purpose.as_str()
        ));
    }
    tx.commit().await?;
    Ok(lines)
}

fn thumbprint(key: &SigningKey) -> String {
    key.public_key().thumbprint().to_owned()
}

fn make(
    purpose: KeyPurpose,
    state: KeyState,
    sealer: &Sealer,
    random: &dyn Random,
    now: Utc,
) -> Result<SigningKeyRow> {
    let algorithm = match purpose {
        KeyPurpose::Token => SigningAlgorithm::Rs256,
        _ => SigningAlgorithm::Es256,
    };
    let key = SigningKey::generate(algorithm)?;
    let mut jwk = key.public_jwk();
    jwk.kid = Some(key.kid().to_owned());
    jwk.alg = Some(algorithm.as_str().to_owned());
    jwk.key_use = Some("sig".into());
    let mut nonce = [0; 12];
    random.fill(&mut nonce);
    let sealed = sealer.seal(
        SEALED,
        context(purpose, key.kid()).as_bytes(),
        &key.to_pkcs8()?,
        nonce,
    )?;
    Ok(SigningKeyRow {
        kid: key.kid().to_owned(),
        purpose,
        algorithm: algorithm.as_str().to_owned(),
        public_jwk: serde_json::to_string(&jwk).map_err(Error::internal)?,
        sealed,
        state,
        created: now,
        changed: now,
    })
}

fn open(row: &SigningKeyRow, sealer: &Sealer) -> Result<SigningKey> {
    let algorithm = SigningAlgorithm::parse(&row.algorithm).map_err(Error::internal)?;
    let der = sealer.open(
        SEALED,
        context(row.purpose, &row.kid).as_bytes(),
        &row.sealed,
    )?;
    Ok(SigningKey::from_pkcs8(algorithm, &der)?)
}

/// A sealed key opens for its own purpose and ID only.
pub(crate) fn context(purpose: KeyPurpose, kid: &str) -> String {
    format!("{}/{kid}", purpose.as_str())
}
