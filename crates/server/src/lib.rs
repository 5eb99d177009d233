//! Comity as a process: configuration, listener, adapters, background jobs; wires everything.

pub mod authority;
pub mod cli;
pub mod clock;
mod command;
pub mod config;
pub mod dev;
pub mod file;
pub mod headers;
pub mod jobs;
pub mod key_file;
pub mod listener;
pub mod log;
pub mod mailer;
pub mod outbound;
pub mod policy_command;
pub mod process;
pub mod random;
pub mod readiness;
pub mod request_log;
pub mod router;
pub mod shutdown;
pub mod site;
pub mod start;
pub mod tls;
pub mod work;

pub(crate) use comity_app::port;
pub(crate) use comity_edge::peer;
