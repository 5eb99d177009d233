//! Home's question before it tells another organization about a person: the yes of
//! cross-cloud-federation.md §3.4, where a session at home already runs.

use comity_edge::ui::{
    AppName, Autocomplete, Breadth, Foot, Form, Icon, Journey, Page, Sheet, Shell, cloud_tag,
    facts, form, notice, sheet, shell,
};
use maud::{Markup, html};

use super::exchange::Received;
use super::lockup;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub action: String,
    pub journey: Journey,
    /// Everything the assertion will hold.
    pub received: Vec<Received>,
    /// The values of this person's account.
    pub name: String,
    pub username: String,
    pub identifier: String,
    /// Address where another account is chosen.
    pub other_account: Option<String>,
}

/// Asks for the yes to the release.
pub fn release(page: &Page, data: &Release) -> Markup {
    let there = &data.journey.resource;
    let rows: Vec<(String, Markup)> = data
        .received
        .iter()
        .map(|item| (item.label().to_owned(), value(*item, data)))
        .collect();
    let title = format!("Go on to {}", there.name);
    let to = data
        .journey
        .app
        .as_ref()
        .map_or_else(|| "My Apps".to_owned(), AppName::clause);
    let inner = html! {
        (lockup(page))
        div {
            h1 { (title) }
            p .sheet__lede {
                strong { (there.name) } ", " (cloud_tag(&there.cloud)) ", asks who you are, so that \
                you can open " (to) "."
            }
        }
        section .stack .stack-3 aria-labelledby="gets" {
            h2 #gets { (there.name) " learns" }
            (facts(&rows))
        }
        (notice(Icon::Lock, "Nothing is sent before your yes.", &html! {
            p { "It never gets your password. You are asked once for " (there.name) "." }
        }))
        div .sheet__actions {
            button .button .button--primary #consent-accept name="consent" value="accept"
                type="submit" { "Yes, go on" }
            button .button #consent-decline name="consent" value="decline" type="submit" { "No" }
        }
    };
    let target = Form {
        action: &data.action,
        class: "sheet__body",
        autocomplete: Autocomplete::Off,
    };
    let body = form(page, target, &inner);
    let foot = Foot::SignedIn(&data.username, data.other_account.as_deref());
    let frame = Sheet {
        breadth: Breadth::Broad,
        journey: Some(&data.journey),
        foot,
    };
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}

fn value(item: Received, data: &Release) -> Markup {
    match item {
        Received::Name => html! { (data.name) },
        Received::UserName => html! { (data.username) },
        Received::Identifier => html! { span .mono { (data.identifier) } },
        other => html! { (other.value()) },
    }
}
