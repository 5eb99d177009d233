//! A clock that stands still until it is put forward.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use comity_app::port::Clock;
use comity_model::time::Utc;

/// 2026-11-24T12:00:00Z: where every world begins.
pub const START: i64 = 1_795_521_600;

/// Shared by all clouds of a world.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<AtomicI64>);

impl Default for FakeClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(Utc::from_seconds(START).micros())))
    }
}

impl FakeClock {
    /// Lets seconds pass.
    pub fn forward(&self, seconds: i64) {
        self.0
            .fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }

    /// Lets microseconds pass.
    pub fn forward_micros(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// The time.
    pub fn time(&self) -> Utc {
        Utc::from_micros(self.0.load(Ordering::SeqCst))
    }
}

impl Clock for FakeClock {
    /// Every reading is a microsecond later than the one before, so that records keep their order.
    fn now(&self) -> Utc {
        Utc::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }
}
