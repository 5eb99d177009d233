//! A running process: listener and jobs, from ready to stopped.

use axum::Router;
use comity_app::App;
use tokio::task::{JoinHandle, JoinSet};

use crate::{
    jobs,
    listener::{self, Bound, Transport},
    readiness::Readiness,
    router::{self, Sites},
    shutdown::Shutdown,
    start::System,
    work,
};

/// What a process runs.
pub struct Process {
    pub apps: Vec<App>,
    pub sites: Sites,
    pub bound: Bound,
    pub transport: Transport,
}

/// A process that serves; `finish` lets it end.
pub struct Running {
    served: JoinHandle<anyhow::Result<()>>,
    jobs: JoinSet<()>,
    apps: Vec<App>,
    readiness: Readiness,
    shutdown: Shutdown,
}

impl Process {
    /// Begins to serve. `/healthz` says `ready` after [`Running::ready`].
    pub fn run(self, system: &System, shutdown: &Shutdown) -> anyhow::Result<Running> {
        let readiness = Readiness::default();
        let router = self.router(&readiness)?;
        let limits = listener::Limits::default();
        let serving = listener::serve(self.bound, self.transport, router, limits, shutdown.clone());
        let work = self.apps.iter().flat_map(work::jobs).collect();
        Ok(Running {
            served: tokio::spawn(serving),
            jobs: jobs::spawn(work, &system.random, shutdown),
            apps: self.apps,
            readiness,
            shutdown: shutdown.clone(),
        })
    }

    fn router(&self, readiness: &Readiness) -> anyhow::Result<Router> {
        router::router(
            self.sites.clone(),
            router::Limits::default(),
            readiness.clone(),
        )
    }
}

impl Running {
    /// Everything answers from now on.
    pub fn ready(&self) {
        self.readiness.set_ready();
    }

    /// Waits for the shutdown, then for requests and jobs under way, then closes the stores.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        self.shutdown.wait().await;
        self.readiness.set_stopping();
        let served = self.served.await;
        while self.jobs.join_next().await.is_some() {}
        for app in &self.apps {
            app.store().close().await;
        }
        served?
    }
}
