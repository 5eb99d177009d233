//! `/sign-out` and `/signed-out` (sessions.md; cross-cloud-federation.md §3.14): a session ends by
//! the answer to a question, never by an address alone.

use std::sync::Arc;

use axum::{Router, extract::State, response::Response, routing::get};
use comity_app::{
    App, Context, Error, guest,
    logout::{self, Ended},
    sign_in::Browser,
    snapshot::Snapshot,
};
use comity_edge::{
    Cookies, Csp, Cx, FormToken, Site, Submitted,
    cookie::leave_nothing,
    outcome::see_other,
    page, refused,
    ui::{Org, list},
};
use comity_model::{federation::HomeTenant, session::SessionAccount};
use http::StatusCode;

use crate::view;

/// The routes, at the login host.
pub fn router() -> Router<App> {
    Router::new()
        .route("/sign-out", get(ask).post(end))
        .route("/signed-out", get(ended))
}

/// Whom a page is about.
struct Leaving {
    /// The names of the accounts.
    names: Vec<String>,
    /// The organization, if they are all of one.
    snapshot: Option<Arc<Snapshot>>,
    /// Where a guest is still signed in: another cloud, so that its session is its own.
    home: Option<Org>,
}

impl Leaving {
    async fn of(cx: &Context, accounts: &[SessionAccount]) -> Result<Self, Error> {
        let mut names = Vec::new();
        for account in accounts {
            let read = cx.app.store().read();
            let user = read
                .tenant(account.tenant)
                .users()
                .find(account.user)
                .await?;
            let Some(user) = user else { continue };
            let own = cx.app.snapshots().get(cx, account.tenant).await?;
            let name = guest::account_name(cx, &own, &user);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let first = accounts.first();
        let one = first.filter(|f| accounts.iter().all(|a| a.tenant == f.tenant));
        let snapshot = match one {
            Some(account) => Some(cx.app.snapshots().get(cx, account.tenant).await?),
            None => None,
        };
        let home = home_of(cx, accounts).await?;
        Ok(Self {
            names,
            snapshot,
            home,
        })
    }
}

/// The first home in another cloud, as the organization here knows it.
async fn home_of(cx: &Context, accounts: &[SessionAccount]) -> Result<Option<Org>, Error> {
    let own = &cx.app.registry().own.canonical_name;
    for account in accounts {
        let Some(facts) = &account.home else { continue };
        if facts.identity.cloud == *own {
            continue;
        }
        let home = HomeTenant {
            cloud: facts.identity.cloud.clone(),
            tenant: facts.identity.tenant,
        };
        if cx.app.registry().find(&home.cloud).is_some() {
            let snapshot = cx.app.snapshots().get(cx, account.tenant).await?;
            return Ok(Some(page::other_org(cx, &snapshot, &home).await));
        }
    }
    Ok(None)
}

/// The page that asks, at the cloud of an organization.
fn sign_out_of(org: &Org) -> String {
    format!("https://{}/sign-out", org.cloud.host)
}

async fn ask(State(_): State<App>, Cx(cx): Cx, site: Site, cookies: Cookies) -> Response {
    match question(&cx, &site, &cookies).await {
        Ok(response) => response,
        Err(error) => refused::error(&cx, &site, &error),
    }
}

async fn question(cx: &Context, site: &Site, cookies: &Cookies) -> Result<Response, Error> {
    let browser = Browser::load(cx, cookies.session()).await?;
    let accounts: Vec<SessionAccount> = browser.accounts(None).cloned().collect();
    let hosts = &cx.app.registry().own.hosts;
    if accounts.is_empty() {
        return Ok(see_other(&format!("{}/signed-out", hosts.login)));
    }
    let leaving = Leaving::of(cx, &accounts).await?;
    let token = FormToken::of(cx, cookies);
    let frame = page::page(
        &cx.app,
        site,
        leaving.snapshot.as_deref(),
        token.value.clone(),
    );
    let csp = match &leaving.home {
        Some(home) => Csp::own().and_to(&sign_out_of(home)),
        None => Csp::own(),
    };
    let data = view::SignOut {
        action: "/sign-out".to_owned(),
        account: list(&leaving.names),
        home: leaving.home,
        stay: Some(hosts.myapps.clone()),
    };
    Ok(token.with(csp.page(StatusCode::OK, view::sign_out(&frame, &data))))
}

async fn end(form: Submitted) -> Response {
    let (cx, site) = (&form.cx, &form.site);
    let result = async {
        let under_way = form.cookies.sign_ins().map(|(_, cookie)| cookie);
        let Ended { accounts, .. } = logout::end(cx, form.cookies.session(), under_way).await?;
        Leaving::of(cx, &accounts).await
    };
    let leaving = match result.await {
        Ok(leaving) => leaving,
        Err(error) => return refused::error(cx, site, &error),
    };
    let mut response = match &leaving.home {
        // The other cloud asks for itself: nobody else ends a session there.
        Some(home) if form.field("home").is_some() => see_other(&sign_out_of(home)),
        _ => farewell(cx, site, leaving),
    };
    leave_nothing(&form.cookies, response.headers_mut());
    response
}

async fn ended(State(_): State<App>, Cx(cx): Cx, site: Site, cookies: Cookies) -> Response {
    match Browser::load(&cx, cookies.session()).await {
        // Saying so to somebody who is signed in would be wrong.
        Ok(browser) if browser.accounts(None).next().is_some() => {
            see_other(&format!("{}/sign-out", cx.app.registry().own.hosts.login))
        }
        Ok(_) => {
            let nobody = Leaving {
                names: Vec::new(),
                snapshot: None,
                home: None,
            };
            farewell(&cx, &site, nobody)
        }
        Err(error) => refused::error(&cx, &site, &error),
    }
}

fn farewell(cx: &Context, site: &Site, leaving: Leaving) -> Response {
    let frame = page::page(&cx.app, site, leaving.snapshot.as_deref(), String::new());
    let myapps = &cx.app.registry().own.hosts.myapps;
    let sign_in = match &leaving.snapshot {
        Some(snapshot) => format!("{myapps}/{}", snapshot.tenant.id),
        None => myapps.clone(),
    };
    let data = view::SignedOut {
        still_in: leaving.home.map(|org| view::StillIn {
            sign_out: Some(sign_out_of(&org)),
            org,
        }),
        sign_in: Some(sign_in),
    };
    Csp::own().page(StatusCode::OK, view::signed_out(&frame, &data))
}
