//! The access token of a request, asked for what it is worth now (`app::bearer`). Graph and
//! userinfo put [`authenticate`] round their routes and render a refusal in their own shape.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use comity_app::{App, Context, Error, bearer};
use http::header;

use crate::context::context;

/// Who calls, or why that is not known. An extension of every request behind [`authenticate`].
#[derive(Clone)]
pub struct Bearer(pub Result<Context, (Error, Context)>);

/// Middleware: asks the access token and goes on, whatever the answer.
pub async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let cx = context(&app, &parts);
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let token = match (headers.next(), headers.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    };
    let bearer = match bearer::authenticate(&cx, token).await {
        Ok(known) => Bearer(Ok(known)),
        Err(error) => Bearer(Err((error, cx))),
    };
    parts.extensions.insert(bearer);
    next.run(Request::from_parts(parts, body)).await
}
