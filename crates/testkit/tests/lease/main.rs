//! Admission of guests, at every use (cross-cloud-federation.md §2, §3.9, §3.11), and what comes in
//! with text that no store can keep.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod across;
mod here;
mod rig;
mod text;
