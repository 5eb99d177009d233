//! Audit records (`/auditLogs/directoryAudits`), written in the transaction of the change.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::time::Utc;

/// One record. Written once, never changed.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRecord {
    /// Version 7: ordered by time.
    pub id: Uuid,
    pub created: Utc,
    pub correlation_id: Uuid,
    /// `CrossTenantAccessSettings`, `UserManagement`, `Policy`, … (semantics.md §9.2).
    pub category: String,
    /// `activityDisplayName`.
    pub activity: String,
    /// `success` or `failure`.
    pub result: String,
    /// User, application or job that acted.
    pub initiated_by: Map<String, Value>,
    /// `targetResources` with `modifiedProperties`, `loggedByService`, `operationType`, …
    pub properties: Map<String, Value>,
}
