//! Sessions of the first-party pages (*My Apps*, portal): `__Host-app`, found by hash; tokens are
//! sealed in `data` and stay on the server (sessions.md).

use comity_model::{id::Id, secret::Hashed, tenant::Tenant, time::Utc, user::User};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    handle::{Cloud, Tx},
    statement::statements,
    value::values,
};

statements! { "app_sessions";
    FIND = "SELECT tenant_id, user_id, created, expires, data FROM app_sessions WHERE hash = $1 AND app = $2";
    UPSERT = "INSERT INTO app_sessions (hash, app, tenant_id, user_id, created, expires, data) \
              VALUES ($1, $2, $3, $4, $5, $6, $7) \
              ON CONFLICT (hash) DO UPDATE SET expires = excluded.expires, data = excluded.data";
    DELETE = "DELETE FROM app_sessions WHERE hash = $1";
}

/// A first-party page's session.
#[derive(Debug, Clone, PartialEq)]
pub struct AppSession<T> {
    pub tenant: Id<Tenant>,
    pub user: Id<User>,
    pub created: Utc,
    pub expires: Utc,
    pub data: T,
}

/// First-party pages' sessions.
pub struct AppSessions<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// First-party pages' sessions.
    pub const fn app_sessions(self) -> AppSessions<'a, M> {
        AppSessions(self)
    }
}

impl<M> AppSessions<'_, M> {
    /// The session of a cookie at one application.
    pub async fn find_by_hash<T: DeserializeOwned>(
        &self,
        app: &str,
        hash: &Hashed,
    ) -> Result<Option<AppSession<T>>> {
        let row = self
            .0
            .handle
            .fetch_optional(FIND, values![*hash, app])
            .await?;
        row.map(|row| {
            Ok(AppSession {
                tenant: row.id("tenant_id")?,
                user: row.id("user_id")?,
                created: row.time("created")?,
                expires: row.time("expires")?,
                data: serde_json::from_slice(&row.bytes("data")?)
                    .map_err(|_| row.corrupt("data"))?,
            })
        })
        .transpose()
    }
}

impl AppSessions<'_, Tx> {
    /// Keeps a session, new or changed.
    pub async fn upsert<T: Serialize>(
        &self,
        app: &str,
        hash: &Hashed,
        session: &AppSession<T>,
    ) -> Result<()> {
        let values = values![
            *hash,
            app,
            session.tenant,
            session.user,
            session.created,
            session.expires,
            serde_json::to_vec(&session.data).map_err(|e| Error::Database {
                table: "app_sessions",
                reason: e.to_string()
            })?
        ];
        self.0.handle.execute(UPSERT, values).await.map(drop)
    }

    /// Ends a session.
    pub async fn delete(&self, hash: &Hashed) -> Result<()> {
        self.0
            .handle
            .execute(DELETE, values![*hash])
            .await
            .map(drop)
    }
}
