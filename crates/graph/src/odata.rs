//! Query options (odata-conventions.md §6): each is right or a 400 that says so, never ignored.
//!
//! [`options`] reads the query string, [`asked`] decides what a collection, an object or a count
//! may be asked, [`filter`] and [`search`] are the two small languages, [`page_token`] carries a
//! listing on.

pub mod asked;
pub mod filter;
mod lexer;
pub mod options;
pub mod page_token;
pub mod search;

pub use asked::{Asked, Expand};
pub use options::Options;
