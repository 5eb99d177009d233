//! Transactions, types, conflicts and the schema, as every table module relies on them.

use comity_model::time::Utc;
use uuid::Uuid;

use super::{SCRATCH, cancel_at_once, contract, postgres_address, read, sql, with_scratch, write};
use crate::{
    Constraint, Error, Options, Store,
    migration::{MIGRATIONS, Migration},
    value::{Value, values},
};

const INSERT: &str = "INSERT INTO scratch (id, word) VALUES ($1, $2)";
const ALL: &str = "SELECT id FROM scratch ORDER BY id";

async fn ids(store: &Store) -> Vec<i64> {
    read(store, ALL, vec![])
        .await
        .iter()
        .map(|row| row.int("id").unwrap())
        .collect()
}

contract!(visible_after_commit_only, store, {
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    assert_eq!(ids(&store).await, [] as [i64; 0]);
    tx.commit().await.unwrap();
    assert_eq!(ids(&store).await, [1]);
    assert_eq!(store.transactions_begun(), 1);
});

contract!(a_transaction_sees_its_own_writes, store, {
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    assert_eq!(
        tx.handle.fetch_all(sql(ALL), vec![]).await.unwrap().len(),
        1
    );
});

contract!(rolled_back_dropped_or_cancelled_is_gone, store, {
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    tx.rollback().await;
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![2, "two"]).await.unwrap();
    drop(tx);
    let tx = store.begin().await.unwrap();
    cancel_at_once(write(&tx, INSERT, values![3, "three"])).await;
    drop(tx);
    cancel_at_once(store.begin()).await;
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![4, "four"]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids(&store).await, [4]);
});

contract!(after_an_error_nothing_more_is_accepted, store, {
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    let first = write(&tx, INSERT, values![1, "again"]).await.unwrap_err();
    assert!(first.is_conflict("scratch_pkey"), "{first}");
    assert_eq!(
        write(&tx, INSERT, values![2, "two"]).await.unwrap_err(),
        first
    );
    assert_eq!(tx.commit().await.unwrap_err(), first);
    assert_eq!(ids(&store).await, [] as [i64; 0]);
});

contract!(conflicts_have_the_same_name_on_both_engines, store, {
    let tx = store.begin().await.unwrap();
    let full = "INSERT INTO scratch (id, word, flag, doc, state) VALUES ($1, $2, $3, $4, $5)";
    let doc = |n: i64| Value::Json(Some(format!("{{\"unique\":\"{n}\"}}")));
    write(&tx, full, values![1, "w", true, doc(1), 0])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let child = "INSERT INTO scratch_child (id, parent) VALUES ($1, $2)";
    let cases = [
        (full, values![1, "x", true, doc(2), 0], "scratch_pkey"),
        (full, values![2, "w", true, doc(2), 0], "scratch_word"),
        (full, values![2, "x", true, doc(1), 0], "scratch_expression"),
        (child, values![1, 77], Constraint::FOREIGN_KEY),
    ];
    for (text, parameters, name) in cases {
        let tx = store.begin().await.unwrap();
        let error = write(&tx, text, parameters).await.unwrap_err();
        assert_eq!(error, Error::Conflict(Constraint::new(name)));
    }
    // Outside of the partial index the same pair is welcome.
    let tx = store.begin().await.unwrap();
    write(&tx, full, values![3, "w", true, doc(3), 9])
        .await
        .unwrap();
    tx.commit().await.unwrap();
});

contract!(a_wrong_statement_is_a_fault_of_the_program, store, {
    let tx = store.begin().await.unwrap();
    let error = write(&tx, "INSERT INTO nowhere (id) VALUES (1)", vec![])
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Database {
                table: "scratch",
                ..
            }
        ),
        "{error}"
    );
    drop(tx);
    let tx = store.begin().await.unwrap();
    let error = write(&tx, INSERT, values![1, "a\0b"]).await.unwrap_err();
    assert!(matches!(error, Error::Database { .. }), "{error}");
    let error = store
        .read()
        .handle
        .execute(sql(INSERT), values![1, "a"])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Database { .. }), "{error}");
});

contract!(types_come_back_as_they_went, store, {
    let guid = Uuid::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
    let insert = "INSERT INTO scratch (id, word, flag, guid, data, doc, at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let doc = r#"{"z": 1, "a":  "Größe 漢字 \u0041"}"#;
    let at = Utc::from_micros(-1_234_567);
    let tx = store.begin().await.unwrap();
    let full = values![
        i64::MAX,
        "Größe 漢字 🦀 ' \" \\ %",
        true,
        guid,
        vec![0_u8, 255, 7],
        Value::Json(Some(doc.to_owned())),
        at
    ];
    write(&tx, insert, full).await.unwrap();
    let empty = values![
        i64::MIN,
        None::<&str>,
        None::<bool>,
        None::<Uuid>,
        None::<Vec<u8>>,
        Value::Json(None),
        None::<Utc>
    ];
    write(&tx, insert, empty).await.unwrap();
    tx.commit().await.unwrap();

    let rows = read(&store, "SELECT * FROM scratch ORDER BY id DESC", vec![]).await;
    let [full, empty] = rows.as_slice() else {
        panic!("two rows")
    };
    assert_eq!(full.int("id").unwrap(), i64::MAX);
    assert_eq!(full.text("word").unwrap(), "Größe 漢字 🦀 ' \" \\ %");
    assert!(full.bool("flag").unwrap());
    assert_eq!(full.uuid("guid").unwrap(), guid);
    assert_eq!(full.bytes("data").unwrap(), [0, 255, 7]);
    assert_eq!(full.opt_json_text("doc").unwrap().as_deref(), Some(doc));
    assert_eq!(full.time("at").unwrap(), at);
    assert_eq!(empty.int("id").unwrap(), i64::MIN);
    assert_eq!(empty.opt_text("word").unwrap(), None);
    assert_eq!(empty.opt_bool("flag").unwrap(), None);
    assert_eq!(empty.opt_uuid("guid").unwrap(), None);
    assert_eq!(empty.opt_bytes("data").unwrap(), None);
    assert_eq!(empty.opt_json_text("doc").unwrap(), None);
    assert_eq!(empty.opt_time("at").unwrap(), None);
});

contract!(what_cannot_be_read_names_its_place, store, {
    let tx = store.begin().await.unwrap();
    let insert = "INSERT INTO scratch (id, word, doc) VALUES (1, 'x', $1)";
    write(&tx, insert, values![Value::Json(Some("[1]".into()))])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let rows = read(
        &store,
        "SELECT guid AS id, word, doc, flag FROM scratch",
        vec![],
    )
    .await;
    let row = rows.first().unwrap();
    let corrupt = |column: &str| Error::Corrupt {
        table: "scratch",
        column: column.to_owned(),
        id: String::new(),
    };
    assert_eq!(
        row.bool("flag").unwrap_err(),
        corrupt("flag"),
        "NULL where there is none"
    );
    assert_eq!(
        row.int("word").unwrap_err(),
        corrupt("word"),
        "another type"
    );
    assert_eq!(
        row.text("gone").unwrap_err(),
        corrupt("gone"),
        "no such column"
    );
    assert_eq!(
        row.json::<String>("doc").unwrap_err(),
        corrupt("doc"),
        "another shape"
    );
    assert_eq!(
        row.word("word", |_| None::<()>).unwrap_err(),
        corrupt("word"),
        "unknown word"
    );
});

contract!(text_is_ordered_by_its_bytes, store, {
    let tx = store.begin().await.unwrap();
    for (id, word) in (0..).zip(["b", "B", "ä", "a", "_", "ab", "Z"]) {
        write(&tx, INSERT, values![id, word]).await.unwrap();
    }
    write(&tx, INSERT, values![100, None::<&str>])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let order = "SELECT word FROM scratch ORDER BY word NULLS LAST";
    let words: Vec<_> = read(&store, order, vec![])
        .await
        .iter()
        .map(|row| row.opt_text("word").unwrap().unwrap_or_default())
        .collect();
    assert_eq!(words, ["B", "Z", "_", "a", "ab", "b", "ä", ""]);
});

contract!(a_snapshot_agrees_with_itself, store, {
    let snapshot = store.snapshot().await.unwrap();
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        snapshot
            .handle
            .fetch_all(sql(ALL), vec![])
            .await
            .unwrap()
            .len(),
        0
    );
    assert_eq!(ids(&store).await, [1]);
    snapshot.end().await;
    drop(store.snapshot().await.unwrap());
    assert_eq!(ids(&store).await, [1]);
});

contract!(of_many_writers_exactly_one_wins, store, {
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "code"]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 1..=32_i64 {
        let store = store.clone();
        tasks.spawn(async move {
            let tx = store.begin().await.unwrap();
            let once = "UPDATE scratch SET state = $1 WHERE id = 1 AND state = 0";
            let won = write(&tx, once, values![number]).await.unwrap() == 1;
            tx.commit().await.unwrap();
            won.then_some(number)
        });
    }
    let winners: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    let rows = read(&store, "SELECT state FROM scratch", vec![]).await;
    assert_eq!(winners, [rows.first().unwrap().int("state").unwrap()]);
});

contract!(counting_up_loses_nothing, store, {
    let mut tasks = tokio::task::JoinSet::new();
    let up = "INSERT INTO scratch (id, state) VALUES (1, 1) \
              ON CONFLICT (id) DO UPDATE SET state = scratch.state + 1 RETURNING state";
    for _ in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            let tx = store.begin().await.unwrap();
            let row = tx
                .handle
                .fetch_optional(sql(up), vec![])
                .await
                .unwrap()
                .unwrap();
            tx.commit().await.unwrap();
            row.int("state").unwrap()
        });
    }
    let mut seen = tasks.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=32).collect::<Vec<i64>>());
});

contract!(every_statement_is_accepted, store, {
    for statement in crate::statement::all() {
        if let Err(error) = store.prepare(statement.text).await {
            panic!("{}: {error}\n{}", statement.table, statement.text);
        }
    }
});

contract!(a_closed_store_says_so, store, {
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    assert!(matches!(
        store.begin().await.err(),
        Some(Error::Unavailable(_))
    ));
    let read = store.read().handle.fetch_all(sql(ALL), vec![]).await;
    assert!(matches!(read.err(), Some(Error::Unavailable(_))));
});

async fn newer_is_refused(url: &str, options: Options) {
    let newer = [
        &with_scratch()[..],
        &[Migration {
            version: 9001,
            name: "9001_new",
            sql: "",
        }],
    ];
    let store = Store::open_with(url, options.clone(), &newer.concat())
        .await
        .unwrap();
    let tx = store.begin().await.unwrap();
    write(&tx, INSERT, values![1, "one"]).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let refused = Store::open(url, options.clone()).await.err();
    let known = MIGRATIONS.last().map_or(0, |m| m.version);
    assert_eq!(refused, Some(Error::NewerSchema { found: 9001, known }));

    let edited = [
        MIGRATIONS,
        &[Migration {
            sql: "SELECT 1",
            ..SCRATCH
        }],
    ]
    .concat();
    let edited = [
        &edited[..],
        &[Migration {
            version: 9001,
            name: "9001_new",
            sql: "",
        }],
    ]
    .concat();
    let refused = Store::open_with(url, options.clone(), &edited).await.err();
    assert_eq!(
        refused,
        Some(Error::ForeignSchema {
            name: SCRATCH.name.to_owned()
        })
    );

    let store = Store::open_with(url, options, &newer.concat())
        .await
        .unwrap();
    assert_eq!(ids(&store).await, [1], "refusing touched nothing");
}

#[tokio::test]
async fn a_newer_schema_is_refused_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    newer_is_refused(&url, Options::default()).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_on_postgres() {
    if let Some((url, options)) = postgres_address().await {
        newer_is_refused(&url, options).await;
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let broken = Migration {
        sql: "CREATE TABLE half (id {int}); CREATE TABLE (;",
        ..SCRATCH
    };
    let list = [MIGRATIONS, &[broken]].concat();
    assert!(
        Store::open_with(&url, Options::default(), &list)
            .await
            .is_err()
    );
    let whole = Migration {
        sql: "CREATE TABLE half (id {int});",
        ..SCRATCH
    };
    let list = [MIGRATIONS, &[whole]].concat();
    assert!(
        Store::open_with(&url, Options::default(), &list)
            .await
            .is_ok()
    );
}

/// SQLite reports columns, not names: two unique indexes over the same columns would be one, and
/// an unnamed one has no name to report.
#[tokio::test]
async fn unique_indexes_are_named_and_distinct() {
    let store = Store::memory().await.unwrap();
    let query = "SELECT m.name AS t, l.name AS i, l.origin AS o, \
        (SELECT group_concat(c.name, ',') FROM pragma_index_info(l.name) c) AS columns \
        FROM sqlite_schema m, pragma_index_list(m.name) l \
        WHERE m.type = 'table' AND l.\"unique\" = 1";
    let mut seen = std::collections::BTreeSet::new();
    for row in read(&store, query, vec![]).await {
        let (table, index) = (row.text("t").unwrap(), row.text("i").unwrap());
        assert_ne!(
            row.text("o").unwrap(),
            "u",
            "name the unique index {index} of {table}"
        );
        let columns = (table, row.opt_text("columns").unwrap());
        assert!(seen.insert(columns.clone()), "{index}: {columns:?} twice");
    }
    assert!(!seen.is_empty());
}
