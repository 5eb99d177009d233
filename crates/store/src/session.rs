//! Browsers' sessions at the login host, found by the hash of their cookie (sessions.md).

use comity_model::{id::Id, secret::Hashed, session::Session};

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    row::Row,
    statement::statements,
    value::{Value, values},
};

statements! { "sessions";
    FIND = "SELECT id, created, expires, persistent, accounts, version FROM sessions WHERE hash = $1";
    FIND_BY_ID = "SELECT id, created, expires, persistent, accounts, version FROM sessions WHERE id = $1";
    KEEP_ACCOUNTS = "UPDATE sessions SET accounts = $3, version = version + 1 WHERE id = $1 AND version = $2";
    INSERT = "INSERT INTO sessions (id, hash, created, expires, persistent, accounts, version) \
              VALUES ($1, $2, $3, $4, $5, $6, 1)";
    REPLACE = "UPDATE sessions SET hash = $3, expires = $4, persistent = $5, accounts = $6, \
               version = version + 1 WHERE id = $1 AND version = $2";
    END = "DELETE FROM sessions WHERE id = $1 \
           RETURNING id, created, expires, persistent, accounts, version";
}

/// Sessions of this cloud.
pub struct Sessions<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Sessions of this cloud.
    pub const fn sessions(self) -> Sessions<'a, M> {
        Sessions(self)
    }
}

impl<M> Sessions<'_, M> {
    /// The session of a cookie, with the version that [`Sessions::replace`] compares.
    pub async fn find_by_hash(&self, hash: &Hashed) -> Result<Option<(Session, i64)>> {
        let row = self.0.handle.fetch_optional(FIND, values![*hash]).await?;
        row.as_ref().map(read).transpose()
    }

    /// A session by its ID: whether it lives, and who is signed in there.
    pub async fn find(&self, id: Id<Session>) -> Result<Option<(Session, i64)>> {
        let row = self
            .0
            .handle
            .fetch_optional(FIND_BY_ID, values![id])
            .await?;
        row.as_ref().map(read).transpose()
    }
}

impl Sessions<'_, Tx> {
    /// A new session under the hash of its cookie.
    pub async fn insert(&self, session: &Session, hash: &Hashed) -> Result<()> {
        let accounts = Value::json(&session.accounts)?;
        let values = values![
            session.id,
            *hash,
            session.created,
            session.expires,
            session.persistent,
            accounts
        ];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }

    /// Changes accounts and life, and gives the session a new cookie.
    pub async fn replace(&self, session: &Session, version: i64, hash: &Hashed) -> Result<()> {
        let accounts = Value::json(&session.accounts)?;
        let values = values![
            session.id,
            version,
            *hash,
            session.expires,
            session.persistent,
            accounts
        ];
        self.0.handle.execute_versioned(REPLACE, values).await
    }

    /// Drops accounts from a session and leaves its cookie; `false` if it changed meanwhile.
    pub async fn keep_accounts(&self, session: &Session, version: i64) -> Result<bool> {
        let accounts = Value::json(&session.accounts)?;
        let values = values![session.id, version, accounts];
        Ok(self.0.handle.execute(KEEP_ACCOUNTS, values).await? > 0)
    }

    /// Ends a session, whatever cookie it has by now; as it was at its end.
    pub async fn end(&self, id: Id<Session>) -> Result<Option<Session>> {
        let row = self.0.handle.fetch_optional(END, values![id]).await?;
        Ok(row
            .as_ref()
            .map(read)
            .transpose()?
            .map(|(session, _)| session))
    }
}

fn read(row: &Row) -> Result<(Session, i64)> {
    let session = Session {
        id: row.id("id")?,
        created: row.time("created")?,
        expires: row.time("expires")?,
        persistent: row.bool("persistent")?,
        accounts: row.json("accounts")?,
    };
    Ok((session, row.int("version")?))
}
