//! Chance from a seed.

use std::sync::{Mutex, PoisonError};

use comity_app::port::Random;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// The same bytes in every run.
pub struct SeededRandom(Mutex<ChaCha8Rng>);

impl SeededRandom {
    /// A stream of its own per seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}
