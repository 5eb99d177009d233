//! `comity keys rotate`, `comity keys revoke` and `comity keys seal-again`. Running processes notice by themselves.

use std::process::ExitCode;

use anyhow::Context as _;
use comity_app::{App, key, sealed};
use comity_model::signing_key::KeyPurpose;

use crate::{
    cli::{Config, Keys},
    config::check::read_and_check,
    start::{self, System},
};

/// Changes keys and prints a line for each that changed.
pub fn run(command: &Keys) -> anyhow::Result<ExitCode> {
    match command {
        Keys::Rotate {
            config,
            purpose,
            at_once,
        } => {
            let purposes = purposes(purpose.as_deref())?;
            with_app(config, async |app: &App| {
                key::rotate(app, &purposes, *at_once).await
            })
        }
        Keys::Revoke { config, kid } => {
            with_app(config, async |app: &App| key::revoke(app, kid).await)
        }
        Keys::SealAgain(config) => seal_again(config),
    }
}

/// The old lines of the key file may go an hour after this has succeeded: nothing else that is
/// sealed lives longer.
fn seal_again(config: &Config) -> anyhow::Result<ExitCode> {
    let config = read_and_check(&config.config)?;
    super::once(async {
        let app = start::configured(&config, &System::default()).await?;
        let result = sealed::seal_again(&app, |kind, done| {
            println!("{}: {done} sealed again", kind.as_str());
        });
        let result = result.await;
        app.store().close().await;
        result.context("not everything was sealed again; what was stays so")?;
        println!(
            "Everything is sealed under the first line of `{}`. An hour from now the lines below it \
             are needed by nobody: the pepper stays.",
            config.key_file.display()
        );
        Ok(ExitCode::SUCCESS)
    })
}

fn with_app(
    config: &Config,
    change: impl AsyncFnOnce(&App) -> comity_app::Result<Vec<String>>,
) -> anyhow::Result<ExitCode> {
    let config = read_and_check(&config.config)?;
    super::once(async {
        let app = start::configured(&config, &System::default()).await?;
        let changed = change(&app).await;
        app.store().close().await;
        for line in changed.context("no key was changed")? {
            println!("{line}");
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn purposes(word: Option<&str>) -> anyhow::Result<Vec<KeyPurpose>> {
    let Some(word) = word else {
        return Ok(KeyPurpose::ALL.to_vec());
    };
    let known = || KeyPurpose::ALL.map(KeyPurpose::as_str).join("`, `");
    let purpose = KeyPurpose::ALL
        .into_iter()
        .find(|purpose| purpose.as_str() == word);
    let purpose =
        purpose.with_context(|| format!("`{word}` is not a purpose: use one of `{}`", known()))?;
    Ok(vec![purpose])
}
