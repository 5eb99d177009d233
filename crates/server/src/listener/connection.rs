//! One connection: handshake, then HTTP until either side ends it.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tower::ServiceExt as _;

use super::{Limits, Shared, Transport, proxy};
use crate::peer::Peer;

/// What is read of a head before it is refused; the router refuses smaller ones by what arrived.
const HEAD: u32 = 32 * 1024;

pub(super) async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    shared: &Arc<Shared>,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut peer = Peer {
        address: address.ip().to_canonical(),
        server_name: None,
        client_certificate: None,
    };
    match &shared.transport {
        Transport::Tls(names) => {
            let accepted =
                tokio::time::timeout(shared.limits.handshake, names.accept(stream)).await??;
            peer.server_name = Some(accepted.server_name);
            peer.client_certificate = accepted.client_certificate;
            drive(accepted.stream, accepted.is_http2, peer, shared).await
        }
        Transport::Proxied(_) => drive(stream, false, peer, shared).await,
    }
}

/// Requests under way and requests so far.
#[derive(Default)]
struct Activity {
    open: AtomicU64,
    begun: AtomicU64,
}

impl Activity {
    fn begin(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }
}

/// Counts down also when the client goes away in the middle.
struct Open(Arc<Activity>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn drive<S>(stream: S, is_http2: bool, peer: Peer, shared: &Arc<Shared>) -> anyhow::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Arc::new(Activity::default());
    let counted = Arc::clone(&activity);
    let shared_by_requests = Arc::clone(shared);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let open = counted.begin();
        let (peer, shared) = (peer.clone(), Arc::clone(&shared_by_requests));
        async move {
            let answer = answer(request, peer, &shared).await;
            drop(open);
            answer
        }
    });
    let builder = builder(is_http2, &shared.limits);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut shutdown = shared.shutdown.clone();
    let (mut stopping, mut seen) = (false, 0);
    loop {
        tokio::select! {
            ended = connection.as_mut() => return ended.map_err(|error| anyhow::anyhow!(error)),
            () = shutdown.wait(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep(shared.limits.idle) => {
                let begun = activity.begun.load(Ordering::Relaxed);
                if activity.open.load(Ordering::Relaxed) == 0 && begun == seen {
                    anyhow::ensure!(!stopping, "the client does not close an idle connection");
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                seen = begun;
            }
        }
    }
}

fn builder(is_http2: bool, limits: &Limits) -> Builder<TokioExecutor> {
    let builder = Builder::new(TokioExecutor::new());
    let mut builder = if is_http2 {
        builder.http2_only()
    } else {
        builder.http1_only()
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD as usize)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.idle)
        .keep_alive_timeout(limits.head)
        .max_concurrent_streams(100)
        .max_header_list_size(HEAD);
    builder
}

async fn answer(
    request: Request<Incoming>,
    mut peer: Peer,
    shared: &Shared,
) -> Result<Response, std::convert::Infallible> {
    let mut request = request.map(Body::new);
    let proxies = match &shared.transport {
        Transport::Tls(_) => None,
        Transport::Proxied(proxies) => Some(&**proxies),
    };
    if let Err(text) = proxy::apply(proxies, &mut request, &mut peer) {
        return Ok((StatusCode::FORBIDDEN, text).into_response());
    }
    request.extensions_mut().insert(peer);
    shared.router.clone().oneshot(request).await
}
