//! A new password in the middle of a sign-in, in place of one that an administrator has set.

use comity_edge::ui::{
    Autocomplete, Breadth, Field, Foot, Form, FormError, Input, Journey, Page, Sheet, Shell, field,
    form, notice_error, primary_button, sheet, shell, who,
};
use maud::{Markup, html};

use super::{lockup, title_of};

const TITLE: &str = "Choose a new password";

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewPassword {
    pub action: String,
    pub account: String,
    /// The organization that keeps the account.
    pub organization: String,
    /// The least number of characters.
    pub least: u8,
    /// At home on a crossing.
    pub journey: Option<Journey>,
    pub error: Option<FormError>,
}

/// Asks for another password than the one just typed.
pub fn new_password(page: &Page, data: &NewPassword) -> Markup {
    let hint = format!(
        "At least {} characters of any kind; a sentence is good. Known passwords are refused.",
        data.least
    );
    let input = Field {
        id: "new-password",
        label: "New password",
        hint: Some(&hint),
        input: Input::NewPassword(data.least),
        value: None,
        invalid: data.error.is_some(),
    };
    let inner = html! {
        (lockup(page))
        @if let Some(error) = &data.error { (notice_error(error, Some(("new-password", "New password")))) }
        div .stack .stack-3 {
            h1 { (TITLE) }
            p .sheet__lede {
                "An administrator of " (data.organization) " has set the password that you used. \
                Before you go on, replace it by one that only you know."
            }
            (who(&data.account, None))
        }
        input type="hidden" name="username" value=(data.account) autocomplete="username";
        (field(input))
        (primary_button("Save and go on"))
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
    let title = title_of(TITLE, data.error.as_ref());
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}
