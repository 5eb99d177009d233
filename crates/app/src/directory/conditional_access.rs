//! `/identity/conditionalAccess/policies` and `/namedLocations`.

use std::collections::BTreeMap;

use comity_model::{
    conditional_access::{ConditionalAccessPolicy, PolicyState, ValidationContext},
    id::parse_uuid,
    named_location::{FoundBy, NamedLocation},
    resource::address::Change,
};
use comity_store::conditional_access::PolicyRow;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Json,
    cross_tenant::{broken, history},
};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    permission::{Permission, authorize},
    snapshot::past,
};

const POLICY: &str = past::ACCESS;
const LOCATION: &str = past::LOCATION;

fn document(row: &PolicyRow) -> Result<Json> {
    match serde_json::from_str(&row.document).map_err(Error::internal)? {
        Value::Object(mut object) => {
            object.insert("id".into(), json!(row.id));
            object.insert("createdDateTime".into(), json!(row.created));
            object.insert("modifiedDateTime".into(), json!(row.modified));
            Ok(object)
        }
        _ => Err(Error::internal("a policy that is no object")),
    }
}

pub(super) async fn policies(cx: &Context) -> Result<Vec<Json>> {
    let rows = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .conditional_access_policies()
        .all()
        .await?;
    rows.iter().map(document).collect()
}

pub(super) async fn locations(cx: &Context) -> Result<Vec<Json>> {
    let rows = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .named_locations()
        .all()
        .await?;
    rows.iter().map(document).collect()
}

async fn known_locations(cx: &Context) -> Result<BTreeMap<Uuid, FoundBy>> {
    let rows = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .named_locations()
        .all()
        .await?;
    let known = rows.iter().map(|row| {
        let value: Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
        Ok((row.id, read_location(&value)?.found_by()))
    });
    known.collect()
}

async fn check_policy(cx: &Context, policy: &ConditionalAccessPolicy) -> Result<()> {
    let locations = known_locations(cx).await?;
    policy
        .validate(&ValidationContext {
            locations: Some(&locations),
        })
        .map_err(broken)
}

async fn policy_row(cx: &Context, text: &str) -> Result<PolicyRow> {
    let id = parse_uuid(text).ok_or(Error::NotFound)?;
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .conditional_access_policies()
        .find(id)
        .await?;
    found.ok_or(Error::NotFound)
}

async fn location_row(cx: &Context, text: &str) -> Result<PolicyRow> {
    let id = parse_uuid(text).ok_or(Error::NotFound)?;
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .named_locations()
        .find(id)
        .await?;
    found.ok_or(Error::NotFound)
}

fn new_row(cx: &Context, id: Uuid, name: &str, state: &str, document: &Json) -> PolicyRow {
    PolicyRow {
        id,
        display_name: name.to_owned(),
        state: state.to_owned(),
        document: Value::Object(document.clone()).to_string(),
        created: cx.now,
        modified: None,
        version: 1,
    }
}

fn read_policy(value: &Value) -> Result<ConditionalAccessPolicy> {
    ConditionalAccessPolicy::from_graph(value).map_err(|e| Error::invalid(e.field, e.message))
}

pub(super) async fn create_policy(cx: &Context, change: Change) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteConditionalAccess)?;
    let id = cx.new_uuid();
    let mut properties = change.properties;
    // A new policy that names no kind of client app is for every kind, as the original's.
    if let Some(Value::Object(conditions)) = properties.get_mut("conditions") {
        conditions
            .entry("clientAppTypes")
            .or_insert_with(|| json!(["all"]));
    }
    let mut policy = read_policy(&Value::Object(properties))?;
    check_policy(cx, &policy).await?;
    policy.id = Some(id.to_string());
    let row = new_row(
        cx,
        id,
        &policy.display_name,
        policy.state.as_str(),
        &policy.to_graph(),
    );
    let activity = Activity::new("Policy", "Add conditional access policy")
        .target("Policy", id, &policy.display_name)
        .changed("ConditionalAccessPolicy", None, Some(row.document.clone()));
    let change = grant.begin().await?;
    change
        .tables()
        .conditional_access_policies()
        .insert(&row)
        .await?;
    history(cx, &change, POLICY, &id.to_string(), Some(&row.document)).await?;
    change.commit(&activity).await?;
    document(&row)
}

pub(super) async fn update_policy(cx: &Context, text: &str, change: Change) -> Result<()> {
    let mut row = policy_row(cx, text).await?;
    let grant = authorize(cx, Permission::WriteConditionalAccess)?;
    let before: Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let policy = read_policy(&before)?
        .patched(&change.properties)
        .map_err(|e| Error::invalid(e.field, e.message))?;
    check_policy(cx, &policy).await?;
    policy.display_name.clone_into(&mut row.display_name);
    policy.state.as_str().clone_into(&mut row.state);
    let old = std::mem::replace(
        &mut row.document,
        Value::Object(policy.to_graph()).to_string(),
    );
    row.modified = Some(cx.now);
    let activity = Activity::new("Policy", "Update conditional access policy")
        .target("Policy", row.id, &row.display_name)
        .changed(
            "ConditionalAccessPolicy",
            Some(old),
            Some(row.document.clone()),
        );
    let change = grant.begin().await?;
    change
        .tables()
        .conditional_access_policies()
        .update(&row)
        .await?;
    history(
        cx,
        &change,
        POLICY,
        &row.id.to_string(),
        Some(&row.document),
    )
    .await?;
    change.commit(&activity).await
}

pub(super) async fn delete_policy(cx: &Context, text: &str) -> Result<()> {
    let row = policy_row(cx, text).await?;
    let grant = authorize(cx, Permission::WriteConditionalAccess)?;
    let activity = Activity::new("Policy", "Delete conditional access policy")
        .target("Policy", row.id, &row.display_name)
        .changed("ConditionalAccessPolicy", Some(row.document.clone()), None);
    let change = grant.begin().await?;
    change
        .tables()
        .conditional_access_policies()
        .soft_delete(row.id, cx.now)
        .await?;
    history(cx, &change, POLICY, &row.id.to_string(), None).await?;
    change.commit(&activity).await
}

fn read_location(value: &Value) -> Result<NamedLocation> {
    NamedLocation::from_graph(value).map_err(|e| Error::invalid(e.field, e.message))
}

pub(super) async fn create_location(cx: &Context, change: Change) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteNamedLocations)?;
    let id = cx.new_uuid();
    let mut body = change.properties;
    body.insert(
        "@odata.type".into(),
        json!(format!("#microsoft.graph.{}", change.resource.name)),
    );
    let mut location = read_location(&Value::Object(body))?;
    location.validate().map_err(broken)?;
    location.id = Some(id);
    let row = new_row(cx, id, &location.display_name, "", &location.to_graph());
    let activity = Activity::new("Policy", "Add named location")
        .target("Policy", id, &location.display_name)
        .changed("NamedLocation", None, Some(row.document.clone()));
    let change = grant.begin().await?;
    change.tables().named_locations().insert(&row).await?;
    history(cx, &change, LOCATION, &id.to_string(), Some(&row.document)).await?;
    change.commit(&activity).await?;
    document(&row)
}

pub(super) async fn update_location(cx: &Context, text: &str, change: Change) -> Result<()> {
    let mut row = location_row(cx, text).await?;
    let grant = authorize(cx, Permission::WriteNamedLocations)?;
    let before: Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
    let kind = before.get("@odata.type").and_then(Value::as_str);
    let named = change.resource.name;
    // The body may name the type that the location has; the base type says nothing.
    if named != "namedLocation" && !kind.is_some_and(|kind| kind.ends_with(&format!(".{named}"))) {
        return Err(Error::invalid(
            "@odata.type",
            "the type of a named location cannot be changed: make another location",
        ));
    }
    let location = read_location(&before)?
        .patched(&change.properties)
        .map_err(|e| Error::invalid(e.field, e.message))?;
    location.validate().map_err(broken)?;
    check_users_of(cx, row.id, &location).await?;
    location.display_name.clone_into(&mut row.display_name);
    let old = std::mem::replace(
        &mut row.document,
        Value::Object(location.to_graph()).to_string(),
    );
    row.modified = Some(cx.now);
    let activity = Activity::new("Policy", "Update named location")
        .target("Policy", row.id, &row.display_name)
        .changed("NamedLocation", Some(old), Some(row.document.clone()));
    let change = grant.begin().await?;
    change.tables().named_locations().update(&row).await?;
    history(
        cx,
        &change,
        LOCATION,
        &row.id.to_string(),
        Some(&row.document),
    )
    .await?;
    change.commit(&activity).await
}

/// No policy that counts may come to name what it could not have named when it was written.
async fn check_users_of(cx: &Context, id: Uuid, location: &NamedLocation) -> Result<()> {
    let known = BTreeMap::from([(id, location.found_by())]);
    let read = cx.app.store().read();
    let scoped = read.tenant(cx.tenant()?);
    for row in scoped.conditional_access_policies().all().await? {
        let value: Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
        let policy = read_policy(&value)?;
        if policy.state != PolicyState::Disabled && policy.by_country(&known).is_some() {
            return Err(Error::invalid(
                "includeUnknownCountriesAndRegions",
                format!(
                    "the policy `{}` names the location, and the country of a sign-in is not known \
                     to this server: disable the policy first",
                    policy.display_name
                ),
            ));
        }
    }
    Ok(())
}

/// A location that a policy names, or that is trusted, stays.
pub(super) async fn delete_location(cx: &Context, text: &str) -> Result<()> {
    let row = location_row(cx, text).await?;
    let grant = authorize(cx, Permission::WriteNamedLocations)?;
    let id = row.id.to_string();
    let rows = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .conditional_access_policies()
        .all()
        .await?;
    if let Some(policy) = rows.iter().find(|p| p.document.contains(&id)) {
        return Err(Error::invalid(
            "id",
            format!(
                "the location is named by the policy `{}`: take it out there first",
                policy.display_name
            ),
        ));
    }
    let activity = Activity::new("Policy", "Delete named location").target(
        "Policy",
        row.id,
        &row.display_name,
    );
    let change = grant.begin().await?;
    change
        .tables()
        .named_locations()
        .soft_delete(row.id, cx.now)
        .await?;
    history(cx, &change, LOCATION, &id, None).await?;
    change.commit(&activity).await
}
