//! Conditions and order over objects in memory.

use std::cmp::{Ordering, Reverse};

use serde_json::{Map, Value};

use super::{Comparison, Filter, Literal, Part, Path, Position, Query};
use crate::{
    id::parse_uuid,
    name,
    resource::{Kind, Property, find, strip_namespace},
    time::Utc,
};

/// Whether an object fulfils a condition.
pub fn matches(filter: &Filter, object: &Map<String, Value>) -> bool {
    holds(filter, object, &Value::Null)
}

fn holds(filter: &Filter, object: &Map<String, Value>, element: &Value) -> bool {
    let value = |path: &Path| read(path, object, element);
    let elements = |path: &Path| value(path).as_array().cloned().unwrap_or_default();
    match filter {
        Filter::And(list) => list.iter().all(|f| holds(f, object, element)),
        Filter::Or(list) => list.iter().any(|f| holds(f, object, element)),
        Filter::Not(inner) => !holds(inner, object, element),
        Filter::Compare(path, op, literal) => compares(path.kind, &value(path), *op, literal),
        Filter::In(path, list) => {
            let value = value(path);
            list.iter()
                .any(|l| compares(path.kind, &value, Comparison::Equal, l))
        }
        Filter::Text(path, part, text) => contains(&value(path), *part, text),
        Filter::Any(path, None) => !elements(path).is_empty(),
        Filter::Any(path, Some(inner)) => elements(path).iter().any(|e| holds(inner, object, e)),
        Filter::All(path, inner) => elements(path).iter().all(|e| holds(inner, object, e)),
        Filter::Count(path, op, n) => {
            let equal = i64::try_from(elements(path).len()) == Ok(*n);
            equal == (*op == Comparison::Equal)
        }
        Filter::IsOf(resource) => object
            .get("@odata.type")
            .and_then(Value::as_str)
            .is_some_and(|t| strip_namespace(t) == resource.name),
    }
}

fn read(path: &Path, object: &Map<String, Value>, element: &Value) -> Value {
    let base = match path.property {
        None => element.clone(),
        Some(p) => own(p, object),
    };
    let Some(field) = path.field else { return base };
    field
        .path
        .split('/')
        .try_fold(base, |value, name| value.get(name).cloned())
        .unwrap_or(Value::Null)
}

/// The value of a property; missing where the object is of a derived type that does not have it, and
/// not the initial value that it has elsewhere.
fn own(property: &'static Property, object: &Map<String, Value>) -> Value {
    if let Some(value) = object.get(property.name) {
        return value.clone();
    }
    let type_name = object.get("@odata.type").and_then(Value::as_str);
    let property = match type_name.and_then(find) {
        None => Some(property),
        Some(resource) => resource.own_property(property.name),
    };
    property.map_or(Value::Null, Property::initial_value)
}

fn contains(value: &Value, part: Part, text: &str) -> bool {
    let Some(value) = value.as_str().map(name::key) else {
        return false;
    };
    let text = name::key(text);
    match part {
        Part::Start => value.starts_with(&text),
        Part::End => value.ends_with(&text),
        Part::Anywhere => value.contains(&text),
    }
}

fn compares(kind: Kind, value: &Value, op: Comparison, literal: &Literal) -> bool {
    let (left, right) = (Comparable::of(kind, value), Comparable::from(literal));
    let order = match (&left, &right) {
        (Comparable::Missing, _) | (_, Comparable::Missing) => None,
        _ => left.partial_cmp(&right),
    };
    match op {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::AtLeast => order.is_some_and(Ordering::is_ge),
        Comparison::AtMost => order.is_some_and(Ordering::is_le),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::Less => order == Some(Ordering::Less),
    }
}

/// A value in the form in which it compares; the missing one is last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Comparable {
    Bool(bool),
    Number(i64),
    Text(String),
    Missing,
}

impl Comparable {
    fn of(kind: Kind, value: &Value) -> Self {
        match (kind, value) {
            (Kind::Time, Value::String(text)) => {
                Utc::parse(text).map_or(Self::Missing, |t| Self::Number(t.micros()))
            }
            (Kind::Guid, Value::String(text)) => parse_uuid(text).map_or_else(
                || Self::Text(name::key(text)),
                |u| Self::Text(u.to_string()),
            ),
            (_, Value::String(text)) => Self::Text(name::key(text)),
            (_, Value::Bool(b)) => Self::Bool(*b),
            (_, Value::Number(n)) => n.as_i64().map_or(Self::Missing, Self::Number),
            _ => Self::Missing,
        }
    }
}

impl From<&Literal> for Comparable {
    fn from(literal: &Literal) -> Self {
        match literal {
            Literal::Null => Self::Missing,
            Literal::Text(text) => Self::Text(name::key(text)),
            Literal::Bool(b) => Self::Bool(*b),
            Literal::Int(n) => Self::Number(*n),
            Literal::Guid(id) => Self::Text(id.to_string()),
            Literal::Time(t) => Self::Number(t.micros()),
        }
    }
}

/// The place of a position in the order of a query.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey(Vec<Place>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Up(Comparable),
    Down(Reverse<Comparable>),
    /// Last in either direction.
    Nowhere,
}

/// The place of a position in the order of a query.
pub fn sort_key(query: &Query, position: &Position) -> SortKey {
    let key = query
        .resource
        .property(query.resource.key)
        .map_or(Kind::Text, |p| p.kind);
    let kinds = query
        .order
        .iter()
        .map(|o| (o.property.kind, o.descending))
        .chain(std::iter::once((key, newest(query))));
    let places = kinds.zip(&position.0).map(|((kind, descending), value)| {
        match (Comparable::of(kind, value), descending) {
            (Comparable::Missing, _) => Place::Nowhere,
            (value, false) => Place::Up(value),
            (value, true) => Place::Down(Reverse(value)),
        }
    });
    SortKey(places.collect())
}

/// Records have keys that grow with time: where the newest come first, the key runs down too.
fn newest(query: &Query) -> bool {
    query.order.first().is_some_and(|o| o.descending) && query.resource.listing.descending
}
