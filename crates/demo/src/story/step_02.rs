//! Contoso's security administrator ticks US Government; a lookup of Northwind by domain is refused with the
//! reason, by ID it is found and added; all its settings read as inherited.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::expect;
use super::stage::{NORTHWIND, PARTNERS, POLICY, Stage};
use crate::graph::Graph;
use crate::manifest::{Cloud, Tenant};
use crate::report::Saw;

const SETTINGS: [&str; 5] = [
    "inboundTrust",
    "b2bCollaborationInbound",
    "b2bCollaborationOutbound",
    "b2bDirectConnectInbound",
    "b2bDirectConnectOutbound",
];

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let graph = stage.contoso("secadmin").await?;
    tick(&graph, &[&world.usgov], saw).await?;
    let call = "looking up `northwind.us` by domain";
    let path = format!(
        "/v1.0/tenantRelationships/findTenantInformationByDomainName(domainName='{NORTHWIND}')"
    );
    let refusal = expect::refusal(graph.get(&path).await, call)?;
    ensure!(
        refusal.status == 400,
        "{call}: expected status 400, saw {refusal}"
    );
    expect::says(&refusal.message, &["ID"], call)?;
    saw.note(
        "by domain",
        format!("{} {}", refusal.status, refusal.message),
    );
    add(&graph, &world.usgov, &world.northwind, saw).await
}

/// Ticks exactly these clouds and reads them back.
pub(super) async fn tick(graph: &Graph, clouds: &[&Cloud], saw: &mut Saw) -> Result<()> {
    let names: Vec<&str> = clouds
        .iter()
        .map(|cloud| cloud.canonical_name.as_str())
        .collect();
    let body = json!({ "allowedCloudEndpoints": names });
    expect::status(graph.patch(POLICY, &body).await?, 204, "ticking a cloud")?;
    let policy = graph.get(POLICY).await?;
    let seen = policy
        .get("allowedCloudEndpoints")
        .cloned()
        .unwrap_or_default();
    ensure!(
        seen == json!(names),
        "expected `allowedCloudEndpoints` to be {names:?}, saw {seen}"
    );
    saw.note("allowedCloudEndpoints", seen);
    Ok(())
}

/// Finds a tenant of another cloud by its ID, adds it, and reads every setting as inherited.
pub(super) async fn add(
    graph: &Graph,
    cloud: &Cloud,
    tenant: &Tenant,
    saw: &mut Saw,
) -> Result<()> {
    let path = format!(
        "/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='{}')",
        tenant.id
    );
    let found = graph.get(&path).await?;
    let name = expect::text(&found, "displayName", "the lookup by ID")?;
    expect::same("displayName", name, &tenant.display_name)?;
    let place = expect::text(&found, "cloud", "the lookup by ID")?;
    expect::same("cloud", place, &cloud.canonical_name)?;
    saw.note("by ID", format!("{name} in {place}"));
    let call = format!("adding {name}");
    let created = graph
        .post(PARTNERS, &json!({ "tenantId": tenant.id }))
        .await?;
    saw.note("added", created.status.as_u16());
    expect::status(created, 201, &call)?;
    let partner = graph.get(&format!("{PARTNERS}/{}", tenant.id)).await?;
    for setting in SETTINGS {
        let value = partner.get(setting);
        ensure!(
            value == Some(&Value::Null),
            "expected `{setting}` to be null (inherited), saw {value:?}"
        );
    }
    saw.note("inherited", SETTINGS.to_vec());
    Ok(())
}
