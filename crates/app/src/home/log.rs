//! Home's records of what other clouds did here (cross-cloud-federation.md §3: each side what it
//! saw, under the leg's correlation ID, naming the other cloud and tenant).

use std::collections::BTreeSet;

use comity_model::{
    facts::{DecidingSide, Facts},
    federation::{ApplicationPair, GroupAnswer, HomeTenant},
    id::Id,
    sign_in_record::SignInRecord,
    tenant::Tenant,
    user::User,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    context::Context,
    judge::{self, Access},
    record,
    snapshot::Snapshot,
};

/// What happened.
pub(crate) struct Entry<'a> {
    /// `crossCloudPush`, `crossCloudToken`, `crossCloudQuestion`.
    pub event: &'static str,
    pub home: Id<Tenant>,
    pub resource: &'a HomeTenant,
    pub correlation_id: Uuid,
    pub pair: Option<ApplicationPair>,
    /// As the other side calls its application.
    pub app_name: &'a str,
    pub user: Option<&'a User>,
    pub code: u32,
    pub facts: Option<&'a Facts>,
    pub access: Option<&'a Access>,
    pub detail: Option<String>,
}

/// The record of an entry.
pub(crate) fn row(cx: &Context, entry: &Entry<'_>) -> SignInRecord {
    let applied: Vec<Value> = entry
        .access
        .map_or(&[][..], |a| a.results.as_slice())
        .iter()
        .map(|r| json!({"id": r.id, "displayName": r.name, "result": r.result, "enforcedGrantControls": r.controls}))
        .collect();
    let access = match entry.code {
        50_076 | 53_000..=53_003 => "failure",
        0 if !applied.is_empty() => "success",
        _ => "notApplied",
    };
    let mut properties = Map::new();
    for (name, value) in [
        ("appDisplayName", json!(entry.app_name)),
        ("resourceDisplayName", json!("")),
        ("crossTenantAccessType", json!("b2bCollaboration")),
        ("conditionalAccessStatus", json!(access)),
        ("appliedConditionalAccessPolicies", Value::Array(applied)),
        ("ipAddress", json!(cx.client.ip)),
        (
            "status",
            json!({"errorCode": entry.code, "failureReason": record::failure(entry.code),
                   "additionalDetails": entry.detail}),
        ),
    ] {
        properties.insert(name.into(), value);
    }
    SignInRecord {
        id: cx.new_record_id(),
        created: cx.now,
        correlation_id: entry.correlation_id,
        user: entry.user.map(|u| u.id.uuid()),
        user_principal_name: entry.user.map(|u| u.upn.to_lowercase()).unwrap_or_default(),
        user_display_name: entry
            .user
            .map(|u| u.display_name.clone())
            .unwrap_or_default(),
        app: entry.pair.map(|p| p.client),
        resource: entry.pair.map(|p| p.resource),
        error_code: entry.code,
        is_interactive: false,
        home: Some(HomeTenant {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: entry.home,
        }),
        resource_tenant: Some(entry.resource.clone()),
        facts: entry.facts.cloned(),
        event: entry.event.into(),
        properties,
    }
}

/// The facts that the outer gates see: two tenants and an application, nobody yet.
pub(crate) fn outer_facts(
    cx: &Context,
    snapshot: &Snapshot,
    resource: &HomeTenant,
    pair: Option<ApplicationPair>,
) -> Facts {
    Facts {
        at: cx.now,
        side: DecidingSide::Home,
        policy_version: snapshot.version,
        home: Some(HomeTenant {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: snapshot.tenant.id,
        }),
        resource: Some(resource.clone()),
        pair,
        home_user: None,
        groups: GroupAnswer::default(),
        user: None,
        user_kind: judge::user_kind(None).to_owned(),
        own_groups: BTreeSet::new(),
        own_roles: BTreeSet::new(),
        client_app_type: String::new(),
        platform: None,
        ip_address: None,
        country: None,
        home_methods: Vec::new(),
        own_methods: Vec::new(),
        device: None,
        unpaired: judge::is_unpaired(cx.app.registry(), &resource.cloud),
    }
}
