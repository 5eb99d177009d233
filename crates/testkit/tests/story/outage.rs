//! A partner that takes calls and says nothing (security bars ): five hundred guests on
//! their way there hold nothing that anybody else needs, and end at a page that says what is.

use comity_demo::walk::End;
use comity_testkit::Fault;
use futures_util::future::join_all;

use crate::rig::{Actor, CHINA, CONTOSO, NORA, Rig, TAILSPIN, USGOV, contains, on_every_engine};

const LEGS: usize = 500;
const LOCALS: usize = 20;
const TAO: &str = "tao@tailspin.cn";

/// At the notice, about to leave for home.
async fn at_the_notice(rig: &Rig) -> Actor {
    let mut actor = rig.actor(NORA);
    actor.browser.open(&rig.my_apps()).await.unwrap();
    actor.browser.fill("#username", NORA).unwrap();
    actor.browser.submit("#submit").await.unwrap();
    let page = actor.browser.page().unwrap();
    let here = page.url.origin().ascii_serialization();
    assert_eq!(here, rig.cloud_of(CONTOSO).login, "{}", page.describe());
    actor
}

/// People of Contoso sign in while all of them hang, and so do guests of another cloud.
async fn meanwhile(rig: &Rig) {
    while rig.world.wire.hanging() < LEGS {
        tokio::task::yield_now().await;
    }
    for number in 0..LOCALS {
        let upn = ["alex@contoso.com", TAO, "bo@contoso.com", TAO][number % 4];
        let mut local = rig.actor(upn);
        let trip = local.go(&rig.my_apps()).await;
        rig.at_my_apps(&trip, &local);
    }
    // Neither does a script wait, nor does the store have fewer connections to give.
    let graph = rig.robot(CONTOSO).await;
    graph.get("/v1.0/users").await.unwrap();
    assert_eq!(rig.world.wire.hanging(), LEGS, "one gave up early");
    rig.world.wire.fail(USGOV, None);
}

#[tokio::test]
async fn r20_five_hundred_hanging_legs_keep_nobody_of_this_organization_out() {
    on_every_engine(async |rig| {
        let (_, _) = rig.nora().await;
        rig.tick(CONTOSO, &[USGOV, CHINA]).await;
        rig.add(CONTOSO, TAILSPIN).await;
        rig.open(TAILSPIN, CONTOSO).await;
        rig.guest(TAO).await;
        // The script's token is there before, so that looking needs no other cloud.
        rig.robot(CONTOSO).await;
        let mut guests = Vec::new();
        for _ in 0..LEGS {
            guests.push(at_the_notice(rig).await);
        }
        rig.world.wire.fail(USGOV, Some(Fault::Hangs));
        let leave = guests.iter_mut().map(async |guest| {
            guest.browser.submit("#submit").await.unwrap();
        });
        tokio::join!(join_all(leave), meanwhile(rig));
        for guest in &guests {
            let page = guest.browser.page().unwrap();
            let code = page.text_of("error-code").unwrap_or_default();
            assert_eq!(page.status, 503, "{}", page.describe());
            contains(&code, &["temporarily_unavailable"]);
            contains(&page.html.text(), &["Northwind Agency"]);
        }
        // It answers again, and the next one gets through.
        let mut nora = rig.actor(NORA);
        let trip = nora.go(&rig.my_apps()).await;
        assert!(
            matches!(trip.end, End::Landed),
            "{}",
            trip.outcome(&nora.browser)
        );
        rig.at_my_apps(&trip, &nora);
    })
    .await;
}
