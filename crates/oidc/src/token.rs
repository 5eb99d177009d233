//! The token endpoint (OAuth 2.1 §3.2; RFC 6749 §5). Which grant and whether it holds is the use
//! case's; another cloud's grants are the federation's.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use comity_app::{
    App, Context,
    token::{self, Endpoint, Failure, Refused},
};
use comity_edge::{Cx, form_token::is_form};
use comity_oauth::{
    client_assertion,
    params::Params,
    token::{ClientAuthentication, Request, TokenError},
};
use http::{HeaderMap, HeaderValue, header};

use crate::{cors, error, federation, segment::Segment};

pub(crate) async fn post(
    State(_): State<App>,
    Cx(cx): Cx,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let segment = match Segment::named(&cx, &segment).await {
        Ok(segment) => segment,
        Err(why) => return error::no_tenant(&cx, &why),
    };
    let params = match read(&headers, &body) {
        Ok(params) => params,
        Err(refused) => return error::json(&cx, &Failure::Refused(refused)),
    };
    if is_entity(&cx, &params) {
        return federation::token(&cx, segment.tenant(), &headers, &params).await;
    }
    let request = match parse(&headers, &params) {
        Ok(request) => request,
        Err(refused) => return error::json(&cx, &Failure::Refused(refused)),
    };
    let endpoint = Endpoint {
        tenant: segment.tenant(),
        origin: origin(&headers),
    };
    let answer = Box::pin(token::respond(&cx, &endpoint, &request)).await;
    let response = match &answer.result {
        Ok(tokens) => {
            let no_store = [
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::PRAGMA, HeaderValue::from_static("no-cache")),
            ];
            (no_store, Json(tokens)).into_response()
        }
        Err(failure) => error::json(&cx, failure),
    };
    cors::to_origin(response, answer.allow_origin.as_deref())
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Params, Refused> {
    if !is_form(headers) {
        return Err(Refused::new(
            "invalid_request",
            900_144,
            "the body must be `application/x-www-form-urlencoded`",
        ));
    }
    Params::parse(body).map_err(|e| Refused::new(e.code(), 9_002_313, e.to_string()))
}

fn parse(headers: &HeaderMap, params: &Params) -> Result<Request, Refused> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let authorization = match (all.next(), all.next()) {
        (None, _) => None,
        (Some(value), None) => Some(value.to_str().unwrap_or("")),
        _ => {
            let twice = TokenError::SeveralMethods;
            return Err(Refused::new(
                twice.code(),
                twice.number(),
                twice.to_string(),
            ));
        }
    };
    Request::parse(params, authorization)
        .map_err(|e| Refused::new(e.code(), e.number(), e.to_string()))
}

fn origin(headers: &HeaderMap) -> Option<String> {
    headers
        .get(header::ORIGIN)
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned)
}

/// Whether another cloud asks: by name, or by an assertion of its own.
fn is_entity(cx: &Context, params: &Params) -> bool {
    let registry = cx.app.registry();
    let entity = |id: &str| registry.others.values().any(|c| c.entity == id);
    let named = params.one("client_id").ok().flatten();
    match (named, ClientAuthentication::parse(params, None)) {
        (Some(id), _) => entity(id),
        (None, Ok(ClientAuthentication::PrivateKeyJwt { assertion, .. })) => {
            client_assertion::claimed_client(assertion.expose()).is_ok_and(|id| entity(&id))
        }
        _ => false,
    }
}
