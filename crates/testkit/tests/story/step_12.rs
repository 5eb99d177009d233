//! Step 12: nora is disabled at home. Her refresh, her My Apps page and her Graph calls at Contoso
//! fail within 60 s.

use comity_demo::{
    oauth::{self, Tokens},
    walk::End,
};

use crate::rig::{Actor, CONTOSO, NILS, NORA, Rig, on_every_engine, refused};
use comity_testkit::Fault;

/// How each way in answers; `None` = it works.
async fn doors(rig: &Rig, actor: &mut Actor, tokens: &mut Tokens) -> [Option<String>; 3] {
    let refresh = match oauth::refresh(&rig.means, tokens).await {
        Ok(next) => {
            *tokens = next;
            None
        }
        Err(oauth::Error::Refused(refusal)) => {
            Some(format!("{} {}", refusal.status, refusal.error))
        }
        Err(error) => panic!("{error}"),
    };
    actor.browser.open(&rig.my_apps()).await.unwrap();
    let page = actor.browser.page().unwrap();
    let here = page.url.origin().ascii_serialization() == rig.cloud_of(CONTOSO).myapps;
    let my_apps = (!(here && page.status == 200)).then(|| page.status.as_u16().to_string());
    let graph = rig.graph_with(CONTOSO, &tokens.access_token);
    let me = match graph.get("/v1.0/me").await {
        Ok(_) => None,
        Err(error) => {
            let refusal = error.refusal().unwrap();
            Some(format!("{} {}", refusal.status, refusal.code))
        }
    };
    [refresh, my_apps, me]
}

async fn inside(rig: &Rig, upn: &str) -> (Actor, Tokens) {
    let (mut actor, _) = rig.guest(upn).await;
    let tokens = rig.script(&mut actor, CONTOSO).await;
    (actor, tokens)
}

#[tokio::test]
async fn every_door_is_shut_when_the_last_answer_is_older_than_60_s() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let (mut nora, mut tokens) = inside(rig, NORA).await;
        assert_eq!(doors(rig, &mut nora, &mut tokens).await, [None, None, None]);
        rig.enable(NORA, false).await;
        rig.world.clock.forward(61);
        let shut = doors(rig, &mut nora, &mut tokens).await;
        assert_eq!(shut[0].as_deref(), Some("400 invalid_grant"));
        assert!(shut[1].is_some(), "My Apps is open");
        assert_eq!(shut[2].as_deref(), Some("401 InvalidAuthenticationToken"));
        // Enabled again, the dead family stays dead: she signs in anew.
        rig.enable(NORA, true).await;
        let still = oauth::refresh(&rig.means, &tokens).await;
        assert!(
            matches!(still, Err(oauth::Error::Refused(_))),
            "the family came back to life"
        );
        nora.fresh();
        let mut tokens = rig.script(&mut nora, CONTOSO).await;
        let trip = nora.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &nora);
        assert_eq!(doors(rig, &mut nora, &mut tokens).await, [None, None, None]);
    })
    .await;
}

#[tokio::test]
async fn graph_alone_asks_home_too() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let (_, tokens) = inside(rig, NORA).await;
        let graph = rig.graph_with(CONTOSO, &tokens.access_token);
        rig.world.clock.forward(61);
        graph.get("/v1.0/me").await.unwrap();
        rig.enable(NORA, false).await;
        rig.world.clock.forward(61);
        let refusal = refused(graph.get("/v1.0/me").await);
        assert_eq!(refusal.status, 401, "{refusal}");
    })
    .await;
}

#[tokio::test]
async fn until_then_home_is_not_asked_again_and_afterwards_it_is_asked_once() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let (_, tokens) = inside(rig, NORA).await;
        let graph = rig.graph_with(CONTOSO, &tokens.access_token);
        graph.get("/v1.0/me").await.unwrap();
        rig.world.wire.clear();
        rig.world.clock.forward(55);
        graph.get("/v1.0/me").await.unwrap();
        assert!(rig.world.wire.exchanges().is_empty(), "asked within 60 s");
        rig.world.clock.forward(10);
        graph.get("/v1.0/me").await.unwrap();
        let asked = rig.world.wire.exchanges().into_iter();
        assert_eq!(asked.filter(|e| e.url.ends_with("/token")).count(), 1);
        rig.world.wire.clear();
        graph.get("/v1.0/me").await.unwrap();
        assert!(rig.world.wire.exchanges().is_empty(), "asked twice");
    })
    .await;
}

#[tokio::test]
async fn nobody_else_is_out() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let (mut nora, mut noras) = inside(rig, NORA).await;
        let (mut nils, mut tokens) = inside(rig, NILS).await;
        rig.enable(NORA, false).await;
        rig.world.clock.forward(61);
        assert_eq!(doors(rig, &mut nils, &mut tokens).await, [None, None, None]);
        let shut = doors(rig, &mut nora, &mut noras).await;
        assert!(shut.iter().all(Option::is_some), "{shut:?}");
    })
    .await;
}

#[tokio::test]
async fn a_silent_home_serves_nothing_ends_nothing_and_says_so() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let (mut nora, mut tokens) = inside(rig, NORA).await;
        for fault in [
            Fault::Down,
            Fault::Slow,
            Fault::Says {
                status: 503,
                body: r#"{"error":"temporarily_unavailable"}"#.into(),
            },
            Fault::Says {
                status: 200,
                body: r#"{"id_token":"x.y.z","token_type":"DPoP","access_token":"x"}"#.into(),
            },
        ] {
            rig.world.clock.forward(61);
            rig.world.wire.fail(crate::rig::USGOV, Some(fault.clone()));
            let shut = doors(rig, &mut nora, &mut tokens).await;
            assert_eq!(
                shut[0].as_deref(),
                Some("503 temporarily_unavailable"),
                "{fault:?}"
            );
            assert!(shut[1].is_some(), "{fault:?}: My Apps is served");
            assert!(
                shut[2].as_ref().is_some_and(|s| s.starts_with("503")),
                "{fault:?}: {shut:?}"
            );
            rig.world.wire.fail(crate::rig::USGOV, None);
            assert_eq!(
                doors(rig, &mut nora, &mut tokens).await,
                [None, None, None],
                "{fault:?}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_disabled_person_cannot_come_in_anew() {
    on_every_engine(async |rig| {
        let (mut nora, guest) = rig.nora().await;
        rig.enable(NORA, false).await;
        nora.fresh();
        let trip = nora.go(&rig.my_apps()).await;
        assert!(
            !matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nora.browser)
        );
        // The guest object is Contoso's and stays as it is.
        assert_eq!(rig.state_of(&guest).await, "Accepted");
    })
    .await;
}

#[tokio::test]
async fn contoso_can_disable_its_own_guest_at_once() {
    on_every_engine(async |rig| {
        rig.pair().await;
        let (mut nora, guest) = rig.guest(NORA).await;
        let mut tokens = rig.script(&mut nora, CONTOSO).await;
        let path = format!("/v1.0/users/{guest}");
        let body = serde_json::json!({ "accountEnabled": false });
        rig.robot(CONTOSO).await.patch(&path, &body).await.unwrap();
        let shut = doors(rig, &mut nora, &mut tokens).await;
        assert!(shut.iter().all(Option::is_some), "{shut:?}");
        let mut at_home = rig.actor(NORA);
        let trip = at_home.go(&rig.home_apps()).await;
        assert!(
            matches!(trip.end, End::Landed),
            "home is not Contoso's to close"
        );
    })
    .await;
}
