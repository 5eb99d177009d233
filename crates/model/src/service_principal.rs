//! An application as it acts in one tenant.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{id::Id, time::Utc};

/// A service principal.
#[derive(Debug, Clone, PartialEq)]
pub struct ServicePrincipal {
    pub id: Id<ServicePrincipal>,
    pub app_id: Uuid,
    pub display_name: String,
    pub account_enabled: bool,
    pub app_role_assignment_required: bool,
    pub created: Utc,
    pub deleted: Option<Utc>,
    pub version: i64,
    /// The other Graph properties: `appRoles`, `oauth2PermissionScopes`, `homepage`, `tags`,
    /// `replyUrls`, `servicePrincipalNames`, …
    pub properties: Map<String, Value>,
}
