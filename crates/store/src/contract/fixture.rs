//! Tenants, people and things that the contract tests share, and many attempts at once.

use crate::{Constraint, Error, Store};
use comity_model::application::Application;
use comity_model::audit_record::AuditRecord;
use comity_model::federation::{ApplicationPair, AssertionFacts, GroupAnswer, WantedAcr};
use comity_model::group::Group;
use comity_model::id::Id;
use comity_model::secret::Hashed;
use comity_model::service_principal::ServicePrincipal;
use comity_model::sign_in_record::SignInRecord;
use comity_model::signing_key::{KeyPurpose, KeyState, SigningKeyRow};
use comity_model::tenant::Tenant;
use comity_model::time::Utc;
use comity_model::user::{ExternalIdentity, ExternalLink, ExternalUserState, User, UserType};
use serde_json::{Map, json};
use uuid::Uuid;

pub(super) const NOW: Utc = Utc::from_seconds(1_800_000_000);

pub(super) fn guid(kind: u32, number: u32) -> Uuid {
    Uuid::from_u128((u128::from(kind) << 96) | u128::from(number))
}

pub(super) fn hash(number: u8) -> Hashed {
    Hashed([number; 32])
}

pub(super) fn properties() -> Map<String, serde_json::Value> {
    let value = json!({"zeta": 1, "city": "Zürich", "list": ["b", "a"], "none": null});
    value.as_object().unwrap().clone()
}

pub(super) fn signing_key(kid: &str, state: KeyState) -> SigningKeyRow {
    SigningKeyRow {
        kid: kid.into(),
        purpose: KeyPurpose::Token,
        algorithm: "RS256".into(),
        public_jwk: r#"{"kty": "RSA", "e":"AQAB"}"#.into(),
        sealed: vec![1, 0, 255],
        state,
        created: NOW,
        changed: NOW,
    }
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

pub(super) fn guest(number: u32) -> User {
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

pub(super) fn group(number: u32) -> Group {
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

pub(super) fn application(number: u32) -> Application {
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

pub(super) fn principal(number: u32) -> ServicePrincipal {
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

pub(super) fn sign_in_record(number: u32) -> SignInRecord {
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

pub(super) fn stale() -> Error {
    Error::Conflict(Constraint::new(Constraint::VERSION))
}

pub(super) fn pair() -> ApplicationPair {
    ApplicationPair {
        client: guid(5, 1),
        resource: guid(5, 2),
    }
}

pub(super) fn facts() -> AssertionFacts {
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
        kid: None,
    }
}

/// Makes the same attempt 16 times at once; how many won.
pub(super) async fn winners<F, R>(store: &Store, attempt: F) -> usize
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
pub(super) use attempt;
