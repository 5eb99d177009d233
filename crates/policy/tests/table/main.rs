//! policy-cases.md, sentence by sentence, each with its negative twin: documents in, answers out,
//! through the same function as `comity policy decide`.
#![expect(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    clippy::single_match_else,
    clippy::format_push_string,
    reason = "tables of sentences: one row a line, read from top to bottom"
)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod answers;
mod conditions;
mod controls;
mod device_filters;
mod documents;
mod gates;
mod locations;
mod malformed;
mod matching;
mod support;
