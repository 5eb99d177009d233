//! What `GET /healthz` says: not ready before store and keys are, nor while stopping.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// Shared by the router and whoever starts and stops the process.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicU8>);

const STARTING: u8 = 0;
const READY: u8 = 1;
const STOPPING: u8 = 2;

impl Readiness {
    /// Ready from the first moment, for tests.
    pub fn ready_now() -> Self {
        let readiness = Self::default();
        readiness.set_ready();
        readiness
    }

    /// Everything answers.
    pub fn set_ready(&self) {
        // Never back from stopping.
        let _ = self
            .0
            .compare_exchange(STARTING, READY, Ordering::AcqRel, Ordering::Acquire);
    }

    /// No new work, please.
    pub fn set_stopping(&self) {
        self.0.store(STOPPING, Ordering::Release);
    }

    /// Whether requests are welcome.
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire) == READY
    }

    /// The word for `/healthz`.
    pub fn word(&self) -> &'static str {
        match self.0.load(Ordering::Acquire) {
            STARTING => "starting",
            READY => "ready",
            _ => "stopping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Readiness;

    #[test]
    fn readiness_goes_forward_only() {
        let readiness = Readiness::default();
        assert_eq!(
            (readiness.is_ready(), readiness.word()),
            (false, "starting")
        );
        readiness.set_ready();
        assert_eq!((readiness.is_ready(), readiness.word()), (true, "ready"));
        readiness.set_stopping();
        readiness.set_ready();
        assert_eq!(
            (readiness.is_ready(), readiness.word()),
            (false, "stopping")
        );
    }
}
