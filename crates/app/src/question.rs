//! What one cloud asks another (cross-cloud-federation.md §4): tenants by ID, invitees by UPN.
//!
//! Tenants of the own cloud are answered here. The questions to other clouds are not built yet:
//! they are refused, never guessed.

use std::collections::BTreeSet;

use comity_model::{
    federation::{GroupAnswer, HomeTenant},
    id::Id,
    tenant::{Tenant, TenantInformation},
    user::User,
};
use uuid::Uuid;

use crate::{
    context::Context,
    error::{Error, Result},
};

/// An invitee as home knows her.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundInvitee {
    pub object: Id<User>,
    pub upn: String,
    pub groups: GroupAnswer,
}

/// What an organization of this cloud tells of itself.
pub async fn own_tenant(cx: &Context, id: Id<Tenant>) -> Result<TenantInformation> {
    let read = cx.app.store().read();
    let tenant = read.cloud().find_tenant(id).await?.ok_or(Error::NotFound)?;
    let domains = read.tenant(id).domains().await?;
    let default = domains
        .iter()
        .find(|d| d.is_default)
        .or_else(|| domains.first());
    Ok(TenantInformation {
        cloud: cx.app.registry().own.canonical_name.clone(),
        tenant_id: id,
        display_name: tenant.display_name,
        default_domain_name: default.map(|d| d.name.clone()).unwrap_or_default(),
        domains: domains.iter().map(|d| d.name.clone()).collect(),
    })
}

/// *Add organization*: by ID, in the own directory.
pub async fn find_tenant(
    cx: &Context,
    id: Id<Tenant>,
    cloud: Option<&str>,
) -> Result<TenantInformation> {
    let own = cx.app.registry().own.canonical_name.as_str();
    match cloud {
        Some(other) if other != own => Err(not_asked(other)),
        _ => own_tenant(cx, id).await,
    }
}

/// An invitee of another cloud.
#[expect(clippy::unused_async, reason = "awaits once the other cloud is asked")]
pub async fn invitee(
    _: &Context,
    home: &HomeTenant,
    _upn: &str,
    _groups: &BTreeSet<Uuid>,
) -> Result<FoundInvitee> {
    Err(not_asked(home.cloud.as_str()))
}

fn not_asked(cloud: &str) -> Error {
    Error::Upstream {
        cloud: cloud.to_owned(),
        reason: "questions to other clouds are not available in this version".to_owned(),
    }
}
