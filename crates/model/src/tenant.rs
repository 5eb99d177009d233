//! Organisations and their domains.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{id::Id, time::Utc};

/// One organisation of this cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    pub id: Id<Tenant>,
    pub display_name: String,
    /// `contoso.onmicrosoft.com`.
    pub initial_domain: String,
    pub enabled: bool,
    /// Raised in every transaction that changes what a decision reads: policies, applications,
    /// service principals, grants, assignments, roles, domains.
    pub policy_version: i64,
    /// Home's switch: `accountEnabled` of *B2B Cross Cloud Worker* (federation §4). Off stops
    /// invitee and readiness questions, pushes, codes and leases.
    pub worker_enabled: bool,
    /// Whether the answer to *tenant by ID* lists the verified domains.
    pub publishes_domains: bool,
    pub created: Utc,
    /// The rest of Graph's `organization`.
    pub properties: Map<String, Value>,
}

/// A domain verified in exactly one tenant of a cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Lower case.
    pub name: String,
    pub is_default: bool,
    pub is_initial: bool,
}

/// What one tenant tells any asker about itself (federation §4, first question).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantInformation {
    /// Canonical name of the cloud asked; set by the asker, never by the answer.
    pub cloud: String,
    pub tenant_id: Id<Tenant>,
    pub display_name: String,
    pub default_domain_name: String,
    #[serde(default)]
    pub domains: Vec<String>,
}
