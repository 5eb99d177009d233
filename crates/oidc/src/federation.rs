//! The federation half of the edge (cross-cloud-federation.md §3, §4): what another cloud asks of
//! this one.

use axum::{Router, response::Response};
use comity_app::{
    App, Context,
    token::{Failure, Refused},
};
use comity_model::{id::Id, tenant::Tenant};
use comity_oauth::params::Params;
use http::HeaderMap;

use crate::{authorize::Endpoint, error};

/// The endpoints that other clouds and returning browsers use.
pub fn router() -> Router<App> {
    Router::new()
}

/// A pushed request that a browser brings, by its reference; `client_id` is a cloud of the registry.
#[expect(
    dead_code,
    reason = "read once pushed requests are kept; today every one is refused"
)]
pub(crate) struct Pushed {
    pub tenant: Option<Id<Tenant>>,
    pub client_id: String,
    pub request_uri: String,
}

/// A browser brings a pushed request.
#[expect(clippy::unused_async, reason = "awaits once the other cloud is asked")]
pub(crate) async fn authorize(endpoint: &Endpoint<'_>, _pushed: &Pushed) -> Response {
    let fault = Refused::new(
        "invalid_request_uri",
        90_023,
        "`request_uri` is not one that this client pushed",
    );
    endpoint.page(&fault, None, None)
}

/// Another cloud redeems a code or renews a lease.
#[expect(clippy::unused_async, reason = "awaits once the other cloud is asked")]
pub(crate) async fn token(
    cx: &Context,
    _tenant: Option<Id<Tenant>>,
    _headers: &HeaderMap,
    _params: &Params,
) -> Response {
    error::json(
        cx,
        &Failure::Refused(Refused::new(
            "invalid_client",
            700_016,
            "the client is not known here",
        )),
    )
}
