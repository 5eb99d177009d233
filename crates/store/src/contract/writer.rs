//! Group commit of the SQLite writer, rule by rule (`sqlite/writer.rs`).

use super::{cancel_at_once, read, sqlite, write};
use crate::{Error, Store, value::values};

const INSERT: &str = "INSERT INTO scratch (id, word) VALUES ($1, $2)";

async fn ids(store: &Store) -> Vec<i64> {
    let rows = read(store, "SELECT id FROM scratch ORDER BY id", vec![]).await;
    rows.iter().map(|row| row.int("id").unwrap()).collect()
}

async fn insert(store: Store, id: i64) -> Result<(), Error> {
    let tx = store.begin().await?;
    write(&tx, INSERT, values![id, format!("w{id}")]).await?;
    tx.commit().await
}

/// Starts writers that all wait for the same lock, in order, and returns it with them.
async fn queue(
    store: &Store,
    count: i64,
) -> (crate::Tx, Vec<tokio::task::JoinHandle<Result<(), Error>>>) {
    let first = store.begin().await.unwrap();
    write(&first, INSERT, values![0, "w0"]).await.unwrap();
    let tasks = (1..=count)
        .map(|id| tokio::spawn(insert(store.clone(), id)))
        .collect();
    // On a current-thread runtime one turn brings every task to the lock.
    tokio::task::yield_now().await;
    (first, tasks)
}

#[tokio::test]
async fn rule_3_those_who_wait_share_one_commit() {
    let store = sqlite().await;
    let (first, tasks) = queue(&store, 20).await;
    let before = store.groups_committed().unwrap();
    first.commit().await.unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(store.groups_committed().unwrap() - before, 1);
    assert_eq!(ids(&store).await, (0..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn rule_3_a_group_is_at_most_64() {
    let store = sqlite().await;
    let (first, tasks) = queue(&store, 100).await;
    first.commit().await.unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(store.groups_committed().unwrap(), 2);
    assert_eq!(ids(&store).await.len(), 101);
}

#[tokio::test]
async fn rule_3_one_writer_commits_alone() {
    let store = sqlite().await;
    for id in 0..3 {
        insert(store.clone(), id).await.unwrap();
    }
    assert_eq!(store.groups_committed().unwrap(), 3);
}

#[tokio::test]
async fn rule_4_nothing_is_acknowledged_before_the_commit() {
    let store = sqlite().await;
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    let holder = tokio::spawn({
        let store = store.clone();
        async move { store.begin().await.unwrap() }
    });
    tokio::task::yield_now().await;
    // The next writer holds the lock, so the group cannot have been committed.
    let commit = tokio::spawn(tx.commit());
    let second = holder.await.unwrap();
    assert!(!commit.is_finished());
    assert_eq!(ids(&store).await, [] as [i64; 0]);
    second.rollback().await;
    commit.await.unwrap().unwrap();
    assert_eq!(ids(&store).await, [1]);
}

#[tokio::test]
async fn rule_4_if_the_commit_fails_every_member_hears_it() {
    let store = sqlite().await;
    let (first, tasks) = queue(&store, 5).await;
    let last = tasks.len();
    // The lock is taken, so this waits behind the five and ahead of the commit.
    let breaker = tokio::spawn({
        let store = store.clone();
        async move { store.fail_next_commit().await }
    });
    tokio::task::yield_now().await;
    let failed = first.commit().await.unwrap_err();
    assert!(matches!(failed, Error::Unavailable(_)), "{failed}");
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap_err(), failed);
    }
    breaker.await.unwrap();
    assert_eq!((ids(&store).await.len(), last), (0, 5));
    insert(store.clone(), 9).await.unwrap();
    assert_eq!(ids(&store).await, [9], "the writer goes on");
}

#[tokio::test]
async fn rule_5_who_gives_up_takes_nobody_with_it() {
    let store = sqlite().await;
    let first = store.begin().await.unwrap();
    write(&first, INSERT, values![1, "one"]).await.unwrap();
    let mut tasks = Vec::new();
    for id in 2..=9 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let tx = store.begin().await.unwrap();
            write(&tx, INSERT, values![id, "word"]).await.unwrap();
            match id % 4 {
                0 => tx.rollback().await,
                1 => drop(tx),
                2 => cancel_at_once(write(&tx, INSERT, values![id + 100, "late"])).await,
                _ => {
                    // A conflict of its own.
                    write(&tx, INSERT, values![1, "one"]).await.unwrap_err();
                    tx.commit().await.unwrap_err();
                }
            }
        }));
    }
    tokio::task::yield_now().await;
    first.commit().await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    insert(store.clone(), 50).await.unwrap();
    assert_eq!(ids(&store).await, [1, 50]);
}

#[tokio::test]
async fn rule_5_a_caller_that_does_not_wait_for_its_commit() {
    let store = sqlite().await;
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    cancel_at_once(tx.commit()).await;
    // Whether it was committed is open; that the next one works is not.
    insert(store.clone(), 2).await.unwrap();
    let found = ids(&store).await;
    assert!(found == [1, 2] || found == [2], "{found:?}");
}

#[tokio::test]
async fn an_abandoned_transaction_does_not_keep_other_processes_out() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let one = Store::open(&url, crate::Options::default()).await.unwrap();
    let two = Store::open(&url, crate::Options::default()).await.unwrap();
    drop(one.begin().await.unwrap());
    two.begin().await.unwrap().commit().await.unwrap();
    one.begin().await.unwrap().rollback().await;
    two.begin().await.unwrap().commit().await.unwrap();
}
