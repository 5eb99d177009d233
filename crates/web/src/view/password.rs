//! The password (mock 02), also at home on a crossing, where the page names the destination and
//! signing in is the yes to the release (mock 05; cross-cloud-federation.md §3.4).

use comity_edge::ui::{
    Autocomplete, Breadth, Field, Foot, Form, FormError, Icon, Input, Journey, Page, Sheet, Shell,
    WayOut, check, field, form, notice_error, primary_button, sheet, shell, way_out, who,
};
use maud::{Markup, html};

use super::exchange::{Received, received_words};
use super::{lockup, title_of};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Password {
    pub action: String,
    /// The user name as it will be checked.
    pub account: String,
    /// Address where another user name is typed.
    pub change: Option<String>,
    /// Whether *keep me signed in* is offered.
    pub keep: bool,
    /// Address of other ways to sign in, where there are some.
    pub options: Option<String>,
    /// At home on a crossing.
    pub journey: Option<Journey>,
    /// At home, where signing in is the yes: what the destination then learns.
    pub releases: Vec<Received>,
    pub error: Option<FormError>,
}

/// Asks for the password.
pub fn password(page: &Page, data: &Password) -> Markup {
    let hint = data
        .journey
        .as_ref()
        .map(|way| format!("Only {} checks it.", way.home.name));
    let input = Field {
        id: "password",
        label: "Password",
        hint: hint.as_deref(),
        input: Input::Password,
        value: None,
        invalid: data.error.is_some(),
    };
    let inner = html! {
        (lockup(page))
        @if let Some(error) = &data.error { (notice_error(error, Some(("password", "Password")))) }
        div .stack .stack-3 { h1 { "Enter password" } (who(&data.account, data.change.as_deref())) }
        // For password managers; what counts is the user name kept with the sign-in.
        input type="hidden" name="username" value=(data.account) autocomplete="username";
        (field(input))
        (released(data))
        @if data.keep { (check("keep", "keep", "Keep me signed in on this device")) }
        (primary_button("Sign in"))
        @if let Some(href) = &data.options {
            div .sheet__links {
                (way_out(WayOut { id: Some("sign-in-options"), href, icon: Icon::Key, words: "Sign in another way" }))
            }
        }
    };
    let body = form(
        page,
        Form {
            action: &data.action,
            class: "sheet__body",
            autocomplete: Autocomplete::On,
        },
        &inner,
    );
    let foot = Foot::Address("a password");
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: data.journey.as_ref(),
        foot,
    };
    let title = title_of("Enter password", data.error.as_ref());
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}

fn released(data: &Password) -> Markup {
    let words = received_words(&data.releases);
    html! {
        @if let (Some(way), false) = (&data.journey, data.releases.is_empty()) {
            ul .impact__list {
                li {
                    (Icon::Send)
                    p { "When you sign in, " b { (way.resource.name) } " learns " (words) "." }
                }
            }
        }
    }
}
