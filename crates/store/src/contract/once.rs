//! What works once and what is counted: exact, also when many try at the same time.

use super::{
    contract,
    fixture::{NOW, attempt, guid, hash, pair, signing_key, two_tenants, winners},
};
use crate::{Store, throttle::Bounds};
use comity_model::federation::{CrossingDetails, PartnerConfiguration, PushedCrossing, WantedAcr};
use comity_model::id::Id;
use comity_model::signing_key::KeyState;

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

/// So many failures in a minute, then so long a block.
const fn bounds(failures: i64, block_seconds: i64) -> Bounds {
    Bounds {
        failures,
        window_seconds: 60,
        block_seconds,
    }
}

contract!(
    s43_attempts_at_once_are_no_more_than_attempts_in_turn,
    store,
    {
        let judged = winners(
            &store,
            attempt!(|tx, _n| {
                let throttles = tx.cloud().throttles();
                let taken = throttles.take("account", NOW, bounds(10, 300)).await;
                taken.unwrap().is_none()
            }),
        );
        assert_eq!(judged.await, 10, "of sixteen at once");
        let tx = store.begin().await.unwrap();
        let throttles = tx.cloud().throttles();
        let last = NOW.plus_seconds(299);
        let still = throttles.take("account", last, bounds(10, 300)).await;
        assert_eq!(still.unwrap(), Some(NOW.plus_seconds(300)));
        let over = NOW.plus_seconds(300);
        let again = throttles.take("account", over, bounds(10, 300)).await;
        assert_eq!(again.unwrap(), None);
        tx.commit().await.unwrap();
    }
);

contract!(failures_are_counted_exactly, store, {
    let won = winners(
        &store,
        attempt!(|tx, _n| {
            let throttles = tx.cloud().throttles();
            throttles
                .record_failure("account", NOW, bounds(16, 300))
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
            .record_failure("b", at, bounds(5, 9))
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
    let later = window.plus_seconds(3600);
    let total = async |at| {
        let read = store.read();
        read.cloud().counters().find("q", at).await.unwrap()
    };
    assert_eq!((total(window).await, total(later).await), (0, 1));
    let tx = store.begin().await.unwrap();
    let late = tx.cloud().counters().count_up("q", window).await.unwrap();
    assert_eq!(late, 2, "whoever comes late begins no window anew");
    tx.cloud().counters().count_down("q", later).await.unwrap();
    tx.commit().await.unwrap();
    // What is given back: of its own window, and never below nothing.
    for (at, left) in [(window, 1), (later, 0), (later, 0)] {
        let tx = store.begin().await.unwrap();
        tx.cloud().counters().count_down("q", at).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(total(later).await, left);
    }
});

pub(super) fn pushed() -> PushedCrossing {
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
    let read = store.read();
    let requests = read.cloud().pushed_requests();
    let found = requests.find(&hash(1), NOW).await.unwrap();
    assert_eq!(found, Some((one, pushed())), "looked at, not taken");
    assert_eq!(requests.find(&hash(1), end).await.unwrap(), None, "expired");
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
    assert_eq!(requests.find(&hash(1), NOW).await.unwrap(), None, "taken");
});

contract!(a_configuration_never_goes_back, store, {
    let configuration = |issued_at| PartnerConfiguration {
        cloud: "there".into(),
        statement: format!("jwt {issued_at}"),
        issued_at,
        expires_at: issued_at + 60,
        entity_keys: "[]".into(),
        revoked: ["dead".to_owned()].into(),
        pinned: Some("thumbprint".into()),
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

contract!(of_several_first_starts_one_makes_the_key, store, {
    let won = winners(
        &store,
        attempt!(|tx, n| {
            let keys = tx.cloud().signing_keys();
            keys.lock().await.unwrap();
            let is_first = keys.list().await.unwrap().is_empty();
            if is_first {
                keys.insert(&signing_key(&format!("k{n}"), KeyState::Active))
                    .await
                    .unwrap();
            }
            is_first
        }),
    );
    assert_eq!(won.await, 1);
    let tx = store.begin().await.unwrap();
    let second = tx
        .cloud()
        .signing_keys()
        .insert(&signing_key("other", KeyState::Active))
        .await;
    let second = second.unwrap_err();
    assert!(second.is_conflict("signing_keys_active"), "{second}");
});

contract!(mail_is_claimed_once, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .outbox_mails()
        .insert(guid(27, 1), NOW, b"hello")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    let due = async |at| read.cloud().outbox().due(at, 10).await.unwrap();
    assert_eq!(due(NOW.plus_seconds(-1)).await.len(), 0);
    let mail = due(NOW).await.pop().unwrap();
    assert_eq!(
        (mail.tenant, mail.sealed.as_slice(), mail.attempts),
        (one, b"hello".as_slice(), 0)
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
        .record_failure("k", NOW.plus_seconds(-9999), bounds(5, 60))
        .await
        .unwrap();
    tx.cloud()
        .counters()
        .count_up("c", NOW.plus_seconds(-5 * 24 * 3600))
        .await
        .unwrap();
    tx.tenant(one)
        .outbox_mails()
        .insert(guid(27, 1), NOW, b"waits")
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
