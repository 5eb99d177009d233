//! `/policies/crossTenantAccessPolicy` with default and partners.
//!
//! Every change writes the policy's history beside it, so that a decision of the past can be taken
//! again under the policy of its time.

use comity_model::{
    cross_tenant::{
        CrossTenantAccessPolicy, CrossTenantDefault, CrossTenantPartner, ValidationContext,
        Violation,
    },
    id::{Id, parse_uuid},
    resource::address::Change,
    tenant::TenantInformation,
};
use comity_store::cross_tenant::PartnerRow;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Json,
    wire::{self, take_text},
};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    permission::{Change as Transaction, Grant, Permission, authorize},
    question,
    snapshot::past,
};

const CATEGORY: &str = "CrossTenantAccessSettings";

/// The first broken rule, with its field.
pub(super) fn broken(violations: Vec<Violation>) -> Error {
    let first = violations.into_iter().next();
    first.map_or_else(
        || Error::internal("no violation"),
        |v| Error::invalid(v.field, v.message),
    )
}

struct Root {
    policy: CrossTenantAccessPolicy,
    version: i64,
}

async fn load(cx: &Context) -> Result<Root> {
    let read = cx.app.store().read();
    match read.tenant(cx.tenant()?).cross_tenant().root().await? {
        Some((text, version)) => Ok(Root {
            policy: parse(&text)?,
            version,
        }),
        None => Ok(Root {
            policy: CrossTenantAccessPolicy::default(),
            version: 0,
        }),
    }
}

fn parse(text: &str) -> Result<CrossTenantAccessPolicy> {
    let value: Value = serde_json::from_str(text).map_err(Error::internal)?;
    CrossTenantAccessPolicy::from_graph(&value).map_err(|e| Error::internal(e.to_string()))
}

async fn store_root(cx: &Context, change: &Transaction<'_>, root: &Root) -> Result<()> {
    let text = Value::Object(root.policy.to_graph()).to_string();
    let tables = change.tables();
    tables.cross_tenant().set_root(&text, root.version).await?;
    history(cx, change, past::ROOT, "", Some(&text)).await
}

/// Writes what holds from the version that this change makes.
pub(super) async fn history(
    _cx: &Context,
    change: &Transaction<'_>,
    kind: &str,
    key: &str,
    document: Option<&str>,
) -> Result<()> {
    let tables = change.tables();
    let next = tables.policy_version().await? + 1;
    tables
        .policy_history()
        .record(kind, key, next, document)
        .await?;
    Ok(())
}

pub(super) async fn root(cx: &Context) -> Result<Json> {
    let root = load(cx).await?;
    let mut object = root.policy.rest.clone();
    object.insert("id".into(), json!("crossTenantAccessPolicy"));
    object
        .entry("displayName")
        .or_insert_with(|| json!("CrossTenantAccessPolicy"));
    object.insert(
        "allowedCloudEndpoints".into(),
        json!(root.policy.allowed_cloud_endpoints),
    );
    Ok(object)
}

pub(super) async fn update_root(cx: &Context, change: Change) -> Result<()> {
    let grant = authorize(cx, Permission::WriteAllowedClouds)?;
    let mut root = load(cx).await?;
    let mut activity = Activity::new(CATEGORY, "Update cross-tenant access policy").target(
        "Policy",
        cx.tenant()?.uuid(),
        "CrossTenantAccessPolicy",
    );
    for (name, value) in change.properties {
        if name == "allowedCloudEndpoints" {
            let clouds: Vec<String> = serde_json::from_value(value).map_err(|_| {
                Error::invalid(
                    "allowedCloudEndpoints",
                    "`allowedCloudEndpoints` is a list of cloud names",
                )
            })?;
            check_clouds(cx, &clouds)?;
            activity = activity.changed(
                "allowedCloudEndpoints",
                Some(json!(root.policy.allowed_cloud_endpoints).to_string()),
                Some(json!(clouds).to_string()),
            );
            root.policy.allowed_cloud_endpoints = clouds;
        } else {
            root.policy.rest.insert(name, value);
        }
    }
    let change = grant.begin().await?;
    store_root(cx, &change, &root).await?;
    change.commit(&activity).await
}

/// Known clouds only, and of these only those that form a supported pair with ours.
fn check_clouds(cx: &Context, clouds: &[String]) -> Result<()> {
    let registry = cx.app.registry();
    for cloud in clouds {
        if registry.others.contains_key(cloud) && !registry.is_paired(cloud) {
            return Err(Error::invalid(
                "allowedCloudEndpoints",
                format!(
                    "`{cloud}` and `{}` are not a supported pair of clouds: their organizations cannot collaborate",
                    registry.own.canonical_name
                ),
            ));
        }
    }
    let known: Vec<&str> = registry.pairs.iter().map(String::as_str).collect();
    let context = ValidationContext {
        own_cloud: &registry.own.canonical_name,
        own_tenant: cx.tenant()?.uuid(),
        known_clouds: &known,
        default: None,
    };
    context.check_clouds(clouds).map_err(broken)
}

fn default_of(policy: &CrossTenantAccessPolicy) -> CrossTenantDefault {
    policy
        .default
        .clone()
        .unwrap_or_else(CrossTenantDefault::service_default)
}

pub(super) async fn default(cx: &Context) -> Result<Json> {
    Ok(default_of(&load(cx).await?.policy).to_graph())
}

pub(super) async fn update_default(cx: &Context, change: Change) -> Result<()> {
    let grant = authorize(cx, Permission::WriteCrossTenantDefault)?;
    // Nothing but what may be repeated, `isServiceDefault` say: that customises nothing.
    if change.properties.is_empty() {
        return Ok(());
    }
    let mut root = load(cx).await?;
    let before = default_of(&root.policy);
    let after = before
        .patched(&change.properties)
        .map_err(|e| Error::invalid(e.field, e.message))?;
    let registry = cx.app.registry();
    let known: Vec<&str> = registry.pairs.iter().map(String::as_str).collect();
    let context = ValidationContext {
        own_cloud: &registry.own.canonical_name,
        own_tenant: cx.tenant()?.uuid(),
        known_clouds: &known,
        default: None,
    };
    after.validate(&context).map_err(broken)?;
    let mut activity = Activity::new(
        CATEGORY,
        "Update the company default cross-tenant access setting",
    )
    .target("Policy", cx.tenant()?.uuid(), "default");
    activity = changed(activity, &before.to_graph(), &after.to_graph());
    root.policy.default = Some(after);
    let change = grant.begin().await?;
    store_root(cx, &change, &root).await?;
    change.commit(&activity).await
}

fn changed(mut activity: Activity, before: &Json, after: &Json) -> Activity {
    for (name, value) in after {
        let old = before.get(name);
        if old != Some(value) {
            activity =
                activity.changed(name, old.map(ToString::to_string), Some(value.to_string()));
        }
    }
    activity
}

pub(super) async fn reset_default(cx: &Context) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteCrossTenantDefault)?;
    let mut root = load(cx).await?;
    root.policy.default = None;
    let activity = Activity::new(CATEGORY, "Reset the cross-tenant access default setting").target(
        "Policy",
        cx.tenant()?.uuid(),
        "default",
    );
    let change = grant.begin().await?;
    store_root(cx, &change, &root).await?;
    change.commit(&activity).await?;
    Ok(Json::new())
}

fn render(row: &PartnerRow) -> Result<Json> {
    let value: Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let mut partner =
        CrossTenantPartner::from_graph(&value).map_err(|e| Error::internal(e.to_string()))?;
    partner.tenant_id = row.tenant.uuid();
    partner.cloud = Some(row.cloud.clone());
    Ok(partner.to_graph())
}

pub(super) async fn partners(cx: &Context) -> Result<Vec<Json>> {
    let rows = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .cross_tenant()
        .partners()
        .await?;
    rows.iter().map(render).collect()
}

async fn row(cx: &Context, text: &str) -> Result<PartnerRow> {
    let id = parse_uuid(text).ok_or(Error::NotFound)?;
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .cross_tenant()
        .partner(Id::new(id))
        .await?;
    found.ok_or(Error::NotFound)
}

pub(super) async fn partner(cx: &Context, text: &str) -> Result<Json> {
    render(&row(cx, text).await?)
}

/// Which organization is to become a partner; another one than the own, and none already.
async fn wanted(cx: &Context, properties: &Json) -> Result<Uuid> {
    let text = wire::text(properties, "tenantId").unwrap_or_default();
    let id = parse_uuid(&text)
        .ok_or_else(|| Error::invalid("tenantId", "`tenantId` must be a GUID with dashes"))?;
    if id == cx.tenant()?.uuid() {
        return Err(Error::invalid(
            "tenantId",
            "`tenantId` is the own organization: a partner is another one",
        ));
    }
    if row(cx, &text).await.is_ok() {
        return Err(Error::Conflict(format!(
            "the organization `{id}` is a partner already: change its settings instead"
        )));
    }
    Ok(id)
}

/// Adds a partner: found first, by its ID, in the own directory and every ticked cloud. The
/// network is asked before the transaction begins.
pub(super) async fn create_partner(cx: &Context, change: Change) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteCrossTenantPartner)?;
    let mut properties = change.properties;
    let id = wanted(cx, &properties).await?;
    let cloud = take_text(&mut properties, "cloud");
    let found: TenantInformation = question::find_tenant(cx, Id::new(id), cloud.as_deref()).await?;
    let partner = CrossTenantPartner::from_graph(&Value::Object(properties))
        .map_err(|e| Error::invalid(e.field, e.message))?;
    let partner = CrossTenantPartner {
        cloud: Some(found.cloud.clone()),
        ..partner
    };
    validate(cx, &partner).await?;
    let published = domains(found.domains, found.default_domain_name);
    let row = PartnerRow {
        document: Value::Object(partner.to_graph()).to_string(),
        tenant: Id::new(id),
        name: found.display_name,
        domains: foreign(cx, &found.cloud, published).await?,
        cloud: found.cloud,
        created: cx.now,
        version: 1,
    };
    insert_partner(cx, grant, &row).await?;
    render(&row)
}

async fn insert_partner(cx: &Context, grant: Grant<'_>, row: &PartnerRow) -> Result<()> {
    let id = row.tenant.uuid();
    let activity = Activity::new(CATEGORY, "Add a partner to cross-tenant access setting")
        .target("Policy", id, &row.name)
        .changed("tenantId", None, Some(json!(id).to_string()))
        .changed("cloud", None, Some(json!(row.cloud).to_string()));
    let change = grant.begin().await?;
    let inserted = change.tables().cross_tenant().insert_partner(row).await;
    inserted.map_err(|e| match e {
        comity_store::Error::Conflict(_) => {
            Error::Conflict(format!("the organization `{id}` is a partner already"))
        }
        other => other.into(),
    })?;
    let (kind, key) = (past::PARTNER, id.to_string());
    history(cx, &change, kind, &key, Some(&row.document)).await?;
    change.commit(&activity).await
}

/// What an organization of this cloud has verified is that organization's, whatever one of another
/// cloud publishes (S-29).
async fn foreign(cx: &Context, cloud: &str, published: Vec<String>) -> Result<Vec<String>> {
    if cloud == cx.app.registry().own.canonical_name {
        return Ok(published);
    }
    let read = cx.app.store().read();
    let mut foreign = Vec::new();
    for domain in published {
        if read.cloud().find_tenant_by_domain(&domain).await?.is_none() {
            foreign.push(domain);
        }
    }
    Ok(foreign)
}

fn domains(mut domains: Vec<String>, default: String) -> Vec<String> {
    if !default.is_empty() && !domains.contains(&default) {
        domains.push(default);
    }
    domains
}

async fn validate(cx: &Context, partner: &CrossTenantPartner) -> Result<()> {
    let root = load(cx).await?;
    let registry = cx.app.registry();
    let known: Vec<&str> = registry.pairs.iter().map(String::as_str).collect();
    let context = ValidationContext {
        own_cloud: &registry.own.canonical_name,
        own_tenant: cx.tenant()?.uuid(),
        known_clouds: &known,
        default: root.policy.default.as_ref(),
    };
    partner.validate(&context).map_err(broken)
}

pub(super) async fn update_partner(cx: &Context, text: &str, change: Change) -> Result<()> {
    let mut row = row(cx, text).await?;
    let grant = authorize(cx, Permission::WriteCrossTenantPartner)?;
    let value = Value::Object(render(&row)?);
    let before =
        CrossTenantPartner::from_graph(&value).map_err(|e| Error::internal(e.to_string()))?;
    let after = before
        .patched(&change.properties)
        .map_err(|e| Error::invalid(e.field, e.message))?;
    validate(cx, &after).await?;
    let activity = Activity::new(CATEGORY, "Update a partner cross-tenant access setting").target(
        "Policy",
        row.tenant.uuid(),
        &row.name,
    );
    let activity = changed(activity, &before.to_graph(), &after.to_graph());
    row.document = Value::Object(after.to_graph()).to_string();
    let change = grant.begin().await?;
    change.tables().cross_tenant().update_partner(&row).await?;
    history(
        cx,
        &change,
        past::PARTNER,
        &row.tenant.to_string(),
        Some(&row.document),
    )
    .await?;
    change.commit(&activity).await
}

pub(super) async fn delete_partner(cx: &Context, text: &str) -> Result<()> {
    let row = row(cx, text).await?;
    let grant = authorize(cx, Permission::WriteCrossTenantPartner)?;
    let document: Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
    if document.get("isServiceProvider").and_then(Value::as_bool) == Some(true) {
        return Err(Error::Forbidden(
            "a service provider cannot be removed as a partner".into(),
        ));
    }
    let activity = Activity::new(
        CATEGORY,
        "Delete partner specific cross-tenant access setting",
    )
    .target("Policy", row.tenant.uuid(), &row.name)
    .changed("tenantId", Some(json!(row.tenant).to_string()), None);
    let change = grant.begin().await?;
    change
        .tables()
        .cross_tenant()
        .delete_partner(row.tenant)
        .await?;
    history(cx, &change, past::PARTNER, &row.tenant.to_string(), None).await?;
    change.commit(&activity).await
}
