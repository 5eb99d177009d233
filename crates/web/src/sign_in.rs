//! The pages of a sign-in at the login host: `/signin/{n}` draws what follows, its forms submit one
//! thing each. Which page follows is never decided here.

mod draw;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::{get, post},
};
use comity_app::{
    App, Context, Error,
    sign_in::{self, Active, Browser, Outcome, Zeroizing},
};
use comity_edge::{
    Cookies, Cx, FormToken, Site, Submitted, outcome::Answer, refused, ui::FormError,
};
use comity_model::sign_in::Step;

use draw::Drawing;

/// The routes, below the login host.
pub fn router() -> Router<App> {
    Router::new()
        .route("/signin/{n}", get(show))
        .route("/signin/{n}/name", get(show_name).post(name))
        .route("/signin/{n}/options", get(show_options))
        .route("/signin/{n}/organization", post(organization))
        .route("/signin/{n}/account", post(account))
        .route("/signin/{n}/password", post(password))
        .route("/signin/{n}/new-password", post(new_password))
        .route("/signin/{n}/code", post(code))
        .route("/signin/{n}/enrol", post(enrol))
        .route("/signin/{n}/go", post(go))
        .route("/signin/{n}/consent", post(consent))
}

/// A sign-in of this browser, by the number in the address.
async fn resume(cx: &Context, cookies: &Cookies, n: u32) -> Result<Active, Error> {
    let cookie = cookies.sign_in(n).ok_or(Error::NotFound)?;
    let browser = Browser::load(cx, cookies.session()).await?;
    sign_in::resume(cx, cookie, browser).await
}

/// What a page is drawn for.
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

async fn page(cx: &Context, site: &Site, cookies: &Cookies, n: u32, shown: Shown) -> Response {
    let mut active = match resume(cx, cookies, n).await {
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
    let response = match shown {
        Shown::Options => drawing.options(&active).await,
        Shown::Name => drawing.step(&mut active, Some(Step::Identify)).await,
        Shown::Next => drawing.step(&mut active, None).await,
    };
    token.with(response)
}

/// One submitted thing: what it does with the sign-in, and the page that shows its error.
struct Submit<'a> {
    n: u32,
    form: &'a Submitted,
    /// What was typed and may be shown again.
    typed: Option<&'a str>,
    /// The page with the field, if it is not the step that follows.
    page: Shown,
}

impl Submit<'_> {
    async fn active(&self) -> Result<Active, Response> {
        resume(&self.form.cx, &self.form.cookies, self.n)
            .await
            .map_err(|error| refused::error(&self.form.cx, &self.form.site, &error))
    }

    async fn answer(self, mut active: Active, result: Result<Outcome, Error>) -> Response {
        let (cx, site) = (&self.form.cx, &self.form.site);
        let error = match result {
            Ok(outcome) => {
                let answer = Answer {
                    cx,
                    site,
                    cookies: &self.form.cookies,
                    number: Some(self.n),
                    chain: self.form.chain,
                };
                return answer.render(&active, outcome).await;
            }
            Err(error) => error,
        };
        let Some(shown) = form_error(&error) else {
            return refused::error(cx, site, &error);
        };
        let token = FormToken::of(cx, &self.form.cookies);
        let typed = self.typed.map(str::to_owned);
        let drawing = Drawing {
            cx,
            site,
            n: self.n,
            token: token.value.clone(),
            error: Some(shown),
            typed,
        };
        let response = match self.page {
            Shown::Options => drawing.options(&active).await,
            Shown::Name => drawing.step(&mut active, Some(Step::Identify)).await,
            Shown::Next => drawing.step(&mut active, None).await,
        };
        token.with(response)
    }
}

/// Errors that the page with the field shows; everything else has a page of its own.
fn form_error(error: &Error) -> Option<FormError> {
    match error {
        Error::Invalid { field, rule } if field == "password" => {
            Some(FormError::coded(50126, rule.clone()))
        }
        Error::Invalid { rule, .. } => Some(FormError::new(rule.clone())),
        Error::TooMany { retry_after } => Some(FormError::coded(
            50053,
            format!("Too many wrong attempts. Wait {retry_after} seconds, then try again."),
        )),
        _ => None,
    }
}

async fn name(Path(n): Path<u32>, form: Submitted) -> Response {
    let typed = form.field("username").unwrap_or("").to_owned();
    let submit = Submit {
        n,
        form: &form,
        typed: Some(&typed),
        page: Shown::Name,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let result = sign_in::identify(&form.cx, &mut active, &typed).await;
    submit.answer(active, result).await
}

async fn organization(Path(n): Path<u32>, form: Submitted) -> Response {
    let typed = form.field("organization").unwrap_or("").to_owned();
    let submit = Submit {
        n,
        form: &form,
        typed: Some(&typed),
        page: Shown::Options,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let result = match sign_in::find_organization(&form.cx, &typed).await {
        Ok(tenant) => sign_in::choose_organization(&form.cx, &mut active, tenant).await,
        Err(error) => Err(error),
    };
    submit.answer(active, result).await
}

async fn account(Path(n): Path<u32>, form: Submitted) -> Response {
    let submit = Submit {
        n,
        form: &form,
        typed: None,
        page: Shown::Next,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let result = sign_in::choose_account(&form.cx, &mut active, form.field("account")).await;
    submit.answer(active, result).await
}

async fn password(Path(n): Path<u32>, form: Submitted) -> Response {
    let submit = Submit {
        n,
        form: &form,
        typed: None,
        page: Shown::Next,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let typed = Zeroizing::new(form.field("password").unwrap_or("").to_owned());
    let keep = form.field("keep").is_some();
    let result = sign_in::password(&form.cx, &mut active, &typed, keep).await;
    submit.answer(active, result).await
}

async fn new_password(Path(n): Path<u32>, form: Submitted) -> Response {
    let submit = Submit {
        n,
        form: &form,
        typed: None,
        page: Shown::Next,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let typed = Zeroizing::new(form.field("new-password").unwrap_or("").to_owned());
    let result = sign_in::new_password(&form.cx, &mut active, &typed).await;
    submit.answer(active, result).await
}

async fn code(Path(n): Path<u32>, form: Submitted) -> Response {
    let submit = Submit {
        n,
        form: &form,
        typed: None,
        page: Shown::Next,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let typed = form.field("code").unwrap_or("");
    let result = sign_in::one_time_code(&form.cx, &mut active, typed).await;
    submit.answer(active, result).await
}

async fn enrol(Path(n): Path<u32>, form: Submitted) -> Response {
    let submit = Submit {
        n,
        form: &form,
        typed: None,
        page: Shown::Next,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let typed = form.field("code").unwrap_or("");
    let result = sign_in::enrol(&form.cx, &mut active, typed).await;
    submit.answer(active, result).await
}

async fn go(Path(n): Path<u32>, form: Submitted) -> Response {
    let submit = Submit {
        n,
        form: &form,
        typed: None,
        page: Shown::Next,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let result = sign_in::go(&form.cx, &mut active).await;
    submit.answer(active, result).await
}

/// The answer to *Release* or *Review permissions*, whichever the sign-in is at.
async fn consent(Path(n): Path<u32>, form: Submitted) -> Response {
    let submit = Submit {
        n,
        form: &form,
        typed: None,
        page: Shown::Next,
    };
    let mut active = match submit.active().await {
        Ok(active) => active,
        Err(response) => return response,
    };
    let result = match form.field("consent") {
        Some("accept") => sign_in::accept(&form.cx, &mut active).await,
        Some("decline") => sign_in::decline(&form.cx, &mut active).await,
        _ => Err(Error::NotFound),
    };
    submit.answer(active, result).await
}
