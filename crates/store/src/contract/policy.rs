//! Policies, their history and the snapshot; and that statements name the tenant.

use super::{
    contract,
    fixture::{NOW, application, guid, properties, tenant, two_tenants},
};
use crate::Error;
use crate::conditional_access::PolicyRow;
use crate::cross_tenant::PartnerRow;
use comity_model::authorization_policy::{
    AllowInvitesFrom, AuthorizationPolicy, GUEST_ROLE_LIMITED,
};
use comity_model::id::Id;

pub(super) fn authorization(from: AllowInvitesFrom) -> AuthorizationPolicy {
    AuthorizationPolicy {
        allow_invites_from: from,
        guest_user_role_id: GUEST_ROLE_LIMITED,
        rest: properties(),
    }
}

contract!(policies, store, {
    let [one, two] = two_tenants(&store).await;
    let partner = PartnerRow {
        cloud: "microsoftonline.us".into(),
        tenant: Id::new(guid(1, 77)),
        document: r#"{"tenantId": "x",  "a":1}"#.into(),
        name: "Northwind".into(),
        domains: vec!["northwind.us".into()],
        created: NOW,
        version: 1,
    };
    let policy = PolicyRow {
        id: guid(15, 1),
        display_name: "Require MFA".into(),
        state: "enabled".into(),
        document: r#"{"state":"enabled"}"#.into(),
        created: NOW,
        modified: None,
        version: 1,
    };
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .cross_tenant()
        .set_root(r#"{"x": 1}"#, 0)
        .await
        .unwrap();
    tx.tenant(one)
        .cross_tenant()
        .insert_partner(&partner)
        .await
        .unwrap();
    tx.tenant(one)
        .conditional_access_policies()
        .insert(&policy)
        .await
        .unwrap();
    tx.tenant(one)
        .named_locations()
        .insert(&policy)
        .await
        .unwrap();
    tx.tenant(one)
        .authorization_policies()
        .insert(&authorization(AllowInvitesFrom::None))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let read = store.read();
    let [here, there] = [read.tenant(one), read.tenant(two)];
    assert_eq!(
        here.cross_tenant().root().await.unwrap(),
        Some((r#"{"x": 1}"#.into(), 1))
    );
    assert_eq!(there.cross_tenant().root().await.unwrap(), None);
    assert_eq!(
        here.cross_tenant().partner(partner.tenant).await.unwrap(),
        Some(partner.clone())
    );
    assert_eq!(
        there.cross_tenant().partner(partner.tenant).await.unwrap(),
        None
    );
    assert_eq!(
        here.cross_tenant().partners().await.unwrap(),
        [partner.clone()]
    );
    assert_eq!(
        here.conditional_access_policies().all().await.unwrap(),
        [policy.clone()]
    );
    assert_eq!(
        there
            .conditional_access_policies()
            .find(policy.id)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        here.named_locations().find(policy.id).await.unwrap(),
        Some(policy.clone())
    );
    let found = here.authorization_policies().find().await.unwrap();
    assert_eq!(found, Some((authorization(AllowInvitesFrom::None), 1)));

    let tx = store.begin().await.unwrap();
    let scoped = tx.tenant(one);
    scoped.cross_tenant().set_root("{}", 1).await.unwrap();
    scoped
        .cross_tenant()
        .update_partner(&partner)
        .await
        .unwrap();
    scoped
        .conditional_access_policies()
        .update(&policy)
        .await
        .unwrap();
    scoped
        .authorization_policies()
        .update(&authorization(AllowInvitesFrom::Everyone), 1)
        .await
        .unwrap();
    assert!(
        scoped
            .named_locations()
            .soft_delete(policy.id, NOW)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    assert_eq!(here.named_locations().all().await.unwrap(), []);

    macro_rules! refused {
        ($call:expr, $name:expr) => {{
            let tx = store.begin().await.unwrap();
            let call = $call;
            let error: Error = call(tx.tenant(one)).await.unwrap_err();
            assert!(error.is_conflict($name), "{error}");
        }};
    }
    let partner = &partner;
    let policy = &policy;
    refused!(
        async |t: crate::TenantTx<'_>| t.cross_tenant().set_root("{}", 1).await,
        "version"
    );
    refused!(
        async |t: crate::TenantTx<'_>| t.cross_tenant().set_root("{}", 0).await,
        "cross_tenant_policies_pkey"
    );
    refused!(
        async |t: crate::TenantTx<'_>| t.cross_tenant().update_partner(partner).await,
        "version"
    );
    refused!(
        async |t: crate::TenantTx<'_>| t.cross_tenant().insert_partner(partner).await,
        "partners_pkey"
    );
    refused!(
        async |t: crate::TenantTx<'_>| t.conditional_access_policies().update(policy).await,
        "version"
    );
    refused!(
        async |t: crate::TenantTx<'_>| t.named_locations().update(policy).await,
        "version"
    );
});

contract!(history_says_what_held, store, {
    let [one, two] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    let history = tx.tenant(one).policy_history();
    history.record("partner", "a", 2, Some("1")).await.unwrap();
    history.record("partner", "b", 2, Some("9")).await.unwrap();
    history.record("partner", "a", 4, Some("2")).await.unwrap();
    history.record("partner", "a", 4, Some("3")).await.unwrap();
    history.record("partner", "a", 6, None).await.unwrap();
    history.record("partner", "a", 8, Some("4")).await.unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    let cases: [(i64, &[&str]); 8] = [
        (1, &[]),
        (2, &["1", "9"]),
        (3, &["1", "9"]),
        (4, &["3", "9"]),
        (5, &["3", "9"]),
        (6, &["9"]),
        (7, &["9"]),
        (8, &["4", "9"]),
    ];
    for (version, expected) in cases {
        let held = read.tenant(one).policy_history().at(version).await.unwrap();
        assert_eq!(
            held.iter().map(|p| p.document.as_str()).collect::<Vec<_>>(),
            expected,
            "{version}"
        );
    }
    assert_eq!(read.tenant(two).policy_history().at(3).await.unwrap(), []);
});

contract!(concurrent_changes_have_versions_of_their_own, store, {
    let [one, _] = two_tenants(&store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            let tx = store.begin().await.unwrap();
            let next = tx.tenant(one).policy_version().await.unwrap() + 1;
            let history = tx.tenant(one).policy_history();
            let key = format!("{number}");
            history
                .record("partner", &key, next, Some("{}"))
                .await
                .unwrap();
            assert_eq!(tx.tenant(one).bump_policy_version().await.unwrap(), next);
            tx.commit().await.unwrap();
        });
    }
    tasks.join_all().await;
    let read = store.read();
    for version in 1..=17_i64 {
        let held = read.tenant(one).policy_history().at(version).await.unwrap();
        assert_eq!(i64::try_from(held.len()).unwrap(), version - 1);
    }
});

contract!(a_snapshot_has_everything, store, {
    let [one, two] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .authorization_policies()
        .insert(&authorization(AllowInvitesFrom::None))
        .await
        .unwrap();
    tx.tenant(one)
        .applications()
        .insert(&application(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    let rows = snapshot
        .tenant(one)
        .snapshot()
        .load()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (rows.tenant, rows.applications),
        (tenant(1), vec![application(1)])
    );
    assert_eq!(rows.service_principals.len(), 2);
    assert!(rows.bytes > 0);
    assert!(
        snapshot
            .tenant(Id::new(guid(1, 9)))
            .snapshot()
            .load()
            .await
            .unwrap()
            .is_none()
    );
    assert!(matches!(
        snapshot.tenant(two).snapshot().load().await,
        Err(Error::Corrupt { .. })
    ));
    snapshot.end().await;
});

/// Law 2: a statement of a tenant's table that does not name the tenant is one of these few.
#[test]
fn statements_name_the_tenant() {
    let tables = [
        "users",
        "groups",
        "applications",
        "service_principals",
        "app_role_assignments",
        "partners",
        "conditional_access_policies",
        "policy_history",
        "factors",
        "invitations",
        "releases",
        "leases",
    ];
    let cloud_wide = [
        "FROM users WHERE external_cloud = $1",
        "FROM invitation_tickets WHERE hash = $1",
    ];
    for statement in crate::statement::all().filter(|s| tables.contains(&s.table)) {
        let scoped = statement.text.contains("tenant_id = $1")
            || statement.text.contains("(tenant_id,")
            || statement.text.contains("(hash, tenant_id,")
            || statement
                .text
                .starts_with("UPDATE tenants SET policy_version = policy_version WHERE id = $1");
        let known = cloud_wide.iter().any(|part| statement.text.contains(part));
        assert!(scoped || known, "{}: {}", statement.table, statement.text);
    }
}
