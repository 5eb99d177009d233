//! `comity pair show`: what the other operator puts into a configuration.

use std::{path::Path, process::ExitCode};

use comity_model::signing_key::KeyPurpose;

use crate::{
    config::{check::read_and_check, pair},
    start::{self, System},
};

/// Prints the entry; the keys are made now if this is the first start.
pub fn run(config: &Path) -> anyhow::Result<ExitCode> {
    let config = read_and_check(config)?;
    super::once(async {
        let app = start::configured(&config, &System::default()).await?;
        let keys = app.keys().current();
        let active = keys.active(KeyPurpose::Entity)?;
        let mut key = active.public_jwk();
        key.kid = Some(active.kid().to_owned());
        print!(
            "{}",
            pair::show(&app.registry().own, &serde_json::to_string(&key)?)
        );
        app.store().close().await;
        Ok(ExitCode::SUCCESS)
    })
}
