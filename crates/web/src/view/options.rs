//! *Sign-in options* with *Sign in to an organization* (mock 03; semantics §4.7).

use comity_edge::ui::{
    Autocomplete, Breadth, Field, Foot, Form, FormError, Icon, Input, Page, Sheet, Shell, WayOut,
    field, form, notice_error, primary_button, sheet, shell, way_out,
};
use maud::{Markup, html};

use super::title_of;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    pub action: String,
    /// As typed before an error.
    pub organization: Option<String>,
    /// Address of the page for the user name.
    pub back: String,
    pub error: Option<FormError>,
}

/// Asks a guest for the domain of the organization that invited.
pub fn options(page: &Page, data: &Options) -> Markup {
    let input = Field {
        id: "organization",
        label: "Domain of the organization",
        hint: Some(
            "The one that invited you, such as contoso.com. It stands in the first line of the \
             invitation.",
        ),
        input: Input::Domain,
        value: data.organization.as_deref(),
        invalid: data.error.is_some(),
    };
    let inner = html! { (field(input)) (primary_button("Next")) };
    let target = Form {
        action: &data.action,
        class: "stack",
        autocomplete: Autocomplete::Off,
    };
    let body = html! {
        div .sheet__body {
            @if let Some(error) = &data.error {
                (notice_error(error, Some(("organization", "Domain of the organization"))))
            }
            h1 { "Sign-in options" }
            section .stack .stack-3 aria-labelledby="org-title" {
                h2 #org-title { "Sign in to an organization" }
                p .muted {
                    "For guests: you were invited here, and your account is at another \
                    organization, perhaps in another cloud."
                }
                (form(page, target, &inner))
            }
            div .sheet__links {
                (way_out(WayOut { id: None, href: &data.back, icon: Icon::User, words: "Back to user name and password" }))
            }
        }
    };
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: None,
        foot: Foot::Links,
    };
    let title = title_of("Sign-in options", data.error.as_ref());
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}
