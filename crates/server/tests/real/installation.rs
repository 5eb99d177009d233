//! One cloud as its operator installs it: a folder with `comity.toml`, keys, certificates and data,
//! and the `comity` command.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use comity_app::port::Clock as _;
use comity_model::cloud::{CloudEntry, Registry};
use comity_server::{
    clock::SystemClock,
    config::Config,
    dev::{
        authority,
        clouds::built_in,
        fill::fill,
        secrets::Secrets,
        seed::{Seed, SeedTenant, seeds},
        world::World,
    },
    random::SystemRandom,
    start::{self, System},
};
use comity_store::{Options, Store};

/// What an operator decides about a cloud.
pub struct Plan {
    pub key: &'static str,
    pub canonical_name: &'static str,
    pub name: &'static str,
    pub suffix: &'static str,
}

/// The commercial cloud, at hosts of this machine.
pub const COMMERCIAL: Plan = Plan {
    key: "commercial",
    canonical_name: "microsoftonline.com",
    name: "Commercial",
    suffix: ".onmicrosoft.com",
};

/// A cloud that is in no data of the product.
pub const ANDOR: Plan = Plan {
    key: "andor",
    canonical_name: "andor.example",
    name: "Free State Andor",
    suffix: ".organizations.andor.example",
};

/// Which engine keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    /// A schema of its own on the server that `TEST_POSTGRES_URL` names.
    Postgres,
}

impl Engine {
    pub fn available() -> Vec<Self> {
        match std::env::var("TEST_POSTGRES_URL") {
            Ok(_) => vec![Self::Sqlite, Self::Postgres],
            Err(_) => vec![Self::Sqlite],
        }
    }
}

/// An installed cloud.
pub struct Installation {
    pub plan: &'static Plan,
    folder: tempfile::TempDir,
    /// The port in its addresses.
    pub port: u16,
    smtp: u16,
    store: String,
    pairs: String,
}

/// A running `comity serve`; it is killed when dropped.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends a signal by its name, as in `-HUP`.
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Installation {
    /// A folder with certificates and a configuration that `comity check` accepts.
    pub async fn new(plan: &'static Plan, engine: Engine, smtp: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = match engine {
            Engine::Sqlite => format!("sqlite:{}", folder.path().join("comity.db").display()),
            Engine::Postgres => schema(plan.key).await,
        };
        let installation = Self {
            plan,
            folder,
            port: free_port(),
            smtp,
            store,
            pairs: String::new(),
        };
        installation.certify();
        installation.configure(installation.port);
        installation
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn store(&self) -> &str {
        &self.store
    }

    pub fn origin(&self, site: &str) -> String {
        format!("https://{site}.{}.localhost:{}", self.plan.key, self.port)
    }

    /// Makes an authority and a certificate for all hosts; again if called again.
    pub fn certify(&self) {
        let tls = self.path("tls");
        let _ = fs::remove_dir_all(&tls);
        let sites = ["login", "graph", "portal", "myapps", "device"];
        let hosts = sites.map(|site| format!("{site}.{}.localhost", self.plan.key));
        let leaves = [("hosts".to_owned(), hosts.to_vec())].into();
        authority::open(&tls, &leaves, SystemClock.now(), &SystemRandom).unwrap();
    }

    pub fn ca_file(&self) -> PathBuf {
        self.path("tls/ca.pem")
    }

    /// Writes the configuration of a process that listens at `port`; its file.
    pub fn configure(&self, port: u16) -> PathBuf {
        let file = if port == self.port {
            self.path("comity.toml")
        } else {
            self.path(&format!("comity-{port}.toml"))
        };
        fs::write(&file, self.text(port)).unwrap();
        // It may hold the password of a store.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    fn text(&self, port: u16) -> String {
        let Plan {
            key,
            canonical_name,
            name,
            suffix,
        } = self.plan;
        let sites = ["login", "graph", "portal", "myapps", "device"];
        let hosts = sites.map(|site| format!("{site} = \"{}\"\n", self.origin(site)));
        format!(
            "key_file = \"keys\"\nlisten = [\"127.0.0.1:{port}\"]\n\n\
             [cloud]\nkey = \"{key}\"\ncanonical_name = \"{canonical_name}\"\nname = \"{name}\"\nhue = 240\n\
             initial_domain_suffix = \"{suffix}\"\nallow_invites_from = \"adminsAndGuestInviters\"\n\
             ca_file = \"tls/ca.pem\"\naddresses = [\"127.0.0.0/8\", \"::1/128\"]\n\n\
             [cloud.hosts]\n{}\n[store]\nurl = \"{}\"\n\n\
             [tls]\ncert = \"tls/hosts.pem\"\nkey = \"tls/hosts.key\"\n\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\
             from = \"invitations@{canonical_name}\"\n\n{}",
            hosts.concat(),
            self.store,
            self.smtp,
            self.pairs
        )
    }

    /// Puts the other operator's entry at the end of the configuration, with what that operator's
    /// private authority and this machine's addresses need.
    pub fn pair(&mut self, entry: &str, ca: &Path) {
        fs::copy(ca, self.path("partner-ca.pem")).unwrap();
        let entry = entry.replace("# ca_file = ", "ca_file = ").replace(
            "# addresses = [\"10.1.0.0/16\"]",
            "addresses = [\"127.0.0.0/8\", \"::1/128\"]",
        );
        assert!(
            entry.contains("\nca_file = \"partner-ca.pem\"") && entry.contains("\naddresses = ")
        );
        self.pairs.push_str(&entry);
        self.configure(self.port);
    }

    /// A `comity` command that ends by itself: whether it succeeded, and what it said.
    pub fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Self::command(arguments, &self.path("comity.toml"))
            .output()
            .unwrap();
        let told =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.success(), told)
    }

    /// Such a command, which must succeed; what it printed.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = Self::command(arguments, &self.path("comity.toml"))
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(arguments: &[&str], config: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
        command.args(arguments).arg("--config").arg(config);
        command
    }

    /// Starts `comity serve` and returns when it says that it is ready. Its log is kept.
    pub fn serve(&self) -> Process {
        self.serve_at(self.port)
    }

    /// The same for a process that listens at `port`, as one of several.
    pub fn serve_at(&self, port: u16) -> Process {
        let mut process = self.spawn(&self.configure(port));
        let mut line = String::new();
        let said = process.0.stdout.as_mut().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{}", self.log());
        process
    }

    /// Starts it and does not wait.
    pub fn begin_serving(&self) -> Process {
        self.spawn(&self.path("comity.toml"))
    }

    fn spawn(&self, config: &Path) -> Process {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut command = Self::command(&["serve"], config);
        Process(command.stdout(Stdio::piped()).stderr(log).spawn().unwrap())
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// `comity tenant create`, then the people and applications that `wanted` has.
    pub async fn populate(&self, wanted: &SeedTenant) -> SeedTenant {
        let admin = format!("operator@{}", wanted.domain);
        let created = [
            "tenant",
            "create",
            "--name",
            &wanted.name,
            "--domain",
            &wanted.domain,
            "--admin",
            &admin,
        ];
        let told = self.must(&created);
        let line = told
            .lines()
            .find_map(|line| line.strip_prefix("tenant ID"))
            .unwrap();
        let tenant = SeedTenant {
            id: line.trim().parse().unwrap(),
            initial_domain: format!("{}{}", wanted.initial_label, self.plan.suffix),
            ..wanted.clone()
        };
        let app = start::configured(&self.config(), &System::default())
            .await
            .unwrap();
        let seed = Seed {
            cloud: self.plan.key.to_owned(),
            tenants: vec![tenant.clone()],
        };
        fill(&app, &seed).await.unwrap();
        app.store().close().await;
        tenant
    }

    fn config(&self) -> Config {
        Config::read(&self.path("comity.toml")).unwrap()
    }

    pub fn entry(&self) -> CloudEntry {
        self.config().registry.own
    }

    /// What a client on this machine needs to know of the cloud.
    pub fn registry(&self) -> Registry {
        self.config().registry
    }
}

/// A tenant of the dev world by its domain, with applications at `port`.
pub fn tenant(domain: &str, port: u16) -> SeedTenant {
    let mut secrets = Secrets::new(None, &SystemRandom);
    let world = World::built_in().unwrap();
    let all = seeds(&built_in(port).unwrap(), &world, port, &mut secrets).unwrap();
    let mut tenants = all.into_iter().flat_map(|seed| seed.tenants);
    tenants.find(|tenant| tenant.domain == domain).unwrap()
}

/// The address of a new schema on the test server.
async fn schema(key: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let micros = SystemClock.now().micros();
    let schema = format!("serve_{key}_{micros}_{number}");
    let url = std::env::var("TEST_POSTGRES_URL").unwrap();
    let options = Options {
        schema: Some(schema.clone()),
        ..Options::default()
    };
    Store::open(&url, options).await.unwrap().close().await;
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options[search_path]={schema}")
}
