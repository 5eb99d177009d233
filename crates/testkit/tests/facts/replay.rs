//! Every record of the story, decided again from its stored facts under the policy of its time,
//! gives the recorded result.

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
use comity_testkit::{Engine, World};
use serde_json::Value;

use crate::played;

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
async fn records(app: &App) -> Vec<(Id<Tenant>, SignInRecord)> {
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

async fn again(app: &App, tenant: Id<Tenant>, facts: &Facts) -> Again {
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
fn difference(record: &SignInRecord, facts: &Facts, again: &Again) -> Option<String> {
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

#[derive(Default)]
struct Seen {
    /// Records decided again, by the code that policy gave (0: it let pass).
    again: std::collections::BTreeMap<u32, u32>,
    wrong: Vec<String>,
    without: Vec<(String, u32)>,
}

async fn look(world: &World) -> Seen {
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

#[tokio::test]
async fn every_record_of_the_story_is_decided_again_alike() {
    for engine in Engine::available() {
        let world = played(engine).await;
        let seen = look(&world).await;
        assert_eq!(seen.wrong, Vec::<String>::new());
        for code in [0, 53_000, 500_212, 500_213] {
            assert!(seen.again.contains_key(&code), "{code}: {:?}", seen.again);
        }
        // Nothing was decided where there are no facts: who it is was not known yet, a question
        // without a person, a lease that ended, an application's own token.
        let undecided = |(event, code): &(String, u32)| match event.as_str() {
            "crossCloudQuestion" => true,
            "servicePrincipal" => *code != 0,
            "crossCloudToken" => matches!(code, 50_057 | 50_173),
            _ => matches!(code, 50_034 | 50_126 | 50_173),
        };
        let strange: Vec<_> = seen.without.iter().filter(|r| !undecided(r)).collect();
        assert_eq!(strange, Vec::<&(String, u32)>::new());
    }
}

/// The first record of a resource with this code whose facts are as wanted, with its cloud and
/// tenant.
async fn first(
    world: &World,
    code: u32,
    wanted: impl Fn(&Facts) -> bool,
) -> (App, Id<Tenant>, SignInRecord) {
    for (_, app) in &world.apps {
        for (tenant, record) in records(app).await {
            let facts = record.facts.as_ref();
            let fits = facts.is_some_and(|f| f.side == DecidingSide::Resource && wanted(f));
            if record.error_code == code && fits {
                return (app.clone(), tenant, record);
            }
        }
    }
    panic!("no record with {code}");
}

#[tokio::test]
async fn another_fact_or_another_policy_is_another_decision() {
    let world = played(Engine::Sqlite).await;
    let (app, tenant, record) = first(&world, 500_213, |f| !f.groups.member.is_empty()).await;
    let mut facts = record.facts.clone().unwrap();
    facts.groups.member.clear();
    assert_eq!(again(&app, tenant, &facts).await.code(), None);

    let (app, tenant, record) = first(&world, 53_000, |_| true).await;
    let mut facts = record.facts.clone().unwrap();
    let under_its_own = again(&app, tenant, &facts).await;
    assert_eq!(under_its_own.code(), Some(53_000));
    facts.policy_version = 0;
    let before_any_policy = again(&app, tenant, &facts).await;
    assert_eq!(before_any_policy.code(), Some(500_213));
    assert!(difference(&record, &facts, &before_any_policy).is_some());
}
