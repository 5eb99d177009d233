//! The one-time code (mock 06).

use comity_edge::ui::{
    Autocomplete, Breadth, Field, Foot, Form, FormError, Icon, Input, Journey, Page, Sheet, Shell,
    WayOut, field, form, notice_error, primary_button, sheet, shell, way_out, who,
};
use maud::{Markup, html};

use super::{lockup, title_of};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    pub action: String,
    pub account: String,
    /// Address where another account is chosen.
    pub change: Option<String>,
    /// The organization that asks for the second factor, where it is another one and accepts the
    /// proof made here.
    pub asked_by: Option<String>,
    /// Address of other ways to sign in, where there are some.
    pub options: Option<String>,
    pub journey: Option<Journey>,
    pub error: Option<FormError>,
}

/// Asks for six digits.
pub fn code(page: &Page, data: &Code) -> Markup {
    let input = Field {
        id: "code",
        label: "Six digits from your authenticator app",
        hint: Some("The app shows a new code every 30 seconds."),
        input: Input::OneTimeCode,
        value: None,
        invalid: data.error.is_some(),
    };
    let inner = html! {
        (lockup(page))
        @if let Some(error) = &data.error { (notice_error(error, Some(("code", "the code")))) }
        div .stack .stack-3 {
            h1 { "Enter code" }
            @if let Some(org) = &data.asked_by {
                p .sheet__lede {
                    (org) " asks for a second proof that it is you. It accepts the check made \
                    here, so it will not ask again."
                }
            }
            (who(&data.account, data.change.as_deref()))
        }
        (field(input))
        (primary_button("Verify"))
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
    let foot = Foot::Address("a code");
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: data.journey.as_ref(),
        foot,
    };
    let title = title_of("Enter code", data.error.as_ref());
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}
