//! Which object or collection a request is about, and what a write says: the words between the
//! Graph edge and the use cases.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Navigation, Property, ResourceType};

/// How an object is addressed inside its collection.
#[derive(Debug, Clone)]
pub enum Key {
    /// By the key of its type, in canonical form.
    Id(String),
    /// By another property: UPN, `appId`, `roleTemplateId`.
    Alternate(&'static Property, String),
    /// The only one: a singleton, or the one object behind a relation.
    Only,
}

/// The owner of a relation.
#[derive(Debug, Clone)]
pub struct Parent {
    /// Its type.
    pub resource: &'static ResourceType,
    /// Which one.
    pub key: Key,
    /// The relation.
    pub navigation: &'static Navigation,
}

/// A collection, or the place where a single object stands.
#[derive(Debug, Clone)]
pub struct Place {
    /// The type of its objects, after a cast.
    pub resource: &'static ResourceType,
    /// The type of the collection, before a cast.
    pub declared: &'static ResourceType,
    /// The owner, if it is a relation.
    pub parent: Option<Parent>,
    /// Whether the path narrowed the type (`/members/graph.user`).
    pub cast: bool,
}

/// One object.
#[derive(Debug, Clone)]
pub struct Object {
    /// Where it stands.
    pub place: Place,
    /// Which one.
    pub key: Key,
}

/// A reference to a directory object (`{"@odata.id": "https://…/users/{id}"}`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The type that the URL names; `None` = `directoryObjects`.
    pub resource: Option<&'static ResourceType>,
    /// Which one.
    pub id: Uuid,
}

/// What a POST or PATCH writes. Only writable properties, checked by [`super::check`].
#[derive(Debug, Clone)]
pub struct Change {
    /// The type, or the derived type that the body named.
    pub resource: &'static ResourceType,
    /// Values by Graph name; `null` clears.
    pub properties: Map<String, Value>,
    /// `members@odata.bind`.
    pub bindings: Vec<(&'static Navigation, Vec<Reference>)>,
}

impl Key {
    /// As written in a path.
    pub fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Alternate(_, text) => text,
            Self::Only => "",
        }
    }
}

impl Place {
    /// A collection or singleton at its own path.
    pub const fn of(resource: &'static ResourceType) -> Self {
        Self {
            resource,
            declared: resource,
            parent: None,
            cast: false,
        }
    }

    /// The objects behind a relation of an object.
    pub fn behind(object: &Object, navigation: &'static Navigation) -> Self {
        Self {
            resource: navigation.target,
            declared: navigation.target,
            parent: Some(Parent {
                resource: object.place.resource,
                key: object.key.clone(),
                navigation,
            }),
            cast: false,
        }
    }
}

impl Object {
    /// An object of a type by its key.
    pub fn by_id(resource: &'static ResourceType, id: impl Into<String>) -> Self {
        Self {
            place: Place::of(resource),
            key: Key::Id(id.into()),
        }
    }

    /// The one object of a singleton.
    pub const fn only(resource: &'static ResourceType) -> Self {
        Self {
            place: Place::of(resource),
            key: Key::Only,
        }
    }
}
