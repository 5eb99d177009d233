//! *Review permissions*: a guest's consent at redemption (mock 07; semantics §4.7).

use comity_edge::ui::{
    Autocomplete, Breadth, Foot, Form, Icon, Org, Page, Sheet, Shell, cloud_tag, facts, foreign,
    form, identifier, notice, safe_href, sheet, shell,
};
use maud::{Markup, html};

use super::lockup;

/// What the page shows. Name, user name and identifier come from the assertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub action: String,
    /// The organization that invites.
    pub organization: String,
    /// Its primary domain.
    pub domain: String,
    /// The person's organization.
    pub home: Org,
    pub name: String,
    pub username: String,
    pub identifier: String,
    /// Address of the organization's privacy statement.
    pub privacy: Option<String>,
    /// Address where another account is chosen.
    pub other_account: Option<String>,
}

/// Asks the guest to accept or to decline.
pub fn review(page: &Page, data: &Review) -> Markup {
    let org = &data.organization;
    let inner = html! {
        (lockup(page))
        div {
            h1 { "Review permissions" }
            p .sheet__lede {
                "You are about to become a guest of " strong { (org) } " (" (data.domain) "). \
                This is asked once. You stay a member of " (data.home.name) "."
            }
        }
        section .stack .stack-3 aria-labelledby="gets" {
            h2 #gets { (org) " receives and keeps" }
            (facts(&rows(data)))
        }
        (may(org))
        (never(org))
        (notice(Icon::Info, &format!("Accept only if you trust {org}."), &privacy(data)))
        div .sheet__actions {
            button .button .button--primary #consent-accept name="consent" value="accept"
                type="submit" { "Accept" }
            button .button #consent-decline name="consent" value="decline" type="submit" { "Decline" }
        }
    };
    let target = Form {
        action: &data.action,
        class: "sheet__body",
        autocomplete: Autocomplete::Off,
    };
    let body = form(page, target, &inner);
    let username = identifier(&data.username);
    let foot = Foot::SignedIn(&username, data.other_account.as_deref());
    let frame = Sheet {
        breadth: Breadth::Broad,
        journey: None,
        foot,
    };
    shell(
        page,
        Shell::sheet("Review permissions"),
        &sheet(page, frame, &body),
    )
}

fn rows(data: &Review) -> Vec<(String, Markup)> {
    vec![
        ("Name".to_owned(), html! { bdi { (foreign(&data.name)) } }),
        (
            "User name".to_owned(),
            html! { bdi { (identifier(&data.username)) } },
        ),
        (
            "Home".to_owned(),
            html! { (data.home.name) " " (cloud_tag(&data.home.cloud)) },
        ),
        (
            "Identifier".to_owned(),
            html! { span .mono { (identifier(&data.identifier)) } },
        ),
    ]
}

fn may(org: &str) -> Markup {
    html! {
        section .stack .stack-3 aria-labelledby="may" {
            h2 #may { (org) " may" }
            ul .impact__list {
                li { (Icon::List) p { "record when you sign in here and what you open" } }
                li {
                    (Icon::Shield)
                    p { "use this to decide what you can reach, and ask for more proof that it is you" }
                }
            }
        }
    }
}

fn never(org: &str) -> Markup {
    html! {
        section .stack .stack-3 aria-labelledby="never" {
            h2 #never { (org) " never receives" }
            ul .impact__list {
                li .is-ok {
                    (Icon::Lock)
                    p { "your password, your mail, your files, or the groups it did not ask about" }
                }
            }
        }
    }
}

fn privacy(data: &Review) -> Markup {
    html! {
        @match &data.privacy {
            Some(href) => p {
                "Read the " a href=(safe_href(href)) { (data.organization) " privacy statement" } "."
            },
            None => p { (data.organization) " has published no privacy statement." },
        }
    }
}
