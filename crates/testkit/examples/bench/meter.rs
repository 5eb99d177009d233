//! Time on the wall, and processor time of a process with all its threads.

use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Ticks of `/proc/PID/stat` a second; fixed on Linux.
const TICKS: f64 = 100.0;

/// Runs from its making.
#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measuring is reading the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    pub fn seconds(self) -> f64 {
        self.elapsed().as_secs_f64()
    }
}

/// Seconds that this process has computed so far, in its own code and in the system's.
pub fn processor_seconds() -> anyhow::Result<f64> {
    seconds_of(Fields::Own)
}

/// The same for its children that have ended.
pub fn children_seconds() -> anyhow::Result<f64> {
    seconds_of(Fields::Children)
}

/// Which two fields of `/proc/self/stat`, after the command's name.
#[derive(Clone, Copy)]
enum Fields {
    Own,
    Children,
}

fn seconds_of(which: Fields) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("`/proc` is needed")?;
    // The command's name, in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(") ").context("no fields in `stat`")?;
    let first = match which {
        Fields::Own => 11,
        Fields::Children => 13,
    };
    let mut ticks = 0.0;
    for field in rest.split(' ').skip(first).take(2) {
        ticks += field.parse::<f64>()?;
    }
    Ok(ticks / TICKS)
}

/// A count as a number to divide.
pub fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}
