//! Graph permissions as the *Graph* service principal of every tenant offers them: delegated
//! scopes and application roles.

mod table;

use std::collections::BTreeSet;

use comity_model::{
    app_role_assignment::AppRoleAssignment, group::ObjectKind, id::Id,
    permission_grant::PermissionGrant, service_principal::ServicePrincipal, tenant::Tenant,
    well_known,
};
use comity_store::TenantTx;
use serde_json::{Value, json};
use uuid::Uuid;

use self::table::TABLE;
use crate::{
    context::Context,
    error::{Error, Result},
    snapshot::Snapshot,
    tenant::{NewApplication, first_party_id},
};

/// The name of an application permission by its app role ID.
pub fn application_name(role: Uuid) -> Option<&'static str> {
    TABLE
        .iter()
        .find(|(_, _, a)| *a == role && !a.is_nil())
        .map(|(name, _, _)| *name)
}

/// The application permissions that a service principal holds.
pub(crate) fn held_by(
    snapshot: &Snapshot,
    principal: Id<ServicePrincipal>,
) -> BTreeSet<&'static str> {
    let graph = snapshot.service_principal(well_known::GRAPH);
    let key = graph.map(|g| (principal.uuid(), g.id.uuid()));
    let held = key.and_then(|key| snapshot.principal_roles.get(&key));
    let held = held.into_iter().flatten();
    held.filter_map(|role| application_name(*role)).collect()
}

/// The app role ID of an application permission.
pub fn application_id(name: &str) -> Option<Uuid> {
    TABLE
        .iter()
        .find(|(n, _, a)| *n == name && !a.is_nil())
        .map(|(_, _, a)| *a)
}

/// Whether Graph offers a delegated scope of that name.
pub fn is_delegated(name: &str) -> bool {
    TABLE.iter().any(|(n, d, _)| *n == name && !d.is_nil())
}

/// Delegated scopes with which whoever holds the application makes administrators, through any of
/// them who signs in to it.
const MAKES_ADMINISTRATORS: [&str; 14] = [
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.ReadWrite.All",
    "Policy.ReadWrite.Authorization",
    "Policy.ReadWrite.ConditionalAccess",
    "Policy.ReadWrite.CrossTenantAccess",
    "Policy.ReadWrite.CrossTenantCapability",
    "Policy.ReadWrite.PermissionGrant",
    "RoleManagement.ReadWrite.Directory",
    "User-PasswordProfile.ReadWrite.All",
    "UserAuthMethod-Passkey.ReadWrite.All",
    "UserAuthenticationMethod.ReadWrite.All",
];

/// Whether one of these scopes of Graph is for administrators above applications to consent to.
pub fn makes_administrators(scopes: &str) -> bool {
    let mut scopes = scopes.split_whitespace();
    scopes.any(|s| MAKES_ADMINISTRATORS.contains(&s))
}

/// Names of all delegated scopes: what a pre-authorized client gets for `.default`.
pub fn delegated_names() -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .filter(|(_, d, _)| !d.is_nil())
        .map(|(n, _, _)| *n)
}

/// Names of all application permissions.
pub fn application_names() -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .filter(|(_, _, a)| !a.is_nil())
        .map(|(n, _, _)| *n)
}

/// `appRoles` of the Graph service principal.
pub fn app_roles() -> Value {
    let roles: Vec<Value> = TABLE
        .iter()
        .filter(|(_, _, a)| !a.is_nil())
        .map(|(name, _, id)| {
            json!({"id": id, "value": name, "displayName": name, "description": name,
                   "allowedMemberTypes": ["Application"], "isEnabled": true, "origin": "Application"})
        })
        .collect();
    Value::Array(roles)
}

/// `oauth2PermissionScopes` of the Graph service principal.
pub fn scopes() -> Value {
    let scopes: Vec<Value> = TABLE
        .iter()
        .filter(|(_, d, _)| !d.is_nil())
        .map(|(name, id, _)| {
            json!({"id": id, "value": name, "type": "Admin", "isEnabled": true,
                   "adminConsentDisplayName": name, "adminConsentDescription": name,
                   "userConsentDisplayName": name, "userConsentDescription": name})
        })
        .collect();
    Value::Array(scopes)
}

/// Grants a seeded application its Graph permissions.
pub(crate) async fn seed(
    cx: &Context,
    scoped: &TenantTx<'_>,
    tenant: Id<Tenant>,
    principal: &ServicePrincipal,
    new: &NewApplication,
) -> Result<()> {
    let graph = first_party_id(tenant, well_known::GRAPH);
    for role in &new.graph_roles {
        let app_role = application_id(role)
            .ok_or_else(|| Error::internal(format!("no Graph permission `{role}`")))?;
        let assignment = AppRoleAssignment {
            id: cx.new_uuid(),
            principal: principal.id.uuid(),
            principal_kind: ObjectKind::ServicePrincipal,
            resource: graph,
            app_role,
            created: cx.now,
        };
        scoped.app_role_assignments().insert(&assignment).await?;
    }
    if !new.graph_scopes.is_empty() {
        let grant = PermissionGrant {
            id: cx.new_uuid(),
            client: principal.id,
            principal: None,
            resource: graph,
            scope: new.graph_scopes.join(" "),
        };
        scoped.permission_grants().insert(&grant).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{application_id, application_name, is_delegated};

    #[test]
    fn names_and_identifiers_belong_together() {
        let id = application_id("User.Read.All").unwrap();
        assert_eq!(application_name(id), Some("User.Read.All"));
        assert_eq!(application_id("User.Read.Everything"), None);
        assert!(is_delegated("User.Read"));
        assert!(!is_delegated("user.read"));
    }
}
