//! Directory roles held by users, groups or service principals, tenant-wide.

use uuid::Uuid;

use crate::{group::ObjectKind, time::Utc};

/// One assignment (`roleManagement/directory/roleAssignments`).
#[derive(Debug, Clone, PartialEq)]
pub struct RoleAssignment {
    pub id: Uuid,
    /// Template ID of the role; also its definition ID.
    pub role: Uuid,
    pub principal: Uuid,
    pub principal_kind: ObjectKind,
    pub created: Utc,
}
