//! Refusals as pages: of a sign-in, of an application's request, and of what has no number
//! (cross-cloud-federation.md §6).

use axum::response::Response;
use comity_app::{
    Context, Error,
    crossing::{HOME_REFUSED, HOME_SILENT},
    guest,
    sign_in::{Assessment, may_use_another},
    snapshot::Snapshot,
};
use comity_model::{
    federation::HomeTenant,
    sign_in::{Purpose, Refusal, Side, SignInData, Subject},
};
use comity_oauth::params::ParamsError;
use http::{HeaderValue, StatusCode, header};

use crate::{
    context::Site,
    csp::Csp,
    page,
    ui::{self, AppName, ErrorPage, Icon, Journey, Names, Stop, Trouble, When},
};

/// A request of an application that nobody can be sent back with: its fault, on our own page.
pub struct Request<'a> {
    /// The directory's number.
    pub code: u32,
    /// What exactly was wrong, for whoever runs the application.
    pub detail: String,
    pub snapshot: Option<&'a Snapshot>,
    pub app: Option<String>,
}

/// The page of a request that is refused before its redirect URI is trusted: never a `Location`.
pub fn request(cx: &Context, site: &Site, fault: &Request<'_>) -> Response {
    let here = fault.snapshot.map(|s| page::org(&cx.app, s));
    let names = Names {
        app: fault.app.clone().map(AppName::Ours),
        ..names(cx, here.as_ref(), None)
    };
    let refusal = ui::refusal(fault.code, ui::Side::Resource, &names);
    let data = ErrorPage {
        resource: here,
        app: names.app.clone(),
        detail: Some(fault.detail.clone()),
        ..blank(cx, refusal)
    };
    draw(cx, site, fault.snapshot, &data, StatusCode::BAD_REQUEST)
}

/// The page of something without a number.
pub fn trouble(cx: &Context, site: &Site, trouble: Trouble, status: StatusCode) -> Response {
    let data = blank(cx, ui::trouble(trouble, &names(cx, None, None)));
    draw(cx, site, None, &data, status)
}

/// The page for a form with a field that cannot be read: it names the field.
pub fn unreadable(cx: &Context, site: &Site, fault: &ParamsError) -> Response {
    let refusal = ui::unreadable(&fault.to_string(), &names(cx, None, None));
    draw(cx, site, None, &blank(cx, refusal), StatusCode::BAD_REQUEST)
}

/// The page of a use case's error. Logged here, once.
pub fn error(cx: &Context, site: &Site, error: &Error) -> Response {
    let (kind, status) = match error {
        Error::NotFound => (Trouble::SignInGone, StatusCode::BAD_REQUEST),
        Error::TooMany { .. } => (Trouble::TooMany, StatusCode::TOO_MANY_REQUESTS),
        Error::Upstream { .. } => (Trouble::HomeSilent, StatusCode::SERVICE_UNAVAILABLE),
        Error::Unavailable => (Trouble::Internal, StatusCode::SERVICE_UNAVAILABLE),
        Error::Internal(_) => (Trouble::Internal, StatusCode::INTERNAL_SERVER_ERROR),
        _ => (Trouble::NotFound, StatusCode::BAD_REQUEST),
    };
    log(cx, error);
    let mut response = trouble(cx, site, kind, status);
    if let Error::TooMany { retry_after } = error
        && let Ok(value) = HeaderValue::from_str(&retry_after.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Defects and silent clouds are for the operator; everything else is the person's affair.
pub fn log(cx: &Context, error: &Error) {
    match error {
        Error::Internal(what) => log_defect(cx, what),
        Error::Upstream { .. } => tracing::warn!(correlation_id = %cx.correlation_id, "{error}"),
        _ => {}
    }
}

fn log_defect(cx: &Context, what: &str) {
    tracing::error!(correlation_id = %cx.correlation_id, "{what}");
}

/// The page of a refused sign-in: both sides by name, the number, whose administrator acts, and the
/// way to another account where one may help. `n` is the number of the sign-in's cookie.
pub async fn sign_in(
    cx: &Context,
    site: &Site,
    sign_in: (&SignInData, u32),
    assessment: &Assessment,
    refusal: Refusal,
) -> Response {
    let (outermost, n) = sign_in;
    let data = outermost.active();
    let snapshot = assessment.snapshot.as_deref();
    let (resource, home) = sides(cx, data, snapshot).await;
    let app = app_name(data, snapshot);
    let account = match (&data.assertion, snapshot) {
        (Some(a), Some(own)) => Some(guest::shown_name(cx, own, &a.identity, &a.upn)),
        _ => data.typed_name.clone(),
    };
    let names = Names {
        app: app.clone(),
        person: account.clone(),
        ..names(cx, resource.as_ref(), home.as_ref())
    };
    let side = match refusal.side {
        Side::Home => ui::Side::Home,
        Side::Resource | Side::Person => ui::Side::Resource,
    };
    let (words, status) = match refusal.code {
        HOME_SILENT => (
            ui::trouble(Trouble::HomeSilent, &names),
            StatusCode::SERVICE_UNAVAILABLE,
        ),
        HOME_REFUSED => (
            ui::trouble(Trouble::HomeRefused, &names),
            StatusCode::FORBIDDEN,
        ),
        code => (ui::refusal(code, side, &names), StatusCode::FORBIDDEN),
    };
    let journey = stop(data, refusal).and_then(|at| {
        Some(Journey {
            resource: resource.clone()?,
            home: home.clone()?,
            app: app.clone(),
            icon: Icon::App,
            at,
        })
    });
    let drawn = ErrorPage {
        resource,
        home,
        journey,
        account,
        app,
        correlation_id: data.correlation_id.to_string(),
        other_account: may_use_another(outermost, refusal).then(|| format!("/signin/{n}/name")),
        ..blank(cx, words)
    };
    draw(cx, site, snapshot, &drawn, status)
}

/// Where the way between two organizations ended (mock 08); nowhere for who never left.
///
/// 1. Home said no, or nothing: there.
/// 2. The resource said no after home signed the person in: at the resource.
/// 3. Everything else ended before the way began, or by the person's own choice.
fn stop(data: &SignInData, refusal: Refusal) -> Option<Stop> {
    let two = matches!(data.purpose, Purpose::Crossing { .. })
        || matches!(data.subject, Some(Subject::External { .. }));
    two.then(|| stop_between(data.assertion.is_some(), refusal))
        .flatten()
}

fn stop_between(home_spoke: bool, refusal: Refusal) -> Option<Stop> {
    match (refusal.code, refusal.side) {
        (HOME_SILENT, _) => Some(Stop::HomeSilent),
        (_, Side::Home) => Some(Stop::HomeRefused),
        (_, Side::Resource) if home_spoke => Some(Stop::ResourceRefused),
        (_, Side::Resource | Side::Person) => None,
    }
}

/// Resource and home of a sign-in, as far as they are known.
pub async fn sides(
    cx: &Context,
    data: &SignInData,
    snapshot: Option<&Snapshot>,
) -> (Option<ui::Org>, Option<ui::Org>) {
    let Some(snapshot) = snapshot else {
        return (None, None);
    };
    let own = page::org(&cx.app, snapshot);
    match (&data.purpose, &data.subject) {
        (Purpose::Crossing { pushed, .. }, _) => {
            let other = HomeTenant {
                cloud: pushed.resource_cloud.clone(),
                tenant: pushed.details.resource_tenant,
            };
            (Some(page::other_org(cx, snapshot, &other).await), Some(own))
        }
        (_, Some(Subject::External { home, .. })) => {
            let home = page::other_org(cx, snapshot, home).await;
            (Some(own), Some(home))
        }
        _ => (Some(own.clone()), Some(own)),
    }
}

/// The application that a sign-in is for; `None` for My Apps at a redemption.
pub fn app_name(data: &SignInData, snapshot: Option<&Snapshot>) -> Option<AppName> {
    match &data.purpose {
        Purpose::Crossing {
            pushed,
            same_cloud: false,
        } => Some(AppName::Theirs(pushed.details.app_name.clone())),
        Purpose::Crossing { pushed, .. } => Some(AppName::Ours(pushed.details.app_name.clone())),
        Purpose::Redemption { .. } => None,
        Purpose::Application(request) => {
            let client = request.pair.client;
            let name = match snapshot {
                Some(snapshot) => snapshot.application_name(client),
                None => comity_model::well_known::first_party_name(client)
                    .unwrap_or_default()
                    .to_owned(),
            };
            (!name.is_empty()).then_some(AppName::Ours(name))
        }
    }
}

fn names(cx: &Context, resource: Option<&ui::Org>, home: Option<&ui::Org>) -> Names {
    let own = &cx.app.registry().own;
    let cloud = page::cloud(own, &own.hosts.login).long_name();
    let name = |org: Option<&ui::Org>| org.map_or_else(|| cloud.clone(), |o| o.name.clone());
    let long = |org: Option<&ui::Org>| org.map_or_else(|| cloud.clone(), |o| o.cloud.long_name());
    let home = home.or(resource);
    Names {
        resource: name(resource),
        home: name(home),
        resource_cloud: long(resource),
        home_cloud: long(home),
        person: None,
        app: None,
    }
}

fn blank(cx: &Context, refusal: ui::Refusal) -> ErrorPage {
    ErrorPage {
        refusal,
        resource: None,
        home: None,
        journey: None,
        when: When::of(cx.now),
        correlation_id: cx.correlation_id.to_string(),
        account: None,
        app: None,
        detail: None,
        contact: None,
        way_on: None,
        other_account: None,
    }
}

fn draw(
    cx: &Context,
    site: &Site,
    snapshot: Option<&Snapshot>,
    data: &ErrorPage,
    status: StatusCode,
) -> Response {
    // A refusal has no form, so it needs no form token.
    let page = page::page(&cx.app, site, snapshot, String::new());
    Csp::own().page(status, ui::error_page(&page, data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_model::sign_in::OauthError;

    #[test]
    fn the_way_ends_where_somebody_said_no() {
        let table = [
            (HOME_SILENT, Side::Home, false, Some(Stop::HomeSilent)),
            (500_212, Side::Home, false, Some(Stop::HomeRefused)),
            (500_212, Side::Home, true, Some(Stop::HomeRefused)),
            (500_213, Side::Resource, true, Some(Stop::ResourceRefused)),
            (500_213, Side::Resource, false, None),
            (65_004, Side::Person, true, None),
        ];
        for (code, side, home_spoke, expected) in table {
            let error = OauthError::AccessDenied;
            let refusal = Refusal { code, side, error };
            assert_eq!(stop_between(home_spoke, refusal), expected, "{code}");
        }
    }
}
