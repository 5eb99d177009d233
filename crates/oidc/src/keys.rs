//! The keys of a tenant's tokens (RFC 7517): token keys only, every other purpose is published in
//! the entity configuration (cross-cloud-federation.md §1).

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use comity_app::{App, key, token::Failure};
use comity_edge::Cx;
use comity_model::signing_key::KeyPurpose;
use serde_json::json;

use crate::{cors, error, segment::Segment};

pub(crate) async fn get(State(_): State<App>, Cx(cx): Cx, Path(segment): Path<String>) -> Response {
    if let Err(why) = Segment::resolve(&cx, &segment).await {
        return cors::public_error(error::no_tenant(&cx, &why));
    }
    match key::fresh(&cx).await {
        Ok(keys) => {
            cors::public(Json(json!({"keys": keys.published(KeyPurpose::Token)})).into_response())
        }
        Err(failed) => cors::public_error(error::json(&cx, &Failure::Failed(failed))),
    }
}
