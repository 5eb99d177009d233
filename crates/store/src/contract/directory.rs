//! Tenants, keys, users and groups come back as they went, under their tenant and version only.

use super::{
    contract,
    fixture::{NOW, group, guest, guid, signing_key, stale, tenant, two_tenants, user},
};
use crate::{Constraint, Error};
use comity_model::group::{ObjectKind, ObjectRef};
use comity_model::id::Id;
use comity_model::name::Upn;
use comity_model::signing_key::{KeyState, SigningKeyRow};
use comity_model::tenant::{Domain, Tenant};
use comity_model::user::{ExternalIdentity, User};
use std::{
    collections::BTreeSet,
    pin::Pin,
    task::{Context, Waker},
};

contract!(tenants_and_domains, store, {
    let [one, two] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    let domain = |name: &str, is_default| Domain {
        name: name.into(),
        is_default,
        is_initial: false,
    };
    tx.tenant(one)
        .insert_domain(&domain("contoso.com", true))
        .await
        .unwrap();
    tx.tenant(one)
        .insert_domain(&domain("contoso.org", true))
        .await
        .unwrap();
    let mut changed = tenant(1);
    changed.display_name = "Contoso".into();
    changed.worker_enabled = false;
    tx.tenant(one).update_self(&changed).await.unwrap();
    assert_eq!(tx.tenant(one).bump_policy_version().await.unwrap(), 2);
    tx.commit().await.unwrap();

    let read = store.read();
    let expected = Tenant {
        policy_version: 2,
        ..changed
    };
    assert_eq!(
        read.cloud().find_tenant(one).await.unwrap(),
        Some(expected.clone())
    );
    assert_eq!(
        read.cloud()
            .find_tenant_by_domain("contoso.org")
            .await
            .unwrap(),
        Some(expected)
    );
    assert_eq!(
        read.cloud()
            .find_tenant_by_domain("Contoso.org")
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        read.cloud().find_tenant(Id::new(guid(1, 9))).await.unwrap(),
        None
    );
    assert_eq!(read.cloud().list_tenants().await.unwrap().len(), 2);
    let defaults: Vec<bool> = read
        .tenant(one)
        .domains()
        .await
        .unwrap()
        .iter()
        .map(|d| d.is_default)
        .collect();
    assert_eq!(defaults, [false, true], "one default at a time");
    assert_eq!(read.tenant(two).domains().await.unwrap(), []);
    assert_eq!(
        read.tenant(one).versions().await.unwrap().map(|v| v.policy),
        Some(2)
    );
    assert_eq!(
        read.tenant(Id::new(guid(1, 9))).versions().await.unwrap(),
        None
    );

    let tx = store.begin().await.unwrap();
    let taken = tx
        .tenant(two)
        .insert_domain(&domain("contoso.com", false))
        .await
        .unwrap_err();
    assert!(taken.is_conflict("domains_pkey"), "{taken}");
});

contract!(keys_raise_their_version, store, {
    let key = signing_key("k1", KeyState::Next);
    let before = store.read().cloud().signing_keys().version().await.unwrap();
    let tx = store.begin().await.unwrap();
    tx.cloud().signing_keys().insert(&key).await.unwrap();
    let later = NOW.plus_seconds(1);
    assert!(
        tx.cloud()
            .signing_keys()
            .set_state("k1", KeyState::Active, later)
            .await
            .unwrap()
    );
    assert!(
        !tx.cloud()
            .signing_keys()
            .set_state("k1", KeyState::Active, later)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    let keys = store.read();
    assert_eq!(
        keys.cloud().signing_keys().version().await.unwrap(),
        before + 2
    );
    let active = SigningKeyRow {
        state: KeyState::Active,
        changed: later,
        ..key
    };
    assert_eq!(keys.cloud().signing_keys().list().await.unwrap(), [active]);
});

contract!(users, store, {
    let [one, two] = two_tenants(&store).await;
    let nora = guest(3);
    let identity = nora.external.clone().unwrap().identity;
    let tx = store.begin().await.unwrap();
    tx.tenant(one).users().insert(&nora).await.unwrap();
    let twin = User {
        external: None,
        id: Id::new(guid(2, 50)),
        upn: "USER1@contoso.com".into(),
        ..user(1)
    };
    tx.tenant(two).users().insert(&twin).await.unwrap();
    tx.commit().await.unwrap();

    let read = store.read();
    let upn = Upn::parse("user1@CONTOSO.com").unwrap();
    let [here, there] = [read.tenant(one), read.tenant(two)];
    assert_eq!(
        here.users().find(nora.id).await.unwrap(),
        Some(nora.clone())
    );
    assert_eq!(
        there.users().find(nora.id).await.unwrap(),
        None,
        "another tenant's object"
    );
    assert_eq!(here.users().find_by_upn(&upn).await.unwrap(), Some(user(1)));
    assert_eq!(there.users().find_by_upn(&upn).await.unwrap(), Some(twin));
    assert_eq!(
        here.users().find_external(&identity).await.unwrap(),
        Some(nora.clone())
    );
    let name = nora.external.clone().unwrap().home_upn.to_uppercase();
    let name = Upn::parse(&name).unwrap();
    let named = async |cloud: &str, tenant| {
        let users = here.users();
        users.find_by_home_name(cloud, tenant, &name).await.unwrap()
    };
    let found = named(&identity.cloud, identity.tenant).await;
    assert_eq!(found, Some(nora.clone()), "in whatever case");
    assert_eq!(named("other", identity.tenant).await, None);
    assert_eq!(named(&identity.cloud, Id::new(guid(9, 9))).await, None);
    let elsewhere = there
        .users()
        .find_by_home_name(&identity.cloud, identity.tenant, &name)
        .await;
    assert_eq!(elsewhere.unwrap(), None, "another tenant's guest");
    let other_cloud = ExternalIdentity {
        cloud: "other".into(),
        ..identity.clone()
    };
    assert_eq!(
        here.users().find_external(&other_cloud).await.unwrap(),
        None
    );
    assert_eq!(read.cloud().memberships_of(&identity).await.unwrap(), [one]);
    assert_eq!(read.cloud().memberships_of(&other_cloud).await.unwrap(), []);

    for (name, clash) in [
        (
            "users_upn",
            User {
                id: Id::new(guid(2, 60)),
                upn: "uSER1@contoso.COM".into(),
                ..user(60)
            },
        ),
        (
            "users_external",
            User {
                upn: "new@contoso.com".into(),
                ..User {
                    id: Id::new(guid(2, 61)),
                    ..nora.clone()
                }
            },
        ),
        (
            "users_pkey",
            User {
                upn: "new@contoso.com".into(),
                ..user(1)
            },
        ),
    ] {
        let tx = store.begin().await.unwrap();
        let error = tx.tenant(one).users().insert(&clash).await.unwrap_err();
        assert_eq!(error, Error::Conflict(Constraint::new(name)));
    }
});

contract!(users_change_under_their_version, store, {
    let [one, two] = two_tenants(&store).await;
    let renamed = User {
        display_name: "Änne".into(),
        mail: Some("a@b.c".into()),
        ..user(1)
    };
    let tx = store.begin().await.unwrap();
    tx.tenant(one).users().update(&renamed).await.unwrap();
    tx.commit().await.unwrap();
    let found = store
        .read()
        .tenant(one)
        .users()
        .find(renamed.id)
        .await
        .unwrap();
    assert_eq!(
        found,
        Some(User {
            version: 2,
            ..renamed.clone()
        })
    );
    for tenant in [one, two] {
        let tx = store.begin().await.unwrap();
        assert_eq!(
            tx.tenant(tenant)
                .users()
                .update(&renamed)
                .await
                .unwrap_err(),
            stale()
        );
    }

    let tx = store.begin().await.unwrap();
    assert!(
        tx.tenant(one)
            .users()
            .soft_delete(renamed.id, NOW)
            .await
            .unwrap()
    );
    assert!(
        !tx.tenant(one)
            .users()
            .soft_delete(renamed.id, NOW)
            .await
            .unwrap()
    );
    // The name is free again.
    tx.tenant(one)
        .users()
        .insert(&User {
            id: Id::new(guid(2, 70)),
            ..user(1)
        })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let all = store.read().tenant(one).users().all().await.unwrap();
    assert_eq!(
        all.iter().map(|u| u.id.uuid()).collect::<Vec<_>>(),
        [guid(2, 70), guid(2, 2)]
    );
});

contract!(membership_is_transitive_and_ends, store, {
    let [one, two] = two_tenants(&store).await;
    let id = |number| group(number).id;
    let nested = |number| ObjectRef {
        kind: ObjectKind::Group,
        id: guid(3, number),
    };
    let person = ObjectRef {
        kind: ObjectKind::User,
        id: guid(2, 1),
    };
    let tx = store.begin().await.unwrap();
    let groups = tx.tenant(one).groups();
    for number in 1..=5 {
        groups.insert(&group(number)).await.unwrap();
    }
    tx.tenant(two).groups().insert(&group(9)).await.unwrap();
    tx.tenant(one).users().insert(&user(8)).await.unwrap();
    assert!(groups.add_member(id(1), person).await.unwrap());
    // A deleted person is nobody's member, until she is restored.
    let gone = ObjectRef {
        kind: ObjectKind::User,
        id: user(8).id.uuid(),
    };
    assert!(groups.add_member(id(1), gone).await.unwrap());
    assert!(groups.add_owner(id(1), gone).await.unwrap());
    let users = tx.tenant(one).users();
    assert!(users.soft_delete(user(8).id, NOW).await.unwrap());
    assert!(!groups.add_member(id(1), person).await.unwrap());
    // 1 in 2 in 3 in 1: a cycle; 4 in itself; 5 is deleted between 1 and nothing.
    for (outer, inner) in [(2, 1), (3, 2), (1, 3), (4, 4), (4, 1), (5, 1)] {
        assert!(groups.add_member(id(outer), nested(inner)).await.unwrap());
    }
    assert!(groups.soft_delete(id(5), NOW).await.unwrap());
    assert!(groups.add_owner(id(1), person).await.unwrap());
    tx.commit().await.unwrap();

    let read = store.read();
    let groups = read.tenant(one).groups();
    let set = |numbers: &[u32]| numbers.iter().map(|n| guid(3, *n)).collect::<BTreeSet<_>>();
    assert_eq!(
        groups.groups_of(person.id).await.unwrap(),
        set(&[1, 2, 3, 4])
    );
    assert_eq!(groups.direct_groups_of(person.id).await.unwrap(), set(&[1]));
    let below = groups.transitive_members(id(3)).await.unwrap();
    assert!(
        below.contains(&person) && below.contains(&nested(1)) && below.len() == 4,
        "{below:?}"
    );
    assert_eq!(groups.members(id(1)).await.unwrap(), [person, nested(3)]);
    assert_eq!(groups.owners(id(1)).await.unwrap(), [person]);
    assert_eq!(groups.all().await.unwrap().len(), 4);
    let elsewhere = read.tenant(two).groups();
    assert_eq!(
        elsewhere.groups_of(person.id).await.unwrap(),
        BTreeSet::new()
    );
    assert_eq!(elsewhere.members(id(1)).await.unwrap(), []);

    let tx = store.begin().await.unwrap();
    assert!(
        tx.tenant(one)
            .groups()
            .soft_delete(id(2), NOW)
            .await
            .unwrap()
    );
    assert!(
        tx.tenant(one)
            .groups()
            .remove_member(id(4), nested(1).id)
            .await
            .unwrap()
    );
    assert!(
        !tx.tenant(one)
            .groups()
            .remove_member(id(4), nested(1).id)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    let groups = read.tenant(one).groups();
    assert_eq!(
        groups.groups_of(person.id).await.unwrap(),
        set(&[1]),
        "a deleted group breaks the chain"
    );
    let below = groups.transitive_members(id(3)).await.unwrap();
    assert!(!below.contains(&person), "{below:?}");
    let tx = store.begin().await.unwrap();
    let nowhere = tx
        .tenant(two)
        .groups()
        .add_member(id(1), person)
        .await
        .unwrap_err();
    assert!(nowhere.is_conflict(Constraint::FOREIGN_KEY), "{nowhere}");
});

/// Whether a future has no answer when it is asked for the first time.
fn is_under_way(future: Pin<&mut impl Future>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    future.poll(&mut context).is_pending()
}

contract!(what_may_be_long_runs_on_no_thread_of_the_runtime, store, {
    let [one, _] = two_tenants(&store).await;
    let id = group(1).id;
    let ids: Vec<_> = (1..=700).map(|n| user(n).id.uuid()).collect();
    let tx = store.begin().await.unwrap();
    tx.tenant(one).groups().insert(&group(1)).await.unwrap();
    for number in 1..=700 {
        if number > 2 {
            tx.tenant(one).users().insert(&user(number)).await.unwrap();
        }
        let kind = ObjectKind::User;
        let id_of = user(number).id.uuid();
        let member = ObjectRef { kind, id: id_of };
        let groups = tx.tenant(one).groups();
        assert!(groups.add_member(id, member).await.unwrap());
    }
    tx.commit().await.unwrap();
    let read = store.read();
    let (groups, users) = (read.tenant(one).groups(), read.tenant(one).users());
    let mut direct = Box::pin(groups.members(id));
    let mut all = Box::pin(groups.transitive_members(id));
    let mut many = Box::pin(users.find_many(&ids));
    // Asked once, none of them has an answer: it is being made elsewhere.
    assert!(is_under_way(direct.as_mut()));
    assert!(is_under_way(all.as_mut()));
    assert!(is_under_way(many.as_mut()));
    assert_eq!(direct.await.unwrap().len(), 700);
    assert_eq!(all.await.unwrap().len(), 700);
    let mut found = many.await.unwrap();
    found.sort_by_key(|u| u.id.uuid());
    assert_eq!(found.len(), 700);
    assert_eq!(found[0], user(1));
    let nobody = users.find_many(&[]).await.unwrap();
    assert_eq!(nobody, []);
});

contract!(a_name_is_changed_without_the_switches, store, {
    let [one, two] = two_tenants(&store).await;
    let read = store.read();
    let stale = read.tenant(one).find_self().await.unwrap().unwrap();
    let tx = store.begin().await.unwrap();
    tx.tenant(one).switch_worker(false).await.unwrap();
    tx.commit().await.unwrap();
    // Somebody renames it who has read it before.
    let tx = store.begin().await.unwrap();
    let renamed = comity_model::tenant::Tenant {
        display_name: "Renamed".into(),
        ..stale.clone()
    };
    tx.tenant(one).rename_self(&renamed).await.unwrap();
    tx.commit().await.unwrap();
    let now = read.tenant(one).find_self().await.unwrap().unwrap();
    assert_eq!(now.display_name, "Renamed");
    assert!(stale.worker_enabled && !now.worker_enabled && now.enabled);
    let other = read.tenant(two).find_self().await.unwrap().unwrap();
    assert!(other.worker_enabled && other.display_name != "Renamed");
});

contract!(a_tenant_stays_at_its_version_until_the_end, store, {
    let [one, two] = two_tenants(&store).await;
    let version = store
        .read()
        .tenant(one)
        .versions()
        .await
        .unwrap()
        .unwrap()
        .policy;
    let tx = store.begin().await.unwrap();
    assert!(tx.tenant(one).is_at(version).await.unwrap());
    assert!(!tx.tenant(one).is_at(version + 1).await.unwrap());
    tx.tenant(one).bump_policy_version().await.unwrap();
    assert!(!tx.tenant(one).is_at(version).await.unwrap());
    tx.commit().await.unwrap();
    let tx = store.begin().await.unwrap();
    assert!(tx.tenant(one).is_at(version + 1).await.unwrap());
    assert!(tx.tenant(two).is_at(version).await.unwrap());
});

contract!(deletions_are_taken_back_or_final, store, {
    let [one, two] = two_tenants(&store).await;
    let (id, group_id) = (user(1).id, group(1).id);
    let later = NOW.plus_seconds(60);
    let person = ObjectRef {
        kind: ObjectKind::User,
        id: id.uuid(),
    };
    let tx = store.begin().await.unwrap();
    let here = tx.tenant(one);
    here.groups().insert(&group(1)).await.unwrap();
    here.groups().add_member(group_id, person).await.unwrap();
    // What is not deleted is neither taken back nor ended.
    assert!(!here.restore_user(id, NOW).await.unwrap());
    assert!(!here.purge_user(id).await.unwrap());
    assert!(!here.restore_group(group_id).await.unwrap());
    assert!(!here.purge_group(group_id).await.unwrap());
    assert!(here.users().soft_delete(id, NOW).await.unwrap());
    assert!(here.groups().soft_delete(group_id, NOW).await.unwrap());
    // Another tenant reaches neither.
    assert!(!tx.tenant(two).restore_user(id, NOW).await.unwrap());
    assert!(!tx.tenant(two).purge_user(id).await.unwrap());
    tx.commit().await.unwrap();
    let before = store.read();
    let old = before.tenant(one);
    assert_eq!(old.users_deleted_before(NOW).await.unwrap(), [id]);
    assert_eq!(old.groups_deleted_before(NOW).await.unwrap(), [group_id]);
    let earlier = NOW.plus_seconds(-1);
    assert_eq!(old.users_deleted_before(earlier).await.unwrap(), []);
    let none = before.tenant(two).users_deleted_before(later).await;
    assert_eq!(none.unwrap(), []);

    let tx = store.begin().await.unwrap();
    let here = tx.tenant(one);
    assert!(here.restore_user(id, later).await.unwrap());
    assert!(here.restore_group(group_id).await.unwrap());
    let found = here.users().find(id).await.unwrap().unwrap();
    assert_eq!((found.deleted, found.sessions_valid_from), (None, later));
    assert_eq!(here.groups().members(group_id).await.unwrap(), [person]);
    assert!(here.users().soft_delete(id, later).await.unwrap());
    assert!(here.purge_user(id).await.unwrap());
    assert_eq!(here.users().find(id).await.unwrap(), None);
    tx.commit().await.unwrap();
    // The same ID again, which does not happen: nothing of before is its own.
    let tx = store.begin().await.unwrap();
    tx.tenant(one).users().insert(&user(1)).await.unwrap();
    let members = tx.tenant(one).groups().members(group_id).await;
    assert_eq!(members.unwrap(), []);
});
