//! The dev world without sockets: the clouds of the product's own data, on either engine.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, body::Body};
use comity_app::{App, AppOptions, Context, Settings};
use comity_crypto::{Sealer, sha256};
use comity_demo::client::{Answer, Ask, Client, Transport};
use comity_model::{cloud::Registry, secret::Secret};
use comity_server::{
    dev::{
        clouds::{self, DevCloud},
        fill,
        manifest::Manifest,
        secrets::Secrets,
        seed::{self, Seed},
        world,
    },
    site,
};
use comity_store::{Options as StoreOptions, Store};
use http::{Request, header};
use tower::ServiceExt as _;

use crate::{
    clock::FakeClock,
    kept,
    outbound::{InProcess, Wire},
    random::SeededRandom,
};

/// Port in the addresses of a world; nobody listens there.
const PORT: u16 = 8443;

/// Which engine keeps the clouds' data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    /// SQLite in files, synced at every commit as in production; to measure with.
    Files,
    /// The server that `TEST_POSTGRES_URL` names, a schema per cloud.
    Postgres,
}

impl Engine {
    /// The engines that can be used here: SQLite always.
    pub fn available() -> Vec<Self> {
        match std::env::var("TEST_POSTGRES_URL") {
            Ok(_) => vec![Self::Sqlite, Self::Postgres],
            Err(_) => vec![Self::Sqlite],
        }
    }
}

/// Several clouds in one process.
pub struct World {
    pub clock: FakeClock,
    pub wire: Wire,
    pub apps: Vec<(String, App)>,
    pub router: Router,
    pub seeds: Vec<Seed>,
    folder: tempfile::TempDir,
    _plug: Plug,
}

/// Unplugs the wire when the world ends, so that its stores are closed.
struct Plug(Wire);

impl Drop for Plug {
    fn drop(&mut self) {
        self.0.disconnect();
    }
}

impl World {
    /// The dev world, freshly filled.
    pub async fn start(engine: Engine) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = FakeClock::default();
        let wire = Wire::default();
        let clouds = clouds::built_in(PORT)?;
        let random = SeededRandom::new(7);
        let mut seeds = seed::seeds(
            &clouds,
            &world::World::built_in()?,
            PORT,
            &mut Secrets::new(None, &random),
        )?;
        kept::give_hashes(&mut seeds);
        let mut apps = Vec::new();
        for (number, cloud) in clouds.iter().enumerate() {
            let app =
                start_cloud(engine, number, cloud, &clouds, &clock, &wire, folder.path()).await?;
            apps.push((cloud.entry.key.clone(), app));
        }
        for (key, app) in &apps {
            if let Some(seed) = seeds.iter().find(|s| s.cloud == *key) {
                fill::fill(app, seed).await?;
                kept::keep(app, seed).await?;
            }
        }
        let all: Vec<App> = apps.iter().map(|(_, app)| app.clone()).collect();
        let router = site::router(&all, &dev_sites(&folder.path().join("mail"), &seeds))?;
        wire.connect(router.clone());
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "in process: no certificate\n")?;
        let entries = clouds.iter().zip(&seeds).map(|(c, s)| (&c.entry, s));
        Manifest::new(&ca, entries).write(folder.path())?;
        Ok(Self {
            clock,
            _plug: Plug(wire.clone()),
            wire,
            apps,
            router,
            seeds,
            folder,
        })
    }

    /// One cloud's application.
    pub fn app(&self, key: &str) -> anyhow::Result<&App> {
        let found = self.apps.iter().find(|(k, _)| k == key);
        found
            .map(|(_, app)| app)
            .with_context(|| format!("no cloud `{key}`"))
    }

    /// Where the data of the clouds lies: the files of [`Engine::Files`], by the number of the
    /// cloud.
    pub fn file(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("{number}.db"))
    }

    /// The schemas of [`Engine::Postgres`], likewise.
    pub fn schema(&self, number: usize) -> String {
        schema(self.folder.path(), number)
    }

    /// `world.json`, as a program would read it.
    pub fn manifest(&self) -> PathBuf {
        self.folder.path().join("world.json")
    }

    /// Delivers the mail that waits.
    pub async fn deliver_mail(&self) -> anyhow::Result<usize> {
        let mut delivered = 0;
        for (_, app) in &self.apps {
            delivered += deliver(app).await?;
        }
        Ok(delivered)
    }

    /// The way of the demo's browser and scripts into this world. Mail is delivered before every
    /// request, as the job would have done meanwhile.
    pub fn transport(&self) -> Transport {
        self.transport_from(Ipv4Addr::LOCALHOST.into())
    }

    /// The same from another address.
    pub fn transport_from(&self, address: IpAddr) -> Transport {
        let (router, apps) = (self.router.clone(), self.apps.clone());
        Transport::new(move |ask| {
            let (router, apps) = (router.clone(), apps.clone());
            Box::pin(async move {
                let answer = exchange(router, ask, address).await;
                for (_, app) in &apps {
                    deliver(app).await?;
                }
                answer
            })
        })
    }

    /// The way to two processes of every cloud: each request goes to the other one than the request
    /// before. They share what the clouds keep, and nothing else.
    pub async fn two_nodes(&self) -> anyhow::Result<Transport> {
        let nodes = [
            Client::through(self.transport()),
            Client::through(self.another_node(|_| {}).await?),
        ];
        let turn = AtomicUsize::new(0);
        Ok(Transport::new(move |ask| {
            let [one, two] = nodes.clone();
            let first = turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            let node = if first { one } else { two };
            Box::pin(async move { node.send(ask).await })
        }))
    }

    /// The way to another process of every cloud, which the operator has tuned otherwise.
    pub async fn another_node(&self, tune: impl Fn(&mut Settings)) -> anyhow::Result<Transport> {
        self.another_node_from(Ipv4Addr::LOCALHOST.into(), tune)
            .await
    }

    /// The same for browsers at that address.
    pub async fn another_node_from(
        &self,
        address: IpAddr,
        tune: impl Fn(&mut Settings),
    ) -> anyhow::Result<Transport> {
        let mut apps = Vec::new();
        for (number, (_, app)) in self.apps.iter().enumerate() {
            let mut settings = app.settings().clone();
            tune(&mut settings);
            let registry = app.registry().clone();
            apps.push(self.twin(number, app, (registry, settings)).await?);
        }
        self.way_to(&apps, address)
    }

    /// The way to another process of every cloud, whose operators have taken all pairs of clouds
    /// out of their registries.
    pub async fn unpaired(&self) -> anyhow::Result<Transport> {
        let mut apps = Vec::new();
        for (number, (_, app)) in self.apps.iter().enumerate() {
            let mut registry = app.registry().clone();
            registry.pairs.clear();
            let settings = app.settings().clone();
            apps.push(self.twin(number, app, (registry, settings)).await?);
        }
        self.way_to(&apps, Ipv4Addr::LOCALHOST.into())
    }

    fn way_to(&self, apps: &[App], address: IpAddr) -> anyhow::Result<Transport> {
        let router = site::router(apps, &dev_sites(&self.mail(), &self.seeds))?;
        Ok(Transport::new(move |ask| {
            Box::pin(exchange(router.clone(), ask, address))
        }))
    }

    /// Another process of a cloud.
    async fn twin(
        &self,
        number: usize,
        app: &App,
        (registry, settings): (Registry, Settings),
    ) -> anyhow::Result<App> {
        let seed = u64::try_from(number).unwrap_or(0) + 500;
        let clock = Arc::new(self.clock.clone());
        let mailer = site::folder_mailer(
            &self.mail(),
            &registry.own.key,
            clock.clone(),
            Arc::new(SeededRandom::new(seed + 1000)),
        )?;
        let options = AppOptions {
            outbound: Arc::new(InProcess {
                registry: registry.clone(),
                wire: self.wire.clone(),
            }),
            registry,
            store: app.store().clone(),
            sealer: app.sealer().clone(),
            pepper: Secret::new(*app.pepper()),
            mailer,
            clock,
            random: Arc::new(SeededRandom::new(seed)),
            settings,
        };
        Ok(App::start(options).await?)
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// The options that play the demo's story here.
    pub fn story(&self) -> comity_demo::Options {
        let (read, wait) = (self.clock.clone(), self.clock.clone());
        let clock = comity_demo::Clock::new(move || {
            let micros = u64::try_from(read.time().micros()).unwrap_or(0);
            std::time::SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
        })
        .with_wait(move |time| wait.forward_micros(i64::try_from(time.as_micros()).unwrap_or(0)));
        let random = SeededRandom::new(11);
        comity_demo::Options {
            manifest: self.manifest(),
            json: false,
            pause: false,
            keep: false,
            clock,
            chance: comity_demo::Chance::new(move |bytes| {
                comity_app::port::Random::fill(&random, bytes);
            }),
            transport: Some(self.transport()),
        }
    }
}

/// The schema of a world's cloud on PostgreSQL.
fn schema(folder: &std::path::Path, number: usize) -> String {
    let unique = folder
        .file_name()
        .map(|n| n.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let name: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("w{name}_{number}")
}

async fn deliver(app: &App) -> anyhow::Result<usize> {
    let cx = Context::new(app, comity_app::Client::default());
    Ok(comity_app::mail::deliver(&cx, &site::letter_writer(app)).await?)
}

fn dev_sites(mail: &std::path::Path, seeds: &[Seed]) -> site::DevSites {
    site::DevSites {
        mail: mail.to_owned(),
        seeds: seeds.to_vec(),
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call; a struct would only repeat the names"
)]
async fn start_cloud(
    engine: Engine,
    number: usize,
    cloud: &DevCloud,
    clouds: &[DevCloud],
    clock: &FakeClock,
    wire: &Wire,
    folder: &std::path::Path,
) -> anyhow::Result<App> {
    let registry = clouds::registry(clouds, &cloud.entry.key, "")?;
    let store = match engine {
        Engine::Sqlite => Store::memory().await?,
        Engine::Files => {
            let file = folder.join(format!("{number}.db"));
            Store::open(
                &format!("sqlite:{}", file.display()),
                StoreOptions::default(),
            )
            .await?
        }
        Engine::Postgres => {
            let url = std::env::var("TEST_POSTGRES_URL").context("TEST_POSTGRES_URL is not set")?;
            let schema = schema(folder, number);
            Store::open(
                &url,
                StoreOptions {
                    schema: Some(schema),
                    connections: 8,
                    ..StoreOptions::default()
                },
            )
            .await?
        }
    };
    kept::give_keys(&store, &cloud.entry.key).await?;
    let key = sha256(cloud.entry.key.as_bytes());
    let mail = folder.join("mail");
    std::fs::create_dir_all(&mail)?;
    let seed = u64::try_from(number).unwrap_or(0) + 100;
    let options = AppOptions {
        registry: registry.clone(),
        store,
        sealer: Sealer::from_key(key),
        pepper: Secret::new(sha256(key)),
        outbound: Arc::new(InProcess {
            registry,
            wire: wire.clone(),
        }),
        mailer: site::folder_mailer(
            &mail,
            &cloud.entry.key,
            Arc::new(clock.clone()),
            Arc::new(SeededRandom::new(seed + 1000)),
        )?,
        clock: Arc::new(clock.clone()),
        random: Arc::new(SeededRandom::new(seed)),
        settings: Settings {
            dev_world: true,
            // The clock of a test stands still: a minute does not end by itself.
            network_per_minute: u32::MAX,
            ..Settings::default()
        },
    };
    Ok(App::start(options).await?)
}

/// One request of the demo's client, answered by the router.
async fn exchange(router: Router, ask: Ask, address: IpAddr) -> anyhow::Result<Answer> {
    let host = ask.url.host_str().context("the URL has no host")?;
    let authority = match ask.url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let target = match ask.url.query() {
        Some(query) => format!("{}?{query}", ask.url.path()),
        None => ask.url.path().to_owned(),
    };
    let mut request = Request::builder()
        .method(ask.method)
        .uri(target)
        .body(Body::from(ask.body))?;
    *request.headers_mut() = ask.headers;
    request
        .headers_mut()
        .insert(header::HOST, authority.parse()?);
    let peer = comity_edge::peer::Peer {
        address,
        server_name: None,
        client_certificate: None,
    };
    request.extensions_mut().insert(peer);
    let response = router.oneshot(request).await?;
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 8 << 20).await?;
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}
