//! People's pages and My Apps.
