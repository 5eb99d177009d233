//! The federation half of the edge (cross-cloud-federation.md §3, §4).

use axum::response::Response;
use comity_app::Context;
use comity_model::{id::Id, tenant::Tenant};
use comity_oauth::params::Params;
use http::HeaderMap;

use crate::authorize::Endpoint;

/// A pushed request that a browser brings, by its reference; `client_id` is a cloud of the registry.
pub(crate) struct Pushed {
    pub tenant: Option<Id<Tenant>>,
    pub client_id: String,
    pub request_uri: String,
}
