//! Both tenants' sign-in logs show each attempt under the same correlation ID, with the other cloud and tenant
//! named.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::stage::{Attempt, Stage, World};
use crate::graph::Graph;
use crate::report::Saw;

const LOG: &str = "/v1.0/auditLogs/signIns";

struct Logs {
    contoso: Graph,
    northwind: Graph,
}

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let logs = Logs {
        contoso: stage.contoso("reader").await?,
        northwind: stage.northwind("secadmin").await?,
    };
    for attempt in &stage.attempts {
        let place = format!("step {}, {}", attempt.step, attempt.code);
        let line = refusal(&logs, &world, attempt)
            .await
            .context(place.clone())?;
        saw.note(&format!("{place} {}", attempt.correlation_id), line);
    }
    let (apps, count) = successes(&logs, &world).await?;
    for app in ["My Apps", "Expenses"] {
        ensure!(
            apps.contains(app),
            "expected a sign-in to {app} in both logs, saw {apps:?}"
        );
    }
    saw.note("sign-ins in both logs", count);
    saw.note("to", apps.into_iter().collect::<Vec<_>>());
    Ok(())
}

async fn refusal(logs: &Logs, world: &World, attempt: &Attempt) -> Result<String> {
    let at_contoso = find(&logs.contoso, &attempt.correlation_id).await?;
    let code = u64::from(attempt.code);
    ensure!(
        at_contoso
            .iter()
            .any(|record| error_code(record) == Some(code) && names_home(record, world)),
        "expected a record with {code} and Northwind as home in Contoso's log, saw {at_contoso:?}"
    );
    let at_northwind = find(&logs.northwind, &attempt.correlation_id).await?;
    if !attempt.home_was_asked {
        return Ok("in Contoso's log; Northwind was not asked".to_owned());
    }
    ensure!(
        at_northwind
            .iter()
            .any(|record| names_resource(record, world)),
        "expected a record with Contoso as resource in Northwind's log, saw {at_northwind:?}"
    );
    Ok("in both logs".to_owned())
}

/// Every sign-in of a Northwind guest that Contoso let in is in Northwind's log as well.
async fn successes(logs: &Logs, world: &World) -> Result<(BTreeSet<String>, usize)> {
    let mut apps = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for record in list(&logs.contoso).await? {
        let interactive = record.get("isInteractive").and_then(Value::as_bool) == Some(true);
        if error_code(&record) != Some(0) || !interactive || !names_home(&record, world) {
            continue;
        }
        let id = text(&record, "correlationId").to_owned();
        let name = text(&record, "appDisplayName").to_owned();
        if seen.insert(id.clone()) {
            let other = find(&logs.northwind, &id).await?;
            ensure!(
                other.iter().any(|record| names_resource(record, world)),
                "the sign-in `{id}` to {name} is in Contoso's log, but not in Northwind's"
            );
        }
        apps.insert(name);
    }
    Ok((apps, seen.len()))
}

async fn find(graph: &Graph, correlation_id: &str) -> Result<Vec<Value>> {
    let filter = format!("correlationId eq '{correlation_id}'");
    let page = graph.query(LOG, &[("$filter", &filter)]).await?;
    Ok(records(&page))
}

/// The whole log, page by page.
async fn list(graph: &Graph) -> Result<Vec<Value>> {
    let mut page = graph.query(LOG, &[("$top", "100")]).await?;
    let mut all = records(&page);
    for _ in 0..100 {
        let Some(next) = page.get("@odata.nextLink").and_then(Value::as_str) else {
            break;
        };
        let url = url::Url::parse(next).context("`@odata.nextLink` is no address")?;
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        page = graph.get(&path).await?;
        all.extend(records(&page));
    }
    Ok(all)
}

fn records(page: &Value) -> Vec<Value> {
    page.get("value")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn error_code(record: &Value) -> Option<u64> {
    record.pointer("/status/errorCode").and_then(Value::as_u64)
}

fn names_home(record: &Value, world: &World) -> bool {
    text(record, "homeTenantId") == world.northwind.id
        && text(record, "homeCloud") == world.usgov.canonical_name
}

fn names_resource(record: &Value, world: &World) -> bool {
    text(record, "resourceTenantId") == world.contoso.id
        && text(record, "resourceCloud") == world.global.canonical_name
}
