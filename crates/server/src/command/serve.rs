//! `comity serve`: one cloud, one process.

use std::{path::Path, process::ExitCode, sync::Arc};

use crate::{
    authority::Authority,
    config::{Config, Front, check::read_and_check},
    listener::{Bound, Transport, proxy::Proxies},
    process::Process,
    shutdown::Shutdown,
    site,
    start::{self, System},
    tls::{ClientCertificate, Identity, Names},
};

/// Runs until a signal.
pub fn run(config: &Path) -> anyhow::Result<ExitCode> {
    let config = read_and_check(config)?;
    super::until_signal(async |shutdown| serve(&config, &shutdown).await)?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let system = System::default();
    let transport = transport(config)?;
    let app = start::configured(config, &system).await?;
    let process = Process {
        sites: site::sites(std::slice::from_ref(&app), None)?,
        bound: Bound::bind(&config.listen).await?,
        transport,
        apps: vec![app],
    };
    let running = process.run(&system, shutdown)?;
    running.ready();
    println!("ready");
    running.finish().await
}

fn transport(config: &Config) -> anyhow::Result<Transport> {
    match &config.front {
        Front::Proxied(networks) => {
            Ok(Transport::Proxied(Arc::new(Proxies::new(networks.clone()))))
        }
        Front::Tls { cert, key } => {
            let identity = Identity::read(cert, key)?;
            let hosts = &config.registry.own.hosts;
            let host = |origin: &String| {
                Ok::<_, anyhow::Error>(Authority::of_origin(origin)?.host().to_owned())
            };
            let shared = [&hosts.login, &hosts.graph, &hosts.portal, &hosts.myapps]
                .into_iter()
                .map(host)
                .collect::<anyhow::Result<Vec<_>>>()?;
            let mut names = Names::new()?;
            names.add(&shared, &identity, ClientCertificate::NotAsked)?;
            names.add(&[host(&hosts.device)?], &identity, ClientCertificate::Asked)?;
            Ok(Transport::Tls(Arc::new(names)))
        }
    }
}
