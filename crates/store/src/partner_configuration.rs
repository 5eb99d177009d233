//! Accepted entity configurations of partner clouds (federation §1): `iat` never goes back.

use comity_model::{federation::PartnerConfiguration, time::Utc};

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    row::Row,
    statement::statements,
    value::{Value, values},
};

statements! { "partner_configurations";
    FIND = "SELECT cloud, statement, issued_at, expires_at, entity_keys, revoked, pinned, confirmed, shut \
            FROM partner_configurations WHERE cloud = $1";
    UPSERT = "INSERT INTO partner_configurations (cloud, statement, issued_at, expires_at, entity_keys, revoked, \
              pinned, confirmed, shut) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
              ON CONFLICT (cloud) DO UPDATE SET statement = excluded.statement, issued_at = excluded.issued_at, \
              expires_at = excluded.expires_at, entity_keys = excluded.entity_keys, \
              revoked = excluded.revoked, pinned = excluded.pinned, confirmed = excluded.confirmed, \
              shut = excluded.shut WHERE partner_configurations.issued_at <= excluded.issued_at";
    SHUT = "UPDATE partner_configurations SET shut = $2 WHERE cloud = $1";
    CONFIRM = "UPDATE partner_configurations SET confirmed = $3 WHERE cloud = $1 AND issued_at = $2";
}

/// Configurations of partner clouds.
pub struct PartnerConfigurations<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Configurations of partner clouds.
    pub const fn partner_configurations(self) -> PartnerConfigurations<'a, M> {
        PartnerConfigurations(self)
    }
}

impl<M> PartnerConfigurations<'_, M> {
    /// The last accepted configuration of a cloud.
    pub async fn find(&self, cloud: &str) -> Result<Option<PartnerConfiguration>> {
        let row = self.0.handle.fetch_optional(FIND, values![cloud]).await?;
        row.as_ref().map(read).transpose()
    }
}

impl PartnerConfigurations<'_, Tx> {
    /// Accepts a configuration; `false` if a later one was accepted meanwhile.
    pub async fn upsert(&self, configuration: &PartnerConfiguration) -> Result<bool> {
        let values = values![
            configuration.cloud.as_str(),
            configuration.statement.as_str(),
            configuration.issued_at,
            configuration.expires_at,
            configuration.entity_keys.as_str(),
            Value::json(&configuration.revoked)?,
            configuration.pinned.as_deref(),
            configuration.confirmed,
            configuration.shut.as_deref()
        ];
        Ok(self.0.handle.execute(UPSERT, values).await? > 0)
    }

    /// Shuts the pair, or opens it again.
    pub async fn set_shut(&self, cloud: &str, reason: Option<&str>) -> Result<()> {
        self.0
            .handle
            .execute(SHUT, values![cloud, reason])
            .await
            .map(drop)
    }

    /// The same statement was found valid again.
    pub async fn confirm(&self, cloud: &str, issued_at: i64, now: Utc) -> Result<()> {
        self.0
            .handle
            .execute(CONFIRM, values![cloud, issued_at, now])
            .await
            .map(drop)
    }
}

fn read(row: &Row) -> Result<PartnerConfiguration> {
    Ok(PartnerConfiguration {
        cloud: row.text("cloud")?,
        statement: row.text("statement")?,
        issued_at: row.int("issued_at")?,
        expires_at: row.int("expires_at")?,
        entity_keys: row.text("entity_keys")?,
        revoked: row.json("revoked")?,
        pinned: row.opt_text("pinned")?,
        confirmed: row.time("confirmed")?,
        shut: row.opt_text("shut")?,
    })
}
