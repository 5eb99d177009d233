//! The dev world over real sockets: names, certificates, health, restarts.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{net::SocketAddr, path::Path, sync::Arc};

use comity_server::{
    dev::{
        manifest::Manifest,
        start::{Content, DevWorld, Options, Start, start},
    },
    file,
    shutdown::{self, Trigger},
    tls,
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

fn options(data: &Path, port: u16) -> Options {
    Options {
        data: data.to_owned(),
        port,
        content: Content::CloudsOnly,
        start: Start::Again,
    }
}

async fn world(options: &Options) -> anyhow::Result<(DevWorld, Trigger)> {
    let (trigger, shutdown) = shutdown::channel();
    Ok((start(options, &shutdown).await?, trigger))
}

fn port(manifest: &Manifest) -> u16 {
    manifest
        .clouds
        .first()
        .unwrap()
        .login
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// Asks `path` of `host` on a connection made for `name`; the head and body of the answer.
async fn ask(manifest: &Manifest, name: &str, host: &str, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    for certificate in tls::certificates(&std::fs::read(&manifest.ca_file)?).unwrap() {
        roots.add(certificate).unwrap();
    }
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let port = port(manifest);
    let tcp = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn every_host_is_ready_and_serves_only_its_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let (world, trigger) = world(&options(folder.path(), 0)).await.unwrap();
    let ask = async |name: &str, host: &str| ask(&world.manifest, name, host, "/healthz").await;
    for cloud in ["global", "usgov", "china"] {
        for site in ["login", "graph", "portal", "myapps", "device"] {
            let host = format!("{site}.{cloud}.localhost");
            let answer = ask(&host, &host).await.unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 200") && answer.ends_with("ready\n"),
                "{answer}"
            );
            assert!(answer.contains("strict-transport-security: "), "{answer}");
        }
    }
    for (name, host) in [
        ("login.global.localhost", "login.usgov.localhost"),
        ("login.global.localhost", "device.global.localhost"),
        ("device.global.localhost", "login.global.localhost"),
        ("login.usgov.localhost", "evil.example"),
    ] {
        let answer = ask(name, host).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 421"), "{name} {host} {answer}");
    }
    assert!(
        ask("login.moon.localhost", "login.moon.localhost")
            .await
            .is_err()
    );
    trigger.stop();
    world.running.finish().await.unwrap();
}

#[tokio::test]
async fn a_restart_finds_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (first, trigger) = world(&options(folder.path(), 0)).await.unwrap();
    let port = port(&first.manifest);
    let ca = std::fs::read(&first.manifest.ca_file).unwrap();
    let key = folder.path().join("clouds/usgov/key");
    let bytes = std::fs::read(&key).unwrap();
    file::ensure_private(&key).unwrap();
    file::ensure_private(&folder.path().join("world.json")).unwrap();
    assert!(
        world(&options(folder.path(), 0))
            .await
            .is_err_and(|error| error.to_string().contains("another process"))
    );
    trigger.stop();
    first.running.finish().await.unwrap();
    drop(first.directory);

    let (second, trigger) = world(&options(folder.path(), port)).await.unwrap();
    assert_eq!(second.manifest, first.manifest);
    assert_eq!(std::fs::read(&second.manifest.ca_file).unwrap(), ca);
    assert_eq!(std::fs::read(&key).unwrap(), bytes);
    trigger.stop();
    second.running.finish().await.unwrap();
    drop(second.directory);

    // Issuers are in the store: another port would be another world.
    let moved = world(&options(folder.path(), 0)).await;
    assert!(moved.is_err_and(|error| error.to_string().contains("--reset")));
}

#[tokio::test]
async fn each_cloud_has_a_store_and_keys_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (world, trigger) = world(&options(folder.path(), 0)).await.unwrap();
    trigger.stop();
    world.running.finish().await.unwrap();
    let read = |cloud: &str, file: &str| {
        std::fs::read(folder.path().join("clouds").join(cloud).join(file)).unwrap()
    };
    assert_ne!(read("global", "key"), read("usgov", "key"));
    assert_ne!(read("global", "key"), read("china", "key"));
    assert!(!read("china", "comity.db").is_empty());
    let certificates = world.directory.tls();
    let keys: std::collections::BTreeSet<_> = ["global", "usgov", "china", "device.global"]
        .map(|leaf| std::fs::read(certificates.join(format!("{leaf}.key"))).unwrap())
        .into();
    assert_eq!(keys.len(), 4);
}
