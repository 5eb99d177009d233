//! Stopping in order: the first SIGTERM or SIGINT lets work end, the second exits at once.

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Starts the shutdown; dropping it does the same.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// Told when to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

/// A trigger and what it stops.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Tells everybody to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Whether it is time to stop.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is time to stop.
    pub async fn wait(&mut self) {
        // An error means that the trigger is gone: nobody could stop us later.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Waits for signals: the first pulls the trigger, the second ends the process.
pub async fn on_signals(trigger: Trigger) -> std::io::Result<()> {
    let mut signals = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    next(&mut signals).await;
    tracing::info!("stopping: open requests may end within 10 s; a second signal exits at once");
    trigger.stop();
    std::process::exit(next(&mut signals).await)
}

/// Waits for one of the two; the exit status that belongs to it.
async fn next((terminate, interrupt): &mut (Signal, Signal)) -> i32 {
    tokio::select! {
        _ = terminate.recv() => 143,
        _ = interrupt.recv() => 130,
    }
}

#[cfg(test)]
mod tests {
    use super::channel;

    #[tokio::test]
    async fn everybody_is_told_also_late() {
        let (trigger, mut shutdown) = channel();
        assert!(!shutdown.is_set());
        let mut other = shutdown.clone();
        let waiting = tokio::spawn(async move { other.wait().await });
        trigger.stop();
        waiting.await.unwrap();
        shutdown.wait().await;
        assert!(shutdown.is_set());
    }

    #[tokio::test]
    async fn a_lost_trigger_stops_too() {
        let (trigger, mut shutdown) = channel();
        drop(trigger);
        shutdown.wait().await;
    }
}
