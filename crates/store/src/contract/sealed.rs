//! Values that are sealed again under another key, and what a second one must wait for.

use super::{
    contract,
    fixture::{NOW, attempt, guid, signing_key, two_tenants, user, winners},
    lease::lease,
};
use crate::{
    Store,
    sealed::{SealedKind, SealedValue},
};
use comity_model::{factor::Factor, federation::Lease, id::Id, signing_key::KeyState};

/// A value under the key of four such bytes.
fn sealed(key: u8) -> Vec<u8> {
    [&[1], [key; 4].as_slice(), &[77; 30]].concat()
}

fn factor(number: u32) -> Factor {
    Factor {
        id: guid(25, number),
        user: user(1).id,
        sealed_secret: sealed(7),
        last_step: None,
        created: NOW,
    }
}

async fn filled(store: &Store) {
    let [one, _] = two_tenants(store).await;
    let tx = store.begin().await.unwrap();
    for (kid, state) in [("used", KeyState::Active), ("dead", KeyState::Revoked)] {
        let mut key = signing_key(kid, state);
        key.sealed = sealed(7);
        tx.cloud().signing_keys().insert(&key).await.unwrap();
    }
    let scoped = tx.tenant(one);
    scoped.factors().insert(&factor(1)).await.unwrap();
    // Ended ones are never opened again; a home in the own cloud gives no grant to seal.
    for (number, grant) in [(1, sealed(7)), (2, sealed(7)), (3, Vec::new())] {
        let lease = Lease {
            sealed_grant: grant,
            ..lease(number)
        };
        let leases = tx.tenant(one).leases();
        leases.insert(&lease, NOW).await.unwrap();
    }
    tx.tenant(one)
        .leases()
        .end(Id::new(guid(20, 2)), NOW)
        .await
        .unwrap();
    for number in [1, 2] {
        let mails = tx.tenant(one).outbox_mails();
        let id = guid(27, number);
        mails.insert(id, NOW, &sealed(7)).await.unwrap();
    }
    tx.cloud()
        .outbox()
        .mark_sent(guid(27, 2), NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn otherwise(store: &Store, kind: SealedKind, key: u8) -> Vec<SealedValue> {
    let read = store.read();
    let found = read.cloud().sealed_otherwise(kind, [key; 4], 10).await;
    found.unwrap()
}

contract!(v50_what_is_sealed_is_sealed_again_once, store, {
    filled(&store).await;
    for kind in SealedKind::ALL {
        assert_eq!(otherwise(&store, kind, 7).await, [], "{kind:?}");
        let found = otherwise(&store, kind, 8).await;
        let [value] = found.as_slice() else {
            panic!("{kind:?}: {found:?}");
        };
        assert_eq!(value.sealed, sealed(7), "{kind:?}");
        let tx = store.begin().await.unwrap();
        let cloud = || tx.cloud();
        assert!(cloud().seal_again(value, &sealed(8)).await.unwrap());
        assert!(
            !cloud().seal_again(value, &sealed(9)).await.unwrap(),
            "{kind:?}: it is not there as it was read"
        );
        tx.commit().await.unwrap();
        assert_eq!(otherwise(&store, kind, 8).await, [], "{kind:?}");
        let again = otherwise(&store, kind, 7).await;
        assert_eq!(again.len(), 1, "{kind:?}");
        assert_eq!(again[0].sealed, sealed(8), "{kind:?}");
    }
});

contract!(of_two_first_factors_one_is_registered, store, {
    let [one, _] = two_tenants(&store).await;
    let won = winners(
        &store,
        attempt!(|tx, n| {
            let scoped = tx.tenant(one);
            scoped.users().lock(user(1).id).await.unwrap();
            let is_first = scoped.factors().list(user(1).id).await.unwrap().is_empty();
            if is_first {
                let factors = tx.tenant(one).factors();
                factors.insert(&factor(u32::from(n))).await.unwrap();
            }
            is_first
        }),
    );
    assert_eq!(won.await, 1);
});

contract!(a_lease_goes_after_its_session, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .leases()
        .insert(&lease(1), NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let end = lease(1).facts.session_exp;
    let days = |days: i64| end.plus_seconds(days * 24 * 3600);
    for (now, deleted) in [(end, 0), (days(1), 0), (days(2), 1)] {
        let tx = store.begin().await.unwrap();
        assert_eq!(tx.cloud().clean_up(now).await.unwrap(), deleted, "{now}");
        tx.commit().await.unwrap();
    }
});
