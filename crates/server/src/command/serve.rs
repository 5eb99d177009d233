//! `comity serve`: one cloud, one process.
//!
//! SIGHUP reads the certificate again. A file that cannot be used changes nothing and is told in
//! the log.

use std::{path::Path, process::ExitCode, sync::Arc};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    authority::Authority,
    config::{Config, Front, check::read_and_check},
    listener::{Bound, Transport, proxy::Proxies},
    process::Process,
    shutdown::Shutdown,
    site,
    start::{self, System},
    tls::{ClientCertificate, Names, Shown},
};

/// Runs until a signal.
pub fn run(config: &Path) -> anyhow::Result<ExitCode> {
    let config = read_and_check(config)?;
    super::until_signal(async |shutdown| serve(&config, &shutdown).await)?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let system = System::default();
    // Heard from the beginning: unheard, the signal would end the process.
    let asked = signal(SignalKind::hangup())?;
    let (transport, shown) = transport(config)?;
    let app = start::configured(config, &system).await?;
    let process = Process {
        sites: site::sites(std::slice::from_ref(&app), None)?,
        bound: Bound::bind(&config.listen).await?,
        transport,
        apps: vec![app],
    };
    let running = process.run(&system, shutdown)?;
    let renewing = tokio::spawn(renew(config.clone(), shown, asked));
    running.ready();
    println!("ready");
    let finished = running.finish().await;
    renewing.abort();
    finished
}

/// Reads the certificate again whenever the signal comes.
async fn renew(config: Config, shown: Option<Arc<Shown>>, mut asked: Signal) {
    while asked.recv().await.is_some() {
        let renewed = match (&config.front, &shown) {
            (Front::Tls { cert, key }, Some(shown)) => config
                .identity(cert, key)
                .and_then(|identity| shown.replace(&identity)),
            _ => Err(anyhow::anyhow!("a proxy speaks TLS: there is none here")),
        };
        match renewed {
            Ok(()) => tracing::info!("new connections see the certificate that was read now"),
            Err(error) => refused(&error),
        }
    }
}

fn refused(error: &anyhow::Error) {
    tracing::error!(
        error = format!("{error:#}"),
        "the certificate was not read again, the one in use stays: correct the files and send SIGHUP"
    );
}

fn transport(config: &Config) -> anyhow::Result<(Transport, Option<Arc<Shown>>)> {
    let (cert, key) = match &config.front {
        Front::Proxied(networks) => {
            let proxies = Proxies::new(networks.clone());
            return Ok((Transport::Proxied(Arc::new(proxies)), None));
        }
        Front::Tls { cert, key } => (cert, key),
    };
    let shown = Shown::new(&config.identity(cert, key)?)?;
    let hosts = &config.registry.own.hosts;
    let host =
        |origin: &String| Ok::<_, anyhow::Error>(Authority::of_origin(origin)?.host().to_owned());
    let shared = [&hosts.login, &hosts.graph, &hosts.portal, &hosts.myapps]
        .into_iter()
        .map(host)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut names = Names::new()?;
    names.add_shown(&shared, &shown, ClientCertificate::NotAsked)?;
    names.add_shown(&[host(&hosts.device)?], &shown, ClientCertificate::Asked)?;
    Ok((Transport::Tls(Arc::new(names)), Some(shown)))
}
