//! The story of two clouds, played over HTTPS by a program that uses no crate of ours.
//!
//! It reads the manifest of a running dev world (`docs/` of the project, "The dev world") and then does what a
//! browser (cookies, forms, redirects) or a script (a Graph call with a token from a real sign-in of that
//! administrator) would do. Every value that it prints comes from a response.
//!
//! * people: [`browser`] over [`client`], [`cookie`], [`markup`] and [`form`]; [`walk`] types what a person types
//! * scripts: [`oauth`], [`jwt`], [`graph`]
//! * around them: [`manifest`], [`mail`], [`totp`]
//! * the story: [`story`] (fifteen steps, one file each) and [`report`] (what is printed)

pub mod browser;
pub mod client;
pub mod cookie;
pub mod form;
pub mod graph;
pub mod jwt;
pub mod mail;
pub mod manifest;
pub mod markup;
pub mod oauth;
pub mod options;
pub mod report;
pub mod story;
pub mod totp;
pub mod walk;

pub use options::{Chance, Clock, Options};
pub use report::Outcome;

/// Plays the whole story against the dev world that the manifest describes and prints to standard output.
///
/// The error is for a story that could not begin (no manifest, no certificate); a step that did not hold is told
/// by the [`Outcome`].
pub async fn run(options: Options) -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout();
    story::play(&options, &mut out).await
}
