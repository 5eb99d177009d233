//! One line a request: method, host, path, matched route, status, time. Never the query, never a
//! header or a body (S-42).

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use comity_edge::context::Noted;
use http::{HeaderMap, header};
use tokio::time::Instant;

use crate::peer::Peer;

/// The route that answered, handed from the site to the log.
#[derive(Debug, Clone)]
struct Route(MatchedPath);

/// A layer of a site: notes which route answers.
pub async fn note_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(Route(route));
    }
    response
}

/// A layer of the whole router: writes the line.
pub async fn record(mut request: Request, next: Next) -> Response {
    // Whoever watches the process asks every few seconds.
    let is_watch = request.uri().path() == "/healthz";
    if is_watch || !tracing::enabled!(target: "request", tracing::Level::INFO) {
        return next.run(request).await;
    }
    let start = Instant::now();
    let line = Line::of(&request);
    request.extensions_mut().insert(line.noted.clone());
    let response = next.run(request).await;
    line.write(&response, start.elapsed().as_micros());
    response
}

struct Line {
    method: http::Method,
    host: String,
    path: String,
    peer: String,
    /// The correlation ID that records and refusals of this request have.
    noted: Noted,
}

impl Line {
    fn of(request: &Request) -> Self {
        let host = text(request.headers(), &header::HOST);
        Self {
            method: request.method().clone(),
            host: request.uri().authority().map_or(host, ToString::to_string),
            path: request.uri().path().to_owned(),
            peer: request
                .extensions()
                .get::<Peer>()
                .map_or_else(String::new, |peer| peer.address.to_string()),
            noted: Noted::default(),
        }
    }

    fn write(&self, response: &Response, micros: u128) {
        let Self {
            method,
            host,
            path,
            peer,
            noted,
        } = self;
        tracing::info!(
            target: "request",
            %method,
            host,
            path,
            peer,
            route = response.extensions().get::<Route>().map_or("", |route| route.0.as_str()),
            status = response.status().as_u16(),
            request_id = noted.found().map_or_else(String::new, |id| id.to_string()),
            micros = u64::try_from(micros).unwrap_or(u64::MAX),
        );
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{note_route, record};
    use axum::{Extension, Router, body::Body, middleware::from_fn, routing::get};
    use comity_edge::context::Noted;
    use http::Request;
    use std::{
        io,
        sync::{Arc, Mutex},
    };
    use tower::ServiceExt as _;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn s42_the_line_has_path_and_route_but_never_the_query() {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let site = Router::new()
            .route(
                "/signin/{name}",
                get(|Extension(noted): Extension<Noted>| async move {
                    let first = noted.note(uuid::Uuid::from_u128(7));
                    // A second context of the same request gets the same ID.
                    assert_eq!(noted.note(uuid::Uuid::from_u128(8)), first);
                    "ok"
                }),
            )
            .layer(from_fn(note_route));
        let router = Router::new().fallback_service(site).layer(from_fn(record));
        for secret in [
            "code",
            "ticket",
            "state",
            "id_token_hint",
            "token",
            "login_hint",
        ] {
            let uri = format!("https://myapps.example/signin/Expenses?{secret}=S3CRET");
            let request = Request::get(&uri)
                .header("cookie", "a=S3CRET")
                .header("referer", &uri)
                .body(Body::empty())
                .unwrap();
            router.clone().oneshot(request).await.unwrap();
        }
        let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 6);
        assert!(log.contains("\"path\":\"/signin/Expenses\""), "{log}");
        assert!(
            log.contains("\"route\":\"/signin/{name}\"") && log.contains("\"status\":200"),
            "{log}"
        );
        let id = "\"request_id\":\"00000000-0000-0000-0000-000000000007\"";
        assert_eq!(log.matches(id).count(), 6, "{log}");
        assert!(!log.contains("S3CRET") && !log.contains('?'), "{log}");
    }
}
