//! A PostgreSQL cluster for one test run: own folder, own port, own password, gone at the end.
//!
//! `initdb` and the server refuse to run as root, so as root both run as the user `postgres`, or as
//! `nobody` where there is none. A shell stands over the server and reads from us: when we end, for
//! whatever reason, it reads the end of that stream, stops the server and removes the folder.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::package::{install, is_root};
use crate::tree::{Tree, find_program, output};

const GUARD: &str = r#"
trap '' INT TERM HUP
if "$1/pg_ctl" start -w -t 60 -D "$2/data" -l "$2/server.log" -o "$3" </dev/null >/dev/null 2>&1
then echo ready; cat >/dev/null
else echo failed; cat "$2/server.log" 2>/dev/null
fi
"$1/pg_ctl" stop -w -m fast -D "$2/data" </dev/null >/dev/null 2>&1
rm -rf "$2"
"#;

/// A server that tests may use.
#[derive(Debug)]
pub struct Cluster {
    address: String,
    guard: Option<Guard>,
}

/// The shell over our server, and the stream whose end tells it to stop.
#[derive(Debug)]
struct Guard {
    shell: Child,
    stream: Option<ChildStdin>,
}

/// Who the server runs as: nobody in particular, or a user and group.
type Account = Option<(u32, u32)>;

impl Cluster {
    /// A server that somebody else started and will stop.
    pub fn existing(address: String) -> Self {
        Self {
            address,
            guard: None,
        }
    }

    /// Whether it ends with this value.
    pub fn is_ours(&self) -> bool {
        self.guard.is_some()
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes and starts a cluster.
    pub fn start(tree: &Tree) -> Result<Self> {
        let programs = ensure_programs(tree)?;
        let account = account(tree)?;
        let folder = std::env::temp_dir().join(format!("comity-postgres-{}", std::process::id()));
        let password = password()?;
        prepare(&folder, account, &password)?;
        let started = initialize(&programs, &folder, account)
            .and_then(|()| Guard::start(&programs, &folder, account));
        match started {
            Ok((guard, port)) => Ok(Self {
                address: format!("postgres://comity:{password}@127.0.0.1:{port}/postgres"),
                guard: Some(guard),
            }),
            Err(error) => {
                // The guard may have removed it already.
                drop(fs::remove_dir_all(&folder));
                Err(error)
            }
        }
    }
}

impl Guard {
    fn start(programs: &Path, folder: &Path, account: Account) -> Result<(Self, u16)> {
        let port = free_port()?;
        // Many small pools at once, each on a schema of its own. `fsync` stays on: tests kill.
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{}' -c max_connections=400",
            folder.display()
        );
        let mut command = Command::new("sh");
        command
            .args(["-c", GUARD, "sh"])
            .arg(programs)
            .arg(folder)
            .arg(options);
        // A group of its own: an interrupt at the terminal reaches us, not the shell.
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .current_dir("/");
        let mut shell = as_account(command, account)
            .spawn()
            .context("cannot start `sh`")?;
        let stream = shell.stdin.take();
        let mut said = BufReader::new(shell.stdout.take().context("the shell has no output")?);
        let guard = Self { shell, stream };
        let mut first = String::new();
        said.read_line(&mut first)?;
        if first.trim() != "ready" {
            let mut log = String::new();
            said.read_to_string(&mut log)?;
            bail!("the server did not start: {}", log.trim());
        }
        Ok((guard, port))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.stream.take());
        // Nothing can be done about a shell that cannot be waited for.
        drop(self.shell.wait());
    }
}

/// The folder of PostgreSQL's server programs; installs them where that is allowed.
fn ensure_programs(tree: &Tree) -> Result<PathBuf> {
    if let Some(found) = find_programs() {
        return Ok(found);
    }
    install(tree, &["postgresql"])?;
    find_programs().context("`postgresql` was installed but brought no `initdb`")
}

/// Where Debian keeps them (the newest version), else next to the `pg_ctl` of the search path.
fn find_programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    versions.sort();
    let debian = versions.into_iter().rev().map(|(_, folder)| folder);
    let beside = find_program("pg_ctl").and_then(|file| file.canonicalize().ok());
    let beside = beside
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf);
    debian
        .chain(beside)
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

fn account(tree: &Tree) -> Result<Account> {
    if !is_root(tree) {
        return Ok(None);
    }
    for user in ["postgres", "nobody"] {
        let number = |option: &str| {
            let mut id = tree.command("id");
            id.args([option, user]);
            output(id)
                .ok()
                .and_then(|answer| answer.trim().parse::<u32>().ok())
        };
        if let (Some(user), Some(group)) = (number("-u"), number("-g")) {
            return Ok(Some((user, group)));
        }
    }
    bail!("`initdb` refuses root and there is no user `postgres`; create one")
}

fn as_account(mut command: Command, account: Account) -> Command {
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}

/// The folder, readable by the server's user only, with the password in a file.
fn prepare(folder: &Path, account: Account, password: &str) -> Result<()> {
    let shown = folder.display();
    fs::DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder `{shown}`"))?;
    let file = folder.join("password");
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)?
        .write_all(password.as_bytes())?;
    if let Some((user, group)) = account {
        chown(&file, Some(user), Some(group))?;
        chown(folder, Some(user), Some(group))?;
    }
    Ok(())
}

fn initialize(programs: &Path, folder: &Path, account: Account) -> Result<()> {
    let mut command = Command::new(programs.join("initdb"));
    command.arg("-D").arg(folder.join("data"));
    command.arg(format!("--pwfile={}", folder.join("password").display()));
    command.args([
        "-U",
        "comity",
        "--auth=scram-sha-256",
        "-E",
        "UTF8",
        "--locale=C",
    ]);
    let output = as_account(command, account)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .context("cannot start `initdb`")?;
    if !output.status.success() {
        bail!(
            "`initdb` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on the loopback")?;
    Ok(listener.local_addr()?.port())
}

/// 128 bits from the system, so that nobody else on this machine can use the cluster.
fn password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot read `/dev/urandom`")?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    fn port_of(address: &str) -> u16 {
        address
            .rsplit_once(':')
            .unwrap()
            .1
            .split('/')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    }

    #[test]
    fn a_cluster_listens_while_it_is_held_and_leaves_nothing() {
        if find_programs().is_none() {
            println!("no PostgreSQL on this machine");
            return;
        }
        let cluster = Cluster::start(&Tree::open().unwrap()).unwrap();
        let port = port_of(cluster.address());
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        drop(cluster);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
        let folder = std::env::temp_dir().join(format!("comity-postgres-{}", std::process::id()));
        assert!(!folder.exists());
    }

    #[test]
    fn a_server_that_cannot_start_is_an_error_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let none = folder.path().join("none");
        assert!(Guard::start(Path::new("/no-such-folder"), &none, None).is_err());
    }

    #[test]
    fn somebody_elses_server_is_used_as_it_is() {
        let cluster = Cluster::existing("postgres://host/name".to_owned());
        assert_eq!(cluster.address(), "postgres://host/name");
        assert!(!cluster.is_ours());
    }

    #[test]
    fn passwords_differ() {
        assert_eq!(password().unwrap().len(), 32);
        assert_ne!(password().unwrap(), password().unwrap());
    }
}
