//! `client_credentials` (RFC 6749 §4.4): an application for itself.
//!
//! 1. It proves itself; a public client has nothing to prove and gets nothing.
//! 2. It asks for one resource, whole (`.default`), and gets the application permissions it holds
//!    there; nobody's delegated ones.
//! 3. With a secret nothing is written, so one statement (the versions) is all that is asked of
//!    the store; an assertion's identifier is a row.

use comity_model::well_known;
use comity_oauth::token::Response;
use serde_json::Value;
use uuid::Uuid;

use super::{Call, Failure, Refused, issue, ledger, record};
use crate::{
    client::{self, Client},
    consent::{self, DEFAULT, Resource},
    graph_permission,
    rate::{self, Kind},
    snapshot::Snapshot,
};

pub(super) async fn issue(call: &mut Call<'_>) -> Result<Response, Failure> {
    let cx = call.cx;
    let Some(tenant) = call.endpoint.tenant else {
        return Err(Refused::new(
            "invalid_request",
            9_001_023,
            "`client_credentials` is not offered here: name the organization in the address",
        )
        .into());
    };
    let snapshot = super::snapshot(cx, tenant).await?;
    match checked(call, &snapshot) {
        Ok((client, proof, resource)) => {
            let roles = roles(&snapshot, &client, resource.app_id);
            let response = issue::issue_to_application(
                cx,
                &snapshot,
                &client,
                &resource,
                (roles, proof.level),
            )?;
            if proof.once.is_some() {
                let tx = cx.app.store().begin().await?;
                ledger::use_assertion(&tx, client.app_id, proof.once.as_ref()).await?;
                tx.commit().await?;
            }
            Ok(response)
        }
        Err(refused) => {
            if rate::take(cx, Kind::Record).is_ok() {
                record::application_refused(
                    cx,
                    &snapshot,
                    call.request.client.client_id(),
                    &refused,
                )
                .await?;
            }
            Err(refused.into())
        }
    }
}

/// Rules 1 and 2, from the snapshot alone.
fn checked<'s>(
    call: &mut Call<'_>,
    snapshot: &'s Snapshot,
) -> Result<(Client<'s>, client::Proof, Resource), Refused> {
    if !snapshot.tenant.enabled {
        return Err(Refused::new(
            "invalid_request",
            90_002,
            "the organization is disabled",
        ));
    }
    let client = call.client(snapshot)?;
    let proof = client::authenticate(call.cx, snapshot, &client, &call.request.client, None)?;
    let scopes = call.request.scopes.as_ref();
    let named = match scopes.map_or(&[][..], |s| s.requests.as_slice()) {
        [one] if one.is_default() => one.resource.as_deref(),
        [] if call.request.resource.is_some() => call.request.resource.as_deref(),
        _ => {
            return Err(Refused::new(
                "invalid_scope",
                1_002_012,
                format!("`scope` must be one resource with `/{DEFAULT}`"),
            ));
        }
    };
    let resource = consent::resource(snapshot, call.cx.app.registry(), client.app_id, named)?;
    let principal = snapshot.service_principal(resource.app_id);
    let required = principal.is_some_and(|p| p.app_role_assignment_required);
    let key = principal.map(|p| (client.principal.id.uuid(), p.id.uuid()));
    if required && !key.is_some_and(|key| snapshot.principal_roles.contains_key(&key)) {
        return Err(Refused::new(
            "invalid_grant",
            50_105,
            "the application is not assigned to a role of the resource, which requires it",
        ));
    }
    Ok((client, proof, resource))
}

/// The values of the application permissions held now.
pub(crate) fn roles(snapshot: &Snapshot, client: &Client<'_>, resource: Uuid) -> Vec<String> {
    let Some(principal) = snapshot.service_principal(resource) else {
        return Vec::new();
    };
    let held = snapshot
        .principal_roles
        .get(&(client.principal.id.uuid(), principal.id.uuid()));
    let held = held.map_or(&[][..], Vec::as_slice);
    if resource == well_known::GRAPH {
        return held
            .iter()
            .filter_map(|id| graph_permission::application_name(*id))
            .map(str::to_owned)
            .collect();
    }
    held.iter()
        .filter_map(|id| role_value(snapshot, resource, *id))
        .collect()
}

/// The value of an app role, where the application is registered here or as its principal shows it.
pub(super) fn role_value(snapshot: &Snapshot, resource: Uuid, role: Uuid) -> Option<String> {
    let registered = snapshot.applications.get(&resource).map(|a| &a.properties);
    let shown = snapshot.service_principal(resource).map(|p| &p.properties);
    let roles = [registered, shown]
        .into_iter()
        .flatten()
        .filter_map(|p| p.get("appRoles")?.as_array())
        .flatten();
    let id = role.to_string();
    let mut meant = roles.filter(|r| r.get("id").and_then(Value::as_str) == Some(id.as_str()));
    meant
        .find_map(|r| r.get("value").and_then(Value::as_str))
        .map(str::to_owned)
}
