//! A person's yes at home to the release towards one resource tenant (federation §3.4).

use comity_model::{id::Id, tenant::Tenant, time::Utc, user::User};

use crate::{
    error::Result,
    handle::{Scoped, Tx},
    statement::statements,
    value::values,
};

statements! { "releases";
    FIND = "SELECT granted FROM releases WHERE tenant_id = $1 AND user_id = $2 AND resource_cloud = $3 \
            AND resource_tenant = $4";
    UPSERT = "INSERT INTO releases (tenant_id, user_id, resource_cloud, resource_tenant, granted) \
              VALUES ($1, $2, $3, $4, $5) \
              ON CONFLICT (tenant_id, user_id, resource_cloud, resource_tenant) DO NOTHING";
    DELETE = "DELETE FROM releases WHERE tenant_id = $1 AND user_id = $2";
}

/// Releases of a tenant's people.
pub struct Releases<'a, M>(Scoped<'a, M>);

impl<'a, M> Scoped<'a, M> {
    /// Releases of this tenant's people.
    pub const fn releases(self) -> Releases<'a, M> {
        Releases(self)
    }
}

impl<M> Releases<'_, M> {
    /// When the person said yes.
    pub async fn find(
        &self,
        user: Id<User>,
        cloud: &str,
        tenant: Id<Tenant>,
    ) -> Result<Option<Utc>> {
        let values = values![self.0.tenant, user, cloud, tenant];
        let row = self.0.handle.fetch_optional(FIND, values).await?;
        row.map(|row| row.time("granted")).transpose()
    }
}

impl Releases<'_, Tx> {
    /// Remembers a yes; the first one stays.
    pub async fn upsert(
        &self,
        user: Id<User>,
        cloud: &str,
        tenant: Id<Tenant>,
        now: Utc,
    ) -> Result<()> {
        let values = values![self.0.tenant, user, cloud, tenant, now];
        self.0.handle.execute(UPSERT, values).await.map(drop)
    }

    /// Forgets every yes of a person.
    pub async fn delete_of(&self, user: Id<User>) -> Result<()> {
        self.0
            .handle
            .execute(DELETE, values![self.0.tenant, user])
            .await
            .map(drop)
    }
}
