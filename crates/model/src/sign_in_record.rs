//! Sign-in records (`/auditLogs/signIns`): each tenant what it saw (federation §3).

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{facts::Facts, federation::HomeTenant, time::Utc};

/// One record. Written once, never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct SignInRecord {
    /// Version 7: ordered by time.
    pub id: Uuid,
    pub created: Utc,
    pub correlation_id: Uuid,
    pub user: Option<Uuid>,
    pub user_principal_name: String,
    pub user_display_name: String,
    pub app: Option<Uuid>,
    pub resource: Option<Uuid>,
    /// 0 = success, else the AADSTS number.
    pub error_code: u32,
    pub is_interactive: bool,
    pub home: Option<HomeTenant>,
    pub resource_tenant: Option<HomeTenant>,
    pub facts: Option<Facts>,
    /// `interactiveUser`, `nonInteractiveUser`, `servicePrincipal`, `crossCloudQuestion`, …
    pub event: String,
    /// The other Graph properties: `status`, `appliedConditionalAccessPolicies`, `ipAddress`,
    /// `appDisplayName`, trace, …
    pub properties: Map<String, Value>,
}
