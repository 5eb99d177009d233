//! Real servers: `comity serve` as operators run it, each installation with its own configuration,
//! data, keys, authority and mail, over HTTPS on loopback.
//!
//! * [`installation`]: one cloud, set up by the commands of `docs/operators.md`
//! * [`balance`], [`post`], [`party`]: what stands around a cloud: a balancer, a mail server, an application
//! * [`pairing`]: two clouds pair and the story is played between them
//! * [`watch`]: what every answer of a story must be like (O-15, O-16)
//! * [`kills`]: `kill -9` under load
//! * [`outage`]: a partner that hangs
//! * [`renewal`]: certificates, key files and stores that change under an installation
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod balance;
mod installation;
mod kills;
mod outage;
mod pairing;
mod party;
mod post;
mod renewal;
mod script;
mod watch;
