//! `comity demo`: a fresh dev world on a free port, and the story played in it over HTTPS.

use std::process::ExitCode;

use comity_demo::{Chance, Clock, Options as Story};

use crate::{
    cli::Demo,
    clock::SystemClock,
    dev::{
        manifest,
        start::{Content, Options, Start, start},
    },
    file,
    port::Random as _,
    random::{self, SystemRandom},
    shutdown,
};

/// Plays the story; the exit status says whether every step held.
pub fn run(command: &Demo) -> anyhow::Result<ExitCode> {
    let drawn = u64::from_be_bytes(random::bytes(&SystemRandom));
    let data = std::env::temp_dir().join(format!("comity-demo-{drawn:016x}"));
    let played = super::until_signal(async |signalled| play(command, &data, signalled).await);
    if !command.keep {
        file::remove(&data)?;
    }
    played
}

async fn play(
    command: &Demo,
    data: &std::path::Path,
    mut signalled: shutdown::Shutdown,
) -> anyhow::Result<ExitCode> {
    let options = Options {
        data: data.to_owned(),
        port: 0,
        content: Content::Everybody,
        start: Start::Again,
    };
    let (trigger, stop) = shutdown::channel();
    let world = start(&options, &stop).await?;
    let story = Story {
        manifest: world.directory.path().join(manifest::NAME),
        json: command.json,
        pause: command.pause,
        keep: command.keep,
        clock: Clock::new(SystemClock::system_time),
        chance: Chance::new(|bytes| SystemRandom.fill(bytes)),
        transport: None,
    };
    let outcome = tokio::select! {
        outcome = comity_demo::run(story) => Some(outcome?),
        () = signalled.wait() => None,
    };
    if command.keep && outcome.is_some() {
        print!("{}", super::dev::describe(&world.manifest));
        signalled.wait().await;
    }
    trigger.stop();
    world.running.finish().await?;
    Ok(outcome.map_or(ExitCode::FAILURE, |outcome| {
        ExitCode::from(outcome.exit_code())
    }))
}
