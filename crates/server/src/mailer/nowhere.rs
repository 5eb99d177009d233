//! No mail server: messages stay in the outbox and are told in the log.

use async_trait::async_trait;

use crate::port::{Mail, Mailer};

/// Sends nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMailer;

#[async_trait]
impl Mailer for NoMailer {
    async fn send(&self, _mail: &Mail) -> Result<(), String> {
        Err("no mail server is configured: add `[smtp]` to the configuration".into())
    }
}
