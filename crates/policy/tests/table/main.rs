//! policy-cases.md, sentence by sentence, each with its negative twin: documents in, answers out,
//! through the same function as `comity policy decide`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

mod answers;
mod conditions;
mod controls;
mod device_filters;
mod documents;
mod gates;
mod malformed;
mod matching;
mod support;
