//! Refusals as people read them (cross-cloud-federation.md §6; semantics §5.4).
//!
//! 1. The number is the documented one; the words are ours, chosen by number.
//! 2. A refusal names the organization whose administrator must act, and the setting.
//! 3. It never says more about the other side than that it is closed: no rule, no member, no group.
//! 4. Why a person failed at home stays at home; the resource only learns that it did.
//! 5. Text of another side is shown as such ([`super::foreign`]).

use super::{AppName, owner};

mod table;

use table::{Template, templates, trouble_template};

/// The side of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Where the application and the guest object live.
    Resource,
    /// Where the account lives.
    Home,
}

/// The names that a refusal may use. Within one organization both sides carry its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub resource: String,
    pub home: String,
    /// Long name of the resource's cloud.
    pub resource_cloud: String,
    pub home_cloud: String,
    /// The user name, where it is known.
    pub person: Option<String>,
    pub app: Option<AppName>,
}

/// Who can change what was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// An administrator of the organization on this side.
    Administrator(Side),
    /// The operators of both clouds.
    Operators,
    /// Whoever runs the application.
    Developer,
    /// The reader, by doing what this says.
    You(String),
}

/// A refusal, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// As shown in `#error-code`: `AADSTS500213`, or a word of OAuth where no number is documented.
    pub code: String,
    /// The heading: who refuses what.
    pub title: String,
    /// The sentence in `#error-message`.
    pub text: String,
    pub who: Who,
    /// Where the administrator finds the setting.
    pub setting: Option<String>,
    /// What would not help, or what stays as it is.
    pub after: Option<String>,
}

/// What ends a page without a documented number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The home cloud gives no answer in time.
    HomeSilent,
    /// The home cloud ended the sign-in and keeps its reason.
    HomeRefused,
    /// Home signed in another person than the invited or expected one.
    OtherPerson,
    /// The redemption link is unknown, withdrawn or replaced.
    InvitationGone,
    /// The one-time link of an operator is unknown, used or too old.
    LinkGone,
    /// The sign-in was begun in another browser, is finished, or is too old.
    SignInGone,
    /// A form without the token of this browser, or from another origin.
    StaleForm,
    /// A form with a field that cannot be read; [`unreadable`] names it.
    Unreadable,
    NotFound,
    TooMany,
    Internal,
}

/// The refusal of a documented number. `side` tells whose rule it was, for the numbers that both
/// sides use; where the number itself says it, it is ignored. Unknown numbers get a general text.
pub fn refusal(code: u32, side: Side, names: &Names) -> Refusal {
    let template = templates(code);
    fill(
        &template,
        &format!("AADSTS{code}"),
        template.side.unwrap_or(side),
        names,
    )
}

/// The page for something without a number.
pub fn trouble(trouble: Trouble, names: &Names) -> Refusal {
    let (code, template) = trouble_template(trouble);
    fill(
        &template,
        code,
        template.side.unwrap_or(Side::Resource),
        names,
    )
}

/// The page for a form with a field that cannot be read; `what` names the field and its fault.
pub fn unreadable(what: &str, names: &Names) -> Refusal {
    let general = trouble(Trouble::Unreadable, names);
    Refusal {
        text: format!("In this form {what}. {}", general.text),
        ..general
    }
}

fn fill(template: &Template, code: &str, side: Side, names: &Names) -> Refusal {
    let words = |text: &str| substitute(text, side, names);
    let optional = |text: &str| (!text.is_empty()).then(|| words(text));
    let across = names.home != names.resource || names.home_cloud != names.resource_cloud;
    let setting = optional(template.setting).map(|mut setting| {
        if across {
            setting.push_str(&words(template.across));
        }
        setting
    });
    let who = match template.who {
        table::Actor::Administrator => Who::Administrator(side),
        table::Actor::Operators => Who::Operators,
        table::Actor::Developer => Who::Developer,
        table::Actor::You(advice) => Who::You(words(advice)),
    };
    Refusal {
        code: code.to_owned(),
        title: words(template.title),
        text: words(template.text),
        who,
        setting,
        after: if across || !template.after_across {
            optional(template.after)
        } else {
            None
        },
    }
}

/// Replaces `{…}` in one pass, so that a name with braces is only a name.
fn substitute(text: &str, side: Side, names: &Names) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (key, behind) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(&value(key, side, names));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn value(key: &str, side: Side, names: &Names) -> String {
    let org = match side {
        Side::Resource => &names.resource,
        Side::Home => &names.home,
    };
    match key {
        "resource" => names.resource.clone(),
        "resource’s" => owner(&names.resource),
        "home" => names.home.clone(),
        "home’s" => owner(&names.home),
        "org" => org.clone(),
        "org’s" => owner(org),
        "resource_cloud" => names.resource_cloud.clone(),
        "home_cloud" => names.home_cloud.clone(),
        "person" => names
            .person
            .clone()
            .unwrap_or_else(|| "this account".to_owned()),
        "app" => names
            .app
            .as_ref()
            .map_or_else(|| "the application".to_owned(), AppName::clause),
        // A template with another word is caught by the table test.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
