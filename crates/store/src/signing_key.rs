//! Keys of the cloud, sealed. Every change raises `keys_version`, so that all nodes load them anew.

use comity_model::{
    signing_key::{KeyPurpose, KeyState, SigningKeyRow},
    time::Utc,
};

use crate::{
    error::{Error, Result},
    handle::Tx,
    row::{Row, read_all},
    statement::statements,
    table::cloud_table,
    value::{Value, values},
};

statements! { "signing_keys";
    LIST = "SELECT kid, purpose, algorithm, public_jwk, sealed, state, created, changed \
        FROM signing_keys ORDER BY created, kid";
    INSERT = "INSERT INTO signing_keys \
        (kid, purpose, algorithm, public_jwk, sealed, state, created, changed) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SET_STATE = "UPDATE signing_keys SET state = $2, changed = $3 WHERE kid = $1 AND state <> $2";
    DELETE = "DELETE FROM signing_keys WHERE kid = $1";
    VERSION = "SELECT keys_version FROM clouds WHERE id = 1";
    BUMP = "UPDATE clouds SET keys_version = keys_version + 1 WHERE id = 1";
}

cloud_table!(
    /// Keys of the cloud.
    SigningKeys,
    signing_keys
);

fn read(row: &Row) -> Result<SigningKeyRow> {
    Ok(SigningKeyRow {
        kid: row.text("kid")?,
        purpose: row.word("purpose", KeyPurpose::parse)?,
        algorithm: row.text("algorithm")?,
        public_jwk: row
            .opt_json_text("public_jwk")?
            .ok_or_else(|| row.corrupt("public_jwk"))?,
        sealed: row.bytes("sealed")?,
        state: row.word("state", KeyState::parse)?,
        created: row.time("created")?,
        changed: row.time("changed")?,
    })
}

impl<M> SigningKeys<'_, M> {
    /// All keys, oldest first.
    pub async fn list(&self) -> Result<Vec<SigningKeyRow>> {
        read_all(&self.0.all(LIST, vec![]).await?, read)
    }

    /// Raised with every change of a key.
    pub async fn version(&self) -> Result<i64> {
        let row = self.0.one(VERSION, vec![]).await?;
        row.ok_or_else(|| Error::Corrupt {
            table: "clouds",
            column: "id".to_owned(),
            id: "1".to_owned(),
        })?
        .int("keys_version")
    }
}

impl SigningKeys<'_, Tx> {
    /// Keeps other nodes and commands from changing keys until the transaction ends. To be called
    /// before the keys are read that a change depends on.
    pub async fn lock(&self) -> Result<()> {
        self.0.write(BUMP, vec![]).await.map(drop)
    }

    /// Adds a key.
    pub async fn insert(&self, key: &SigningKeyRow) -> Result<()> {
        let values = values![
            &key.kid,
            key.purpose.as_str(),
            &key.algorithm,
            Value::Json(Some(key.public_jwk.clone())),
            &key.sealed,
            key.state.as_str(),
            key.created,
            key.changed,
        ];
        self.0.write(INSERT, values).await?;
        self.0.write(BUMP, vec![]).await.map(drop)
    }

    /// Moves a key on in its life; `false` if there is no such key or it is in that state.
    pub async fn set_state(&self, kid: &str, state: KeyState, now: Utc) -> Result<bool> {
        if self
            .0
            .write(SET_STATE, values![kid, state.as_str(), now])
            .await?
            == 0
        {
            return Ok(false);
        }
        self.0.write(BUMP, vec![]).await?;
        Ok(true)
    }

    /// Deletes a key that is told to nobody any more; `false` if there is no such key.
    pub async fn delete(&self, kid: &str) -> Result<bool> {
        if self.0.write(DELETE, values![kid]).await? == 0 {
            return Ok(false);
        }
        self.0.write(BUMP, vec![]).await?;
        Ok(true)
    }
}
