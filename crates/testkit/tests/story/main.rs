//! The story that `comity demo` plays, through the routers, on every engine that is here.
#![expect(clippy::unwrap_used, reason = "tests")]

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
