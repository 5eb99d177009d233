//! The Graph edge as clients meet it, over use cases in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "tests"
)]

#[path = "graph/edge.rs"]
mod edge;
#[path = "graph/examples.rs"]
mod examples;
#[path = "graph/memory.rs"]
mod memory;
#[path = "graph/published.rs"]
mod published;
#[path = "graph/requests.rs"]
mod requests;
#[path = "graph/writes.rs"]
mod writes;
