//! Icons on a 20-pixel grid, drawn where they stand: no request, no sprite.

use maud::{Markup, PreEscaped, Render, html};

/// An icon. Always decoration: a word stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    App,
    Chart,
    Check,
    Clock,
    Code,
    Cross,
    Device,
    Door,
    Error,
    External,
    Folder,
    Group,
    Info,
    Key,
    List,
    Lock,
    Mail,
    Ok,
    Organization,
    Question,
    Receipt,
    Right,
    Send,
    Shield,
    User,
}

impl Icon {
    const fn drawing(self) -> &'static str {
        match self {
            Self::App => {
                r#"<rect x="3" y="3" width="5.5" height="5.5" rx="1"/><rect x="11.5" y="3" width="5.5" height="5.5" rx="1"/><rect x="3" y="11.5" width="5.5" height="5.5" rx="1"/><rect x="11.5" y="11.5" width="5.5" height="5.5" rx="1"/>"#
            }
            Self::Chart => r#"<path d="M3 3v14h14M6.5 14v-4M10 14V6M13.5 14V9"/>"#,
            Self::Check => r#"<path d="M4 10.5l4 4 8-9"/>"#,
            Self::Clock => r#"<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5V10l3 2"/>"#,
            Self::Code => {
                r#"<rect x="2.5" y="5" width="15" height="10" rx="1.5"/><circle cx="6" cy="10" r=".9" fill="currentColor" stroke="none"/><circle cx="10" cy="10" r=".9" fill="currentColor" stroke="none"/><circle cx="14" cy="10" r=".9" fill="currentColor" stroke="none"/>"#
            }
            Self::Cross => r#"<path d="M5 5l10 10M15 5L5 15"/>"#,
            Self::Device => {
                r#"<rect x="2.5" y="4" width="15" height="10" rx="1.5"/><path d="M7 17h6M10 14v3"/>"#
            }
            Self::Door => r#"<path d="M8 3H3.5v14H8M7.5 10h10M13.5 6l4 4-4 4"/>"#,
            Self::Error => {
                r#"<path d="M6.9 2.5h6.2l4.4 4.4v6.2l-4.4 4.4H6.9L2.5 13.1V6.9z"/><path d="M10 6v5"/><circle cx="10" cy="13.6" r=".9" fill="currentColor" stroke="none"/>"#
            }
            Self::External => {
                r#"<path d="M8 4H4.5A1.5 1.5 0 0 0 3 5.5v10A1.5 1.5 0 0 0 4.5 17h10a1.5 1.5 0 0 0 1.5-1.5V12M11.5 3H17v5.5M17 3l-8 8"/>"#
            }
            Self::Folder => r#"<path d="M2.5 15.5v-11h5l2 2.5h8v8.5z"/>"#,
            Self::Group => {
                r#"<circle cx="10" cy="6" r="2.5"/><circle cx="4.75" cy="13.5" r="2.5"/><circle cx="15.25" cy="13.5" r="2.5"/><path d="M8.7 8.2l-2.6 3.1M11.3 8.2l2.6 3.1M7.3 13.5h5.4"/>"#
            }
            _ => self.drawing_of_the_rest(),
        }
    }

    const fn drawing_of_the_rest(self) -> &'static str {
        match self {
            Self::Info => {
                r#"<circle cx="10" cy="10" r="7.5"/><path d="M10 9.2v4.6"/><circle cx="10" cy="6.5" r=".9" fill="currentColor" stroke="none"/>"#
            }
            Self::Key => {
                r#"<circle cx="6.5" cy="13.5" r="3.5"/><path d="M9 11l7.5-7.5M13.5 6.5l2.5 2.5"/>"#
            }
            Self::List => {
                r#"<path d="M7 5h10M7 10h10M7 15h10"/><circle cx="3.5" cy="5" r="1" fill="currentColor" stroke="none"/><circle cx="3.5" cy="10" r="1" fill="currentColor" stroke="none"/><circle cx="3.5" cy="15" r="1" fill="currentColor" stroke="none"/>"#
            }
            Self::Lock => {
                r#"<rect x="4" y="9" width="12" height="8.5" rx="1.5"/><path d="M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9"/>"#
            }
            Self::Mail => {
                r#"<rect x="2.5" y="4.5" width="15" height="11" rx="1.5"/><path d="M3 6l7 5 7-5"/>"#
            }
            Self::Ok => r#"<circle cx="10" cy="10" r="7.5"/><path d="M6.5 10.3l2.4 2.4 4.6-5.2"/>"#,
            Self::Organization => {
                r#"<path d="M3.5 17V4.5l7-2V17M10.5 7.5l6 2V17M2 17h16M6 7h2M6 10h2M6 13h2M13.2 11.5v0M13.2 14v0"/>"#
            }
            Self::Question => {
                r#"<circle cx="10" cy="10" r="7.5"/><path d="M7.8 7.8a2.3 2.3 0 1 1 3.3 2.1c-.7.35-1.1.8-1.1 1.6"/><circle cx="10" cy="14" r=".9" fill="currentColor" stroke="none"/>"#
            }
            Self::Receipt => {
                r#"<path d="M4.5 2.5h11v15l-2.2-1.5-1.6 1.5-1.7-1.5-1.7 1.5-1.6-1.5-2.2 1.5zM7.5 6.5h5M7.5 10h5"/>"#
            }
            Self::Right => r#"<path d="M4 10h12M11 5l5 5-5 5"/>"#,
            Self::Send => r#"<path d="M17.5 2.5L9 11M17.5 2.5L12 17.5l-3-6.5-6.5-3z"/>"#,
            Self::Shield => {
                r#"<path d="M10 2.5l6.5 2.2v4.8c0 3.9-2.6 6.5-6.5 8-3.9-1.5-6.5-4.1-6.5-8V4.7z"/><path d="M7 10l2.2 2.2 3.8-4.2"/>"#
            }
            _ => {
                r#"<circle cx="10" cy="6.75" r="3.25"/><path d="M3.5 17c.5-3.3 3-5 6.5-5s6 1.7 6.5 5"/>"#
            }
        }
    }

    /// The icon at two rem, for empty states.
    pub fn large(self) -> Markup {
        html! {
            svg .icon .icon--l viewBox="0 0 20 20" aria-hidden="true" { (PreEscaped(self.drawing())) }
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        html! { svg .icon viewBox="0 0 20 20" aria-hidden="true" { (PreEscaped(self.drawing())) } }
    }
}

/// The shape that stands for a cloud, in its tag, its band and its tab icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Circle,
    Shield,
    Square,
    Diamond,
    Hexagon,
    Triangle,
}

impl Shape {
    /// The three built-in clouds have theirs (design/ui/guide.md); any other cloud gets one of the
    /// free shapes, always the same for the same key.
    pub fn of(key: &str) -> Self {
        match key {
            "global" => Self::Circle,
            "usgov" => Self::Shield,
            "china" => Self::Square,
            other => match other.bytes().map(u32::from).sum::<u32>() % 3 {
                0 => Self::Diamond,
                1 => Self::Hexagon,
                _ => Self::Triangle,
            },
        }
    }

    /// The word in the address of the tab icon.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Shield => "shield",
            Self::Square => "square",
            Self::Diamond => "diamond",
            Self::Hexagon => "hexagon",
            Self::Triangle => "triangle",
        }
    }

    /// The shape of a word, or None.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Circle,
            Self::Shield,
            Self::Square,
            Self::Diamond,
            Self::Hexagon,
            Self::Triangle,
        ]
        .into_iter()
        .find(|shape| shape.word() == word)
    }

    /// The outline on the 20-pixel grid.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Circle => "M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 1 1 0-15z",
            Self::Shield => {
                "M10 1.8l7.4 2.5v5.3c0 4.3-2.9 7.2-7.4 8.6-4.5-1.4-7.4-4.3-7.4-8.6V4.3z"
            }
            Self::Square => {
                "M5.5 3h9A2.5 2.5 0 0 1 17 5.5v9a2.5 2.5 0 0 1-2.5 2.5h-9A2.5 2.5 0 0 1 3 14.5v-9A2.5 2.5 0 0 1 5.5 3z"
            }
            Self::Diamond => "M10 1.5l8.5 8.5-8.5 8.5L1.5 10z",
            Self::Hexagon => "M10 1.6l7.3 4.2v8.4L10 18.4l-7.3-4.2V5.8z",
            Self::Triangle => "M10 2.2l8.6 15.3H1.4z",
        }
    }
}

impl Render for Shape {
    fn render(&self) -> Markup {
        html! {
            svg .icon viewBox="0 0 20 20" aria-hidden="true" {
                path d=(self.path()) fill="currentColor" stroke="none" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_clouds_keep_their_shape_and_others_never_take_one_of_them() {
        assert_eq!(Shape::of("global"), Shape::Circle);
        assert_eq!(Shape::of("usgov"), Shape::Shield);
        assert_eq!(Shape::of("china"), Shape::Square);
        for key in ["harbour", "fjord", "gov", "example", "", "Global"] {
            let shape = Shape::of(key);
            assert_eq!(shape, Shape::of(key));
            assert!(
                matches!(shape, Shape::Diamond | Shape::Hexagon | Shape::Triangle),
                "{key}"
            );
            assert_eq!(Shape::parse(shape.word()), Some(shape));
        }
        assert_eq!(Shape::parse("star"), None);
    }

    #[test]
    fn icons_are_hidden_from_assistive_tools() {
        for icon in [Icon::App, Icon::User, Icon::Shield, Icon::Receipt] {
            let drawn = icon.render().into_string();
            assert!(drawn.contains(r#"aria-hidden="true""#), "{drawn}");
        }
    }
}
