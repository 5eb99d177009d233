//! Forms, fields, notices and the other small parts of people's pages.

use maud::{Markup, html};

use super::{FORM_TOKEN, Icon, Page, safe_href};

/// Whether a browser may fill a form from what it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Autocomplete {
    On,
    Off,
}

/// Where a form goes. The method is always POST; reading is a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form<'a> {
    pub action: &'a str,
    pub class: &'a str,
    pub autocomplete: Autocomplete,
}

/// A form of ours: method, form token, completion.
pub fn form(page: &Page, form: Form<'_>, body: &Markup) -> Markup {
    let autocomplete = match form.autocomplete {
        Autocomplete::On => "on",
        Autocomplete::Off => "off",
    };
    html! {
        form class=(form.class) action=(safe_href(form.action)) method="post"
            autocomplete=(autocomplete)
        {
            input type="hidden" name=(FORM_TOKEN) value=(page.form_token);
            (body)
        }
    }
}

/// What was wrong with a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    /// What, then how to put it right.
    pub text: String,
    /// The documented number, where there is one (50126).
    pub code: Option<u32>,
    /// Finds the attempt in the sign-in log.
    pub correlation_id: Option<String>,
}

impl FormError {
    /// An error without a number.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: None,
            correlation_id: None,
        }
    }

    /// An error with its documented number.
    pub fn coded(code: u32, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: Some(code),
            correlation_id: None,
        }
    }
}

/// The notice above a form that was not accepted: it takes the focus and leads to the field.
pub fn notice_error(error: &FormError, field: Option<(&str, &str)>) -> Markup {
    html! {
        div .notice .notice--danger role="alert" tabindex="-1" autofocus {
            (Icon::Error)
            div .notice__body {
                p .notice__title #error-message { (error.text) }
                @if let Some(code) = error.code {
                    p { "Error code " code #error-code { "AADSTS" (code) } }
                }
                @if let Some(id) = &error.correlation_id {
                    p { "Correlation ID " code #correlation-id { (id) } }
                }
                @if let Some((id, label)) = field {
                    p .notice__actions { a href={ "#" (id) } { "Go to " (label) } }
                }
            }
        }
    }
}

/// A fact the page cannot do without.
pub fn notice(icon: Icon, title: &str, body: &Markup) -> Markup {
    html! {
        div .notice { (icon) div .notice__body { p .notice__title { (title) } (body) } }
    }
}

/// A labelled input. The id is one of the stable names of dev-world.md, and the name as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    pub id: &'a str,
    pub label: &'a str,
    pub hint: Option<&'a str>,
    pub input: Input,
    pub value: Option<&'a str>,
    /// True after a post that was refused because of this field.
    pub invalid: bool,
}

/// The kinds of input that people's pages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    UserName,
    Password,
    /// A password that is being chosen, with its least length.
    NewPassword(u8),
    OneTimeCode,
    Domain,
}

/// The attributes that differ between kinds of input.
struct Attributes {
    class: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    /// For text that is not prose: the keyboard to offer.
    keyboard: Option<&'static str>,
    least: Option<u8>,
    most: Option<u16>,
    pattern: Option<&'static str>,
}

impl Input {
    const fn attributes(self) -> Attributes {
        let text = Attributes {
            class: "input",
            kind: "text",
            autocomplete: "off",
            keyboard: None,
            least: None,
            most: None,
            pattern: None,
        };
        match self {
            Self::UserName => Attributes {
                autocomplete: "username",
                keyboard: Some("email"),
                most: Some(1024),
                ..text
            },
            Self::Domain => Attributes {
                keyboard: Some("url"),
                most: Some(253),
                ..text
            },
            Self::Password => Attributes {
                kind: "password",
                autocomplete: "current-password",
                ..text
            },
            Self::NewPassword(least) => Attributes {
                kind: "password",
                autocomplete: "new-password",
                least: Some(least),
                most: Some(256),
                ..text
            },
            Self::OneTimeCode => Attributes {
                class: "input input--code",
                autocomplete: "one-time-code",
                keyboard: Some("numeric"),
                most: Some(6),
                pattern: Some("[0-9]{6}"),
                ..text
            },
        }
    }
}

/// Label, hint, control, in this order; what is wrong stands in the notice above.
pub fn field(field: Field<'_>) -> Markup {
    let hint_id = format!("{}-hint", field.id);
    let described: Vec<&str> = [
        field.invalid.then_some("error-message"),
        field.hint.is_some().then_some(hint_id.as_str()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let invalid = field.invalid.then_some("true");
    let Attributes {
        class,
        kind,
        autocomplete,
        keyboard,
        least,
        most,
        pattern,
    } = field.input.attributes();
    let literal = keyboard.is_some();
    html! {
        div .field {
            label for=(field.id) { (field.label) }
            @if let Some(hint) = field.hint { p .field__hint id=(hint_id) { (hint) } }
            input class=(class) type=(kind) id=(field.id) name=(field.id) value=[field.value]
                autocomplete=(autocomplete) inputmode=[keyboard]
                autocapitalize=[literal.then_some("none")] spellcheck=[literal.then_some("false")]
                minlength=[least] maxlength=[most] pattern=[pattern] required
                aria-invalid=[invalid] aria-describedby=[described];
        }
    }
}

/// A check box that takes effect with the form.
pub fn check(id: &str, name: &str, label: &str) -> Markup {
    html! {
        div .check { input type="checkbox" id=(id) name=(name); label for=(id) { (label) } }
    }
}

/// The one primary button, over the whole width of the sheet.
pub fn primary_button(words: &str) -> Markup {
    html! { button .button .button--primary .button--wide #submit type="submit" { (words) } }
}

/// A link that looks like a button, for the way out beside the primary button.
pub fn secondary_link(id: Option<&str>, href: &str, words: &str) -> Markup {
    html! { a .button id=[id] href=(safe_href(href)) { (words) } }
}

/// One of the ways out under the line of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WayOut<'a> {
    pub id: Option<&'a str>,
    pub href: &'a str,
    pub icon: Icon,
    pub words: &'a str,
}

/// Draws a way out.
pub fn way_out(link: WayOut<'_>) -> Markup {
    html! { a href=(safe_href(link.href)) id=[link.id] { (link.icon) (link.words) } }
}

/// Who is signing in, with a way to be somebody else.
pub fn who(account: &str, change: Option<&str>) -> Markup {
    html! {
        p .who {
            span { (Icon::User) span { (account) } }
            @if let Some(href) = change {
                a href=(safe_href(href)) #use-another-account {
                    "Change" span .visually-hidden { " account" }
                }
            }
        }
    }
}

/// Facts of one thing.
pub fn facts(facts: &[(String, Markup)]) -> Markup {
    html! { dl .kv { @for (name, value) in facts { dt { (name) } dd { (value) } } } }
}
