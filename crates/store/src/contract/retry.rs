//! What PostgreSQL undoes is begun again, at most three times, and only if the caller's reasons
//! still hold (security bar R-29). On SQLite nothing is undone: there is one writer.

use super::{contract, read, sql, write};
use crate::{Error, Store, value::values};

const INSERT: &str = "INSERT INTO scratch (id, state) VALUES ($1, 0)";
const UP: &str = "UPDATE scratch SET state = state + 1 WHERE id = $1";

async fn two_rows(store: &Store) {
    let tx = store.begin().await.unwrap();
    for id in [1, 2] {
        write(&tx, INSERT, values![id]).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn states(store: &Store) -> Vec<i64> {
    read(store, "SELECT state FROM scratch ORDER BY id", vec![])
        .await
        .iter()
        .map(|row| row.int("state").unwrap())
        .collect()
}

/// Raises a serialization failure the first so many times; a sequence counts also what is undone.
async fn failing(store: &Store, times: u8) -> (Result<(), Error>, i64) {
    let tx = store.begin().await.unwrap();
    write(&tx, "CREATE SEQUENCE tries", vec![]).await.unwrap();
    tx.commit().await.unwrap();
    let text = match times {
        3 => {
            "DO $$ BEGIN IF nextval('tries') <= 3 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF; END $$"
        }
        _ => {
            "DO $$ BEGIN IF nextval('tries') <= 4 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF; END $$"
        }
    };
    let tx = store.begin().await.unwrap();
    write(&tx, UP, values![1]).await.unwrap();
    let ran = write(&tx, text, vec![]).await;
    let answer = match ran {
        Ok(_) => tx.commit().await,
        Err(error) => {
            assert_eq!(
                tx.commit().await,
                Err(error.clone()),
                "the first error stays"
            );
            Err(error)
        }
    };
    let rows = read(store, "SELECT last_value AS state FROM tries", vec![]).await;
    (answer, rows.first().unwrap().int("state").unwrap())
}

contract!(r29_three_failures_are_nobodys_business, store, {
    if store.is_sqlite() {
        return;
    }
    two_rows(&store).await;
    assert_eq!(failing(&store, 3).await, (Ok(()), 4));
    assert_eq!(states(&store).await, [1, 0], "written once");
});

contract!(r29_after_the_third_time_the_store_is_unavailable, store, {
    if store.is_sqlite() {
        return;
    }
    two_rows(&store).await;
    let (answer, tries) = failing(&store, 4).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    assert_eq!(tries, 4, "three times again, not more");
    assert_eq!(states(&store).await, [0, 0]);
});

/// Two transactions lock two rows in opposite order. `look` reads what it writes first.
async fn crossed(store: &Store, look: bool) -> [Result<(), Error>; 2] {
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let mut tasks = Vec::new();
    for (first, second) in [(1, 2), (2, 1)] {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.push(tokio::spawn(async move {
            let tx = store.begin().await?;
            if look {
                let text = "UPDATE scratch SET state = state + 1 WHERE id = $1 RETURNING state";
                tx.handle.fetch_all(sql(text), values![first]).await?;
            } else {
                write(&tx, UP, values![first]).await?;
            }
            barrier.wait().await;
            write(&tx, UP, values![second]).await?;
            tx.commit().await
        }));
    }
    let [one, two] = <[_; 2]>::try_from(tasks).unwrap();
    [one.await.unwrap(), two.await.unwrap()]
}

contract!(r29_of_two_that_lock_one_another_both_are_done, store, {
    if store.is_sqlite() {
        return;
    }
    two_rows(&store).await;
    assert_eq!(crossed(&store, false).await, [Ok(()), Ok(())]);
    assert_eq!(states(&store).await, [2, 2], "nothing is lost");
});

contract!(
    r29_what_was_decided_on_something_else_is_not_repeated,
    store,
    {
        if store.is_sqlite() {
            return;
        }
        two_rows(&store).await;
        let ends = crossed(&store, true).await;
        let lost: Vec<_> = ends.iter().filter(|end| end.is_err()).collect();
        assert!(matches!(lost[..], [Err(Error::Unavailable(_))]), "{ends:?}");
        assert_eq!(states(&store).await, [1, 1], "one of them, whole");
    }
);
