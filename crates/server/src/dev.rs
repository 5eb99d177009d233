//! The dev world (dev-world.md): three clouds, five organisations and their people on loopback.
//!
//! What is fixed is data in `dev/clouds.toml` and `dev/world.toml`; what is secret is drawn at the
//! first start and kept in the manifest, `DIR/world.json`.

pub mod authority;
pub mod clouds;
pub mod directory;
pub mod fill;
pub mod hosts;
pub mod manifest;
pub mod secrets;
pub mod seed;
pub mod start;
pub mod trust;
pub mod world;
