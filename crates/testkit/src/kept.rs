//! What is costly and the same in every world of a process: hashes of passwords and signing keys,
//! made by the product for the first world and put into the stores of the others.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use comity_app::App;
use comity_model::{id::Id, signing_key::SigningKeyRow};
use comity_server::dev::seed::Seed;
use comity_store::Store;
use uuid::Uuid;

static HASHES: Mutex<BTreeMap<Uuid, String>> = Mutex::new(BTreeMap::new());
static KEYS: Mutex<BTreeMap<String, Vec<SigningKeyRow>>> = Mutex::new(BTreeMap::new());

/// Gives the people the hashes that are known.
pub fn give_hashes(seeds: &mut [Seed]) {
    let known = HASHES.lock().unwrap_or_else(PoisonError::into_inner);
    let tenants = seeds.iter_mut().flat_map(|seed| &mut seed.tenants);
    for user in tenants.flat_map(|tenant| &mut tenant.users) {
        user.password_hash = known.get(&user.id).cloned();
    }
}

/// Puts a cloud's keys into its empty store, if they are known; they are sealed alike everywhere.
pub async fn give_keys(store: &Store, cloud: &str) -> anyhow::Result<()> {
    let known = KEYS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(cloud)
        .cloned();
    let Some(keys) = known else {
        return Ok(());
    };
    let tx = store.begin().await?;
    for key in &keys {
        tx.cloud().signing_keys().insert(key).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Keeps what the first world made.
pub async fn keep(app: &App, seed: &Seed) -> anyhow::Result<()> {
    let read = app.store().read();
    let mut found = BTreeMap::new();
    for tenant in &seed.tenants {
        let passwords = read.tenant(Id::new(tenant.id)).passwords();
        for user in tenant.users.iter().filter(|u| u.password_hash.is_none()) {
            if let Some(password) = passwords.find(Id::new(user.id)).await? {
                found.insert(user.id, password.hash);
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let keys = read.cloud().signing_keys().list().await?;
    HASHES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(found);
    KEYS.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(seed.cloud.clone())
        .or_insert(keys);
    Ok(())
}
