//! The words of every refusal, one row a number. `{…}` stands for a name; a sentence never begins
//! with `{app}` or `{person}`, which may be lower-case phrases.

use super::{Side, Trouble};

#[derive(Debug, Clone, Copy)]
pub(super) enum Actor {
    Administrator,
    Operators,
    Developer,
    You(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Template {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) who: Actor,
    /// The side that the number itself names.
    pub(super) side: Option<Side>,
    pub(super) setting: &'static str,
    /// More of the setting where two organizations meet.
    pub(super) across: &'static str,
    pub(super) after: &'static str,
    /// True where `after` only makes sense between two organizations.
    pub(super) after_across: bool,
}

const BASE: Template = Template {
    title: "",
    text: "",
    who: Actor::Administrator,
    side: None,
    setting: "",
    across: "",
    after: "",
    after_across: false,
};

/// The template of a number.
pub(super) fn templates(code: u32) -> Template {
    between_organizations(code)
        .or_else(|| conditional_access(code))
        .or_else(|| account(code))
        .or_else(|| consent(code))
        .or_else(|| request(code))
        .unwrap_or(Template {
            title: "This request cannot be answered",
            text: "What the application asked for is not something that can be answered here.",
            who: Actor::Developer,
            ..BASE
        })
}

fn between_organizations(code: u32) -> Option<Template> {
    let resource_stays = "Nothing has to change at {resource}, and signing in again will not help.";
    Some(match code {
        500_212 => Template {
            title: "{home} does not allow this visit",
            text: "{home’s} settings for {resource} do not let {person} go to {app} there.",
            side: Some(Side::Home),
            setting: "Cross-tenant access settings, {resource}, Outbound access",
            after: resource_stays,
            ..BASE
        },
        500_213 => Template {
            title: "{resource} does not let this account in",
            text: "{resource’s} settings for guests from {home} do not admit {person} to {app}.",
            side: Some(Side::Resource),
            setting: "Cross-tenant access settings, {home}, Inbound access",
            after: "Nothing has to change at {home}, and signing in again will not help.",
            ..BASE
        },
        1_000_104 => Template {
            title: "{home} does not allow this visit",
            text: "{home} has not turned on the {resource_cloud}, where {resource} is.",
            side: Some(Side::Home),
            setting: "Cross-tenant access settings, Microsoft cloud settings, {resource_cloud}",
            after: resource_stays,
            ..BASE
        },
        90_038 => Template {
            title: "These two clouds are not paired",
            text: "{home} is in the {home_cloud} and {resource} in the {resource_cloud}. The \
                   operators of the two clouds have not paired them, so nobody can go from one to \
                   the other.",
            who: Actor::Operators,
            setting: "The pairs in the configuration of both clouds",
            after: "No administrator of {home} or {resource} can change this.",
            ..BASE
        },
        50_020 => Template {
            title: "This account is not a guest of {resource}",
            text: "{home} has signed you in, and {person} is not a guest of {resource}.",
            side: Some(Side::Resource),
            setting: "Users, Invite external user",
            after: "If another account of yours was invited, use that one.",
            ..BASE
        },
        500_141 => Template {
            title: "The invitation is accepted",
            text: "You are a guest of {resource} now. The address you came for belongs to none of \
                   its applications, so nothing was opened.",
            who: Actor::You("Open My Apps of {resource}, or the application that you need."),
            ..BASE
        },
        _ => return None,
    })
}

fn conditional_access(code: u32) -> Option<Template> {
    Some(match code {
        53_003 => Template {
            title: "{org} does not admit this sign-in",
            text: "{org’s} Conditional Access does not admit {person} to {app} in this way.",
            setting: "Conditional Access",
            after: "Signing in again in the same way will not help.",
            ..BASE
        },
        53_000 => Template {
            title: "{org} admits compliant devices only",
            text: "{org} admits {person} to {app} on a compliant device only, and this sign-in \
                   brought no proof of one that {org} accepts.",
            setting: "Conditional Access",
            across: "; for guests also Cross-tenant access settings, {home}, Trust settings, \
                     Trust compliant devices",
            after: "Signing in again on this device will not help.",
            ..BASE
        },
        53_001 => Template {
            title: "{org} admits hybrid joined devices only",
            text: "{org} admits {person} to {app} on a hybrid joined device only, and this \
                   sign-in brought no proof of one that {org} accepts.",
            setting: "Conditional Access",
            across: "; for guests also Cross-tenant access settings, {home}, Trust settings, \
                     Trust hybrid joined devices",
            after: "Signing in again on this device will not help.",
            ..BASE
        },
        50_074 | 50_076 | 50_079 => Template {
            title: "{org} asks for a second factor",
            text: "{org} admits {person} to {app} after a second factor only, and this sign-in \
                   ended without one.",
            who: Actor::You("Sign in again and prove the second factor when you are asked."),
            ..BASE
        },
        _ => return None,
    })
}

fn account(code: u32) -> Option<Template> {
    Some(match code {
        50_034 => Template {
            title: "No such user name",
            text: "No such user name at {org}.",
            who: Actor::You(
                "Check the spelling. If your account is kept at another organization, choose \
                 Sign-in options, then Sign in to an organization.",
            ),
            ..BASE
        },
        50_126 => Template {
            title: "User name or password not right",
            text: "The user name or the password is not right.",
            who: Actor::You("Type both again."),
            ..BASE
        },
        50_053 => Template {
            title: "Too many wrong tries",
            text: "There were too many wrong tries, so no further one is checked for a while.",
            who: Actor::You(
                "Wait a few minutes, then sign in again. Where you are signed in already, you \
                 stay so.",
            ),
            ..BASE
        },
        50_057 => Template {
            title: "This account is turned off",
            text: "At {org}, {person} is turned off.",
            setting: "Users, Account enabled",
            after: "Signing in again will not help.",
            ..BASE
        },
        50_105 => Template {
            title: "You are not assigned to this application",
            text: "{resource} opens {app} for people only who are assigned to it, and {person} \
                   is not.",
            side: Some(Side::Resource),
            setting: "Enterprise applications, Users and groups",
            after: "Nothing has to change at {home}, and signing in again will not help.",
            after_across: true,
            ..BASE
        },
        50_058 => Template {
            title: "Nobody is signed in here",
            text: "The application asked to go on without showing a page, and nobody is signed in \
                   here.",
            who: Actor::You("Open the application again and sign in."),
            ..BASE
        },
        _ => return None,
    })
}

fn consent(code: u32) -> Option<Template> {
    Some(match code {
        65_001 => Template {
            title: "A permission is missing",
            text: "Nobody at {resource} has consented to what {app} asks for.",
            side: Some(Side::Resource),
            setting: "Enterprise applications, Permissions",
            after: "Signing in again will not help.",
            ..BASE
        },
        65_004 => Template {
            title: "You declined",
            text: "You declined what was asked of you, so nothing was opened.",
            who: Actor::You("To go on after all, open the link or the application again."),
            ..BASE
        },
        _ => return None,
    })
}

fn request(code: u32) -> Option<Template> {
    Some(match code {
        90_002 => Template {
            title: "No such organization in this cloud",
            text: "The {resource_cloud} has no organization with the name or ID in this address.",
            who: Actor::You(
                "Check the address. An organization of another cloud has sign-in addresses of \
                 its own.",
            ),
            ..BASE
        },
        700_016 => Template {
            title: "No such application here",
            text: "{resource} has no application with the ID in this request.",
            who: Actor::Developer,
            setting: "App registrations, Application (client) ID",
            after: "It may be registered at another organization, or in another cloud.",
            ..BASE
        },
        50_011 => Template {
            title: "The way back is not registered",
            text: "The address that this request wants to return to is not registered for {app}. \
                   Nothing was sent there.",
            who: Actor::Developer,
            setting: "App registrations, Authentication, Redirect URIs",
            ..BASE
        },
        90_014 | 900_144 => Template {
            title: "The request is not complete",
            text: "The request of the application lacks something that is required.",
            who: Actor::Developer,
            ..BASE
        },
        70_008 => Template {
            title: "This sign-in has expired",
            text: "It was begun too long ago, or it has been used already.",
            who: Actor::You("Open the application again."),
            ..BASE
        },
        _ => return None,
    })
}

/// The code word and the template of what has no number.
pub(super) fn trouble_template(trouble: Trouble) -> (&'static str, Template) {
    match trouble {
        Trouble::HomeSilent => (
            "temporarily_unavailable",
            Template {
                title: "{home} does not answer",
                text: "Only {home} can say that it is you, and its server in the {home_cloud} does \
                   not answer.",
                who: Actor::You("Try again in a few minutes. Your access stays as it is."),
                side: Some(Side::Home),
                ..BASE
            },
        ),
        Trouble::HomeRefused => (
            "access_denied",
            Template {
                title: "{home} did not sign you in",
                text: "{home} ended the sign-in. The reason is known there only.",
                side: Some(Side::Home),
                setting: "Sign-in logs, by the correlation ID",
                ..BASE
            },
        ),
        Trouble::OtherPerson => (
            "AADSTS50020",
            Template {
                title: "This is meant for another account",
                text: "{home} signed in {person}. {resource} expected another account, so nothing \
                   was accepted.",
                who: Actor::You("Use the account that was invited."),
                side: Some(Side::Resource),
                ..BASE
            },
        ),
        _ => trouble_of_links(trouble),
    }
}

fn trouble_of_links(trouble: Trouble) -> (&'static str, Template) {
    match trouble {
        Trouble::InvitationGone => (
            "invalid_request",
            Template {
                title: "This invitation cannot be used",
                text: "The link is not known here: it was withdrawn, or it was not copied whole.",
                who: Actor::You(
                    "Ask whoever invited you for a new link. If you have accepted already, open My \
                 Apps.",
                ),
                ..BASE
            },
        ),
        Trouble::LinkGone => (
            "invalid_request",
            Template {
                title: "This link cannot be used",
                text: "It is used already, older than an hour, or was not copied whole.",
                who: Actor::You("Ask whoever gave it to you for a new one."),
                ..BASE
            },
        ),
        Trouble::SignInGone => (
            "invalid_request",
            Template {
                title: "This sign-in cannot go on",
                text: "It was begun in another browser, it is finished, or it was begun too long ago.",
                who: Actor::You("Open the application or the link again, in this browser."),
                ..BASE
            },
        ),
        _ => general_trouble(trouble),
    }
}

fn general_trouble(trouble: Trouble) -> (&'static str, Template) {
    match trouble {
        Trouble::StaleForm => (
            "invalid_request",
            Template {
                title: "This page is too old",
                text: "The form does not belong to this browser any more. Nothing was changed.",
                who: Actor::You("Load the page again, then send it once more."),
                ..BASE
            },
        ),
        Trouble::Unreadable => (
            "invalid_request",
            Template {
                title: "A field of this form cannot be read",
                text: "Nothing was changed.",
                who: Actor::You("Go back, enter that field again, then send the form once more."),
                ..BASE
            },
        ),
        Trouble::NotFound => (
            "not_found",
            Template {
                title: "No such page",
                text: "Nothing is kept at this address.",
                who: Actor::You("Check the address."),
                ..BASE
            },
        ),
        Trouble::TooMany => (
            "temporarily_unavailable",
            Template {
                title: "Too many requests",
                text: "More requests came from here than are served at once.",
                who: Actor::You("Wait a minute, then try again."),
                ..BASE
            },
        ),
        _ => (
            "server_error",
            Template {
                title: "Not done",
                text: "The server could not finish this.",
                who: Actor::You(
                    "Try again. If it fails again, give the correlation ID to whoever runs this \
                 cloud.",
                ),
                ..BASE
            },
        ),
    }
}
