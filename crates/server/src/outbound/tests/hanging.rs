//! A partner that takes calls and says nothing, beside one that answers: each has turns,
//! connections and a breaker of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use comity_model::cloud::{CloudEntry, Registry};
use tokio::task::JoinSet;

use super::{HttpsOutbound, Limits, PARTNER, Partner, TestClock, answer, ask, entry_of_ours, ok};
use crate::port::Clock;

const OTHER: &str = "other.example";
const HANGING: usize = 500;
const OTHERS: usize = 100;

/// As many at once as in production, only less patient.
fn limits() -> Limits {
    Limits {
        call: Duration::from_secs(2),
        ..Limits::default()
    }
}

/// A partner that says nothing until it is told to.
async fn silent(speaks: &Arc<AtomicBool>) -> Partner {
    let speaks = Arc::clone(speaks);
    Partner::start(move |stream| {
        let speaks = speaks.load(Ordering::SeqCst);
        async move {
            if speaks {
                answer(stream, ok("back")).await;
            } else {
                let _stream = stream;
                std::future::pending::<()>().await;
            }
        }
    })
    .await
}

fn towards(entries: [(&str, &CloudEntry); 2], clock: &Arc<TestClock>) -> HttpsOutbound {
    let entry = |(name, entry): (&str, &CloudEntry)| {
        let entry = CloudEntry {
            canonical_name: name.to_owned(),
            ..entry.clone()
        };
        (name.to_owned(), entry)
    };
    let registry = Registry {
        own: entry_of_ours(entries[0].1),
        allow_invites_from: "everyone".into(),
        others: entries.map(entry).into(),
        pairs: entries.map(|(name, _)| name.to_owned()).into(),
    };
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    HttpsOutbound::new(&registry, clock, limits()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r20_five_hundred_hanging_calls_to_one_partner_cost_the_other_nothing() {
    let speaks = Arc::new(AtomicBool::new(false));
    let (mute, healthy) = (
        silent(&speaks).await,
        Partner::start(|stream| answer(stream, ok("hello"))).await,
    );
    let clock = Arc::new(TestClock::default());
    let client = towards([(PARTNER, &mute.entry), (OTHER, &healthy.entry)], &clock);
    let client = Arc::new(client);
    let mut hanging = JoinSet::new();
    for _ in 0..HANGING {
        let (client, url) = (Arc::clone(&client), mute.url());
        hanging.spawn(async move { ask(&client, PARTNER, &url).await });
    }
    // All turns of the mute one are taken.
    while mute.connections.load(Ordering::Relaxed) < limits().calls {
        tokio::task::yield_now().await;
    }
    let began = Instant::now();
    for _ in 0..OTHERS {
        let answered = ask(&client, OTHER, &healthy.url()).await.unwrap();
        assert_eq!(answered.body, b"hello");
    }
    assert!(
        began.elapsed() < limits().call,
        "they waited for the mute one"
    );
    assert!(hanging.join_all().await.iter().all(Result::is_err));
    // The breaker of the one is open, that of the other is not; half a minute later the one that
    // tries finds the partner back, and so do the next.
    let shut = ask(&client, PARTNER, &mute.url()).await.unwrap_err();
    assert!(
        shut.to_string().contains("several times in a row"),
        "{shut}"
    );
    ask(&client, OTHER, &healthy.url()).await.unwrap();
    speaks.store(true, Ordering::SeqCst);
    clock.0.store(30, Ordering::Relaxed);
    for _ in 0..10 {
        let answered = ask(&client, PARTNER, &mute.url()).await.unwrap();
        assert_eq!(answered.body, b"back");
    }
}
