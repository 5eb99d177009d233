//! The product's backend: `comity_app::directory` behind the narrow interface, for the bearer that
//! the token's check has found.

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use comity_app::{Actor, App, Context, Error as AppError, audit, directory};
use comity_edge::{Bearer, bearer::authenticate};
use comity_model::{
    query::{Listing, Query},
    resource::{
        Action, Function,
        address::{Change, Object, Place, Reference},
    },
};
use http::header;
use serde_json::{Map, Value};

use crate::{
    Call, Graph, TokenFault,
    backend::{Backend, Caller, Error, Result, Seal},
    router,
};

/// The Graph host of a cloud.
pub fn site(app: &App) -> Router {
    let own = &app.registry().own;
    let graph = Graph {
        root: own.hosts.graph.clone(),
        authorization_uri: format!("{}/common/oauth2/v2.0/authorize", own.hosts.login),
        seal: Arc::new(Sealing(app.clone())),
    };
    router(graph)
        .layer(axum::middleware::from_fn(call))
        .layer(from_fn_with_state(app.clone(), authenticate))
}

/// Turns what the token's check found into what this edge asks for.
async fn call(mut request: Request, next: Next) -> Response {
    let missing = !request.headers().contains_key(header::AUTHORIZATION);
    if let Some(Bearer(found)) = request.extensions_mut().remove::<Bearer>() {
        let (caller, cx) = match found {
            Ok(cx) => (caller(&cx).await, cx),
            Err((error, cx)) => (Err(fault(error, missing)), cx),
        };
        let call = Call {
            request_id: cx.correlation_id,
            now: cx.now,
            caller,
            backend: Arc::new(Directory(cx)),
        };
        request.extensions_mut().insert(call);
    }
    next.run(request).await
}

async fn caller(cx: &Context) -> std::result::Result<Caller, TokenFault> {
    let refused = |error: AppError| fault(error, false);
    let tenant = cx.tenant().map_err(refused)?;
    let snapshot = cx.app.snapshots().get(cx, tenant).await.map_err(refused)?;
    let (user, held) = match &cx.actor {
        Actor::User(actor) => (Some(actor.user.uuid()), actor.scopes.clone()),
        Actor::Application(actor) => (None, actor.permissions.clone()),
        _ => (None, std::collections::BTreeSet::new()),
    };
    let domains = snapshot.domains.iter().map(|d| d.name.clone()).collect();
    Ok(Caller {
        tenant: tenant.uuid(),
        domains,
        user,
        held,
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is the callers'"
)]
fn fault(error: AppError, missing: bool) -> TokenFault {
    if missing {
        return TokenFault::Missing;
    }
    if matches!(error, AppError::Upstream { .. } | AppError::Unavailable) {
        return TokenFault::Silent(error.to_string());
    }
    let text = error.to_string();
    if text.contains("expired") {
        TokenFault::Expired
    } else if text.contains("another resource") || text.contains("audience") {
        TokenFault::Audience
    } else {
        TokenFault::Refused(text)
    }
}

struct Sealing(App);

impl Seal for Sealing {
    fn seal(&self, purpose: &'static str, context: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; 12];
        self.0.random().fill(&mut nonce);
        self.0.sealer().seal(purpose, context, plain, nonce).ok()
    }

    fn open(&self, purpose: &'static str, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.0
            .sealer()
            .open(purpose, context, sealed)
            .ok()
            .map(|plain| plain.to_vec())
    }
}

struct Directory(Context);

impl From<AppError> for Error {
    fn from(error: AppError) -> Self {
        match error {
            AppError::NotFound => Self::NotFound,
            AppError::Forbidden(text) => Self::Forbidden(text),
            AppError::Unauthenticated(text) => Self::Unauthenticated(text),
            AppError::Denied { message, .. } => Self::Denied(message),
            AppError::Invalid { field, rule } => Self::Invalid { field, rule },
            AppError::Duplicate { property } => Self::Duplicate { property },
            AppError::ReferenceExists => Self::ReferenceExists,
            AppError::ReferenceMissing => Self::ReferenceMissing,
            AppError::Conflict(text) => Self::Conflict(text),
            AppError::PreconditionFailed => Self::PreconditionFailed,
            AppError::Upstream { cloud, reason } => Self::Upstream { cloud, reason },
            AppError::TooMany { retry_after } => Self::TooMany { retry_after },
            AppError::Unavailable => Self::Unavailable,
            AppError::Internal(text) => Self::Internal(text),
        }
    }
}

#[async_trait]
impl Backend for Directory {
    async fn list(&self, place: &Place, query: &Query) -> Result<Listing> {
        Ok(directory::list(&self.0, place, query).await?)
    }

    async fn find(&self, object: &Object) -> Result<Map<String, Value>> {
        Ok(directory::find(&self.0, object).await?)
    }

    async fn create(&self, place: &Place, change: Change) -> Result<Map<String, Value>> {
        Ok(directory::create(&self.0, place, change).await?)
    }

    async fn update(&self, object: &Object, change: Change) -> Result<()> {
        Ok(directory::update(&self.0, object, change).await?)
    }

    async fn delete(&self, object: &Object) -> Result<()> {
        Ok(directory::delete(&self.0, object).await?)
    }

    async fn add_reference(&self, place: &Place, reference: &Reference) -> Result<()> {
        Ok(directory::add_reference(&self.0, place, reference).await?)
    }

    async fn remove_reference(&self, place: &Place, reference: &Reference) -> Result<()> {
        Ok(directory::remove_reference(&self.0, place, reference).await?)
    }

    async fn act(
        &self,
        object: &Object,
        action: &'static Action,
        parameters: Map<String, Value>,
    ) -> Result<Map<String, Value>> {
        Ok(directory::act(&self.0, object, action, parameters).await?)
    }

    async fn refused(&self, operation: &str, path: &str, reason: &str) {
        let what = audit::Refused {
            operation,
            path,
            reason,
        };
        // It stays refused, recorded or not.
        if let Err(error) = audit::refused(&self.0, &what).await {
            tracing::error!(operation, %error, "a refusal is not recorded");
        }
    }

    async fn call(
        &self,
        function: &'static Function,
        argument: &str,
    ) -> Result<Map<String, Value>> {
        Ok(directory::call(&self.0, function, argument).await?)
    }
}
