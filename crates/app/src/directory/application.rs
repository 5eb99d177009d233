//! `/applications`.

use comity_model::{
    application::Application,
    resource::address::{Change, Key},
};
use comity_oauth::redirect_uri;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Json, owner,
    wire::{self, merge, take, take_text},
};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    link,
    permission::{Permission, authorize, authorize_over},
    token::claims,
};

pub(super) async fn all(cx: &Context) -> Result<Vec<Json>> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let render = |a: &Application| {
        wire::application(a, snapshot.secrets.get(&a.id).map_or(&[], Vec::as_slice))
    };
    Ok(snapshot.applications.values().map(render).collect())
}

/// The application that a key names: object ID or app ID.
pub(super) async fn load(cx: &Context, key: &Key) -> Result<Application> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let wanted = key.text().to_lowercase();
    let by_app_id = matches!(key, Key::Alternate(p, _) if p.name == "appId");
    let matches = |a: &&Application| match key {
        Key::Id(_) => a.id.to_string() == wanted,
        Key::Alternate(..) if by_app_id => a.app_id.to_string() == wanted,
        Key::Alternate(p, text) => a.properties.get(p.name).and_then(Value::as_str) == Some(text),
        Key::Only => false,
    };
    snapshot
        .applications
        .values()
        .find(matches)
        .cloned()
        .ok_or(Error::NotFound)
}

pub(super) async fn find(cx: &Context, key: &Key) -> Result<Json> {
    let application = load(cx, key).await?;
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    Ok(wire::application(
        &application,
        snapshot
            .secrets
            .get(&application.id)
            .map_or(&[], Vec::as_slice),
    ))
}

/// What the original takes in one registration, all lists together: every decision reads it.
const MOST_ENTRIES: usize = 1200;

fn entries(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.len() + list.iter().map(entries).sum::<usize>(),
        Value::Object(object) => object.values().map(entries).sum(),
        _ => 0,
    }
}

fn check_size(properties: &Json) -> Result<()> {
    let held: usize = properties.values().map(entries).sum();
    if held <= MOST_ENTRIES {
        return Ok(());
    }
    Err(Error::invalid(
        "appRoles",
        format!(
            "The size of the application has exceeded its limit: it would hold {held} entries in its lists, and {MOST_ENTRIES} are allowed. Take out roles, permissions or addresses that nobody uses."
        ),
    ))
}

/// What would be a hole at sign-in is refused at registration.
fn check(cx: &Context, properties: &Json) -> Result<()> {
    link::check(properties)?;
    for platform in ["web", "publicClient", "spa"] {
        let uris = properties
            .get(platform)
            .and_then(|p| p.get("redirectUris"))
            .and_then(Value::as_array);
        for uri in uris.into_iter().flatten() {
            let text = uri.as_str().unwrap_or_default();
            redirect_uri::Registered::parse(text).map_err(|e| {
                Error::invalid(format!("{platform}/redirectUris"), format!("`{text}`: {e}"))
            })?;
        }
    }
    claims::check(properties)?;
    // No application claims a host of the registry as its identifier (federation §3.13).
    let identifiers = properties.get("identifierUris").and_then(Value::as_array);
    for uri in identifiers.into_iter().flatten().filter_map(Value::as_str) {
        let registry = cx.app.registry();
        let hosts = std::iter::once(&registry.own)
            .chain(registry.others.values())
            .flat_map(|c| {
                [
                    &c.entity,
                    &c.hosts.login,
                    &c.hosts.graph,
                    &c.hosts.portal,
                    &c.hosts.myapps,
                    &c.hosts.device,
                ]
            });
        for host in hosts {
            let name = host
                .trim_start_matches("https://")
                .split([':', '/'])
                .next()
                .unwrap_or(host);
            if uri.to_lowercase().contains(&name.to_lowercase()) {
                return Err(Error::invalid(
                    "identifierUris",
                    format!(
                        "`{uri}` names a host of this or a partner cloud: choose another identifier"
                    ),
                ));
            }
        }
        if uri.len() > 256 || uri.chars().any(char::is_whitespace) {
            return Err(Error::invalid(
                "identifierUris",
                "an identifier has at most 256 characters and no white space",
            ));
        }
    }
    if let Some(profile) = properties.get("securityProfile").and_then(Value::as_str)
        && !["basic", "oauth21", "fapi2"].contains(&profile)
    {
        return Err(Error::invalid(
            "securityProfile",
            "`securityProfile` is `basic`, `oauth21` or `fapi2`",
        ));
    }
    Ok(())
}

pub(super) async fn create(cx: &Context, change: Change) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteApplications)?;
    let mut properties = change.properties;
    properties.retain(|_, v| !v.is_null());
    check(cx, &properties)?;
    check_size(&properties)?;
    let wanted = take(&mut properties, "passwordCredentials");
    if wanted
        .as_ref()
        .and_then(Value::as_array)
        .is_some_and(|l| !l.is_empty())
    {
        return Err(Error::invalid(
            "passwordCredentials",
            "secrets are made by `addPassword`: leave `passwordCredentials` out",
        ));
    }
    properties
        .entry("signInAudience")
        .or_insert_with(|| json!("AzureADMyOrg"));
    let application = Application {
        id: cx.new_id(),
        app_id: cx.new_uuid(),
        display_name: take_text(&mut properties, "displayName").unwrap_or_default(),
        created: cx.now,
        deleted: None,
        version: 1,
        properties,
    };
    let activity = Activity::new("ApplicationManagement", "Add application").target(
        "Application",
        application.id.uuid(),
        &application.display_name,
    );
    let change_tx = grant.begin().await?;
    change_tx
        .tables()
        .applications()
        .insert(&application)
        .await?;
    let tables = change_tx.tables();
    owner::bind(cx, &tables, application.id.uuid(), &change.bindings).await?;
    change_tx.commit(&activity).await?;
    Ok(wire::application(&application, &[]))
}

/// What a service principal shows of its registration.
pub(super) fn shown(application: &Application) -> Json {
    let properties = &application.properties;
    let of = |name: &str| properties.get(name).cloned();
    let below = |name: &str, inner: &str| properties.get(name)?.get(inner).cloned();
    let mut names = vec![json!(application.app_id)];
    if let Some(Value::Array(uris)) = of("identifierUris") {
        names.extend(uris);
    }
    let replies = application.redirect_uris();
    let replies: Vec<&str> = replies.iter().map(|(_, uri)| *uri).collect();
    let list = |value: Option<Value>| value.unwrap_or_else(|| json!([]));
    let pairs = [
        ("appRoles", list(of("appRoles"))),
        (
            "oauth2PermissionScopes",
            list(below("api", "oauth2PermissionScopes")),
        ),
        ("servicePrincipalNames", Value::Array(names)),
        ("replyUrls", json!(replies)),
        ("signInAudience", json!(of("signInAudience"))),
        ("appDisplayName", json!(application.display_name)),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

pub(super) async fn update(cx: &Context, key: &Key, change: Change) -> Result<()> {
    let mut application = load(cx, key).await?;
    let object = application.id.uuid();
    let grant = authorize_over(cx, Permission::WriteApplications, object).await?;
    let mut properties = change.properties;
    check(cx, &properties)?;
    let mut activity = Activity::new("ApplicationManagement", "Update application").target(
        "Application",
        application.id.uuid(),
        &application.display_name,
    );
    for (name, value) in &properties {
        activity = activity.changed(
            name,
            application.properties.get(name).map(ToString::to_string),
            Some(value.to_string()),
        );
    }
    let renamed = take_text(&mut properties, "displayName");
    if let Some(name) = &renamed {
        application.display_name.clone_from(name);
    }
    take(&mut properties, "passwordCredentials");
    merge(&mut application.properties, properties);
    check_size(&application.properties)?;
    let change_tx = grant.begin().await?;
    change_tx
        .tables()
        .applications()
        .update(&application)
        .await?;
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    if let Some(principal) = snapshot.service_principal(application.app_id) {
        let mut principal = principal.clone();
        principal.properties.extend(shown(&application));
        // In the registration's own tenant the name follows too.
        principal.display_name = renamed.unwrap_or(principal.display_name);
        let tables = change_tx.tables();
        tables.service_principals().update(&principal).await?;
    }
    change_tx.commit(&activity).await
}

pub(super) async fn delete(cx: &Context, key: &Key) -> Result<()> {
    let application = load(cx, key).await?;
    let object = application.id.uuid();
    let grant = authorize_over(cx, Permission::WriteApplications, object).await?;
    let activity = Activity::new("ApplicationManagement", "Delete application").target(
        "Application",
        application.id.uuid(),
        &application.display_name,
    );
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let change = grant.begin().await?;
    change
        .tables()
        .applications()
        .soft_delete(application.id, cx.now)
        .await?;
    if let Some(principal) = snapshot.service_principal(application.app_id) {
        change
            .tables()
            .service_principals()
            .soft_delete(principal.id, cx.now)
            .await?;
    }
    change.commit(&activity).await
}

/// The application of this tenant with that app ID.
pub(super) async fn by_app_id(cx: &Context, app_id: Uuid) -> Result<Application> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    snapshot
        .applications
        .get(&app_id)
        .cloned()
        .ok_or(Error::NotFound)
}
