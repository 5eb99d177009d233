//! One request: who asks, from where, at what time, under which correlation ID.

use std::collections::BTreeSet;

use comity_crypto::{Zeroizing, base64url, sha256};
use comity_model::{
    id::Id, secret::Hashed, service_principal::ServicePrincipal, tenant::Tenant, time::Utc,
    user::User,
};
use uuid::Uuid;

use crate::{
    app::App,
    error::{Error, Result},
};

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Textual address without port; empty if unknown.
    pub ip: String,
    pub user_agent: String,
}

/// A person who calls with a token or a session of this cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserActor {
    pub tenant: Id<Tenant>,
    pub user: Id<User>,
    pub user_principal_name: String,
    pub display_name: String,
    pub mail: Option<String>,
    pub is_guest: bool,
    /// The calling application.
    pub client: Uuid,
    /// Delegated Graph scopes of the token.
    pub scopes: BTreeSet<String>,
    /// Template IDs of directory roles in effect now.
    pub roles: BTreeSet<Uuid>,
    /// When a second factor that counts here was proven last, in the sign-in behind the token.
    pub second_factor: Option<Utc>,
}

/// An application that calls with a token of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationActor {
    pub tenant: Id<Tenant>,
    pub app_id: Uuid,
    pub service_principal: Id<ServicePrincipal>,
    pub display_name: String,
    /// Graph application permissions (values of app roles) in effect now.
    pub permissions: BTreeSet<String>,
    /// Template IDs of directory roles in effect now.
    pub roles: BTreeSet<Uuid>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody yet: sign-in pages, token endpoint.
    Nobody,
    User(Box<UserActor>),
    Application(Box<ApplicationActor>),
    /// A job or the operator's command, by name, for one tenant.
    System {
        name: &'static str,
        tenant: Id<Tenant>,
    },
}

/// One request.
#[derive(Clone)]
pub struct Context {
    pub app: App,
    pub now: Utc,
    pub correlation_id: Uuid,
    pub client: Client,
    pub actor: Actor,
}

impl Context {
    /// A request of nobody yet, at the app's time, with a random correlation ID.
    pub fn new(app: &App, client: Client) -> Self {
        let mut cx = Self {
            now: app.now(),
            app: app.clone(),
            correlation_id: Uuid::nil(),
            client,
            actor: Actor::Nobody,
        };
        cx.correlation_id = cx.new_uuid();
        cx
    }

    /// A job or command acting in a tenant.
    pub fn system(app: &App, name: &'static str, tenant: Id<Tenant>) -> Self {
        let mut cx = Self::new(app, Client::default());
        cx.actor = Actor::System { name, tenant };
        cx
    }

    /// The tenant of the actor.
    pub fn tenant(&self) -> Result<Id<Tenant>> {
        match &self.actor {
            Actor::Nobody => Err(Error::Unauthenticated("sign in first".into())),
            Actor::User(a) => Ok(a.tenant),
            Actor::Application(a) => Ok(a.tenant),
            Actor::System { tenant, .. } => Ok(*tenant),
        }
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.app.random().fill(&mut bytes);
        bytes
    }

    /// A random (version 4) UUID.
    pub fn new_uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A new identifier.
    pub fn new_id<T>(&self) -> Id<T> {
        Id::new(self.new_uuid())
    }

    /// A time-ordered (version 7) UUID for records.
    pub fn new_record_id(&self) -> Uuid {
        let millis = u64::try_from(self.now.micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A bearer value of 256 random bits (base64url) and the hash under which it is kept.
    pub fn new_bearer(&self) -> (Zeroizing<String>, Hashed) {
        let text = base64url::encode(self.bytes::<32>());
        let hash = hash_bearer(&text);
        (Zeroizing::new(text), hash)
    }
}

/// The hash under which a bearer value is kept and found.
pub fn hash_bearer(text: &str) -> Hashed {
    Hashed(sha256(text.as_bytes()))
}
