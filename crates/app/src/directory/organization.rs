//! `/organization`, `/domains`, and other organisations by ID or domain.

use comity_model::{
    id::{Id, parse_uuid},
    name::DomainName,
    resource::address::Change,
    tenant::TenantInformation,
};
use serde_json::{Value, json};

use super::{
    Json,
    wire::{merge, take_text},
};
use crate::{
    audit::Activity,
    context::{Actor, Context},
    error::{Error, Result},
    link,
    permission::{Permission, authorize},
    question,
};

pub(super) async fn find(cx: &Context) -> Result<Json> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let tenant = &snapshot.tenant;
    let domains: Vec<Value> = snapshot
        .domains
        .iter()
        .map(|d| {
            json!({"capabilities": "Email", "isDefault": d.is_default, "isInitial": d.is_initial, "name": d.name, "type": "Managed"})
        })
        .collect();
    let mut object = tenant.properties.clone();
    for (name, value) in [
        ("id", json!(tenant.id)),
        ("displayName", json!(tenant.display_name)),
        ("createdDateTime", json!(tenant.created)),
        ("verifiedDomains", Value::Array(domains)),
        ("tenantType", json!("AAD")),
    ] {
        object.insert(name.into(), value);
    }
    Ok(object)
}

pub(super) async fn update(cx: &Context, text: &str, change: Change) -> Result<()> {
    let tenant = cx.tenant()?;
    if !text.is_empty() && parse_uuid(text) != Some(tenant.uuid()) {
        return Err(Error::NotFound);
    }
    let grant = authorize(cx, Permission::WriteOrganization)?;
    let change_tx = grant.begin().await?;
    let tables = change_tx.tables();
    tables.lock_self().await?;
    let mut kept = tables.find_self().await?.ok_or(Error::NotFound)?;
    let mut properties = change.properties;
    link::check(&properties)?;
    let mut activity = Activity::new("DirectoryManagement", "Set company information").target(
        "Directory",
        tenant.uuid(),
        &kept.display_name,
    );
    for (name, value) in &properties {
        activity = activity.changed(name, None, Some(value.to_string()));
    }
    if let Some(name) = take_text(&mut properties, "displayName") {
        kept.display_name = name;
    }
    merge(&mut kept.properties, properties);
    tables.rename_self(&kept).await?;
    change_tx.commit(&activity).await
}

pub(super) async fn domains(cx: &Context) -> Result<Vec<Json>> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    Ok(snapshot
        .domains
        .iter()
        .filter_map(|d| {
            let value = json!({
                "id": d.name, "authenticationType": "Managed", "availabilityStatus": null, "isAdminManaged": true,
                "isDefault": d.is_default, "isInitial": d.is_initial, "isRoot": true, "isVerified": true,
                "passwordNotificationWindowInDays": null, "passwordValidityPeriodInDays": null,
                "supportedServices": ["Email"], "state": null, "model": null, "manufacturer": null,
            });
            match value {
                Value::Object(map) => Some(map),
                _ => None,
            }
        })
        .collect())
}

fn information(found: &TenantInformation) -> Json {
    let value = json!({
        "tenantId": found.tenant_id, "federationBrandName": null, "displayName": found.display_name,
        "defaultDomainName": found.default_domain_name, "cloud": found.cloud,
    });
    match value {
        Value::Object(map) => map,
        _ => Json::new(),
    }
}

/// Guests of whatever kind find nobody: the answer would tell who exists.
fn may_look(cx: &Context) -> Result<()> {
    match &cx.actor {
        Actor::User(a) if a.is_guest && a.roles.is_empty() => Err(Error::Forbidden(
            "Insufficient privileges to complete the operation.".into(),
        )),
        _ => Ok(()),
    }
}

pub(super) async fn find_by_id(cx: &Context, argument: &str) -> Result<Json> {
    may_look(cx)?;
    let id = parse_uuid(argument)
        .ok_or_else(|| Error::invalid("tenantId", "`tenantId` must be a GUID with dashes"))?;
    Ok(information(
        &question::find_tenant(cx, Id::new(id), None).await?,
    ))
}

/// A domain finds organisations of this cloud only; across clouds an ID is needed.
pub(super) async fn find_by_domain(cx: &Context, argument: &str) -> Result<Json> {
    may_look(cx)?;
    let domain = DomainName::parse(argument)
        .map_err(|e| Error::invalid("domainName", format!("the domain name {e}")))?;
    let found = cx
        .app
        .store()
        .read()
        .cloud()
        .find_tenant_by_domain(domain.as_str())
        .await?;
    let Some(tenant) = found else {
        return Err(Error::invalid(
            "domainName",
            format!(
                "no organization of this cloud has the domain `{domain}`: a domain finds organizations of this cloud \
                 only; for an organization of another cloud, ask its administrator for the tenant ID"
            ),
        ));
    };
    Ok(information(&question::own_tenant(cx, tenant.id).await?))
}
