//! What is asked of a collection: conditions over described properties, order, page, search
//! (graph/odata-conventions.md §6). `graph` parses it, `store` compiles it to SQL, and
//! [`Query::apply`] answers it in memory: for small collections, and to check the SQL.
//!
//! Semantics, the same everywhere:
//! 1. Two-valued logic: a comparison with a missing value is false, `ne` is its opposite.
//! 2. Text compares by [`crate::name::key`]; GUIDs and times by value; lists only inside
//!    [`Filter::Any`].
//! 3. A property that nobody has set has its initial value.
//! 4. Order: as asked, then by the key; missing values last in either direction.
//! 5. A page begins behind a position (the order values and the key of the last object seen), so
//!    rows that come or go do not repeat or skip the rest.

mod evaluate;
mod search;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    resource::{Field, Kind, Property, ResourceType},
    time::Utc,
};

pub use evaluate::{SortKey, matches, sort_key};
pub use search::{Search, words};

/// A question to a collection.
#[derive(Debug, Clone)]
pub struct Query {
    /// The type that the properties belong to.
    pub resource: &'static ResourceType,
    /// Conditions.
    pub filter: Option<Filter>,
    /// Full text.
    pub search: Option<Search>,
    /// Order before the key.
    pub order: Vec<Order>,
    /// The part of the result.
    pub page: Page,
    /// Whether the whole number of matches is asked.
    pub count: bool,
}

/// One property of an order.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The property.
    pub property: &'static Property,
    /// Whether large values come first.
    pub descending: bool,
}

/// A part of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Most objects.
    pub size: usize,
    /// Objects to leave out at the beginning.
    pub skip: usize,
    /// Only what comes behind this.
    pub after: Option<Position>,
}

/// Where a page ended: the values of the order's properties, then of the key.
#[derive(Debug, Clone, PartialEq)]
pub struct Position(pub Vec<Value>);

/// A page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// Whole objects by Graph names; `@odata.type` where the type is a derived one.
    pub items: Vec<Map<String, Value>>,
    /// Whether there are more behind the last one.
    pub more: bool,
    /// The number of matches on all pages, if asked.
    pub count: Option<u64>,
}

/// What a condition is about.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    /// A property of the object; `None` = the element of the list around (`c` in `any(c:…)`).
    pub property: Option<&'static Property>,
    /// A member below it.
    pub field: Option<&'static Field>,
    /// The type of the value.
    pub kind: Kind,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// A string or the member of an enumeration.
    Text(String),
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Int(i64),
    /// A GUID.
    Guid(Uuid),
    /// A point in time.
    Time(Utc),
}

/// How values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `ge`
    AtLeast,
    /// `le`
    AtMost,
    /// `gt`
    Greater,
    /// `lt`
    Less,
}

/// Which part of a text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `startsWith`
    Start,
    /// `endsWith`
    End,
    /// `contains`; logs only.
    Anywhere,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Self>),
    /// One of them.
    Or(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// `path op value`
    Compare(Path, Comparison, Literal),
    /// `path in (…)`
    In(Path, Vec<Literal>),
    /// `startsWith(path, 'text')`
    Text(Path, Part, String),
    /// `path/any()` or `path/any(x:condition)`
    Any(Path, Option<Box<Self>>),
    /// `path/all(x:condition)`
    All(Path, Box<Self>),
    /// `path/$count eq n`, `ne`
    Count(Path, Comparison, i64),
    /// `isof('microsoft.graph.x')`
    IsOf(&'static ResourceType),
}

impl Path {
    /// `status/errorCode`; `x` stands for the element of a list.
    pub fn text(&self) -> String {
        let base = self.property.map_or("x", |p| p.name);
        self.field
            .map_or_else(|| base.to_owned(), |f| format!("{base}/{}", f.path))
    }

    /// A property as it stands.
    pub const fn of(property: &'static Property) -> Self {
        Self {
            property: Some(property),
            field: None,
            kind: property.kind,
        }
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl PartialEq for Order {
    fn eq(&self, other: &Self) -> bool {
        self.property.name == other.property.name && self.descending == other.descending
    }
}

impl Comparison {
    /// Graph's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::AtLeast => "ge",
            Self::AtMost => "le",
            Self::Greater => "gt",
            Self::Less => "lt",
        }
    }
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Guid(id) => write!(f, "'{id}'"),
            Self::Time(t) => write!(f, "{t}"),
        }
    }
}

impl std::fmt::Display for Filter {
    /// Graph's notation; parsing it gives the same condition.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let joined = |list: &[Self], word: &str| {
            let parts: Vec<String> = list.iter().map(|i| format!("({i})")).collect();
            parts.join(word)
        };
        match self {
            Self::And(list) => f.write_str(&joined(list, " and ")),
            Self::Or(list) => f.write_str(&joined(list, " or ")),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Compare(path, op, value) => write!(f, "{} {} {value}", path.text(), op.as_str()),
            Self::In(path, list) => {
                let values: Vec<String> = list.iter().map(ToString::to_string).collect();
                write!(f, "{} in ({})", path.text(), values.join(", "))
            }
            Self::Text(path, part, text) => {
                let name = match part {
                    Part::Start => "startsWith",
                    Part::End => "endsWith",
                    Part::Anywhere => "contains",
                };
                write!(
                    f,
                    "{name}({}, {})",
                    path.text(),
                    Literal::Text(text.clone())
                )
            }
            Self::Any(path, None) => write!(f, "{}/any()", path.text()),
            Self::Any(path, Some(inner)) => write!(f, "{}/any(x:{inner})", path.text()),
            Self::All(path, inner) => write!(f, "{}/all(x:{inner})", path.text()),
            Self::Count(path, op, n) => write!(f, "{}/$count {} {n}", path.text(), op.as_str()),
            Self::IsOf(resource) => write!(f, "isof('{}')", resource.full_name()),
        }
    }
}

impl Query {
    /// Everything, in the order of the key.
    pub fn all(resource: &'static ResourceType) -> Self {
        Self {
            resource,
            filter: None,
            search: None,
            order: Vec::new(),
            page: Page {
                size: usize::MAX,
                skip: 0,
                after: None,
            },
            count: false,
        }
    }

    /// The position behind an object.
    pub fn position(&self, object: &Map<String, Value>) -> Position {
        let value = |name: &str| object.get(name).cloned().unwrap_or(Value::Null);
        let mut values: Vec<Value> = self.order.iter().map(|o| value(o.property.name)).collect();
        values.push(value(self.resource.key));
        Position(values)
    }

    /// Answers the question from objects in memory.
    pub fn apply(&self, objects: impl IntoIterator<Item = Map<String, Value>>) -> Listing {
        let mut items: Vec<Map<String, Value>> = objects
            .into_iter()
            .filter(|o| self.filter.as_ref().is_none_or(|f| matches(f, o)))
            .filter(|o| self.search.as_ref().is_none_or(|s| s.matches(o)))
            .collect();
        items.sort_by_cached_key(|o| sort_key(self, &self.position(o)));
        let count = self.count.then_some(items.len() as u64);
        if let Some(after) = &self.page.after {
            let bound = sort_key(self, after);
            items.retain(|o| sort_key(self, &self.position(o)) > bound);
        }
        items.drain(..self.page.skip.min(items.len()));
        let more = items.len() > self.page.size;
        items.truncate(self.page.size);
        Listing { items, more, count }
    }
}

#[cfg(test)]
mod tests;
