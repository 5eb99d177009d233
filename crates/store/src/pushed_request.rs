//! Pushed authorization requests of other clouds (RFC 9126): each works once, for 90 seconds.

use comity_model::{federation::PushedCrossing, id::Id, secret::Hashed, tenant::Tenant, time::Utc};

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    statement::statements,
    value::{Value, values},
};

statements! { "pushed_requests";
    INSERT = "INSERT INTO pushed_requests (hash, tenant_id, resource_cloud, created, expires, data) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    FIND = "SELECT tenant_id, data FROM pushed_requests WHERE hash = $1 AND used_at IS NULL AND expires > $2";
    TAKE = "UPDATE pushed_requests SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND expires > $2 \
            RETURNING tenant_id, data";
}

/// Pushed requests of this cloud.
pub struct PushedRequests<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Pushed requests.
    pub const fn pushed_requests(self) -> PushedRequests<'a, M> {
        PushedRequests(self)
    }
}

impl<M> PushedRequests<'_, M> {
    /// A request that still works, without taking it.
    pub async fn find(
        &self,
        hash: &Hashed,
        now: Utc,
    ) -> Result<Option<(Id<Tenant>, PushedCrossing)>> {
        let row = self
            .0
            .handle
            .fetch_optional(FIND, values![*hash, now])
            .await?;
        row.map(|row| Ok((row.id("tenant_id")?, row.json("data")?)))
            .transpose()
    }
}

impl PushedRequests<'_, Tx> {
    /// Keeps a request.
    pub async fn insert(
        &self,
        hash: &Hashed,
        created: Utc,
        expires: Utc,
        pushed: &PushedCrossing,
    ) -> Result<()> {
        let values = values![
            *hash,
            pushed.details.home_tenant,
            pushed.resource_cloud.as_str(),
            created,
            expires,
            Value::json(pushed)?
        ];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }

    /// Takes a request: of any number at once, one gets it.
    pub async fn take(
        &self,
        hash: &Hashed,
        now: Utc,
    ) -> Result<Option<(Id<Tenant>, PushedCrossing)>> {
        let row = self
            .0
            .handle
            .fetch_optional(TAKE, values![*hash, now])
            .await?;
        row.map(|row| Ok((row.id("tenant_id")?, row.json("data")?)))
            .transpose()
    }
}
