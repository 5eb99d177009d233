//! What works once, what is counted and what ends: exact, also when many try at the same time.

use comity_model::{
    application::Platform,
    federation::{
        ApplicationPair, AssertionFacts, CrossingDetails, GroupAnswer, Lease, LeaseGrant,
        PartnerConfiguration, PushedCrossing, WantedAcr,
    },
    id::Id,
    session::{Session, SessionAccount},
    sign_in::{CodeGrant, Purpose, SignIn, SignInData, TokenGrant},
    user::{ExternalIdentity, PasswordCredential, User},
};

use super::{
    contract,
    tables::{NOW, guid, hash, two_tenants, user},
};
use crate::{Error, Store, code::Redeemed, token_family::NewFamily};

fn pair() -> ApplicationPair {
    ApplicationPair {
        client: guid(5, 1),
        resource: guid(5, 2),
    }
}

fn facts() -> AssertionFacts {
    AssertionFacts {
        identity: ExternalIdentity {
            cloud: "there".into(),
            tenant: Id::new(guid(1, 77)),
            object: Id::new(guid(2, 78)),
        },
        upn: "nora@northwind.us".into(),
        name: "Nora".into(),
        sid: "home-sid".into(),
        session_exp: NOW.plus_seconds(3600),
        auth_time: NOW,
        acr: WantedAcr::Mfa,
        methods: vec![],
        groups: GroupAnswer::default(),
        device: None,
        automatic_redemption: false,
        confirmed: NOW,
    }
}

fn grant() -> TokenGrant {
    TokenGrant {
        user: user(1).id,
        pair: pair(),
        audience: "a".into(),
        scopes: vec!["openid".into()],
        redirect_uri: "https://app.example/".into(),
        platform: Platform::Web,
        code_challenge: None,
        nonce: None,
        client_info: false,
        sid: "sid-1".into(),
        session_expires: NOW.plus_seconds(3600),
        auth_time: NOW,
        methods: vec![],
        home: Some(facts()),
        lease: Some(Id::new(guid(20, 1))),
        correlation_id: guid(9, 1),
        ip: "::1".into(),
        user_agent: "test".into(),
    }
}

/// Makes the same attempt 16 times at once; how many won.
async fn winners<F, R>(store: &Store, attempt: F) -> usize
where
    F: Fn(Store, u8) -> R,
    R: Future<Output = bool> + Send + 'static,
{
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        tasks.spawn(attempt(store.clone(), number));
    }
    tasks
        .join_all()
        .await
        .into_iter()
        .filter(|won| *won)
        .count()
}

/// One attempt in a transaction of its own.
macro_rules! attempt {
    (|$tx:ident, $number:ident| $body:expr) => {
        |store: Store, $number: u8| async move {
            let $tx = store.begin().await.unwrap();
            let won: bool = $body;
            $tx.commit().await.unwrap();
            won
        }
    };
}

contract!(an_identifier_works_once, store, {
    let until = NOW.plus_seconds(60);
    let won = winners(
        &store,
        attempt!(|tx, _n| tx
            .cloud()
            .used_ids()
            .use_once("assertion", "https://iss", "jti", until)
            .await
            .unwrap()),
    );
    assert_eq!(won.await, 1);
    let tx = store.begin().await.unwrap();
    for (purpose, issuer, id) in [
        ("dpop", "https://iss", "jti"),
        ("assertion", "https://other", "jti"),
        ("assertion", "https://iss", "JTI"),
    ] {
        assert!(
            tx.cloud()
                .used_ids()
                .use_once(purpose, issuer, id, until)
                .await
                .unwrap()
        );
    }
});

contract!(failures_are_counted_exactly, store, {
    let won = winners(
        &store,
        attempt!(|tx, _n| {
            let throttles = tx.cloud().throttles();
            throttles
                .record_failure("account", NOW, 60, 16, 300)
                .await
                .unwrap()
                .blocked_until
                .is_some()
        }),
    );
    assert_eq!(won.await, 1, "the sixteenth blocks");
    let read = store.read();
    let found = read
        .cloud()
        .throttles()
        .find("account")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.blocked_until, Some(NOW.plus_seconds(300)));
    assert_eq!(read.cloud().throttles().find("other").await.unwrap(), None);
    let tx = store.begin().await.unwrap();
    for (seconds, failures) in [(0, 1), (59, 2), (60, 1), (61, 2)] {
        let at = NOW.plus_seconds(seconds);
        let throttle = tx
            .cloud()
            .throttles()
            .record_failure("b", at, 60, 5, 9)
            .await
            .unwrap();
        assert_eq!(throttle.failures, failures, "after {seconds} s");
    }
    tx.cloud().throttles().clear("account").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        read.cloud().throttles().find("account").await.unwrap(),
        None
    );
});

contract!(counters_count_per_window, store, {
    let window = crate::counter::window(NOW, 3600);
    let won = winners(
        &store,
        attempt!(|tx, _n| { tx.cloud().counters().count_up("q", window).await.unwrap() == 16 }),
    );
    assert_eq!(won.await, 1);
    let tx = store.begin().await.unwrap();
    assert_eq!(
        tx.cloud()
            .counters()
            .count_up("q", window.plus_seconds(3600))
            .await
            .unwrap(),
        1
    );
    tx.commit().await.unwrap();
    assert_eq!(
        store
            .read()
            .cloud()
            .counters()
            .find("q", window)
            .await
            .unwrap(),
        0
    );
});

contract!(a_code_is_redeemed_once, store, {
    let [one, _] = two_tenants(&store).await;
    let code = CodeGrant::Application(Box::new(grant()));
    let tx = store.begin().await.unwrap();
    let end = NOW.plus_seconds(60);
    tx.cloud()
        .codes()
        .insert(&hash(1), one, NOW, end, &code)
        .await
        .unwrap();
    tx.cloud()
        .codes()
        .insert(&hash(2), one, NOW, end, &code)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    assert_eq!(
        read.cloud().codes().find(&hash(1)).await.unwrap(),
        Some((one, code))
    );
    let won = winners(
        &store,
        attempt!(|tx, n| {
            match tx.cloud().codes().redeem(&hash(1), NOW).await.unwrap() {
                Redeemed::Fresh { .. } => {
                    tx.cloud()
                        .codes()
                        .set_family(&hash(1), guid(21, u32::from(n)))
                        .await
                        .unwrap();
                    true
                }
                Redeemed::Reused { family, .. } => {
                    assert!(family.is_some(), "the family is known to who comes second");
                    false
                }
                Redeemed::Unknown => panic!("the code is there"),
            }
        }),
    );
    assert_eq!(won.await, 1);
    assert_eq!(read.cloud().codes().find(&hash(1)).await.unwrap(), None);
    let tx = store.begin().await.unwrap();
    let codes = tx.cloud().codes();
    assert_eq!(
        codes.redeem(&hash(2), end).await.unwrap(),
        Redeemed::Unknown,
        "expired"
    );
    assert_eq!(
        codes.redeem(&hash(9), NOW).await.unwrap(),
        Redeemed::Unknown
    );
});

fn pushed() -> PushedCrossing {
    PushedCrossing {
        resource_cloud: "microsoftonline.com".into(),
        details: CrossingDetails {
            resource_tenant: Id::new(guid(1, 77)),
            home_tenant: Id::new(guid(1, 1)),
            pair: pair(),
            app_name: "Expenses".into(),
            groups: [guid(3, 1)].into(),
            correlation_id: guid(9, 1),
        },
        redirect_uri: "https://login.example/cb".into(),
        state: "s".into(),
        nonce: "n".into(),
        code_challenge: "c".into(),
        dpop_jkt: "j".into(),
        expected_sub: None,
        login_hint: None,
        acr: WantedAcr::Any,
        max_age: None,
        prompt_none: false,
        prompt_login: false,
        device_asked: false,
    }
}

contract!(a_pushed_request_works_once, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    let end = NOW.plus_seconds(90);
    for number in [1, 2] {
        tx.cloud()
            .pushed_requests()
            .insert(&hash(number), NOW, end, &pushed())
            .await
            .unwrap();
    }
    assert_eq!(
        tx.cloud()
            .pushed_requests()
            .take(&hash(2), end)
            .await
            .unwrap(),
        None,
        "expired"
    );
    tx.commit().await.unwrap();
    let won = winners(
        &store,
        attempt!(|tx, _n| {
            let taken = tx
                .cloud()
                .pushed_requests()
                .take(&hash(1), NOW)
                .await
                .unwrap();
            assert!(taken.is_none() || taken == Some((one, pushed())));
            taken.is_some()
        }),
    );
    assert_eq!(won.await, 1);
});

contract!(refresh_tokens_rotate_once, store, {
    let [one, _] = two_tenants(&store).await;
    let grant = grant();
    let family = |number: u32| NewFamily {
        id: guid(21, number),
        tenant: one,
        user: user(1).id,
        client: guid(5, 1),
        created: NOW,
        expires: NOW.plus_seconds(3600),
        grant: &grant,
    };
    let tx = store.begin().await.unwrap();
    tx.cloud()
        .token_families()
        .insert(&family(1), &hash(1))
        .await
        .unwrap();
    tx.cloud()
        .token_families()
        .insert(&family(2), &hash(2))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let won = winners(
        &store,
        attempt!(|tx, n| {
            let families = tx.cloud().token_families();
            families
                .rotate(guid(21, 1), &hash(1), &hash(100 + n), vec![n], NOW)
                .await
                .unwrap()
        }),
    );
    assert_eq!(won.await, 1);
    let read = store.read();
    let families = read.cloud().token_families();
    let old = families.find_by_hash(&hash(1)).await.unwrap().unwrap();
    assert_eq!((old.used, old.tenant, &old.grant), (Some(NOW), one, &grant));
    let next = old.successor.unwrap().first().copied().unwrap();
    let new = families
        .find_by_hash(&hash(100 + next))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (new.family, new.used, new.expires),
        (guid(21, 1), None, NOW.plus_seconds(3600))
    );
    assert_eq!(families.find_by_hash(&hash(99)).await.unwrap(), None);

    let tx = store.begin().await.unwrap();
    tx.cloud()
        .token_families()
        .revoke(guid(21, 1), NOW)
        .await
        .unwrap();
    assert_eq!(
        tx.cloud()
            .token_families()
            .revoke_by_sid("other", NOW)
            .await
            .unwrap(),
        0
    );
    tx.commit().await.unwrap();
    assert!(families.is_revoked(guid(21, 1)).await.unwrap());
    assert!(!families.is_revoked(guid(21, 2)).await.unwrap());
    assert!(
        families.is_revoked(guid(21, 3)).await.unwrap(),
        "one that never was"
    );
    let tx = store.begin().await.unwrap();
    assert_eq!(
        tx.cloud()
            .token_families()
            .revoke_by_lease(Id::new(guid(20, 1)), NOW)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        tx.cloud()
            .token_families()
            .revoke_by_sid("sid-1", NOW)
            .await
            .unwrap(),
        0
    );
});

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
    let tx = store.begin().await.unwrap();
    assert!(tx.cloud().sessions().delete(&hash(2)).await.unwrap());
    assert!(!tx.cloud().sessions().delete(&hash(2)).await.unwrap());
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

fn lease(number: u32) -> Lease {
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
    assert_eq!(
        tx.cloud()
            .lease_grants()
            .revoke_by_sid("a", NOW)
            .await
            .unwrap(),
        2
    );
    tx.cloud()
        .lease_grants()
        .revoke(&hash(3), NOW)
        .await
        .unwrap();
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
    tx.commit().await.unwrap();
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

contract!(a_configuration_never_goes_back, store, {
    let configuration = |issued_at| PartnerConfiguration {
        cloud: "there".into(),
        statement: format!("jwt {issued_at}"),
        issued_at,
        expires_at: issued_at + 60,
        entity_keys: "[]".into(),
        confirmed: NOW,
        shut: None,
    };
    let tx = store.begin().await.unwrap();
    let configurations = tx.cloud().partner_configurations();
    assert!(configurations.upsert(&configuration(10)).await.unwrap());
    assert!(configurations.upsert(&configuration(12)).await.unwrap());
    assert!(!configurations.upsert(&configuration(11)).await.unwrap());
    configurations
        .set_shut("there", Some("the hosts differ"))
        .await
        .unwrap();
    configurations
        .confirm("there", 11, NOW.plus_seconds(9))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let found = store
        .read()
        .cloud()
        .partner_configurations()
        .find("there")
        .await
        .unwrap();
    let shut = Some("the hosts differ".to_owned());
    assert_eq!(
        found,
        Some(PartnerConfiguration {
            shut,
            ..configuration(12)
        })
    );
});

contract!(mail_is_claimed_once, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .outbox_mails()
        .insert(guid(27, 1), NOW, &"hello")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    let due = async |at| read.cloud().outbox().due::<String>(at, 10).await.unwrap();
    assert_eq!(due(NOW.plus_seconds(-1)).await.len(), 0);
    let mail = due(NOW).await.pop().unwrap();
    assert_eq!(
        (mail.tenant, mail.mail.as_str(), mail.attempts),
        (one, "hello", 0)
    );
    let retry = NOW.plus_seconds(60);
    let won = winners(
        &store,
        attempt!(|tx, _n| {
            tx.cloud()
                .outbox()
                .claim(guid(27, 1), 0, retry)
                .await
                .unwrap()
        }),
    );
    assert_eq!(won.await, 1);
    assert_eq!(due(NOW).await.len(), 0);
    assert_eq!(due(retry).await.len(), 1);
    let tx = store.begin().await.unwrap();
    tx.cloud()
        .outbox()
        .mark_sent(guid(27, 1), NOW)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(due(retry).await.len(), 0);
});

contract!(what_expired_is_cleaned_up, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    tx.cloud()
        .used_ids()
        .use_once("p", "i", "old", NOW)
        .await
        .unwrap();
    tx.cloud()
        .used_ids()
        .use_once("p", "i", "new", NOW.plus_seconds(100))
        .await
        .unwrap();
    tx.cloud()
        .throttles()
        .record_failure("k", NOW.plus_seconds(-9999), 60, 5, 60)
        .await
        .unwrap();
    tx.cloud()
        .counters()
        .count_up("c", NOW.plus_seconds(-5 * 24 * 3600))
        .await
        .unwrap();
    tx.tenant(one)
        .outbox_mails()
        .insert(guid(27, 1), NOW, &"waits")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let tx = store.begin().await.unwrap();
    assert_eq!(tx.cloud().clean_up(NOW).await.unwrap(), 3);
    assert_eq!(tx.cloud().clean_up(NOW).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let tx = store.begin().await.unwrap();
    let used = tx.cloud().used_ids();
    assert!(
        !used.use_once("p", "i", "new", NOW).await.unwrap(),
        "still remembered"
    );
    assert!(used.use_once("p", "i", "old", NOW).await.unwrap());
});
