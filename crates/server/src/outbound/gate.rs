//! Bounds the calls to one partner: some at once, some waiting, the rest refused at once, so that a
//! partner that hangs holds neither connections nor memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

pub(super) struct Gate {
    turns: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

impl Gate {
    pub(super) fn new(at_once: usize, most_waiting: usize) -> Self {
        Self {
            turns: Semaphore::new(at_once),
            waiting: AtomicUsize::new(0),
            most_waiting,
        }
    }

    /// A turn, now or after waiting; `None` if too many wait already.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Some(turn);
        }
        let waiting = Waiting(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most_waiting {
            return None;
        }
        let turn = self.turns.acquire().await.ok();
        drop(waiting);
        turn
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;

    #[tokio::test]
    async fn r20_waiting_is_bounded_and_turns_come_back() {
        let gate = Gate::new(1, 1);
        let first = gate.turn().await.unwrap();
        let second = gate.turn();
        let mut second = std::pin::pin!(second);
        assert!(futures_pending(&mut second).await);
        assert!(gate.turn().await.is_none());
        drop(first);
        assert!(second.await.is_some());
        assert!(gate.turn().await.is_some());
    }

    async fn futures_pending<F: Future>(future: &mut std::pin::Pin<&mut F>) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
        })
        .await
    }
}
