//! *My Apps*, at its own host: `/?tenantid=`, `/{verified domain}`, `/{tenant ID}`,
//! `/signin/{name}/{appId}?tenantId=` (semantics.md §5.1). Guards are asked on every page.

use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use comity_app::{
    App, Context, Error, guest,
    my_apps::{self, Absent, Answer},
    sign_in,
};
use comity_edge::{
    Chain, Cookies, Csp, Cx, FormToken, SetCookie, Site, Submitted,
    cookie::clear_site_data,
    outcome::see_other,
    page, refused,
    ui::{self, Account, Icon},
};
use comity_model::{
    id::{Id, parse_uuid},
    tenant::Tenant,
};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use crate::view;

/// The routes of the My Apps host.
pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(root))
        .route("/callback", get(callback))
        .route("/signout", get(ask_to_leave).post(sign_out))
        .route("/signin/{name}/{app_id}", get(open))
        .route("/{tenant}", get(tenant_page))
}

#[derive(Debug, Default, Deserialize)]
struct TenantQuery {
    #[serde(alias = "tenantid", alias = "tenantId")]
    tenant_id: Option<String>,
}

/// Without a tenant: the session's own, else the common sign-in decides.
async fn root(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Query(query): Query<TenantQuery>,
) -> Response {
    if let Some(text) = query.tenant_id {
        return match named(&cx, &text).await {
            Ok(tenant) => show(&cx, &site, &cookies, tenant).await,
            Err(error) => refused::error(&cx, &site, &error),
        };
    }
    match my_apps::tenant_of(&cx, cookies.app()).await {
        Ok(Some(tenant)) => show(&cx, &site, &cookies, tenant).await,
        Ok(None) => sign_in_at(&cx, &site, "common", None),
        Err(error) => refused::error(&cx, &site, &error),
    }
}

async fn tenant_page(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Path(text): Path<String>,
) -> Response {
    match named(&cx, &text).await {
        Ok(tenant) => show(&cx, &site, &cookies, tenant).await,
        Err(error) => refused::error(&cx, &site, &error),
    }
}

/// A tenant by ID or verified domain.
async fn named(cx: &Context, text: &str) -> Result<Id<Tenant>, Error> {
    sign_in::find_organization(cx, text)
        .await
        .map_err(|_| Error::NotFound)
}

fn sign_in_at(cx: &Context, site: &Site, tenant: &str, open: Option<Uuid>) -> Response {
    match my_apps::begin(cx, tenant, open, None) {
        Ok((url, cookie)) => (SetCookie::app(&cookie, Some(600)), see_other(&url)).into_response(),
        Err(error) => refused::error(cx, site, &error),
    }
}

/// The answer of the authorization endpoint: only the browser that began gets a session.
async fn callback(
    State(_): State<App>,
    Cx(cx): Cx,
    (site, cookies, chain): (Site, Cookies, Chain),
    Query(query): Query<CallbackQuery>,
) -> Response {
    let answer = Answer {
        code: query.code.as_deref(),
        state: query.state.as_deref(),
        iss: query.iss.as_deref(),
    };
    match my_apps::finish(&cx, cookies.app(), &answer).await {
        Ok((value, tenant, open)) => {
            let next = match open {
                // The form that signed her in names this host, not the application's.
                Some(app_id) => {
                    let url = format!("{}/signin/app/{app_id}?tenantId={tenant}", site.origin);
                    chain.go_on(&cx.app, &site, &url)
                }
                None => see_other(&format!("{}/{tenant}", site.origin)),
            };
            (SetCookie::app(&value, None), next).into_response()
        }
        // The address holds a code and a state (S-42).
        Err(Error::NotFound) => see_other(&format!(
            "{}/signin/gone",
            cx.app.registry().own.hosts.login
        )),
        Err(error) => refused::error(&cx, &site, &error),
    }
}

#[derive(Debug, Default, Deserialize)]
struct CallbackQuery {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
}

/// Who is there, or the answer for who is not.
async fn present(
    cx: &Context,
    site: &Site,
    cookies: &Cookies,
    tenant: Id<Tenant>,
    open: Option<Uuid>,
) -> Result<my_apps::Present, Response> {
    match my_apps::present(cx, cookies.app(), tenant).await {
        Ok(present) => Ok(present),
        // Signing in again asks everything anew and says on its own page what stands in the way.
        Err(Absent::SignIn | Absent::Refused { .. }) => {
            Err(sign_in_at(cx, site, &tenant.to_string(), open))
        }
        Err(Absent::Unavailable { cloud }) => {
            let reason = "no answer".to_owned();
            Err(refused::error(cx, site, &Error::Upstream { cloud, reason }))
        }
        Err(Absent::Failed(error)) => Err(refused::error(cx, site, &error)),
    }
}

async fn show(cx: &Context, site: &Site, cookies: &Cookies, tenant: Id<Tenant>) -> Response {
    let present = match present(cx, site, cookies, tenant, None).await {
        Ok(present) => present,
        Err(response) => return response,
    };
    let tiles = match present.tiles(cx).await {
        Ok(tiles) => tiles,
        Err(error) => return refused::error(cx, site, &error),
    };
    let name = guest::account_name(cx, present.snapshot(), present.user());
    let token = FormToken::of(cx, cookies);
    let frame = page::page(&cx.app, site, Some(present.snapshot()), token.value.clone());
    let data = view::MyApps {
        account: Account {
            name,
            sign_out: Some("/signout".to_owned()),
        },
        tiles: tiles
            .into_iter()
            .map(|tile| tile_of(tile, tenant))
            .collect(),
        organizations: Vec::new(),
        stay: Vec::new(),
        is_guest: !present.user().is_local(),
    };
    // Signing out goes on at the login host.
    let csp = Csp::own().and_to(&cx.app.registry().own.hosts.login);
    token.with(csp.page(StatusCode::OK, view::my_apps(&frame, &data)))
}

fn tile_of(tile: my_apps::Tile, tenant: Id<Tenant>) -> view::Tile {
    let slug: String = tile
        .name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let slug = if slug.is_empty() {
        "app".to_owned()
    } else {
        slug
    };
    view::Tile {
        href: format!("/signin/{slug}/{}?tenantId={tenant}", tile.app_id),
        name: tile.name,
        icon: Icon::App,
        about: tile.description,
        opened: None,
    }
}

/// The direct link to an application: on to its home page, which begins its own sign-in.
async fn open(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Path((_, app_id)): Path<(String, String)>,
    Query(query): Query<TenantQuery>,
) -> Response {
    let (Some(app_id), Some(tenant)) = (parse_uuid(&app_id), query.tenant_id) else {
        return refused::trouble(&cx, &site, ui::Trouble::NotFound, StatusCode::NOT_FOUND);
    };
    let tenant = match named(&cx, &tenant).await {
        Ok(tenant) => tenant,
        Err(error) => return refused::error(&cx, &site, &error),
    };
    let present = match present(&cx, &site, &cookies, tenant, Some(app_id)).await {
        Ok(present) => present,
        Err(response) => return response,
    };
    match present.home_page(app_id) {
        Some(url) => see_other(&url),
        None => refused::trouble(&cx, &site, ui::Trouble::NotFound, StatusCode::NOT_FOUND),
    }
}

/// An address alone ends nothing (V-12): the login host asks.
async fn ask_to_leave(State(_): State<App>, Cx(cx): Cx, cookies: Cookies) -> Response {
    let tenant = my_apps::tenant_of(&cx, cookies.app()).await.ok().flatten();
    see_other(&sign_out_of(&cx, tenant))
}

/// Leaves My Apps, then the login host asks about the rest.
async fn sign_out(form: Submitted) -> Response {
    let (cx, cookie) = (&form.cx, form.cookies.app());
    let tenant = my_apps::tenant_of(cx, cookie).await.ok().flatten();
    if let Some(cookie) = cookie
        && let Err(error) = my_apps::leave(cx, cookie).await
    {
        return refused::error(cx, &form.site, &error);
    }
    let mut next = see_other(&sign_out_of(cx, tenant));
    SetCookie::forget_app().add_to(next.headers_mut());
    clear_site_data(next.headers_mut());
    next
}

fn sign_out_of(cx: &Context, tenant: Option<Id<Tenant>>) -> String {
    let tenant = tenant.map_or_else(|| "common".to_owned(), |t| t.to_string());
    let login = &cx.app.registry().own.hosts.login;
    format!("{login}/{tenant}/oauth2/v2.0/logout")
}
