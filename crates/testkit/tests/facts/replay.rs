//! Every record of the story, decided again from its stored facts under the policy of its time,
//! gives the recorded result.

use comity_app::App;
use comity_model::{
    facts::{DecidingSide, Facts},
    id::Id,
    sign_in_record::SignInRecord,
    tenant::Tenant,
};
use comity_testkit::{Engine, World};

use crate::{
    decided_again::{again, difference, look, records},
    played,
};

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
