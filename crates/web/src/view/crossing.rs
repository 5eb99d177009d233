//! The notice before one crosses into another cloud (mock 04). Before *Go* nothing has been sent
//! (cross-cloud-federation.md §3.15).

use comity_edge::ui::{
    Autocomplete, Breadth, Foot, Form, Icon, Org, Page, Sheet, Shell, check, crossing as border,
    form, secondary_link, sheet, shell,
};
use maud::{Markup, html};

use super::exchange::{Received, Sent, received_words, sent_groups, sent_words};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    pub action: String,
    pub here: Org,
    pub there: Org,
    /// The user name, where it was typed or is known.
    pub account: Option<String>,
    /// Name of the application, or None for My Apps.
    pub app: Option<String>,
    /// Everything the push will tell home.
    pub sent: Vec<Sent>,
    /// Everything the assertion will tell this side.
    pub received: Vec<Received>,
    /// Address where another account is chosen.
    pub other_account: Option<String>,
    /// Whether the notice may be skipped next time (`skip`).
    pub skip: bool,
}

/// Says where the person goes and what each side learns.
pub fn crossing(page: &Page, data: &Crossing) -> Markup {
    let there = &data.there.name;
    let inner = html! {
        div { h1 { "Sign in at " (there) } (lede(data)) }
        (border(&data.here, &data.there))
        (what_crosses(data))
        div .sheet__actions {
            button .button .button--primary #submit type="submit" { "Go to " (there) }
            @if let Some(href) = &data.other_account {
                (secondary_link(Some("use-another-account"), href, "Use another account"))
            }
        }
        @if data.skip {
            (check("skip-notice", "skip", &format!("Do not show this again for {there} on this device")))
        }
    };
    let target = Form {
        action: &data.action,
        class: "sheet__body",
        autocomplete: Autocomplete::Off,
    };
    let body = form(page, target, &inner);
    let frame = Sheet {
        breadth: Breadth::Broad,
        journey: None,
        foot: Foot::Links,
    };
    let title = format!("You will sign in at {there}");
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}

fn lede(data: &Crossing) -> Markup {
    let here = &data.here.name;
    let app = data.app.as_deref().unwrap_or("My Apps");
    html! {
        p .sheet__lede {
            @if let Some(account) = &data.account {
                "Your account " strong { (account) } " is kept there, in another cloud. "
            } @else {
                "Your account is kept there, in another cloud. "
            }
            (here) " sends you over to sign in, and you come straight back to " (app) "."
        }
    }
}

fn what_crosses(data: &Crossing) -> Markup {
    let (here, there) = (&data.here.name, &data.there.name);
    html! {
        ul .impact__list {
            li .is-ok {
                (Icon::Lock)
                p {
                    strong { "Your password stays at " (there) "." }
                    " " (here) " never sees it. Type it only where the address bar shows "
                    (data.there.cloud.host) "."
                }
            }
            li {
                (Icon::Send)
                div {
                    p { strong { (there) " learns" } " " (sent_words(&data.sent, here)) "." }
                    (sent_groups(&data.sent))
                }
            }
            li {
                (Icon::Right)
                p { strong { (here) " learns" } " " (received_words(&data.received)) "." }
            }
        }
    }
}
