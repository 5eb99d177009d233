//! A guest from another cloud: the lease is asked at every use, one retry of a leg, and questions
//! while a cloud is silent.

use std::sync::Arc;

use comity_demo::walk::End;
use comity_testkit::{Engine, Fault, Lie};

use super::rig::{NORA, POLICY, Rig, answer};

const SERVED: [u16; 4] = [200; 4];
const HOME: &str = "microsoftonline.us";

#[tokio::test]
async fn a_disabled_person_is_out_everywhere_within_a_minute() {
    for engine in Engine::available() {
        let rig = Rig::paired(engine).await;
        let mut guest = rig.guest(NORA).await;
        rig.forward(61);
        assert_eq!(guest.served(&rig).await, SERVED, "home says yes again");
        rig.enable(NORA, false).await;
        rig.forward(61);
        let ended = guest.served(&rig).await;
        assert_eq!(&ended[..3], [400, 401, 401], "{ended:?}");
        assert_ne!(ended[3], 200, "My Apps");
    }
}

#[tokio::test]
async fn each_use_asks_the_lease_by_itself() {
    let rig = Rig::paired(Engine::Sqlite).await;
    let mut guest = rig.guest(NORA).await;
    rig.world.wire.fail(HOME, Some(Fault::Down));
    rig.forward(30);
    assert_eq!(guest.served(&rig).await, SERVED, "its word still counts");
    rig.forward(31);
    assert_eq!(guest.served(&rig).await, [503; 4], "nothing is served");
    rig.world.wire.fail(HOME, None);
    assert_eq!(guest.served(&rig).await, SERVED, "and nothing has ended");
}

#[tokio::test]
async fn unticking_the_cloud_counts_at_once_and_ticking_it_again_restores() {
    for engine in Engine::available() {
        let rig = Rig::paired(engine).await;
        let mut guest = rig.guest(NORA).await;
        rig.tick("global", "contoso.com", &[]).await;
        let refused = guest.served(&rig).await;
        assert_eq!(&refused[..3], [400, 401, 401], "{refused:?}");
        assert_ne!(refused[3], 200, "My Apps");
        rig.tick("global", "contoso.com", &[HOME]).await;
        assert_eq!(guest.served(&rig).await, SERVED);
    }
}

/// Home says that it could not meet what was asked, whatever is redeemed.
fn unmet() -> Lie {
    Arc::new(|request, mut answer| {
        if request.url.ends_with("/token") {
            answer.status = 400;
            answer.body = br#"{"error":"unmet_authentication_requirements"}"#.to_vec();
        }
        answer
    })
}

#[tokio::test]
async fn a_leg_is_retried_once() {
    let rig = Rig::paired(Engine::Sqlite).await;
    let mut guest = rig.guest(NORA).await;
    assert_eq!(guest.served(&rig).await, SERVED);
    let pushes = || {
        let all = rig.world.wire.exchanges().into_iter();
        all.filter(|e| e.url.ends_with("/par") && e.status == 201)
            .count()
    };
    for (lie, legs, ends_well) in [(Some(unmet()), 2, false), (None, 1, true)] {
        rig.world.wire.twist(HOME, lie);
        rig.world.wire.clear();
        let mut browser = rig.browser();
        browser.open(&rig.my_apps()).await.unwrap();
        let trip = rig.walk(NORA, &mut browser).await;
        let landed = matches!(trip.end, End::Landed);
        assert_eq!(landed, ends_well, "{}", trip.outcome(&browser));
        assert_eq!(pushes(), legs, "{}", trip.path());
        if let End::Refused(refused) = &trip.end {
            assert!(refused.code.contains("50076"), "{}", refused.code);
        }
    }
}

#[tokio::test]
async fn an_organization_is_looked_for_in_every_ticked_cloud() {
    let rig = Rig::start(Engine::Sqlite).await;
    rig.tick(
        "global",
        "contoso.com",
        &[HOME, "partner.microsoftonline.cn"],
    )
    .await;
    let graph = rig.graph("global", "contoso.com", "secadmin").await;
    let northwind = rig.tenant("usgov", "northwind.us").id.clone();
    let unknown = "00000000-0000-4000-8000-00000000abcd";
    let down = Some(Fault::Down);
    for (us, china, id, status) in [
        (None, None, unknown, 404),
        (None, down.clone(), unknown, 503),
        (down.clone(), None, northwind.as_str(), 503),
        (down.clone(), down.clone(), northwind.as_str(), 503),
        (None, down.clone(), northwind.as_str(), 200),
        (None, None, northwind.as_str(), 200),
    ] {
        rig.world.wire.fail(HOME, us.clone());
        rig.world
            .wire
            .fail("partner.microsoftonline.cn", china.clone());
        let path =
            format!("/v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='{id}')");
        let found = match graph.get(&path).await {
            Ok(_) => 200,
            Err(error) => error.refusal().unwrap().status,
        };
        assert_eq!(found, status, "{us:?} {china:?} {id}");
    }
    rig.world.wire.fail(HOME, down);
    let body = serde_json::json!({ "tenantId": northwind });
    let partners = format!("{POLICY}/partners");
    assert_eq!(answer(graph.post(&partners, &body).await).0, 503);
    let listed = graph.get(&partners).await.unwrap();
    assert_eq!(listed["value"], serde_json::json!([]), "nothing is written");
}
