//! The Graph API edge: addresses, query options, bodies, scopes and answers, all from the resource
//! descriptions of `comity_model::resource`; the use cases behind one [`backend::Backend`].
//!
//! A request: [`handle`] → [`address`] (which object) → scopes of the original's operation table →
//! [`odata`] (what is asked) or [`body`] (what is written) → the use case → [`render`] → [`reply`].

pub mod address;
pub mod backend;
pub mod body;
pub mod directory;
pub mod error;
pub mod handle;
pub mod metadata;
pub mod odata;
mod read;
pub mod reference;
pub mod render;
pub mod reply;
mod write;

use std::sync::Arc;

use axum::Router;

pub use backend::{Backend, Caller, Seal};
pub use directory::site;
pub use error::{Failure, TokenFault};
pub use handle::Call;

/// What every request of one cloud's Graph host shares.
#[derive(Clone)]
pub struct Graph {
    /// `https://graph.contoso.localhost:8443`, without a slash at the end.
    pub root: String,
    /// Where a client finds tokens: `https://login…/common/oauth2/authorize`.
    pub authorization_uri: String,
    /// Seals skip tokens.
    pub seal: Arc<dyn Seal>,
}

/// Every path of the Graph host. The layer around it must insert a [`Call`] into each request.
pub fn router(graph: Graph) -> Router {
    Router::new().fallback(handle::handle).with_state(graph)
}
