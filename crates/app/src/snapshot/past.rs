//! A tenant as it decided at an earlier policy version: what a stored decision is taken again under.
//!
//! Every change of a policy is kept with the version from which it holds. What is not policy
//! (applications, principals, names) is as it is now; facts carry what of it a decision saw.

use comity_model::{id::Id, tenant::Tenant, time::Utc};
use comity_store::{
    authorization_policy::PastPolicy, conditional_access::PolicyRow, cross_tenant::PartnerRow,
    snapshot::SnapshotRows,
};
use serde_json::Value;

use super::{Snapshot, build, rows};
use crate::{
    context::Context,
    error::{Error, Result},
};

/// The kinds of documents that the history holds.
pub(crate) const ROOT: &str = "crossTenantAccessPolicy";
pub(crate) const PARTNER: &str = "crossTenantAccessPolicyPartner";
pub(crate) const ACCESS: &str = "conditionalAccessPolicy";
pub(crate) const LOCATION: &str = "namedLocation";
/// The tenant's switch for everything between clouds.
pub(crate) const WORKER: &str = "crossCloudWorker";

/// The tenant with its policies of that version.
pub async fn at(cx: &Context, tenant: Id<Tenant>, version: i64) -> Result<Snapshot> {
    let mut now = rows(cx, tenant).await?;
    let read = cx.app.store().read();
    let documents = read.tenant(tenant).policy_history().at(version).await?;
    replace(&mut now, documents)?;
    let mut snapshot = build(now)?;
    snapshot.version = version;
    Ok(snapshot)
}

fn replace(rows: &mut SnapshotRows, documents: Vec<PastPolicy>) -> Result<()> {
    rows.cross_tenant_policy = None;
    rows.partners.clear();
    rows.conditional_access_policies.clear();
    rows.named_locations.clear();
    rows.tenant.worker_enabled = true;
    for past in documents {
        match past.kind.as_str() {
            ROOT => rows.cross_tenant_policy = Some(past.document),
            PARTNER => rows.partners.push(partner(past)?),
            ACCESS => rows.conditional_access_policies.push(policy(past)?),
            LOCATION => rows.named_locations.push(policy(past)?),
            WORKER => {
                let enabled = read(&past)?.get("enabled").and_then(Value::as_bool);
                rows.tenant.worker_enabled = enabled == Some(true);
            }
            // What decides nothing about a sign-in.
            _ => {}
        }
    }
    Ok(())
}

fn read(past: &PastPolicy) -> Result<Value> {
    serde_json::from_str(&past.document).map_err(Error::internal)
}

fn text(document: &Value, name: &str) -> String {
    let found = document.get(name).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn partner(past: PastPolicy) -> Result<PartnerRow> {
    let tenant = Id::parse(&past.key);
    Ok(PartnerRow {
        cloud: text(&read(&past)?, "cloud"),
        tenant: tenant.ok_or_else(|| Error::internal("a partner of the past without its ID"))?,
        name: String::new(),
        domains: Vec::new(),
        created: Utc::from_seconds(0),
        version: 1,
        document: past.document,
    })
}

fn policy(past: PastPolicy) -> Result<PolicyRow> {
    let document = read(&past)?;
    let id = comity_model::id::parse_uuid(&past.key);
    Ok(PolicyRow {
        id: id.ok_or_else(|| Error::internal("a policy of the past without its ID"))?,
        display_name: text(&document, "displayName"),
        state: text(&document, "state"),
        created: Utc::from_seconds(0),
        modified: None,
        version: 1,
        document: past.document,
    })
}
