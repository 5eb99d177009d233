//! The wire form of every error of the protocol endpoints (RFC 6749 §5.2, semantics §5.4), and the
//! page that `error_uri` leads to.

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse as _, Response},
};
use comity_app::{
    App, Context, Error,
    token::{Failure, Refused},
};
use comity_edge::{Cx, Site, refused};
use comity_oauth::{error::Failure as Wire, params::Params};
use http::{HeaderValue, StatusCode, header};

use crate::segment::NoTenant;

/// An error as JSON.
pub(crate) fn json(cx: &Context, failure: &Failure) -> Response {
    match failure {
        Failure::Refused(refused) => render(cx, refused),
        Failure::Failed(error) => failed(cx, error),
    }
}

/// An address that names no tenant, as JSON.
pub(crate) fn no_tenant(cx: &Context, why: &NoTenant) -> Response {
    match why {
        NoTenant::Failed(error) => failed(cx, error),
        other => render(
            cx,
            &Refused::new("invalid_tenant", other.number(), other.message()),
        ),
    }
}

/// Logged here, once.
fn failed(cx: &Context, error: &Error) -> Response {
    refused::log(cx, error);
    let unavailable =
        |number, message: &str| Refused::new("temporarily_unavailable", number, message);
    let refused = match error {
        Error::Internal(_) => Refused::new(
            "server_error",
            90_000,
            "the request failed: try again, or report the correlation ID",
        ),
        Error::Unavailable => unavailable(90_033, "the service is not available now: try again"),
        Error::Upstream { .. } => {
            unavailable(90_033, "another cloud does not answer now: try again")
        }
        Error::TooMany { .. } => unavailable(50_196, "too many requests: try again later"),
        Error::NotFound => Refused::new("invalid_request", 90_002, "not found"),
        Error::Denied { refusal, message } => Refused::new("invalid_grant", refusal.code, message),
        other => Refused::new("invalid_request", 9_002_313, other.to_string()),
    };
    let mut response = render(cx, &refused);
    if let Error::TooMany { retry_after } = error {
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        if let Ok(value) = HeaderValue::from_str(&retry_after.to_string()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
    }
    response
}

fn render(cx: &Context, refused: &Refused) -> Response {
    let trace_id = cx.new_uuid().to_string();
    let correlation_id = cx.correlation_id.to_string();
    let wire = Wire {
        error: refused.error,
        number: refused.number,
        message: &refused.message,
        trace_id: &trace_id,
        correlation_id: &correlation_id,
        now: cx.now.seconds(),
        login: &cx.app.registry().own.hosts.login,
    };
    let mut body = wire.body();
    body.suberror = refused.suberror.map(str::to_owned);
    let status = match refused.error {
        "invalid_client" => StatusCode::UNAUTHORIZED,
        "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"token\""),
        );
    }
    response
}

/// `GET /error?code=…`: what a number means. Nothing but the number is read.
pub(crate) async fn page(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let code = params
        .one("code")
        .ok()
        .flatten()
        .and_then(|c| c.parse::<u32>().ok())
        .unwrap_or_default();
    let fault = refused::Request {
        code,
        detail: format!("AADSTS{code}"),
        snapshot: None,
        app: None,
    };
    refused::request(&cx, &site, &fault)
}
