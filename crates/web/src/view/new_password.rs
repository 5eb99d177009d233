//! A new password in the middle of a sign-in, in place of one that an administrator has set.

use comity_edge::ui::{FormError, Journey, Page};
use maud::{Markup, html};

use super::choose_password::{Choose, choose_password};

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
    let lede = html! {
        p .sheet__lede {
            "An administrator of " (data.organization) " has set the password that you used. \
            Before you go on, replace it by one that only you know."
        }
    };
    choose_password(
        page,
        &Choose {
            title: "Choose a new password",
            lede,
            action: &data.action,
            field: "new-password",
            account: &data.account,
            hidden: html! {},
            least: data.least,
            button: "Save and go on",
            journey: data.journey.as_ref(),
            error: data.error.as_ref(),
        },
    )
}
