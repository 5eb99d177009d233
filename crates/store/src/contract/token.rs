//! Codes and refresh tokens.

use super::{
    contract,
    fixture::{NOW, attempt, facts, guid, hash, pair, two_tenants, user, winners},
};
use crate::Store;
use crate::code::Redeemed;
use crate::token_family::NewFamily;
use comity_model::application::Platform;
use comity_model::id::Id;
use comity_model::session::Session;
use comity_model::sign_in::{CodeGrant, TokenGrant};

pub(super) fn grant() -> TokenGrant {
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
        session: None,
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

contract!(a_code_is_redeemed_once, store, {
    let [one, two] = two_tenants(&store).await;
    let code = CodeGrant::Application(Box::new(grant()));
    let tx = store.begin().await.unwrap();
    let end = NOW.plus_seconds(60);
    tx.tenant(one)
        .codes()
        .insert(&hash(1), NOW, end, &code)
        .await
        .unwrap();
    tx.tenant(one)
        .codes()
        .insert(&hash(2), NOW, end, &code)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    assert_eq!(
        read.cloud().find_code(&hash(1)).await.unwrap(),
        Some((one, code))
    );
    let won = winners(
        &store,
        attempt!(|tx, n| {
            let codes = tx.tenant(one).codes();
            match codes.redeem(&hash(1), NOW).await.unwrap() {
                Redeemed::Fresh(_) => {
                    let family = guid(21, u32::from(n));
                    codes.set_family(&hash(1), family).await.unwrap();
                    true
                }
                Redeemed::Unusable => {
                    let used = tx.cloud().find_used_code(&hash(1)).await.unwrap().unwrap();
                    assert_eq!(used.tenant, one);
                    assert!(used.family.is_some(), "known to who comes second");
                    false
                }
            }
        }),
    );
    assert_eq!(won.await, 1);
    assert_eq!(read.cloud().find_code(&hash(1)).await.unwrap(), None);
    let tx = store.begin().await.unwrap();
    for (tenant, code, now, why) in [
        (two, 2, NOW, "another tenant"),
        (one, 2, end, "expired"),
        (one, 9, NOW, "never issued"),
    ] {
        let codes = tx.tenant(tenant).codes();
        let redeemed = codes.redeem(&hash(code), now).await.unwrap();
        assert_eq!(redeemed, Redeemed::Unusable, "{why}");
        let used = tx.cloud().find_used_code(&hash(code)).await.unwrap();
        assert_eq!(used, None, "{why}");
    }
    tx.tenant(two)
        .codes()
        .set_family(&hash(1), guid(21, 99))
        .await
        .unwrap();
    let used = tx.cloud().find_used_code(&hash(1)).await.unwrap().unwrap();
    assert_ne!(used.family, Some(guid(21, 99)), "another tenant");
    let codes = tx.tenant(one).codes();
    assert_ne!(
        codes.redeem(&hash(2), NOW).await.unwrap(),
        Redeemed::Unusable,
        "its own tenant, in time"
    );
});

contract!(refresh_tokens_rotate_once, store, {
    let [one, two] = two_tenants(&store).await;
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
    for (tenant, sid) in [(one, "other"), (two, "sid-1")] {
        let ended = tx.tenant(tenant).revoke_families_by_sid(sid, NOW).await;
        assert_eq!(ended.unwrap(), 0, "{sid}");
    }
    let lease = Id::new(guid(20, 1));
    let ended = tx.tenant(two).revoke_families_by_lease(lease, NOW).await;
    assert_eq!(ended.unwrap(), 0, "a lease of another tenant");
    let sessions = tx.tenant(two).sessions_of_lease(lease).await;
    assert_eq!(sessions.unwrap(), [] as [String; 0]);
    let sessions = tx.tenant(one).sessions_of_lease(lease).await;
    assert_eq!(sessions.unwrap(), ["sid-1"]);
    tx.commit().await.unwrap();
    assert!(families.is_revoked(guid(21, 1)).await.unwrap());
    assert!(!families.is_revoked(guid(21, 2)).await.unwrap());
    assert!(
        families.is_revoked(guid(21, 3)).await.unwrap(),
        "one that never was"
    );
    let tx = store.begin().await.unwrap();
    let ended = tx.tenant(one).revoke_families_by_lease(lease, NOW).await;
    assert_eq!(ended.unwrap(), 1);
    let ended = tx.tenant(one).revoke_families_by_sid("sid-1", NOW).await;
    assert_eq!(ended.unwrap(), 0, "ended already");
});

contract!(signing_out_ends_the_families_of_every_tenant, store, {
    let [one, two] = two_tenants(&store).await;
    let under = |session: u32| TokenGrant {
        session: Some(Id::new(guid(25, session))),
        ..grant()
    };
    let tx = store.begin().await.unwrap();
    for (number, tenant, session) in [(1, one, 1), (2, two, 1), (3, one, 2)] {
        let grant = under(session);
        let family = NewFamily {
            id: guid(21, u32::from(number)),
            tenant,
            user: user(1).id,
            client: guid(5, 1),
            created: NOW,
            expires: NOW.plus_seconds(3600),
            grant: &grant,
        };
        let families = tx.cloud().token_families();
        families.insert(&family, &hash(number)).await.unwrap();
    }
    let families = tx.cloud().token_families();
    let session = Id::new(guid(25, 1));
    assert_eq!(families.revoke_by_session(session, NOW).await.unwrap(), 2);
    assert!(!families.is_revoked(guid(21, 3)).await.unwrap());
});

contract!(a_family_that_has_ended_gives_no_next_token, store, {
    let [one, _] = two_tenants(&store).await;
    let grant = grant();
    let tx = store.begin().await.unwrap();
    for number in [1, 2] {
        let family = NewFamily {
            id: guid(21, u32::from(number)),
            tenant: one,
            user: user(1).id,
            client: guid(5, 1),
            created: NOW,
            expires: NOW.plus_seconds(3600),
            grant: &grant,
        };
        let families = tx.cloud().token_families();
        families.insert(&family, &hash(number)).await.unwrap();
    }
    tx.commit().await.unwrap();
    // Signed out while a renewal was under way: it was found alive.
    let tx = store.begin().await.unwrap();
    let families = tx.cloud().token_families();
    families.revoke(guid(21, 1), NOW).await.unwrap();
    tx.commit().await.unwrap();
    let tx = store.begin().await.unwrap();
    let families = tx.cloud().token_families();
    for (number, rotates) in [(1, false), (2, true)] {
        let family = guid(21, u32::from(number));
        let (old, next) = (hash(number), hash(100 + number));
        let rotated = families.rotate(family, &old, &next, vec![1], NOW);
        assert_eq!(rotated.await.unwrap(), rotates, "{number}");
        let next = families.find_by_hash(&next).await.unwrap();
        assert_eq!(next.is_some(), rotates, "{number}");
    }
});

contract!(codes_end_with_the_session_that_they_came_from, store, {
    let [one, two] = two_tenants(&store).await;
    let session = |number: u32| Session {
        id: Id::new(guid(25, number)),
        created: NOW,
        expires: NOW.plus_seconds(3600),
        persistent: false,
        accounts: vec![],
    };
    let tx = store.begin().await.unwrap();
    for number in [1, 2] {
        let sessions = tx.cloud().sessions();
        let hash = hash(50 + number);
        let inserted = sessions.insert(&session(u32::from(number)), &hash).await;
        inserted.unwrap();
    }
    // Two of the first session, one used already; one of the second; one of a session that is gone.
    for (number, tenant, of) in [
        (1, one, 1),
        (2, two, 1),
        (3, one, 1),
        (4, one, 2),
        (5, one, 3),
    ] {
        let grant = TokenGrant {
            session: Some(Id::new(guid(25, of))),
            ..grant()
        };
        let code = CodeGrant::Application(Box::new(grant));
        let codes = tx.tenant(tenant).codes();
        let end = NOW.plus_seconds(60);
        codes.insert(&hash(number), NOW, end, &code).await.unwrap();
    }
    let codes = tx.tenant(one).codes();
    let redeemed = codes.redeem(&hash(3), NOW).await.unwrap();
    assert_ne!(redeemed, Redeemed::Unusable, "its session lives");
    let gone = codes.redeem(&hash(5), NOW).await.unwrap();
    assert_eq!(gone, Redeemed::Unusable, "its session is gone");
    let withdrawn = tx.cloud().withdraw_codes(session(1).id).await;
    assert_eq!(withdrawn.unwrap(), 2, "in every tenant");
    for (number, tenant, usable) in [(1, one, false), (2, two, false), (4, one, true)] {
        let codes = tx.tenant(tenant).codes();
        let redeemed = codes.redeem(&hash(number), NOW).await.unwrap();
        assert_eq!(redeemed != Redeemed::Unusable, usable, "{number}");
    }
    let used = tx.cloud().find_used_code(&hash(3)).await.unwrap();
    assert!(used.is_some(), "a second use is still known");
});
