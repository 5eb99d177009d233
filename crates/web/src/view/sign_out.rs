//! Signing out: the question and *You are signed out* (mock 09b; cross-cloud-federation.md §3.14).

use comity_edge::ui::{
    Autocomplete, Breadth, Foot, Form, Org, Page, Sheet, Shell, check, cloud_tag, form,
    secondary_link, sheet, shell, who,
};
use maud::{Markup, html};

use super::lockup;

/// The question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignOut {
    pub action: String,
    pub account: String,
    /// The person's organization, where it is another one: its sign-out is offered (`home`).
    pub home: Option<Org>,
    /// Address for those who stay.
    pub stay: Option<String>,
}

/// Asks whether to sign out, and whether at home as well.
pub fn sign_out(page: &Page, data: &SignOut) -> Markup {
    let here = page.here();
    let title = format!("Sign out of {here}");
    let inner = html! {
        (lockup(page))
        div .stack .stack-3 {
            h1 { (title) }
            p .sheet__lede { "The applications that you opened at " (here) " end with it." }
            (who(&data.account, None))
        }
        @if let Some(home) = &data.home {
            (check("sign-out-home", "home", &format!("Sign out at {} as well", home.name)))
        }
        div .sheet__actions {
            button .button .button--primary #submit type="submit" { "Sign out" }
            @if let Some(href) = &data.stay { (secondary_link(None, href, "Stay signed in")) }
        }
    };
    let target = Form {
        action: &data.action,
        class: "sheet__body",
        autocomplete: Autocomplete::Off,
    };
    let body = form(page, target, &inner);
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: None,
        foot: Foot::Links,
    };
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}

/// The organization where the person is still signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StillIn {
    pub org: Org,
    /// Address of its sign-out.
    pub sign_out: Option<String>,
}

/// The end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignedOut {
    /// Where the session at home goes on.
    pub still_in: Option<StillIn>,
    /// Address to sign in again.
    pub sign_in: Option<String>,
}

/// Says that the session has ended, and which one goes on.
pub fn signed_out(page: &Page, data: &SignedOut) -> Markup {
    let there = data
        .still_in
        .as_ref()
        .and_then(|still| still.sign_out.as_ref());
    let body = html! {
        div .sheet__body {
            (lockup(page))
            div #logged-out {
                h1 { "You are signed out" }
                p .sheet__lede {
                    "You have left " (page.here()) " and the applications you opened there."
                    @if let Some(still) = &data.still_in {
                        " You are still signed in at " (still.org.name) ", "
                        (cloud_tag(&still.org.cloud))
                    }
                }
            }
            @if data.sign_in.is_some() || there.is_some() {
                div .sheet__actions {
                    @if let Some(href) = &data.sign_in {
                        a .button .button--primary href=(comity_edge::ui::safe_href(href)) { "Sign in again" }
                    }
                    @if let Some(href) = there { (secondary_link(None, href, "Sign out there too")) }
                }
            }
        }
    };
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: None,
        foot: Foot::Links,
    };
    shell(
        page,
        Shell::sheet("You are signed out"),
        &sheet(page, frame, &body),
    )
}
