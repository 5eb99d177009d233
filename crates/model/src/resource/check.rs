//! Reading the body of a POST or PATCH by the description (graph/odata-conventions.md §1, §11).
//!
//! 1. A name that the type does not have is refused; one that differs only in case names both.
//! 2. Annotations (`@odata.…`, `x@odata.…`, `#action`) are no properties; `x@odata.bind` is a list
//!    of references where the description allows it.
//! 3. A value of another type, too long, outside its list or with a NUL is refused by name; so is a
//!    list of too many values.
//! 4. POST: `null` is the same as absent; a required property must have a value; what nobody sets
//!    gets its initial value.
//! 5. PATCH: absent stays, `null` clears, where `null` is allowed.
//! 6. What may not be written is refused in POST unless `null`; in PATCH it is handed back in
//!    [`Body::repeated`], because a client may repeat the present value.
//! 7. GUIDs become lower case with dashes, times UTC; nothing else is changed.
//! 8. Where there are derived types, POST must say which.

use serde_json::{Map, Value};

use super::{Access, Initial, Kind, Navigation, Property, ResourceType, find, strip_namespace};
use crate::{id::parse_uuid, time::Utc};

/// What a body says.
#[derive(Debug, Clone)]
pub struct Body {
    /// The type, or the derived type that the body names.
    pub resource: &'static ResourceType,
    /// Values to write, by Graph name.
    pub properties: Map<String, Value>,
    /// Values that may not be written, to be compared with the present ones.
    pub repeated: Map<String, Value>,
    /// `members@odata.bind`: URLs as sent.
    pub bindings: Vec<(&'static Navigation, Vec<String>)>,
}

/// The broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The type has no such property.
    Unknown,
    /// It has one spelled so.
    Case(String),
    /// The value has another type than this.
    Type(String),
    /// Never written, or only when the object is made.
    ReadOnly,
    /// `null` is not allowed.
    Null,
    /// A value is required.
    Missing,
    /// Longer than this many characters.
    TooLong(usize),
    /// More values than this.
    TooMany(usize),
    /// Not one of these words.
    Word(Vec<&'static str>),
    /// Contains the character NUL.
    Character,
    /// `@odata.type` is missing or names no type that fits; these fit.
    Derived(Vec<String>),
    /// No references can be bound here.
    Binding,
}

/// A property of a body that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path of the property, with slashes.
    pub property: String,
    /// Graph's type name.
    pub type_name: String,
    /// `User`
    pub title: String,
    /// The rule.
    pub rule: Rule,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            property,
            type_name,
            title,
            rule,
        } = self;
        let invalid =
            format!("Invalid value specified for property '{property}' of resource '{title}'.");
        match rule {
            Rule::Unknown => write!(
                f,
                "Could not find a property named '{property}' on type 'microsoft.graph.{type_name}'."
            ),
            Rule::Case(right) => write!(
                f,
                "Invalid property '{property}'. Names are case-sensitive: type 'microsoft.graph.{type_name}' has '{right}'."
            ),
            Rule::Type(expected) => write!(f, "{invalid} Expected {expected}."),
            Rule::ReadOnly => write!(f, "Property '{property}' is read-only and cannot be set."),
            Rule::Null => write!(f, "{invalid} It cannot be null."),
            Rule::Missing => {
                write!(
                    f,
                    "A value is required for property '{property}' of resource '{title}'."
                )
            }
            Rule::TooLong(max) => write!(f, "{invalid} It is longer than {max} characters."),
            Rule::TooMany(most) => write!(f, "{invalid} It has more than {most} values."),
            Rule::Word(words) => write!(f, "{invalid} Expected one of: {}.", words.join(", ")),
            Rule::Character => write!(f, "{invalid} It contains the character U+0000."),
            Rule::Derived(types) => {
                write!(f, "{invalid} Expected one of: {}.", types.join(", "))
            }
            Rule::Binding => write!(
                f,
                "References cannot be set with '{property}' on type 'microsoft.graph.{type_name}'."
            ),
        }
    }
}

impl std::error::Error for Fault {}

/// Where in a body we are.
struct Place<'a> {
    path: String,
    type_name: &'a str,
    title: &'a str,
}

impl Place<'_> {
    fn fault(&self, name: &str, rule: Rule) -> Fault {
        Fault {
            property: join(&self.path, name),
            type_name: self.type_name.to_owned(),
            title: self.title.to_owned(),
            rule,
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}/{name}")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Create,
    Update,
}

/// Reads the body of a POST.
pub fn create(resource: &'static ResourceType, body: &Map<String, Value>) -> Result<Body, Fault> {
    let resource = derived(resource, body, Mode::Create)?;
    let mut read = read(resource, body, Mode::Create)?;
    let title = resource.title();
    let place = Place {
        path: String::new(),
        type_name: resource.name,
        title: &title,
    };
    for property in resource.properties {
        let absent = match read.properties.get(property.name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(_) => false,
        };
        if property.required && absent {
            return Err(place.fault(property.name, Rule::Missing));
        }
        let writable = matches!(property.access, Access::Write | Access::Create);
        if writable && absent && property.initial != Initial::Null {
            read.properties
                .entry(property.name)
                .or_insert_with(|| property.initial_value());
        }
    }
    Ok(read)
}

/// Reads the body of a PATCH.
pub fn update(resource: &'static ResourceType, body: &Map<String, Value>) -> Result<Body, Fault> {
    read(derived(resource, body, Mode::Update)?, body, Mode::Update)
}

/// Reads the parameters of an action.
pub fn parameters(
    action: &str,
    properties: &'static [Property],
    body: &Map<String, Value>,
) -> Result<Map<String, Value>, Fault> {
    let place = Place {
        path: String::new(),
        type_name: action,
        title: action,
    };
    let read = members(&place, properties, body)?;
    match properties
        .iter()
        .find(|p| p.required && read.get(p.name).is_none_or(Value::is_null))
    {
        Some(missing) => Err(place.fault(missing.name, Rule::Missing)),
        None => Ok(read),
    }
}

/// Writes a change over the present values: complex values merge member by member, everything
/// else is replaced (odata-conventions.md §11).
pub fn merge(
    resource: &ResourceType,
    present: &mut Map<String, Value>,
    change: Map<String, Value>,
) {
    for (name, value) in change {
        let kind = resource.property(&name).filter(|p| !p.many).map(|p| p.kind);
        merge_value(kind, present, name, value);
    }
}

fn merge_value(kind: Option<Kind>, present: &mut Map<String, Value>, name: String, value: Value) {
    if let (Some(Kind::Complex(shape)), Value::Object(change)) = (kind, &value)
        && let Some(Value::Object(old)) = present.get_mut(&name)
    {
        for (member, new) in change {
            let kind = shape
                .members
                .iter()
                .find(|m| m.name == member && !m.many)
                .map(|m| m.kind);
            merge_value(kind, old, member.clone(), new.clone());
        }
        return;
    }
    present.insert(name, value);
}

fn derived(
    resource: &'static ResourceType,
    body: &Map<String, Value>,
    mode: Mode,
) -> Result<&'static ResourceType, Fault> {
    let title = resource.title();
    let place = Place {
        path: String::new(),
        type_name: resource.name,
        title: &title,
    };
    let fits = || {
        let types: &[&ResourceType] = if resource.derived.is_empty() {
            &[resource]
        } else {
            resource.derived
        };
        Rule::Derived(
            types
                .iter()
                .map(|t| format!("#{}", t.full_name()))
                .collect(),
        )
    };
    match body.get("@odata.type") {
        Some(Value::String(name)) => match find(name) {
            Some(named) if named.is_a(resource) && strip_namespace(name) == named.name => Ok(named),
            _ => Err(place.fault("@odata.type", fits())),
        },
        None if resource.derived.is_empty() || mode == Mode::Update => Ok(resource),
        _ => Err(place.fault("@odata.type", fits())),
    }
}

fn read(
    resource: &'static ResourceType,
    body: &Map<String, Value>,
    mode: Mode,
) -> Result<Body, Fault> {
    let title = resource.title();
    let place = Place {
        path: String::new(),
        type_name: resource.name,
        title: &title,
    };
    let mut read = Body {
        resource,
        properties: Map::new(),
        repeated: Map::new(),
        bindings: Vec::new(),
    };
    for (name, value) in body {
        if let Some(navigation) = name.strip_suffix("@odata.bind") {
            let found = resource
                .navigations
                .iter()
                .find(|n| n.bind && n.name == navigation);
            let found = found.ok_or_else(|| place.fault(name, Rule::Binding))?;
            read.bindings.push((found, urls(&place, name, value)?));
        } else if !is_annotation(name) {
            let property = property(&place, resource, name)?;
            let checked = check(&place, property, value)?;
            put(&place, &mut read, property, checked, mode)?;
        }
    }
    Ok(read)
}

fn put(
    place: &Place<'_>,
    read: &mut Body,
    property: &Property,
    value: Value,
    mode: Mode,
) -> Result<(), Fault> {
    let writable = match property.access {
        Access::Write | Access::Secret => true,
        Access::Create => mode == Mode::Create,
        Access::Read => false,
    };
    match (mode, writable) {
        (Mode::Create, _) if value.is_null() && (property.nullable || !writable) => {}
        (_, true) if value.is_null() && !property.nullable => {
            return Err(place.fault(property.name, Rule::Null));
        }
        (_, true) => {
            read.properties.insert(property.name.to_owned(), value);
        }
        (Mode::Update, false) => {
            read.repeated.insert(property.name.to_owned(), value);
        }
        (Mode::Create, false) => return Err(place.fault(property.name, Rule::ReadOnly)),
    }
    Ok(())
}

fn urls(place: &Place<'_>, name: &str, value: &Value) -> Result<Vec<String>, Fault> {
    let texts = |list: &[Value]| -> Option<Vec<String>> {
        list.iter().map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let read = match value {
        Value::String(url) => Some(vec![url.clone()]),
        Value::Array(list) => texts(list),
        _ => None,
    };
    read.ok_or_else(|| place.fault(name, Rule::Type("a list of URLs".into())))
}

fn is_annotation(name: &str) -> bool {
    name.contains('@') || name.starts_with('#')
}

fn property(
    place: &Place<'_>,
    resource: &ResourceType,
    name: &str,
) -> Result<&'static Property, Fault> {
    resource.property(name).ok_or_else(|| {
        let rule = resource
            .spelled(name)
            .map_or(Rule::Unknown, |right| Rule::Case(right.into()));
        place.fault(name, rule)
    })
}

fn members(
    place: &Place<'_>,
    properties: &'static [Property],
    object: &Map<String, Value>,
) -> Result<Map<String, Value>, Fault> {
    let mut read = Map::new();
    for (name, value) in object.iter().filter(|(name, _)| !is_annotation(name)) {
        let Some(member) = properties.iter().find(|m| m.name == name) else {
            let near = properties
                .iter()
                .find(|m| m.name.eq_ignore_ascii_case(name));
            let rule = near.map_or(Rule::Unknown, |m| Rule::Case(m.name.into()));
            return Err(place.fault(name, rule));
        };
        read.insert(name.clone(), check(place, member, value)?);
    }
    Ok(read)
}

fn check(place: &Place<'_>, property: &'static Property, value: &Value) -> Result<Value, Fault> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(list) if property.many => {
            if list.len() > property.most {
                return Err(place.fault(property.name, Rule::TooMany(property.most)));
            }
            let list = list
                .iter()
                .map(|v| one(place, property, v))
                .collect::<Result<_, _>>()?;
            Ok(Value::Array(list))
        }
        _ if property.many => {
            let expected = format!("Collection({})", property.kind.type_name());
            Err(place.fault(property.name, Rule::Type(expected)))
        }
        _ => one(place, property, value),
    }
}

fn one(place: &Place<'_>, property: &'static Property, value: &Value) -> Result<Value, Fault> {
    let fault = |rule| place.fault(property.name, rule);
    let wrong = || fault(Rule::Type(property.kind.type_name()));
    match (property.kind, value) {
        (Kind::Text | Kind::Binary, Value::String(text)) => {
            if text.contains('\0') {
                return Err(fault(Rule::Character));
            }
            if text.chars().count() > property.max {
                return Err(fault(Rule::TooLong(property.max)));
            }
            Ok(value.clone())
        }
        (Kind::Words(words) | Kind::Enum(_, words), Value::String(text)) => {
            if words.contains(&text.as_str()) {
                Ok(value.clone())
            } else {
                Err(fault(Rule::Word(words.to_vec())))
            }
        }
        (Kind::Bool, Value::Bool(_)) | (Kind::Document(_), Value::Object(_)) => Ok(value.clone()),
        (Kind::Int, Value::Number(n)) => n
            .as_i64()
            .filter(|n| i32::try_from(*n).is_ok())
            .map(Value::from)
            .ok_or_else(wrong),
        (Kind::Guid, Value::String(text)) => parse_uuid(text)
            .map(|u| Value::from(u.to_string()))
            .ok_or_else(wrong),
        (Kind::Time, Value::String(text)) => Utc::parse(text)
            .map(|t| Value::from(t.to_rfc3339()))
            .ok_or_else(wrong),
        (Kind::Complex(shape), Value::Object(object)) => {
            let inner = Place {
                path: join(&place.path, property.name),
                type_name: shape.name,
                title: place.title,
            };
            members(&inner, shape.members, object).map(Value::Object)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
