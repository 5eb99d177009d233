//! The pages of a sign-in at the login host: `/signin/{n}` draws what follows, its forms submit one
//! thing each. Which page follows is never decided here.

mod draw;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::{MethodRouter, get, post},
};
use comity_app::{
    App, Context, Error,
    sign_in::{self, Active, Browser, Outcome, Zeroizing},
};
use comity_edge::{
    Cookies, Cx, FormToken, Site, Submitted, outcome::Answer, refused, ui::FormError,
};

use draw::Drawing;

/// The routes, below the login host.
pub fn router() -> Router<App> {
    Router::new()
        .route("/signin/gone", get(gone))
        .route("/signin/{n}", get(show))
        .route("/signin/{n}/name", get(show_name).merge(on(Act::Name)))
        .route("/signin/{n}/options", get(show_options))
        .route("/signin/{n}/organization", on(Act::Organization))
        .route("/signin/{n}/account", on(Act::Account))
        .route("/signin/{n}/password", on(Act::Password))
        .route("/signin/{n}/new-password", on(Act::NewPassword))
        .route("/signin/{n}/code", on(Act::Code))
        .route("/signin/{n}/enrol", on(Act::Enrol))
        .route("/signin/{n}/go", on(Act::Go))
        .route("/signin/{n}/consent", on(Act::Consent))
}

fn on(act: Act) -> MethodRouter<App> {
    post(move |Path(n): Path<u32>, form: Submitted| submit(act, n, form))
}

/// What a page is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// The step that follows.
    Next,
    /// The user name, whatever follows: another account, or another spelling.
    Name,
    /// *Sign in to an organization*.
    Options,
}

async fn show(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Path(n): Path<u32>,
) -> Response {
    page(&cx, &site, &cookies, n, Shown::Next).await
}

async fn show_name(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Path(n): Path<u32>,
) -> Response {
    page(&cx, &site, &cookies, n, Shown::Name).await
}

async fn show_options(
    State(_): State<App>,
    Cx(cx): Cx,
    site: Site,
    cookies: Cookies,
    Path(n): Path<u32>,
) -> Response {
    page(&cx, &site, &cookies, n, Shown::Options).await
}

/// Where an answer leads that no sign-in of this browser waits for, of another cloud or to My Apps.
async fn gone(State(_): State<App>, Cx(cx): Cx, site: Site) -> Response {
    refused::error(&cx, &site, &Error::NotFound)
}

async fn page(cx: &Context, site: &Site, cookies: &Cookies, n: u32, shown: Shown) -> Response {
    let active = match found(cx, cookies, n, shown).await {
        Ok(active) => active,
        Err(error) => return refused::error(cx, site, &error),
    };
    let token = FormToken::of(cx, cookies);
    let drawing = Drawing {
        cx,
        site,
        n,
        token: token.value.clone(),
        error: None,
        typed: None,
    };
    token.with(drawing.page(&active, shown).await)
}

/// A sign-in of this browser, by the number in the address. Beside its own page, a refused one has
/// those on which somebody else begins; looking at them changes nothing yet.
async fn found(cx: &Context, cookies: &Cookies, n: u32, shown: Shown) -> Result<Active, Error> {
    let cookie = cookies.sign_in(n).ok_or(Error::NotFound)?;
    let browser = Browser::load(cx, cookies.session()).await?;
    let mut active = sign_in::find(cx, cookie, browser).await?;
    if shown != Shown::Next {
        sign_in::begin_again(cx, &mut active)?;
    }
    Ok(active)
}

/// What a form submits: one thing each, and with it the page that shows its error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Name,
    Organization,
    Account,
    Password,
    NewPassword,
    Code,
    Enrol,
    Go,
    /// The answer to *Release* or *Review permissions*, whichever the sign-in is at.
    Consent,
}

impl Act {
    /// The page with the field, if it is not the step that follows.
    const fn page(self) -> Shown {
        match self {
            Self::Name => Shown::Name,
            Self::Organization => Shown::Options,
            _ => Shown::Next,
        }
    }

    /// The sign-in: somebody else may follow a refusal, nothing else does.
    async fn sign_in(self, form: &Submitted, n: u32) -> Result<Active, Error> {
        let (cx, cookies) = (&form.cx, &form.cookies);
        let cookie = cookies.sign_in(n).ok_or(Error::NotFound)?;
        let browser = Browser::load(cx, cookies.session()).await?;
        match self {
            Self::Name | Self::Organization => sign_in::find(cx, cookie, browser).await,
            _ => sign_in::resume(cx, cookie, browser).await,
        }
    }

    async fn act(self, form: &Submitted, active: &mut Active) -> Result<Outcome, Error> {
        let cx = &form.cx;
        let field = |name| form.field(name).unwrap_or_default();
        let secret = |name| Zeroizing::new(field(name).to_owned());
        match self {
            Self::Name => sign_in::identify(cx, active, field("username")).await,
            Self::Organization => {
                let tenant = sign_in::find_organization(cx, field("organization")).await?;
                sign_in::choose_organization(cx, active, tenant).await
            }
            Self::Account => sign_in::choose_account(cx, active, form.field("account")).await,
            Self::Password => {
                let keep = form.field("keep").is_some();
                sign_in::password(cx, active, &secret("password"), keep).await
            }
            Self::NewPassword => sign_in::new_password(cx, active, &secret("new-password")).await,
            Self::Code => sign_in::one_time_code(cx, active, field("code")).await,
            Self::Enrol => sign_in::enrol(cx, active, field("code")).await,
            Self::Go => sign_in::go(cx, active).await,
            Self::Consent => match form.field("consent") {
                Some("accept") => sign_in::accept(cx, active).await,
                Some("decline") => sign_in::decline(cx, active).await,
                _ => Err(Error::NotFound),
            },
        }
    }

    /// Errors that the page with the field shows; everything else has a page of its own.
    fn form_error(self, error: &Error) -> Option<FormError> {
        match (self, error) {
            (_, Error::Invalid { field, rule }) if field == "password" => {
                Some(FormError::coded(50126, rule.clone()))
            }
            (_, Error::Invalid { rule, .. }) => Some(FormError::new(rule.clone())),
            (Self::Name | Self::Organization, Error::TooMany { retry_after }) => {
                Some(FormError::new(format!(
                    "Many people sign in from this network at the moment. Wait {retry_after} \
                     seconds, then try again."
                )))
            }
            (Self::Password | Self::Code | Self::Enrol, Error::TooMany { retry_after }) => {
                Some(FormError::coded(
                    50053,
                    format!("Too many wrong attempts. Wait {retry_after} seconds, then try again."),
                ))
            }
            _ => None,
        }
    }

    /// What was typed and may be shown again.
    fn typed(self, form: &Submitted) -> Option<String> {
        let name = match self {
            Self::Name => "username",
            Self::Organization => "organization",
            _ => return None,
        };
        Some(form.field(name).unwrap_or_default().to_owned())
    }
}

async fn submit(act: Act, n: u32, form: Submitted) -> Response {
    let (cx, site) = (&form.cx, &form.site);
    let mut active = match act.sign_in(&form, n).await {
        Ok(active) => active,
        Err(error) => return refused::error(cx, site, &error),
    };
    let error = match act.act(&form, &mut active).await {
        Ok(outcome) => {
            let answer = Answer {
                cx,
                site,
                cookies: &form.cookies,
                number: Some(n),
                chain: form.chain,
            };
            return answer.render(&active, outcome).await;
        }
        Err(error) => error,
    };
    let Some(shown) = act.form_error(&error) else {
        return refused::error(cx, site, &error);
    };
    let token = FormToken::of(cx, &form.cookies);
    let drawing = Drawing {
        cx,
        site,
        n,
        token: token.value.clone(),
        error: Some(shown),
        typed: act.typed(&form),
    };
    token.with(drawing.page(&active, act.page()).await)
}
