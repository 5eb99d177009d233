//! The `comity` command as an operator starts it: what it refuses to start on, and how it stops
//! (R-34).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use comity_server::{clock::SystemClock, dev::authority, key_file, random::SystemRandom};

const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// A folder with a good configuration in `comity.toml`.
fn installed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let hosts: Vec<String> = ["login", "graph", "portal", "myapps", "device"]
        .iter()
        .map(|site| format!("{site}.andor.localhost"))
        .collect();
    let leaves = [("andor".to_owned(), hosts)].into();
    let tls = folder.path().join("tls");
    let now = comity_app::port::Clock::now(&SystemClock);
    authority::open(&tls, &leaves, now, &SystemRandom).unwrap();
    key_file::create(&folder.path().join("keys"), &SystemRandom).unwrap();
    write(folder.path(), &config(folder.path(), free_port()));
    folder
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn config(folder: &Path, port: u16) -> String {
    let store = folder.join("comity.db");
    format!(
        r#"key_file = "keys"
listen = "127.0.0.1:{port}"
store = {{ url = "sqlite:{}" }}
tls = {{ cert = "tls/andor.pem", key = "tls/andor.key" }}
[cloud]
key = "andor"
canonical_name = "andor.example"
name = "Andor"
hue = 240
initial_domain_suffix = ".tenants.andor.example"
[cloud.hosts]
login = "https://login.andor.localhost:{port}"
graph = "https://graph.andor.localhost:{port}"
portal = "https://portal.andor.localhost:{port}"
myapps = "https://myapps.andor.localhost:{port}"
device = "https://device.andor.localhost:{port}"
"#,
        store.display()
    )
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("comity.toml"), text).unwrap();
}

fn comity(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command
        .args(arguments)
        .arg("--config")
        .arg(folder.join("comity.toml"));
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = comity(folder, arguments).output().unwrap();
    let told = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.success(), told)
}

/// Starts `serve` and returns when it says that it is ready.
fn serve(folder: &Path) -> Child {
    let mut child = comity(folder, &["serve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    child
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn r34_a_server_starts_and_stops_in_order() {
    let folder = installed();
    let (good, told) = run(folder.path(), &["check"]);
    assert!(good, "{told}");
    for name in ["-TERM", "-INT"] {
        let mut child = serve(folder.path());
        signal(&child, name);
        assert!(child.wait().unwrap().success(), "{name}");
    }
}

/// What stands in the way, and what must be said; `check` and `serve` say the same.
#[test]
fn r34_it_refuses_to_start_on() {
    type Harm = (&'static str, fn(&Path), &'static str);
    let harms: [Harm; 9] = [
        (
            "no configuration",
            |f| fs::remove_file(f.join("comity.toml")).unwrap(),
            "cannot read the file",
        ),
        (
            "a key file that others read",
            |f| chmod(&f.join("keys"), 0o644),
            "keys` can be read by others",
        ),
        (
            "an empty key file",
            |f| fs::write(f.join("keys"), "").unwrap(),
            "it holds no key",
        ),
        (
            "a private key that others read",
            |f| chmod(&f.join("tls/andor.key"), 0o640),
            "andor.key` can be read by others",
        ),
        (
            "no certificate",
            |f| fs::remove_file(f.join("tls/andor.pem")).unwrap(),
            "cannot read",
        ),
        (
            "another certificate's key",
            other_key,
            "the key is not that of the certificate",
        ),
        (
            "an unknown key",
            |f| append(f, "colour = 1\n"),
            "`cloud.hosts.colour` is not a key",
        ),
        (
            "itself as a partner",
            |f| append(f, &pair("andor.example")),
            "paired with itself",
        ),
        (
            "a partner twice",
            |f| append(f, &(pair("b.example") + &pair("b.example"))),
            "is paired twice",
        ),
    ];
    for (what, harm, message) in harms {
        let folder = installed();
        harm(folder.path());
        for command in ["check", "serve"] {
            let (started, told) = run(folder.path(), &[command]);
            assert!(
                !started && told.contains(message),
                "{command} with {what}: {told}"
            );
        }
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn append(folder: &Path, text: &str) {
    let path = folder.join("comity.toml");
    let whole = fs::read_to_string(&path).unwrap() + text;
    fs::write(path, whole).unwrap();
}

fn other_key(folder: &Path) {
    let other = installed();
    fs::copy(
        other.path().join("tls/andor.key"),
        folder.join("tls/andor.key"),
    )
    .unwrap();
}

fn pair(name: &str) -> String {
    format!(
        "[[pair]]\ncanonical_name = \"{name}\"\nentity = \"https://login.{name}\"\n\
         issuer_template = \"https://login.{name}/{{tenant}}/v2.0\"\n\
         initial_domain_suffix = \".t.{name}\"\npinned_key = '{KEY}'\n[pair.hosts]\n\
         login = \"login.{name}\"\ngraph = \"graph.{name}\"\nportal = \"portal.{name}\"\n\
         myapps = \"myapps.{name}\"\ndevice = \"device.{name}\"\n"
    )
}

#[test]
fn r34_a_taken_port_is_told() {
    let folder = installed();
    let mut child = serve(folder.path());
    let second = installed();
    let text = fs::read_to_string(folder.path().join("comity.toml")).unwrap();
    write(
        second.path(),
        &text.replace(
            &folder.path().display().to_string(),
            &second.path().display().to_string(),
        ),
    );
    let (started, told) = run(second.path(), &["serve"]);
    signal(&child, "-TERM");
    child.wait().unwrap();
    assert!(!started && told.contains("cannot listen on"), "{told}");
}

#[test]
fn pair_show_prints_an_entry_that_the_other_side_accepts() {
    let (one, two) = (installed(), installed());
    let (shown, entry) = run(one.path(), &["pair", "show"]);
    assert!(shown && entry.starts_with("[[pair]]\n"), "{entry}");
    let text = fs::read_to_string(two.path().join("comity.toml")).unwrap();
    let renamed = text
        .replace("andor.example", "bree.example")
        .replace(".andor.localhost", ".bree.localhost")
        .replace("\"andor\"", "\"bree\"");
    write(two.path(), &(renamed + &entry));
    let (_, told) = run(two.path(), &["check"]);
    // Only the certificate does not fit the new names.
    assert!(
        told.lines().count() == 1 && told.contains("not for the host `login.bree.localhost`"),
        "{told}"
    );
}

/// A second line on top, everything sealed again while the server runs, and the old line taken away.
#[test]
fn v50_the_key_file_is_changed_while_the_server_runs() {
    let folder = installed();
    let folder = folder.path();
    let mut server = serve(folder);
    signal(&server, "-TERM");
    assert!(server.wait().unwrap().success());
    let keys = folder.join("keys");
    let old = fs::read_to_string(&keys).unwrap();
    let fresh = folder.join("fresh");
    key_file::create(&fresh, &SystemRandom).unwrap();
    let fresh = fs::read_to_string(&fresh).unwrap();
    let key = |text: &str| text.lines().nth(1).unwrap().to_owned();
    let (new, former) = (key(&fresh), key(&old));
    fs::write(&keys, old.replace(&former, &format!("{new}\n{former}"))).unwrap();
    let mut server = serve(folder);
    let (good, told) = run(folder, &["keys", "seal-again"]);
    assert!(good && told.contains("signing keys: "), "{told}");
    signal(&server, "-TERM");
    assert!(server.wait().unwrap().success());
    fs::write(&keys, old.replace(&former, &new)).unwrap();
    let mut server = serve(folder);
    let (good, told) = run(folder, &["keys", "seal-again"]);
    assert!(good && !told.contains("sealed again\n"), "{told}");
    signal(&server, "-TERM");
    assert!(server.wait().unwrap().success());
    // With the old line alone it does not start any more.
    fs::write(&keys, &old).unwrap();
    let (good, told) = run(folder, &["keys", "seal-again"]);
    assert!(!good && told.contains("key file"), "{told}");
}
