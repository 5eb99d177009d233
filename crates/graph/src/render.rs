//! Objects as they are served: the properties asked for, or the usual ones, in the order of the
//! description; annotations by metadata level (odata-conventions.md §4).

use comity_model::resource::{Access, Kind, Property, ResourceType, address::Place, find};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::odata::Expand;

/// `odata.metadata` of the `Accept` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metadata {
    /// No annotations but links and counts.
    None,
    /// Types where they differ from the declared ones.
    #[default]
    Minimal,
    /// Types and IDs everywhere.
    Full,
}

impl Metadata {
    /// Reads `Accept`; also the older `odata=nometadata`.
    pub fn from_accept(accept: &str) -> Self {
        let accept = accept.to_ascii_lowercase().replace(' ', "");
        if accept.contains("odata.metadata=none") || accept.contains("odata=nometadata") {
            Self::None
        } else if accept.contains("odata.metadata=full") || accept.contains("odata=fullmetadata") {
            Self::Full
        } else {
            Self::Minimal
        }
    }

    /// The word in `Content-Type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Full => "full",
        }
    }
}

/// How objects of one answer are served.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Metadata level.
    pub metadata: Metadata,
    /// `https://graph.host`
    pub root: &'a str,
    /// For `@odata.id`.
    pub tenant: Uuid,
}

/// The type that an object says it has, or the declared one.
pub fn runtime_type(
    declared: &'static ResourceType,
    object: &Map<String, Value>,
) -> &'static ResourceType {
    let named = object
        .get("@odata.type")
        .and_then(Value::as_str)
        .and_then(find);
    named.unwrap_or(declared)
}

impl View<'_> {
    /// An object with the selected properties, or the usual ones and `also`.
    pub fn object(
        &self,
        declared: &'static ResourceType,
        object: &Map<String, Value>,
        select: Option<&[&'static Property]>,
        also: &Map<String, Value>,
    ) -> Map<String, Value> {
        let resource = runtime_type(declared, object);
        let mut served = Map::new();
        self.annotate(declared, resource, object, &mut served);
        let mut put = |property: &Property| {
            let value = object
                .get(property.name)
                .cloned()
                .unwrap_or_else(|| property.initial_value());
            served.insert(property.name.to_owned(), value_of(property, value));
        };
        match select {
            Some(names) => {
                // A singleton without a key of its own shows none.
                let key = resource.own_property(resource.key).filter(|p| p.shown);
                let own = names.iter().filter_map(|p| resource.own_property(p.name));
                key.into_iter().chain(own).for_each(&mut put);
            }
            None => resource
                .properties
                .iter()
                .filter(|p| p.shown || also.contains_key(p.name))
                .filter(|p| p.access != Access::Secret)
                .for_each(&mut put),
        }
        served
    }

    fn annotate(
        &self,
        declared: &ResourceType,
        resource: &ResourceType,
        object: &Map<String, Value>,
        served: &mut Map<String, Value>,
    ) {
        let differs = resource != declared;
        if self.metadata == Metadata::Full || (self.metadata == Metadata::Minimal && differs) {
            served.insert(
                "@odata.type".into(),
                format!("#{}", resource.full_name()).into(),
            );
        }
        if self.metadata == Metadata::Full
            && resource.base == "directoryObject"
            && let Some(id) = object.get("id").and_then(Value::as_str)
        {
            let (root, tenant, title) = (self.root, self.tenant, resource.title());
            let url = format!(
                "{root}/v2/{tenant}/directoryObjects/{id}/Microsoft.DirectoryServices.{title}"
            );
            served.insert("@odata.id".into(), url.into());
        }
    }
}

/// A value with the members that nobody has set, without what is never served.
pub fn value_of(property: &Property, value: Value) -> Value {
    match (property.kind, value) {
        (_, Value::Array(list)) if property.many => {
            Value::Array(list.into_iter().map(|v| one(property, v)).collect())
        }
        (_, Value::Null) if property.many => Value::Array(Vec::new()),
        (_, value) => one(property, value),
    }
}

fn one(property: &Property, value: Value) -> Value {
    let (Kind::Complex(shape), Value::Object(mut object)) = (property.kind, value.clone()) else {
        return value;
    };
    let mut served = Map::new();
    for member in shape.members {
        let value = object
            .remove(member.name)
            .unwrap_or_else(|| member.initial_value());
        let value = if member.access == Access::Secret {
            Value::Null
        } else {
            value_of(member, value)
        };
        served.insert(member.name.to_owned(), value);
    }
    // Members that the shape does not know stay: records may hold more than the schema.
    served.extend(object.into_iter().filter(|(name, _)| name != "secretHash"));
    Value::Object(served)
}

/// The fragment of `@odata.context` for a list.
pub fn list_context(
    place: &Place,
    select: Option<&[&'static Property]>,
    expand: &[Expand],
) -> String {
    format!(
        "{}{}",
        path(place, place.resource.context),
        suffix(select, expand)
    )
}

/// The fragment of `@odata.context` for one object.
pub fn entity_context(
    place: &Place,
    select: Option<&[&'static Property]>,
    expand: &[Expand],
) -> String {
    format!(
        "{}{}/$entity",
        path(place, place.resource.entity_context),
        suffix(select, expand)
    )
}

fn path(place: &Place, own: &str) -> String {
    match &place.parent {
        Some(parent) if parent.navigation.contained => format!(
            "{}('{}')/{}",
            parent.resource.entity_context,
            parent.key.text().replace('\'', "''"),
            parent.navigation.name
        ),
        _ => own.to_owned(),
    }
}

fn suffix(select: Option<&[&'static Property]>, expand: &[Expand]) -> String {
    let names = |select: &[&'static Property]| {
        select
            .iter()
            .map(|p| p.name.to_owned())
            .collect::<Vec<_>>()
            .join(",")
    };
    let mut parts: Vec<String> = select.map(|s| vec![names(s)]).unwrap_or_default();
    for item in expand {
        let inner = item.select.as_deref().map(names).unwrap_or_default();
        parts.push(format!("{}({inner})", item.navigation.name));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!("({})", parts.join(","))
    }
}

#[cfg(test)]
mod tests;
