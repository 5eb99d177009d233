//! Leases at the resource: admission of one guest for one application pair (federation §3.11).

use comity_model::{
    federation::{ApplicationPair, AssertionFacts, Lease},
    id::Id,
    time::Utc,
    user::{ExternalIdentity, User},
};

use crate::{
    error::Result,
    handle::{Scoped, Tx},
    row::Row,
    statement::statements,
    value::{Value, values},
};

statements! { "leases";
    FIND = "SELECT id, user_id, home_cloud, home_tenant, home_object, client_app, resource_app, sealed_grant, facts, \
            confirmed, ended, version FROM leases WHERE tenant_id = $1 AND id = $2";
    INSERT = "INSERT INTO leases (tenant_id, id, user_id, home_cloud, home_tenant, home_object, client_app, \
              resource_app, sealed_grant, facts, confirmed, expires, created, version) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)";
    BEGIN_RENEWAL = "UPDATE leases SET renewing_until = $4 WHERE tenant_id = $1 AND id = $2 AND ended IS NULL \
                     AND (renewing_until IS NULL OR renewing_until <= $3)";
    CONFIRM = "UPDATE leases SET facts = $3, confirmed = $4, expires = $5, renewing_until = NULL, version = version + 1 \
               WHERE tenant_id = $1 AND id = $2 AND ended IS NULL";
    GIVE_UP = "UPDATE leases SET renewing_until = NULL WHERE tenant_id = $1 AND id = $2";
    END = "UPDATE leases SET ended = $3, renewing_until = NULL WHERE tenant_id = $1 AND id = $2 AND ended IS NULL";
    END_OF_USER = "UPDATE leases SET ended = $3, renewing_until = NULL \
                   WHERE tenant_id = $1 AND user_id = $2 AND ended IS NULL";
    LATEST = "SELECT id, user_id, home_cloud, home_tenant, home_object, client_app, resource_app, sealed_grant, facts, \
              confirmed, ended, version FROM leases WHERE tenant_id = $1 AND user_id = $2 AND client_app = $3 \
              AND resource_app = $4 AND ended IS NULL ORDER BY created DESC NULLS LAST LIMIT 1";
}

/// Leases of a tenant.
pub struct Leases<'a, M>(Scoped<'a, M>);

impl<'a, M> Scoped<'a, M> {
    /// Leases of this tenant's guests.
    pub const fn leases(self) -> Leases<'a, M> {
        Leases(self)
    }
}

impl<M> Leases<'_, M> {
    /// One lease.
    pub async fn find(&self, id: Id<Lease>) -> Result<Option<Lease>> {
        let row = self
            .0
            .handle
            .fetch_optional(FIND, values![self.0.tenant, id])
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The newest running lease of a guest for a pair.
    pub async fn latest(&self, user: Id<User>, pair: ApplicationPair) -> Result<Option<Lease>> {
        let values = values![self.0.tenant, user, pair.client, pair.resource];
        let row = self.0.handle.fetch_optional(LATEST, values).await?;
        row.as_ref().map(read).transpose()
    }
}

impl Leases<'_, Tx> {
    /// A new lease.
    pub async fn insert(&self, lease: &Lease, now: Utc) -> Result<()> {
        let facts = Value::json(&lease.facts)?;
        let values = values![
            self.0.tenant,
            lease.id,
            lease.user,
            lease.identity.cloud.as_str(),
            lease.identity.tenant,
            lease.identity.object,
            lease.pair.client,
            lease.pair.resource,
            &lease.sealed_grant,
            facts,
            lease.confirmed,
            lease.facts.session_exp,
            now
        ];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }

    /// Takes the right to renew until that time; one request at a time has it.
    pub async fn begin_renewal(&self, id: Id<Lease>, now: Utc, until: Utc) -> Result<bool> {
        let values = values![self.0.tenant, id, now, until];
        Ok(self.0.handle.execute(BEGIN_RENEWAL, values).await? > 0)
    }

    /// Home said yes again.
    pub async fn confirm(&self, id: Id<Lease>, facts: &AssertionFacts, now: Utc) -> Result<bool> {
        let values = values![
            self.0.tenant,
            id,
            Value::json(facts)?,
            now,
            facts.session_exp
        ];
        Ok(self.0.handle.execute(CONFIRM, values).await? > 0)
    }

    /// Home did not answer: the next request may try.
    pub async fn give_up(&self, id: Id<Lease>) -> Result<()> {
        self.0
            .handle
            .execute(GIVE_UP, values![self.0.tenant, id])
            .await
            .map(drop)
    }

    /// Home said no, or the session ended.
    pub async fn end(&self, id: Id<Lease>, now: Utc) -> Result<()> {
        self.0
            .handle
            .execute(END, values![self.0.tenant, id, now])
            .await
            .map(drop)
    }

    /// Ends every lease of a guest.
    pub async fn end_all_of(&self, user: Id<User>, now: Utc) -> Result<u64> {
        self.0
            .handle
            .execute(END_OF_USER, values![self.0.tenant, user, now])
            .await
    }
}

fn read(row: &Row) -> Result<Lease> {
    Ok(Lease {
        id: row.id("id")?,
        user: row.id("user_id")?,
        identity: ExternalIdentity {
            cloud: row.text("home_cloud")?,
            tenant: row.id("home_tenant")?,
            object: row.id("home_object")?,
        },
        pair: ApplicationPair {
            client: row.uuid("client_app")?,
            resource: row.uuid("resource_app")?,
        },
        sealed_grant: row.bytes("sealed_grant")?,
        facts: row.json("facts")?,
        confirmed: row.time("confirmed")?,
        ended: row.opt_time("ended")?,
        version: row.int("version")?,
    })
}
