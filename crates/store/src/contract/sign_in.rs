//! Sign-ins under way, sessions and credentials.

use super::{
    contract,
    fixture::{NOW, attempt, guid, hash, two_tenants, user, winners},
};
use crate::{Error, Store};
use comity_model::id::Id;
use comity_model::session::{Session, SessionAccount};
use comity_model::sign_in::{Purpose, SignIn, SignInData};
use comity_model::user::PasswordCredential;

contract!(a_sign_in_is_used_once, store, {
    let data = SignInData::new(
        Purpose::Redemption {
            invitation: Id::new(guid(22, 1)),
        },
        None,
        guid(9, 1),
    );
    let sign_in = SignIn {
        id: Id::new(guid(23, 1)),
        secret: hash(1),
        created: NOW,
        expires: NOW.plus_seconds(600),
        version: 1,
        data,
    };
    let tx = store.begin().await.unwrap();
    tx.cloud().sign_ins().insert(&sign_in).await.unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    assert_eq!(
        read.cloud()
            .sign_ins()
            .find_by_hash(&hash(1))
            .await
            .unwrap(),
        Some(sign_in.clone())
    );
    assert_eq!(
        read.cloud()
            .sign_ins()
            .find_by_hash(&hash(2))
            .await
            .unwrap(),
        None
    );
    let tx = store.begin().await.unwrap();
    tx.cloud().sign_ins().update(&sign_in).await.unwrap();
    let late = tx.cloud().sign_ins().update(&sign_in).await.unwrap_err();
    assert_eq!(late, Error::stale());
    drop(tx);
    let id = sign_in.id;
    let won = winners(
        &store,
        attempt!(|tx, _n| tx.cloud().sign_ins().delete(id, 1).await.unwrap()),
    );
    assert_eq!(won.await, 1);
});

contract!(sessions_change_under_their_version, store, {
    let account = SessionAccount {
        tenant: Id::new(guid(1, 1)),
        user: user(1).id,
        sid: "sid".into(),
        methods: vec![],
        signed_in: NOW,
        home: None,
    };
    let session = Session {
        id: Id::new(guid(24, 1)),
        created: NOW,
        expires: NOW.plus_seconds(60),
        persistent: true,
        accounts: vec![account],
    };
    let tx = store.begin().await.unwrap();
    tx.cloud()
        .sessions()
        .insert(&session, &hash(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let found = store
        .read()
        .cloud()
        .sessions()
        .find_by_hash(&hash(1))
        .await
        .unwrap();
    assert_eq!(found, Some((session.clone(), 1)));
    let tx = store.begin().await.unwrap();
    tx.cloud()
        .sessions()
        .replace(&session, 1, &hash(2))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    assert_eq!(
        read.cloud()
            .sessions()
            .find_by_hash(&hash(1))
            .await
            .unwrap(),
        None,
        "a new identifier"
    );
    assert_eq!(
        read.cloud()
            .sessions()
            .find_by_hash(&hash(2))
            .await
            .unwrap(),
        Some((session.clone(), 2))
    );
    let tx = store.begin().await.unwrap();
    assert_eq!(
        tx.cloud()
            .sessions()
            .replace(&session, 1, &hash(3))
            .await
            .unwrap_err(),
        Error::stale()
    );
    drop(tx);
    let alone = Session {
        accounts: vec![],
        ..session.clone()
    };
    let tx = store.begin().await.unwrap();
    let sessions = tx.cloud().sessions();
    assert!(!sessions.keep_accounts(&alone, 1).await.unwrap(), "late");
    assert!(sessions.keep_accounts(&alone, 2).await.unwrap());
    tx.commit().await.unwrap();
    let found = read.cloud().sessions().find(session.id).await.unwrap();
    assert_eq!(
        found,
        Some((alone.clone(), 3)),
        "by its ID, the cookie stays"
    );
    let tx = store.begin().await.unwrap();
    let sessions = tx.cloud().sessions();
    let ended = sessions.end(session.id).await.unwrap();
    assert_eq!(
        ended,
        Some(alone),
        "as it was at its end, whatever its cookie"
    );
    assert_eq!(sessions.end(session.id).await.unwrap(), None);
});

contract!(a_step_is_accepted_once, store, {
    let [one, two] = two_tenants(&store).await;
    let factor = comity_model::factor::Factor {
        id: guid(25, 1),
        user: user(1).id,
        sealed_secret: vec![7; 40],
        last_step: None,
        created: NOW,
    };
    let tx = store.begin().await.unwrap();
    tx.tenant(one).factors().insert(&factor).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        store
            .read()
            .tenant(one)
            .factors()
            .list(user(1).id)
            .await
            .unwrap(),
        [factor]
    );
    assert_eq!(
        store
            .read()
            .tenant(two)
            .factors()
            .list(user(1).id)
            .await
            .unwrap(),
        []
    );
    let won = winners(
        &store,
        attempt!(|tx, _n| {
            tx.tenant(one)
                .factors()
                .accept_step(user(1).id, guid(25, 1), 100)
                .await
                .unwrap()
        }),
    );
    assert_eq!(won.await, 1);
    let tx = store.begin().await.unwrap();
    for (step, accepted) in [(99, false), (100, false), (101, true)] {
        let factors = tx.tenant(one).factors();
        assert_eq!(
            factors
                .accept_step(user(1).id, guid(25, 1), step)
                .await
                .unwrap(),
            accepted,
            "{step}"
        );
        let elsewhere = tx.tenant(two).factors();
        assert!(
            !elsewhere
                .accept_step(user(1).id, guid(25, 1), step + 100)
                .await
                .unwrap()
        );
    }
});

contract!(passwords_and_their_links, store, {
    let [one, two] = two_tenants(&store).await;
    let password = PasswordCredential {
        hash: "$argon2id$…".into(),
        changed: NOW,
        must_change: false,
    };
    let end = NOW.plus_seconds(60);
    let tx = store.begin().await.unwrap();
    for must_change in [true, false] {
        let password = PasswordCredential {
            must_change,
            ..password.clone()
        };
        tx.tenant(one)
            .passwords()
            .upsert(user(1).id, &password)
            .await
            .unwrap();
    }
    tx.cloud()
        .insert_password_link(&hash(1), one, user(1).id, end)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    assert_eq!(
        read.tenant(one).passwords().find(user(1).id).await.unwrap(),
        Some(password.clone())
    );
    assert_eq!(
        read.tenant(two).passwords().find(user(1).id).await.unwrap(),
        None
    );
    assert_eq!(
        read.cloud()
            .find_password_link(&hash(1), NOW)
            .await
            .unwrap(),
        Some((one, user(1).id))
    );
    assert_eq!(
        read.cloud()
            .find_password_link(&hash(1), end)
            .await
            .unwrap(),
        None,
        "expired"
    );
    let won = winners(
        &store,
        attempt!(|tx, _n| {
            tx.cloud()
                .take_password_link(&hash(1), NOW)
                .await
                .unwrap()
                .is_some()
        }),
    );
    assert_eq!(won.await, 1);
    let tx = store.begin().await.unwrap();
    let nobody = tx
        .tenant(two)
        .passwords()
        .upsert(user(1).id, &password)
        .await
        .unwrap_err();
    assert!(nobody.is_conflict("foreign_key"), "{nobody}");
});

contract!(v21_only_the_hash_that_was_proven_is_replaced, store, {
    let [one, two] = two_tenants(&store).await;
    let password = |hash: &str| PasswordCredential {
        hash: hash.into(),
        changed: NOW,
        must_change: true,
    };
    let tx = store.begin().await.unwrap();
    let passwords = tx.tenant(one).passwords();
    passwords
        .upsert(user(1).id, &password("old"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let tx = store.begin().await.unwrap();
    for (tenant, old, replaced) in [
        (two, "old", false),
        (one, "older", false),
        (one, "old", true),
        (one, "old", false),
    ] {
        let passwords = tx.tenant(tenant).passwords();
        let done = passwords.rehash(user(1).id, old, "new").await.unwrap();
        assert_eq!(done, replaced, "{old}");
    }
    tx.commit().await.unwrap();
    let read = store.read();
    let found = read.tenant(one).passwords().find(user(1).id).await.unwrap();
    assert_eq!(found, Some(password("new")), "and nothing else");
});
