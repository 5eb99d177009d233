//! Home's side of the lease: refresh grants given to other clouds, found by their hash
//! (federation §3.11). Not rotated; bound to the asker's DPoP key.

use comity_model::{
    federation::{ApplicationPair, DeviceClaim, LeaseGrant},
    id::Id,
    secret::Hashed,
    session::{MethodUse, Session},
    tenant::Tenant,
    time::Utc,
    user::User,
};

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    handle::{Cloud, Scoped, Tx},
    row::Row,
    statement::statements,
    value::{Value, values},
};

statements! { "lease_grants";
    FIND = "SELECT tenant_id, id, user_id, resource_cloud, resource_tenant, client_app, resource_app, dpop_jkt, sid, \
            session_exp, data, created, revoked FROM lease_grants WHERE hash = $1";
    INSERT = "INSERT INTO lease_grants (hash, tenant_id, id, user_id, resource_cloud, resource_tenant, client_app, \
              resource_app, dpop_jkt, sid, session_exp, data, created) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    REVOKE_BY_SID = "UPDATE lease_grants SET revoked = $3 WHERE tenant_id = $1 AND sid = $2 AND revoked IS NULL";
    REVOKE_BY_USER = "UPDATE lease_grants SET revoked = $3 WHERE tenant_id = $1 AND user_id = $2 AND revoked IS NULL";
    REVOKE_BY_ID = "UPDATE lease_grants SET revoked = $3 WHERE tenant_id = $1 AND id = $2 AND revoked IS NULL";
    REVOKE = "UPDATE lease_grants SET revoked = $2 WHERE hash = $1 AND revoked IS NULL";
}

/// Refresh grants that this cloud gave to others.
pub struct LeaseGrants<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Refresh grants of other clouds.
    pub const fn lease_grants(self) -> LeaseGrants<'a, M> {
        LeaseGrants(self)
    }
}

impl<M> LeaseGrants<'_, M> {
    /// The grant of a hash with its tenant.
    pub async fn find_by_hash(&self, hash: &Hashed) -> Result<Option<(Id<Tenant>, LeaseGrant)>> {
        let row = self.0.handle.fetch_optional(FIND, values![*hash]).await?;
        row.as_ref()
            .map(|row| Ok((row.id("tenant_id")?, read(row)?)))
            .transpose()
    }
}

impl LeaseGrants<'_, Tx> {
    /// A new grant.
    pub async fn insert(
        &self,
        hash: &Hashed,
        tenant: Id<Tenant>,
        grant: &LeaseGrant,
    ) -> Result<()> {
        let values = values![
            *hash,
            tenant,
            grant.id,
            grant.user,
            grant.resource_cloud.as_str(),
            grant.resource_tenant,
            grant.pair.client,
            grant.pair.resource,
            grant.dpop_jkt.as_str(),
            grant.sid.as_str(),
            grant.session_exp,
            Value::json(&Data::of(grant))?,
            grant.created
        ];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }

    /// Ends one grant.
    pub async fn revoke(&self, hash: &Hashed, now: Utc) -> Result<()> {
        self.0
            .handle
            .execute(REVOKE, values![*hash, now])
            .await
            .map(drop)
    }
}

impl Scoped<'_, Tx> {
    /// Ends the grants of an account's session in this tenant.
    pub async fn revoke_lease_grants_by_sid(self, sid: &str, now: Utc) -> Result<u64> {
        self.write(REVOKE_BY_SID, values![sid, now]).await
    }

    /// Ends the grant that a code of this tenant gave, when the code is used again.
    pub async fn revoke_lease_grant(self, id: Id<LeaseGrant>, now: Utc) -> Result<()> {
        self.write(REVOKE_BY_ID, values![id, now]).await.map(drop)
    }

    /// Ends the grants of a person of this tenant.
    pub async fn revoke_lease_grants_of(self, user: Id<User>, now: Utc) -> Result<u64> {
        self.handle
            .execute(REVOKE_BY_USER, values![self.tenant, user, now])
            .await
    }
}

/// What no statement looks at.
#[derive(Serialize, Deserialize)]
struct Data {
    methods: Vec<MethodUse>,
    device: Option<DeviceClaim>,
    session: Option<Id<Session>>,
    ip: String,
    user_agent: String,
}

impl Data {
    fn of(grant: &LeaseGrant) -> Self {
        Self {
            methods: grant.methods.clone(),
            device: grant.device.clone(),
            session: grant.session,
            ip: grant.ip.clone(),
            user_agent: grant.user_agent.clone(),
        }
    }
}

fn read(row: &Row) -> Result<LeaseGrant> {
    let data: Data = row.json("data")?;
    Ok(LeaseGrant {
        id: row.id("id")?,
        user: row.id("user_id")?,
        resource_cloud: row.text("resource_cloud")?,
        resource_tenant: row.id("resource_tenant")?,
        pair: ApplicationPair {
            client: row.uuid("client_app")?,
            resource: row.uuid("resource_app")?,
        },
        dpop_jkt: row.text("dpop_jkt")?,
        sid: row.text("sid")?,
        session_exp: row.time("session_exp")?,
        methods: data.methods,
        device: data.device,
        session: data.session,
        ip: data.ip,
        user_agent: data.user_agent,
        created: row.time("created")?,
        revoked: row.opt_time("revoked")?,
    })
}
