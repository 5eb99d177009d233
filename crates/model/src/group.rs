//! Groups and their members; groups nest.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{id::Id, time::Utc};

/// A group of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub id: Id<Group>,
    pub display_name: String,
    pub mail_nickname: String,
    pub mail_enabled: bool,
    pub security_enabled: bool,
    pub created: Utc,
    pub deleted: Option<Utc>,
    pub version: i64,
    /// The other Graph properties.
    pub properties: Map<String, Value>,
}

/// What a member, owner or principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    User,
    Group,
    ServicePrincipal,
}

impl ObjectKind {
    /// Graph's word, as in `principalType` and `#microsoft.graph.…`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::ServicePrincipal => "servicePrincipal",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::User),
            "group" => Some(Self::Group),
            "servicePrincipal" => Some(Self::ServicePrincipal),
            _ => None,
        }
    }
}

/// A reference to a directory object of the same tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    pub kind: ObjectKind,
    pub id: Uuid,
}
