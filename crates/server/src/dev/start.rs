//! Starts the dev world: all clouds in one process, each with its own store, keys, certificate and
//! hosts; they meet over HTTPS only.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use comity_app::{
    App, Settings,
    port::{OutboundMethod, OutboundRequest},
};

use super::{
    authority::{self, Certificates, Leaves},
    clouds::{self, DevCloud},
    directory::Directory,
    fill::fill,
    manifest::Manifest,
    secrets::Secrets,
    seed::{Seed, seeds},
    world::World,
};
use crate::{
    key_file::KeyFile,
    listener::{Bound, Transport},
    mailer::folder::FolderMailer,
    process::{Process, Running},
    shutdown::Shutdown,
    site::{self, DevSites},
    start::{self, Parts, System},
    tls::{ClientCertificate, Names},
};

/// How the dev world is started.
#[derive(Debug, Clone)]
pub struct Options {
    pub data: PathBuf,
    /// 0 takes a free one.
    pub port: u16,
    pub content: Content,
    pub start: Start,
}

/// Who lives there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Everybody,
    CloudsOnly,
}

/// From what is there, or from nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Again,
    Reset,
}

/// A dev world that answers.
pub struct DevWorld {
    pub directory: Directory,
    pub manifest: Manifest,
    pub running: Running,
}

/// Everything that is known before a cloud is opened.
struct Plan {
    directory: Directory,
    clouds: Vec<DevCloud>,
    seeds: Vec<Seed>,
    certificates: Certificates,
    leaves: Leaves,
    manifest: Manifest,
}

/// Starts the dev world and returns when every host answers.
pub async fn start(options: &Options, shutdown: &Shutdown) -> anyhow::Result<DevWorld> {
    let system = System::default();
    let directory = Directory::hold(&options.data)?;
    if options.start == Start::Reset {
        directory.reset()?;
    }
    let bound = Bound::loopback(options.port).await?;
    let plan = plan(directory, options.content, bound.port(), &system)?;
    // Before anything is made with the secrets in it, so that a start that is cut off can go on.
    plan.manifest.write(plan.directory.path())?;
    let apps = open(&plan, &system).await?;
    let dev = DevSites {
        mail: plan.directory.mail(),
        seeds: plan.seeds.clone(),
    };
    let process = Process {
        sites: site::sites(&apps, Some(&dev))?,
        transport: Transport::Tls(Arc::new(names(&plan)?)),
        apps: apps.clone(),
        bound,
    };
    let running = process.run(&system, shutdown)?;
    running.ready();
    for app in &apps {
        answers(app).await?;
    }
    Ok(DevWorld {
        directory: plan.directory,
        manifest: plan.manifest,
        running,
    })
}

fn plan(
    directory: Directory,
    content: Content,
    port: u16,
    system: &System,
) -> anyhow::Result<Plan> {
    let clouds = clouds::built_in(port)?;
    let whole = World::built_in()?;
    let leaves = clouds::leaves(&clouds, &whole)?;
    let now = system.clock.now();
    let certificates = authority::open(&directory.tls(), &leaves, now, &*system.random)?;
    let earlier = Manifest::find(directory.path())?;
    let world = match content {
        Content::Everybody => whole,
        Content::CloudsOnly => World::default(),
    };
    let mut secrets = Secrets::new(earlier.as_ref(), &*system.random);
    let seeds = seeds(&clouds, &world, port, &mut secrets)?;
    let entries = clouds.iter().map(|cloud| &cloud.entry);
    let manifest = Manifest::new(&certificates.ca_file, entries.zip(&seeds));
    ensure_same_world(earlier.as_ref(), &manifest)?;
    Ok(Plan {
        directory,
        clouds,
        seeds,
        certificates,
        leaves,
        manifest,
    })
}

/// Issuers, redirect URIs and people are in the stores: a world cannot move or change its people.
fn ensure_same_world(earlier: Option<&Manifest>, now: &Manifest) -> anyhow::Result<()> {
    let Some(earlier) = earlier else {
        return Ok(());
    };
    for (before, after) in earlier.clouds.iter().zip(&now.clouds) {
        anyhow::ensure!(
            before.login == after.login,
            "this dev world was made as `{}`: use the port in it, or `--reset`",
            before.login
        );
        anyhow::ensure!(
            before.tenants.is_empty() == after.tenants.is_empty(),
            "this dev world was made with other people in it: start as before, or use `--reset`"
        );
    }
    Ok(())
}

async fn open(plan: &Plan, system: &System) -> anyhow::Result<Vec<App>> {
    let mut apps = Vec::new();
    for (cloud, seed) in plan.clouds.iter().zip(&plan.seeds) {
        let key = &cloud.entry.key;
        let opened = open_cloud(plan, cloud, system).await;
        let app = opened.with_context(|| format!("cannot start the cloud `{key}`"))?;
        fill(&app, seed).await?;
        apps.push(app);
    }
    Ok(apps)
}

async fn open_cloud(plan: &Plan, cloud: &DevCloud, system: &System) -> anyhow::Result<App> {
    let key = &cloud.entry.key;
    let folder = plan.directory.cloud(key)?;
    let (clock, random) = (Arc::clone(&system.clock), Arc::clone(&system.random));
    let parts = Parts {
        registry: clouds::registry(&plan.clouds, key, &plan.certificates.ca_pem)?,
        store: &format!("sqlite:{}", folder.join("comity.db").display()),
        keys: KeyFile::open(&folder.join("key"), &*random)?,
        mailer: Arc::new(FolderMailer::new(
            &plan.directory.mail(),
            key,
            clock,
            random,
        )?),
        settings: Settings {
            dev_world: true,
            ..Settings::default()
        },
    };
    start::cloud(parts, system).await
}

fn names(plan: &Plan) -> anyhow::Result<Names> {
    let mut names = Names::new()?;
    for (leaf, hosts) in &plan.leaves {
        let identity = plan.certificates.leaves.get(leaf);
        let identity = identity.with_context(|| format!("no certificate for `{leaf}`"))?;
        let ask = match leaf.strip_prefix("device.") {
            Some(_) => ClientCertificate::Asked,
            None => ClientCertificate::NotAsked,
        };
        names.add(hosts, identity, ask)?;
    }
    Ok(names)
}

/// Asks every host of a cloud, over HTTPS as anybody else would.
async fn answers(app: &App) -> anyhow::Result<()> {
    let own = &app.registry().own;
    let hosts = &own.hosts;
    for origin in [
        &hosts.login,
        &hosts.graph,
        &hosts.portal,
        &hosts.myapps,
        &hosts.device,
    ] {
        let request = OutboundRequest {
            cloud: own.canonical_name.clone(),
            method: OutboundMethod::Get,
            url: format!("{origin}/healthz"),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let response = app.outbound().send(request).await?;
        anyhow::ensure!(
            response.status == 200,
            "`{origin}` answers {}",
            response.status
        );
    }
    Ok(())
}
