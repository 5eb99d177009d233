//! The page of a refusal: what happened, who can change it, what to send them (mock 08).

use maud::{Markup, html};

use super::{
    AppName, Breadth, Foot, Icon, Journey, Link, Org, Page, Refusal, Sheet, Shell, Side, When, Who,
    facts, mailto, notice, org, org_with_cloud, safe_href, sheet, shell,
};

/// A refusal with what is known about the attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPage {
    pub refusal: Refusal,
    /// The organizations of both sides, as far as they are known.
    pub resource: Option<Org>,
    pub home: Option<Org>,
    pub journey: Option<Journey>,
    pub when: When,
    pub correlation_id: String,
    /// The user name, where one was given.
    pub account: Option<String>,
    pub app: Option<AppName>,
    /// For whoever runs the application: what exactly was wrong with its request.
    pub detail: Option<String>,
    /// Mail address of the organization that can act.
    pub contact: Option<String>,
    /// The way on: try again, open My Apps.
    pub way_on: Option<Link>,
    /// Address of the page where another account is chosen.
    pub other_account: Option<String>,
}

/// The page of a refusal.
pub fn error_page(page: &Page, data: &ErrorPage) -> Markup {
    let refusal = &data.refusal;
    let body = html! {
        div .sheet__body {
            @if data.journey.is_none() {
                @if let Some(tenant) = &page.tenant { (org(&tenant.name, tenant.logo.as_deref())) }
            }
            div {
                h1 { (refusal.title) }
                p .sheet__lede #error-message { (refusal.text) }
                @if let Some(detail) = &data.detail { p .sheet__lede .mono { (detail) } }
            }
            (who_acts(data))
            (to_send(data))
            (ways_on(data))
        }
    };
    let frame = Sheet {
        breadth: Breadth::Broad,
        journey: data.journey.as_ref(),
        foot: Foot::Links,
    };
    shell(
        page,
        Shell::sheet(&refusal.title),
        &sheet(page, frame, &body),
    )
}

fn who_acts(data: &ErrorPage) -> Markup {
    let refusal = &data.refusal;
    if let Who::You(advice) = &refusal.who {
        return notice(Icon::Info, "What you can do", &html! { p { (advice) } });
    }
    html! {
        section .stack .stack-3 aria-labelledby="who-acts" {
            h2 #who-acts { "Who can change this" }
            (actor(data))
            @if let Some(after) = &refusal.after { p .muted { (after) } }
        }
    }
}

fn actor(data: &ErrorPage) -> Markup {
    let setting = html! {
        @if let Some(setting) = &data.refusal.setting { p { "The setting: " strong { (setting) } } }
    };
    let org = match data.refusal.who {
        Who::Administrator(Side::Resource) => data.resource.as_ref(),
        Who::Administrator(Side::Home) => data.home.as_ref(),
        _ => None,
    };
    let words = match data.refusal.who {
        Who::Operators => "The operators of both clouds",
        Who::Developer => "Whoever runs the application",
        _ => "An administrator of the organization",
    };
    html! {
        @if let Some(org) = org {
            div .crossing__side .panel data-cloud=(org.cloud.key) data-hue=(org.cloud.hue) {
                (org_with_cloud(org, &format!("An administrator of {}", org.name)))
                (setting)
            }
        } @else {
            div .panel { div .panel__body .stack .stack-2 { p { strong { (words) } } (setting) } }
        }
    }
}

fn to_send(data: &ErrorPage) -> Markup {
    let words = if matches!(data.refusal.who, Who::You(_)) {
        "If it keeps happening"
    } else {
        "Send them this"
    };
    let mut rows = vec![
        (
            "Error code".to_owned(),
            html! { code #error-code { (data.refusal.code) } },
        ),
        (
            "Correlation ID".to_owned(),
            html! { code #correlation-id { (data.correlation_id) } },
        ),
        ("Time".to_owned(), html! { (data.when) }),
    ];
    if let Some(account) = &data.account {
        rows.push(("Account".to_owned(), html! { (account) }));
    }
    if let Some(app) = &data.app {
        rows.push(("Application".to_owned(), html! { (app) }));
    }
    html! {
        section .stack .stack-3 aria-labelledby="to-send" {
            h2 #to-send { (words) }
            (facts(&rows))
            (found_by(&data.refusal.who))
        }
    }
}

/// Only a refusal by somebody's setting is a sign-in that an administrator can look up.
fn found_by(who: &Who) -> Markup {
    html! {
        p .muted {
            @if matches!(who, Who::Administrator(_)) {
                "With the correlation ID the administrator finds the exact rule in the "
                span .nowrap { "sign-in log" } "."
            } @else {
                "The correlation ID finds this attempt again."
            }
        }
    }
}

fn ways_on(data: &ErrorPage) -> Markup {
    let code = &data.refusal.code;
    let mail = data.contact.as_ref().map(|address| Link {
        text: format!("Write to {address}"),
        href: mailto(
            address,
            code,
            &format!("Correlation ID {}", data.correlation_id),
        ),
    });
    // The first is the primary one: acting oneself comes before asking others.
    let ways: Vec<Link> = data.way_on.clone().into_iter().chain(mail).collect();
    html! {
        @if !ways.is_empty() || data.other_account.is_some() {
            div .sheet__actions {
                @for (index, way) in ways.iter().enumerate() {
                    a .button .button--primary[index == 0] href=(safe_href(&way.href)) { (way.text) }
                }
                @if let Some(href) = &data.other_account {
                    a .button #use-another-account href=(safe_href(href)) { "Use another account" }
                }
            }
        }
    }
}
