//! Second factors kept in a tenant; the last accepted step is never accepted again (S-44).

use comity_model::{factor::Factor, id::Id, user::User};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::Tx,
    row::{Row, read_all},
    statement::statements,
    table::tenant_table,
    value::values,
};

statements! { "factors";
    LIST = "SELECT id, user_id, sealed_secret, last_step, created FROM factors \
        WHERE tenant_id = $1 AND user_id = $2 ORDER BY created, id";
    INSERT = "INSERT INTO factors (tenant_id, user_id, id, sealed_secret, last_step, created) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    ACCEPT = "UPDATE factors SET last_step = $4 WHERE tenant_id = $1 AND user_id = $2 AND id = $3 \
        AND (last_step IS NULL OR last_step < $4)";
    DELETE_OF = "DELETE FROM factors WHERE tenant_id = $1 AND user_id = $2";
}

tenant_table!(
    /// Second factors of a tenant's people.
    Factors,
    factors
);

fn read(row: &Row) -> Result<Factor> {
    Ok(Factor {
        id: row.uuid("id")?,
        user: row.id("user_id")?,
        sealed_secret: row.bytes("sealed_secret")?,
        last_step: row.opt_int("last_step")?,
        created: row.time("created")?,
    })
}

impl<M> Factors<'_, M> {
    /// The factors of a user, oldest first.
    pub async fn list(&self, user: Id<User>) -> Result<Vec<Factor>> {
        read_all(&self.0.all(LIST, values![user]).await?, read)
    }
}

impl Factors<'_, Tx> {
    /// A new factor.
    pub async fn insert(&self, factor: &Factor) -> Result<()> {
        let values = values![
            factor.user,
            factor.id,
            &factor.sealed_secret,
            factor.last_step,
            factor.created
        ];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Accepts a step; `false` if it or a later one was accepted before.
    pub async fn accept_step(&self, user: Id<User>, factor: Uuid, step: i64) -> Result<bool> {
        Ok(self.0.write(ACCEPT, values![user, factor, step]).await? > 0)
    }

    /// Removes every factor of a user.
    pub async fn delete_of(&self, user: Id<User>) -> Result<()> {
        self.0.write(DELETE_OF, values![user]).await.map(drop)
    }
}
