//! Identifiers that work once (`jti`), by purpose and issuer, until they could not be replayed.

use comity_model::time::Utc;

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    statement::statements,
    value::values,
};

statements! { "used_ids";
    USE = "INSERT INTO used_ids (purpose, issuer, id, expires) VALUES ($1, $2, $3, $4) \
           ON CONFLICT (purpose, issuer, id) DO NOTHING";
}

/// Used identifiers of this cloud.
pub struct UsedIds<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Identifiers that work once.
    pub const fn used_ids(self) -> UsedIds<'a, M> {
        UsedIds(self)
    }
}

impl UsedIds<'_, Tx> {
    /// Uses an identifier; `false` if it was used before.
    pub async fn use_once(
        &self,
        purpose: &str,
        issuer: &str,
        id: &str,
        expires: Utc,
    ) -> Result<bool> {
        Ok(self
            .0
            .handle
            .execute(USE, values![purpose, issuer, id, expires])
            .await?
            > 0)
    }
}
