//! Authorization codes: kept as hashes, redeemed once (OAuth 2.1 §4.1.3, security bar O-06).

use comity_model::{
    id::Id, secret::Hashed, session::Session, sign_in::CodeGrant, tenant::Tenant, time::Utc,
};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::{Cloud, Scoped, Tx},
    statement::statements,
    value::{Value, values},
};

statements! { "codes";
    INSERT = "INSERT INTO codes (tenant_id, hash, created, expires, session, data) \
              VALUES ($1, $2, $3, $4, $5, $6)";
    REDEEM = "UPDATE codes SET used = $3 WHERE tenant_id = $1 AND hash = $2 AND used IS NULL AND expires > $3 \
              AND (session IS NULL OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = codes.session)) \
              RETURNING data";
    WITHDRAW = "DELETE FROM codes WHERE session = $1 AND used IS NULL";
    FIND = "SELECT tenant_id, data, used, family FROM codes WHERE hash = $1";
    SET_FAMILY = "UPDATE codes SET family = $3 WHERE tenant_id = $1 AND hash = $2";
}

/// What became of a code that somebody redeems.
#[derive(Debug, Clone, PartialEq)]
pub enum Redeemed {
    /// The first use, in time.
    Fresh(CodeGrant),
    /// Used before, expired, of another tenant, of a session that has ended, or never issued.
    Unusable,
}

/// A code that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedCode {
    pub tenant: Id<Tenant>,
    /// What its first use gave; it must die with a second use.
    pub family: Option<Uuid>,
}

/// Codes of a tenant.
pub struct Codes<'a, M>(Scoped<'a, M>);

impl<'a, M> Scoped<'a, M> {
    /// Authorization codes of this tenant.
    pub const fn codes(self) -> Codes<'a, M> {
        Codes(self)
    }
}

impl<M> Cloud<'_, M> {
    /// The tenant and the grant of an unused code, without using it; expiry is for the caller to
    /// compare. Whoever presents a code may do so at an endpoint that names no tenant, so the code
    /// says whose it is.
    pub async fn find_code(&self, hash: &Hashed) -> Result<Option<(Id<Tenant>, CodeGrant)>> {
        let row = self.one(FIND, values![*hash]).await?;
        let Some(row) = row else { return Ok(None) };
        if row.opt_time("used")?.is_some() {
            return Ok(None);
        }
        Ok(Some((row.id("tenant_id")?, row.json("data")?)))
    }

    /// Whether it is a code at all, used or not.
    pub async fn is_code(&self, hash: &Hashed) -> Result<bool> {
        Ok(self.one(FIND, values![*hash]).await?.is_some())
    }

    /// A code that was used already.
    pub async fn find_used_code(&self, hash: &Hashed) -> Result<Option<UsedCode>> {
        let row = self.one(FIND, values![*hash]).await?;
        let Some(row) = row else { return Ok(None) };
        if row.opt_time("used")?.is_none() {
            return Ok(None);
        }
        Ok(Some(UsedCode {
            tenant: row.id("tenant_id")?,
            family: row.opt_uuid("family")?,
        }))
    }
}

impl Cloud<'_, Tx> {
    /// Takes back the codes of a browser's session, in every tenant, that nobody has redeemed. One
    /// that is being redeemed is waited for.
    pub async fn withdraw_codes(&self, session: Id<Session>) -> Result<u64> {
        self.write(WITHDRAW, values![session]).await
    }
}

impl Codes<'_, Tx> {
    /// A new code.
    pub async fn insert(
        &self,
        hash: &Hashed,
        created: Utc,
        expires: Utc,
        grant: &CodeGrant,
    ) -> Result<()> {
        let session = match grant {
            CodeGrant::Application(grant) => grant.session,
            CodeGrant::Crossing { session, .. } => *session,
        };
        let values = values![*hash, created, expires, session, Value::json(grant)?];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Uses a code: of any number at once, one gets it, while the session lives that it came from.
    pub async fn redeem(&self, hash: &Hashed, now: Utc) -> Result<Redeemed> {
        let row = self.0.one(REDEEM, values![*hash, now]).await?;
        Ok(match row {
            Some(row) => Redeemed::Fresh(row.json("data")?),
            None => Redeemed::Unusable,
        })
    }

    /// Remembers which token family the code gave rise to.
    pub async fn set_family(&self, hash: &Hashed, family: Uuid) -> Result<()> {
        self.0
            .write(SET_FAMILY, values![*hash, family])
            .await
            .map(drop)
    }
}
