//! External collaboration settings of a tenant, and the history of every kind of policy.

use comity_model::authorization_policy::AuthorizationPolicy;

use crate::{
    error::Result,
    handle::Tx,
    row::read_all,
    statement::statements,
    table::tenant_table,
    value::{Value, values},
};

statements! { "policy_history";
    FIND = "SELECT document, version FROM authorization_policies WHERE tenant_id = $1";
    INSERT = "INSERT INTO authorization_policies (tenant_id, document, version) VALUES ($1, $2, 1)";
    UPDATE = "UPDATE authorization_policies SET document = $3, version = version + 1 WHERE tenant_id = $1 AND version = $2";
    CLOSE = "UPDATE policy_history SET to_version = $4 WHERE tenant_id = $1 AND kind = $2 AND key = $3 \
        AND to_version IS NULL AND from_version < $4";
    OPEN = "INSERT INTO policy_history (tenant_id, kind, key, from_version, document) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant_id, kind, key, from_version) DO UPDATE SET document = excluded.document";
    AT = "SELECT kind, key, document FROM policy_history WHERE tenant_id = $1 AND from_version <= $2 \
        AND (to_version IS NULL OR to_version > $2) ORDER BY kind, key";
    // Writes the row, so that whoever changes the same tenant's policies meanwhile waits.
    POLICY_VERSION = "UPDATE tenants SET policy_version = policy_version WHERE id = $1 RETURNING policy_version";
}

tenant_table!(
    /// External collaboration settings of a tenant.
    AuthorizationPolicies,
    authorization_policies
);
tenant_table!(
    /// What policies said at each policy version.
    PolicyHistory,
    policy_history
);

/// One policy document as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPolicy {
    pub kind: String,
    pub key: String,
    pub document: String,
}

impl<M> AuthorizationPolicies<'_, M> {
    /// The policy and its version.
    pub async fn find(&self) -> Result<Option<(AuthorizationPolicy, i64)>> {
        let row = self.0.one(FIND, vec![]).await?;
        row.map(|row| Ok((row.json("document")?, row.int("version")?)))
            .transpose()
    }
}

impl AuthorizationPolicies<'_, Tx> {
    /// The first policy of a tenant.
    pub async fn insert(&self, policy: &AuthorizationPolicy) -> Result<()> {
        self.0
            .write(INSERT, vec![Value::json(policy)?])
            .await
            .map(drop)
    }

    /// Changes the policy under its version.
    pub async fn update(&self, policy: &AuthorizationPolicy, version: i64) -> Result<()> {
        self.0
            .replace(UPDATE, values![version, Value::json(policy)?])
            .await
    }
}

impl<M> PolicyHistory<'_, M> {
    /// The documents that held at a policy version.
    pub async fn at(&self, version: i64) -> Result<Vec<PastPolicy>> {
        read_all(&self.0.all(AT, values![version]).await?, |row| {
            Ok(PastPolicy {
                kind: row.text("kind")?,
                key: row.text("key")?,
                document: row
                    .opt_json_text("document")?
                    .ok_or_else(|| row.corrupt("document"))?,
            })
        })
    }
}

impl PolicyHistory<'_, Tx> {
    /// From `version` on this holds; `None` = nothing any more.
    pub async fn record(
        &self,
        kind: &str,
        key: &str,
        version: i64,
        document: Option<&str>,
    ) -> Result<()> {
        self.0.write(CLOSE, values![kind, key, version]).await?;
        if let Some(document) = document {
            let json = Value::Json(Some(document.to_owned()));
            self.0
                .write(OPEN, values![kind, key, version, json])
                .await?;
        }
        Ok(())
    }
}

impl crate::handle::Scoped<'_, Tx> {
    /// The version of what decisions read. It stays what it is until this transaction ends, so
    /// the change that is being made will have the next number.
    pub async fn policy_version(&self) -> Result<i64> {
        let row = self.one(POLICY_VERSION, vec![]).await?;
        row.map_or(Ok(0), |row| row.int("policy_version"))
    }
}
