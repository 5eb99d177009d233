//! A balancer that sends each new connection to the next process.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::net::{TcpListener, TcpStream};

/// How many connections each process got.
#[derive(Clone)]
pub struct Balancer(Arc<Vec<(u16, AtomicUsize)>>);

impl Balancer {
    /// Takes connections at `port`; it ends with the test's runtime.
    pub async fn start(port: u16, processes: &[u16]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let counts = processes.iter().map(|port| (*port, AtomicUsize::new(0)));
        let balancer = Self(Arc::new(counts.collect()));
        let taking = balancer.clone();
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut client, _) = listener.accept().await.unwrap();
                let next = turn % taking.0.len();
                let (port, count) = &taking.0[next];
                count.fetch_add(1, Ordering::Relaxed);
                let port = *port;
                tokio::spawn(async move {
                    let mut process = TcpStream::connect(("127.0.0.1", port)).await?;
                    client.set_nodelay(true)?;
                    process.set_nodelay(true)?;
                    tokio::io::copy_bidirectional(&mut client, &mut process).await
                });
            }
        });
        balancer
    }

    pub fn counts(&self) -> Vec<usize> {
        let counts = self.0.iter();
        counts
            .map(|(_, count)| count.load(Ordering::Relaxed))
            .collect()
    }
}
