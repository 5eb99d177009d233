//! Applications as they act in a tenant.

use comity_model::{
    id::Id,
    name,
    query::{Listing, Query},
    service_principal::ServicePrincipal,
    time::Utc,
};

use crate::{
    error::Result,
    handle::Tx,
    listing::{Listed, Object},
    query::{Kind, column},
    row::{Row, read_all},
    statement::statements,
    table::tenant_table,
    value::values,
};

macro_rules! columns {
    () => {
        "id, app_id, display_name, account_enabled, app_role_assignment_required, created, deleted, version, properties"
    };
}

statements! { "service_principals";
    FIND = concat!("SELECT ", columns!(), " FROM service_principals WHERE tenant_id = $1 AND id = $2");
    ALL = concat!("SELECT ", columns!(), " FROM service_principals WHERE tenant_id = $1 AND deleted IS NULL \
        ORDER BY display_name_key, id");
    INSERT = "INSERT INTO service_principals (tenant_id, id, app_id, display_name, display_name_key, account_enabled, \
        app_role_assignment_required, created, deleted, version, properties) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "UPDATE service_principals SET display_name = $4, display_name_key = $5, account_enabled = $6, \
        app_role_assignment_required = $7, properties = $8, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND version = $3";
    SOFT_DELETE = "UPDATE service_principals SET deleted = $3, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL";
}

tenant_table!(
    /// Service principals of a tenant.
    ServicePrincipals,
    service_principals
);

static LISTED: Listed<ServicePrincipal> = Listed {
    table: "service_principals",
    select: columns!(),
    live: " AND deleted IS NULL",
    columns: &[
        column("id", "id", Kind::Guid),
        column("appId", "app_id", Kind::Guid),
        column("displayName", "display_name_key", Kind::Key),
        column("accountEnabled", "account_enabled", Kind::Bool),
        column(
            "appRoleAssignmentRequired",
            "app_role_assignment_required",
            Kind::Bool,
        ),
        column("createdDateTime", "created", Kind::Time),
        column("deletedDateTime", "deleted", Kind::Time).nullable(),
    ],
    read,
};

fn read(row: &Row) -> Result<ServicePrincipal> {
    Ok(ServicePrincipal {
        id: row.id("id")?,
        app_id: row.uuid("app_id")?,
        display_name: row.text("display_name")?,
        account_enabled: row.bool("account_enabled")?,
        app_role_assignment_required: row.bool("app_role_assignment_required")?,
        created: row.time("created")?,
        deleted: row.opt_time("deleted")?,
        version: row.int("version")?,
        properties: row.json("properties")?,
    })
}

impl<M> ServicePrincipals<'_, M> {
    /// The principal with that object ID, deleted ones included.
    pub async fn find(&self, id: Id<ServicePrincipal>) -> Result<Option<ServicePrincipal>> {
        self.0
            .one(FIND, values![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Answers a query over those that are not deleted; `render` makes the Graph object.
    pub async fn list(
        &self,
        query: &Query,
        render: impl Fn(&ServicePrincipal) -> Object,
    ) -> Result<Listing> {
        self.0.list(&LISTED, query, render).await
    }

    /// Every principal that is not deleted, by display name.
    pub async fn all(&self) -> Result<Vec<ServicePrincipal>> {
        read_all(&self.0.all(ALL, vec![]).await?, read)
    }
}

impl ServicePrincipals<'_, Tx> {
    /// A new principal. Conflict: `service_principals_app_id`.
    pub async fn insert(&self, principal: &ServicePrincipal) -> Result<()> {
        let values = values![
            principal.id,
            principal.app_id,
            &principal.display_name,
            name::key(&principal.display_name),
            principal.account_enabled,
            principal.app_role_assignment_required,
            principal.created,
            principal.deleted,
            principal.version,
            &principal.properties
        ];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Changes a principal under its version.
    pub async fn update(&self, principal: &ServicePrincipal) -> Result<()> {
        let values = values![
            principal.id,
            principal.version,
            &principal.display_name,
            name::key(&principal.display_name),
            principal.account_enabled,
            principal.app_role_assignment_required,
            &principal.properties
        ];
        self.0.replace(UPDATE, values).await
    }

    /// Deletes a principal for now.
    pub async fn soft_delete(&self, id: Id<ServicePrincipal>, now: Utc) -> Result<bool> {
        Ok(self.0.write(SOFT_DELETE, values![id, now]).await? > 0)
    }
}
