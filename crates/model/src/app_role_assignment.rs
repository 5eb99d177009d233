//! Who may use an application, and in which of its roles.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{group::ObjectKind, id::Id, service_principal::ServicePrincipal, time::Utc};

/// One assignment. Its Graph ID is the base64url text of [`AppRoleAssignment::id`].
#[derive(Debug, Clone, PartialEq)]
pub struct AppRoleAssignment {
    pub id: Uuid,
    pub principal: Uuid,
    pub principal_kind: ObjectKind,
    pub resource: Id<ServicePrincipal>,
    /// All zeros: access without a role of its own.
    pub app_role: Uuid,
    pub created: Utc,
}

/// A role that an application offers (`appRoles` of Graph).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRole {
    pub id: Uuid,
    pub value: Option<String>,
    #[serde(default)]
    pub display_name: String,
    #[serde(default)]
    pub allowed_member_types: Vec<String>,
    #[serde(default)]
    pub is_enabled: bool,
}
