//! What the token endpoint leaves in the log: renewals and refusals (law 6). A redeemed code has
//! the record of its sign-in.

use comity_model::{
    federation::HomeTenant, sign_in::TokenGrant, sign_in_record::SignInRecord, user::User,
};
use serde_json::{Map, Value, json};

use super::{Denial, Failure, Refused, Standing};
use crate::{
    context::Context,
    error::{Error, Result},
    judge::Access,
    snapshot::Snapshot,
};

/// A renewal that succeeded.
pub(super) fn refreshed(cx: &Context, standing: &Standing) -> SignInRecord {
    let facts = Box::new(standing.facts().clone());
    row(
        cx,
        standing.snapshot(),
        standing.grant(),
        &About {
            user: Some(standing.user()),
            facts: Some(&facts),
            access: Some(standing.access()),
            code: 0,
        },
    )
}

/// Records a guard's no in a transaction of its own, and gives it back.
pub(super) async fn denied(
    cx: &Context,
    snapshot: &Snapshot,
    grant: &TokenGrant,
    denial: Denial,
) -> Result<Failure> {
    if let Failure::Refused(refused) = &denial.failure {
        let about = About {
            user: denial.user.as_deref(),
            facts: denial.facts.as_deref(),
            access: denial.access.as_deref(),
            code: refused.number,
        };
        let row = row(cx, snapshot, grant, &about);
        insert(cx, snapshot, &row).await?;
    }
    Ok(denial.failure)
}

/// Records that an application got no token of its own.
pub(super) async fn application_refused(
    cx: &Context,
    snapshot: &Snapshot,
    client_id: Option<&str>,
    refused: &Refused,
) -> Result<()> {
    let app = client_id.and_then(comity_model::id::parse_uuid);
    let name = app
        .map(|app| snapshot.application_name(app))
        .unwrap_or_default();
    let row = SignInRecord {
        id: cx.new_record_id(),
        created: cx.now,
        correlation_id: cx.correlation_id,
        user: None,
        user_principal_name: String::new(),
        user_display_name: String::new(),
        app,
        resource: None,
        error_code: refused.number,
        is_interactive: false,
        home: None,
        resource_tenant: Some(own(cx, snapshot)),
        facts: None,
        event: "servicePrincipal".into(),
        properties: properties(cx, (name, String::new()), refused.number, None),
    };
    insert(cx, snapshot, &row).await
}

async fn insert(cx: &Context, snapshot: &Snapshot, row: &SignInRecord) -> Result<()> {
    let tx = cx.app.store().begin().await?;
    tx.tenant(snapshot.tenant.id)
        .sign_in_records()
        .insert(row)
        .await?;
    tx.commit().await.map_err(Error::from)
}

struct About<'a> {
    user: Option<&'a User>,
    facts: Option<&'a comity_model::facts::Facts>,
    access: Option<&'a Access>,
    code: u32,
}

fn row(cx: &Context, snapshot: &Snapshot, grant: &TokenGrant, about: &About<'_>) -> SignInRecord {
    let home = grant.home.as_ref().map(|h| HomeTenant {
        cloud: h.identity.cloud.clone(),
        tenant: h.identity.tenant,
    });
    let crossing = if home.is_some() {
        "b2bCollaboration"
    } else {
        "none"
    };
    let names = (
        snapshot.application_name(grant.pair.client),
        snapshot.application_name(grant.pair.resource),
    );
    let mut properties = properties(cx, names, about.code, about.access);
    properties.insert("crossTenantAccessType".into(), json!(crossing));
    let used = crate::judge::client_app_used(grant.platform);
    properties.insert("clientAppUsed".into(), json!(used));
    let own = own(cx, snapshot);
    SignInRecord {
        id: cx.new_record_id(),
        created: cx.now,
        correlation_id: cx.correlation_id,
        user: Some(grant.user.uuid()),
        user_principal_name: about.user.map(sign_in_name).unwrap_or_default(),
        user_display_name: about
            .user
            .map(|u| u.display_name.clone())
            .unwrap_or_default(),
        app: Some(grant.pair.client),
        resource: Some(grant.pair.resource),
        error_code: about.code,
        is_interactive: false,
        home: Some(home.unwrap_or_else(|| own.clone())),
        resource_tenant: Some(own),
        facts: about.facts.cloned(),
        event: "nonInteractiveUser".into(),
        properties,
    }
}

fn sign_in_name(user: &User) -> String {
    user.external
        .as_ref()
        .map_or(&user.upn, |link| &link.home_upn)
        .to_lowercase()
}

fn own(cx: &Context, snapshot: &Snapshot) -> HomeTenant {
    HomeTenant {
        cloud: cx.app.registry().own.canonical_name.clone(),
        tenant: snapshot.tenant.id,
    }
}

fn properties(
    cx: &Context,
    (app, resource): (String, String),
    code: u32,
    access: Option<&Access>,
) -> Map<String, Value> {
    let results = access.map_or(&[][..], |a| a.results.as_slice());
    let applied: Vec<Value> = results
        .iter()
        .map(|r| json!({"id": r.id, "displayName": r.name, "result": r.result, "enforcedGrantControls": r.controls}))
        .collect();
    let status = match code {
        0 if applied.is_empty() => "notApplied",
        0 => "success",
        50_076 | 53_000..=53_003 => "failure",
        _ => "notApplied",
    };
    let Value::Object(map) = json!({
        "appDisplayName": app,
        "resourceDisplayName": resource,
        "clientAppUsed": "Mobile Apps and Desktop clients",
        "ipAddress": cx.client.ip,
        "userAgent": cx.client.user_agent,
        "conditionalAccessStatus": status,
        "appliedConditionalAccessPolicies": applied,
        "authenticationDetails": [],
        "status": {"errorCode": code, "failureReason": crate::record::failure(code), "additionalDetails": null},
    }) else {
        return Map::new();
    };
    map
}
