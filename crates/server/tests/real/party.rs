//! *Expenses*: an application at a host of its own, which knows its cloud by HTTPS only.

use std::{path::Path, sync::Arc};

use comity_app::{App, Settings, port::Random};
use comity_model::cloud::Registry;
use comity_server::{
    dev::{
        authority,
        seed::{Seed, SeedTenant},
    },
    key_file::KeyFile,
    listener::{self, Bound, Transport},
    mailer::nowhere::NoMailer,
    random::SystemRandom,
    readiness::Readiness,
    router::{self, Sites},
    shutdown::{self, Trigger},
    site::relying_party,
    start::{self, Parts, System},
    tls::{ClientCertificate, Names},
};

/// The applications of a tenant; they end when this is dropped.
pub struct Party {
    _running: Trigger,
}

/// Where the applications will be: their port is in the addresses that the tenant registers.
pub async fn address() -> Bound {
    Bound::loopback(0).await.unwrap()
}

impl Party {
    /// Serves the applications of `tenant`, with certificates made in `folder`.
    pub async fn start(
        folder: &Path,
        bound: Bound,
        registry: Registry,
        tenant: &SeedTenant,
    ) -> Self {
        let hosts: Vec<String> = tenant
            .applications
            .iter()
            .map(|application| host(&application.redirect_uris[0]))
            .collect();
        let system = System::default();
        let leaves = [("party".to_owned(), hosts.clone())].into();
        let now = system.clock.now();
        let made = authority::open(&folder.join("party"), &leaves, now, &SystemRandom).unwrap();
        let mut names = Names::new().unwrap();
        names
            .add(&hosts, &made.leaves["party"], ClientCertificate::NotAsked)
            .unwrap();
        let app = client(folder, registry, &system).await;
        let seed = Seed {
            cloud: app.registry().own.key.clone(),
            tenants: vec![tenant.clone()],
        };
        let sites = Sites {
            clouds: Vec::new(),
            others: relying_party::sites(&app, &seed).unwrap(),
        };
        let router =
            router::router(sites, router::Limits::default(), Readiness::ready_now()).unwrap();
        let (trigger, stop) = shutdown::channel();
        let limits = listener::Limits::default();
        let transport = Transport::Tls(Arc::new(names));
        tokio::spawn(listener::serve(bound, transport, router, limits, stop));
        Self { _running: trigger }
    }
}

/// What the application calls its cloud with. Its store and keys are its own and nobody asks them.
async fn client(folder: &Path, registry: Registry, system: &System) -> App {
    let random: &dyn Random = &SystemRandom;
    let parts = Parts {
        registry,
        store: &format!("sqlite:{}", folder.join("party.db").display()),
        keys: KeyFile::open(&folder.join("party.keys"), random).unwrap(),
        mailer: Arc::new(NoMailer),
        settings: Settings::default(),
    };
    start::cloud(parts, system).await.unwrap()
}

fn host(address: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    url.host_str().unwrap().to_owned()
}
