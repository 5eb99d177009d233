//! What the use cases need from the world outside. Nothing else in this crate is a trait.

use async_trait::async_trait;
use comity_model::time::Utc;

/// One HTTPS request to another cloud, or to our own hosts, chosen from the registry.
#[derive(Debug, Clone)]
pub struct OutboundRequest {
    /// Canonical name of the cloud asked; decides hosts, addresses and the certificate authority.
    pub cloud: String,
    pub method: OutboundMethod,
    /// Absolute `https` URL on a host of that cloud's registry entry.
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// The two methods that a cloud uses towards another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboundMethod {
    Get,
    Post,
}

/// An answer, already bounded in size (256 kB unpacked).
#[derive(Debug, Clone)]
pub struct OutboundResponse {
    pub status: u16,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl OutboundResponse {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

/// Why no usable answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Host, port or address is not in the registry entry of the cloud asked.
    #[error("`{0}` is not a host of that cloud in the registry")]
    NotAllowed(String),
    #[error("no connection to `{host}`: {reason}")]
    Connect { host: String, reason: String },
    #[error("`{0}` did not answer in time")]
    Timeout(String),
    #[error("the answer of `{0}` is too large")]
    TooLarge(String),
    #[error("`{0}` answered with a redirect, which is never followed")]
    Redirect(String),
    #[error("too many calls to `{0}` are under way")]
    Busy(String),
    #[error("the answer of `{host}` is not HTTP: {reason}")]
    Protocol { host: String, reason: String },
}

/// The one egress client: registry hosts only, that partner's certificate authority only,
/// no redirects, address checked after resolving, 5 s a call, 256 kB, bounded per partner.
#[async_trait]
pub trait Outbound: Send + Sync {
    async fn send(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError>;
}

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mail {
    pub from_name: String,
    pub from: String,
    pub reply_to: Option<String>,
    pub to: String,
    pub cc: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Hands a message to a mail server; called by the outbox job only.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: &Mail) -> Result<(), String>;
}

/// The clock of the process.
pub trait Clock: Send + Sync {
    fn now(&self) -> Utc;
}

/// Chance from the system.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}
