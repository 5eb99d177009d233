//! The account picker: the accounts of this browser (sessions.md).

use comity_edge::ui::{
    AppName, Autocomplete, Breadth, Foot, Form, Icon, Org, Page, Sheet, Shell, WayOut,
    cloud_tag_short, form, sheet, shell, way_out,
};
use maud::{Markup, html};

use super::{continue_to, lockup};

/// Whether an account can go on without typing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    In,
    Out,
}

/// One account of this browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// What the form sends as `account`; never a name.
    pub value: String,
    pub username: String,
    /// Display name, where there is one.
    pub name: Option<String>,
    pub org: Option<Org>,
    pub signed: Signed,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountPicker {
    pub action: String,
    pub app: Option<AppName>,
    pub accounts: Vec<AccountRow>,
    /// Address of the page for another user name.
    pub other: String,
}

/// Asks which account goes on.
pub fn account_picker(page: &Page, data: &AccountPicker) -> Markup {
    let inner = html! {
        ul .accounts #account-list { @for account in &data.accounts { li { (row(account)) } } }
    };
    let target = Form {
        action: &data.action,
        class: "",
        autocomplete: Autocomplete::Off,
    };
    let body = html! {
        div .sheet__body {
            (lockup(page))
            div { h1 { "Choose an account" } (continue_to(data.app.as_ref())) }
            (form(page, target, &inner))
            div .sheet__links {
                (way_out(WayOut {
                    id: Some("use-another-account"), href: &data.other, icon: Icon::Key,
                    words: "Use another account",
                }))
            }
        }
    };
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: None,
        foot: Foot::Links,
    };
    shell(
        page,
        Shell::sheet("Choose an account"),
        &sheet(page, frame, &body),
    )
}

fn row(account: &AccountRow) -> Markup {
    let state = match account.signed {
        Signed::In => "Signed in",
        Signed::Out => "Signed out",
    };
    html! {
        button .account type="submit" name="account" value=(account.value) {
            (Icon::User)
            span {
                span .account__name { (account.name.as_ref().unwrap_or(&account.username)) }
                @if account.name.is_some() { span .account__sub { (account.username) } }
                @if let Some(org) = &account.org {
                    span .account__sub { (org.name) " " (cloud_tag_short(&org.cloud)) }
                }
            }
            span .account__sub { (state) }
        }
    }
}
