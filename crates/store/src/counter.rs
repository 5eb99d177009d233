//! Counters per key and window, for the limits of the back channel (federation §4).

use comity_model::time::Utc;

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    statement::statements,
    value::values,
};

statements! { "counters";
    FIND = "SELECT total FROM counters WHERE name = $1 AND window_start = $2";
    UP = "INSERT INTO counters (name, window_start, total) VALUES ($1, $2, 1) \
          ON CONFLICT (name) DO UPDATE SET \
          total = CASE WHEN counters.window_start >= $2 THEN counters.total + 1 ELSE 1 END, \
          window_start = CASE WHEN counters.window_start >= $2 THEN counters.window_start ELSE $2 END \
          RETURNING total";
    DOWN = "UPDATE counters SET total = total - 1 WHERE name = $1 AND window_start = $2 AND total > 0";
}

/// Counters of this cloud.
pub struct Counters<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// Counters.
    pub const fn counters(self) -> Counters<'a, M> {
        Counters(self)
    }
}

/// The start of the window of that length in which a time lies.
pub fn window(now: Utc, seconds: i64) -> Utc {
    Utc::from_seconds(
        now.seconds()
            .div_euclid(seconds.max(1))
            .saturating_mul(seconds),
    )
}

impl<M> Counters<'_, M> {
    /// The count of a key in the window that began then.
    pub async fn find(&self, key: &str, window_start: Utc) -> Result<i64> {
        let row = self
            .0
            .handle
            .fetch_optional(FIND, values![key, window_start])
            .await?;
        row.map_or(Ok(0), |row| row.int("total"))
    }
}

impl Counters<'_, Tx> {
    /// Takes one back that was counted in that window; of a window that is over there is nothing.
    pub async fn count_down(&self, key: &str, window_start: Utc) -> Result<()> {
        self.0
            .handle
            .execute(DOWN, values![key, window_start])
            .await
            .map(drop)
    }

    /// Counts one and gives the new count. A window never goes back: whoever comes late, or has a
    /// slower clock, is counted in the newer one.
    pub async fn count_up(&self, key: &str, window_start: Utc) -> Result<i64> {
        let row = self
            .0
            .handle
            .fetch_optional(UP, values![key, window_start])
            .await?;
        row.map_or(Ok(0), |row| row.int("total"))
    }
}
