//! Who may use what: app role assignments, delegated grants, directory roles.

use std::collections::BTreeSet;

use comity_model::{
    app_role_assignment::AppRoleAssignment, group::ObjectKind, id::Id,
    permission_grant::PermissionGrant, role_assignment::RoleAssignment,
    service_principal::ServicePrincipal, user::User,
};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::Tx,
    row::{Row, read_all},
    statement::statements,
    table::tenant_table,
    value::values,
};

macro_rules! assignment {
    () => {
        "id, principal_id, principal_kind, resource_id, app_role_id, created"
    };
}
macro_rules! grant {
    () => {
        "id, client_id, principal_id, resource_id, scope"
    };
}
macro_rules! role {
    () => {
        "id, role_id, principal_id, principal_kind, scope_id, created"
    };
}

statements! { "app_role_assignments";
    FIND = concat!("SELECT ", assignment!(), " FROM app_role_assignments WHERE tenant_id = $1 AND id = $2");
    OF_RESOURCE = concat!("SELECT ", assignment!(), " FROM app_role_assignments \
        WHERE tenant_id = $1 AND resource_id = $2 ORDER BY id");
    OF_PRINCIPAL = concat!("SELECT ", assignment!(), " FROM app_role_assignments \
        WHERE tenant_id = $1 AND principal_id = $2 ORDER BY id");
    OF_PRINCIPALS = concat!("SELECT ", assignment!(), " FROM app_role_assignments \
        WHERE tenant_id = $1 AND principal_kind = 'servicePrincipal' ORDER BY id");
    INSERT = "INSERT INTO app_role_assignments (tenant_id, id, principal_id, principal_kind, resource_id, app_role_id, \
        created) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DELETE = "DELETE FROM app_role_assignments WHERE tenant_id = $1 AND id = $2";
    GRANTS = concat!("SELECT ", grant!(), " FROM permission_grants WHERE tenant_id = $1 ORDER BY id");
    INSERT_GRANT = "INSERT INTO permission_grants (tenant_id, id, client_id, principal_id, resource_id, scope) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    UPDATE_GRANT = "UPDATE permission_grants SET scope = $3 WHERE tenant_id = $1 AND id = $2";
    DELETE_GRANT = "DELETE FROM permission_grants WHERE tenant_id = $1 AND id = $2";
    DELETE_GRANTS_OF = "DELETE FROM permission_grants WHERE tenant_id = $1 AND principal_id = $2";
    ROLES = concat!("SELECT ", role!(), " FROM role_assignments WHERE tenant_id = $1 ORDER BY id");
    ROLES_OF = concat!("SELECT ", role!(), " FROM role_assignments WHERE tenant_id = $1 AND principal_id = $2 ORDER BY id");
    INSERT_ROLE = "INSERT INTO role_assignments (tenant_id, id, role_id, principal_id, principal_kind, scope_id, \
        created) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    DELETE_ROLE = "DELETE FROM role_assignments WHERE tenant_id = $1 AND id = $2";
    ACTIVE = "SELECT role_id FROM active_roles WHERE tenant_id = $1 \
        UNION SELECT role_id FROM role_assignments WHERE tenant_id = $1";
    ACTIVATE = "INSERT INTO active_roles (tenant_id, role_id) VALUES ($1, $2) \
        ON CONFLICT (tenant_id, role_id) DO NOTHING";
}

tenant_table!(
    /// App role assignments of a tenant.
    AppRoleAssignments,
    app_role_assignments
);
tenant_table!(
    /// Delegated permission grants of a tenant.
    PermissionGrants,
    permission_grants
);
tenant_table!(
    /// Directory role assignments of a tenant.
    RoleAssignments,
    role_assignments
);

fn read(row: &Row) -> Result<AppRoleAssignment> {
    Ok(AppRoleAssignment {
        id: row.uuid("id")?,
        principal: row.uuid("principal_id")?,
        principal_kind: row.word("principal_kind", ObjectKind::parse)?,
        resource: row.id("resource_id")?,
        app_role: row.uuid("app_role_id")?,
        created: row.time("created")?,
    })
}

fn read_grant(row: &Row) -> Result<PermissionGrant> {
    Ok(PermissionGrant {
        id: row.uuid("id")?,
        client: row.id("client_id")?,
        principal: row.opt_id("principal_id")?,
        resource: row.id("resource_id")?,
        scope: row.text("scope")?,
    })
}

fn read_role(row: &Row) -> Result<RoleAssignment> {
    Ok(RoleAssignment {
        id: row.uuid("id")?,
        role: row.uuid("role_id")?,
        principal: row.uuid("principal_id")?,
        principal_kind: row.word("principal_kind", ObjectKind::parse)?,
        scope: row.opt_uuid("scope_id")?,
        created: row.time("created")?,
    })
}

impl<M> AppRoleAssignments<'_, M> {
    /// One assignment.
    pub async fn find(&self, id: Uuid) -> Result<Option<AppRoleAssignment>> {
        self.0
            .one(FIND, values![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Assignments to a resource.
    pub async fn list_of_resource(
        &self,
        resource: Id<ServicePrincipal>,
    ) -> Result<Vec<AppRoleAssignment>> {
        read_all(&self.0.all(OF_RESOURCE, values![resource]).await?, read)
    }

    /// Assignments of a principal.
    pub async fn list_of_principal(&self, principal: Uuid) -> Result<Vec<AppRoleAssignment>> {
        read_all(&self.0.all(OF_PRINCIPAL, values![principal]).await?, read)
    }

    /// Assignments of all service principals.
    pub async fn list_of_service_principals(&self) -> Result<Vec<AppRoleAssignment>> {
        read_all(&self.0.all(OF_PRINCIPALS, vec![]).await?, read)
    }
}

impl AppRoleAssignments<'_, Tx> {
    /// A new assignment. Conflict: `app_role_assignments_triple`.
    pub async fn insert(&self, a: &AppRoleAssignment) -> Result<()> {
        let values = values![
            a.id,
            a.principal,
            a.principal_kind.as_str(),
            a.resource,
            a.app_role,
            a.created
        ];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Removes an assignment.
    pub async fn delete(&self, id: Uuid) -> Result<bool> {
        Ok(self.0.write(DELETE, values![id]).await? > 0)
    }
}

impl<M> PermissionGrants<'_, M> {
    /// Every grant.
    pub async fn all(&self) -> Result<Vec<PermissionGrant>> {
        read_all(&self.0.all(GRANTS, vec![]).await?, read_grant)
    }
}

impl PermissionGrants<'_, Tx> {
    /// A new grant. Conflicts: `permission_grants_everyone`, `permission_grants_principal`.
    pub async fn insert(&self, g: &PermissionGrant) -> Result<()> {
        let values = values![g.id, g.client, g.principal, g.resource, &g.scope];
        self.0.write(INSERT_GRANT, values).await.map(drop)
    }

    /// Changes the scope.
    pub async fn update(&self, g: &PermissionGrant) -> Result<()> {
        self.0.replace(UPDATE_GRANT, values![g.id, &g.scope]).await
    }

    /// Removes a grant.
    pub async fn delete(&self, id: Uuid) -> Result<bool> {
        Ok(self.0.write(DELETE_GRANT, values![id]).await? > 0)
    }

    /// Removes the grants of one person.
    pub async fn delete_of_principal(&self, user: Id<User>) -> Result<u64> {
        self.0.write(DELETE_GRANTS_OF, values![user]).await
    }
}

impl<M> RoleAssignments<'_, M> {
    /// Every assignment.
    pub async fn all(&self) -> Result<Vec<RoleAssignment>> {
        read_all(&self.0.all(ROLES, vec![]).await?, read_role)
    }

    /// Assignments of a principal.
    pub async fn list_of_principal(&self, principal: Uuid) -> Result<Vec<RoleAssignment>> {
        read_all(&self.0.all(ROLES_OF, values![principal]).await?, read_role)
    }

    /// Roles that were activated or that somebody holds.
    pub async fn active(&self) -> Result<BTreeSet<Uuid>> {
        let rows = self.0.all(ACTIVE, vec![]).await?;
        rows.iter().map(|row| row.uuid("role_id")).collect()
    }
}

impl RoleAssignments<'_, Tx> {
    /// Puts a role into use; `false` if it was activated before.
    pub async fn activate(&self, role: Uuid) -> Result<bool> {
        Ok(self.0.write(ACTIVATE, values![role]).await? > 0)
    }

    /// A new assignment. Conflicts: `role_assignments_pair`, `role_assignments_scope`.
    pub async fn insert(&self, a: &RoleAssignment) -> Result<()> {
        let values = values![
            a.id,
            a.role,
            a.principal,
            a.principal_kind.as_str(),
            a.scope,
            a.created
        ];
        self.0.write(INSERT_ROLE, values).await.map(drop)
    }

    /// Removes an assignment.
    pub async fn delete(&self, id: Uuid) -> Result<bool> {
        Ok(self.0.write(DELETE_ROLE, values![id]).await? > 0)
    }
}
