//! Reading TOML tables so that every mistake is kept with its line, and reading goes on.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    ops::Range,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Problem;

/// A parsed file and what was found wrong so far.
pub struct Document<'a> {
    text: &'a str,
    root: Spanned<DeTable<'a>>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Document<'a> {
    /// Parses the text; syntax errors are the first problems.
    pub fn parse(text: &'a str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Self {
            text,
            root,
            problems: RefCell::default(),
        };
        for error in errors {
            document.note(error.span(), error.message().to_owned());
        }
        document
    }

    /// The table of the whole file.
    pub fn root(&self) -> Section<'_> {
        Section {
            document: self,
            path: String::new(),
            span: None,
            table: self.root.get_ref(),
            seen: RefCell::default(),
        }
    }

    /// Everything wrong, in the order of the file.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line.unwrap_or(0));
        problems
    }

    fn note(&self, span: Option<Range<usize>>, text: String) {
        let line = span
            .and_then(|span| self.text.get(..span.start))
            .map(|before| before.matches('\n').count() + 1);
        self.problems.borrow_mut().push(Problem { line, text });
    }
}

/// One table of the file.
pub struct Section<'a> {
    document: &'a Document<'a>,
    /// With a dot at the end, for messages; empty at the top.
    path: String,
    span: Option<Range<usize>>,
    table: &'a DeTable<'a>,
    seen: RefCell<BTreeSet<String>>,
}

impl<'a> Section<'a> {
    fn find(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.seen.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    /// Notes something wrong with a key.
    pub fn problem(&self, key: &str, text: &str) {
        let span = self
            .table
            .get(key)
            .map(Spanned::span)
            .or_else(|| self.span.clone());
        self.document.note(span, text.to_owned());
    }

    /// Notes that a key has a value that cannot be used.
    fn refuse(&self, key: &str, rule: &str) {
        self.problem(key, &format!("`{}{key}` {rule}", self.path));
    }

    /// Notes that a key is not there.
    pub fn missing(&self, key: &str) {
        self.refuse(key, "is missing");
    }

    /// The text of a key that may be absent.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.find(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.refuse(key, "must be a text in quotes");
        }
        text
    }

    /// The text of a key that must be there.
    pub fn require_text(&self, key: &str) -> Option<&'a str> {
        if self.find(key).is_none() {
            self.missing(key);
        }
        self.text(key)
    }

    /// A required text in a form of its own; the message completes "`key` …".
    pub fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.require_text(key)?;
        parse(text).map_err(|rule| self.refuse(key, &rule)).ok()
    }

    /// The same for one that may be absent.
    pub fn parsed_or<T>(
        &self,
        key: &str,
        default: T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.find(key).is_some() {
            self.parsed(key, parse)
        } else {
            Some(default)
        }
    }

    /// A list of texts in a form of their own, or one text; empty if absent.
    pub fn parsed_list<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let mut list = Vec::new();
        for text in self.texts(key) {
            match parse(text) {
                Ok(value) => list.push(value),
                Err(rule) => self.refuse(key, &format!("has `{text}`, which {rule}")),
            }
        }
        list
    }

    fn texts(&self, key: &str) -> Vec<&'a str> {
        let Some(value) = self.find(key) else {
            return Vec::new();
        };
        let texts = match value.get_ref() {
            DeValue::String(text) => Some(vec![&**text]),
            DeValue::Array(array) => array.iter().map(|item| item.get_ref().as_str()).collect(),
            _ => None,
        };
        texts.unwrap_or_else(|| {
            self.refuse(key, "must be a list of texts in quotes");
            Vec::new()
        })
    }

    /// A number that may be absent.
    pub fn number<T: TryFrom<i64>>(&self, key: &str) -> Option<T> {
        let value = self.find(key)?.get_ref().as_integer();
        let number =
            value.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let number = number.and_then(|number| T::try_from(number).ok());
        if number.is_none() {
            self.refuse(key, "must be a number in range");
        }
        number
    }

    /// `true` or `false`; the default if absent.
    pub fn flag(&self, key: &str, default: bool) -> bool {
        let Some(value) = self.find(key) else {
            return default;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.refuse(key, "must be `true` or `false`");
            default
        })
    }

    /// A required path, relative to `folder`.
    pub fn path(&self, key: &str, folder: &Path) -> Option<PathBuf> {
        self.require_text(key).map(|text| folder.join(text))
    }

    /// A table that may be absent.
    pub fn section(&self, key: &str) -> Option<Section<'a>> {
        let value = self.find(key)?;
        let section = self.inner(key, value);
        if section.is_none() {
            self.refuse(key, "must be a table");
        }
        section
    }

    /// A table that must be there.
    pub fn require_section(&self, key: &str) -> Option<Section<'a>> {
        if self.find(key).is_none() {
            self.missing(key);
        }
        self.section(key)
    }

    /// The tables of `[[key]]`; none if absent.
    pub fn sections(&self, key: &str) -> Vec<Section<'a>> {
        let Some(value) = self.find(key) else {
            return Vec::new();
        };
        let tables = value
            .get_ref()
            .as_array()
            .and_then(|array| array.iter().map(|item| self.inner(key, item)).collect());
        tables.unwrap_or_else(|| {
            self.refuse(key, &format!("must be tables, each under `[[{key}]]`"));
            Vec::new()
        })
    }

    fn inner(&self, key: &str, value: &'a Spanned<DeValue<'a>>) -> Option<Section<'a>> {
        let table = value.get_ref().as_table()?;
        let path = format!("{}{key}.", self.path);
        Some(Section {
            document: self.document,
            path,
            span: Some(value.span()),
            table,
            seen: RefCell::default(),
        })
    }

    /// Notes every key that nothing asked for.
    pub fn finish(&self) {
        let seen = self.seen.borrow();
        for key in self
            .table
            .keys()
            .filter(|key| !seen.contains(&**key.get_ref()))
        {
            let text = format!(
                "`{}{}` is not a key: see the documentation for those there are",
                self.path,
                key.get_ref()
            );
            self.document.note(Some(key.span()), text);
        }
    }
}
