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

/// How many failures a key bears in which window, and how long it then blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub failures: i64,
    pub window_seconds: i64,
    pub block_seconds: i64,
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
    /// Counts an attempt before it is judged, so that many at once are no more than many in turn.
    /// `Some` = the key is blocked until then, and the attempt must not be judged: roll back.
    pub async fn take(&self, key: &str, now: Utc, bounds: Bounds) -> Result<Option<Utc>> {
        let counted = self.count(key, now, bounds).await?;
        if let Some(until) = counted.blocked_until.filter(|until| *until > now) {
            return Ok(Some(until));
        }
        self.block_if_full(key, now, bounds, counted).await?;
        Ok(None)
    }

    /// Counts a failure; the one that fills the window blocks the key.
    pub async fn record_failure(&self, key: &str, now: Utc, bounds: Bounds) -> Result<Throttle> {
        let counted = self.count(key, now, bounds).await?;
        self.block_if_full(key, now, bounds, counted).await
    }

    async fn count(&self, key: &str, now: Utc, bounds: Bounds) -> Result<Throttle> {
        let window = now.plus_seconds(-bounds.window_seconds);
        let kept = bounds.window_seconds.max(bounds.block_seconds) * 2;
        let values = values![key, now, window, now.plus_seconds(kept)];
        let row = self.0.handle.fetch_optional(FAIL, values).await?;
        match &row {
            Some(row) => read(row),
            None => Ok(Throttle {
                failures: 1,
                blocked_until: None,
            }),
        }
    }

    async fn block_if_full(
        &self,
        key: &str,
        now: Utc,
        bounds: Bounds,
        mut throttle: Throttle,
    ) -> Result<Throttle> {
        if throttle.failures >= bounds.failures {
            let until = now.plus_seconds(bounds.block_seconds);
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
