//! My Apps (mock 09): what the person may open at this organization.

use comity_edge::ui::{
    Account, Icon, Org, Page, Shell, Width, cloud_tag_short, facts, mark, safe_href, shell,
};
use maud::{Markup, html};

/// One application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    pub name: String,
    pub href: String,
    pub icon: Icon,
    /// What it is for, in one line.
    pub about: Option<String>,
    /// When it was last opened, in words.
    pub opened: Option<String>,
}

/// One of the organizations the person belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgLink {
    pub org: Org,
    pub href: String,
    /// `Home`, `Guest`, `Invited 20 Nov, not accepted yet`.
    pub relation: String,
    pub current: bool,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyApps {
    pub account: Account,
    pub tiles: Vec<Tile>,
    /// The switcher; none is drawn when this is empty.
    pub organizations: Vec<OrgLink>,
    /// Facts of a guest's stay (`Guest since`, `Invited by`); no panel when this is empty.
    pub stay: Vec<(String, String)>,
    /// Somebody invited her.
    pub is_guest: bool,
}

/// The applications of one organization.
pub fn my_apps(page: &Page, data: &MyApps) -> Markup {
    let here = page.here();
    let alone = data.organizations.is_empty();
    let body = html! {
        div .with-orgs .with-orgs--single[alone] {
            @if !alone { (switcher(&data.organizations)) }
            div .stack .stack-5 {
                div { h1 { "Apps at " (here) } p .muted { (count(data.tiles.len())) } }
                @if data.tiles.is_empty() { (empty(&here, data.is_guest)) }
                @else { ul .apps { @for tile in &data.tiles { (draw(tile)) } } }
                @if !data.stay.is_empty() { (stay(&here, &data.stay)) }
            }
        }
    };
    let head = Shell {
        title: "My Apps",
        width: Width::Wide,
        script: None,
        account: Some(&data.account),
    };
    shell(page, head, &body)
}

fn count(count: usize) -> String {
    match count {
        0 => "No application is assigned to you".to_owned(),
        1 => "1 application is assigned to you".to_owned(),
        more => format!("{more} applications are assigned to you"),
    }
}

fn empty(here: &str, is_guest: bool) -> Markup {
    html! {
        div .empty {
            (Icon::App.large())
            h2 { "No applications yet" }
            p {
                "What " (here) " assigns to you, or to everybody, stands here. Ask "
                @if is_guest { "the person who invited you, or " }
                "an administrator of " (here) " for the application you need."
            }
        }
    }
}

fn draw(tile: &Tile) -> Markup {
    html! {
        li .app {
            span .app__icon { (tile.icon) }
            h2 { a href=(safe_href(&tile.href)) { (tile.name) } }
            @if let Some(about) = &tile.about { p { (about) } }
            @if let Some(opened) = &tile.opened { p { (opened) } }
        }
    }
}

fn switcher(organizations: &[OrgLink]) -> Markup {
    html! {
        nav .orgs aria-labelledby="orgs-title" {
            p .orgs__title #orgs-title { "Your organizations" }
            @for link in organizations {
                a href=(safe_href(&link.href)) aria-current=[link.current.then_some("page")]
                    data-cloud=(link.org.cloud.key) data-hue=(link.org.cloud.hue)
                {
                    span .org {
                        (mark(&link.org.name, link.org.logo.as_deref()))
                        span {
                            span .org__name { (link.org.name) }
                            span .org__sub { (link.relation) }
                        }
                    }
                    (cloud_tag_short(&link.org.cloud))
                }
            }
        }
    }
}

fn stay(here: &str, rows: &[(String, String)]) -> Markup {
    let rows: Vec<(String, Markup)> = rows
        .iter()
        .map(|(name, value)| (name.clone(), html! { (value) }))
        .collect();
    html! {
        section .panel aria-labelledby="stay" {
            div .panel__head { h2 #stay { "Your stay at " (here) } }
            div .panel__body { (facts(&rows)) }
        }
    }
}
