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
mod compare;
mod examples;
mod fixture;
mod guards;
mod neighbour;
mod options;
mod oracle;
mod paging;
mod published;
mod rig;
mod spelling;
