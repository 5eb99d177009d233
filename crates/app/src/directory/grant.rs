//! App role assignments and `/oauth2PermissionGrants`.

use comity_model::{
    app_role_assignment::AppRoleAssignment,
    group::ObjectKind,
    id::{Id, parse_uuid},
    permission_grant::PermissionGrant,
    resource::address::{Change, Object, Parent},
    service_principal::ServicePrincipal,
    well_known,
};
use serde_json::Value;
use uuid::Uuid;

use super::{Json, relation, wire};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    graph_permission,
    permission::{Permission, authorize, check},
    snapshot::Snapshot,
};

/// Assignments of a principal (`appRoleAssignments`) or to a resource (`appRoleAssignedTo`).
pub(super) async fn assignments(cx: &Context, parent: &Parent) -> Result<Vec<Json>> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let id = relation::parent_id(cx, parent).await?;
    let read = cx.app.store().read();
    let table = read.tenant(cx.tenant()?).app_role_assignments();
    let list = if parent.navigation.name == "appRoleAssignedTo" {
        table.list_of_resource(Id::new(id)).await?
    } else {
        table.list_of_principal(id).await?
    };
    let mut objects = Vec::new();
    for a in &list {
        objects.push(render(cx, &snapshot, a).await?);
    }
    Ok(objects)
}

async fn render(cx: &Context, snapshot: &Snapshot, a: &AppRoleAssignment) -> Result<Json> {
    let resource = snapshot.service_principal_by_id(a.resource.uuid());
    let principal = principal_name(cx, snapshot, a.principal_kind, a.principal).await?;
    Ok(wire::assignment(
        a,
        &principal,
        resource.map_or("", |r| &r.display_name),
    ))
}

async fn principal_name(
    cx: &Context,
    snapshot: &Snapshot,
    kind: ObjectKind,
    id: Uuid,
) -> Result<String> {
    Ok(match kind {
        ObjectKind::User => super::user::name_of(cx, id).await?,
        ObjectKind::Group => super::group::load(cx, &id.to_string())
            .await
            .map(|g| g.display_name)
            .unwrap_or_default(),
        ObjectKind::ServicePrincipal => snapshot
            .service_principal_by_id(id)
            .map(|p| p.display_name.clone())
            .unwrap_or_default(),
    })
}

fn guid(properties: &Json, name: &str) -> Result<Uuid> {
    properties
        .get(name)
        .and_then(Value::as_str)
        .and_then(parse_uuid)
        .ok_or_else(|| {
            Error::invalid(
                name,
                format!(
                    "A value is required for property '{name}' of resource 'AppRoleAssignment'."
                ),
            )
        })
}

pub(super) async fn assign(cx: &Context, parent: &Parent, change: Change) -> Result<Json> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let (principal, resource) = (
        guid(&change.properties, "principalId")?,
        guid(&change.properties, "resourceId")?,
    );
    let grant = authorize(cx, to_assign(&snapshot, resource))?;
    let owner = relation::parent_id(cx, parent).await?;
    let named = if parent.navigation.name == "appRoleAssignedTo" {
        resource
    } else {
        principal
    };
    if named != owner {
        return Err(Error::invalid(
            parent.navigation.name,
            "Not a valid reference update.",
        ));
    }
    let app_role = guid(&change.properties, "appRoleId")?;
    let target = snapshot.service_principal_by_id(resource).ok_or_else(|| {
        Error::invalid("resourceId", format!("Resource '{resource}' does not exist or one of its queried reference-property objects are not present."))
    })?;
    check_role(target, app_role)?;
    let change_tx = grant.begin().await?;
    let tables = change_tx.tables();
    let reference = relation::resolve(&tables, principal).await?;
    let assignment = AppRoleAssignment {
        id: cx.new_uuid(),
        principal,
        principal_kind: reference.kind,
        resource: target.id,
        app_role,
        created: cx.now,
    };
    tables
        .app_role_assignments()
        .insert(&assignment)
        .await
        .map_err(exists)?;
    let activity = Activity::new(
        "ApplicationManagement",
        "Add app role assignment to service principal",
    )
    .target("ServicePrincipal", target.id.uuid(), &target.display_name)
    .changed("AppRole.Id", None, Some(app_role.to_string()))
    .changed("Principal.Id", None, Some(principal.to_string()));
    change_tx.commit(&activity).await?;
    render(cx, &snapshot, &assignment).await
}

fn is_graph(snapshot: &Snapshot, resource: Uuid) -> bool {
    let graph = snapshot.service_principal(well_known::GRAPH);
    graph.is_some_and(|g| g.id.uuid() == resource)
}

/// Roles of Graph are permissions over the directory itself: an administrator of applications would
/// make herself a Global Administrator with one.
fn to_assign(snapshot: &Snapshot, resource: Uuid) -> Permission {
    if is_graph(snapshot, resource) {
        Permission::GrantGraphPermissions
    } else {
        Permission::AssignAppRoles
    }
}

/// Administrators of applications consent to what does not make administrators.
fn to_consent(snapshot: &Snapshot, resource: Uuid, scopes: &str) -> Permission {
    if is_graph(snapshot, resource) && graph_permission::makes_administrators(scopes) {
        Permission::GrantGraphPermissions
    } else {
        Permission::GrantConsent
    }
}

fn exists(error: comity_store::Error) -> Error {
    if error.is_conflict("app_role_assignments_triple") {
        Error::invalid(
            "appRoleId",
            "Permission being assigned already exists on the object",
        )
    } else {
        error.into()
    }
}

/// The all-zero role is access without a role of its own; every other must be offered.
fn check_role(target: &ServicePrincipal, role: Uuid) -> Result<()> {
    let of_graph = target.app_id == well_known::GRAPH;
    if role.is_nil() || (of_graph && graph_permission::application_name(role).is_some()) {
        return Ok(());
    }
    let offered = target.properties.get("appRoles").and_then(Value::as_array);
    let known = offered
        .into_iter()
        .flatten()
        .any(|r| r.get("id").and_then(Value::as_str).and_then(parse_uuid) == Some(role));
    if known {
        return Ok(());
    }
    Err(Error::invalid(
        "appRoleId",
        "Permission being assigned was not found on application",
    ))
}

pub(super) async fn unassign(cx: &Context, object: &Object) -> Result<()> {
    let grant = authorize(cx, Permission::AssignAppRoles)?;
    let parent = object.place.parent.as_ref().ok_or(Error::NotFound)?;
    let owner = relation::parent_id(cx, parent).await?;
    let id = wire::from_opaque(object.key.text()).ok_or(Error::NotFound)?;
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .app_role_assignments()
        .find(id)
        .await?;
    let found = found
        .filter(|a| a.principal == owner || a.resource.uuid() == owner)
        .ok_or(Error::NotFound)?;
    let activity = Activity::new(
        "ApplicationManagement",
        "Remove app role assignment from service principal",
    )
    .target("ServicePrincipal", found.resource.uuid(), "")
    .changed("Principal.Id", Some(found.principal.to_string()), None);
    let change = grant.begin().await?;
    change.tables().app_role_assignments().delete(id).await?;
    change.commit(&activity).await
}

pub(super) async fn all_permissions(cx: &Context) -> Result<Vec<Json>> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    Ok(snapshot.grants.iter().map(wire::permission_grant).collect())
}

async fn load_permission(cx: &Context, text: &str) -> Result<PermissionGrant> {
    let id = wire::from_opaque(text).ok_or(Error::NotFound)?;
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    snapshot
        .grants
        .iter()
        .find(|g| g.id == id)
        .cloned()
        .ok_or(Error::NotFound)
}

/// What a new grant says, checked as far as the snapshot knows.
fn permission(cx: &Context, snapshot: &Snapshot, properties: &Json) -> Result<PermissionGrant> {
    let principal_of = |name: &str| -> Result<Id<ServicePrincipal>> {
        let found = snapshot.service_principal_by_id(guid(properties, name)?);
        found.map(|p| p.id).ok_or_else(|| {
            let rule = format!("`{name}` names no service principal of this organization");
            Error::invalid(name, rule)
        })
    };
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let principal = text("principalId").and_then(parse_uuid).map(Id::new);
    match (text("consentType"), principal) {
        (Some("AllPrincipals"), None) | (Some("Principal"), Some(_)) => {}
        _ => {
            return Err(Error::invalid(
                "consentType",
                "`consentType` is `AllPrincipals` without, or `Principal` with `principalId`",
            ));
        }
    }
    Ok(PermissionGrant {
        id: cx.new_uuid(),
        client: principal_of("clientId")?,
        principal,
        resource: principal_of("resourceId")?,
        scope: wire::text(properties, "scope").unwrap_or_default(),
    })
}

pub(super) async fn create_permission(cx: &Context, change: Change) -> Result<Json> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let properties = &change.properties;
    let scopes = wire::text(properties, "scope").unwrap_or_default();
    let resource = wire::text(properties, "resourceId").and_then(|t| parse_uuid(&t));
    let needed = to_consent(&snapshot, resource.unwrap_or_default(), &scopes);
    let grant = authorize(cx, needed)?;
    let permission = permission(cx, &snapshot, properties)?;
    let activity = Activity::new("ApplicationManagement", "Add delegated permission grant")
        .target("ServicePrincipal", permission.client.uuid(), "")
        .changed(
            "DelegatedPermissionGrant.Scope",
            None,
            Some(permission.scope.clone()),
        );
    let change_tx = grant.begin().await?;
    let tables = change_tx.tables();
    if let Some(user) = permission.principal
        && tables.users().find(user).await?.is_none()
    {
        return Err(Error::invalid(
            "principalId",
            "`principalId` names no user of this organization",
        ));
    }
    let inserted = tables.permission_grants().insert(&permission).await;
    inserted.map_err(|e| match e {
        comity_store::Error::Conflict(_) => Error::Duplicate {
            property: "clientId".into(),
        },
        other => other.into(),
    })?;
    change_tx.commit(&activity).await?;
    Ok(wire::permission_grant(&permission))
}

pub(super) async fn update_permission(cx: &Context, id: &str, change: Change) -> Result<()> {
    check(cx, Permission::GrantConsent)
        .or_else(|_| check(cx, Permission::GrantGraphPermissions))?;
    let mut permission = load_permission(cx, id).await?;
    let old = permission.scope.clone();
    if let Some(scope) = wire::text(&change.properties, "scope") {
        permission.scope = scope;
    }
    let had: Vec<&str> = old.split_whitespace().collect();
    let added: Vec<&str> = permission.scope.split_whitespace().collect();
    let added: Vec<&str> = added.into_iter().filter(|s| !had.contains(s)).collect();
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let resource = permission.resource.uuid();
    let grant = authorize(cx, to_consent(&snapshot, resource, &added.join(" ")))?;
    let activity = Activity::new("ApplicationManagement", "Update delegated permission grant")
        .target("ServicePrincipal", permission.client.uuid(), "")
        .changed(
            "DelegatedPermissionGrant.Scope",
            Some(old),
            Some(permission.scope.clone()),
        );
    let change_tx = grant.begin().await?;
    change_tx
        .tables()
        .permission_grants()
        .update(&permission)
        .await?;
    change_tx.commit(&activity).await
}

pub(super) async fn delete_permission(cx: &Context, id: &str) -> Result<()> {
    let grant = authorize(cx, Permission::GrantConsent)?;
    let permission = load_permission(cx, id).await?;
    let activity = Activity::new("ApplicationManagement", "Remove delegated permission grant")
        .target("ServicePrincipal", permission.client.uuid(), "")
        .changed(
            "DelegatedPermissionGrant.Scope",
            Some(permission.scope),
            None,
        );
    let change = grant.begin().await?;
    change
        .tables()
        .permission_grants()
        .delete(permission.id)
        .await?;
    change.commit(&activity).await
}
