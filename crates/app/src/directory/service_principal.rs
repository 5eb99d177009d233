//! `/servicePrincipals`.

use comity_model::{
    id::parse_uuid,
    resource::address::{Change, Key},
    service_principal::ServicePrincipal,
    well_known,
};
use serde_json::{Value, json};

use super::{
    Json, application,
    cross_tenant::history,
    owner,
    wire::{self, merge, take, take_bool, take_text},
};
use crate::{
    audit::Activity,
    context::{Actor, Context},
    error::{Error, Result},
    link,
    permission::{Permission, authorize, authorize_over, recent_factor},
    snapshot::past,
};

pub(super) async fn all(cx: &Context) -> Result<Vec<Json>> {
    let tenant = cx.tenant()?;
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    let mut objects: Vec<Json> = snapshot
        .service_principals
        .values()
        .map(|p| wire::service_principal(p, tenant.uuid()))
        .collect();
    wire::by_name(&mut objects);
    Ok(objects)
}

/// The principal that a key names: object ID or app ID.
pub(super) async fn load(cx: &Context, key: &Key) -> Result<ServicePrincipal> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let id = parse_uuid(key.text()).ok_or(Error::NotFound)?;
    let found = match key {
        Key::Alternate(..) => snapshot.service_principal(id),
        _ => snapshot.service_principal_by_id(id),
    };
    found.cloned().ok_or(Error::NotFound)
}

pub(super) async fn find(cx: &Context, key: &Key) -> Result<Json> {
    Ok(wire::service_principal(
        &load(cx, key).await?,
        cx.tenant()?.uuid(),
    ))
}

pub(super) async fn create(cx: &Context, change: Change) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteApplications)?;
    let mut properties = change.properties;
    properties.retain(|_, v| !v.is_null());
    link::check(&properties)?;
    let text = take_text(&mut properties, "appId").unwrap_or_default();
    let app_id = parse_uuid(&text)
        .ok_or_else(|| Error::invalid("appId", format!("Invalid object identifier '{text}'.")))?;
    let registered = application::by_app_id(cx, app_id).await.map_err(|_| {
        Error::invalid("appId", format!("The appId '{app_id}' of the service principal does not reference a valid application object."))
    })?;
    let grant = match cx.actor {
        // Whoever may write its own applications only brings only those to life.
        Actor::Application(_) => {
            authorize_over(cx, Permission::WriteApplications, registered.id.uuid()).await?
        }
        _ => grant,
    };
    properties.extend(application::shown(&registered));
    for (name, value) in [
        ("servicePrincipalType", json!("Application")),
        ("tags", json!([])),
    ] {
        properties.entry(name).or_insert(value);
    }
    let principal = ServicePrincipal {
        id: cx.new_id(),
        app_id,
        display_name: take_text(&mut properties, "displayName").unwrap_or(registered.display_name),
        account_enabled: take_bool(&mut properties, "accountEnabled").unwrap_or(true),
        app_role_assignment_required: take_bool(&mut properties, "appRoleAssignmentRequired")
            .unwrap_or(false),
        created: cx.now,
        deleted: None,
        version: 1,
        properties,
    };
    let activity = Activity::new("ApplicationManagement", "Add service principal").target(
        "ServicePrincipal",
        principal.id.uuid(),
        &principal.display_name,
    );
    let change_tx = grant.begin().await?;
    change_tx
        .tables()
        .service_principals()
        .insert(&principal)
        .await
        .map_err(duplicate)?;
    let tables = change_tx.tables();
    owner::bind(cx, &tables, principal.id.uuid(), &change.bindings).await?;
    change_tx.commit(&activity).await?;
    Ok(wire::service_principal(&principal, cx.tenant()?.uuid()))
}

fn duplicate(error: comity_store::Error) -> Error {
    if error.is_conflict("service_principals_app_id") {
        Error::Duplicate {
            property: "appId".into(),
        }
    } else {
        error.into()
    }
}

/// What may be changed of an application that every organization has: the rest would lock people
/// out of it, or dress it up.
const OF_FIRST_PARTY: [&str; 4] = ["description", "notes", "notificationEmailAddresses", "tags"];

fn check_first_party(principal: &ServicePrincipal, properties: &Json) -> Result<()> {
    let worker = principal.app_id == well_known::CROSS_CLOUD_WORKER;
    if well_known::first_party_name(principal.app_id).is_none() {
        return Ok(());
    }
    let of_worker: &[&str] = &["accountEnabled"];
    let may: &[&str] = if worker { of_worker } else { &OF_FIRST_PARTY };
    let Some(name) = properties.keys().find(|name| !may.contains(&name.as_str())) else {
        return Ok(());
    };
    let rule = if worker {
        "of the B2B Cross Cloud Worker only `accountEnabled` can be changed".to_owned()
    } else {
        format!("`{name}` of an application that every organization has cannot be changed")
    };
    Err(Error::invalid(name.as_str(), rule))
}

pub(super) async fn update(cx: &Context, key: &Key, change: Change) -> Result<()> {
    let mut principal = load(cx, key).await?;
    let mut properties = change.properties;
    if principal.app_id == well_known::CROSS_CLOUD_WORKER {
        return switch_worker(cx, principal, &properties).await;
    }
    let object = principal.id.uuid();
    let grant = authorize_over(cx, Permission::WriteApplications, object).await?;
    check_first_party(&principal, &properties)?;
    link::check(&properties)?;
    let mut activity = Activity::new("ApplicationManagement", "Update service principal").target(
        "ServicePrincipal",
        principal.id.uuid(),
        &principal.display_name,
    );
    for (name, value) in &properties {
        activity = activity.changed(name, None, Some(value.to_string()));
    }
    if let Some(name) = take_text(&mut properties, "displayName") {
        principal.display_name = name;
    }
    if let Some(flag) = take_bool(&mut properties, "accountEnabled") {
        principal.account_enabled = flag;
    }
    if let Some(flag) = take_bool(&mut properties, "appRoleAssignmentRequired") {
        principal.app_role_assignment_required = flag;
    }
    take(&mut properties, "passwordCredentials");
    merge(&mut principal.properties, properties);
    let change_tx = grant.begin().await?;
    let tables = change_tx.tables();
    tables.service_principals().update(&principal).await?;
    change_tx.commit(&activity).await
}

/// Home's switch (cross-cloud-federation.md §4): a Security Administrator with a recent second
/// factor; no application; recorded in the highest class.
async fn switch_worker(
    cx: &Context,
    mut principal: ServicePrincipal,
    properties: &Json,
) -> Result<()> {
    let Actor::User(actor) = &cx.actor else {
        return Err(Error::Forbidden("Insufficient privileges to complete the operation. Only a person switches collaboration with other clouds: a Security Administrator or Global Administrator.".into()));
    };
    let grant = authorize(cx, Permission::SwitchWorker)?;
    check_first_party(&principal, properties)?;
    recent_factor(cx, actor, "switching collaboration with other clouds")?;
    let enabled = properties.get("accountEnabled").and_then(Value::as_bool);
    let enabled = enabled.unwrap_or(principal.account_enabled);
    let name = if enabled {
        "Enable collaboration with other clouds"
    } else {
        "Disable collaboration with other clouds"
    };
    let activity = Activity::new("Policy", name)
        .highest()
        .target(
            "ServicePrincipal",
            principal.id.uuid(),
            &principal.display_name,
        )
        .changed(
            "accountEnabled",
            Some(principal.account_enabled.to_string()),
            Some(enabled.to_string()),
        );
    principal.account_enabled = enabled;
    let change = grant.begin().await?;
    let tables = change.tables();
    tables.service_principals().update(&principal).await?;
    tables.switch_worker(enabled).await?;
    let text = json!({ "enabled": enabled }).to_string();
    history(cx, &change, past::WORKER, "", Some(&text)).await?;
    change.commit(&activity).await
}

pub(super) async fn delete(cx: &Context, key: &Key) -> Result<()> {
    let principal = load(cx, key).await?;
    let object = principal.id.uuid();
    let grant = authorize_over(cx, Permission::WriteApplications, object).await?;
    if well_known::first_party_name(principal.app_id).is_some() {
        return Err(Error::Forbidden(
            "an application that every organization has cannot be deleted".into(),
        ));
    }
    let activity = Activity::new("ApplicationManagement", "Remove service principal").target(
        "ServicePrincipal",
        principal.id.uuid(),
        &principal.display_name,
    );
    let change = grant.begin().await?;
    change
        .tables()
        .service_principals()
        .soft_delete(principal.id, cx.now)
        .await?;
    change.commit(&activity).await
}
