//! Provider metadata per tenant and alias (OpenID Connect Discovery 1.0 §4; semantics §1.3; security
//! bars O-29, S-49): made from the registry, whatever host or port the request names.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use comity_app::App;
use comity_edge::Cx;
use comity_oauth::discovery::{ProviderMetadata, Source};

use crate::{cors, error, segment::Segment};

pub(crate) async fn get(State(_): State<App>, Cx(cx): Cx, Path(segment): Path<String>) -> Response {
    let resolved = match Segment::resolve(&cx, &segment).await {
        Ok(resolved) => resolved,
        Err(why) => return cors::public_error(error::no_tenant(&cx, &why)),
    };
    // The address may name a domain; what is published names the tenant by its ID, always.
    let segment = match resolved {
        Segment::Tenant(id) => id.to_string(),
        Segment::Alias(alias) => alias.to_owned(),
    };
    let own = &cx.app.registry().own;
    let source = Source {
        login: &own.hosts.login,
        graph: &own.hosts.graph,
        segment: &segment,
        cloud: &own.canonical_name,
        region: resolved.tenant().map(|_| region(&own.canonical_name)),
    };
    cors::public(Json(ProviderMetadata::new(&source)).into_response())
}

/// `tenant_region_scope`: by it clients of the built-in clouds tell where a tenant lives.
fn region(cloud: &str) -> &'static str {
    match cloud {
        "microsoftonline.us" => "USGov",
        "partner.microsoftonline.cn" => "AS",
        _ => "WW",
    }
}
