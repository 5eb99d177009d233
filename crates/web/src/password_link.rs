//! `/set-password?link=`: the first password of an account, behind the operator's one-time link
//! (dev-world.md, *tenant create*). Looking changes nothing; the form uses the link up. The link
//! leaves the address bar at once: it goes on in a cookie of this browser (S-42). The form names the
//! account that it was drawn for.

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use comity_app::{
    App, Context, Error, password,
    password_link::{self, Owner},
    sign_in::Zeroizing,
};
use comity_edge::{
    Cookies, Csp, Cx, FormToken, SetCookie, Site, Submitted,
    outcome::see_other,
    page, refused,
    ui::{FormError, Trouble},
};
use http::StatusCode;
use serde::Deserialize;

use crate::view;

/// The route, at the login host.
pub fn router() -> Router<App> {
    Router::new().route("/set-password", get(show).post(set))
}

const PATH: &str = "/set-password";

#[derive(Debug, Default, Deserialize)]
struct Link {
    link: Option<String>,
}

async fn show(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Query(Link { link: brought }): Query<Link>,
) -> Response {
    let link = brought.as_deref().or_else(|| cookies.link());
    match password_link::find(&cx, link.unwrap_or_default()).await {
        Ok(owner) => match &brought {
            Some(link) => (SetCookie::link(link), see_other(PATH)).into_response(),
            None => draw(&cx, &site, &cookies, (owner, None)).await,
        },
        Err(error) => failed(&cx, &site, &error),
    }
}

async fn set(form: Submitted) -> Response {
    let (cx, site) = (&form.cx, &form.site);
    let link = form.cookies.link().unwrap_or_default();
    let typed = Zeroizing::new(form.field("password").unwrap_or("").to_owned());
    let shown = form.field("account").unwrap_or_default();
    let rule = match password_link::redeem(cx, link, shown, &typed).await {
        // Signing in with it is the proof that it was remembered.
        Ok(owner) => {
            let myapps = &cx.app.registry().own.hosts.myapps;
            let next = see_other(&format!("{myapps}/{}", owner.tenant));
            return (SetCookie::forget_link(), next).into_response();
        }
        Err(Error::Invalid { rule, .. }) => rule,
        Err(error) => return failed(cx, site, &error),
    };
    match password_link::find(cx, link).await {
        Ok(owner) => {
            let error = Some(FormError::new(rule));
            draw(cx, site, &form.cookies, (owner, error)).await
        }
        Err(error) => failed(cx, site, &error),
    }
}

/// Unknown, used, too old and of nobody look the same.
fn failed(cx: &Context, site: &Site, error: &Error) -> Response {
    match error {
        Error::NotFound => refused::trouble(cx, site, Trouble::LinkGone, StatusCode::NOT_FOUND),
        other => refused::error(cx, site, other),
    }
}

async fn draw(
    cx: &Context,
    site: &Site,
    cookies: &Cookies,
    (owner, error): (Owner, Option<FormError>),
) -> Response {
    let snapshot = match cx.app.snapshots().get(cx, owner.tenant).await {
        Ok(snapshot) => snapshot,
        Err(error) => return refused::error(cx, site, &error),
    };
    let token = FormToken::of(cx, cookies);
    let frame = page::page(&cx.app, site, Some(&snapshot), token.value.clone());
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let data = view::SetPassword {
        action: PATH.to_owned(),
        owner: owner.user.id.to_string(),
        account: owner.user.upn,
        least: password::SHORTEST_ALONE,
        error,
    };
    let csp = Csp::own().and_to(&cx.app.registry().own.hosts.myapps);
    token.with(csp.page(status, view::set_password(&frame, &data)))
}
