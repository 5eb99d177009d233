//! Clouds, organizations and the border between them: tag, lockup, crossing and journey.

use maud::{Markup, html};

use super::{AppName, Cloud, Icon, Org, safe_href};

/// Names a cloud in running text: shape, word, colour.
pub fn cloud_tag(cloud: &Cloud) -> Markup {
    tag(cloud, &cloud.long_name())
}

/// Names a cloud where there is little room.
pub fn cloud_tag_short(cloud: &Cloud) -> Markup {
    tag(cloud, &cloud.name)
}

fn tag(cloud: &Cloud, word: &str) -> Markup {
    html! {
        span .cloud-tag data-cloud=(cloud.key) data-hue=(cloud.hue) { (cloud.shape()) (word) }
    }
}

/// The logo of an organization, or the first letter of its name. Always beside the name.
pub fn mark(name: &str, logo: Option<&str>) -> Markup {
    let letter = name.chars().find(|c| c.is_alphanumeric()).unwrap_or('•');
    html! {
        @if let Some(logo) = logo {
            img .org__logo src=(safe_href(logo)) alt="" width="32" height="32";
        } @else {
            span .org__letter aria-hidden="true" { (letter) }
        }
    }
}

/// Logo and name.
pub fn org(name: &str, logo: Option<&str>) -> Markup {
    html! { div .org { (mark(name, logo)) span .org__name { (name) } } }
}

/// Logo, words (a name, or a phrase with it) and the cloud.
pub fn org_with_cloud(org: &Org, words: &str) -> Markup {
    html! {
        div .org {
            (mark(&org.name, org.logo.as_deref()))
            span { span .org__name { (words) } (cloud_tag(&org.cloud)) }
        }
    }
}

/// Two organizations, the border between them, and which way the person goes.
pub fn crossing(here: &Org, there: &Org) -> Markup {
    html! {
        div .crossing {
            div .crossing__side data-cloud=(here.cloud.key) data-hue=(here.cloud.hue) {
                p .muted { "You are here" }
                (org_with_cloud(here, &here.name))
                p .crossing__host { (here.cloud.host) }
            }
            div .crossing__border { (Icon::Right) }
            div .crossing__side data-cloud=(there.cloud.key) data-hue=(there.cloud.hue) {
                p .muted { "You go to" }
                (org_with_cloud(there, &there.name))
                p .crossing__host { strong { (there.cloud.host) } }
            }
        }
    }
}

/// How far a person has come on the way to an application of another organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Home is asking for the sign-in.
    Home,
    /// Home has signed the person in; the resource is asking or opening.
    Resource,
    /// Home did not let the person go.
    HomeRefused,
    /// The resource did not let the person in.
    ResourceRefused,
    /// Home gives no answer.
    HomeSilent,
}

/// The way there and back: resource, home, application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    pub resource: Org,
    pub home: Org,
    /// None where the person goes to My Apps.
    pub app: Option<AppName>,
    pub icon: Icon,
    pub at: Stop,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Done,
    Stopped,
}

/// The journey at the top of a sheet.
pub fn journey(journey: &Journey) -> Markup {
    let to = journey
        .app
        .as_ref()
        .map_or_else(|| html! { "My Apps" }, |app| html! { (app) });
    let label = format!("Your way to {}", plain(journey.app.as_ref()));
    html! {
        ol .journey aria-label=(label) {
            (stop(&journey.resource, &Drawn {
                mark: Mark::Done, current: "false", words: "asked who you are", icon: None,
                title: html! { (journey.resource.name) },
            }))
            (home_stop(journey))
            (last_stop(journey, to))
        }
    }
}

fn plain(app: Option<&AppName>) -> String {
    match app {
        None => "My Apps".to_owned(),
        Some(AppName::Ours(name)) => name.clone(),
        Some(AppName::Theirs(name)) => format!("“{}”", super::foreign(name)),
    }
}

struct Drawn<'a> {
    title: Markup,
    words: &'a str,
    mark: Mark,
    current: &'a str,
    icon: Option<Icon>,
}

fn home_stop(journey: &Journey) -> Markup {
    let (mark, current, words) = match journey.at {
        Stop::Home => (Mark::None, "step", "signs you in"),
        Stop::Resource | Stop::ResourceRefused => (Mark::Done, "false", "signed you in"),
        Stop::HomeRefused => (Mark::Stopped, "step", "does not let you go on"),
        Stop::HomeSilent => (Mark::Stopped, "step", "does not answer"),
    };
    let title = html! { (journey.home.name) };
    stop(
        &journey.home,
        &Drawn {
            title,
            words,
            mark,
            current,
            icon: None,
        },
    )
}

fn last_stop(journey: &Journey, to: Markup) -> Markup {
    let opens = format!("opens at {}", journey.resource.name);
    match journey.at {
        Stop::ResourceRefused => stop(
            &journey.resource,
            &Drawn {
                title: html! { (journey.resource.name) },
                words: "did not let you in",
                mark: Mark::Stopped,
                current: "step",
                icon: None,
            },
        ),
        Stop::Resource => {
            let icon = Some(journey.icon);
            let drawn = Drawn {
                title: to,
                words: &opens,
                mark: Mark::None,
                current: "step",
                icon,
            };
            stop(&journey.resource, &drawn)
        }
        Stop::Home | Stop::HomeRefused | Stop::HomeSilent => {
            let words = if journey.at == Stop::Home {
                opens.as_str()
            } else {
                "not reached"
            };
            let icon = Some(journey.icon);
            stop(
                &journey.resource,
                &Drawn {
                    title: to,
                    words,
                    mark: Mark::None,
                    current: "false",
                    icon,
                },
            )
        }
    }
}

fn stop(org: &Org, drawn: &Drawn<'_>) -> Markup {
    let current = (drawn.current == "step").then_some("step");
    html! {
        li .is-stopped[drawn.mark == Mark::Stopped] aria-current=[current]
            data-cloud=(org.cloud.key) data-hue=(org.cloud.hue)
        {
            span .journey__stop {
                @if let Some(icon) = drawn.icon { (icon) }
                @else { (mark(&org.name, org.logo.as_deref())) }
                @match drawn.mark {
                    Mark::None => {}
                    Mark::Done => span .journey__mark { (Icon::Check) },
                    Mark::Stopped => span .journey__mark { (Icon::Cross) },
                }
            }
            strong { (drawn.title) }
            (cloud_tag_short(&org.cloud))
            span { (drawn.words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &str, key: &str, hue: u16) -> Org {
        let cloud = Cloud {
            key: key.to_owned(),
            name: key.to_uppercase(),
            hue,
            host: format!("login.{key}.localhost"),
        };
        Org {
            name: name.to_owned(),
            logo: None,
            cloud,
        }
    }

    fn at(stop: Stop) -> String {
        journey(&Journey {
            resource: side("Contoso", "global", 258),
            home: side("Northwind Agency", "usgov", 342),
            app: Some(AppName::Ours("Expenses".to_owned())),
            icon: Icon::Receipt,
            at: stop,
        })
        .into_string()
    }

    #[test]
    fn every_journey_has_one_current_stop_and_names_both_clouds() {
        let rows = [
            (Stop::Home, "signs you in", false),
            (Stop::Resource, "signed you in", false),
            (Stop::HomeRefused, "does not let you go on", true),
            (Stop::ResourceRefused, "did not let you in", true),
            (Stop::HomeSilent, "does not answer", true),
        ];
        for (stop, words, stopped) in rows {
            let drawn = at(stop);
            assert_eq!(
                drawn.matches(r#"aria-current="step""#).count(),
                1,
                "{stop:?}"
            );
            assert_eq!(drawn.contains("is-stopped"), stopped, "{stop:?}");
            assert!(drawn.contains(words), "{stop:?}");
            assert!(drawn.contains(r#"data-cloud="usgov" data-hue="342""#));
            assert!(drawn.contains(r#"data-cloud="global" data-hue="258""#));
        }
    }

    #[test]
    fn a_refusal_by_home_says_the_application_was_not_reached() {
        assert!(at(Stop::HomeRefused).contains("not reached"));
        assert!(!at(Stop::Home).contains("not reached"));
    }

    #[test]
    fn an_organization_without_a_logo_shows_its_first_letter() {
        let drawn = mark("“Åland” council", None).into_string();
        assert!(drawn.contains(">Å<"), "{drawn}");
        assert!(mark("", None).into_string().contains('•'));
        assert!(
            mark("Contoso", Some("/logo.png"))
                .into_string()
                .contains("<img")
        );
    }
}
