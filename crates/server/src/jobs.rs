//! Periodic work beside the requests: outbox, clean-up, numbering of records.
//!
//! A job runs at once after the start and then every interval plus a jitter of up to a tenth, so
//! that nodes do not beat in step. A failure is logged and tried again at the next turn; a job that
//! runs when the process stops is let finish.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{port::Random, random::bytes, shutdown::Shutdown};

type Turn = Pin<Box<dyn Future<Output = anyhow::Result<u64>> + Send>>;

/// One kind of periodic work.
pub struct Job {
    name: &'static str,
    every: Duration,
    run: Box<dyn Fn() -> Turn + Send + Sync>,
}

impl Job {
    /// A job; `run` answers how many things it did.
    pub fn new<F>(
        name: &'static str,
        every: Duration,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = anyhow::Result<u64>> + Send + 'static,
    {
        Self {
            name,
            every,
            run: Box::new(move || Box::pin(run())),
        }
    }
}

/// Runs the jobs until the shutdown; the set ends when the last one has.
pub fn spawn(jobs: Vec<Job>, random: &Arc<dyn Random>, shutdown: &Shutdown) -> JoinSet<()> {
    let mut running = JoinSet::new();
    for job in jobs {
        let (random, shutdown) = (Arc::clone(random), shutdown.clone());
        running.spawn(repeat(job, random, shutdown));
    }
    running
}

async fn repeat(job: Job, random: Arc<dyn Random>, mut shutdown: Shutdown) {
    while !shutdown.is_set() {
        report(job.name, (job.run)().await);
        tokio::select! {
            () = shutdown.wait() => {}
            () = tokio::time::sleep(pause(job.every, bytes::<1>(&*random))) => {}
        }
    }
}

fn report(job: &'static str, outcome: anyhow::Result<u64>) {
    match outcome {
        Ok(0) => {}
        Ok(count) => tracing::info!(job, count, "done"),
        Err(error) => warn(job, &error),
    }
}

fn warn(job: &'static str, error: &anyhow::Error) {
    tracing::warn!(
        job,
        error = format!("{error:#}"),
        "failed, tried again later"
    );
}

/// The interval plus up to a tenth of it.
fn pause(every: Duration, [draw]: [u8; 1]) -> Duration {
    every + every / 10 * u32::from(draw) / 255
}

#[cfg(test)]
mod tests {
    use super::{Job, pause, spawn};
    use crate::{port::Random, random::tests::Counting, shutdown};
    use std::{
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    #[test]
    fn the_jitter_is_at_most_a_tenth() {
        let every = Duration::from_secs(100);
        assert_eq!(pause(every, [0]), every);
        assert_eq!(pause(every, [255]), Duration::from_secs(110));
    }

    #[tokio::test]
    async fn a_failing_job_runs_again_and_stops_at_shutdown() {
        let (trigger, shutdown) = shutdown::channel();
        let turns = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&turns);
        let trigger = Arc::new(trigger);
        let job = Job::new("test", Duration::from_millis(1), move || {
            let turn = counted.fetch_add(1, Ordering::Relaxed) + 1;
            let trigger = Arc::clone(&trigger);
            async move {
                if turn == 3 {
                    trigger.stop();
                }
                anyhow::ensure!(turn != 1, "first turn fails");
                Ok(1)
            }
        });
        let random: Arc<dyn Random> = Arc::new(Counting::default());
        let mut running = spawn(vec![job], &random, &shutdown);
        while let Some(done) = running.join_next().await {
            done.unwrap();
        }
        assert_eq!(turns.load(Ordering::Relaxed), 3);
    }
}
