//! The first password of an account, behind the operator's one-time link (dev-world.md, `tenant
//! create`).

use comity_edge::ui::{FormError, Page};
use maud::{Markup, html};

use super::choose_password::{Choose, choose_password};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetPassword {
    pub action: String,
    pub account: String,
    /// The account's ID: the form is for this account, whatever link is opened meanwhile.
    pub owner: String,
    /// The least number of characters.
    pub least: u8,
    pub error: Option<FormError>,
}

/// Asks for a new password.
pub fn set_password(page: &Page, data: &SetPassword) -> Markup {
    choose_password(
        page,
        &Choose {
            title: "Set your password",
            lede: html! {},
            action: &data.action,
            field: "password",
            account: &data.account,
            hidden: html! { input type="hidden" name="account" value=(data.owner); },
            least: data.least,
            button: "Set password",
            journey: None,
            error: data.error.as_ref(),
        },
    )
}
