//! Entities as Graph objects and back. Columns are written over `properties`, so that neither can
//! contradict the other.

use comity_crypto::base64url;
use comity_model::{
    app_role_assignment::AppRoleAssignment,
    application::{Application, ApplicationSecret},
    group::Group,
    name,
    permission_grant::PermissionGrant,
    service_principal::ServicePrincipal,
    time::Utc,
    user::User,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Json;

fn time(time: Option<Utc>) -> Value {
    time.map_or(Value::Null, |t| Value::String(t.to_rfc3339()))
}

fn put(object: &mut Json, pairs: Vec<(&str, Value)>) {
    for (name, value) in pairs {
        object.insert(name.to_owned(), value);
    }
}

/// `user`.
pub(super) fn user(user: &User, initial_domain: &str) -> Json {
    let mut object = user.properties.clone();
    let state = user.external.as_ref().map(|e| e.state.as_str());
    let identities = object.get("identities").cloned().unwrap_or_else(|| {
        json!([{"signInType": "userPrincipalName", "issuer": initial_domain, "issuerAssignedId": user.upn}])
    });
    put(
        &mut object,
        vec![
            ("id", json!(user.id)),
            ("userPrincipalName", json!(user.upn)),
            ("displayName", json!(user.display_name)),
            ("mail", json!(user.mail)),
            ("userType", json!(user.user_type.as_str())),
            ("accountEnabled", json!(user.account_enabled)),
            ("externalUserState", json!(state)),
            (
                "externalUserStateChangeDateTime",
                time(user.external.as_ref().map(|e| e.state_changed)),
            ),
            ("createdDateTime", time(Some(user.created))),
            ("deletedDateTime", time(user.deleted)),
            (
                "signInSessionsValidFromDateTime",
                time(Some(user.sessions_valid_from)),
            ),
            ("identities", identities),
        ],
    );
    object
}

/// `group`.
pub(super) fn group(group: &Group) -> Json {
    let mut object = group.properties.clone();
    put(
        &mut object,
        vec![
            ("id", json!(group.id)),
            ("displayName", json!(group.display_name)),
            ("mailNickname", json!(group.mail_nickname)),
            ("mailEnabled", json!(group.mail_enabled)),
            ("securityEnabled", json!(group.security_enabled)),
            ("createdDateTime", time(Some(group.created))),
            ("deletedDateTime", time(group.deleted)),
        ],
    );
    object
}

/// `application`, secrets by hint only.
pub(super) fn application(application: &Application, secrets: &[ApplicationSecret]) -> Json {
    let mut object = application.properties.clone();
    let secrets: Vec<Value> = secrets.iter().map(secret).collect();
    put(
        &mut object,
        vec![
            ("id", json!(application.id)),
            ("appId", json!(application.app_id)),
            ("displayName", json!(application.display_name)),
            ("createdDateTime", time(Some(application.created))),
            ("deletedDateTime", time(application.deleted)),
            ("passwordCredentials", Value::Array(secrets)),
        ],
    );
    object
}

/// `passwordCredential` without its secret.
pub(super) fn secret(secret: &ApplicationSecret) -> Value {
    json!({
        "customKeyIdentifier": null, "displayName": secret.display_name, "endDateTime": secret.end,
        "hint": secret.hint, "keyId": secret.key_id, "secretText": null, "startDateTime": secret.start,
    })
}

/// `servicePrincipal`.
pub(super) fn service_principal(principal: &ServicePrincipal, owner: Uuid) -> Json {
    let mut object = principal.properties.clone();
    // Seeded ones have kept no name of their registration.
    object
        .entry("appDisplayName")
        .or_insert_with(|| json!(principal.display_name));
    put(
        &mut object,
        vec![
            ("id", json!(principal.id)),
            ("appId", json!(principal.app_id)),
            ("displayName", json!(principal.display_name)),
            ("appOwnerOrganizationId", json!(owner)),
            ("accountEnabled", json!(principal.account_enabled)),
            (
                "appRoleAssignmentRequired",
                json!(principal.app_role_assignment_required),
            ),
            ("createdDateTime", time(Some(principal.created))),
            ("deletedDateTime", time(principal.deleted)),
        ],
    );
    object
}

/// The opaque text of an ID that Graph does not show as a GUID.
pub(super) fn opaque(id: Uuid) -> String {
    base64url::encode(id.as_bytes())
}

/// The ID behind an opaque text.
pub(super) fn from_opaque(text: &str) -> Option<Uuid> {
    base64url::decode_array::<16>(text)
        .ok()
        .map(Uuid::from_bytes)
}

/// `appRoleAssignment`.
pub(super) fn assignment(a: &AppRoleAssignment, principal: &str, resource: &str) -> Json {
    let mut object = Json::new();
    let kind = match a.principal_kind.as_str() {
        "user" => "User",
        "group" => "Group",
        _ => "ServicePrincipal",
    };
    put(
        &mut object,
        vec![
            ("id", json!(opaque(a.id))),
            ("deletedDateTime", Value::Null),
            ("appRoleId", json!(a.app_role)),
            ("createdDateTime", time(Some(a.created))),
            ("principalDisplayName", json!(principal)),
            ("principalId", json!(a.principal)),
            ("principalType", json!(kind)),
            ("resourceDisplayName", json!(resource)),
            ("resourceId", json!(a.resource)),
        ],
    );
    object
}

/// `oAuth2PermissionGrant`.
pub(super) fn permission_grant(grant: &PermissionGrant) -> Json {
    let mut object = Json::new();
    let kind = if grant.principal.is_some() {
        "Principal"
    } else {
        "AllPrincipals"
    };
    put(
        &mut object,
        vec![
            ("id", json!(opaque(grant.id))),
            ("clientId", json!(grant.client)),
            ("consentType", json!(kind)),
            ("principalId", json!(grant.principal)),
            ("resourceId", json!(grant.resource)),
            ("scope", json!(grant.scope)),
        ],
    );
    object
}

/// A text of a change; `null` and absence are `None`.
pub(super) fn text(properties: &Json, property: &str) -> Option<String> {
    properties
        .get(property)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// Takes a property out of a change.
pub(super) fn take(properties: &mut Json, property: &str) -> Option<Value> {
    properties.shift_remove(property)
}

/// Takes a text out of a change.
pub(super) fn take_text(properties: &mut Json, property: &str) -> Option<String> {
    match take(properties, property) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Takes a truth value out of a change.
pub(super) fn take_bool(properties: &mut Json, property: &str) -> Option<bool> {
    take(properties, property).and_then(|v| v.as_bool())
}

/// Lays a change over the kept properties: `null` clears, objects merge one level deep (§11).
pub(super) fn merge(kept: &mut Json, change: Json) {
    for (name, value) in change {
        match (kept.get_mut(&name), value) {
            (_, Value::Null) => {
                kept.shift_remove(&name);
            }
            (Some(Value::Object(old)), Value::Object(new)) => {
                for (k, v) in new {
                    old.insert(k, v);
                }
            }
            (_, value) => {
                kept.insert(name, value);
            }
        }
    }
}

/// Sorts for lists: by display name.
pub(super) fn by_name(objects: &mut [Json]) {
    objects.sort_by_key(|o| {
        o.get("displayName")
            .and_then(Value::as_str)
            .map(name::key)
            .unwrap_or_default()
    });
}
