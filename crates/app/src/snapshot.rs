//! What decisions read, per tenant, in memory: policies, applications, principals, grants, roles.
//!
//! A snapshot carries the tenant's `policy_version`; every request compares it with the stored one
//! in one statement and reloads what differs, so that a change holds on every node at once (law 7).

pub mod past;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use comity_model::{
    application::{Application, ApplicationSecret},
    authorization_policy::AuthorizationPolicy,
    cloud::CloudName,
    federation::HomeTenant,
    id::Id,
    permission_grant::PermissionGrant,
    role_assignment::RoleAssignment,
    service_principal::ServicePrincipal,
    tenant::{Domain, Tenant},
    well_known,
};
use comity_store::snapshot::SnapshotRows;
use uuid::Uuid;

use crate::{
    context::Context,
    error::{Error, Result},
    judge::Policies,
};

/// A partner object's identity and what was kept when it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub cloud: CloudName,
    pub tenant: Id<Tenant>,
    pub name: String,
    pub domains: Vec<String>,
}

/// One tenant at one policy version.
#[derive(Debug)]
pub struct Snapshot {
    pub tenant: Tenant,
    pub version: i64,
    pub domains: Vec<Domain>,
    /// Compiled cross-tenant and Conditional Access policies.
    pub policies: Policies,
    /// By partner tenant ID: unique per tenant whatever the cloud (federation §1).
    pub partners: BTreeMap<Uuid, Partner>,
    pub authorization: AuthorizationPolicy,
    /// By app ID.
    pub applications: BTreeMap<Uuid, Application>,
    pub secrets: BTreeMap<Id<Application>, Vec<ApplicationSecret>>,
    /// By app ID.
    pub service_principals: BTreeMap<Uuid, ServicePrincipal>,
    pub grants: Vec<PermissionGrant>,
    /// Roles by principal, tenant-wide.
    pub roles: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Roles over one application or service principal: (principal, object) → roles.
    pub scoped_roles: BTreeMap<(Uuid, Uuid), BTreeSet<Uuid>>,
    /// App roles held by service principals: (principal, resource) → roles.
    pub principal_roles: BTreeMap<(Uuid, Uuid), Vec<Uuid>>,
    /// Own groups that Conditional Access mentions.
    pub access_groups: BTreeSet<Uuid>,
    bytes: usize,
}

impl Snapshot {
    /// Template IDs of the directory roles that a principal holds tenant-wide.
    pub fn roles_of(&self, principal: Uuid) -> BTreeSet<Uuid> {
        self.roles.get(&principal).cloned().unwrap_or_default()
    }

    /// Template IDs of the roles that a principal holds over just this object.
    pub fn roles_over(&self, principal: Uuid, object: Uuid) -> BTreeSet<Uuid> {
        let held = self.scoped_roles.get(&(principal, object));
        held.cloned().unwrap_or_default()
    }

    /// The service principal of an application, enabled or not.
    pub fn service_principal(&self, app_id: Uuid) -> Option<&ServicePrincipal> {
        self.service_principals.get(&app_id)
    }

    /// The service principal with that object ID.
    pub fn service_principal_by_id(&self, id: Uuid) -> Option<&ServicePrincipal> {
        self.service_principals.values().find(|p| p.id.uuid() == id)
    }

    /// What people call an application.
    pub fn application_name(&self, app_id: Uuid) -> String {
        self.service_principals
            .get(&app_id)
            .map(|p| p.display_name.clone())
            .or_else(|| well_known::first_party_name(app_id).map(str::to_owned))
            .unwrap_or_default()
    }

    /// The partner object for another tenant, if its cloud is the one it was added with.
    pub fn partner(&self, other: &HomeTenant) -> Option<&Partner> {
        self.partners
            .get(&other.tenant.uuid())
            .filter(|p| p.cloud == other.cloud)
    }

    /// What people call another organisation: from the own partner object, never from its claims.
    pub fn partner_name(&self, other: &HomeTenant) -> Option<&str> {
        self.partner(other).map(|p| p.name.as_str())
    }

    /// Whether an address belongs to an application of this tenant: a redirect URI or home page,
    /// or a page below one's origin and path.
    pub fn is_application_address(&self, url: &str) -> bool {
        let redirects = self
            .applications
            .values()
            .flat_map(Application::redirect_uris);
        let homes = self
            .service_principals
            .values()
            .filter_map(|p| p.properties.get("homepage")?.as_str());
        redirects
            .map(|(_, uri)| uri)
            .chain(homes)
            .any(|known| known == url)
    }

    /// The domain shown for the tenant.
    pub fn default_domain(&self) -> &str {
        self.domains
            .iter()
            .find(|d| d.is_default)
            .map_or(self.tenant.initial_domain.as_str(), |d| d.name.as_str())
    }

    /// Home groups that the inbound policy towards a partner mentions: what a push asks.
    pub fn groups_mentioned(&self, home: &HomeTenant) -> BTreeSet<Uuid> {
        self.policies.inbound_groups(home)
    }

    /// Own groups that the outbound policy towards a partner mentions.
    pub fn outbound_groups(&self, resource: &HomeTenant) -> BTreeSet<Uuid> {
        self.policies.outbound_groups(resource)
    }
}

/// The snapshots of all tenants, bounded by bytes.
pub struct Snapshots {
    limit: usize,
    loaded: Mutex<Loaded>,
}

#[derive(Default)]
struct Loaded {
    by_tenant: BTreeMap<Id<Tenant>, (Arc<Snapshot>, u64)>,
    bytes: usize,
    clock: u64,
}

impl Snapshots {
    /// An empty cache that keeps at most about `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            loaded: Mutex::new(Loaded::default()),
        }
    }

    /// The tenant as it is now; [`Error::NotFound`] if there is none. One statement when nothing
    /// has changed.
    pub async fn get(&self, cx: &Context, tenant: Id<Tenant>) -> Result<Arc<Snapshot>> {
        let read = cx.app.store().read();
        let versions = read
            .tenant(tenant)
            .versions()
            .await?
            .ok_or(Error::NotFound)?;
        if versions.keys != cx.app.keys().current().version() {
            cx.app
                .keys()
                .reload(cx.app.store(), cx.app.sealer())
                .await?;
        }
        if let Some(snapshot) = self.cached(tenant, versions.policy) {
            return Ok(snapshot);
        }
        let snapshot = Arc::new(load(cx, tenant).await?);
        self.keep(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    fn cached(&self, tenant: Id<Tenant>, version: i64) -> Option<Arc<Snapshot>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.clock += 1;
        let clock = loaded.clock;
        let (snapshot, used) = loaded.by_tenant.get_mut(&tenant)?;
        *used = clock;
        (snapshot.version == version).then(|| Arc::clone(snapshot))
    }

    fn keep(&self, snapshot: Arc<Snapshot>) {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.clock += 1;
        let clock = loaded.clock;
        loaded.bytes += snapshot.bytes;
        if let Some((old, _)) = loaded
            .by_tenant
            .insert(snapshot.tenant.id, (snapshot, clock))
        {
            loaded.bytes = loaded.bytes.saturating_sub(old.bytes);
        }
        while loaded.bytes > self.limit && loaded.by_tenant.len() > 1 {
            let oldest = loaded
                .by_tenant
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(t, _)| *t);
            let Some((out, _)) = oldest.and_then(|t| loaded.by_tenant.remove(&t)) else {
                break;
            };
            loaded.bytes = loaded.bytes.saturating_sub(out.bytes);
        }
    }
}

async fn load(cx: &Context, tenant: Id<Tenant>) -> Result<Snapshot> {
    build(rows(cx, tenant).await?)
}

async fn rows(cx: &Context, tenant: Id<Tenant>) -> Result<SnapshotRows> {
    let read = cx.app.store().snapshot().await?;
    let rows = read.tenant(tenant).snapshot().load().await?;
    read.end().await;
    rows.ok_or(Error::NotFound)
}

fn build(rows: SnapshotRows) -> Result<Snapshot> {
    let policies = Policies::compile(&rows)?;
    let access_groups = policies.access_groups();
    let partners = rows
        .partners
        .iter()
        .map(|p| {
            let partner = Partner {
                cloud: p.cloud.clone(),
                tenant: p.tenant,
                name: p.name.clone(),
                domains: p.domains.clone(),
            };
            (p.tenant.uuid(), partner)
        })
        .collect();
    let mut secrets: BTreeMap<Id<Application>, Vec<ApplicationSecret>> = BTreeMap::new();
    for secret in rows.application_secrets {
        secrets.entry(secret.application).or_default().push(secret);
    }
    let mut principal_roles: BTreeMap<(Uuid, Uuid), Vec<Uuid>> = BTreeMap::new();
    for a in rows.principal_assignments {
        principal_roles
            .entry((a.principal, a.resource.uuid()))
            .or_default()
            .push(a.app_role);
    }
    let (roles, scoped_roles) = by_principal(rows.role_assignments);
    Ok(Snapshot {
        version: rows.tenant.policy_version,
        tenant: rows.tenant,
        domains: rows.domains,
        policies,
        partners,
        authorization: rows.authorization_policy,
        applications: rows
            .applications
            .into_iter()
            .map(|a| (a.app_id, a))
            .collect(),
        secrets,
        service_principals: rows
            .service_principals
            .into_iter()
            .map(|p| (p.app_id, p))
            .collect(),
        grants: rows.permission_grants,
        roles,
        scoped_roles,
        principal_roles,
        access_groups,
        bytes: rows.bytes,
    })
}

type Roles<K> = BTreeMap<K, BTreeSet<Uuid>>;

/// Tenant-wide roles by principal, and those over one object by both.
fn by_principal(assignments: Vec<RoleAssignment>) -> (Roles<Uuid>, Roles<(Uuid, Uuid)>) {
    let mut roles: Roles<Uuid> = BTreeMap::new();
    let mut scoped: Roles<(Uuid, Uuid)> = BTreeMap::new();
    for a in assignments {
        let held = match a.scope {
            None => roles.entry(a.principal).or_default(),
            Some(object) => scoped.entry((a.principal, object)).or_default(),
        };
        held.insert(a.role);
    }
    (roles, scoped)
}
