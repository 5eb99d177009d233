//! Northwind and Tailspin cannot pair: refused with the reason, on both sides, and nothing is written.

use anyhow::{Result, ensure};
use serde_json::json;

use super::expect;
use super::stage::{PARTNERS, POLICY, Stage};
use crate::graph::Graph;
use crate::manifest::{Cloud, Tenant};
use crate::report::Saw;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let northwind = stage.northwind("secadmin").await?;
    refused(
        &northwind,
        "Northwind",
        (&world.china, &world.tailspin),
        saw,
    )
    .await?;
    let tailspin = stage.tailspin("admin").await?;
    refused(&tailspin, "Tailspin", (&world.usgov, &world.northwind), saw).await
}

async fn refused(
    graph: &Graph,
    side: &str,
    (cloud, tenant): (&Cloud, &Tenant),
    saw: &mut Saw,
) -> Result<()> {
    let before = graph.get(POLICY).await?;
    let mut ticked: Vec<String> = before
        .get("allowedCloudEndpoints")
        .and_then(|list| serde_json::from_value(list.clone()).ok())
        .unwrap_or_default();
    ticked.push(cloud.canonical_name.clone());
    let call = format!("{side} ticks {}", cloud.canonical_name);
    let answer = graph
        .patch(POLICY, &json!({ "allowedCloudEndpoints": ticked }))
        .await;
    let refusal = expect::refusal(answer, &call)?;
    expect::says(&refusal.message, &[&cloud.canonical_name], &call)?;
    saw.note(&call, format!("{} {}", refusal.status, refusal.message));
    let call = format!("{side} adds {}", tenant.display_name);
    let answer = graph
        .post(PARTNERS, &json!({ "tenantId": tenant.id }))
        .await;
    let refusal = expect::refusal(answer, &call)?;
    saw.note(&call, format!("{} {}", refusal.status, refusal.message));
    let after = graph.get(POLICY).await?;
    ensure!(
        after.get("allowedCloudEndpoints") == before.get("allowedCloudEndpoints"),
        "{call}: it was refused, but something was written: {after}"
    );
    Ok(())
}
