//! Sixteen at once on each transition of a state, round after round (security bar R-29): one does
//! it, the others are told no or run into a named rule, and what is stored afterwards is what one
//! alone would have left. `COMITY_HAMMER_ROUNDS` asks for more rounds.

use super::{
    contract,
    fixture::{NOW, audit_record, facts, guest, guid, pair, principal, two_tenants, user},
    lease::lease,
    once::pushed,
    token::grant,
};
use crate::{Constraint, Error, Store, Tx, code::Redeemed, token_family::NewFamily};
use comity_model::{
    factor::Factor,
    id::Id,
    invitation::{Invitation, InvitationMessage, InvitationStatus},
    permission_grant::PermissionGrant,
    secret::Hashed,
    sign_in::CodeGrant,
    tenant::Tenant,
    user::{ExternalUserState, User},
};

const AT_ONCE: u32 = 16;

fn rounds() -> u32 {
    let asked = std::env::var("COMITY_HAMMER_ROUNDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(25)
}

fn key(round: u32, number: u32) -> Hashed {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&round.to_be_bytes());
    bytes[4..8].copy_from_slice(&number.to_be_bytes());
    Hashed(bytes)
}

/// The rules that a slower one may run into.
const RULES: [&str; 5] = [
    Constraint::VERSION,
    "users_external",
    "users_upn",
    "permission_grants_everyone",
    "permission_grants_principal",
];

/// One wins each round; how a loser lost is one of the named ways.
async fn one_wins<F, R>(store: &Store, attempt: F)
where
    F: Fn(Tx, u32, u32) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(Tx, bool), Error>> + Send + 'static,
{
    for round in 0..rounds() {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..AT_ONCE {
            let (store, attempt) = (store.clone(), attempt.clone());
            tasks.spawn(async move {
                let tx = store.begin().await?;
                let (tx, won) = attempt(tx, round, number).await?;
                tx.commit().await?;
                Ok::<bool, Error>(won)
            });
        }
        let mut winners = 0;
        for answer in tasks.join_all().await {
            match answer {
                Ok(won) => winners += u32::from(won),
                Err(Error::Conflict(rule)) => {
                    assert!(RULES.contains(&rule.as_str()), "round {round}: {rule}");
                }
                Err(other) => panic!("round {round}: {other}"),
            }
        }
        assert_eq!(winners, 1, "round {round}");
    }
}

/// The guest of a round, or of an attempt in it: one person of home, an object of its own.
fn invited(round: u32, number: u32) -> User {
    let mut user = guest(10_000 + round);
    user.id = Id::new(guid(2, 100_000 + round * AT_ONCE + number));
    user
}

fn invitation(round: u32) -> Invitation {
    Invitation {
        id: Id::new(guid(30, round)),
        user: invited(round, 0).id,
        invited: invited(round, 0).external.unwrap().identity,
        email: "nora@northwind.us".into(),
        redirect_url: String::new(),
        status: InvitationStatus::PendingAcceptance,
        inviter: guid(2, 1),
        inviter_name: "User 1".into(),
        send_mail: false,
        message: InvitationMessage::default(),
        created: NOW,
        version: 1,
    }
}

contract!(r29_invitation, store, {
    let [one, _] = two_tenants(&store).await;
    one_wins(&store, move |tx, round, number| async move {
        let guest = invited(round, number);
        tx.tenant(one).users().insert(&guest).await?;
        Ok((tx, true))
    })
    .await;
    let users = store.read().tenant(one).users().all().await.unwrap();
    let guests = users.iter().filter(|user| user.external.is_some()).count();
    assert_eq!(guests, rounds() as usize, "one guest a person");
});

/// What `guest::redeem` writes.
async fn redeem(tx: &Tx, one: Id<Tenant>, round: u32, number: u32) -> Result<bool, Error> {
    let tables = tx.tenant(one);
    let mut user = tables.users().find(invited(round, 0).id).await?.unwrap();
    let link = user.external.as_mut().unwrap();
    if link.state == ExternalUserState::Accepted {
        return Ok(false);
    }
    link.state = ExternalUserState::Accepted;
    tables.users().update(&user).await?;
    let pending = tables.invitations().find(invitation(round).id).await?;
    let done = Invitation {
        status: InvitationStatus::Completed,
        ..pending.unwrap()
    };
    tables.invitations().update(&done).await?;
    let mut record = audit_record(0);
    record.id = guid(8, 1000 + round * AT_ONCE + number);
    tables.audit_records().insert(&record).await?;
    Ok(true)
}

contract!(r29_redemption, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    for round in 0..rounds() {
        let tables = tx.tenant(one);
        tables.users().insert(&invited(round, 0)).await.unwrap();
        let kept = tables.invitations().insert(&invitation(round)).await;
        kept.unwrap();
    }
    tx.commit().await.unwrap();
    one_wins(&store, move |tx, round, number| async move {
        let won = redeem(&tx, one, round, number).await?;
        Ok((tx, won))
    })
    .await;
    for round in 0..rounds() {
        let read = store.read();
        let tables = read.tenant(one);
        let user = tables
            .users()
            .find(invited(round, 0).id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (user.version, user.external.unwrap().state),
            (2, ExternalUserState::Accepted)
        );
        let found = tables.invitations().find(invitation(round).id).await;
        let found = found.unwrap().unwrap();
        assert_eq!(
            (found.version, found.status),
            (2, InvitationStatus::Completed)
        );
    }
    let tx = store.begin().await.unwrap();
    let mut records = 0;
    // Some hundred at a time.
    loop {
        match tx.tenant(one).audit_records().number().await.unwrap() {
            0 => break,
            more => records += more,
        }
    }
    assert_eq!(records, u64::from(rounds()), "one record a redemption");
});

contract!(r29_code, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    let code = CodeGrant::Application(Box::new(grant()));
    for round in 0..rounds() {
        let codes = tx.tenant(one).codes();
        let end = NOW.plus_seconds(60);
        codes.insert(&key(round, 0), NOW, end, &code).await.unwrap();
    }
    tx.commit().await.unwrap();
    one_wins(&store, move |tx, round, number| async move {
        let codes = tx.tenant(one).codes();
        let won = codes.redeem(&key(round, 0), NOW).await? != Redeemed::Unusable;
        if won {
            let family = guid(21, number);
            codes.set_family(&key(round, 0), family).await?;
        } else {
            let used = tx.cloud().find_used_code(&key(round, 0)).await?.unwrap();
            assert!(used.family.is_some(), "a second use knows what to end");
        }
        Ok((tx, won))
    })
    .await;
});

contract!(r29_refresh, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    for round in 0..rounds() {
        let family = NewFamily {
            id: guid(21, round),
            tenant: one,
            user: user(1).id,
            client: guid(5, 1),
            created: NOW,
            expires: NOW.plus_seconds(3600),
            grant: &grant(),
        };
        let families = tx.cloud().token_families();
        families.insert(&family, &key(round, 0)).await.unwrap();
    }
    tx.commit().await.unwrap();
    one_wins(&store, move |tx, round, number| async move {
        let families = tx.cloud().token_families();
        let (old, new) = (key(round, 0), key(round, number + 1));
        let family = guid(21, round);
        let won = families.rotate(family, &old, &new, vec![1], NOW).await?;
        Ok((tx, won))
    })
    .await;
    for round in 0..rounds() {
        let mut alive = 0;
        for number in 0..=AT_ONCE {
            let read = store.read();
            let families = read.cloud().token_families();
            let found = families.find_by_hash(&key(round, number)).await.unwrap();
            alive += u32::from(found.is_some_and(|token| token.used.is_none()));
        }
        assert_eq!(
            alive, 1,
            "round {round}: one token of the family can be used"
        );
    }
});

contract!(r29_pushed_request, store, {
    two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    for round in 0..rounds() {
        let requests = tx.cloud().pushed_requests();
        let end = NOW.plus_seconds(90);
        let kept = requests.insert(&key(round, 0), NOW, end, &pushed()).await;
        kept.unwrap();
    }
    tx.commit().await.unwrap();
    one_wins(&store, move |tx, round, _| async move {
        let requests = tx.cloud().pushed_requests();
        let won = requests.take(&key(round, 0), NOW).await?.is_some();
        Ok((tx, won))
    })
    .await;
});

contract!(r29_step_of_a_one_time_code, store, {
    let [one, _] = two_tenants(&store).await;
    let factor = Factor {
        id: guid(25, 1),
        user: user(1).id,
        sealed_secret: vec![7; 40],
        last_step: None,
        created: NOW,
    };
    let tx = store.begin().await.unwrap();
    tx.tenant(one).factors().insert(&factor).await.unwrap();
    tx.commit().await.unwrap();
    one_wins(&store, move |tx, round, _| async move {
        let factors = tx.tenant(one).factors();
        let step = 100 + i64::from(round);
        let won = factors.accept_step(user(1).id, guid(25, 1), step).await?;
        Ok((tx, won))
    })
    .await;
    let read = store.read();
    let left = read.tenant(one).factors().list(user(1).id).await.unwrap();
    let last = 99 + i64::from(rounds());
    assert_eq!(left.first().unwrap().last_step, Some(last));
});

contract!(r29_release, store, {
    let [one, _] = two_tenants(&store).await;
    for round in 0..rounds() {
        let towards = Id::new(guid(1, 1000 + round));
        let mut first = None;
        // The second sixteen find a yes that stays.
        for late in [0, 1000] {
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..AT_ONCE {
                let store = store.clone();
                tasks.spawn(async move {
                    let tx = store.begin().await?;
                    let at = NOW.plus_seconds(late + i64::from(number));
                    let releases = tx.tenant(one).releases();
                    releases.upsert(user(1).id, "there", towards, at).await?;
                    tx.commit().await
                });
            }
            for answer in tasks.join_all().await {
                assert_eq!(answer, Ok(()), "a yes said twice is no error");
            }
            let read = store.read();
            let kept = read.tenant(one).releases();
            let kept = kept.find(user(1).id, "there", towards).await.unwrap();
            assert!(kept.is_some_and(|at| at < NOW.plus_seconds(i64::from(AT_ONCE))));
            assert_eq!(*first.get_or_insert(kept), kept, "the first yes stays");
        }
    }
});

contract!(r29_consent, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    for round in 0..rounds() {
        let principals = tx.tenant(one).service_principals();
        principals.insert(&principal(1000 + round)).await.unwrap();
    }
    tx.commit().await.unwrap();
    one_wins(&store, move |tx, round, number| async move {
        let grant = PermissionGrant {
            id: guid(12, round * AT_ONCE + number),
            client: principal(1000 + round).id,
            principal: (round % 2 == 0).then_some(user(1).id),
            resource: principal(1).id,
            scope: format!("scope-{number}"),
        };
        tx.tenant(one).permission_grants().insert(&grant).await?;
        Ok((tx, true))
    })
    .await;
    let read = store.read();
    let grants = read.tenant(one).permission_grants().all().await.unwrap();
    assert_eq!(grants.len(), rounds() as usize);
});

contract!(r29_lease, store, {
    let [one, _] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    for round in 0..rounds() {
        let leases = tx.tenant(one).leases();
        leases.insert(&lease(round), NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
    one_wins(&store, move |tx, round, _| async move {
        let leases = tx.tenant(one).leases();
        let until = NOW.plus_seconds(10);
        let won = leases.begin_renewal(lease(round).id, NOW, until).await?;
        Ok((tx, won))
    })
    .await;
    // An end and a late yes of home at the same time: an ended lease is never confirmed again.
    for round in 0..rounds() {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..AT_ONCE {
            let store = store.clone();
            tasks.spawn(async move {
                let tx = store.begin().await.unwrap();
                let (leases, id) = (tx.tenant(one).leases(), lease(round).id);
                if number % 2 == 0 {
                    leases.end(id, NOW).await.unwrap();
                } else {
                    let late = NOW.plus_seconds(1);
                    leases.confirm(id, &facts(), late).await.unwrap();
                }
                tx.commit().await.unwrap();
            });
        }
        tasks.join_all().await;
        let read = store.read();
        let leases = read.tenant(one).leases();
        let left = leases.find(lease(round).id).await.unwrap().unwrap();
        assert_eq!(left.ended, Some(NOW), "round {round}");
        let latest = leases.latest(user(1).id, pair()).await.unwrap();
        assert_ne!(latest.map(|lease| lease.id), Some(left.id));
    }
});
