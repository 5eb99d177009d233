//! The product as an operator starts it: the release build of `comity` beside this program.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use comity_demo::{client::Client, manifest::Manifest};
use comity_server::{clock::SystemClock, dev::authority, key_file, random::SystemRandom};

use crate::meter::Stopwatch;

const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_micros(200);

/// `target/release/comity`; this program is `target/release/examples/bench`.
pub fn comity() -> anyhow::Result<Command> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent);
    let program = folder
        .context("this program lies in no folder")?
        .join("comity");
    anyhow::ensure!(
        program.exists(),
        "`{}` is not there: build it with `cargo build --release`",
        program.display()
    );
    Ok(Command::new(program))
}

/// An installation with everything made by its first start.
pub struct Installed {
    folder: tempfile::TempDir,
    kind: Kind,
    /// An address that needs store and keys to answer.
    url: String,
    ca: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `comity serve`: one cloud with one organization.
    OneCloud,
    /// `comity dev`: three clouds with everybody in them.
    ThreeClouds,
}

impl Installed {
    /// Installs, starts once, and stops.
    pub fn new(kind: Kind) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let installed = match kind {
            Kind::OneCloud => Self::one_cloud(folder, port)?,
            Kind::ThreeClouds => Self::three_clouds(folder, port)?,
        };
        installed.start()?.stop()?;
        Ok(installed)
    }

    fn one_cloud(folder: tempfile::TempDir, port: u16) -> anyhow::Result<Self> {
        let at = folder.path();
        let hosts: Vec<String> = ["login", "graph", "portal", "myapps", "device"]
            .iter()
            .map(|site| format!("{site}.andor.localhost"))
            .collect();
        let now = comity_app::port::Clock::now(&SystemClock);
        let leaves = [("andor".to_owned(), hosts)].into();
        authority::open(&at.join("tls"), &leaves, now, &SystemRandom)?;
        key_file::create(&at.join("keys"), &SystemRandom)?;
        std::fs::write(at.join("comity.toml"), configuration(at, port))?;
        let made = comity()?
            .args(["tenant", "create", "--config"])
            .arg(at.join("comity.toml"))
            .args([
                "--name",
                "Andor",
                "--domain",
                "andor.example",
                "--admin",
                "ada@andor.example",
            ])
            .output()?;
        anyhow::ensure!(
            made.status.success(),
            "no organization: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        Ok(Self {
            ca: at.join("tls/ca.pem"),
            url: document(
                &format!("https://login.andor.localhost:{port}"),
                "andor.example",
            ),
            kind: Kind::OneCloud,
            folder,
        })
    }

    fn three_clouds(folder: tempfile::TempDir, port: u16) -> anyhow::Result<Self> {
        let child = dev(folder.path(), port)?.spawn()?;
        let watch = Stopwatch::start();
        let manifest = loop {
            match Manifest::read(&folder.path().join("world.json")) {
                Ok(manifest) => break manifest,
                Err(error) if watch.elapsed() > PATIENCE => return Err(error),
                Err(_) => std::thread::sleep(BETWEEN_TRIES),
            }
        };
        let installed = Self {
            ca: manifest.ca_file.clone(),
            url: document(&manifest.cloud("global")?.login, "contoso.com"),
            kind: Kind::ThreeClouds,
            folder,
        };
        let started = Started { child };
        installed.wait(watch)?;
        started.stop()?;
        Ok(installed)
    }

    /// Starts and waits for the first answer.
    pub fn start(&self) -> anyhow::Result<Started> {
        Ok(self.timed()?.0)
    }

    /// The same, with the seconds from exec to the answer.
    pub fn timed(&self) -> anyhow::Result<(Started, f64)> {
        let at = self.folder.path();
        let mut command = match self.kind {
            Kind::ThreeClouds => dev(at, port_of(&self.url)?)?,
            Kind::OneCloud => {
                let mut command = comity()?;
                command
                    .args(["serve", "--config"])
                    .arg(at.join("comity.toml"));
                command
            }
        };
        quiet(&mut command);
        let watch = Stopwatch::start();
        let started = Started {
            child: command.spawn()?,
        };
        let seconds = self.wait(watch)?;
        Ok((started, seconds))
    }

    fn wait(&self, watch: Stopwatch) -> anyhow::Result<f64> {
        let client = Client::trusting(&self.ca)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        loop {
            let answer = runtime.block_on(client.get(&self.url));
            match answer {
                Ok(answer) if answer.status == 200 => return Ok(watch.seconds()),
                Ok(answer) if watch.elapsed() > PATIENCE => {
                    anyhow::bail!("`{}` answers {}", self.url, answer.status)
                }
                Err(error) if watch.elapsed() > PATIENCE => return Err(error),
                _ => std::thread::sleep(BETWEEN_TRIES),
            }
        }
    }
}

/// A process that answers; killed when dropped.
pub struct Started {
    child: Child,
}

impl Started {
    /// Stops it as an operator would, when it has said `ready`.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let told = self
            .child
            .stdout
            .take()
            .context("its output is read twice")?;
        let mut lines = BufReader::new(told).lines();
        anyhow::ensure!(
            lines.any(|line| line.is_ok_and(|line| line == "ready")),
            "it ended without being ready"
        );
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "it did not stop in order: {status}");
        Ok(())
    }

    /// A size of `/proc/PID/status` in MiB.
    pub fn mebibytes(&self, name: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .and_then(|rest| rest.trim().strip_suffix(" kB"));
        let value: f64 = value.with_context(|| format!("no `{name}`"))?.parse()?;
        Ok(value / 1024.0)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn dev(folder: &Path, port: u16) -> anyhow::Result<Command> {
    let mut command = comity()?;
    command
        .args(["dev", "--port", &port.to_string(), "--data"])
        .arg(folder);
    quiet(&mut command);
    Ok(command)
}

fn quiet(command: &mut Command) {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
}

fn document(login: &str, tenant: &str) -> String {
    format!("{login}/{tenant}/v2.0/.well-known/openid-configuration")
}

fn port_of(url: &str) -> anyhow::Result<u16> {
    url::Url::parse(url)?.port().context("no port")
}

fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

fn configuration(folder: &Path, port: u16) -> String {
    let store = folder.join("comity.db");
    let host = |site: &str| format!("{site} = \"https://{site}.andor.localhost:{port}\"\n");
    let hosts: String = ["login", "graph", "portal", "myapps", "device"]
        .map(host)
        .concat();
    format!(
        "key_file = \"keys\"\nlisten = \"127.0.0.1:{port}\"\n\
         store = {{ url = \"sqlite:{}\" }}\n\
         tls = {{ cert = \"tls/andor.pem\", key = \"tls/andor.key\" }}\n\
         [cloud]\nkey = \"andor\"\ncanonical_name = \"andor.example\"\nname = \"Andor\"\n\
         hue = 240\ninitial_domain_suffix = \".tenants.andor.example\"\n[cloud.hosts]\n{hosts}",
        store.display()
    )
}
