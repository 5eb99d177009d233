//! People's pages that no sign-in leads through, through the routers on every engine: signing out,
//! and the first password behind the operator's link (sessions.md; dev-world.md).
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;
mod not_found;
mod rehash;
mod rig;
mod set_password;
mod sign_out;
