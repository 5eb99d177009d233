//! Instance discovery and user realm, which clients of the MSAL family ask for first (clients.md
//! §3.2). Neither tells whether a person or a tenant exists (security bar S-37).

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse as _, Response},
};
use comity_app::{
    App,
    token::{Failure, Refused},
};
use comity_edge::Cx;
use comity_oauth::{
    discovery::{InstanceError, InstanceQuery},
    params::Params,
};
use serde_json::json;

use crate::{cors, error};

pub(crate) async fn get(State(_): State<App>, Cx(cx): Cx, RawQuery(query): RawQuery) -> Response {
    let answer = Params::parse(query.unwrap_or_default().as_bytes())
        .map_err(InstanceError::from)
        .and_then(|params| InstanceQuery::parse(&params))
        .and_then(|asked| asked.answer(&cx.app.registry().own.hosts.login, &[]));
    match answer {
        Ok(found) => cors::public(Json(found).into_response()),
        Err(e) => {
            let refused = Refused::new(e.code(), e.number(), e.to_string());
            cors::public_error(error::json(&cx, &Failure::Refused(refused)))
        }
    }
}

/// The same for every name: which accounts are kept elsewhere is found out by signing in.
pub(crate) async fn user_realm(
    State(_): State<App>,
    Cx(cx): Cx,
    Path((_, user)): Path<(String, String)>,
) -> Response {
    let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain);
    let domain: String = domain
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        .take(255)
        .collect();
    let cloud = &cx.app.registry().own.canonical_name;
    Json(json!({
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": domain,
        "cloud_instance_name": cloud,
        "cloud_audience_urn": format!("urn:federation:{cloud}"),
    }))
    .into_response()
}
