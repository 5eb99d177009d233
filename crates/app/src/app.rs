//! One cloud at work: everything a use case may reach. Cheap to clone.

use std::sync::Arc;

use comity_crypto::Sealer;
use comity_model::{cloud::Registry, secret::Secret, time::Utc};
use comity_store::Store;
use tokio::sync::Semaphore;

use crate::{
    key::KeyRing,
    lease::Turns,
    partner_configuration::PartnerCache,
    port::{Clock, Mailer, Outbound, Random},
    rate::Rates,
    snapshot::Snapshots,
    throttle,
};

/// What `server` (or the testkit) hands over to start one cloud.
pub struct AppOptions {
    pub registry: Registry,
    pub store: Store,
    pub sealer: Sealer,
    /// Mixed into every password hash; comes from the key file.
    pub pepper: Secret<[u8; 32]>,
    pub outbound: Arc<dyn Outbound>,
    pub mailer: Arc<dyn Mailer>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub settings: Settings,
}

/// What an operator may tune.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Sender of mail, without the name: `invites@{initial domain}` if empty.
    pub mail_from: String,
    pub password: comity_crypto::password::Parameters,
    /// Shows the dev world's pages (`/dev/mail`, *Expenses*).
    pub dev_world: bool,
    /// Bytes that the snapshots of all tenants may use together.
    pub snapshot_bytes: usize,
    /// What one network may cause in a minute before anybody is proven ([`crate::rate`]).
    pub network_per_minute: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mail_from: String::new(),
            password: comity_crypto::password::Parameters::default(),
            dev_world: false,
            snapshot_bytes: 64 * 1024 * 1024,
            network_per_minute: 600,
        }
    }
}

/// One cloud at work.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    options: AppOptions,
    keys: KeyRing,
    snapshots: Snapshots,
    partners: PartnerCache,
    lease_turns: Turns,
    attempts: throttle::Turns,
    hashing: Arc<Semaphore>,
    rates: Rates,
}

impl App {
    /// Opens the cloud: makes missing keys and loads the key ring. Fails if the key file does not
    /// open the keys at rest.
    pub async fn start(options: AppOptions) -> crate::error::Result<Self> {
        let keys = KeyRing::open(
            &options.store,
            &options.sealer,
            &*options.random,
            options.clock.now(),
        )
        .await?;
        let snapshots = Snapshots::new(options.settings.snapshot_bytes);
        Ok(Self(Arc::new(Inner {
            options,
            keys,
            snapshots,
            partners: PartnerCache::default(),
            lease_turns: Turns::default(),
            attempts: throttle::Turns::default(),
            rates: Rates::default(),
            hashing: Arc::new(Semaphore::new(processors())),
        })))
    }

    /// The clouds that the operator has named.
    pub fn registry(&self) -> &Registry {
        &self.0.options.registry
    }

    /// The store of this cloud.
    pub fn store(&self) -> &Store {
        &self.0.options.store
    }

    /// Seals what rests and what travels through a browser.
    pub fn sealer(&self) -> &Sealer {
        &self.0.options.sealer
    }

    /// The password pepper.
    pub fn pepper(&self) -> &[u8; 32] {
        self.0.options.pepper.expose()
    }

    /// The egress client.
    pub fn outbound(&self) -> &dyn Outbound {
        &*self.0.options.outbound
    }

    /// The way out for mail; used by the outbox job only.
    pub fn mailer(&self) -> &dyn Mailer {
        &*self.0.options.mailer
    }

    /// The clock; read once per request.
    pub fn now(&self) -> Utc {
        self.0.options.clock.now()
    }

    /// Chance.
    pub fn random(&self) -> &dyn Random {
        &*self.0.options.random
    }

    /// What the operator tuned.
    pub fn settings(&self) -> &Settings {
        &self.0.options.settings
    }

    /// Our keys.
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// Compiled policies and applications per tenant.
    pub fn snapshots(&self) -> &Snapshots {
        &self.0.snapshots
    }

    /// Renewals of leases under way in this process.
    pub(crate) fn lease_turns(&self) -> &Turns {
        &self.0.lease_turns
    }

    /// Attempts at passwords under way in this process.
    pub(crate) fn attempts(&self) -> &throttle::Turns {
        &self.0.attempts
    }

    /// What networks have caused in this minute.
    pub(crate) fn rates(&self) -> &Rates {
        &self.0.rates
    }

    /// Places for work with passwords in this process.
    pub(crate) fn hashing(&self) -> &Arc<Semaphore> {
        &self.0.hashing
    }

    /// Accepted configurations of partner clouds.
    pub fn partners(&self) -> &PartnerCache {
        &self.0.partners
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
