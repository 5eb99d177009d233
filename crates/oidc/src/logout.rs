//! RP-initiated sign-out (OpenID Connect RP-Initiated Logout 1.0 §2, §3; security bar O-14).
//!
//! With an id token of ours the session it names ends at once and the browser goes back; else the
//! person is asked on the sign-out page. Neither an unknown hint nor an unregistered address leads
//! anywhere else.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    response::Response,
};
use comity_app::{
    App, Context, Error,
    logout::{self, Asked},
    sign_in::Browser,
};
use comity_edge::{
    Cookies, Cx, Site, cookie::leave_nothing, form_token::is_form, outcome::see_other, refused,
};
use comity_oauth::{logout::Request, params::Params};
use http::HeaderMap;

use crate::segment::Segment;

pub(crate) async fn get(
    State(_): State<App>,
    Cx(cx): Cx,
    (site, cookies): (Site, Cookies),
    Path(segment): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(
        &cx,
        &site,
        &cookies,
        &segment,
        query.unwrap_or_default().as_bytes(),
    )
    .await
}

pub(crate) async fn post(
    State(_): State<App>,
    Cx(cx): Cx,
    (site, cookies): (Site, Cookies),
    Path(segment): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: &[u8] = if is_form(&headers) { &body } else { &[] };
    answer(&cx, &site, &cookies, &segment, body).await
}

async fn answer(
    cx: &Context,
    site: &Site,
    cookies: &Cookies,
    segment: &str,
    params: &[u8],
) -> Response {
    match act(cx, cookies, segment, params).await {
        Ok(response) => response,
        Err(error) => refused::error(cx, site, &error),
    }
}

async fn act(
    cx: &Context,
    cookies: &Cookies,
    segment: &str,
    params: &[u8],
) -> Result<Response, Error> {
    let login = &cx.app.registry().own.hosts.login;
    let ask = || see_other(&format!("{login}/sign-out"));
    let tenant = Segment::resolve(cx, segment)
        .await
        .ok()
        .and_then(Segment::tenant);
    let Some(request) = Params::parse(params)
        .ok()
        .and_then(|p| Request::parse(&p).ok())
    else {
        return Ok(ask());
    };
    let Asked::Vouched {
        tenant: of,
        sid,
        location,
    } = logout::read(cx, &request).await?
    else {
        return Ok(ask());
    };
    if tenant.is_some_and(|named| named != of) {
        return Ok(ask());
    }
    let browser = Browser::load(cx, cookies.session()).await?;
    let here = sid.is_some_and(|sid| browser.account(&sid).is_some());
    let somebody = browser.accounts(None).next().is_some();
    if !here && somebody {
        // Somebody else is signed in by now, or anew: she decides.
        return Ok(ask());
    }
    if here {
        let under_way = cookies.sign_ins().map(|(_, cookie)| cookie);
        logout::end(cx, cookies.session(), under_way).await?;
    }
    let mut response = see_other(&location.unwrap_or_else(|| format!("{login}/signed-out")));
    leave_nothing(cookies, response.headers_mut());
    Ok(response)
}
