//! What the caller decides: where the manifest is, how to print, and where time and chance come from.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::client::Transport;

type ReadClock = dyn Fn() -> SystemTime + Send + Sync;
type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;
type WaitClock = dyn Fn(Duration) -> Pause + Send + Sync;
type FillBytes = dyn Fn(&mut [u8]) + Send + Sync;

/// How the story is played.
#[derive(Clone)]
pub struct Options {
    /// `world.json` of a running dev world.
    pub manifest: PathBuf,
    /// One JSON record a step instead of one line for people.
    pub json: bool,
    /// Wait for Enter between the steps.
    pub pause: bool,
    /// The caller leaves the dev world running; the last line then says where to go on.
    pub keep: bool,
    pub clock: Clock,
    pub chance: Chance,
    /// Another way to the world than HTTPS on loopback.
    pub transport: Option<Transport>,
}

/// The time, read through the caller: one-time codes and the figures in seconds need it.
#[derive(Clone)]
pub struct Clock {
    read: Arc<ReadClock>,
    wait: Arc<WaitClock>,
}

impl Clock {
    pub fn new(read: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self {
            read: Arc::new(read),
            wait: Arc::new(|duration| Box::pin(tokio::time::sleep(duration))),
        }
    }

    /// A clock that is put forward instead of waited for.
    pub fn with_wait(mut self, wait: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.wait = Arc::new(move |duration| {
            wait(duration);
            Box::pin(std::future::ready(()))
        });
        self
    }

    pub fn now(&self) -> SystemTime {
        (self.read)()
    }

    /// Lets that much time pass.
    pub async fn wait(&self, duration: Duration) {
        (self.wait)(duration).await;
    }

    /// Seconds since 1970; zero for a clock before that.
    pub fn unix(&self) -> u64 {
        self.now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    }

    /// How long ago `start` was; zero if the clock went back.
    pub fn since(&self, start: SystemTime) -> Duration {
        self.now().duration_since(start).unwrap_or_default()
    }
}

/// Chance, taken through the caller: `state`, `nonce` and the PKCE verifier need it.
#[derive(Clone)]
pub struct Chance(Arc<FillBytes>);

impl Chance {
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}
