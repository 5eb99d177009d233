//! Each noun comes back as it went, under its tenant only, and under its version only.

use std::collections::BTreeSet;

use comity_model::{
    app_role_assignment::AppRoleAssignment,
    application::{Application, ApplicationSecret},
    audit_record::AuditRecord,
    authorization_policy::{AllowInvitesFrom, AuthorizationPolicy, GUEST_ROLE_LIMITED},
    group::{Group, ObjectKind, ObjectRef},
    id::Id,
    name::Upn,
    permission_grant::PermissionGrant,
    role_assignment::RoleAssignment,
    secret::Hashed,
    service_principal::ServicePrincipal,
    sign_in_record::SignInRecord,
    signing_key::{KeyPurpose, KeyState, SigningKeyRow},
    tenant::{Domain, Tenant},
    time::Utc,
    user::{ExternalIdentity, ExternalLink, ExternalUserState, User, UserType},
};
use serde_json::{Map, json};
use uuid::Uuid;

use super::contract;
use crate::{Constraint, Error, Store, conditional_access::PolicyRow, cross_tenant::PartnerRow};

pub(super) const NOW: Utc = Utc::from_seconds(1_800_000_000);

pub(super) fn guid(kind: u32, number: u32) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 96) | u128::from(number))
}

pub(super) fn hash(number: u8) -> Hashed {
    Hashed([number; 32])
}

fn properties() -> Map<String, serde_json::Value> {
    let value = json!({"zeta": 1, "city": "Zürich", "list": ["b", "a"], "none": null});
    value.as_object().unwrap().clone()
}

pub(super) fn tenant(number: u32) -> Tenant {
    Tenant {
        id: Id::new(guid(1, number)),
        display_name: format!("Tenant {number}"),
        initial_domain: format!("t{number}.onmicrosoft.com"),
        enabled: true,
        policy_version: 1,
        worker_enabled: true,
        publishes_domains: true,
        created: NOW,
        properties: properties(),
    }
}

pub(super) fn user(number: u32) -> User {
    User {
        id: Id::new(guid(2, number)),
        upn: format!("User{number}@Contoso.com"),
        display_name: format!("User {number}"),
        mail: None,
        user_type: UserType::Member,
        account_enabled: true,
        external: None,
        sessions_valid_from: NOW,
        created: NOW,
        deleted: None,
        version: 1,
        properties: properties(),
    }
}

fn guest(number: u32) -> User {
    let external = Some(ExternalLink {
        identity: ExternalIdentity {
            cloud: "microsoftonline.us".into(),
            tenant: Id::new(guid(1, 77)),
            object: Id::new(guid(2, 1000 + number)),
        },
        state: ExternalUserState::PendingAcceptance,
        state_changed: NOW,
        home_upn: "nora@northwind.us".into(),
    });
    User {
        user_type: UserType::Guest,
        external,
        ..user(number)
    }
}

fn group(number: u32) -> Group {
    Group {
        id: Id::new(guid(3, number)),
        display_name: format!("Group {number}"),
        mail_nickname: format!("Nick{number}"),
        mail_enabled: false,
        security_enabled: true,
        created: NOW,
        deleted: None,
        version: 1,
        properties: properties(),
    }
}

fn application(number: u32) -> Application {
    Application {
        id: Id::new(guid(4, number)),
        app_id: guid(5, number),
        display_name: format!("Application {number}"),
        created: NOW,
        deleted: None,
        version: 1,
        properties: properties(),
    }
}

fn principal(number: u32) -> ServicePrincipal {
    ServicePrincipal {
        id: Id::new(guid(6, number)),
        app_id: guid(5, number),
        display_name: format!("Application {number}"),
        account_enabled: true,
        app_role_assignment_required: false,
        created: NOW,
        deleted: None,
        version: 1,
        properties: properties(),
    }
}

pub(super) fn audit_record(number: u32) -> AuditRecord {
    AuditRecord {
        id: guid(8, number),
        created: NOW.plus_seconds(i64::from(number % 4)),
        correlation_id: guid(9, number % 3),
        category: if number.is_multiple_of(2) {
            "Policy"
        } else {
            "UserManagement"
        }
        .into(),
        activity: "Invite external user".into(),
        result: if number.is_multiple_of(3) {
            "failure"
        } else {
            "success"
        }
        .into(),
        initiated_by: properties(),
        properties: properties(),
    }
}

fn sign_in_record(number: u32) -> SignInRecord {
    SignInRecord {
        id: guid(10, number),
        created: NOW,
        correlation_id: guid(9, 1),
        user: Some(guid(2, 1)),
        user_principal_name: "Nora@Northwind.us".into(),
        user_display_name: "Nora".into(),
        app: Some(guid(5, 1)),
        resource: None,
        error_code: 500_213,
        is_interactive: true,
        home: Some(comity_model::federation::HomeTenant {
            cloud: "microsoftonline.us".into(),
            tenant: Id::new(guid(1, 77)),
        }),
        resource_tenant: None,
        facts: None,
        event: "interactiveUser".into(),
        properties: properties(),
    }
}

/// A store with two tenants; the first has users 1 and 2 and principals 1 and 2.
pub(super) async fn two_tenants(store: &Store) -> [Id<Tenant>; 2] {
    let tx = store.begin().await.unwrap();
    let [one, two] = [tenant(1), tenant(2)];
    tx.cloud().insert_tenant(&one).await.unwrap();
    tx.cloud().insert_tenant(&two).await.unwrap();
    for number in [1, 2] {
        tx.tenant(one.id)
            .users()
            .insert(&user(number))
            .await
            .unwrap();
        tx.tenant(one.id)
            .service_principals()
            .insert(&principal(number))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    [one.id, two.id]
}

fn stale() -> Error {
    Error::Conflict(Constraint::new(Constraint::VERSION))
}

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
    let key = SigningKeyRow {
        kid: "k1".into(),
        purpose: KeyPurpose::Token,
        algorithm: "RS256".into(),
        public_jwk: r#"{"kty": "RSA", "e":"AQAB"}"#.into(),
        sealed: vec![1, 0, 255],
        state: KeyState::Next,
        created: NOW,
        changed: NOW,
    };
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
    assert!(groups.add_member(id(1), person).await.unwrap());
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

fn authorization(from: AllowInvitesFrom) -> AuthorizationPolicy {
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

contract!(records_are_numbered_without_gaps, store, {
    let [one, two] = two_tenants(&store).await;
    let tx = store.begin().await.unwrap();
    for number in [3, 1, 2] {
        tx.tenant(one)
            .audit_records()
            .insert(&audit_record(number))
            .await
            .unwrap();
        tx.tenant(one)
            .sign_in_records()
            .insert(&sign_in_record(number))
            .await
            .unwrap();
    }
    tx.tenant(two)
        .audit_records()
        .insert(&audit_record(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let read = store.read();
    let found = read
        .tenant(one)
        .sign_in_records()
        .find(guid(10, 1))
        .await
        .unwrap();
    assert_eq!(found, Some(sign_in_record(1)));
    assert_eq!(
        read.tenant(two)
            .sign_in_records()
            .find(guid(10, 1))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        read.tenant(one)
            .sign_in_records()
            .by_correlation(guid(9, 1))
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        read.tenant(one)
            .audit_records()
            .find(guid(8, 3))
            .await
            .unwrap(),
        Some(audit_record(3))
    );
    assert_eq!(
        read.cloud()
            .tenants_with_unnumbered_records()
            .await
            .unwrap(),
        [one, two]
    );

    let tx = store.begin().await.unwrap();
    assert_eq!(tx.tenant(one).audit_records().number().await.unwrap(), 3);
    assert_eq!(tx.tenant(one).sign_in_records().number().await.unwrap(), 3);
    assert_eq!(tx.tenant(one).audit_records().number().await.unwrap(), 0);
    tx.tenant(one)
        .audit_records()
        .insert(&audit_record(4))
        .await
        .unwrap();
    assert_eq!(tx.tenant(one).audit_records().number().await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(
        read.cloud()
            .tenants_with_unnumbered_records()
            .await
            .unwrap(),
        [two]
    );
    let sql = "SELECT id, sequence FROM audit_records WHERE sequence IS NOT NULL ORDER BY sequence";
    let rows = crate::contract::read(&store, sql, vec![]).await;
    let numbered: Vec<_> = rows
        .iter()
        .map(|r| (r.uuid("id").unwrap(), r.int("sequence").unwrap()))
        .collect();
    assert_eq!(
        numbered,
        (1..=4)
            .map(|n| (guid(8, n), i64::from(n)))
            .collect::<Vec<_>>()
    );
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
            || statement.text == "SELECT policy_version FROM tenants WHERE id = $1";
        let known = cloud_wide.iter().any(|part| statement.text.contains(part));
        assert!(scoped || known, "{}: {}", statement.table, statement.text);
    }
}
