//! Tenants as the operator makes them: the organisation, its domains, the applications that every
//! tenant has, its first administrator. Also what the dev world and tests are seeded with.

mod domain;

use comity_crypto::Zeroizing;
use comity_model::{
    application::{Application, ApplicationSecret},
    authorization_policy::{AllowInvitesFrom, AuthorizationPolicy, GUEST_ROLE_LIMITED},
    factor::Factor,
    group::{Group, ObjectKind, ObjectRef},
    id::Id,
    name::{DomainName, Upn},
    role_assignment::RoleAssignment,
    service_principal::ServicePrincipal,
    tenant::{Domain, Tenant},
    user::{PasswordCredential, User, UserType},
    well_known,
};
use comity_store::{TenantTx, Tx};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    app::App,
    audit::{Activity, audit},
    context::{Context, hash_bearer},
    error::{Error, Result},
    factor, password,
};

/// An hour for the first administrator's link.
const LINK_SECONDS: i64 = 3600;

/// A new tenant. The operator vouches for the domain.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// `None` = random.
    pub id: Option<Id<Tenant>>,
    pub display_name: String,
    pub domain: DomainName,
    /// First label of the initial domain; from the domain if `None`.
    pub initial_label: Option<String>,
}

/// Makes a tenant with its first administrator; gives the one-time link that sets the password.
pub async fn create(app: &App, new: &NewTenant, admin: &Upn) -> Result<(Tenant, String)> {
    if admin.domain() != new.domain.as_str() {
        return Err(Error::invalid(
            "admin",
            format!(
                "the administrator's user name must end in `@{}`",
                new.domain
            ),
        ));
    }
    let id = new.id.unwrap_or_else(|| {
        Id::new(Context::new(app, crate::context::Client::default()).new_uuid())
    });
    let cx = Context::system(app, "comity tenant create", id);
    let mut tx = app.store().begin().await?;
    let tenant = insert(&cx, &mut tx, id, new).await?;
    let scoped = tx.tenant(id);
    let user = NewUser {
        id: None,
        upn: admin.clone(),
        display_name: admin.local().to_owned(),
        roles: vec![well_known::role::GLOBAL_ADMINISTRATOR],
        enabled: true,
    };
    let user = insert_user(&cx, &scoped, &user).await?;
    let (link, hash) = cx.new_bearer();
    tx.cloud()
        .insert_password_link(&hash, id, user.id, cx.now.plus_seconds(LINK_SECONDS))
        .await?;
    tx.commit().await?;
    let login = &app.registry().own.hosts.login;
    Ok((
        tenant,
        format!("{login}/set-password?link={}", link.as_str()),
    ))
}

/// Makes a tenant without people, as the dev world does.
pub async fn create_empty(app: &App, new: &NewTenant) -> Result<Tenant> {
    let id = new.id.unwrap_or_else(|| {
        Id::new(Context::new(app, crate::context::Client::default()).new_uuid())
    });
    let cx = Context::system(app, "comity dev", id);
    let mut tx = app.store().begin().await?;
    let tenant = insert(&cx, &mut tx, id, new).await?;
    tx.commit().await?;
    Ok(tenant)
}

/// The name under the cloud's own suffix that every tenant has.
fn initial_domain(cx: &Context, new: &NewTenant) -> Result<DomainName> {
    let first = || new.domain.as_str().split('.').next();
    let label = new.initial_label.as_deref().or_else(first);
    let suffix = &cx.app.registry().own.initial_domain_suffix;
    let name = format!("{}{suffix}", label.unwrap_or("tenant"));
    DomainName::parse(&name).map_err(|e| Error::invalid("name", format!("the initial domain {e}")))
}

async fn insert(cx: &Context, tx: &mut Tx, id: Id<Tenant>, new: &NewTenant) -> Result<Tenant> {
    let initial = initial_domain(cx, new)?;
    let tenant = Tenant {
        id,
        display_name: new.display_name.clone(),
        initial_domain: initial.as_str().to_owned(),
        enabled: true,
        policy_version: 1,
        worker_enabled: true,
        publishes_domains: true,
        created: cx.now,
        properties: Map::new(),
    };
    tx.cloud()
        .insert_tenant(&tenant)
        .await
        .map_err(|e| taken(e, &tenant.display_name))?;
    for (name, is_default, is_initial) in [
        (initial.as_str(), false, true),
        (new.domain.as_str(), true, false),
    ] {
        let domain = Domain {
            name: name.to_owned(),
            is_default,
            is_initial,
        };
        domain::insert(cx, tx, id, &domain).await?;
    }
    furnish(cx, &tx.tenant(id), id).await?;
    let activity = Activity::new("DirectoryManagement", "Create company")
        .target("Directory", id.uuid(), &new.display_name)
        .changed("domain", None, Some(new.domain.to_string()));
    let record = audit(cx, &activity);
    tx.tenant(id).audit_records().insert(&record).await?;
    Ok(tenant)
}

/// What every tenant has from the start: the applications of the cloud, and a policy.
async fn furnish(cx: &Context, scoped: &TenantTx<'_>, id: Id<Tenant>) -> Result<()> {
    for (app_id, name) in well_known::FIRST_PARTY {
        scoped
            .service_principals()
            .insert(&first_party(cx, id, app_id, name))
            .await?;
    }
    let policy = AuthorizationPolicy {
        allow_invites_from: invites_from(&cx.app.registry().allow_invites_from),
        guest_user_role_id: GUEST_ROLE_LIMITED,
        rest: authorization_rest(),
    };
    scoped.authorization_policies().insert(&policy).await?;
    Ok(())
}

fn taken(error: comity_store::Error, name: &str) -> Error {
    match error {
        comity_store::Error::Conflict(_) => {
            Error::Conflict(format!("`{name}` exists in this cloud already"))
        }
        other => other.into(),
    }
}

fn invites_from(word: &str) -> AllowInvitesFrom {
    serde_json::from_value(Value::String(word.to_owned())).unwrap_or(AllowInvitesFrom::None)
}

fn authorization_rest() -> Map<String, Value> {
    let Value::Object(rest) = json!({
        "allowedToSignUpEmailBasedSubscriptions": false,
        "allowedToUseSSPR": false,
        "allowEmailVerifiedUsersToJoinOrganization": false,
        "allowUserConsentForRiskyApps": null,
        "blockMsolPowerShell": false,
        "defaultUserRolePermissions": {
            "allowedToCreateApps": false, "allowedToCreateSecurityGroups": false, "allowedToCreateTenants": false,
            "allowedToReadBitlockerKeysForOwnedDevice": false, "allowedToReadOtherUsers": true,
            "permissionGrantPoliciesAssigned": [],
        },
    }) else {
        return Map::new();
    };
    rest
}

/// The ID of a first-party service principal in a tenant: fixed, so that two nodes agree.
pub fn first_party_id(tenant: Id<Tenant>, app_id: Uuid) -> Id<ServicePrincipal> {
    Id::new(Uuid::new_v5(&tenant.uuid(), app_id.as_bytes()))
}

fn first_party(cx: &Context, tenant: Id<Tenant>, app_id: Uuid, name: &str) -> ServicePrincipal {
    let mut properties = Map::new();
    properties.insert("servicePrincipalType".into(), json!("Application"));
    properties.insert("tags".into(), json!([]));
    if app_id == well_known::GRAPH {
        properties.insert("appRoles".into(), crate::graph_permission::app_roles());
        properties.insert(
            "oauth2PermissionScopes".into(),
            crate::graph_permission::scopes(),
        );
        let graph = &cx.app.registry().own.hosts.graph;
        properties.insert("servicePrincipalNames".into(), json!([app_id, graph]));
    }
    ServicePrincipal {
        id: first_party_id(tenant, app_id),
        app_id,
        display_name: name.to_owned(),
        account_enabled: true,
        app_role_assignment_required: false,
        created: cx.now,
        deleted: None,
        version: 1,
        properties,
    }
}

/// A person to seed.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub id: Option<Id<User>>,
    pub upn: Upn,
    pub display_name: String,
    pub roles: Vec<Uuid>,
    pub enabled: bool,
}

async fn insert_user(cx: &Context, scoped: &TenantTx<'_>, new: &NewUser) -> Result<User> {
    let mut properties = Map::new();
    properties.insert("mailNickname".into(), json!(new.upn.local()));
    let user = User {
        id: new.id.unwrap_or_else(|| cx.new_id()),
        upn: new.upn.as_str().to_owned(),
        display_name: new.display_name.clone(),
        mail: Some(new.upn.as_str().to_owned()),
        user_type: UserType::Member,
        account_enabled: new.enabled,
        external: None,
        sessions_valid_from: cx.now,
        created: cx.now,
        deleted: None,
        version: 1,
        properties,
    };
    scoped.users().insert(&user).await?;
    for role in &new.roles {
        let assignment = RoleAssignment {
            id: cx.new_uuid(),
            role: *role,
            principal: user.id.uuid(),
            principal_kind: ObjectKind::User,
            scope: None,
            created: cx.now,
        };
        scoped.role_assignments().insert(&assignment).await?;
    }
    let activity =
        Activity::new("UserManagement", "Add user").target("User", user.id.uuid(), &user.upn);
    scoped.audit_records().insert(&audit(cx, &activity)).await?;
    Ok(user)
}

/// Seeds a person with a password and, if given, a one-time-code seed.
pub async fn seed_user(
    app: &App,
    tenant: Id<Tenant>,
    new: &NewUser,
    secret: &Zeroizing<String>,
    totp: Option<&[u8]>,
) -> Result<User> {
    let cx = Context::system(app, "comity dev", tenant);
    let hash = password::hash(&cx, secret).await?;
    seed_hashed(app, tenant, new, hash, totp).await
}

/// [`seed_user`] for a password that was hashed before.
pub async fn seed_hashed(
    app: &App,
    tenant: Id<Tenant>,
    new: &NewUser,
    hash: String,
    totp: Option<&[u8]>,
) -> Result<User> {
    let cx = Context::system(app, "comity dev", tenant);
    let tx = app.store().begin().await?;
    let scoped = tx.tenant(tenant);
    let user = insert_user(&cx, &scoped, new).await?;
    scoped
        .passwords()
        .upsert(
            user.id,
            &PasswordCredential {
                hash,
                changed: cx.now,
                must_change: false,
            },
        )
        .await?;
    if let Some(seed) = totp {
        let context = factor::context(tenant, user.id);
        let sealed_secret =
            app.sealer()
                .seal(factor::SEALED, context.as_bytes(), seed, cx.bytes())?;
        let factor = Factor {
            id: cx.new_uuid(),
            user: user.id,
            sealed_secret,
            last_step: None,
            created: cx.now,
        };
        scoped.factors().insert(&factor).await?;
    }
    scoped.bump_policy_version().await?;
    tx.commit().await?;
    Ok(user)
}

/// Seeds a group with its members.
pub async fn seed_group(
    app: &App,
    tenant: Id<Tenant>,
    id: Id<Group>,
    name: &str,
    members: &[Id<User>],
) -> Result<()> {
    let cx = Context::system(app, "comity dev", tenant);
    let nickname: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let group = Group {
        id,
        display_name: name.to_owned(),
        mail_nickname: nickname,
        mail_enabled: false,
        security_enabled: true,
        created: cx.now,
        deleted: None,
        version: 1,
        properties: Map::new(),
    };
    let tx = app.store().begin().await?;
    let scoped = tx.tenant(tenant);
    scoped.groups().insert(&group).await?;
    for member in members {
        scoped
            .groups()
            .add_member(
                id,
                ObjectRef {
                    kind: ObjectKind::User,
                    id: member.uuid(),
                },
            )
            .await?;
    }
    let activity = Activity::new("GroupManagement", "Add group").target("Group", id.uuid(), name);
    scoped
        .audit_records()
        .insert(&audit(&cx, &activity))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// An application to seed, with its service principal.
#[derive(Debug, Clone)]
pub struct NewApplication {
    pub id: Id<Application>,
    pub app_id: Uuid,
    pub display_name: String,
    pub description: String,
    pub redirect_uris: Vec<String>,
    pub homepage: Option<String>,
    /// Values of Graph application permissions that it holds.
    pub graph_roles: Vec<String>,
    /// Delegated Graph scopes granted for all people.
    pub graph_scopes: Vec<String>,
}

/// Seeds an application with a client secret, given in the clear this once.
pub async fn seed_application(
    app: &App,
    tenant: Id<Tenant>,
    new: &NewApplication,
    secret: &Zeroizing<String>,
) -> Result<()> {
    let cx = Context::system(app, "comity dev", tenant);
    let tx = app.store().begin().await?;
    let scoped = tx.tenant(tenant);
    let mut properties = Map::new();
    properties.insert("description".into(), json!(new.description));
    properties.insert("signInAudience".into(), json!("AzureADMyOrg"));
    properties.insert(
        "web".into(),
        json!({"redirectUris": new.redirect_uris, "homePageUrl": new.homepage}),
    );
    scoped
        .applications()
        .insert(&Application {
            id: new.id,
            app_id: new.app_id,
            display_name: new.display_name.clone(),
            created: cx.now,
            deleted: None,
            version: 1,
            properties,
        })
        .await?;
    scoped
        .application_secrets()
        .insert(&ApplicationSecret {
            key_id: cx.new_uuid(),
            application: new.id,
            hash: hash_bearer(secret),
            hint: secret.chars().take(3).collect(),
            display_name: Some("seed".into()),
            start: cx.now,
            end: cx.now.plus_seconds(730 * 24 * 3600),
        })
        .await?;
    let principal = seed_principal(&cx, &scoped, new).await?;
    crate::graph_permission::seed(&cx, &scoped, tenant, &principal, new).await?;
    let activity = Activity::new("ApplicationManagement", "Add application").target(
        "Application",
        new.id.uuid(),
        &new.display_name,
    );
    scoped
        .audit_records()
        .insert(&audit(&cx, &activity))
        .await?;
    scoped.bump_policy_version().await?;
    tx.commit().await?;
    Ok(())
}

async fn seed_principal(
    cx: &Context,
    scoped: &TenantTx<'_>,
    new: &NewApplication,
) -> Result<ServicePrincipal> {
    let mut properties = Map::new();
    properties.insert("homepage".into(), json!(new.homepage));
    properties.insert("description".into(), json!(new.description));
    properties.insert("replyUrls".into(), json!(new.redirect_uris));
    properties.insert("servicePrincipalType".into(), json!("Application"));
    properties.insert("servicePrincipalNames".into(), json!([new.app_id]));
    let tags = if new.homepage.is_some() {
        json!(["WindowsAzureActiveDirectoryIntegratedApp"])
    } else {
        json!(["HideApp"])
    };
    properties.insert("tags".into(), tags);
    let principal = ServicePrincipal {
        id: cx.new_id(),
        app_id: new.app_id,
        display_name: new.display_name.clone(),
        account_enabled: true,
        app_role_assignment_required: false,
        created: cx.now,
        deleted: None,
        version: 1,
        properties,
    };
    scoped.service_principals().insert(&principal).await?;
    Ok(principal)
}
