//! The frame of people's pages: head, skip link, band, main, colophon (design/ui/guide.md,
//! "Page anatomy").

use maud::{DOCTYPE, Markup, html};

use super::{FORM_TOKEN, Journey, Link, Page, asset_url, journey, safe_href, tab_icon_url};

/// How wide a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// One sheet in the middle.
    Sheet,
    /// Content over the full measure.
    Wide,
}

/// Who is signed in, for the end of the band of My Apps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    /// Where the form goes that signs out.
    pub sign_out: Option<String>,
}

/// What differs between pages outside `main`.
#[derive(Debug, Clone, Copy)]
pub struct Shell<'a> {
    /// The first part of the title; organization and cloud follow.
    pub title: &'a str,
    pub width: Width,
    /// The name of an asset, for the one page that runs a script.
    pub script: Option<&'static str>,
    pub account: Option<&'a Account>,
}

impl<'a> Shell<'a> {
    /// A page with a sheet and without script.
    pub const fn sheet(title: &'a str) -> Self {
        Self {
            title,
            width: Width::Sheet,
            script: None,
            account: None,
        }
    }
}

/// A whole page around the content of `main`.
pub fn shell(page: &Page, shell: Shell<'_>, main: &Markup) -> Markup {
    let tenant = page.tenant.as_ref();
    let title = match tenant {
        Some(tenant) => format!(
            "{} · {} · {}",
            shell.title,
            tenant.name,
            page.cloud.long_name()
        ),
        None => format!("{} · {}", shell.title, page.cloud.long_name()),
    };
    let sheets = [
        Some(asset_url("comity.css")),
        tenant.and_then(|t| t.stylesheet.as_deref()),
    ];
    let head = html! {
        link rel="icon" href=(tab_icon_url(&page.cloud)) type="image/svg+xml";
        @for sheet in sheets.into_iter().flatten() { link rel="stylesheet" href=(safe_href(sheet)); }
        @if let Some(script) = shell.script { script src=(asset_url(script)) defer {} }
    };
    html! {
        (DOCTYPE)
        html lang="en" data-cloud=(page.cloud.key) data-hue=(page.cloud.hue) {
            (document(&title, &head))
            body .people {
                a .skip href="#main" { "Skip to content" }
                (band(page, shell.account))
                main .main--wide[shell.width == Width::Wide] #main tabindex="-1" { (main) }
                (colophon(shell.account))
                (sign_out_form(page, shell.account))
            }
        }
    }
}

/// The head of any page of the server, also of one with another look.
pub fn document(title: &str, more: &Markup) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="same-origin";
            title { (title) }
            (more)
        }
    }
}

/// Which cloud this is, and its host. No tenant can change it.
fn band(page: &Page, account: Option<&Account>) -> Markup {
    html! {
        header .band data-cloud=(page.cloud.key) data-hue=(page.cloud.hue) {
            p {
                span .band__cloud { (page.cloud.shape()) (page.cloud.long_name()) }
                span .band__host { (page.cloud.host) }
            }
            @if let Some(account) = account {
                p .band__end {
                    span { (account.name) }
                    @if account.sign_out.is_some() { (sign_out_button()) }
                }
            }
        }
    }
}

/// On narrow screens the end of the band is hidden, so signing out stands here as well.
fn colophon(account: Option<&Account>) -> Markup {
    html! {
        footer .colophon {
            svg .logo width="32" height="20" viewBox="0 0 32 20" aria-hidden="true" {
                path d="M13.98 14.18a6.5 6.5 0 1 1 0-8.36M18.02 5.82a6.5 6.5 0 1 1 0 8.36" {}
                circle .logo__person cx="16" cy="10" r="1.9" {}
            }
            span { "Comity" }
            @if account.is_some_and(|account| account.sign_out.is_some()) { (sign_out_button()) }
        }
    }
}

const SIGN_OUT: &str = "sign-out";

/// Signing out ends something, so it is a form (V-12), with a button at both ends of the page.
fn sign_out_form(page: &Page, account: Option<&Account>) -> Markup {
    let action = account.and_then(|account| account.sign_out.as_deref());
    html! {
        @if let Some(action) = action {
            form #(SIGN_OUT) action=(safe_href(action)) method="post" autocomplete="off" {
                input type="hidden" name=(FORM_TOKEN) value=(page.form_token);
            }
        }
    }
}

fn sign_out_button() -> Markup {
    html! { button .words type="submit" form=(SIGN_OUT) { "Sign out" } }
}

/// What stands under a sheet.
#[derive(Debug, Clone, Copy)]
pub enum Foot<'a> {
    /// The links of the page.
    Links,
    /// The address the person must see before typing a secret (`a password`).
    Address(&'a str),
    /// Who is signed in, and the way to be somebody else.
    SignedIn(&'a str, Option<&'a str>),
}

/// How broad a sheet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// For one question.
    Narrow,
    /// For consent, crossing and refusal.
    Broad,
}

/// What stands around the content of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct Sheet<'a> {
    pub breadth: Breadth,
    pub journey: Option<&'a Journey>,
    pub foot: Foot<'a>,
}

/// One sheet with what stands above and under it.
pub fn sheet(page: &Page, sheet: Sheet<'_>, body: &Markup) -> Markup {
    html! {
        div .sheet .sheet--wide[sheet.breadth == Breadth::Broad] {
            @if let Some(top) = sheet.journey { div .sheet__top { (journey(top)) } }
            (body)
        }
        @match sheet.foot {
            Foot::Links => (links(&page.links)),
            Foot::Address(secret) => p .sheet-foot {
                span {
                    "Before you type " (secret) ": the address bar must show "
                    strong { (page.cloud.host) }
                }
            },
            Foot::SignedIn(name, other) => p .sheet-foot {
                span { "Signed in as " (name) }
                @if let Some(href) = other {
                    a href=(safe_href(href)) #use-another-account { "Use another account" }
                }
            },
        }
    }
}

fn links(links: &[Link]) -> Markup {
    html! {
        @if !links.is_empty() {
            p .sheet-foot { @for link in links { a href=(safe_href(&link.href)) { (link.text) } } }
        }
    }
}
