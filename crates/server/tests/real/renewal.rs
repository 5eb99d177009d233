//! What changes under an installation: certificates are renewed without a restart; key files and
//! stores that do not fit are refused, and nothing is changed by the attempt.

use std::{fs, process::Command, time::Duration};

use comity_demo::client::Client;

use crate::installation::{ANDOR, Engine, Installation, Process, tenant};

async fn installed(engine: Engine) -> Installation {
    Installation::new(&ANDOR, engine, 25).await
}

/// A client that trusts the authority of now.
fn client(installation: &Installation) -> Client {
    Client::trusting(&installation.ca_file()).unwrap()
}

async fn answers(client: &Client, installation: &Installation) -> bool {
    let url = format!("{}/healthz", installation.origin("login"));
    client
        .get(&url)
        .await
        .is_ok_and(|answer| answer.status == 200)
}

/// Sends SIGHUP and waits for what the log then says.
async fn renew(process: &Process, installation: &Installation, expected: &str) {
    let before = installation.log().len();
    process.signal("-HUP");
    for _ in 0..500 {
        if installation.log()[before..].contains(expected) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the log does not say `{expected}`: {}", installation.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_without_a_restart() {
    let installation = installed(Engine::Sqlite).await;
    let mut process = installation.serve();
    // A new client each time: one that was here before resumes its session and sees no certificate.
    let copy = installation.path("old.pem");
    fs::copy(installation.ca_file(), &copy).unwrap();
    let old = || Client::trusting(&copy).unwrap();
    let new = || client(&installation);
    assert!(answers(&old(), &installation).await);

    installation.certify();
    // Until the signal comes, nothing is read.
    assert!(answers(&old(), &installation).await);
    assert!(!answers(&new(), &installation).await);
    renew(
        &process,
        &installation,
        "new connections see the certificate",
    )
    .await;
    assert!(answers(&new(), &installation).await);
    assert!(!answers(&old(), &installation).await);
    assert!(process.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn r35_a_certificate_that_cannot_be_used_changes_nothing() {
    type Harm = (&'static str, fn(&Installation), &'static str);
    let harms: [Harm; 4] = [
        (
            "no key",
            |i| fs::remove_file(i.path("tls/hosts.key")).unwrap(),
            "hosts.key",
        ),
        (
            "no certificate",
            |i| fs::write(i.path("tls/hosts.pem"), "x").unwrap(),
            "no certificate in PEM form",
        ),
        (
            "others read the key",
            |i| chmod(i, "tls/hosts.key", "644"),
            "can be read by others",
        ),
        (
            "another key",
            other_key,
            "the key is not that of the certificate",
        ),
    ];
    let installation = installed(Engine::Sqlite).await;
    let process = installation.serve();
    let copy = installation.path("old.pem");
    fs::copy(installation.ca_file(), &copy).unwrap();
    for (what, harm, message) in harms {
        installation.certify();
        harm(&installation);
        renew(
            &process,
            &installation,
            "the certificate was not read again",
        )
        .await;
        let log = installation.log();
        assert!(
            log.lines().last().unwrap().contains(message),
            "{what}: {log}"
        );
        let old = Client::trusting(&copy).unwrap();
        assert!(answers(&old, &installation).await, "{what}");
    }
    installation.certify();
    renew(
        &process,
        &installation,
        "new connections see the certificate",
    )
    .await;
    assert!(answers(&client(&installation), &installation).await);
}

fn chmod(installation: &Installation, file: &str, mode: &str) {
    let status = Command::new("chmod")
        .arg(mode)
        .arg(installation.path(file))
        .status();
    assert!(status.unwrap().success());
}

fn other_key(installation: &Installation) {
    let key = fs::read(installation.path("tls/hosts.key")).unwrap();
    installation.certify();
    fs::write(installation.path("tls/hosts.key"), key).unwrap();
}

/// The commands that open the store.
const OPENING: [&[&str]; 3] = [&["serve"], &["pair", "show"], &["keys", "rotate"]];

fn refused(installation: &Installation, what: &str, words: &[&str]) {
    for command in OPENING {
        let (succeeded, told) = installation.run(command);
        assert!(!succeeded, "{what}: {command:?}");
        for word in words {
            assert!(
                told.contains(word),
                "{what}: {command:?} does not say `{word}`: {told}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v50_keys_at_rest_open_with_their_key_file_only() {
    for engine in Engine::available() {
        let installation = installed(engine).await;
        installation.populate(&tenant("northwind.us", 1)).await;
        let entry = installation.must(&["pair", "show"]);
        let right = fs::read_to_string(installation.path("keys")).unwrap();

        let other = installed(Engine::Sqlite).await;
        other.must(&["pair", "show"]);
        let wrong = fs::read_to_string(other.path("keys")).unwrap();
        fs::write(installation.path("keys"), &wrong).unwrap();
        refused(&installation, "another key file", &["key file", "keys`"]);

        fs::remove_file(installation.path("keys")).unwrap();
        refused(
            &installation,
            "a lost key file",
            &["key file", "keys`", "copy"],
        );
        assert!(
            !installation.path("keys").exists(),
            "a key file was made that opens nothing"
        );

        let first = wrong.lines().find(|line| !line.starts_with('#')).unwrap();
        fs::write(installation.path("keys"), format!("{first}\n{right}")).unwrap();
        chmod(&installation, "keys", "600");
        assert_eq!(
            installation.must(&["pair", "show"]),
            entry,
            "a new key on top of the old one"
        );
    }
}

/// On PostgreSQL, where a program of its own can change the store; that SQLite's is refused by the
/// same lines is a test of the store.
#[tokio::test(flavor = "multi_thread")]
async fn r34_a_store_of_a_newer_program_is_refused() {
    if !Engine::available().contains(&Engine::Postgres) {
        println!("TEST_POSTGRES_URL is not set: nothing is refused");
        return;
    }
    let installation = installed(Engine::Postgres).await;
    installation.must(&["pair", "show"]);
    let (url, schema) = installation
        .store()
        .split_once("?options[search_path]=")
        .unwrap();
    let sql =
        format!("INSERT INTO {schema}.migrations (version, name, mark) VALUES (9999, 'later', 1)");
    let done = Command::new("psql")
        .args([url, "-qc", &sql])
        .status()
        .unwrap();
    assert!(done.success());
    refused(
        &installation,
        "a newer store",
        &["schema version 9999", "use a newer program"],
    );
}
