//! Passwords (hashes only), and the operator's one-time links that set the first one.

use comity_model::{
    id::Id,
    secret::Hashed,
    tenant::Tenant,
    time::Utc,
    user::{PasswordCredential, User},
};

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    statement::statements,
    table::tenant_table,
    value::values,
};

statements! { "passwords";
    FIND = "SELECT hash, changed, must_change FROM passwords WHERE tenant_id = $1 AND user_id = $2";
    UPSERT = "INSERT INTO passwords (tenant_id, user_id, hash, changed, must_change) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET hash = excluded.hash, changed = excluded.changed, \
        must_change = excluded.must_change";
    REHASH = "UPDATE passwords SET hash = $4 WHERE tenant_id = $1 AND user_id = $2 AND hash = $3";
    INSERT_LINK = "INSERT INTO password_links (hash, tenant_id, user_id, expires) VALUES ($1, $2, $3, $4)";
    FIND_LINK = "SELECT tenant_id, user_id FROM password_links WHERE hash = $1 AND used IS NULL AND expires > $2";
    TAKE_LINK = "UPDATE password_links SET used = $2 WHERE hash = $1 AND used IS NULL AND expires > $2 \
        RETURNING tenant_id, user_id";
}

tenant_table!(
    /// Passwords of a tenant's people.
    Passwords,
    passwords
);

impl<M> Passwords<'_, M> {
    /// The password of a user, if one is kept here.
    pub async fn find(&self, user: Id<User>) -> Result<Option<PasswordCredential>> {
        let row = self.0.one(FIND, values![user]).await?;
        row.map(|row| {
            Ok(PasswordCredential {
                hash: row.text("hash")?,
                changed: row.time("changed")?,
                must_change: row.bool("must_change")?,
            })
        })
        .transpose()
    }
}

impl Passwords<'_, Tx> {
    /// Sets the password.
    pub async fn upsert(&self, user: Id<User>, password: &PasswordCredential) -> Result<()> {
        let values = values![user, &password.hash, password.changed, password.must_change];
        self.0.write(UPSERT, values).await.map(drop)
    }
}

impl Passwords<'_, Tx> {
    /// Another hash of the same password; `false` if the password was changed meanwhile.
    pub async fn rehash(&self, user: Id<User>, old: &str, new: &str) -> Result<bool> {
        Ok(self.0.write(REHASH, values![user, old, new]).await? > 0)
    }
}

impl<M> Cloud<'_, M> {
    /// Whose password a link sets, if it still does.
    pub async fn find_password_link(
        &self,
        hash: &Hashed,
        now: Utc,
    ) -> Result<Option<(Id<Tenant>, Id<User>)>> {
        let row = self.one(FIND_LINK, values![*hash, now]).await?;
        row.map(|row| Ok((row.id("tenant_id")?, row.id("user_id")?)))
            .transpose()
    }
}

impl Cloud<'_, Tx> {
    /// A new link.
    pub async fn insert_password_link(
        &self,
        hash: &Hashed,
        tenant: Id<Tenant>,
        user: Id<User>,
        expires: Utc,
    ) -> Result<()> {
        self.write(INSERT_LINK, values![*hash, tenant, user, expires])
            .await
            .map(drop)
    }

    /// Uses a link: of any number at once, one gets it.
    pub async fn take_password_link(
        &self,
        hash: &Hashed,
        now: Utc,
    ) -> Result<Option<(Id<Tenant>, Id<User>)>> {
        let row = self.one(TAKE_LINK, values![*hash, now]).await?;
        row.map(|row| Ok((row.id("tenant_id")?, row.id("user_id")?)))
            .transpose()
    }
}
