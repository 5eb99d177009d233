//! The system's clock; with `random.rs` the only place that reads it (house-style.md §3).

use std::time::{SystemTime, UNIX_EPOCH};

use comity_model::time::Utc;

use crate::port::Clock;

/// Reads the system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The time as the standard library has it, for what does not speak [`Utc`].
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that all others are handed"
    )]
    pub fn system_time() -> SystemTime {
        SystemTime::now()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Utc {
        let since = Self::system_time()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Utc::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, SystemClock, Utc};

    #[test]
    fn the_clock_is_past_the_day_it_was_written() {
        assert!(Some(SystemClock.now()) > Utc::parse("2025-01-01T00:00:00Z"));
    }
}
