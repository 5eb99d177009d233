//! The story that `comity demo` plays, through the routers, on every engine that is here: the whole
//! of it in one go, and each step by itself with what must be refused beside it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod address;
mod bad_input;
mod claims;
mod code_limit;
mod codes;
mod conditions;
mod csp;
#[path = "../facts/decided_again.rs"]
mod decided_again;
mod guard;
mod hint;
mod location;
mod markup;
mod meantime;
mod one_end;
mod outage;
mod place;
mod privileged;
mod race;
mod rate;
mod refusal;
mod relying;
mod reset;
mod rig;
mod same_cloud;
mod sight;
mod step_01;
mod step_02;
mod step_03;
mod step_04;
mod step_05;
mod step_06;
mod step_07;
mod step_08;
mod step_09;
mod step_10;
mod step_11;
mod step_12;
mod step_13;
mod step_14;
mod step_15;
mod stranger;
mod sweep;
mod switch;
mod withdrawn;

use comity_testkit::{Engine, World};

async fn play(engine: Engine) -> String {
    let world = World::start(engine).await.unwrap();
    let mut out = Vec::new();
    let outcome = comity_demo::story::play(&world.story(), &mut out)
        .await
        .unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(outcome.failed, None, "{text}");
    text
}

#[tokio::test]
async fn the_story_holds_on_every_engine() {
    for engine in Engine::available() {
        play(engine).await;
    }
}
