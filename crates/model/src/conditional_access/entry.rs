//! Entries of include and exclude lists: a keyword, an ID, or a text that means nobody.

use serde_json::Value;
use uuid::Uuid;

use crate::document::{Node, Read, Within, configured, parse_guid, words};

/// The keywords of a kind of list.
pub trait Keyword: Copy + PartialEq {
    /// Reads a keyword, trimmed and without case.
    fn read_word(text: &str) -> Option<Self>;
    /// Graph's word.
    fn word(self) -> &'static str;
}

macro_rules! keyword {
    ($($name:ident),+) => {$(
        impl Keyword for $name {
            fn read_word(text: &str) -> Option<Self> {
                Self::parse(text)
            }

            fn word(self) -> &'static str {
                self.as_str()
            }
        }
    )+};
}

words! {
    /// Keywords of `includeUsers` and `excludeUsers`.
    pub enum UserKeyword("a keyword for users") {
        All = "All",
        None = "None",
        GuestsOrExternalUsers = "GuestsOrExternalUsers",
    }
}

words! {
    /// Keywords of `includeApplications` and `excludeApplications`.
    pub enum ApplicationKeyword("a keyword for applications") {
        All = "All",
        None = "None",
        Office365 = "Office365",
        MicrosoftAdminPortals = "MicrosoftAdminPortals",
    }
}

words! {
    /// Keywords of `includeLocations` and `excludeLocations`.
    pub enum LocationKeyword("a keyword for locations") {
        All = "All",
        AllTrusted = "AllTrusted",
    }
}

keyword!(UserKeyword, ApplicationKeyword, LocationKeyword);

/// Lists that have no keywords: groups, roles, tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKeyword {}

impl Keyword for NoKeyword {
    fn read_word(_: &str) -> Option<Self> {
        None
    }

    fn word(self) -> &'static str {
        match self {}
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry<K> {
    Keyword(K),
    Id(Uuid),
    /// Neither a GUID nor a keyword: matches nobody.
    Other(String),
}

impl<K: Keyword> Entry<K> {
    /// Reads an entry.
    pub fn parse(text: &str) -> Self {
        if let Some(id) = parse_guid(text) {
            return Self::Id(id);
        }
        K::read_word(text).map_or_else(|| Self::Other(text.to_owned()), Self::Keyword)
    }

    /// Graph's form.
    pub fn to_graph(&self) -> Value {
        match self {
            Self::Keyword(keyword) => keyword.word().into(),
            Self::Id(id) => id.to_string().into(),
            Self::Other(text) => text.clone().into(),
        }
    }
}

/// Reads a list of entries; not configured = empty.
pub fn read_entries<K: Keyword>(
    node: Option<Node<'_, '_>>,
    name: &'static str,
) -> Read<Vec<Entry<K>>> {
    let list = configured(node).map(|list| list.list_of(|entry| entry.text().map(Entry::parse)));
    Ok(list.transpose().within(name)?.unwrap_or_default())
}

pub(super) fn entries_to_graph<K: Keyword>(entries: &[Entry<K>]) -> Value {
    Value::Array(entries.iter().map(Entry::to_graph).collect())
}
