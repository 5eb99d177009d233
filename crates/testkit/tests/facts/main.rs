//! What a sign-in was decided on, and what two clouds told one another about it, over the whole
//! story (cross-cloud-federation.md §3 to §5, §7).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod at_rest;
mod capture;
mod decided_again;
mod replay;
mod wire;

use comity_testkit::{Engine, World};

/// A world in which the story was played.
async fn played(engine: Engine) -> World {
    let world = World::start(engine).await.unwrap();
    play(&world.story()).await;
    world
}

async fn play(options: &comity_demo::Options) {
    let mut out = Vec::new();
    let outcome = comity_demo::story::play(options, &mut out).await.unwrap();
    assert_eq!(outcome.failed, None, "{}", String::from_utf8_lossy(&out));
}
