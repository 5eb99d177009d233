//! The fifteen steps, in order; the first that does not hold ends the story.

mod expect;
mod stage;
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

use std::io::Write;
use std::ops::RangeInclusive;
use std::pin::Pin;

use anyhow::Result;

use crate::options::Options;
use crate::report::{Outcome, Reporter, Saw};
use stage::Stage;

type Held<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;
type Play = for<'a> fn(&'a mut Stage, &'a mut Saw) -> Held<'a>;

const STEPS: [(&str, Play); 15] = [
    (
        "Three clouds are up, each with its own keys and discovery document",
        |stage, saw| Box::pin(step_01::play(stage, saw)),
    ),
    (
        "Contoso ticks US Government, finds Northwind by ID and adds it",
        |stage, saw| Box::pin(step_02::play(stage, saw)),
    ),
    (
        "Inviting nora is refused: Northwind is not ready",
        |stage, saw| Box::pin(step_03::play(stage, saw)),
    ),
    (
        "Northwind ticks the commercial cloud and adds Contoso",
        |stage, saw| Box::pin(step_04::play(stage, saw)),
    ),
    (
        "Nora is invited by her user principal name, and by no other address",
        |stage, saw| Box::pin(step_05::play(stage, saw)),
    ),
    (
        "The link redeems for nora alone: she signs in at home, consents once, lands in My Apps",
        |stage, saw| Box::pin(step_06::play(stage, saw)),
    ),
    (
        "Nora opens Expenses: a token of Contoso for the guest, from her home",
        |stage, saw| Box::pin(step_07::play(stage, saw)),
    ),
    (
        "The other doors: the common endpoint, My Apps by ID and by domain, the direct link",
        |stage, saw| Box::pin(step_08::play(stage, saw)),
    ),
    (
        "Contoso requires MFA of guests: asked at Contoso without trust, at home with it",
        |stage, saw| Box::pin(step_09::play(stage, saw)),
    ),
    (
        "Contoso demands a compliant device, and nobody vouches for one",
        |stage, saw| Box::pin(step_10::play(stage, saw)),
    ),
    (
        "Northwind blocks Library; Contoso blocks the group Contoso Project",
        |stage, saw| Box::pin(step_11::play(stage, saw)),
    ),
    (
        "Nora is disabled at home and is out at Contoso within 60 s",
        |stage, saw| Box::pin(step_12::play(stage, saw)),
    ),
    (
        "Contoso unticks the cloud: refused at once; ticks it: restored",
        |stage, saw| Box::pin(step_13::play(stage, saw)),
    ),
    ("Northwind and Tailspin cannot pair", |stage, saw| {
        Box::pin(step_14::play(stage, saw))
    }),
    (
        "Both sign-in logs show each attempt under one correlation ID",
        |stage, saw| Box::pin(step_15::play(stage, saw)),
    ),
];

/// Plays the story, printing to `out`.
pub async fn play(options: &Options, out: &mut (dyn Write + Send)) -> Result<Outcome> {
    play_steps(options, 1..=STEPS.len(), out).await
}

/// Plays a part of the story against servers that are not a dev world; its first step finds what the steps before
/// it would have left.
pub async fn play_steps(
    options: &Options,
    steps: RangeInclusive<usize>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome> {
    let mut stage = Stage::set(options)?;
    let mut reporter = Reporter::new(out, options.json);
    let mut outcome = Outcome {
        held: 0,
        steps: steps.clone().count(),
        failed: None,
    };
    let played = (1..)
        .zip(STEPS)
        .filter(|(number, _)| steps.contains(number));
    for (number, (title, play)) in played {
        if options.pause && number > 1 {
            enter().await?;
        }
        reporter.begin(number, title)?;
        let mut saw = Saw::default();
        let error = play(&mut stage, &mut saw)
            .await
            .err()
            .map(|error| format!("{error:#}"));
        reporter.end(number, title, &saw, error.as_deref())?;
        if let Some(error) = error {
            outcome.failed = Some((number, error));
            break;
        }
        outcome.held += 1;
    }
    reporter.say(&format!("{} of {} steps held", outcome.held, outcome.steps))?;
    if options.keep {
        let world = &stage.world;
        reporter.say(&format!("the dev world stays up: {}", world.my_apps()))?;
        reporter.say(&format!(
            "its accounts are in {}",
            options.manifest.display()
        ))?;
    }
    Ok(outcome)
}

/// Waits for Enter. The prompt goes to standard error, so that the records stay clean.
async fn enter() -> Result<()> {
    eprint!("press Enter for the next step ");
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    Ok(())
}

#[cfg(test)]
mod tests;
