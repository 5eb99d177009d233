//! The Graph API through the routers, over the real use cases and store: the published requests of
//! the original's reference pages, every query option on every collection, paging, and what the
//! edge must refuse.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod assign;
mod collections;
mod compare;
mod crowd;
mod deleted;
mod directory;
mod examples;
mod fixture;
mod guards;
mod neighbour;
mod options;
mod oracle;
mod ownership;
mod paging;
mod privilege;
mod property;
mod published;
mod rig;
mod roles;
mod served;
mod single;
mod spelling;
