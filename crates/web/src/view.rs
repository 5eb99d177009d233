//! People's pages as pure functions: plain values in, markup out (design/ui/guide.md, mocks 01 to
//! 09b; dev-world.md "Stable names on pages"). Handlers fill the values; a page shows only what it
//! is given, so that a link or control comes with its feature.
//!
//! Refusals, the error page and the form_post page are in [`comity_edge::ui`]: other edges draw
//! them, too.

pub mod gallery;

mod accounts;
mod choose_password;
mod code;
mod crossing;
mod dev_mail;
mod enrol;
mod exchange;
mod expenses;
mod go_on;
mod my_apps;
mod new_password;
mod options;
mod password;
mod release;
mod review;
mod set_password;
mod sign_in;
mod sign_out;

pub use accounts::{AccountPicker, AccountRow, Signed, account_picker};
pub use code::{Code, code};
pub use crossing::{Crossing, crossing};
pub use dev_mail::{DevMail, DevMailRow, dev_mail, dev_mail_list};
pub use enrol::{Enrol, enrol};
pub use exchange::{Received, Sent};
pub use expenses::{Expenses, Outcome, expenses};
pub use go_on::{GoOn, go_on};
pub use my_apps::{MyApps, OrgLink, Tile, my_apps};
pub use new_password::{NewPassword, new_password};
pub use options::{Options, options};
pub use password::{Password, password};
pub use release::{Release, release};
pub use review::{Review, review};
pub use set_password::{SetPassword, set_password};
pub use sign_in::{SignIn, sign_in};
pub use sign_out::{SignOut, SignedOut, StillIn, sign_out, signed_out};

use comity_edge::ui::{AppName, FormError, Page, org};
use maud::{Markup, html};

/// The organization above the title of a sheet, where one is known.
fn lockup(page: &Page) -> Markup {
    html! {
        @if let Some(tenant) = &page.tenant { (org(&tenant.name, tenant.logo.as_deref())) }
    }
}

/// `to continue to Expenses`, under the title.
fn continue_to(app: Option<&AppName>) -> Markup {
    html! {
        @if let Some(app) = app {
            p .sheet__lede {
                "to continue to "
                @match app {
                    AppName::Ours(name) => strong { (name) },
                    AppName::Theirs(_) => { (app.clause()) }
                }
            }
        }
    }
}

/// The title of a page whose last post was refused starts with `Error:`.
fn title_of(words: &str, error: Option<&FormError>) -> String {
    if error.is_some() {
        format!("Error: {words}")
    } else {
        words.to_owned()
    }
}
