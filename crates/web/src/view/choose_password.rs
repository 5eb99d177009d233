//! A page on which a person chooses a password: its field and its frame.

use comity_edge::ui::{
    Autocomplete, Breadth, Field, Foot, Form, FormError, Input, Journey, Page, Sheet, Shell, field,
    form, notice_error, primary_button, sheet, shell, who,
};
use maud::{Markup, html};

use super::{lockup, title_of};

const LABEL: &str = "New password";

/// What differs from page to page.
pub(super) struct Choose<'a> {
    pub(super) title: &'a str,
    /// What is said below the title.
    pub(super) lede: Markup,
    pub(super) action: &'a str,
    /// The name and ID of the field.
    pub(super) field: &'a str,
    pub(super) account: &'a str,
    /// Fields that the person does not see.
    pub(super) hidden: Markup,
    /// The least number of characters.
    pub(super) least: u8,
    pub(super) button: &'a str,
    pub(super) journey: Option<&'a Journey>,
    pub(super) error: Option<&'a FormError>,
}

/// Asks for a new password.
pub(super) fn choose_password(page: &Page, data: &Choose<'_>) -> Markup {
    let hint = format!(
        "At least {} characters of any kind; a sentence is good. Known passwords are refused.",
        data.least
    );
    let input = Field {
        id: data.field,
        label: LABEL,
        hint: Some(&hint),
        input: Input::NewPassword(data.least),
        value: None,
        invalid: data.error.is_some(),
    };
    let inner = html! {
        (lockup(page))
        @if let Some(error) = data.error { (notice_error(error, Some((data.field, LABEL)))) }
        div .stack .stack-3 { h1 { (data.title) } (data.lede) (who(data.account, None)) }
        input type="hidden" name="username" value=(data.account) autocomplete="username";
        (data.hidden)
        (field(input))
        (primary_button(data.button))
    };
    let body = form(
        page,
        Form {
            action: data.action,
            class: "sheet__body",
            autocomplete: Autocomplete::On,
        },
        &inner,
    );
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: data.journey,
        foot: Foot::Address("a password"),
    };
    let title = title_of(data.title, data.error);
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}
