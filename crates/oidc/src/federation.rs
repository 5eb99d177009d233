//! The federation half of the edge (cross-cloud-federation.md §1, §3, §4, §7): what another cloud
//! asks of this one, and where a browser comes back from another cloud.
//!
//! Between clouds an error is a word and at most one of two numbers; texts are each side's own.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use comity_app::{
    App, Context, Error, crossing,
    home::{self, Call, Failure},
    partner_configuration, question,
    sign_in::{self, Active, Browser},
    token::Refused,
};
use comity_edge::{
    Chain, Cookies, Cx, Site,
    form_token::is_form,
    outcome::{Answer, see_other},
    refused,
};
use comity_model::{id::Id, tenant::Tenant};
use comity_oauth::{entity, error::ComityError, params::Params, response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::{authorize::Endpoint, segment::Segment};

const NONCE: &str = "dpop-nonce";

/// The endpoints that other clouds and returning browsers use.
pub fn router() -> Router<App> {
    Router::new()
        .route(entity::PATH, get(configuration))
        .route("/{tenant}/oauth2/v2.0/par", post(push))
        .route("/federation/callback", get(callback))
        .route("/federation/v1/ask", post(ask))
}

/// A pushed request that a browser brings, by its reference; `client_id` is a cloud of the registry.
pub(crate) struct Pushed {
    pub tenant: Option<Id<Tenant>>,
    pub client_id: String,
    pub request_uri: String,
}

/// A browser brings a pushed request.
pub(crate) async fn authorize(endpoint: &Endpoint<'_>, pushed: &Pushed) -> Response {
    let begin = home::brought(
        endpoint.cx,
        pushed.tenant,
        &pushed.client_id,
        &pushed.request_uri,
    );
    match begin.await {
        Ok(begin) => endpoint.begin(begin).await,
        // Used, too old, of another cloud or never given out: the same.
        Err(Error::NotFound) => {
            let fault = Refused::new(
                "invalid_request_uri",
                90_023,
                "`request_uri` is not one that this client pushed",
            );
            endpoint.page(&fault, None, None)
        }
        Err(error) => refused::error(endpoint.cx, endpoint.site, &error),
    }
}

/// Another cloud redeems a code or renews a lease.
pub(crate) async fn token(
    cx: &Context,
    tenant: Option<Id<Tenant>>,
    headers: &HeaderMap,
    params: &Params,
) -> Response {
    let answer = match call(tenant, headers, params) {
        Ok(call) => home::token(cx, &call).await,
        Err(failure) => Err(failure),
    };
    match answer {
        Ok(tokens) => with_nonce(cx, Json(tokens).into_response()),
        Err(failure) => refuse(cx, &failure),
    }
}

/// Our entity configuration, signed.
async fn configuration(State(_): State<App>, Cx(cx): Cx) -> Response {
    match partner_configuration::own(&cx).await {
        Ok(statement) => {
            let headers = [
                (header::CONTENT_TYPE, entity::MEDIA_TYPE),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, statement).into_response()
        }
        Err(error) => refuse(&cx, &error.into()),
    }
}

async fn push(
    State(_): State<App>,
    Cx(cx): Cx,
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match pushed(&cx, &segment, &headers, &body).await {
        Ok(response) => with_nonce(&cx, (StatusCode::CREATED, Json(response)).into_response()),
        Err(failure) => refuse(&cx, &failure),
    }
}

async fn pushed(
    cx: &Context,
    segment: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<comity_oauth::par::Response, Failure> {
    if !is_form(headers) {
        return Err(invalid());
    }
    let tenant = match Segment::named(cx, segment).await {
        Ok(segment) => segment.tenant(),
        Err(_) => return Err(invalid()),
    };
    let params = Params::parse(body).map_err(|_| invalid())?;
    home::push(cx, &call(tenant, headers, &params)?).await
}

fn invalid() -> Failure {
    Failure::Refused(home::Refused {
        error: "invalid_request",
        code: None,
    })
}

fn call<'a>(
    tenant: Option<Id<Tenant>>,
    headers: &'a HeaderMap,
    params: &'a Params,
) -> Result<Call<'a>, Failure> {
    Ok(Call {
        tenant: tenant.ok_or_else(invalid)?,
        params,
        authorization: only(headers, header::AUTHORIZATION.as_str())?,
        dpop: only(headers, "dpop")?,
    })
}

/// A header that may come once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Failure> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| invalid()),
        _ => Err(invalid()),
    }
}

/// A question on the back channel.
async fn ask(State(_): State<App>, Cx(cx): Cx, body: Bytes) -> Response {
    match question::answer(&cx, &body).await {
        Ok(answer) => {
            let headers = [
                (header::CONTENT_TYPE, "application/jose"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, answer).into_response()
        }
        Err(failure) => refuse(&cx, &failure),
    }
}

/// What another cloud reads of a refusal.
#[derive(Serialize)]
struct Wire {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comity_error: Option<ComityError>,
}

fn refuse(cx: &Context, failure: &Failure) -> Response {
    let (error, code) = match failure {
        Failure::Refused(refused) => (refused.error, refused.code),
        Failure::Failed(error) => {
            refused::log(cx, error);
            let word = match error {
                Error::Internal(_) => "server_error",
                Error::NotFound => "invalid_request",
                _ => "temporarily_unavailable",
            };
            (word, None)
        }
    };
    let status = match error {
        "invalid_client" => StatusCode::UNAUTHORIZED,
        "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let comity_error = code.map(|code| ComityError { code });
    let body = Json(Wire {
        error,
        comity_error,
    });
    with_nonce(cx, (status, body).into_response())
}

/// Every answer to another cloud brings the nonce of its next proof.
fn with_nonce(cx: &Context, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(nonce) = HeaderValue::from_str(&home::nonce(cx)) {
        headers.insert(NONCE, nonce);
    }
    response
}

/// The browser is back from another cloud. Only the one that left finishes what it began.
async fn callback(
    State(_): State<App>,
    Cx(cx): Cx,
    (site, cookies, chain): (Site, Cookies, Chain),
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let found = match Params::parse(query.as_bytes()) {
        Ok(params) => waiting(&cx, &cookies, &params)
            .await
            .map(|(number, active)| (number, active, params)),
        Err(_) => Err(Error::NotFound),
    };
    let (number, mut active, params) = match found {
        Ok(found) => found,
        Err(error) => return without_sign_in(&cx, &site, &error),
    };
    match Box::pin(crossing::callback(&cx, &mut active, &params)).await {
        Ok(outcome) => {
            let answer = Answer {
                cx: &cx,
                site: &site,
                cookies: &cookies,
                number: Some(number),
                chain,
            };
            answer.render_elsewhere(&active, outcome).await
        }
        Err(error) => without_sign_in(&cx, &site, &error),
    }
}

/// An answer that this browser does not wait for leaves the address as well. A fault of ours is told
/// at once: its page has the number under which the log holds it.
fn without_sign_in(cx: &Context, site: &Site, error: &Error) -> Response {
    match error {
        Error::NotFound => {
            let login = &cx.app.registry().own.hosts.login;
            see_other(&format!("{login}/signin/gone"))
        }
        error => refused::error(cx, site, error),
    }
}

/// The sign-in of this browser that waits for this answer.
async fn waiting(cx: &Context, cookies: &Cookies, params: &Params) -> Result<(u32, Active), Error> {
    let state = response::state(params).map_err(|_| Error::NotFound)?;
    for (number, cookie) in cookies.sign_ins() {
        let browser = Browser::load(cx, cookies.session()).await?;
        match sign_in::resume(cx, cookie, browser).await {
            Ok(active) if crossing::awaits(&active, state) => return Ok((number, active)),
            Ok(_) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::NotFound)
}
