//! The OpenID provider through the routers: metadata, codes, tokens, sign-out, and what each of
//! them must refuse (security bars O-01 to O-34 as far as they are due here, named in the tests).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod application;
mod authorize;
mod code;
mod grants;
mod guards;
mod guess;
mod keys;
mod law;
mod metadata;
mod proof;
mod refresh;
mod rig;
mod scripts;
mod sign_out;
mod uniform;
