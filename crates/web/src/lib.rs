//! People's pages and My Apps.

pub mod mail;
pub mod view;

mod my_apps;
mod password_link;
mod redeem;
mod sign_in;
mod sign_out;

use axum::Router;
use comity_app::App;

/// The pages at the login host.
pub fn login() -> Router<App> {
    sign_in::router()
        .merge(redeem::router())
        .merge(sign_out::router())
        .merge(password_link::router())
}

/// The pages at the My Apps host.
pub fn my_apps() -> Router<App> {
    my_apps::router()
}
