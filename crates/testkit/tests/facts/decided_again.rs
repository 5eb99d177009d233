//! Stored decisions taken again: the facts of a record under the policy of its time.

use comity_app::{
    App, Client, Context,
    judge::again::{self, Again},
    snapshot::past,
};
use comity_model::{
    facts::{DecidingSide, Facts},
    id::Id,
    sign_in_record::SignInRecord,
    tenant::Tenant,
};
use comity_testkit::World;
use serde_json::Value;

/// The numbers that policy of a side gives; others tell of the person, the request or the other
/// side.
const fn is_policy(side: DecidingSide, code: u32) -> bool {
    matches!(
        (side, code),
        (_, 53_000 | 53_001 | 53_003)
            | (DecidingSide::Resource, 90_038 | 500_213)
            | (DecidingSide::Home, 90_038 | 1_000_104 | 500_212)
    )
}

/// Every record of a cloud with its tenant.
pub async fn records(app: &App) -> Vec<(Id<Tenant>, SignInRecord)> {
    let read = app.store().read();
    let mut all = Vec::new();
    for tenant in read.cloud().list_tenants().await.unwrap() {
        for record in read
            .tenant(tenant.id)
            .sign_in_records()
            .all()
            .await
            .unwrap()
        {
            all.push((tenant.id, record));
        }
    }
    all
}

/// What the policy of that time makes of the facts.
pub async fn again(app: &App, tenant: Id<Tenant>, facts: &Facts) -> Again {
    let cx = Context::new(app, Client::default());
    let snapshot = past::at(&cx, tenant, facts.policy_version).await.unwrap();
    again::decide(app.registry(), &snapshot, facts)
}

/// Policy ID and result, as the record shows them.
fn shown(record: &SignInRecord) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut shown: Vec<_> = record.properties["appliedConditionalAccessPolicies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| (text(&policy["id"]), text(&policy["result"])))
        .collect();
    shown.sort();
    shown
}

fn decided(again: &Again) -> Vec<(String, String)> {
    let results = again.access.results.iter();
    let mut results: Vec<_> = results
        .map(|r| (r.id.to_string(), r.result.clone()))
        .collect();
    results.sort();
    results
}

/// Where a decision taken again differs from its record.
pub fn difference(record: &SignInRecord, facts: &Facts, again: &Again) -> Option<String> {
    let code = record.error_code;
    let agrees = match code {
        0 => again.is_allowed(),
        code if is_policy(facts.side, code) => again.code() == Some(code),
        _ => true,
    };
    if !agrees {
        return Some(format!("{code}, but again {again:?}"));
    }
    let shown = shown(record);
    let was_asked = code == 0 || !shown.is_empty();
    (was_asked && shown != decided(again)).then(|| format!("{shown:?}, but again {again:?}"))
}

/// All records of a world, decided again.
#[derive(Default)]
pub struct Seen {
    /// Records decided again, by the code that policy gave (0: it let pass).
    pub again: std::collections::BTreeMap<u32, u32>,
    pub wrong: Vec<String>,
    pub without: Vec<(String, u32)>,
}

/// Decides every record again.
pub async fn look(world: &World) -> Seen {
    let mut seen = Seen::default();
    for (_, app) in &world.apps {
        for (tenant, record) in records(app).await {
            let Some(facts) = &record.facts else {
                seen.without.push((record.event, record.error_code));
                continue;
            };
            let again = again(app, tenant, facts).await;
            *seen.again.entry(again.code().unwrap_or(0)).or_default() += 1;
            let difference = difference(&record, facts, &again);
            seen.wrong
                .extend(difference.map(|d| format!("{} {}: {d}", record.event, record.id)));
        }
    }
    seen
}
