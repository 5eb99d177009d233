//! What crosses the border, in words. The pages are rendered from the very list that is sent
//! (cross-cloud-federation.md §3.15): handlers build these lists from the push and from the
//! assertion, and no page adds or leaves out anything.

use comity_edge::ui::list;
use maud::{Markup, html};

/// What home learns by the push (§3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// That somebody comes from the resource tenant.
    Visit,
    /// The application by its display name.
    Application(String),
    /// The person who is expected.
    Account,
    SecondFactor,
    PhishingResistant,
    /// A list of accepted combinations of methods.
    Methods,
    /// How old the sign-in may be, in minutes.
    Freshness(u32),
    Device,
    /// The IDs of the groups that are asked about.
    Groups(Vec<String>),
}

/// What the resource learns by the assertion (§3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    Name,
    UserName,
    Identifier,
    /// The session at home and its end.
    Session,
    /// Each method with its time.
    Methods,
    /// Which of so many groups the person is in.
    Groups(usize),
    Device,
}

/// Everything sent, as one sentence part.
pub(super) fn sent_words(items: &[Sent], resource: &str) -> String {
    let words: Vec<String> = items.iter().map(|item| sent_word(item, resource)).collect();
    list(&words)
}

fn sent_word(item: &Sent, resource: &str) -> String {
    match item {
        Sent::Visit => format!("that you come from {resource}"),
        Sent::Application(name) => format!("that you want to open {name} there"),
        Sent::Account => "which account is expected".to_owned(),
        Sent::SecondFactor => "that a second factor is wanted".to_owned(),
        Sent::PhishingResistant => "that a sign-in safe from phishing is wanted".to_owned(),
        Sent::Methods => "which ways to sign in are accepted".to_owned(),
        Sent::Freshness(minutes) => format!("that the sign-in may be {minutes} minutes old"),
        Sent::Device => "that facts about your device are wanted".to_owned(),
        Sent::Groups(ids) if ids.len() == 1 => "which group it is asked about".to_owned(),
        Sent::Groups(ids) => format!("which {} groups it is asked about", ids.len()),
    }
}

/// The IDs of the groups, for those who want to see them.
pub(super) fn sent_groups(items: &[Sent]) -> Markup {
    let ids = items.iter().find_map(|item| match item {
        Sent::Groups(ids) => Some(ids),
        _ => None,
    });
    html! {
        @if let Some(ids) = ids {
            details {
                summary { "The identifiers of these groups" }
                ul { @for id in ids { li .mono { (id) } } }
            }
        }
    }
}

/// Everything received, as one sentence part.
pub(super) fn received_words(items: &[Received]) -> String {
    let words: Vec<String> = items.iter().map(|item| item.words()).collect();
    list(&words)
}

impl Received {
    /// In a sentence: `your name`.
    pub(super) fn words(self) -> String {
        match self {
            Self::Name => "your name".to_owned(),
            Self::UserName => "your user name".to_owned(),
            Self::Identifier => "the identifier of your account".to_owned(),
            Self::Session => "until when you are signed in".to_owned(),
            Self::Methods => "how and when you signed in".to_owned(),
            Self::Groups(1) => "whether you are in the group it asked about".to_owned(),
            Self::Groups(count) => format!("which of the {count} groups it asked about you are in"),
            Self::Device => "facts about your device".to_owned(),
        }
    }

    /// As the name of a row.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::UserName => "User name",
            Self::Identifier => "Identifier",
            Self::Session => "Session",
            Self::Methods => "Sign-in",
            Self::Groups(_) => "Groups",
            Self::Device => "Device",
        }
    }

    /// As the value of a row, where no value is known yet.
    pub(super) fn value(self) -> String {
        match self {
            Self::Name | Self::UserName | Self::Identifier => "As kept in your account".to_owned(),
            Self::Session => "Until when you are signed in".to_owned(),
            Self::Methods => "How and when you signed in".to_owned(),
            Self::Groups(1) => "Whether you are in the 1 group it asked about".to_owned(),
            Self::Groups(count) => format!("Which of the {count} groups it asked about you are in"),
            Self::Device => {
                "Whether it is compliant or hybrid joined, and its attributes".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_sent_is_said_and_nothing_else() {
        let all = [
            (Sent::Visit, "that you come from Contoso"),
            (
                Sent::Application("Expenses".to_owned()),
                "that you want to open Expenses there",
            ),
            (Sent::Account, "which account is expected"),
            (Sent::SecondFactor, "that a second factor is wanted"),
            (
                Sent::PhishingResistant,
                "that a sign-in safe from phishing is wanted",
            ),
            (Sent::Methods, "which ways to sign in are accepted"),
            (
                Sent::Freshness(60),
                "that the sign-in may be 60 minutes old",
            ),
            (Sent::Device, "that facts about your device are wanted"),
            (
                Sent::Groups(vec!["a".to_owned()]),
                "which group it is asked about",
            ),
        ];
        for (item, words) in &all {
            assert_eq!(&sent_words(std::slice::from_ref(item), "Contoso"), words);
        }
        let items: Vec<Sent> = all.iter().take(2).map(|(item, _)| item.clone()).collect();
        let words = sent_words(&items, "Contoso");
        assert_eq!(
            words,
            "that you come from Contoso and that you want to open Expenses there"
        );
        assert_eq!(sent_words(&[], "Contoso"), "");
    }

    #[test]
    fn every_item_received_has_words_a_label_and_a_value() {
        use Received::{Device, Groups, Identifier, Methods, Name, Session, UserName};
        let all = [
            Name,
            UserName,
            Identifier,
            Session,
            Methods,
            Groups(1),
            Groups(3),
            Device,
        ];
        for item in all {
            assert!(
                !item.words().is_empty() && !item.label().is_empty() && !item.value().is_empty()
            );
        }
        assert_eq!(
            received_words(&[Name, Groups(3)]),
            "your name and which of the 3 groups it asked about you are in"
        );
    }

    #[test]
    fn group_identifiers_are_shown_in_full() {
        let ids = vec!["id-1".to_owned(), "id-2".to_owned()];
        let drawn = sent_groups(&[Sent::Visit, Sent::Groups(ids)]).into_string();
        assert!(drawn.contains("id-1") && drawn.contains("id-2"));
        assert_eq!(sent_groups(&[Sent::Visit]).into_string(), "");
    }
}
