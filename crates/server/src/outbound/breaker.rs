//! A breaker per partner: five failures in a row open it, after five seconds one call may
//! try, and its success closes it.

use std::sync::Mutex;

use comity_model::time::Utc;

use super::lock;
use crate::port::Clock;

/// Failures in a row that open the breaker.
const FAILURES: u32 = 5;

/// Seconds until one call may try again.
const PAUSE: i64 = 5;

/// Whether calls may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// They may; so many failed in a row.
    Closed(u32),
    /// They may not, until then.
    Open(Utc),
    /// One is trying.
    Trying,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed(0)
    }
}

impl Breaker {
    /// Whether a call may go out now; if not, when to ask again.
    pub fn begin(&mut self, now: Utc) -> Result<(), Utc> {
        match *self {
            Self::Closed(_) => Ok(()),
            Self::Open(until) if now < until => Err(until),
            Self::Open(_) => {
                *self = Self::Trying;
                Ok(())
            }
            Self::Trying => Err(now.plus_seconds(PAUSE)),
        }
    }

    /// A call got a usable answer.
    pub fn succeeded(&mut self) {
        *self = Self::Closed(0);
    }

    /// A call got none.
    pub fn failed(&mut self, now: Utc) {
        *self = match *self {
            Self::Closed(count) if count + 1 < FAILURES => Self::Closed(count + 1),
            Self::Closed(_) | Self::Trying => Self::Open(now.plus_seconds(PAUSE)),
            // A call that began before the breaker opened.
            Self::Open(until) => Self::Open(until),
        };
    }

    /// A call ended without telling whether the partner answers.
    pub fn given_up(&mut self, now: Utc) {
        if *self == Self::Trying {
            *self = Self::Open(now);
        }
    }
}

/// A call under way. One that its asker gives up counts neither way: nobody can shut a partner off
/// by going away.
pub(super) struct Call<'a> {
    breaker: &'a Mutex<Breaker>,
    clock: &'a dyn Clock,
    ended: bool,
}

impl<'a> Call<'a> {
    pub(super) fn begin(breaker: &'a Mutex<Breaker>, clock: &'a dyn Clock) -> Result<Self, Utc> {
        lock(breaker).begin(clock.now())?;
        Ok(Self {
            breaker,
            clock,
            ended: false,
        })
    }

    pub(super) fn end(mut self, usable: bool) {
        self.ended = true;
        if usable {
            lock(self.breaker).succeeded();
        } else {
            lock(self.breaker).failed(self.clock.now());
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.ended {
            lock(self.breaker).given_up(self.clock.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, FAILURES, PAUSE};
    use comity_model::time::Utc;

    const NOW: Utc = Utc::from_seconds(1000);

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(breaker.begin(NOW), Ok(()));
            breaker.failed(NOW);
        }
        breaker
    }

    #[test]
    fn r20_five_failures_in_a_row_open_it() {
        assert_eq!(FAILURES, 5);
        assert_eq!(opened().begin(NOW), Err(NOW.plus_seconds(PAUSE)));
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            for _ in 1..FAILURES {
                breaker.failed(NOW);
            }
            breaker.succeeded();
        }
        assert_eq!(breaker.begin(NOW), Ok(()));
    }

    #[test]
    fn r20_one_call_tries_within_thirty_seconds() {
        const { assert!(PAUSE <= 30) };
        let later = NOW.plus_seconds(PAUSE);
        let mut breaker = opened();
        assert_eq!(breaker.begin(later), Ok(()));
        assert!(breaker.begin(later).is_err());
        breaker.succeeded();
        assert_eq!(breaker, Breaker::Closed(0));
    }

    #[test]
    fn a_failed_try_opens_it_again() {
        let later = NOW.plus_seconds(PAUSE);
        let mut breaker = opened();
        assert_eq!(breaker.begin(later), Ok(()));
        breaker.failed(later);
        assert_eq!(breaker.begin(later), Err(later.plus_seconds(PAUSE)));
        breaker.failed(later.plus_seconds(3));
        assert_eq!(breaker, Breaker::Open(later.plus_seconds(PAUSE)));
    }

    #[test]
    fn a_call_that_is_given_up_counts_neither_way() {
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            breaker.given_up(NOW);
        }
        assert_eq!(breaker, Breaker::Closed(0));
        let later = NOW.plus_seconds(PAUSE);
        let mut breaker = opened();
        assert_eq!(breaker.begin(later), Ok(()));
        breaker.given_up(later);
        assert_eq!(breaker.begin(later), Ok(()));
    }
}
