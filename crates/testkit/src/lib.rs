//! Several clouds in one process, without sockets: the real routers, stores and keys, a clock that
//! is put forward, chance from a seed, and HTTPS between the clouds as function calls that are
//! written down.

pub mod clock;
pub mod hostile;
mod kept;
pub mod outbound;
pub mod random;
pub mod world;

pub use clock::FakeClock;
pub use hostile::Hostile;
pub use outbound::{Exchange, Fault, Lie, Wire};
pub use world::{Engine, World};
