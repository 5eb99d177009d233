//! People's pages and My Apps.

pub mod mail;
pub mod view;

mod my_apps;
mod redeem;
mod sign_in;

use axum::Router;
use comity_app::App;

/// The pages at the login host.
pub fn login() -> Router<App> {
    sign_in::router().merge(redeem::router())
}

/// The pages at the My Apps host.
pub fn my_apps() -> Router<App> {
    my_apps::router()
}
