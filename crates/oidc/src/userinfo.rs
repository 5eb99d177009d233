//! Userinfo (OpenID Connect Core §5.3), at the Graph host, for Graph's access tokens with the scope
//! `openid`. The token comes in the header, or in the form of a POST (RFC 6750 §2.2).

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
};
use comity_app::{App, Context, Error, bearer};
use comity_edge::{Cx, form_token::is_form, refused};
use comity_oauth::params::Params;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

pub(crate) async fn get(State(_): State<App>, Cx(cx): Cx, headers: HeaderMap) -> Response {
    answer(&cx, in_header(&headers)).await
}

pub(crate) async fn post(
    State(_): State<App>,
    Cx(cx): Cx,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let in_body = is_form(&headers)
        .then(|| Params::parse(&body).ok())
        .flatten()
        .and_then(|params| {
            params
                .one("access_token")
                .ok()
                .flatten()
                .map(|t| format!("Bearer {t}"))
        });
    match (in_header(&headers), in_body) {
        // One way only (RFC 6750 §2).
        (Some(_), Some(_)) => refuse(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "send the access token once",
        ),
        (given, in_body) => answer(&cx, given.or(in_body)).await,
    }
}

fn in_header(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (Some(value), None) => value.to_str().ok().map(str::to_owned),
        _ => None,
    }
}

async fn answer(cx: &Context, authorization: Option<String>) -> Response {
    match bearer::userinfo(cx, authorization.as_deref()).await {
        Ok(claims) => {
            let mut response = Json(claims).into_response();
            response.headers_mut().insert(
                header::ACCESS_CONTROL_ALLOW_ORIGIN,
                HeaderValue::from_static("*"),
            );
            response
        }
        Err(Error::Forbidden(why)) => refuse(StatusCode::FORBIDDEN, "insufficient_scope", &why),
        Err(Error::Unauthenticated(why)) => refuse(StatusCode::UNAUTHORIZED, "invalid_token", &why),
        Err(error @ Error::Internal(_)) => {
            refused::log(cx, &error);
            refuse(
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "the request failed",
            )
        }
        Err(error @ (Error::Unavailable | Error::Upstream { .. } | Error::TooMany { .. })) => {
            refused::log(cx, &error);
            refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "try again",
            )
        }
        Err(_) => refuse(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "the access token is refused",
        ),
    }
}

/// RFC 6750 §3.
fn refuse(status: StatusCode, error: &str, why: &str) -> Response {
    let why = comity_oauth::error::printable(why);
    let body = json!({"error": error, "error_description": why});
    let mut response = (status, Json(body)).into_response();
    let challenge = format!("Bearer error=\"{error}\", error_description=\"{why}\"");
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
