//! The user name (mock 01).

use comity_edge::ui::{
    AppName, Autocomplete, Breadth, Field, Foot, Form, FormError, Icon, Input, Journey, Page,
    Sheet, Shell, WayOut, field, form, notice_error, primary_button, sheet, shell, way_out,
};
use maud::{Markup, html};

use super::{continue_to, lockup, title_of};

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignIn {
    pub action: String,
    /// What the person came for.
    pub app: Option<AppName>,
    /// From `login_hint`, or as typed before an error.
    pub username: Option<String>,
    /// A domain for the example in the hint (`contoso.com`).
    pub example: Option<String>,
    /// Address of the sign-in options.
    pub options: Option<String>,
    /// At home on a crossing: where the person comes from and goes to.
    pub journey: Option<Journey>,
    pub error: Option<FormError>,
}

/// Asks for the user name.
pub fn sign_in(page: &Page, data: &SignIn) -> Markup {
    let hint = match &data.example {
        Some(domain) => {
            format!("The name you sign in with at your own organization, such as name@{domain}")
        }
        None => "The name you sign in with at your own organization".to_owned(),
    };
    let input = Field {
        id: "username",
        label: "User name",
        hint: Some(&hint),
        input: Input::UserName,
        value: data.username.as_deref(),
        invalid: data.error.is_some(),
    };
    let inner = html! {
        (lockup(page))
        @if let Some(error) = &data.error { (notice_error(error, Some(("username", "User name")))) }
        div { h1 { "Sign in" } (continue_to(data.app.as_ref())) }
        (field(input))
        (primary_button("Next"))
        @if let Some(href) = &data.options {
            div .sheet__links {
                (way_out(WayOut { id: Some("sign-in-options"), href, icon: Icon::Key, words: "Sign-in options" }))
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
    let frame = Sheet {
        breadth: Breadth::Narrow,
        journey: data.journey.as_ref(),
        foot: Foot::Links,
    };
    let words = match &data.app {
        Some(AppName::Ours(app)) => format!("Sign in to {app}"),
        _ => "Sign in".to_owned(),
    };
    let title = title_of(&words, data.error.as_ref());
    shell(page, Shell::sheet(&title), &sheet(page, frame, &body))
}
