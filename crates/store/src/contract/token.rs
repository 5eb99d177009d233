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
use comity_model::sign_in::{CodeGrant, TokenGrant};

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
