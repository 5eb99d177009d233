//! Everything that a tenant's decisions read, in one state of the store.

use comity_model::{
    app_role_assignment::AppRoleAssignment,
    application::{Application, ApplicationSecret},
    authorization_policy::AuthorizationPolicy,
    permission_grant::PermissionGrant,
    role_assignment::RoleAssignment,
    service_principal::ServicePrincipal,
    tenant::{Domain, Tenant},
};

use serde_json::{Map, Value};

use crate::{
    conditional_access::PolicyRow,
    cross_tenant::PartnerRow,
    error::{Error, Result},
    table::tenant_table,
};

tenant_table!(
    /// Everything that a tenant's decisions read.
    SnapshotReader,
    snapshot
);

/// The rows of a snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotRows {
    pub tenant: Tenant,
    pub domains: Vec<Domain>,
    /// JSON text; none is the service default.
    pub cross_tenant_policy: Option<String>,
    pub partners: Vec<PartnerRow>,
    pub conditional_access_policies: Vec<PolicyRow>,
    pub named_locations: Vec<PolicyRow>,
    pub authorization_policy: AuthorizationPolicy,
    pub applications: Vec<Application>,
    pub application_secrets: Vec<ApplicationSecret>,
    pub service_principals: Vec<ServicePrincipal>,
    pub permission_grants: Vec<PermissionGrant>,
    /// Of service principals only: people are too many.
    pub principal_assignments: Vec<AppRoleAssignment>,
    pub role_assignments: Vec<RoleAssignment>,
    /// About how much memory they take.
    pub bytes: usize,
}

impl<M> SnapshotReader<'_, M> {
    /// Loads all of it; `None` if there is no such tenant. Call it on [`crate::Store::snapshot`], so
    /// that the parts agree.
    pub async fn load(&self) -> Result<Option<SnapshotRows>> {
        let scoped = self.0;
        let Some(tenant) = scoped.find_self().await? else {
            return Ok(None);
        };
        let authorization = scoped.authorization_policies().find().await?;
        let (authorization_policy, _) = authorization.ok_or_else(|| Error::Corrupt {
            table: "authorization_policies",
            column: "tenant_id".to_owned(),
            id: tenant.id.to_string(),
        })?;
        let mut rows = SnapshotRows {
            domains: scoped.domains().await?,
            cross_tenant_policy: scoped.cross_tenant().root().await?.map(|(text, _)| text),
            partners: scoped.cross_tenant().partners().await?,
            conditional_access_policies: scoped.conditional_access_policies().all().await?,
            named_locations: scoped.named_locations().all().await?,
            authorization_policy,
            applications: scoped.applications().all().await?,
            application_secrets: scoped.application_secrets().all().await?,
            service_principals: scoped.service_principals().all().await?,
            permission_grants: scoped.permission_grants().all().await?,
            principal_assignments: scoped
                .app_role_assignments()
                .list_of_service_principals()
                .await?,
            role_assignments: scoped.role_assignments().all().await?,
            tenant,
            bytes: 0,
        };
        rows.bytes = rows.size();
        Ok(Some(rows))
    }
}

impl SnapshotRows {
    fn size(&self) -> usize {
        let documents = self
            .conditional_access_policies
            .iter()
            .chain(&self.named_locations)
            .map(|p| p.document.len());
        let partners = self
            .partners
            .iter()
            .map(|p| p.document.len() + p.name.len() + 256);
        let principals = self
            .service_principals
            .iter()
            .map(|p| weight(&p.properties));
        let applications = self.applications.iter().map(|a| weight(&a.properties));
        let organization = [weight(&self.tenant.properties)];
        let scopes = self.permission_grants.iter().map(|g| g.scope.len());
        let root = self.cross_tenant_policy.iter().map(String::len);
        let read = principals.chain(applications).chain(organization);
        let small = self.permission_grants.len()
            + self.role_assignments.len()
            + self.principal_assignments.len()
            + self.application_secrets.len();
        let text = documents.chain(partners).chain(scopes).chain(root);
        text.chain(read).sum::<usize>() + small * 160 + 16 * 1024
    }
}

/// About what the properties of an object take in memory, with the object itself.
fn weight(properties: &Map<String, Value>) -> usize {
    512 + members(properties)
}

fn members(object: &Map<String, Value>) -> usize {
    object
        .iter()
        .map(|(name, value)| name.len() + 64 + inside(value))
        .sum()
}

fn inside(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(inside).sum(),
        Value::Object(object) => members(object),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
