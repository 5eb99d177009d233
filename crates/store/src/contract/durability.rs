//! kill -9: what was acknowledged is there afterwards, on both engines. A child process
//! writes and says each number on its standard output only after `commit` has returned; the parent
//! kills it in the middle and looks. The long run is a test of the whole product.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use super::{postgres_address, read, with_scratch, write};
use crate::{Options, Store, value::values};

const URL: &str = "COMITY_DURABILITY_URL";
const SCHEMA: &str = "COMITY_DURABILITY_SCHEMA";
const WRITERS: i64 = 8;
const KILLS: i64 = 3;

async fn open(url: &str, options: Options) -> Store {
    Store::open_with(url, options, &with_scratch())
        .await
        .unwrap()
}

/// The child: endless, and ignored unless the parent starts it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the tests below"]
async fn child() {
    let Ok(url) = std::env::var(URL) else { return };
    let options = Options {
        schema: std::env::var(SCHEMA).ok(),
        ..Options::default()
    };
    let store = open(&url, options).await;
    let rows = read(
        &store,
        "SELECT COALESCE(MAX(id), 0) AS last FROM scratch",
        vec![],
    )
    .await;
    let start = rows.first().unwrap().int("last").unwrap() + 1;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        tasks.spawn(async move {
            for number in (start + writer..).step_by(usize::try_from(WRITERS).unwrap()) {
                let tx = store.begin().await.unwrap();
                let insert = "INSERT INTO scratch (id, word) VALUES ($1, $2)";
                write(&tx, insert, values![number, format!("w{number}")])
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                println!("ack {number}");
            }
        });
    }
    tasks.join_next().await;
}

/// Runs the child until it has acknowledged `count` writes, kills it, and gives what it said.
fn run_and_kill(url: &str, options: &Options, count: usize) -> Vec<i64> {
    let name = "contract::durability::child";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([name, "--exact", "--ignored", "--nocapture"])
        .env(URL, url);
    if let Some(schema) = &options.schema {
        command.env(SCHEMA, schema);
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
    {
        said.extend(
            line.strip_prefix("ack ")
                .and_then(|n| n.parse::<i64>().ok()),
        );
        if said.len() == count {
            // SIGKILL; what it had written to the pipe is still read.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    said
}

async fn nothing_acknowledged_is_lost(url: &str, options: Options) {
    let mut acknowledged = std::collections::BTreeSet::new();
    for kill in 1..=KILLS {
        let (address, how) = (url.to_owned(), options.clone());
        let count = usize::try_from(kill * 40).unwrap();
        let said = tokio::task::spawn_blocking(move || run_and_kill(&address, &how, count));
        let said = said.await.unwrap();
        assert!(said.len() >= count, "the child ended by itself");
        acknowledged.extend(said);
        let store = open(url, options.clone()).await;
        let rows = read(&store, "SELECT id, word FROM scratch", vec![]).await;
        let mut found = std::collections::BTreeSet::new();
        for row in &rows {
            let id = row.int("id").unwrap();
            assert_eq!(row.text("word").unwrap(), format!("w{id}"));
            found.insert(id);
        }
        let lost: Vec<_> = acknowledged.difference(&found).collect();
        assert!(
            lost.is_empty(),
            "{lost:?} of {} are lost",
            acknowledged.len()
        );
        store.close().await;
    }
}

#[tokio::test]
async fn kill_9_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    nothing_acknowledged_is_lost(&url, Options::default()).await;
}

#[tokio::test]
async fn kill_9_on_postgres() {
    if let Some((url, options)) = postgres_address().await {
        nothing_acknowledged_is_lost(&url, options).await;
    }
}
