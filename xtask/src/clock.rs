//! The one place of this program that reads the clock.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a development tool reports how long its steps took"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Elapsed {
        Elapsed(self.0.elapsed())
    }
}

/// A duration as people read it: `4.2 s`, `3 min 07 s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(pub Duration);

impl fmt::Display for Elapsed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds >= 60 {
            write!(out, "{} min {:02} s", seconds / 60, seconds % 60)
        } else {
            write!(out, "{:.1} s", self.0.as_secs_f64())
        }
    }
}

/// Today's date in UTC, `2026-01-31`.
#[expect(
    clippy::disallowed_methods,
    reason = "a report of measurements carries its date"
)]
pub fn today() -> anyhow::Result<String> {
    let now = jiff::Timestamp::try_from(SystemTime::now())?;
    Ok(now.strftime("%F").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (seconds, text) in [
            (0, "0.0 s"),
            (59, "59.0 s"),
            (60, "1 min 00 s"),
            (187, "3 min 07 s"),
        ] {
            assert_eq!(Elapsed(Duration::from_secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn the_date_has_ten_characters() {
        assert_eq!(today().unwrap().len(), 10);
    }
}
