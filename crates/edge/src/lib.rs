//! What the three edges share: context extraction, cookies, form tokens, client address, headers, page shell.

pub mod ui;
