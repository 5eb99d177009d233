//! The mail that people get (mock 19; semantics §4.6): HTML and plain text with the same words.
//!
//! Mail clients read inline styles only, so these documents have them; they load nothing, run
//! nothing and follow nobody. A custom message is text: its lines are kept, its markup is not.

mod colour;

use comity_edge::ui::{identifier, safe_href};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use colour::oklch;

/// A message ready for the mail port, without addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub subject: String,
    /// The name beside the sender's address.
    pub from_name: String,
    pub text: String,
    pub html: String,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationMail {
    /// The organization that invites, and its primary domain.
    pub organization: String,
    pub domain: String,
    /// Long name and hue of its cloud.
    pub cloud: String,
    pub hue: u16,
    /// User name or mail address of the inviter; None for an application.
    pub inviter: Option<String>,
    /// The message of the inviter, as typed.
    pub message: Option<String>,
    /// The redemption link.
    pub link: String,
    /// The guest's user name.
    pub guest: String,
    /// Long name of the guest's cloud and its login host, where it is another cloud.
    pub home_cloud: Option<String>,
    pub home_host: String,
    /// What opens at the end: an application, or None for My Apps.
    pub app: Option<String>,
    /// Origin of My Apps, for those who cannot use the link.
    pub my_apps: String,
    /// The organization's privacy statement.
    pub privacy: Option<String>,
    /// Where the guest stops further invitations.
    pub block: Option<String>,
}

/// Writes an invitation.
pub fn invitation(data: &InvitationMail) -> Mail {
    let data = &clean(data);
    let org = &data.organization;
    let from_name = match &data.inviter {
        Some(inviter) => format!("{inviter} via {org}"),
        None => org.clone(),
    };
    let subject = match &data.inviter {
        Some(inviter) => format!("{inviter} invites you to {org}"),
        None => format!("{org} invites you"),
    };
    let html = letter(&subject, data.hue, &data.cloud, &invitation_html(data)).into_string();
    Mail {
        text: invitation_text(data),
        html,
        subject,
        from_name,
    }
}

/// Every field that goes into a header or a line of its own becomes one clean line.
fn clean(data: &InvitationMail) -> InvitationMail {
    InvitationMail {
        organization: identifier(&data.organization),
        domain: identifier(&data.domain),
        cloud: identifier(&data.cloud),
        inviter: data.inviter.as_deref().map(identifier),
        guest: identifier(&data.guest),
        home_cloud: data.home_cloud.as_deref().map(identifier),
        home_host: identifier(&data.home_host),
        app: data.app.as_deref().map(identifier),
        link: safe_href(&data.link).to_owned(),
        my_apps: safe_href(&data.my_apps).to_owned(),
        privacy: data
            .privacy
            .as_deref()
            .map(|href| safe_href(href).to_owned()),
        block: data.block.as_deref().map(|href| safe_href(href).to_owned()),
        ..data.clone()
    }
}

/// Who invites, and to what: the first sentence.
fn opening(data: &InvitationMail) -> String {
    let (org, domain) = (&data.organization, &data.domain);
    match &data.inviter {
        Some(inviter) => format!("{inviter} invites you to be a guest of {org} ({domain})."),
        None => format!("{org} ({domain}) invites you to be its guest."),
    }
}

/// The same sentence with its names in bold.
fn opening_html(data: &InvitationMail) -> Markup {
    let (org, domain) = (&data.organization, &data.domain);
    html! {
        @match &data.inviter {
            Some(inviter) => {
                strong { (inviter) } " invites you to be a guest of " strong { (org) } " (" (domain) ")."
            }
            None => { strong { (org) } " (" (domain) ") invites you to be its guest." }
        }
    }
}

fn first_step(data: &InvitationMail) -> String {
    let place = match &data.home_cloud {
        Some(cloud) => format!("at your own organization, in the {cloud}"),
        None => "at your own organization".to_owned(),
    };
    format!(
        "You sign in {place}. The address bar shows {}.",
        data.home_host
    )
}

fn steps(data: &InvitationMail) -> [String; 3] {
    let app = data.app.as_deref().unwrap_or("My Apps");
    [
        first_step(data),
        format!(
            "You see what {} will know about you, and accept or decline.",
            data.organization
        ),
        format!("{app} opens."),
    ]
}

fn expected(data: &InvitationMail) -> String {
    format!(
        "If not, do nothing. Only {} can accept it, and nobody but your own organization will ask \
         for your password.",
        data.guest
    )
}

fn invitation_text(data: &InvitationMail) -> String {
    let mut parts = vec![data.cloud.clone(), wrap(&opening(data))];
    if let Some(message) = &data.message {
        let lines: Vec<String> = lines_of(message)
            .iter()
            .flat_map(|line| wrap_lines(line, 70))
            .collect();
        parts.push(
            lines
                .iter()
                .map(|line| format!("  {line}"))
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    parts.push(format!("Open the invitation:\n{}", data.link));
    let steps = steps(data);
    let numbered: Vec<String> = (1..)
        .zip(&steps)
        .map(|(number, step)| wrap(&format!("{number}. {step}")).replace('\n', "\n   "))
        .collect();
    parts.push(format!("What happens then\n{}", numbered.join("\n")));
    parts.push(wrap(&format!("Did you expect this? {}", expected(data))));
    parts.push(wrap(&format!(
        "Without the link: go to {}, choose Sign-in options, then Sign in to an organization, and \
         type {}. The invitation does not expire.",
        data.my_apps, data.domain
    )));
    parts.push(match &data.privacy {
        Some(href) => format!("{} privacy statement: {href}", data.organization),
        None => format!("{} has published no privacy statement.", data.organization),
    });
    if let Some(href) = &data.block {
        parts.push(format!(
            "No more invitations from {}: {href}",
            data.organization
        ));
    }
    parts.join("\n\n") + "\n"
}

/// The lines of a message: control characters out, at most 50 lines.
fn lines_of(message: &str) -> Vec<String> {
    let clean = |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>();
    message
        .replace("\r\n", "\n")
        .split(['\n', '\r'])
        .take(50)
        .map(clean)
        .collect()
}

fn wrap(text: &str) -> String {
    wrap_lines(text, 75).join("\n")
}

fn wrap_lines(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

fn invitation_html(data: &InvitationMail) -> Markup {
    let org = &data.organization;
    html! {
        (row("36px 40px 0", &html! {
            h1 .m-ink style="margin: 0; color: #191d2b; font-size: 28px; line-height: 34px; font-weight: bold;" {
                (org) " invites you"
            }
            p .m-ink style="margin: 12px 0 0; color: #191d2b; font-size: 16px; line-height: 25px;" {
                (opening_html(data))
            }
        }))
        @if let Some(message) = &data.message { (quote(data.hue, message)) }
        (row("24px 40px 0", &button(data.hue, &data.link, "Open the invitation")))
        (row("28px 40px 0", &what_happens(data)))
        (row("24px 40px 0", &html! {
            p .m-ink style="margin: 0; color: #191d2b; font-size: 15px; line-height: 23px;" {
                strong { "Did you expect this?" } " " (expected(data))
            }
        }))
        (row("24px 40px 32px", &foot(data)))
    }
}

fn what_happens(data: &InvitationMail) -> Markup {
    html! {
        h2 .m-ink style="margin: 0 0 8px; color: #191d2b; font-size: 16px; line-height: 24px; font-weight: bold;" {
            "What happens then"
        }
        @for (number, step) in (1..).zip(steps(data)) {
            p .m-ink style="margin: 0 0 8px; color: #191d2b; font-size: 15px; line-height: 23px;" {
                (number) ". " (step)
            }
        }
    }
}

fn foot(data: &InvitationMail) -> Markup {
    let link = format!("color: {};", oklch(0.45, 0.13, data.hue));
    let org = &data.organization;
    html! {
        div .m-line .m-soft style="padding: 18px 0 0; border-top: 1px solid #dcdfe6; color: #555b69; font-size: 13px; line-height: 20px;" {
            p .m-soft style="margin: 0 0 10px; color: #555b69;" {
                "Without the button: go to " a .m-link href=(data.my_apps) style=(link) { (data.my_apps) }
                ", choose " em { "Sign-in options" } ", then " em { "Sign in to an organization" }
                ", and type " (data.domain) ". The invitation does not expire."
            }
            p .m-soft style="margin: 0; color: #555b69;" {
                @match &data.privacy {
                    Some(href) => a .m-link href=(href) style=(link) { (org) " privacy statement" },
                    None => { (org) " has published no privacy statement." }
                }
                @if let Some(href) = &data.block {
                    " · " a .m-link href=(href) style=(link) { "No more invitations from " (org) }
                }
            }
        }
    }
}

fn quote(hue: u16, message: &str) -> Markup {
    let style = format!(
        "padding: 14px 18px; border-left: 4px solid {}; background-color: #f4f5f8; color: #191d2b; \
         font-size: 16px; line-height: 25px;",
        oklch(0.45, 0.13, hue)
    );
    let lines = lines_of(message);
    row(
        "20px 40px 0",
        &html! {
            div .m-quote .m-ink style=(style) {
                @for (index, line) in lines.iter().enumerate() { @if index > 0 { br; } (line) }
            }
        },
    )
}

fn button(hue: u16, href: &str, words: &str) -> Markup {
    let colour = oklch(0.45, 0.13, hue);
    let cell = format!("background-color: {colour}; border-radius: 10px;");
    html! {
        table role="presentation" cellpadding="0" cellspacing="0" border="0" {
            tr {
                td .m-button bgcolor=(colour) style=(cell) {
                    a href=(href) style="display: inline-block; padding: 14px 28px; color: #ffffff; font-size: 16px; line-height: 20px; font-weight: bold; text-decoration: none;" {
                        (words)
                    }
                }
            }
        }
    }
}

/// Something happened with a person's second factor: sent to her, so that nobody does it unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorMail {
    pub organization: String,
    pub cloud: String,
    pub hue: u16,
    pub account: String,
    /// In words: `23 Nov 2026, 09:41:22 UTC`.
    pub when: String,
}

/// Writes the notice of an enrolled second factor.
pub fn factor_added(data: &FactorMail) -> Mail {
    let fact = |when: &str, account: &str, org: &str| {
        format!("On {when}, an authenticator app was added for {account} at {org}.")
    };
    factor_notice(data, "A second factor was added", &fact)
}

/// Writes the notice that wrong one-time codes were entered, and that none is taken for a while.
pub fn codes_refused(data: &FactorMail) -> Mail {
    let fact = |when: &str, account: &str, org: &str| {
        format!(
            "On {when}, the last of many wrong one-time codes was entered for {account} at {org}. \
             For five minutes no code is taken."
        )
    };
    factor_notice(data, "Wrong one-time codes were entered", &fact)
}

fn factor_notice(
    data: &FactorMail,
    heading: &str,
    fact: &dyn Fn(&str, &str, &str) -> String,
) -> Mail {
    let org = identifier(&data.organization);
    let subject = format!("{heading} at {org}");
    let fact = fact(&identifier(&data.when), &identifier(&data.account), &org);
    let advice = format!(
        "If that was not you, tell an administrator of {org} at once: somebody knows your password."
    );
    let cloud = identifier(&data.cloud);
    let text = [cloud.clone(), wrap(&fact), wrap(&advice)].join("\n\n") + "\n";
    let style = "margin: 12px 0 0; color: #191d2b; font-size: 16px; line-height: 25px;";
    let inner = row(
        "36px 40px 32px",
        &html! {
            h1 .m-ink style="margin: 0; color: #191d2b; font-size: 28px; line-height: 34px; font-weight: bold;" {
                (heading)
            }
            p .m-ink style=(style) { (fact) }
            p .m-ink style=(style) { (advice) }
        },
    );
    let html = letter(&subject, data.hue, &cloud, &inner).into_string();
    Mail {
        subject,
        from_name: org,
        text,
        html,
    }
}

fn row(padding: &str, inner: &Markup) -> Markup {
    html! { tr { td .m-cell .m-pad style={ "padding: " (padding) ";" } { (inner) } } }
}

/// The frame of every message: the cloud's band, then rows.
fn letter(title: &str, hue: u16, cloud: &str, rows: &Markup) -> Markup {
    let band = oklch(0.41, 0.125, hue);
    let style = format!(
        "padding: 9px 40px; background-color: {band}; color: #ffffff; font-size: 13px; line-height: 18px;"
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (title) }
                style { (PreEscaped(dark_style(hue))) }
            }
            body .m-page style="margin: 0; padding: 0; background-color: #f4f5f8;" {
                main {
                    table role="presentation" .m-page width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color: #f4f5f8;" {
                        tr {
                            td .m-gap align="center" style="padding: 24px 12px;" {
                                table role="presentation" .m-sheet width="600" cellpadding="0" cellspacing="0" border="0" style="width: 100%; max-width: 600px; background-color: #ffffff; font-family: 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;" {
                                    tr { td .m-pad bgcolor=(band) style=(style) { strong { (cloud) } } }
                                    (rows)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Only colours computed from a number go in here, never text from outside.
fn dark_style(hue: u16) -> String {
    let (accent, ink) = (oklch(0.81, 0.1, hue), oklch(0.19, 0.04, hue));
    format!(
        ":root{{color-scheme:light dark;supported-color-schemes:light dark}}\
         @media (prefers-color-scheme:dark){{\
         .m-page{{background-color:#15171b!important}}\
         .m-sheet,.m-cell{{background-color:#1f2227!important}}\
         .m-ink{{color:#f0f2f5!important}}.m-soft{{color:#b9bfc9!important}}\
         .m-quote{{background-color:#282c33!important}}.m-link{{color:{accent}!important}}\
         .m-button{{background-color:{accent}!important}}.m-button a{{color:{ink}!important}}\
         .m-line{{border-color:#3a3f48!important}}}}\
         @media (max-width:620px){{\
         .m-pad{{padding-left:20px!important;padding-right:20px!important}}\
         .m-gap{{padding:0!important}}}}"
    )
}

#[cfg(test)]
mod tests;
