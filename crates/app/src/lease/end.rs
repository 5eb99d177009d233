//! The end of a lease: what stands on it ends in the same transaction.

use comity_model::{
    federation::{HomeTenant, Lease},
    id::Id,
    session::Session,
    sign_in_record::SignInRecord,
    tenant::Tenant,
};
use serde_json::{Map, Value, json};

use super::home_of;
use crate::{context::Context, error::Result, record, snapshot::Snapshot};

/// Ends a lease with its token families and the guest's account in the browser's session, and
/// records why.
pub(super) async fn end(cx: &Context, snapshot: &Snapshot, lease: &Lease, code: u32) -> Result<()> {
    let tenant = snapshot.tenant.id;
    let sessions = sessions(cx, tenant, lease).await?;
    let tx = cx.app.store().begin().await?;
    tx.tenant(tenant).leases().end(lease.id, cx.now).await?;
    tx.tenant(tenant)
        .revoke_families_by_lease(lease.id, cx.now)
        .await?;
    for (mut session, version) in sessions {
        session
            .accounts
            .retain(|a| (a.tenant, a.user) != (tenant, lease.user));
        // Changed meanwhile: the account names somebody there, it admits nobody (sessions.md).
        tx.cloud()
            .sessions()
            .keep_accounts(&session, version)
            .await?;
    }
    let row = row(cx, snapshot, lease, code);
    tx.tenant(tenant).sign_in_records().insert(&row).await?;
    Ok(tx.commit().await?)
}

async fn sessions(cx: &Context, tenant: Id<Tenant>, lease: &Lease) -> Result<Vec<(Session, i64)>> {
    let read = cx.app.store().read();
    let names = read.tenant(tenant).sessions_of_lease(lease.id).await?;
    let mut sessions = Vec::new();
    for id in names.iter().filter_map(|name| Id::parse(name)) {
        sessions.extend(read.cloud().sessions().find(id).await?);
    }
    Ok(sessions)
}

fn row(cx: &Context, snapshot: &Snapshot, lease: &Lease, code: u32) -> SignInRecord {
    let mut properties = Map::new();
    for (name, value) in [
        (
            "appDisplayName",
            json!(snapshot.application_name(lease.pair.client)),
        ),
        (
            "resourceDisplayName",
            json!(snapshot.application_name(lease.pair.resource)),
        ),
        ("crossTenantAccessType", json!("b2bCollaboration")),
        ("conditionalAccessStatus", json!("notApplied")),
        ("appliedConditionalAccessPolicies", Value::Array(Vec::new())),
        (
            "status",
            json!({"errorCode": code, "failureReason": record::failure(code),
                   "additionalDetails": "The lease of the home organization ended."}),
        ),
        ("ipAddress", json!(cx.client.ip)),
    ] {
        properties.insert(name.into(), value);
    }
    SignInRecord {
        id: cx.new_record_id(),
        created: cx.now,
        correlation_id: cx.correlation_id,
        user: Some(lease.user.uuid()),
        user_principal_name: lease.facts.upn.to_lowercase(),
        user_display_name: lease.facts.name.clone(),
        app: Some(lease.pair.client),
        resource: Some(lease.pair.resource),
        error_code: code,
        is_interactive: false,
        home: Some(home_of(lease)),
        resource_tenant: Some(HomeTenant {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: snapshot.tenant.id,
        }),
        facts: None,
        event: "nonInteractiveUser".into(),
        properties,
    }
}
