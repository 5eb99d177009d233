//! Sign-ins under way, found by the hash of the cookie that binds the browser. Each is used once:
//! whoever deletes the row under its version ends it.

use comity_model::{id::Id, secret::Hashed, sign_in::SignIn};

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    row::Row,
    statement::statements,
    value::{Value, values},
};

statements! { "sign_ins";
    FIND = "SELECT id, hash, created, expires, version, data FROM sign_ins WHERE hash = $1";
    INSERT = "INSERT INTO sign_ins (id, hash, tenant_id, created, expires, version, data) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE = "UPDATE sign_ins SET tenant_id = $3, data = $4, version = version + 1 \
              WHERE id = $1 AND version = $2";
    DELETE = "DELETE FROM sign_ins WHERE id = $1 AND version = $2";
    FORGET = "DELETE FROM sign_ins WHERE hash = $1";
}

/// Sign-ins under way in this cloud.
pub struct SignIns<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Sign-ins under way.
    pub const fn sign_ins(self) -> SignIns<'a, M> {
        SignIns(self)
    }
}

impl<M> SignIns<'_, M> {
    /// The sign-in of a binding cookie, expired or not.
    pub async fn find_by_hash(&self, hash: &Hashed) -> Result<Option<SignIn>> {
        let row = self.0.handle.fetch_optional(FIND, values![*hash]).await?;
        row.as_ref().map(read).transpose()
    }
}

impl SignIns<'_, Tx> {
    /// A new sign-in.
    pub async fn insert(&self, sign_in: &SignIn) -> Result<()> {
        let data = Value::json(&sign_in.data)?;
        let values = values![
            sign_in.id,
            sign_in.secret,
            sign_in.data.tenant,
            sign_in.created,
            sign_in.expires,
            sign_in.version,
            data
        ];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }

    /// Keeps what is known now, unless another request was faster.
    pub async fn update(&self, sign_in: &SignIn) -> Result<()> {
        let data = Value::json(&sign_in.data)?;
        let values = values![sign_in.id, sign_in.version, sign_in.data.tenant, data];
        self.0.handle.execute_versioned(UPDATE, values).await
    }

    /// Ends a sign-in; `false` if another request was faster.
    pub async fn delete(&self, id: Id<SignIn>, version: i64) -> Result<bool> {
        Ok(self.0.handle.execute(DELETE, values![id, version]).await? > 0)
    }

    /// Ends the sign-in of a binding cookie, however far it is.
    pub async fn forget(&self, hash: &Hashed) -> Result<bool> {
        Ok(self.0.handle.execute(FORGET, values![*hash]).await? > 0)
    }
}

fn read(row: &Row) -> Result<SignIn> {
    Ok(SignIn {
        id: row.id("id")?,
        secret: row.hashed("hash")?,
        created: row.time("created")?,
        expires: row.time("expires")?,
        version: row.int("version")?,
        data: row.json("data")?,
    })
}
