//! Directory roles: built in, in use from their activation or first holder on, assigned tenant-wide
//! or over one application.

use std::collections::BTreeSet;

use comity_model::{
    id::parse_uuid, resource::address::Change, role_assignment::RoleAssignment, well_known::role,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Json, relation, wire};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    permission::{Permission, authorize, check, others_administer},
};

fn object(value: Value) -> Json {
    match value {
        Value::Object(map) => map,
        _ => Json::new(),
    }
}

/// `directoryRole`: its ID is that of the template, the same in every tenant.
fn directory_role(id: Uuid, name: &str) -> Json {
    object(
        json!({"id": id, "deletedDateTime": null, "description": name, "displayName": name,
        "roleTemplateId": id}),
    )
}

/// The roles of a set as `directoryRole`.
pub(super) fn among(ids: &BTreeSet<Uuid>) -> Vec<Json> {
    let known = role::ALL.iter().filter(|(id, _)| ids.contains(id));
    known.map(|(id, name)| directory_role(*id, name)).collect()
}

/// `/directoryRoles`: those in use.
pub(super) async fn all(cx: &Context) -> Result<Vec<Json>> {
    Ok(among(&active(cx).await?))
}

/// The roles in use.
pub(super) async fn active(cx: &Context) -> Result<BTreeSet<Uuid>> {
    let read = cx.app.store().read();
    let roles = read.tenant(cx.tenant()?).role_assignments();
    Ok(roles.active().await?)
}

/// `directoryRoleTemplate`.
pub(super) fn templates() -> Vec<Json> {
    role::ALL
        .iter()
        .map(|(id, name)| object(json!({"id": id, "deletedDateTime": null, "description": name, "displayName": name})))
        .collect()
}

/// `unifiedRoleDefinition`.
pub(super) fn definitions() -> Vec<Json> {
    role::ALL
        .iter()
        .map(|(id, name)| {
            object(json!({
                "id": id, "description": name, "displayName": name, "isBuiltIn": true, "isEnabled": true,
                "resourceScopes": ["/"], "templateId": id, "version": "1", "rolePermissions": [],
            }))
        })
        .collect()
}

fn render(cx: &Context, a: &RoleAssignment) -> Result<Json> {
    let scope = a
        .scope
        .map_or_else(|| "/".to_owned(), |object| format!("/{object}"));
    Ok(object(json!({
        "id": wire::opaque(a.id), "principalId": a.principal, "roleDefinitionId": a.role,
        "resourceScope": scope, "directoryScopeId": scope, "appScopeId": null, "condition": null,
        "principalOrganizationId": cx.tenant()?,
    })))
}

/// The definition of the role of an assignment.
pub(super) async fn definition_of(cx: &Context, assignment: Uuid) -> Result<Vec<Json>> {
    let read = cx.app.store().read();
    let all = read.tenant(cx.tenant()?).role_assignments().all().await?;
    let found = all.iter().find(|a| a.id == assignment);
    let role = found.map(|a| Value::String(a.role.to_string()));
    let mut definitions = definitions();
    definitions.retain(|d| d.get("id") == role.as_ref());
    Ok(definitions)
}

pub(super) async fn assignments(cx: &Context) -> Result<Vec<Json>> {
    let list = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .role_assignments()
        .all()
        .await?;
    list.iter().map(|a| render(cx, a)).collect()
}

/// POST `/directoryRoles`: puts a role into use.
pub(super) async fn activate(cx: &Context, change: &Change) -> Result<Json> {
    let grant = authorize(cx, Permission::AssignRoles)?;
    let wanted = wire::text(&change.properties, "roleTemplateId").and_then(|t| parse_uuid(&t));
    let known = wanted.and_then(|id| role::name(id).map(|name| (id, name)));
    let (id, name) = known.ok_or_else(|| {
        Error::invalid(
            "roleTemplateId",
            "`roleTemplateId` names no role template: `/directoryRoleTemplates` lists them",
        )
    })?;
    let change = grant.begin().await?;
    let roles = change.tables().role_assignments();
    if roles.active().await?.contains(&id) || !roles.activate(id).await? {
        return Err(Error::Duplicate {
            property: "roleTemplateId".into(),
        });
    }
    let activity =
        Activity::new("RoleManagement", "Add role from template").target("Role", id, name);
    change.commit(&activity).await?;
    Ok(directory_role(id, name))
}

/// Assigns a role to a user, group or service principal of the same tenant.
pub(super) async fn assign(cx: &Context, change: &Change) -> Result<Json> {
    let properties = &change.properties;
    let guid = |name: &str| {
        wire::text(properties, name)
            .and_then(|t| parse_uuid(&t))
            .ok_or_else(|| Error::invalid(name, format!("`{name}` must be a GUID")))
    };
    let holder = Holder {
        role: guid("roleDefinitionId")?,
        principal: guid("principalId")?,
        scope: scope(properties)?,
    };
    render(cx, &add(cx, &holder).await?)
}

/// `directoryScopeId`: the whole tenant, or one application.
fn scope(properties: &Json) -> Result<Option<Uuid>> {
    if wire::text(properties, "appScopeId").is_some() {
        return Err(Error::invalid(
            "appScopeId",
            "`appScopeId` is for scopes that an application defines: directory roles take `directoryScopeId`",
        ));
    }
    let text = wire::text(properties, "directoryScopeId").unwrap_or_default();
    if text == "/" {
        return Ok(None);
    }
    let object = text.strip_prefix('/').and_then(parse_uuid);
    object.map(Some).ok_or_else(|| {
        Error::invalid(
            "directoryScopeId",
            "`directoryScopeId` is `/` or `/{id}` with the object ID of an application or service principal; there are no administrative units",
        )
    })
}

/// Who gets which role over what.
pub(super) struct Holder {
    pub(super) role: Uuid,
    pub(super) principal: Uuid,
    /// An application or service principal; `None` = the whole tenant.
    pub(super) scope: Option<Uuid>,
}

/// Roles that can be limited to one application.
const OVER_APPLICATIONS: [Uuid; 2] = [
    role::APPLICATION_ADMINISTRATOR,
    role::CLOUD_APPLICATION_ADMINISTRATOR,
];

async fn check_scope(cx: &Context, holder: &Holder) -> Result<()> {
    let Some(object) = holder.scope else {
        return Ok(());
    };
    let rule = |text: String| Err(Error::invalid("directoryScopeId", text));
    if !OVER_APPLICATIONS.contains(&holder.role) {
        return rule("this role is assigned tenant-wide: `directoryScopeId` is `/`".into());
    }
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let registered = snapshot
        .applications
        .values()
        .any(|a| a.id.uuid() == object);
    if registered || snapshot.service_principal_by_id(object).is_some() {
        return Ok(());
    }
    rule(format!(
        "Resource '{object}' does not exist or one of its queried reference-property objects are not present."
    ))
}

/// Adds a holder; the role is in use from then on. A Privileged Role Administrator gives away every
/// role, that of the Global Administrator too, as in the original (semantics.md §8).
pub(super) async fn add(cx: &Context, holder: &Holder) -> Result<RoleAssignment> {
    let grant = authorize(cx, Permission::AssignRoles)?;
    let name = role::name(holder.role)
        .ok_or_else(|| Error::invalid("roleDefinitionId", "`roleDefinitionId` names no role"))?;
    check_scope(cx, holder).await?;
    let change = grant.begin().await?;
    let reference = relation::resolve(&change.tables(), holder.principal).await?;
    let assignment = RoleAssignment {
        id: cx.new_uuid(),
        role: holder.role,
        principal: holder.principal,
        principal_kind: reference.kind,
        scope: holder.scope,
        created: cx.now,
    };
    let roles = change.tables().role_assignments();
    roles.activate(holder.role).await?;
    roles.insert(&assignment).await.map_err(|e| match e {
        comity_store::Error::Conflict(_) => Error::ReferenceExists,
        other => other.into(),
    })?;
    let mut activity = Activity::new("RoleManagement", "Add member to role")
        .target("User", holder.principal, "")
        .changed("Role.DisplayName", None, Some(name.to_owned()));
    if let Some(object) = holder.scope {
        activity = activity.changed("Role.Scope", None, Some(object.to_string()));
    }
    change.commit(&activity).await?;
    Ok(assignment)
}

pub(super) async fn unassign(cx: &Context, text: &str) -> Result<()> {
    check(cx, Permission::AssignRoles)?;
    let id = wire::from_opaque(text).ok_or(Error::NotFound)?;
    let list = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .role_assignments()
        .all()
        .await?;
    let found = list
        .into_iter()
        .find(|a| a.id == id)
        .ok_or(Error::NotFound)?;
    remove(cx, &found).await
}

/// Takes a role away; the last Global Administrator who can sign in stays.
pub(super) async fn remove(cx: &Context, assignment: &RoleAssignment) -> Result<()> {
    let grant = authorize(cx, Permission::AssignRoles)?;
    let change = grant.begin().await?;
    if assignment.role == role::GLOBAL_ADMINISTRATOR {
        others_administer(&change.tables(), assignment.principal).await?;
    }
    change
        .tables()
        .role_assignments()
        .delete(assignment.id)
        .await?;
    let activity = Activity::new("RoleManagement", "Remove member from role")
        .target("User", assignment.principal, "")
        .changed(
            "Role.DisplayName",
            role::name(assignment.role).map(str::to_owned),
            None,
        );
    change.commit(&activity).await
}
