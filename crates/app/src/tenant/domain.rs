//! Domains of a tenant. A domain that is verified here is nobody else's name: from then on no
//! partner of another cloud is known by it, in any tenant of this cloud (S-29).

use comity_model::{
    id::Id,
    tenant::{Domain, Tenant},
};
use comity_store::{Tx, cross_tenant::PartnerRow};

use super::taken;
use crate::{
    audit::{Activity, audit},
    context::Context,
    error::Result,
};

/// Gives a tenant its domain.
pub(super) async fn insert(
    cx: &Context,
    tx: &Tx,
    tenant: Id<Tenant>,
    domain: &Domain,
) -> Result<()> {
    let scoped = tx.tenant(tenant);
    let inserted = scoped.insert_domain(domain).await;
    inserted.map_err(|e| taken(e, &domain.name))?;
    for other in tx.cloud().list_tenants().await? {
        take_from_partners(cx, tx, other.id, &domain.name).await?;
    }
    Ok(())
}

/// What partners published when they were added, without the domain.
async fn take_from_partners(cx: &Context, tx: &Tx, tenant: Id<Tenant>, domain: &str) -> Result<()> {
    let scoped = tx.tenant(tenant);
    let own = &cx.app.registry().own.canonical_name;
    let mut changed = false;
    for partner in scoped.cross_tenant().partners().await? {
        let named = partner.domains.iter().any(|d| d == domain);
        if !named || partner.cloud == *own {
            continue;
        }
        let kept = partner.domains.iter().filter(|d| *d != domain);
        let row = PartnerRow {
            domains: kept.cloned().collect(),
            ..partner.clone()
        };
        scoped.cross_tenant().update_partner(&row).await?;
        let activity = Activity::new(
            "CrossTenantAccessSettings",
            "Update a partner cross-tenant access setting",
        )
        .target("Policy", partner.tenant.uuid(), &partner.name)
        .changed("domains", Some(domain.to_owned()), None);
        scoped.audit_records().insert(&audit(cx, &activity)).await?;
        changed = true;
    }
    if changed {
        scoped.bump_policy_version().await?;
    }
    Ok(())
}
