//! Delegated permissions granted to a client (`oauth2PermissionGrants`).

use uuid::Uuid;

use crate::{id::Id, service_principal::ServicePrincipal, user::User};

/// One grant. A missing one at sign-in is error 65001.
#[derive(Debug, Clone, PartialEq)]
pub struct PermissionGrant {
    pub id: Uuid,
    pub client: Id<ServicePrincipal>,
    /// `None` = for all people of the tenant (`consentType` `AllPrincipals`).
    pub principal: Option<Id<User>>,
    pub resource: Id<ServicePrincipal>,
    /// Scope names separated by spaces.
    pub scope: String,
}
