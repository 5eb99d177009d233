//! `/auditLogs/signIns` and `/auditLogs/directoryAudits`.

use comity_model::{
    audit_record::AuditRecord,
    id::parse_uuid,
    query::{Listing, Query},
    sign_in_record::SignInRecord,
};
use serde_json::{Value, json};

use super::Json;
use crate::{
    context::Context,
    error::{Error, Result},
    judge::trace,
    snapshot::past,
};

/// A record as Graph shows it, with both clouds named.
pub(super) fn sign_in(record: &SignInRecord) -> Json {
    let mut object = record.properties.clone();
    let side = |side: &Option<comity_model::federation::HomeTenant>| {
        side.as_ref().map_or((Value::Null, Value::Null), |s| {
            (json!(s.tenant), json!(s.cloud))
        })
    };
    let (home_tenant, home_cloud) = side(&record.home);
    let (resource_tenant, resource_cloud) = side(&record.resource_tenant);
    for (name, value) in [
        ("id", json!(record.id)),
        ("createdDateTime", json!(record.created)),
        ("correlationId", json!(record.correlation_id)),
        (
            "userId",
            json!(record.user.map(|u| u.to_string()).unwrap_or_default()),
        ),
        ("userPrincipalName", json!(record.user_principal_name)),
        ("userDisplayName", json!(record.user_display_name)),
        ("appId", json!(record.app)),
        ("resourceId", json!(record.resource)),
        ("isInteractive", json!(record.is_interactive)),
        ("homeTenantId", home_tenant),
        ("homeCloud", home_cloud),
        ("resourceTenantId", resource_tenant),
        ("resourceCloud", resource_cloud),
        ("signInEventTypes", json!([record.event])),
    ] {
        object.insert(name.into(), value);
    }
    object
}

pub(super) fn audit(record: &AuditRecord) -> Json {
    let mut object = record.properties.clone();
    for (name, value) in [
        ("id", json!(record.id)),
        ("activityDateTime", json!(record.created)),
        ("activityDisplayName", json!(record.activity)),
        ("category", json!(record.category)),
        ("correlationId", json!(record.correlation_id)),
        ("result", json!(record.result)),
        ("initiatedBy", Value::Object(record.initiated_by.clone())),
    ] {
        object.insert(name.into(), value);
    }
    object
}

pub(super) async fn list_sign_ins(cx: &Context, query: &Query) -> Result<Listing> {
    let read = cx.app.store().read();
    let records = read.tenant(cx.tenant()?).sign_in_records();
    Ok(records.list(query, sign_in).await?)
}

pub(super) async fn list_audits(cx: &Context, query: &Query) -> Result<Listing> {
    let read = cx.app.store().read();
    let records = read.tenant(cx.tenant()?).audit_records();
    Ok(records.list(query, audit).await?)
}

pub(super) async fn find_sign_in(cx: &Context, text: &str) -> Result<Json> {
    let id = parse_uuid(text).ok_or(Error::NotFound)?;
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .sign_in_records()
        .find(id)
        .await?;
    let record = found.ok_or(Error::NotFound)?;
    let mut object = sign_in(&record);
    if let Some(facts) = &record.facts {
        // Taken again: what the list leaves out, since it is read for one attempt at a time.
        let snapshot = past::at(cx, cx.tenant()?, facts.policy_version).await?;
        let trace = trace::of(cx.app.registry(), &snapshot, facts);
        object.insert("crossTenantAccessResult".into(), trace);
    }
    Ok(object)
}

pub(super) async fn find_audit(cx: &Context, text: &str) -> Result<Json> {
    let id = parse_uuid(text).ok_or(Error::NotFound)?;
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .audit_records()
        .find(id)
        .await?;
    found.as_ref().map(audit).ok_or(Error::NotFound)
}
