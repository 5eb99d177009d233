//! Directory roles held by users, groups or service principals, tenant-wide or over one application.

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
    /// The application or service principal that it is limited to; `None` = the whole tenant.
    pub scope: Option<Uuid>,
    pub created: Utc,
}
