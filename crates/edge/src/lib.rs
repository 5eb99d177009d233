//! What the three edges share: context extraction, cookies, form tokens, client address, headers,
//! page shell, and the one way an outcome of a sign-in becomes a response.

pub mod bearer;
pub mod chain;
pub mod context;
pub mod cookie;
pub mod csp;
pub mod form_token;
pub mod outcome;
pub mod page;
pub mod peer;
pub mod refused;
pub mod ui;

pub use bearer::Bearer;
pub use chain::Chain;
pub use context::{Cx, Site};
pub use cookie::{Cookies, SetCookie};
pub use csp::Csp;
pub use form_token::{FormToken, Submitted};
