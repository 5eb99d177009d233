//! Leases on both sides, and releases.

use super::{
    contract,
    fixture::{NOW, attempt, facts, guid, hash, pair, two_tenants, user, winners},
};
use crate::Store;
use comity_model::federation::{ApplicationPair, AssertionFacts, Lease, LeaseGrant};
use comity_model::id::Id;
use comity_model::user::User;

pub(super) fn lease(number: u32) -> Lease {
    Lease {
        id: Id::new(guid(20, number)),
        user: user(1).id,
        identity: facts().identity,
        pair: pair(),
        sealed_grant: vec![1, 2, 3],
        facts: facts(),
        confirmed: NOW,
        ended: None,
        version: 1,
    }
}

contract!(one_renewal_at_a_time, store, {
    let [one, two] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .leases()
        .insert(&lease(1), NOW)
        .await
        .unwrap();
    tx.tenant(one)
        .leases()
        .insert(&lease(2), NOW.plus_seconds(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    let leases = read.tenant(one).leases();
    assert_eq!(leases.find(lease(1).id).await.unwrap(), Some(lease(1)));
    assert_eq!(
        read.tenant(two).leases().find(lease(1).id).await.unwrap(),
        None
    );
    assert_eq!(
        leases.latest(user(1).id, pair()).await.unwrap(),
        Some(lease(2))
    );
    let other = ApplicationPair {
        client: guid(5, 9),
        ..pair()
    };
    assert_eq!(leases.latest(user(1).id, other).await.unwrap(), None);

    let until = NOW.plus_seconds(10);
    let id = lease(1).id;
    let won = winners(
        &store,
        attempt!(|tx, _n| {
            tx.tenant(one)
                .leases()
                .begin_renewal(id, NOW, until)
                .await
                .unwrap()
        }),
    );
    assert_eq!(won.await, 1);
    let tx = store.begin().await.unwrap();
    let leases_tx = tx.tenant(one).leases();
    assert!(
        leases_tx
            .begin_renewal(id, until, until.plus_seconds(10))
            .await
            .unwrap(),
        "it had its time"
    );
    let later = AssertionFacts {
        name: "Nora N.".into(),
        ..facts()
    };
    assert!(leases_tx.confirm(id, &later, until).await.unwrap());
    assert!(
        leases_tx
            .begin_renewal(id, until, until.plus_seconds(10))
            .await
            .unwrap(),
        "and was done"
    );
    leases_tx.give_up(id).await.unwrap();
    leases_tx.end(id, until).await.unwrap();
    assert!(
        !leases_tx
            .begin_renewal(id, until, until.plus_seconds(10))
            .await
            .unwrap(),
        "ended"
    );
    assert!(!leases_tx.confirm(id, &later, until).await.unwrap());
    assert_eq!(
        tx.tenant(two)
            .leases()
            .end_all_of(user(1).id, until)
            .await
            .unwrap(),
        0
    );
    assert_eq!(leases_tx.end_all_of(user(1).id, until).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let ended = leases.find(id).await.unwrap().unwrap();
    assert_eq!(
        (ended.facts, ended.confirmed, ended.ended),
        (later, until, Some(until))
    );
    assert_eq!(leases.latest(user(1).id, pair()).await.unwrap(), None);
});

contract!(grants_of_leases_end, store, {
    let [one, two] = two_tenants(&store).await;
    let grant = |number: u32, sid: &str| LeaseGrant {
        id: Id::new(guid(26, number)),
        user: user(1).id,
        resource_cloud: "microsoftonline.com".into(),
        resource_tenant: Id::new(guid(1, 77)),
        pair: pair(),
        dpop_jkt: "jkt".into(),
        sid: sid.into(),
        session_exp: NOW.plus_seconds(60),
        methods: vec![],
        device: None,
        session: Some(Id::new(guid(25, 1))),
        ip: "::1".into(),
        user_agent: "test".into(),
        created: NOW,
        revoked: None,
    };
    let tx = store.begin().await.unwrap();
    for (number, sid) in [(1, "a"), (2, "a"), (3, "b"), (4, "c")] {
        let grants = tx.cloud().lease_grants();
        grants
            .insert(&hash(number), one, &grant(u32::from(number), sid))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let read = store.read();
    let grants = read.cloud().lease_grants();
    assert_eq!(
        grants.find_by_hash(&hash(3)).await.unwrap(),
        Some((one, grant(3, "b")))
    );
    let tx = store.begin().await.unwrap();
    let third = Id::new(guid(26, 3));
    for (tenant, ended) in [(two, 0), (one, 2)] {
        let by_sid = tx.tenant(tenant).revoke_lease_grants_by_sid("a", NOW);
        assert_eq!(by_sid.await.unwrap(), ended);
        let unknown = Id::new(guid(26, 99));
        let by_id = tx.tenant(tenant).revoke_lease_grant(unknown, NOW);
        by_id.await.unwrap();
        let by_id = tx.tenant(tenant).revoke_lease_grant(third, NOW);
        by_id.await.unwrap();
        let (_, grant) = tx
            .cloud()
            .lease_grants()
            .find_by_hash(&hash(3))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            grant.revoked.is_some(),
            tenant == one,
            "of its own tenant only"
        );
    }
    assert_eq!(
        tx.tenant(two)
            .revoke_lease_grants_of(user(1).id, NOW)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        tx.tenant(one)
            .revoke_lease_grants_of(user(1).id, NOW)
            .await
            .unwrap(),
        1
    );
    tx.cloud()
        .lease_grants()
        .revoke(&hash(4), NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (_, revoked) = grants.find_by_hash(&hash(3)).await.unwrap().unwrap();
    assert_eq!(revoked.revoked, Some(NOW), "by its ID");
    let (_, revoked) = grants.find_by_hash(&hash(1)).await.unwrap().unwrap();
    assert_eq!(
        revoked,
        LeaseGrant {
            revoked: Some(NOW),
            ..grant(1, "a")
        }
    );
});

contract!(releases, store, {
    let [one, two] = two_tenants(&store).await;
    let there = Id::new(guid(1, 77));
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .releases()
        .upsert(user(1).id, "a", there, NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    let find = async |tenant, user: Id<User>, cloud: &str| {
        read.tenant(tenant)
            .releases()
            .find(user, cloud, there)
            .await
            .unwrap()
    };
    assert_eq!(find(one, user(1).id, "a").await, Some(NOW));
    assert_eq!(
        find(one, user(1).id, "b").await,
        None,
        "the cloud is part of the key"
    );
    assert_eq!(find(one, user(2).id, "a").await, None);
    assert_eq!(find(two, user(1).id, "a").await, None);
});
