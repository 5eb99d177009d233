//! Tenants and their domains; the lookups that find a tenant (design README, law 2).

use comity_model::{
    id::Id,
    tenant::{Domain, Tenant},
};

use crate::{
    error::{Error, Result},
    handle::{Cloud, Scoped, Tx},
    row::{Row, read_all},
    statement::statements,
    value::{Value, values},
};

macro_rules! columns {
    () => {
        "id, display_name, initial_domain, enabled, policy_version, worker_enabled, \
         publishes_domains, created, properties"
    };
}

statements! { "tenants";
    FIND = concat!("SELECT ", columns!(), " FROM tenants WHERE id = $1");
    FIND_BY_DOMAIN = concat!("SELECT ", columns!(), " FROM tenants WHERE id = \
        (SELECT tenant_id FROM domains WHERE name = $1)");
    LIST = concat!("SELECT ", columns!(), " FROM tenants ORDER BY initial_domain");
    INSERT = concat!("INSERT INTO tenants (", columns!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    UPDATE = "UPDATE tenants SET display_name = $2, enabled = $3, worker_enabled = $4, \
        publishes_domains = $5, properties = $6 WHERE id = $1";
    VERSIONS = "SELECT t.policy_version, t.enabled, c.keys_version FROM tenants t \
        JOIN clouds c ON c.id = 1 WHERE t.id = $1";
    LOCK = "UPDATE tenants SET policy_version = policy_version WHERE id = $1";
    RENAME = "UPDATE tenants SET display_name = $2, properties = $3 WHERE id = $1";
    SWITCH_WORKER = "UPDATE tenants SET worker_enabled = $2 WHERE id = $1";
    BUMP = "UPDATE tenants SET policy_version = policy_version + 1 WHERE id = $1 \
        RETURNING policy_version";
    DOMAINS = "SELECT name, is_default, is_initial FROM domains WHERE tenant_id = $1 ORDER BY name";
    INSERT_DOMAIN = "INSERT INTO domains (tenant_id, name, is_default, is_initial) \
        VALUES ($1, $2, $3, $4)";
    CLEAR_DEFAULT = "UPDATE domains SET is_default = FALSE WHERE tenant_id = $1 AND is_default";
    SET_DEFAULT = "UPDATE domains SET is_default = TRUE WHERE tenant_id = $1 AND name = $2";
    DELETE_DOMAIN = "DELETE FROM domains WHERE tenant_id = $1 AND name = $2 AND NOT is_initial";
}

/// What every decision compares with its snapshot (law 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// Of the tenant's policies, applications and assignments.
    pub policy: i64,
    /// Of the cloud's keys.
    pub keys: i64,
    /// Whether the tenant may do anything at all.
    pub enabled: bool,
}

pub(crate) fn read(row: &Row) -> Result<Tenant> {
    Ok(Tenant {
        id: row.id("id")?,
        display_name: row.text("display_name")?,
        initial_domain: row.text("initial_domain")?,
        enabled: row.bool("enabled")?,
        policy_version: row.int("policy_version")?,
        worker_enabled: row.bool("worker_enabled")?,
        publishes_domains: row.bool("publishes_domains")?,
        created: row.time("created")?,
        properties: row.json("properties")?,
    })
}

fn read_domain(row: &Row) -> Result<Domain> {
    Ok(Domain {
        name: row.text("name")?,
        is_default: row.bool("is_default")?,
        is_initial: row.bool("is_initial")?,
    })
}

impl<M> Cloud<'_, M> {
    /// The tenant with that ID.
    pub async fn find_tenant(&self, id: Id<Tenant>) -> Result<Option<Tenant>> {
        self.one(FIND, values![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// The tenant in which that domain (lower case) is verified.
    pub async fn find_tenant_by_domain(&self, name: &str) -> Result<Option<Tenant>> {
        self.one(FIND_BY_DOMAIN, values![name])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// All tenants, for the operator's commands and jobs.
    pub async fn list_tenants(&self) -> Result<Vec<Tenant>> {
        read_all(&self.all(LIST, vec![]).await?, read)
    }
}

impl Cloud<'_, Tx> {
    /// Makes a tenant. Conflicts: `tenants_pkey`, `tenants_initial_domain`.
    pub async fn insert_tenant(&self, tenant: &Tenant) -> Result<()> {
        let values = values![
            tenant.id,
            &tenant.display_name,
            &tenant.initial_domain,
            tenant.enabled,
            tenant.policy_version,
            tenant.worker_enabled,
            tenant.publishes_domains,
            tenant.created,
            &tenant.properties,
        ];
        self.write(INSERT, values).await.map(drop)
    }
}

impl<M> Scoped<'_, M> {
    /// The tenant itself.
    pub async fn find_self(&self) -> Result<Option<Tenant>> {
        self.one(FIND, vec![]).await?.as_ref().map(read).transpose()
    }

    /// Versions of what decisions read; `None` if there is no such tenant.
    pub async fn versions(&self) -> Result<Option<Versions>> {
        let Some(row) = self.one(VERSIONS, vec![]).await? else {
            return Ok(None);
        };
        Ok(Some(Versions {
            policy: row.int("policy_version")?,
            keys: row.int("keys_version")?,
            enabled: row.bool("enabled")?,
        }))
    }

    /// Its verified domains, by name.
    pub async fn domains(&self) -> Result<Vec<Domain>> {
        read_all(&self.all(DOMAINS, vec![]).await?, read_domain)
    }
}

impl Scoped<'_, Tx> {
    /// Changes name, switches and properties of the tenant; [`Error::stale`] if it is gone.
    pub async fn update_self(&self, tenant: &Tenant) -> Result<()> {
        let values = values![
            &tenant.display_name,
            tenant.enabled,
            tenant.worker_enabled,
            tenant.publishes_domains,
            &tenant.properties,
        ];
        self.replace(UPDATE, values).await
    }

    /// Keeps other writers of the tenant's row waiting until the transaction ends. To be called
    /// before reading what a change depends on.
    pub async fn lock_self(&self) -> Result<()> {
        self.replace(LOCK, vec![]).await
    }

    /// Whether the tenant is at that version of what decisions read, and stays so until the
    /// transaction ends.
    pub async fn is_at(&self, policy: i64) -> Result<bool> {
        self.lock_self().await?;
        let versions = self.versions().await?;
        Ok(versions.is_some_and(|v| v.policy == policy))
    }

    /// Changes name and properties only: the switches stay as somebody else may just have set them.
    pub async fn rename_self(&self, tenant: &Tenant) -> Result<()> {
        let values = values![&tenant.display_name, &tenant.properties];
        self.replace(RENAME, values).await
    }

    /// Switches home's side of the legs to other clouds.
    pub async fn switch_worker(&self, enabled: bool) -> Result<()> {
        self.replace(SWITCH_WORKER, values![enabled]).await
    }

    /// Raises the version of what decisions read and returns it. Once per transaction, after the
    /// changes: they are recorded under the version that this call will return.
    pub async fn bump_policy_version(&self) -> Result<i64> {
        self.one(BUMP, vec![])
            .await?
            .ok_or_else(Error::stale)?
            .int("policy_version")
    }

    /// Adds a verified domain. Conflict `domains_pkey`: it belongs to a tenant already.
    pub async fn insert_domain(&self, domain: &Domain) -> Result<()> {
        if domain.is_default {
            self.write(CLEAR_DEFAULT, vec![]).await?;
        }
        let values: Vec<Value> = values![&domain.name, domain.is_default, domain.is_initial];
        self.write(INSERT_DOMAIN, values).await.map(drop)
    }

    /// Makes a domain the default; `false` if the tenant has no such domain.
    pub async fn set_default_domain(&self, name: &str) -> Result<bool> {
        self.write(CLEAR_DEFAULT, vec![]).await?;
        Ok(self.write(SET_DEFAULT, values![name]).await? == 1)
    }

    /// Takes a domain away, never the initial one; `false` if there was nothing to take.
    pub async fn delete_domain(&self, name: &str) -> Result<bool> {
        Ok(self.write(DELETE_DOMAIN, values![name]).await? == 1)
    }
}
