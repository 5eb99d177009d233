//! The leg between clouds and the back channel through the routers, with what must be refused
//! (cross-cloud-federation.md §1, §3, §4, §7; the **T:** hints).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod assertion;
mod callback;
mod configuration;
mod lease;
mod person;
mod push;
mod question;
mod rig;
