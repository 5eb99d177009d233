//! Refresh tokens: hashes in families; one rotation after another, reuse ends the family
//! (security bars O-10, O-11).

use comity_model::{
    federation::Lease, id::Id, secret::Hashed, session::Session, sign_in::TokenGrant,
    tenant::Tenant, time::Utc, user::User,
};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::{Cloud, Scoped, Tx},
    row::Row,
    statement::statements,
    value::{Value, values},
};

statements! { "token_families";
    INSERT = "INSERT INTO token_families (id, tenant_id, user_id, client, sid, lease_id, created, expires, \
              data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    INSERT_TOKEN = "INSERT INTO refresh_tokens (hash, family_id, tenant_id, created, expires) \
                    SELECT $1, id, tenant_id, $3, expires FROM token_families WHERE id = $2";
    FIND = "SELECT f.id, f.tenant_id, f.client, f.lease_id, f.created, f.expires, f.revoked, f.data, \
            r.used, r.successor_sealed FROM refresh_tokens r JOIN token_families f ON f.id = r.family_id WHERE r.hash = $1";
    ROTATE = "UPDATE refresh_tokens SET used = $2, successor_sealed = $3 WHERE hash = $1 AND used IS NULL \
              AND EXISTS (SELECT 1 FROM token_families f WHERE f.id = refresh_tokens.family_id AND f.revoked IS NULL)";
    REVOKE = "UPDATE token_families SET revoked = $2 WHERE id = $1 AND revoked IS NULL";
    REVOKE_BY_SESSION = "UPDATE token_families SET revoked = $2 WHERE sid = $1 AND revoked IS NULL";
    REVOKE_BY_SID = "UPDATE token_families SET revoked = $3 WHERE tenant_id = $1 AND sid = $2 AND revoked IS NULL";
    REVOKE_BY_LEASE = "UPDATE token_families SET revoked = $3 \
                       WHERE tenant_id = $1 AND lease_id = $2 AND revoked IS NULL";
    SESSIONS_OF_LEASE = "SELECT DISTINCT sid FROM token_families WHERE tenant_id = $1 AND lease_id = $2";
    FIND_FAMILY = "SELECT id, tenant_id, expires, revoked, data FROM token_families WHERE id = $1";
    IS_REVOKED = "SELECT revoked FROM token_families WHERE id = $1";
}

/// A family with the token it was found by.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyToken {
    pub family: Uuid,
    pub tenant: Id<Tenant>,
    pub client: Uuid,
    pub lease: Option<Id<Lease>>,
    pub created: Utc,
    pub expires: Utc,
    pub revoked: Option<Utc>,
    pub grant: TokenGrant,
    /// When this token was rotated.
    pub used: Option<Utc>,
    /// The sealed answer of that rotation.
    pub successor: Option<Vec<u8>>,
}

/// A family by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    pub id: Uuid,
    pub tenant: Id<Tenant>,
    pub expires: Utc,
    pub revoked: Option<Utc>,
    pub grant: TokenGrant,
}

/// Token families of this cloud.
pub struct TokenFamilies<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Token families, found by the hash of a refresh token.
    pub const fn token_families(self) -> TokenFamilies<'a, M> {
        TokenFamilies(self)
    }
}

/// A new family.
#[derive(Debug, Clone)]
pub struct NewFamily<'a> {
    pub id: Uuid,
    pub tenant: Id<Tenant>,
    pub user: Id<User>,
    pub client: Uuid,
    pub created: Utc,
    pub expires: Utc,
    pub grant: &'a TokenGrant,
}

impl<M> TokenFamilies<'_, M> {
    /// The family of a refresh token.
    pub async fn find_by_hash(&self, hash: &Hashed) -> Result<Option<FamilyToken>> {
        let row = self.0.handle.fetch_optional(FIND, values![*hash]).await?;
        row.as_ref().map(read).transpose()
    }

    /// A family by its ID.
    pub async fn find(&self, family: Uuid) -> Result<Option<Family>> {
        let row = self
            .0
            .handle
            .fetch_optional(FIND_FAMILY, values![family])
            .await?;
        row.map(|row| {
            Ok(Family {
                id: row.uuid("id")?,
                tenant: row.id("tenant_id")?,
                expires: row.time("expires")?,
                revoked: row.opt_time("revoked")?,
                grant: row.json("data")?,
            })
        })
        .transpose()
    }

    /// Whether a family was revoked or never was.
    pub async fn is_revoked(&self, family: Uuid) -> Result<bool> {
        let row = self
            .0
            .handle
            .fetch_optional(IS_REVOKED, values![family])
            .await?;
        match row {
            Some(row) => Ok(row.opt_time("revoked")?.is_some()),
            None => Ok(true),
        }
    }
}

impl TokenFamilies<'_, Tx> {
    /// A new family with its first token.
    pub async fn insert(&self, new: &NewFamily<'_>, token: &Hashed) -> Result<()> {
        let grant = Value::json(new.grant)?;
        // An account gets new session IDs in the browser's session; signing out ends them all.
        let session = match new.grant.session {
            Some(session) => session.to_string(),
            None => new.grant.sid.clone(),
        };
        let values = values![
            new.id,
            new.tenant,
            new.user,
            new.client,
            session,
            new.grant.lease,
            new.created,
            new.expires,
            grant
        ];
        self.0.handle.execute(INSERT, values).await?;
        self.0
            .handle
            .execute(INSERT_TOKEN, values![*token, new.id, new.created])
            .await
            .map(drop)
    }

    /// Replaces a token by the next one; `false` if another request was faster, or its family has
    /// ended meanwhile.
    pub async fn rotate(
        &self,
        family: Uuid,
        old: &Hashed,
        new: &Hashed,
        sealed_answer: Vec<u8>,
        now: Utc,
    ) -> Result<bool> {
        if self
            .0
            .handle
            .execute(ROTATE, values![*old, now, sealed_answer])
            .await?
            == 0
        {
            return Ok(false);
        }
        self.0
            .handle
            .execute(INSERT_TOKEN, values![*new, family, now])
            .await?;
        Ok(true)
    }

    /// Ends a family.
    pub async fn revoke(&self, family: Uuid, now: Utc) -> Result<()> {
        self.0
            .handle
            .execute(REVOKE, values![family, now])
            .await
            .map(drop)
    }

    /// Ends the families of a browser's session, in every tenant: the session is one row of the
    /// cloud with accounts of several tenants under it (sessions.md), and signing out ends them all,
    /// those whose account has left the session meanwhile included.
    pub async fn revoke_by_session(&self, session: Id<Session>, now: Utc) -> Result<u64> {
        self.0
            .write(REVOKE_BY_SESSION, values![session.to_string(), now])
            .await
    }
}

impl<M> Scoped<'_, M> {
    /// The browsers' sessions in which the families of a lease began.
    pub async fn sessions_of_lease(self, lease: Id<Lease>) -> Result<Vec<String>> {
        let rows = self.all(SESSIONS_OF_LEASE, values![lease]).await?;
        rows.iter().map(|row| row.text("sid")).collect()
    }
}

impl Scoped<'_, Tx> {
    /// Ends the families of this tenant that were begun under an account's session ID.
    pub async fn revoke_families_by_sid(self, sid: &str, now: Utc) -> Result<u64> {
        self.write(REVOKE_BY_SID, values![sid, now]).await
    }

    /// Ends the families of this tenant that stand on a lease.
    pub async fn revoke_families_by_lease(self, lease: Id<Lease>, now: Utc) -> Result<u64> {
        self.write(REVOKE_BY_LEASE, values![lease, now]).await
    }
}

fn read(row: &Row) -> Result<FamilyToken> {
    Ok(FamilyToken {
        family: row.uuid("id")?,
        tenant: row.id("tenant_id")?,
        client: row.uuid("client")?,
        lease: row.opt_id("lease_id")?,
        created: row.time("created")?,
        expires: row.time("expires")?,
        revoked: row.opt_time("revoked")?,
        grant: row.json("data")?,
        used: row.opt_time("used")?,
        successor: row.opt_bytes("successor_sealed")?,
    })
}
