//! The first password of an account, behind the operator's one-time link (dev-world.md, `tenant
//! create`).

use comity_edge::ui::{
    Autocomplete, Breadth, Field, Foot, Form, FormError, Input, Page, Sheet, Shell, field, form,
    notice_error, primary_button, sheet, shell, who,
};
use maud::{Markup, html};

use super::{lockup, title_of};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetPassword {
    pub action: String,
    pub account: String,
    /// The least number of characters.
    pub least: u8,
    pub error: Option<FormError>,
}

/// Asks for a new password.
pub fn set_password(page: &Page, data: &SetPassword) -> Markup {
    let hint = format!(
        "At least {} characters of any kind; a sentence is good. Known passwords are refused.",
        data.least
    );
    let input = Field {
        id: "password",
        label: "New password",
        hint: Some(&hint),
        input: Input::NewPassword(data.least),
        value: None,
        invalid: data.error.is_some(),
    };
    let inner = html! {
        (lockup(page))
        @if let Some(error) = &data.error { (notice_error(error, Some(("password", "New password")))) }
        div .stack .stack-3 { h1 { "Set your password" } (who(&data.account, None)) }
        input type="hidden" name="username" value=(data.account) autocomplete="username";
        (field(input))
        (primary_button("Set password"))
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
        journey: None,
        foot,
    };
    let title = title_of("Set your password", data.error.as_ref());
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}
