//! Failures per key within a window, exact under concurrency (security bar S-43).

use comity_model::time::Utc;

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    row::Row,
    statement::statements,
    value::values,
};

statements! { "throttles";
    FIND = "SELECT failures, blocked_until FROM throttles WHERE name = $1";
    FAIL = "INSERT INTO throttles (name, failures, window_start, expires) VALUES ($1, 1, $2, $4) \
            ON CONFLICT (name) DO UPDATE SET expires = $4, \
            failures = CASE WHEN throttles.window_start <= $3 THEN 1 ELSE throttles.failures + 1 END, \
            window_start = CASE WHEN throttles.window_start <= $3 THEN $2 ELSE throttles.window_start END \
            RETURNING failures, blocked_until";
    BLOCK = "UPDATE throttles SET blocked_until = $2, failures = 0, window_start = $3 WHERE name = $1";
    CLEAR = "DELETE FROM throttles WHERE name = $1";
}

/// A counter as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    pub failures: i64,
    pub blocked_until: Option<Utc>,
}

/// Throttles of this cloud.
pub struct Throttles<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Failure counters.
    pub const fn throttles(self) -> Throttles<'a, M> {
        Throttles(self)
    }
}

impl<M> Throttles<'_, M> {
    /// The counter of a key.
    pub async fn find(&self, key: &str) -> Result<Option<Throttle>> {
        let row = self.0.handle.fetch_optional(FIND, values![key]).await?;
        row.as_ref().map(read).transpose()
    }
}

impl Throttles<'_, Tx> {
    /// Counts a failure; the one that fills the window blocks the key.
    pub async fn record_failure(
        &self,
        key: &str,
        now: Utc,
        window_seconds: i64,
        limit: i64,
        block_seconds: i64,
    ) -> Result<Throttle> {
        let window = now.plus_seconds(-window_seconds);
        let row = self
            .0
            .handle
            .fetch_optional(
                FAIL,
                values![
                    key,
                    now,
                    window,
                    now.plus_seconds(window_seconds.max(block_seconds) * 2)
                ],
            )
            .await?;
        let mut throttle = match &row {
            Some(row) => read(row)?,
            None => Throttle {
                failures: 1,
                blocked_until: None,
            },
        };
        if throttle.failures >= limit {
            let until = now.plus_seconds(block_seconds);
            self.0
                .handle
                .execute(BLOCK, values![key, until, now])
                .await?;
            throttle.blocked_until = Some(until);
        }
        Ok(throttle)
    }

    /// Forgets a key.
    pub async fn clear(&self, key: &str) -> Result<()> {
        self.0.handle.execute(CLEAR, values![key]).await.map(drop)
    }
}

fn read(row: &Row) -> Result<Throttle> {
    Ok(Throttle {
        failures: row.int("failures")?,
        blocked_until: row.opt_time("blocked_until")?,
    })
}
