//! An outcome of a sign-in as a response. The one place where the session's cookie is set: in the
//! response that ends the sign-in, never for another browser (cross-cloud-federation.md §3.2).
//!
//! After credentials every redirect is 303 (security bar O-15).

use axum::response::{IntoResponse as _, Response};
use comity_app::{
    Context,
    sign_in::{Active, Outcome, Return},
};
use comity_model::sign_in::{Prompt, Purpose, ResponseMode, SignInData, Step};
use comity_oauth::{params::Params, response};
use http::{HeaderValue, StatusCode, header};
use maud::html;

use crate::{
    chain::Chain,
    context::Site,
    cookie::{Cookies, SetCookie},
    csp::Csp,
    page, refused,
    ui::{self, Breadth, Foot, FormPost, Sheet, Shell},
};

/// What the response needs beside the outcome.
pub struct Answer<'a> {
    pub cx: &'a Context,
    pub site: &'a Site,
    pub cookies: &'a Cookies,
    /// The number of the sign-in's cookie, if it has one already.
    pub number: Option<u32>,
    /// How the answer leaves where a form may have begun the way.
    pub chain: Chain,
}

impl Answer<'_> {
    /// The response to an outcome; [`Outcome::Page`] is a redirect to the page of the sign-in.
    pub async fn render(self, active: &Active, outcome: Outcome) -> Response {
        let (number, forgotten) = match self.number {
            Some(number) => (number, Vec::new()),
            None => self.cookies.new_sign_in(self.cx),
        };
        // A refusal keeps its page.
        let stays = matches!(
            outcome,
            Outcome::Page(..) | Outcome::Depart(_) | Outcome::Refused(..)
        );
        let mut response = self.body(active, outcome, number).await;
        let headers = response.headers_mut();
        match (&active.cookie, stays) {
            (Some(cookie), true) => {
                SetCookie::sign_in(number, cookie).add_to(headers);
                for cookie in &forgotten {
                    cookie.add_to(headers);
                }
            }
            (None, false) => SetCookie::forget_sign_in(number).add_to(headers),
            _ => {}
        }
        if let (Some(session), false) = (&active.browser_cookie, headers_set_session(headers)) {
            SetCookie::session(session).add_to(headers);
        }
        response
    }

    /// The same, where the address of this request holds a code or a ticket: a refusal is drawn at the
    /// sign-in's own address (security bar S-42).
    pub async fn render_elsewhere(self, active: &Active, outcome: Outcome) -> Response {
        let outcome = match outcome {
            Outcome::Refused(assessment, refusal) => {
                Outcome::Page(assessment, Step::Refuse(refusal))
            }
            other => other,
        };
        self.render(active, outcome).await
    }

    async fn body(&self, active: &Active, outcome: Outcome, number: u32) -> Response {
        let cx = self.cx;
        match outcome {
            Outcome::Page(..) => see_other(&format!(
                "{}/signin/{number}",
                cx.app.registry().own.hosts.login
            )),
            Outcome::Depart(url) => see_other(&url),
            Outcome::Return { to, session } => {
                let mut response = self.give_back(&active.sign_in.data, &to).await;
                if let Some(session) = session {
                    SetCookie::session(&session).add_to(response.headers_mut());
                }
                response
            }
            Outcome::Landed {
                url,
                foreign,
                session,
            } => {
                let mut response = if foreign {
                    self.leaving(&url)
                } else {
                    self.chain.go_on(&cx.app, self.site, &url)
                };
                if let Some(session) = session {
                    SetCookie::session(&session).add_to(response.headers_mut());
                }
                response
            }
            Outcome::Refused(assessment, refusal) => {
                refused::sign_in(
                    cx,
                    self.site,
                    (&active.sign_in.data, number),
                    &assessment,
                    refusal,
                )
                .await
            }
        }
    }

    /// An authorization response in the mode that was asked for.
    async fn give_back(&self, data: &SignInData, to: &Return) -> Response {
        if let Purpose::Crossing {
            same_cloud: false, ..
        } = &data.purpose
        {
            let params = Params::from_pairs(to.parameters.iter().map(|(n, v)| (*n, v.as_str())));
            if let Some(url) = response::location(&to.redirect_uri, mode(to.mode), &params) {
                return self.chain.go_on(&self.cx.app, self.site, &url);
            }
        }
        let silent = matches!(&data.purpose, Purpose::Application(r) if r.prompt == Prompt::None);
        // Only the page of `form_post` shows a name.
        let snapshot = match data.tenant.filter(|_| to.mode == ResponseMode::FormPost) {
            Some(tenant) => self.cx.app.snapshots().get(self.cx, tenant).await.ok(),
            None => None,
        };
        let name = match refused::app_name(data, snapshot.as_deref()) {
            Some(ui::AppName::Ours(name)) => name,
            _ => "the application".to_owned(),
        };
        give_back(self.cx, self.site, to, &name, silent)
    }

    /// A page that names the address one leaves for (cross-cloud-federation.md §5.8).
    fn leaving(&self, url: &str) -> Response {
        let frame = page::page(&self.cx.app, self.site, None, String::new());
        let title = "You are about to leave";
        let body = html! {
            div .sheet__body {
                h1 { (title) }
                p .sheet__lede { "The invitation leads to an address outside your organization’s applications:" }
                p .mono { (url) }
                div .sheet__actions {
                    a .button .button--primary #submit href=(ui::safe_href(url)) rel="noreferrer" { "Go there" }
                    a .button href=(self.cx.app.registry().own.hosts.myapps) { "Open My Apps" }
                }
            }
        };
        let sheet = Sheet {
            breadth: Breadth::Narrow,
            journey: None,
            foot: Foot::Links,
        };
        Csp::own().page(
            StatusCode::OK,
            ui::shell(
                &frame,
                Shell::sheet(title),
                &ui::sheet(&frame, sheet, &body),
            ),
        )
    }
}

/// An authorization response, in its mode. `silent`: it answers `prompt=none` and may be framed by
/// the application.
pub fn give_back(cx: &Context, site: &Site, to: &Return, app: &str, silent: bool) -> Response {
    let params = Params::from_pairs(to.parameters.iter().map(|(n, v)| (*n, v.as_str())));
    if let Some(location) = response::location(&to.redirect_uri, mode(to.mode), &params) {
        return see_other(&location);
    }
    let frame = page::page(&cx.app, site, None, String::new());
    let data = FormPost {
        action: to.redirect_uri.clone(),
        app: app.to_owned(),
        fields: to
            .parameters
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.clone()))
            .collect(),
    };
    let csp = Csp::form_post(&to.redirect_uri);
    let csp = if silent {
        csp.framed_by(&to.redirect_uri)
    } else {
        csp
    };
    csp.page(StatusCode::OK, ui::form_post(&frame, &data))
}

/// The policy of the pages of a sign-in: its forms may end at the application, at the home cloud,
/// or at the cloud that asked.
pub fn csp_of(cx: &Context, data: &SignInData) -> Csp {
    let csp = match &data.purpose {
        Purpose::Application(request) => Csp::own().and_to(&request.redirect_uri),
        Purpose::Crossing {
            pushed,
            same_cloud: false,
        } => Csp::own().and_to(&pushed.redirect_uri),
        Purpose::Crossing { .. } => Csp::own(),
        Purpose::Redemption { .. } => Csp::own().and_to(&cx.app.registry().own.hosts.myapps),
    };
    match &data.subject {
        Some(comity_model::sign_in::Subject::External { home, .. }) => {
            match cx.app.registry().find(&home.cloud) {
                Some(entry) => csp.and_to(&entry.hosts.login),
                None => csp,
            }
        }
        _ => csp,
    }
}

/// 303.
pub fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        // Addresses are parsed and encoded before they come here.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

const fn mode(mode: ResponseMode) -> response::ResponseMode {
    match mode {
        ResponseMode::Query => response::ResponseMode::Query,
        ResponseMode::Fragment => response::ResponseMode::Fragment,
        ResponseMode::FormPost => response::ResponseMode::FormPost,
    }
}

fn headers_set_session(headers: &http::HeaderMap) -> bool {
    headers
        .get_all(header::SET_COOKIE)
        .iter()
        .any(|v| v.as_bytes().starts_with(b"__Host-session="))
}
