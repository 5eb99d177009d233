//! The listener: accepts connections, speaks TLS and HTTP, and hands requests to the router with
//! the `Peer` they came from.
//!
//! Bounded everywhere: connections at once, in all and for each address, time for the handshake, time for the request's head,
//! size of the head, streams per connection, idle time. At the shutdown open requests have 10 s
//!

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};

use self::share::{Share, Shares};
use crate::{shutdown::Shutdown, tls::Names};

mod connection;
pub mod proxy;
mod share;
#[cfg(test)]
mod tests;

/// Sockets that are bound but do not accept yet; connections wait in the system's queue.
#[derive(Debug)]
pub struct Bound {
    sockets: Vec<TcpListener>,
    port: u16,
}

impl Bound {
    /// Binds every address.
    pub async fn bind(addresses: &[SocketAddr]) -> anyhow::Result<Self> {
        let mut sockets = Vec::new();
        for address in addresses {
            let socket = TcpListener::bind(address)
                .await
                .with_context(|| format!("cannot listen on `{address}`"))?;
            sockets.push(socket);
        }
        let first = sockets.first().context("no address to listen on")?;
        Ok(Self {
            port: first.local_addr()?.port(),
            sockets,
        })
    }

    /// Binds 127.0.0.1 and, where the machine has it, `::1` on the same port; port 0 takes a free one.
    pub async fn loopback(port: u16) -> anyhow::Result<Self> {
        let mut bound = Self::bind(&[SocketAddr::from(([127, 0, 0, 1], port))]).await?;
        let second = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], bound.port));
        match TcpListener::bind(second).await {
            Ok(socket) => bound.sockets.push(socket),
            Err(error) => tracing::warn!(%error, "not listening on [::1]"),
        }
        Ok(bound)
    }

    /// The port of the first address.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

/// How clients reach us.
#[derive(Clone)]
pub enum Transport {
    /// We speak TLS.
    Tls(Arc<Names>),
    /// A proxy on one of these networks does.
    Proxied(Arc<proxy::Proxies>),
}

/// Limits of connections.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// Connections of one address at once; more are closed. A proxy of ours and programs of this
    /// machine are not counted.
    pub of_an_address: usize,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the head of a request; an idle HTTP/1.1 connection ends after it too.
    pub head: Duration,
    /// An HTTP/2 connection without a request ends after at most twice this time.
    pub idle: Duration,
    /// For open requests at the shutdown.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            of_an_address: 1024,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            drain: Duration::from_secs(10),
        }
    }
}

struct Shared {
    transport: Transport,
    router: Router,
    limits: Limits,
    shutdown: Shutdown,
    shares: Shares,
}

impl Shared {
    /// `Err` if that address holds as many connections as one may.
    fn share(&self, address: IpAddr) -> Result<Option<Share>, ()> {
        let is_ours = address.to_canonical().is_loopback();
        if is_ours || matches!(self.transport, Transport::Proxied(_)) {
            return Ok(None);
        }
        let share = self.shares.take(address, self.limits.of_an_address);
        share.map(Some).ok_or(())
    }
}

/// Serves until the shutdown and then until open requests have ended or their time is over.
pub async fn serve(
    bound: Bound,
    transport: Transport,
    router: Router,
    limits: Limits,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let drain = limits.drain;
    let shared = Arc::new(Shared {
        transport,
        router,
        limits,
        shutdown,
        shares: Shares::default(),
    });
    // Every connection holds a sender; the receiver ends when the last one has gone.
    let (open, mut closed) = mpsc::channel::<()>(1);
    let mut loops = JoinSet::new();
    for socket in bound.sockets {
        loops.spawn(accept(
            socket,
            Arc::clone(&shared),
            Arc::clone(&permits),
            open.clone(),
        ));
    }
    drop(open);
    while loops.join_next().await.is_some() {}
    if tokio::time::timeout(drain, closed.recv()).await.is_err() {
        tracing::warn!("requests were still open when their time was over");
    }
    Ok(())
}

async fn accept(
    socket: TcpListener,
    shared: Arc<Shared>,
    permits: Arc<Semaphore>,
    open: mpsc::Sender<()>,
) {
    let mut shutdown = shared.shutdown.clone();
    loop {
        let next = tokio::select! {
            () = shutdown.wait() => return,
            next = next(&socket, &permits) => next,
        };
        let Some((stream, address, permit)) = next else {
            continue;
        };
        let Ok(share) = shared.share(address.ip()) else {
            tracing::debug!(%address, "the address holds as many connections as one may");
            continue;
        };
        let (shared, open) = (Arc::clone(&shared), open.clone());
        tokio::spawn(async move {
            let outcome = connection::serve(stream, address, &shared).await;
            if let Err(error) = outcome {
                tracing::debug!(%address, error = format!("{error:#}"), "connection ended");
            }
            drop((permit, share, open));
        });
    }
}

async fn next(
    socket: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match socket.accept().await {
        Ok((stream, address)) => Some((stream, address, permit)),
        Err(error) => {
            // Mostly too many open files: a pause lets some of them close.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
