//! R-20 with real processes: the partner's process hangs (it is stopped, its connections stay).
//! Its guests get a page that says so, in bounded time; nobody else notices; and it ends by itself.

use std::time::Duration;

use comity_app::port::Clock as _;
use comity_demo::{
    browser::Browser,
    manifest::Manifest,
    oauth::Means,
    walk::{self, End, Person, Trip},
};
use comity_server::clock::SystemClock;

use crate::{installation::Engine, pairing::Pair, script};

/// Guests at once.
const LEGS: usize = 24;

/// Somebody who opens Contoso's My Apps in a new browser.
#[derive(Clone, Copy)]
struct Visitor {
    cloud: &'static str,
    domain: &'static str,
    upn: &'static str,
}

const NORA: Visitor = Visitor {
    cloud: "usgov",
    domain: "northwind.us",
    upn: "nora@northwind.us",
};
const ALEX: Visitor = Visitor {
    cloud: "global",
    domain: "contoso.com",
    upn: "alex@contoso.com",
};

/// How the way ended, and after how many seconds.
async fn visit(pair: &Pair, visitor: Visitor) -> (Trip, String, i64) {
    let manifest = Manifest::read(&pair.folder().join("world.json")).unwrap();
    let Means { client, clock, .. } = script::means(&manifest.ca_file);
    let home = manifest.cloud(visitor.cloud).unwrap();
    let user = home
        .tenant(visitor.domain)
        .unwrap()
        .user(visitor.upn)
        .unwrap();
    let mut person = Person::of(user, home).unwrap();
    let resource = manifest.cloud("global").unwrap();
    let contoso = resource.tenant("contoso.com").unwrap();
    let mut browser = Browser::new(client, clock.clone());
    let begun = SystemClock.now();
    let url = format!("{}/?tenantid={}", resource.myapps, contoso.id);
    browser.open(&url).await.unwrap();
    let trip = walk::walk(&mut browser, &mut person, &clock).await.unwrap();
    let outcome = trip.outcome(&browser);
    (trip, outcome, SystemClock.now().seconds_since(begun))
}

#[tokio::test(flavor = "multi_thread")]
async fn r20_a_partner_that_hangs_costs_its_own_guests_a_bounded_wait() {
    let pair = Pair::new(Engine::Sqlite, Engine::Sqlite).await;
    let pair = std::sync::Arc::new(pair);
    let (commercial, andor) = pair.serve();
    pair.play(2..=6).await;
    andor.signal("-STOP");
    let mut guests = Vec::new();
    for _ in 0..LEGS {
        let pair = std::sync::Arc::clone(&pair);
        guests.push(tokio::spawn(async move { visit(&pair, NORA).await }));
    }
    // Contoso's own people meanwhile: none waits as long as a guest.
    for _ in 0..4 {
        let (trip, outcome, seconds) = visit(&pair, ALEX).await;
        assert!(
            matches!(trip.end, End::Landed) && seconds < 5,
            "{seconds} s: {outcome}"
        );
    }
    for guest in guests {
        let (trip, outcome, seconds) = guest.await.unwrap();
        let End::Refused(refused) = &trip.end else {
            panic!("{outcome}");
        };
        assert!(
            refused.code.contains("temporarily_unavailable"),
            "{outcome}"
        );
        assert!(
            outcome.contains("Andor") && seconds <= 10,
            "{seconds} s: {outcome}"
        );
    }

    andor.signal("-CONT");
    let begun = SystemClock.now();
    while !matches!(visit(&pair, NORA).await.0.end, End::Landed) {
        let waited = SystemClock.now().seconds_since(begun);
        assert!(waited < 45, "the partner answers and is not asked");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    drop((commercial, andor));
}
