//! `addPassword` and `removePassword`: client secrets of 256 random bits, shown once.

use comity_model::{
    application::ApplicationSecret, id::parse_uuid, resource::address::Key, time::Utc,
};
use serde_json::{Value, json};

use super::{Json, application, wire};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    permission::{Permission, authorize_over},
};

/// Two years, as the original.
const LIFE_SECONDS: i64 = 730 * 24 * 3600;
/// The longest life that may be asked for.
const LONGEST_SECONDS: i64 = 10 * 366 * 24 * 3600;

pub(super) async fn add_password(cx: &Context, key: &Key, parameters: &Json) -> Result<Json> {
    let application = application::load(cx, key).await?;
    let object = application.id.uuid();
    let grant = authorize_over(cx, Permission::WriteApplications, object).await?;
    let given = parameters
        .get("passwordCredential")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let at = |name: &str| given.get(name).and_then(Value::as_str).and_then(Utc::parse);
    let start = at("startDateTime").unwrap_or(cx.now);
    let end = at("endDateTime").unwrap_or_else(|| start.plus_seconds(LIFE_SECONDS));
    if end <= start || end.seconds_since(start) > LONGEST_SECONDS {
        return Err(Error::invalid(
            "passwordCredential/endDateTime",
            "the end must lie after the start, within ten years",
        ));
    }
    let (text, hash) = cx.new_bearer();
    let secret = ApplicationSecret {
        key_id: cx.new_uuid(),
        application: application.id,
        hash,
        hint: text.chars().take(3).collect(),
        display_name: wire::text(&given, "displayName"),
        start,
        end,
    };
    let activity = Activity::new(
        "ApplicationManagement",
        "Update application – Certificates and secrets management",
    )
    .target(
        "Application",
        application.id.uuid(),
        &application.display_name,
    )
    .changed(
        "KeyDescription",
        None,
        Some(format!("added {} ({})", secret.key_id, secret.hint)),
    );
    let change = grant.begin().await?;
    change
        .tables()
        .application_secrets()
        .insert(&secret)
        .await?;
    change.commit(&activity).await?;
    let Value::Object(mut object) = wire::secret(&secret) else {
        return Err(Error::internal("no object"));
    };
    object.insert("secretText".into(), json!(text.as_str()));
    Ok(object)
}

pub(super) async fn remove_password(cx: &Context, key: &Key, parameters: &Json) -> Result<Json> {
    let application = application::load(cx, key).await?;
    let object = application.id.uuid();
    let grant = authorize_over(cx, Permission::WriteApplications, object).await?;
    let id = parameters
        .get("keyId")
        .and_then(Value::as_str)
        .and_then(parse_uuid)
        .ok_or_else(|| {
            Error::invalid("keyId", "`keyId` must be the GUID of a password credential")
        })?;
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let known = snapshot
        .secrets
        .get(&application.id)
        .is_some_and(|l| l.iter().any(|s| s.key_id == id));
    if !known {
        return Err(Error::invalid(
            "keyId",
            format!("No password credential found with keyId {id}."),
        ));
    }
    let activity = Activity::new(
        "ApplicationManagement",
        "Update application – Certificates and secrets management",
    )
    .target(
        "Application",
        application.id.uuid(),
        &application.display_name,
    )
    .changed("KeyDescription", Some(id.to_string()), None);
    let change = grant.begin().await?;
    change.tables().application_secrets().delete(id).await?;
    change.commit(&activity).await?;
    Ok(Json::new())
}
