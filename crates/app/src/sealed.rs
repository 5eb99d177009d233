//! Sealing everything again under the first line of the key file, while the cloud runs (V-50).
//!
//! What lives for less than an hour stays as it is: sign-ins under way, answers to a repeated
//! refresh, cookies, links to a next page. The old line is needed until then.

use comity_store::sealed::{SealedKind, SealedOwner, SealedValue};

use crate::{
    app::App,
    error::{Error, Result},
    factor, key, lease, mail,
    port::Random,
};

/// Values of one transaction.
const BATCH: i64 = 200;

/// Seals again what is sealed under another key; tells `progress` after every transaction how many
/// of a kind are done. What is done stays done if a later value does not open.
pub async fn seal_again(app: &App, mut progress: impl FnMut(SealedKind, u64)) -> Result<()> {
    for kind in SealedKind::ALL {
        let mut done = 0;
        loop {
            let sealed = batch(app, kind).await?;
            if sealed == 0 {
                break;
            }
            done += sealed;
            progress(kind, done);
        }
    }
    Ok(())
}

/// A transaction of it; how many values were found.
async fn batch(app: &App, kind: SealedKind) -> Result<u64> {
    let key = app.sealer().key_id();
    let read = app.store().read();
    let found = read.cloud().sealed_otherwise(kind, key, BATCH).await?;
    let mut again = Vec::with_capacity(found.len());
    for value in found {
        let sealed = again_of(app, kind, &value)?;
        again.push((value, sealed));
    }
    let tx = app.store().begin().await?;
    let mut count = 0;
    for (value, sealed) in &again {
        tx.cloud().seal_again(value, sealed).await?;
        count += 1;
    }
    tx.commit().await?;
    Ok(count)
}

fn again_of(app: &App, kind: SealedKind, value: &SealedValue) -> Result<Vec<u8>> {
    let (purpose, context) = place(&value.owner);
    let plain = app.sealer().open(purpose, &context, &value.sealed);
    let plain = plain.map_err(|error| {
        Error::Conflict(format!(
            "one of the {} cannot be sealed again: {error}. Put the line that it was sealed under \
             back into the key file, below the first, and run this command again",
            kind.as_str()
        ))
    })?;
    let sealed = app
        .sealer()
        .seal(purpose, &context, &plain, nonce(app.random()));
    Ok(sealed?)
}

fn nonce(random: &dyn Random) -> [u8; 12] {
    let mut nonce = [0; 12];
    random.fill(&mut nonce);
    nonce
}

/// What a value is sealed for.
fn place(owner: &SealedOwner) -> (&'static str, Vec<u8>) {
    match owner {
        SealedOwner::SigningKey { kid, purpose } => {
            (key::SEALED, key::context(*purpose, kid).into_bytes())
        }
        SealedOwner::Factor { tenant, user, .. } => {
            (factor::SEALED, factor::context(*tenant, *user).into_bytes())
        }
        SealedOwner::Lease {
            tenant,
            identity,
            pair,
            ..
        } => {
            let context = lease::context(*tenant, (identity, *pair));
            (lease::SEALED, context.into_bytes())
        }
        SealedOwner::Mail { id } => (mail::SEALED, id.as_bytes().to_vec()),
    }
}
