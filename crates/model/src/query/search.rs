//! Full text (`$search`): words of a property, or its beginning.

use serde_json::{Map, Value};

use crate::{
    name,
    resource::{Property, property::Search as How},
};

/// A condition of `$search`.
#[derive(Debug, Clone)]
pub enum Search {
    /// All of them.
    And(Vec<Self>),
    /// One of them.
    Or(Vec<Self>),
    /// Text in a property.
    Term {
        /// The property.
        property: &'static Property,
        /// What is looked for.
        text: String,
    },
}

impl Search {
    /// Whether an object fulfils it.
    pub fn matches(&self, object: &Map<String, Value>) -> bool {
        match self {
            Self::And(list) => list.iter().all(|s| s.matches(object)),
            Self::Or(list) => list.iter().any(|s| s.matches(object)),
            Self::Term { property, text } => match object.get(property.name) {
                Some(Value::String(value)) => found(property, value, text),
                Some(Value::Array(list)) => list
                    .iter()
                    .filter_map(Value::as_str)
                    .any(|v| found(property, v, text)),
                _ => false,
            },
        }
    }
}

impl PartialEq for Search {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::And(a), Self::And(b)) | (Self::Or(a), Self::Or(b)) => a == b,
            (
                Self::Term {
                    property: p,
                    text: a,
                },
                Self::Term {
                    property: q,
                    text: b,
                },
            ) => p.name == q.name && a == b,
            _ => false,
        }
    }
}

fn found(property: &Property, value: &str, text: &str) -> bool {
    match property.search {
        How::No => false,
        How::Prefix => name::key(value).starts_with(&name::key(text)),
        How::Words => {
            let present = words(value);
            let asked = words(text);
            !asked.is_empty()
                && asked
                    .iter()
                    .all(|w| present.iter().any(|p| p.starts_with(w)))
        }
    }
}

/// The words of a text in lower case: split at everything that is no letter or digit, between a
/// small and a capital letter, and between letters and digits. The whole runs count as words too,
/// so that `HelloWorld2` is found by `hello`, `world`, `2` and `helloworld`.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|r| !r.is_empty())
    {
        words.push(name::key(run));
        let mut word = String::new();
        let mut last: Option<char> = None;
        for c in run.chars() {
            let border = last.is_some_and(|l| {
                (l.is_lowercase() && c.is_uppercase()) || (l.is_numeric() != c.is_numeric())
            });
            if border {
                words.push(name::key(&std::mem::take(&mut word)));
            }
            word.push(c);
            last = Some(c);
        }
        words.push(name::key(&word));
    }
    words.sort();
    words.dedup();
    words
}
