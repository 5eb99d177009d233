//! People's pages and My Apps.

pub mod mail;
pub mod view;
