//! Applications, service principals and who may use what.

use super::{
    contract,
    fixture::{NOW, application, guid, hash, principal, stale, two_tenants},
};
use comity_model::app_role_assignment::AppRoleAssignment;
use comity_model::application::{Application, ApplicationSecret};
use comity_model::authorization_policy::AllowInvitesFrom;
use comity_model::group::{ObjectKind, ObjectRef};
use comity_model::id::Id;
use comity_model::permission_grant::PermissionGrant;
use comity_model::role_assignment::RoleAssignment;
use comity_model::service_principal::ServicePrincipal;
use uuid::Uuid;

contract!(applications_and_principals, store, {
    let [one, two] = two_tenants(&store).await;
    let secret = ApplicationSecret {
        key_id: guid(7, 1),
        application: application(3).id,
        hash: hash(1),
        hint: "abc".into(),
        display_name: None,
        start: NOW,
        end: NOW.plus_seconds(60),
    };
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .applications()
        .insert(&application(3))
        .await
        .unwrap();
    tx.tenant(one)
        .application_secrets()
        .insert(&secret)
        .await
        .unwrap();
    tx.tenant(two)
        .service_principals()
        .insert(&principal(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    assert_eq!(
        read.tenant(one).applications().all().await.unwrap(),
        [application(3)]
    );
    assert_eq!(
        read.tenant(one).application_secrets().all().await.unwrap(),
        [secret]
    );
    assert_eq!(
        read.tenant(two).application_secrets().all().await.unwrap(),
        []
    );
    assert_eq!(
        read.tenant(one)
            .service_principals()
            .find(principal(2).id)
            .await
            .unwrap(),
        Some(principal(2))
    );
    assert_eq!(
        read.tenant(two)
            .service_principals()
            .find(principal(2).id)
            .await
            .unwrap(),
        None
    );

    let tx = store.begin().await.unwrap();
    let twin = Application {
        id: Id::new(guid(4, 9)),
        ..application(3)
    };
    let error = tx
        .tenant(two)
        .applications()
        .insert(&twin)
        .await
        .unwrap_err();
    assert!(
        error.is_conflict("applications_app_id"),
        "an app ID is unique in the cloud: {error}"
    );
    drop(tx);
    let tx = store.begin().await.unwrap();
    let twin = ServicePrincipal {
        id: Id::new(guid(6, 9)),
        ..principal(1)
    };
    let error = tx
        .tenant(one)
        .service_principals()
        .insert(&twin)
        .await
        .unwrap_err();
    assert!(error.is_conflict("service_principals_app_id"), "{error}");
    drop(tx);
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .applications()
        .update(&application(3))
        .await
        .unwrap();
    assert_eq!(
        tx.tenant(one)
            .applications()
            .update(&application(3))
            .await
            .unwrap_err(),
        stale()
    );
    drop(tx);
    let tx = store.begin().await.unwrap();
    assert!(
        !tx.tenant(two)
            .application_secrets()
            .delete(guid(7, 1))
            .await
            .unwrap()
    );
    assert!(
        tx.tenant(one)
            .application_secrets()
            .delete(guid(7, 1))
            .await
            .unwrap()
    );
    assert!(
        tx.tenant(one)
            .applications()
            .soft_delete(application(3).id, NOW)
            .await
            .unwrap()
    );
    tx.tenant(two)
        .applications()
        .insert(&Application {
            id: Id::new(guid(4, 9)),
            ..application(3)
        })
        .await
        .unwrap();
    tx.commit().await.unwrap();
});

contract!(assignments_and_grants, store, {
    let [one, two] = two_tenants(&store).await;
    let assignment = AppRoleAssignment {
        id: guid(11, 1),
        principal: guid(2, 1),
        principal_kind: ObjectKind::User,
        resource: principal(1).id,
        app_role: Uuid::nil(),
        created: NOW,
    };
    let grant = |number, principal_id: Option<u32>| PermissionGrant {
        id: guid(12, number),
        client: principal(1).id,
        principal: principal_id.map(|n| Id::new(guid(2, n))),
        resource: principal(2).id,
        scope: "User.Read openid".into(),
    };
    let role = RoleAssignment {
        id: guid(13, 1),
        role: guid(14, 1),
        principal: guid(2, 1),
        principal_kind: ObjectKind::User,
        scope: None,
        created: NOW,
    };
    let tx = store.begin().await.unwrap();
    tx.tenant(one)
        .app_role_assignments()
        .insert(&assignment)
        .await
        .unwrap();
    tx.tenant(one)
        .role_assignments()
        .insert(&role)
        .await
        .unwrap();
    tx.tenant(one)
        .permission_grants()
        .insert(&grant(1, None))
        .await
        .unwrap();
    tx.tenant(one)
        .permission_grants()
        .insert(&grant(2, Some(1)))
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let read = store.read();
    let [here, there] = [read.tenant(one), read.tenant(two)];
    assert_eq!(
        here.app_role_assignments()
            .find(assignment.id)
            .await
            .unwrap(),
        Some(assignment.clone())
    );
    assert_eq!(
        here.app_role_assignments()
            .list_of_principal(guid(2, 1))
            .await
            .unwrap(),
        [assignment.clone()]
    );
    assert_eq!(
        here.app_role_assignments()
            .list_of_resource(principal(1).id)
            .await
            .unwrap(),
        [assignment.clone()]
    );
    assert_eq!(
        here.app_role_assignments()
            .list_of_service_principals()
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        there
            .app_role_assignments()
            .find(assignment.id)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        here.permission_grants().all().await.unwrap(),
        [grant(1, None), grant(2, Some(1))]
    );
    assert_eq!(there.permission_grants().all().await.unwrap(), []);
    assert_eq!(
        here.role_assignments()
            .list_of_principal(guid(2, 1))
            .await
            .unwrap(),
        [role.clone()]
    );
    assert_eq!(there.role_assignments().all().await.unwrap(), []);

    let tx = store.begin().await.unwrap();
    let twin = AppRoleAssignment {
        id: guid(11, 2),
        ..assignment
    };
    let error = tx
        .tenant(one)
        .app_role_assignments()
        .insert(&twin)
        .await
        .unwrap_err();
    assert!(error.is_conflict("app_role_assignments_triple"), "{error}");
    drop(tx);
    for (number, who, name) in [
        (3, None, "permission_grants_everyone"),
        (4, Some(1), "permission_grants_principal"),
    ] {
        let tx = store.begin().await.unwrap();
        let error = tx
            .tenant(one)
            .permission_grants()
            .insert(&grant(number, who))
            .await
            .unwrap_err();
        assert!(error.is_conflict(name), "{error}");
    }
    let tx = store.begin().await.unwrap();
    let twin = RoleAssignment {
        id: guid(13, 2),
        ..role
    };
    let error = tx
        .tenant(one)
        .role_assignments()
        .insert(&twin)
        .await
        .unwrap_err();
    assert!(error.is_conflict("role_assignments_pair"), "{error}");
});

contract!(roles_over_one_application_and_roles_in_use, store, {
    let [one, two] = two_tenants(&store).await;
    let role = |number, scope| RoleAssignment {
        id: guid(13, number),
        role: guid(14, 1),
        principal: guid(2, 1),
        principal_kind: ObjectKind::User,
        scope,
        created: NOW,
    };
    let all = [
        role(1, None),
        role(2, Some(guid(3, 1))),
        role(3, Some(guid(3, 2))),
    ];
    let tx = store.begin().await.unwrap();
    let roles = tx.tenant(one).role_assignments();
    for assignment in &all {
        roles.insert(assignment).await.unwrap();
    }
    assert!(roles.activate(guid(14, 2)).await.unwrap());
    assert!(!roles.activate(guid(14, 2)).await.unwrap());
    tx.commit().await.unwrap();
    let read = store.read();
    let roles = read.tenant(one).role_assignments();
    assert_eq!(roles.all().await.unwrap(), all);
    let active = [guid(14, 1), guid(14, 2)].into();
    assert_eq!(roles.active().await.unwrap(), active);
    let elsewhere = read.tenant(two).role_assignments().active().await;
    assert!(elsewhere.unwrap().is_empty());
    let tx = store.begin().await.unwrap();
    let twin = role(4, Some(guid(3, 1)));
    let error = tx.tenant(one).role_assignments().insert(&twin).await;
    let error = error.unwrap_err();
    assert!(error.is_conflict("role_assignments_scope"), "{error}");
});

contract!(owners_of_applications, store, {
    let [one, two] = two_tenants(&store).await;
    let object = guid(3, 1);
    let owner = ObjectRef {
        kind: ObjectKind::User,
        id: guid(4, 1),
    };
    let tx = store.begin().await.unwrap();
    let owners = tx.tenant(one).object_owners();
    assert!(owners.add(object, owner).await.unwrap());
    assert!(!owners.add(object, owner).await.unwrap());
    tx.commit().await.unwrap();
    let read = store.read();
    let list = |tenant| read.tenant(tenant).object_owners();
    assert_eq!(list(one).list(object).await.unwrap(), [owner]);
    assert_eq!(list(two).list(object).await.unwrap(), []);
    let tx = store.begin().await.unwrap();
    let elsewhere = tx.tenant(two).object_owners();
    assert!(!elsewhere.remove(object, owner.id).await.unwrap());
    let owners = tx.tenant(one).object_owners();
    assert!(owners.remove(object, owner.id).await.unwrap());
    tx.commit().await.unwrap();
    let left = store.read().tenant(one).object_owners().list(object).await;
    assert_eq!(left.unwrap(), []);
});

contract!(the_weight_of_a_snapshot_is_what_was_read, store, {
    let [one, _] = two_tenants(&store).await;
    let policy = crate::contract::policy::authorization(AllowInvitesFrom::Everyone);
    let tx = store.begin().await.unwrap();
    let policies = tx.tenant(one).authorization_policies();
    policies.insert(&policy).await.unwrap();
    tx.commit().await.unwrap();
    let weight = async || {
        let read = store.snapshot().await.unwrap();
        let rows = read.tenant(one).snapshot().load().await.unwrap();
        read.end().await;
        rows.unwrap().bytes
    };
    let before = weight().await;
    let mut large = application(3);
    let tags: Vec<String> = (0..1000).map(|n| format!("{n:0200}")).collect();
    large
        .properties
        .insert("tags".into(), serde_json::json!(tags));
    let tx = store.begin().await.unwrap();
    tx.tenant(one).applications().insert(&large).await.unwrap();
    tx.tenant(one)
        .applications()
        .insert(&application(4))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let added = weight().await - before;
    assert!((200_000..300_000).contains(&added), "{added}");
});
