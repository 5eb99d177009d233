//! Directory roles: built in, active everywhere, assigned tenant-wide.

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
    permission::{Permission, authorize},
};

fn object(value: Value) -> Json {
    match value {
        Value::Object(map) => map,
        _ => Json::new(),
    }
}

/// `directoryRole`: its ID is that of the template, the same in every tenant.
pub(super) fn all() -> Vec<Json> {
    role::ALL
        .iter()
        .map(|(id, name)| {
            object(json!({"id": id, "deletedDateTime": null, "description": name, "displayName": name, "roleTemplateId": id}))
        })
        .collect()
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

fn render(a: &RoleAssignment) -> Json {
    object(json!({
        "id": wire::opaque(a.id), "principalId": a.principal, "roleDefinitionId": a.role, "directoryScopeId": "/",
        "appScopeId": null, "condition": null,
    }))
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
    Ok(list.iter().map(render).collect())
}

/// POST `/directoryRoles`: every role is active already.
pub(super) fn activate(cx: &Context, change: &Change) -> Result<Json> {
    authorize(cx, Permission::AssignRoles)?;
    let wanted = wire::text(&change.properties, "roleTemplateId").and_then(|t| parse_uuid(&t));
    let known = wanted.filter(|id| role::name(*id).is_some());
    if known.is_none() {
        return Err(Error::invalid(
            "roleTemplateId",
            "`roleTemplateId` names no role template",
        ));
    }
    Err(Error::Conflict("A conflicting object with one or more of the specified property values is present in the directory.".into()))
}

/// Assigns a role to a user, group or service principal of the same tenant.
pub(super) async fn assign(cx: &Context, change: &Change) -> Result<Json> {
    let properties = &change.properties;
    let guid = |name: &str| {
        wire::text(properties, name)
            .and_then(|t| parse_uuid(&t))
            .ok_or_else(|| Error::invalid(name, format!("`{name}` must be a GUID")))
    };
    let (principal, definition) = (guid("principalId")?, guid("roleDefinitionId")?);
    match wire::text(properties, "directoryScopeId").as_deref() {
        Some("/") => {}
        _ => {
            return Err(Error::invalid(
                "directoryScopeId",
                "roles are assigned tenant-wide: `directoryScopeId` is `/`",
            ));
        }
    }
    let assignment = add(cx, definition, principal).await?;
    Ok(render(&assignment))
}

/// Adds a holder; only a Global Administrator gives away that role.
pub(super) async fn add(cx: &Context, definition: Uuid, principal: Uuid) -> Result<RoleAssignment> {
    let grant = authorize(cx, Permission::AssignRoles)?;
    let name = role::name(definition)
        .ok_or_else(|| Error::invalid("roleDefinitionId", "`roleDefinitionId` names no role"))?;
    let change = grant.begin().await?;
    let reference = relation::resolve(&change.tables(), principal).await?;
    let assignment = RoleAssignment {
        id: cx.new_uuid(),
        role: definition,
        principal,
        principal_kind: reference.kind,
        created: cx.now,
    };
    change
        .tables()
        .role_assignments()
        .insert(&assignment)
        .await
        .map_err(|e| match e {
            comity_store::Error::Conflict(_) => Error::ReferenceExists,
            other => other.into(),
        })?;
    let activity = Activity::new("RoleManagement", "Add member to role")
        .target("User", principal, "")
        .changed("Role.DisplayName", None, Some(name.to_owned()));
    change.commit(&activity).await?;
    Ok(assignment)
}

pub(super) async fn unassign(cx: &Context, text: &str) -> Result<()> {
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

/// Takes a role away; the last Global Administrator stays.
pub(super) async fn remove(cx: &Context, assignment: &RoleAssignment) -> Result<()> {
    let grant = authorize(cx, Permission::AssignRoles)?;
    let change = grant.begin().await?;
    if assignment.role == role::GLOBAL_ADMINISTRATOR {
        let all = change.tables().role_assignments().all().await?;
        if all
            .iter()
            .filter(|a| a.role == role::GLOBAL_ADMINISTRATOR)
            .count()
            <= 1
        {
            return Err(Error::invalid(
                "id",
                "the last Global Administrator cannot be removed: assign the role to somebody else first",
            ));
        }
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
