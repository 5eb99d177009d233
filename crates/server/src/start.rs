//! Puts one cloud together: store, keys, egress client, mailer, use cases.

use std::sync::Arc;

use anyhow::Context as _;
use comity_app::{
    App, AppOptions, Error, Settings,
    port::{Clock, Mailer, Random},
};
use comity_model::{cloud::Registry, time::Utc};
use comity_store::Store;

use crate::{
    clock::SystemClock,
    config::Config,
    key_file::KeyFile,
    mailer::{nowhere::NoMailer, smtp::SmtpMailer},
    outbound::{self, HttpsOutbound},
    random::SystemRandom,
};

/// Time and chance of the process.
#[derive(Clone)]
pub struct System {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl Default for System {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        }
    }
}

/// What makes one cloud different from another.
pub struct Parts<'a> {
    pub registry: Registry,
    /// `sqlite:` or `postgres:`.
    pub store: &'a str,
    pub keys: KeyFile,
    pub mailer: Arc<dyn Mailer>,
    pub settings: Settings,
}

/// Seconds by which the clock of this machine and that of the database may differ.
const CLOCKS_DIFFER: i64 = 60;

/// Several processes may serve one cloud, and each compares times that another has written: one
/// whose clock is wrong would admit people too long, or nobody.
async fn check_clock(store: &Store, own: Utc) -> anyhow::Result<()> {
    let Some(database) = store.clock().await? else {
        return Ok(());
    };
    let ahead = own.seconds_since(database);
    anyhow::ensure!(
        ahead.abs() <= CLOCKS_DIFFER,
        "the clock of this machine ({own}) and that of the database ({database}) are {} seconds apart, more than \
         {CLOCKS_DIFFER}: set both by the same time service, then start again",
        ahead.abs()
    );
    Ok(())
}

/// Opens a cloud; fails on a store of a newer version, on a clock that is not the database's, and
/// on keys that the key file does not open.
pub async fn cloud(parts: Parts<'_>, system: &System) -> anyhow::Result<App> {
    let limits = outbound::Limits::default();
    let outbound = HttpsOutbound::new(&parts.registry, Arc::clone(&system.clock), limits)?;
    let store = Store::open(parts.store, comity_store::db::Options::default()).await;
    let store = store.context("cannot open the store")?;
    check_clock(&store, system.clock.now()).await?;
    let options = AppOptions {
        store,
        registry: parts.registry,
        sealer: parts.keys.sealer,
        pepper: parts.keys.pepper,
        outbound: Arc::new(outbound),
        mailer: parts.mailer,
        clock: Arc::clone(&system.clock),
        random: Arc::clone(&system.random),
        settings: parts.settings,
    };
    App::start(options)
        .await
        .map_err(reason)
        .context("cannot open the keys of the cloud")
}

/// Here the operator reads the error, whom an \"internal error\" does not help.
fn reason(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(what) => anyhow::anyhow!(what),
        other => other.into(),
    }
}

/// Whether the store holds keys that were sealed under some key file.
async fn holds_keys(store: &str) -> anyhow::Result<bool> {
    let store = Store::open(store, comity_store::db::Options::default()).await;
    let store = store.context("cannot open the store")?;
    let keys = store.read().cloud().signing_keys().list().await;
    store.close().await;
    Ok(!keys?.is_empty())
}

/// Opens the cloud that an operator has configured. A missing key file is made at the first start,
/// and only then: later another one would open nothing.
pub async fn configured(config: &Config, system: &System) -> anyhow::Result<App> {
    let key_file = config.key_file.display();
    anyhow::ensure!(
        config.key_file.exists() || !holds_keys(config.store.expose()).await?,
        "the key file `{key_file}` is missing, and the store was sealed under it: restore it from your copy"
    );
    let keys = KeyFile::open(&config.key_file, &*system.random)?;
    let mailer: Arc<dyn Mailer> = match &config.smtp {
        Some(smtp) => Arc::new(SmtpMailer::new(
            smtp,
            Arc::clone(&system.clock),
            Arc::clone(&system.random),
        )?),
        None => Arc::new(NoMailer),
    };
    let mail_from = config
        .smtp
        .as_ref()
        .map(|smtp| smtp.from.clone())
        .unwrap_or_default();
    let parts = Parts {
        registry: config.registry.clone(),
        store: config.store.expose(),
        keys,
        mailer,
        settings: Settings {
            mail_from,
            network_per_minute: config
                .network_per_minute
                .unwrap_or(Settings::default().network_per_minute),
            ..Settings::default()
        },
    };
    cloud(parts, system)
        .await
        .with_context(|| format!("with the key file `{key_file}`"))
}

#[cfg(test)]
mod tests {
    use comity_store::{Options, Store};

    use super::check_clock;
    use crate::clock::SystemClock;
    use comity_app::port::Clock as _;

    #[tokio::test]
    async fn a_clock_that_is_not_the_database_s_stops_the_start() {
        let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
            return;
        };
        let options = Options {
            schema: Some(format!("t_clock_{}", std::process::id())),
            connections: 1,
            ..Options::default()
        };
        let store = Store::open(&url, options).await.unwrap();
        let now = SystemClock.now();
        for (seconds, starts) in [
            (0, true),
            (55, true),
            (-55, true),
            (65, false),
            (-65, false),
            (3600, false),
        ] {
            let checked = check_clock(&store, now.plus_seconds(seconds)).await;
            assert_eq!(checked.is_ok(), starts, "{seconds}");
            if let Err(error) = checked {
                let text = error.to_string();
                assert!(text.contains("the same time service"), "{text}");
            }
        }
    }

    #[tokio::test]
    async fn a_file_has_no_clock_of_its_own() {
        let store = Store::memory().await.unwrap();
        let now = SystemClock.now();
        for seconds in [0, 3600, -3600] {
            let checked = check_clock(&store, now.plus_seconds(seconds)).await;
            assert!(checked.is_ok(), "{seconds}");
        }
    }
}
