//! People's pages and My Apps.

pub mod mail;
pub mod view;

mod my_apps;
mod password_link;
mod redeem;
mod sign_in;
mod sign_out;

use axum::{Router, response::Response};
use comity_app::App;
use comity_edge::{Cx, Site, refused, ui::Trouble};
use http::StatusCode;

/// The pages at the login host.
pub fn login() -> Router<App> {
    sign_in::router()
        .merge(redeem::router())
        .merge(sign_out::router())
        .merge(password_link::router())
        .fallback(not_found)
}

/// The pages at the My Apps host.
pub fn my_apps() -> Router<App> {
    my_apps::router().fallback(not_found)
}

/// What the portal's host answers where the dev world adds nothing.
pub fn portal() -> Router<App> {
    Router::new().fallback(not_found)
}

/// An address without a page, said on one.
async fn not_found(Cx(cx): Cx, site: Site) -> Response {
    refused::trouble(&cx, &site, Trouble::NotFound, StatusCode::NOT_FOUND)
}
