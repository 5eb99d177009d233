//! Use cases: sign-in, federation, guests, invitations, tokens, consent and the directory.
//!
//! An edge makes a [`Context`] and calls one use case. Effects happen in one transaction at the
//! end; what is decided is decided by `comity-policy` from values.

pub mod app;
pub mod audit;
pub mod bearer;
pub mod client;
pub mod consent;
pub mod context;
pub mod crossing;
pub mod directory;
pub mod error;
pub mod factor;
pub mod graph_permission;
pub mod guest;
pub mod home;
pub mod invitation;
pub mod judge;
pub mod key;
pub mod lease;
mod link;
pub mod logout;
pub mod mail;
pub mod my_apps;
pub mod partner_configuration;
pub mod password;
pub mod password_link;
pub mod permission;
pub mod port;
pub mod question;
pub mod rate;
pub mod record;
pub mod sealed;
pub mod sign_in;
pub mod snapshot;
pub mod tenant;
pub mod throttle;
pub mod token;

pub use app::{App, AppOptions, Settings};
pub use context::{Actor, Client, Context};
pub use error::{Error, Result};
