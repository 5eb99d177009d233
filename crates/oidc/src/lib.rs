//! The OpenID provider of one cloud: parse, one use case, render (OAuth 2.1, OpenID Connect Core
//! and Discovery; clients.md §3.2).
//!
//! Endpoints lie under a tenant by GUID or verified domain, or under `common` and `organizations`.

mod authorize;
mod cors;
mod discovery;
mod error;
mod federation;
mod instance_discovery;
mod keys;
mod logout;
mod path;
mod segment;
mod token;
mod userinfo;

use axum::{
    Router,
    routing::{get, post},
};
use comity_app::App;

pub use federation::router as federation;
pub use path::normalise;

/// The endpoints at the login host. Put [`normalise`] round the whole site.
pub fn login() -> Router<App> {
    Router::new()
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            get(authorize::get).post(authorize::post),
        )
        .route(
            "/{tenant}/oauth2/v2.0/token",
            post(token::post).options(cors::preflight),
        )
        .route(
            "/{tenant}/oauth2/v2.0/logout",
            get(logout::get).post(logout::post),
        )
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(discovery::get).options(cors::preflight),
        )
        .route(
            "/{tenant}/.well-known/openid-configuration",
            get(discovery::get).options(cors::preflight),
        )
        .route(
            "/{tenant}/discovery/v2.0/keys",
            get(keys::get).options(cors::preflight),
        )
        .route(
            "/{tenant}/discovery/keys",
            get(keys::get).options(cors::preflight),
        )
        .route(
            "/{tenant}/discovery/instance",
            get(instance_discovery::get).options(cors::preflight),
        )
        .route(
            "/{tenant}/userrealm/{user}",
            get(instance_discovery::user_realm),
        )
        .route("/error", get(error::page))
}

/// Userinfo, at the Graph host.
pub fn graph() -> Router<App> {
    Router::new().route(
        "/oidc/userinfo",
        get(userinfo::get)
            .post(userinfo::post)
            .options(cors::preflight),
    )
}
