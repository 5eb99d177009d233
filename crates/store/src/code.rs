//! Authorization codes: kept as hashes, redeemed once (OAuth 2.1 §4.1.3, security bar O-06).

use comity_model::{id::Id, secret::Hashed, sign_in::CodeGrant, tenant::Tenant, time::Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    statement::statements,
    value::{Value, values},
};

statements! { "codes";
    INSERT = "INSERT INTO codes (hash, tenant_id, created, expires, data) VALUES ($1, $2, $3, $4, $5)";
    REDEEM = "UPDATE codes SET used = $2 WHERE hash = $1 AND used IS NULL AND expires > $2 \
              RETURNING tenant_id, data";
    FIND = "SELECT tenant_id, data, used, family FROM codes WHERE hash = $1";
    SET_FAMILY = "UPDATE codes SET family = $2 WHERE hash = $1";
}

/// What became of a code that somebody redeems.
#[derive(Debug, Clone, PartialEq)]
pub enum Redeemed {
    /// The first use, in time.
    Fresh {
        tenant: Id<Tenant>,
        grant: CodeGrant,
    },
    /// A second use: what the first one gave must die.
    Reused {
        tenant: Id<Tenant>,
        family: Option<Uuid>,
    },
    /// Never issued, expired or cleaned up.
    Unknown,
}

/// Codes of this cloud.
pub struct Codes<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Authorization codes.
    pub const fn codes(self) -> Codes<'a, M> {
        Codes(self)
    }
}

impl<M> Codes<'_, M> {
    /// The grant of an unused code, without using it; expiry is for the caller to compare.
    pub async fn find(&self, hash: &Hashed) -> Result<Option<(Id<Tenant>, CodeGrant)>> {
        let row = self.0.handle.fetch_optional(FIND, values![*hash]).await?;
        let Some(row) = row else { return Ok(None) };
        if row.opt_time("used")?.is_some() {
            return Ok(None);
        }
        Ok(Some((row.id("tenant_id")?, row.json("data")?)))
    }
}

impl Codes<'_, Tx> {
    /// A new code.
    pub async fn insert(
        &self,
        hash: &Hashed,
        tenant: Id<Tenant>,
        created: Utc,
        expires: Utc,
        grant: &CodeGrant,
    ) -> Result<()> {
        let values = values![*hash, tenant, created, expires, Value::json(grant)?];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }

    /// Uses a code: of any number at once, one gets it.
    pub async fn redeem(&self, hash: &Hashed, now: Utc) -> Result<Redeemed> {
        if let Some(row) = self
            .0
            .handle
            .fetch_optional(REDEEM, values![*hash, now])
            .await?
        {
            return Ok(Redeemed::Fresh {
                tenant: row.id("tenant_id")?,
                grant: row.json("data")?,
            });
        }
        let Some(row) = self.0.handle.fetch_optional(FIND, values![*hash]).await? else {
            return Ok(Redeemed::Unknown);
        };
        Ok(match row.opt_time("used")? {
            Some(_) => Redeemed::Reused {
                tenant: row.id("tenant_id")?,
                family: row.opt_uuid("family")?,
            },
            None => Redeemed::Unknown,
        })
    }

    /// Remembers which token family the code gave rise to.
    pub async fn set_family(&self, hash: &Hashed, family: Uuid) -> Result<()> {
        self.0
            .handle
            .execute(SET_FAMILY, values![*hash, family])
            .await
            .map(drop)
    }
}
