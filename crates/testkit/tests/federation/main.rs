//! The leg between clouds and the back channel through the routers, with what must be refused
//! (cross-cloud-federation.md §1, §3, §4, §5, §7; sessions.md). Beside each attack stands the honest
//! twin that passes.
//!
//! | rule | where |
//! |---|---|
//! | §1 registry compared, keys of one purpose, revoked kids | `configuration` |
//! | §1 outbound: endless, huge, slow, redirecting, encoded answers; addresses | `assertion`, `question` for their effect; the client itself in `server/src/outbound/tests.rs` |
//! | §3.1 each swap of a bound value | at home `push`, at the resource `assertion` |
//! | §3.2 callback from a second jar, no jar, another transaction, twice, late | `callback`, `person` |
//! | §3.2 consent and redemption likewise | `person` |
//! | §3.3 another person than the one asked | `assertion`, `lease`, `person` |
//! | §3.4 no release without a yes | `callback` |
//! | §3.5 groups left out or not asked | `group` |
//! | §3.6 only a local credential crosses | `assertion` |
//! | §3.7 the tenant pushed to | `person`, `push` |
//! | §3.8, §3.9 assertion, device, times | `assertion`, `group` |
//! | §3.9 how old a proof may be | `age` |
//! | §3.8 what trust covers (S-21, S-23) | `trust` |
//! | §3.10 another pair, tenant or key on a lease | `lease` |
//! | §3.11 home stopped, 503, forged 200, then back | `lease`, `person` |
//! | §3.12 one-use things | `push`, `callback`, `question`; not yet on another node and after a kill |
//! | §3.13 what an entity may ask | `push` |
//! | §4 forged, repeated and guessed questions, lying answers | `question` |
//! | §5 links, bindings, domains | `person`, `question` |
//! | §7 a home in the same cloud | `here` |
//! | §3.8 headers and algorithms of signed texts (S-77, S-78) | `header` |
//! | §1 whose key it is, and what for (S-08) | `kid` |
//! | sessions.md: one browser, one account | `account`, `callback`, `person` |
//! | sessions.md: what ends with a session, what renews it | `ended`, `here` |
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod account;
mod age;
mod asking;
mod assertion;
mod callback;
mod configuration;
mod ended;
mod group;
mod header;
mod here;
mod kid;
mod lease;
mod limit;
mod new_password;
mod person;
mod push;
mod question;
mod rig;
mod trust;
