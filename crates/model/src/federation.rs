//! What two clouds say to one another, as values (cross-cloud-federation.md §3, §4, §7).
//! The wire forms are in `oauth`; these are what is decided on and kept.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    cloud::CloudName,
    id::Id,
    session::{MethodUse, Session},
    tenant::Tenant,
    time::Utc,
    user::{ExternalIdentity, User},
};

/// A verdict of home is good for one pair: client application and resource application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApplicationPair {
    pub client: Uuid,
    pub resource: Uuid,
}

/// Home's answer about groups: which were counted, and which of those hold the person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAnswer {
    pub evaluated: BTreeSet<Uuid>,
    pub member: BTreeSet<Uuid>,
}

/// What the resource wants proven at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WantedAcr {
    /// `urn:comity:acr:1`: any sign-in.
    Any,
    /// `urn:comity:acr:mfa`.
    Mfa,
    /// `urn:comity:acr:phishing-resistant`.
    PhishingResistant,
}

impl WantedAcr {
    /// The wire form (federation §7).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "urn:comity:acr:1",
            Self::Mfa => "urn:comity:acr:mfa",
            Self::PhishingResistant => "urn:comity:acr:phishing-resistant",
        }
    }

    /// Reads the wire form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Any, Self::Mfa, Self::PhishingResistant]
            .into_iter()
            .find(|a| a.as_str() == text)
    }
}

/// A device as home vouches for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceClaim {
    pub id: Uuid,
    pub is_compliant: bool,
    pub is_hybrid_joined: bool,
    #[serde(default)]
    pub attributes: serde_json::Map<String, serde_json::Value>,
}

/// What the push binds (§3.1), as kept at home and compared at the resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrossingDetails {
    pub resource_tenant: Id<Tenant>,
    pub home_tenant: Id<Tenant>,
    pub pair: ApplicationPair,
    pub app_name: String,
    /// Display name of the resource tenant as it calls itself, for home's page.
    pub groups: BTreeSet<Uuid>,
    pub correlation_id: Uuid,
}

/// A pushed authorization request, kept at home until its leg ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedCrossing {
    /// The asking cloud: the registry entry whose key verified the push.
    pub resource_cloud: CloudName,
    pub details: CrossingDetails,
    pub redirect_uri: String,
    pub state: String,
    pub nonce: String,
    pub code_challenge: String,
    pub dpop_jkt: String,
    /// `claims.id_token.sub.value`: this person or nobody.
    pub expected_sub: Option<Id<User>>,
    pub login_hint: Option<String>,
    pub acr: WantedAcr,
    /// Seconds; applies to the oldest factor where MFA is asked.
    pub max_age: Option<i64>,
    pub prompt_none: bool,
    pub prompt_login: bool,
    pub device_asked: bool,
}

/// What home asserted and the resource verified. Same-cloud homes yield the same value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssertionFacts {
    pub identity: ExternalIdentity,
    pub upn: String,
    pub name: String,
    pub sid: String,
    pub session_exp: Utc,
    pub auth_time: Utc,
    pub acr: WantedAcr,
    pub methods: Vec<MethodUse>,
    pub groups: GroupAnswer,
    pub device: Option<DeviceClaim>,
    /// Home's own outbound automatic-redemption tick towards the resource tenant.
    pub automatic_redemption: bool,
    /// When the resource verified it, or last renewed it.
    pub confirmed: Utc,
    /// The key of home that signed it: what a revoked key vouched for is dead. None within a cloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// The resource's side of the lease (§3.11): admission of one guest for one pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    pub id: Id<Lease>,
    pub user: Id<User>,
    pub identity: ExternalIdentity,
    pub pair: ApplicationPair,
    /// Home's refresh grant, sealed; empty for a home in the same cloud (asked in-process).
    pub sealed_grant: Vec<u8>,
    pub facts: AssertionFacts,
    /// The last yes of home. Older than 60 s: renew before anything is issued or served.
    pub confirmed: Utc,
    pub ended: Option<Utc>,
    pub version: i64,
}

/// Home's side of the lease: the refresh grant given to another cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaseGrant {
    pub id: Id<LeaseGrant>,
    pub user: Id<User>,
    pub resource_cloud: CloudName,
    pub resource_tenant: Id<Tenant>,
    pub pair: ApplicationPair,
    pub dpop_jkt: String,
    /// Home's session: the grant ends with it.
    pub sid: String,
    pub session_exp: Utc,
    /// The original proofs; a renewal changes no time.
    pub methods: Vec<MethodUse>,
    pub device: Option<DeviceClaim>,
    /// The browser's session at home, whatever `sid` it has by now.
    pub session: Option<Id<Session>>,
    /// Where the person signed in, for home's own Conditional Access.
    pub ip: String,
    pub user_agent: String,
    pub created: Utc,
    pub revoked: Option<Utc>,
}

/// An accepted entity configuration of a partner cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct PartnerConfiguration {
    pub cloud: CloudName,
    /// The signed statement as received.
    pub statement: String,
    /// Its `iat`; never goes back.
    pub issued_at: i64,
    pub expires_at: i64,
    /// Entity JWKs (JSON) accepted from now on: those of the accepted statement.
    pub entity_keys: String,
    /// The `kid` of every key that the cloud has ever said is revoked; never shrinks.
    pub revoked: BTreeSet<String>,
    /// Thumbprint of the pinned key (RFC 7638) under which `entity_keys` were announced.
    pub pinned: Option<String>,
    /// When it was last fetched and found valid.
    pub confirmed: Utc,
    /// Why the pair is shut, if what is published differs from the registry.
    pub shut: Option<String>,
}

/// Person and home as the resource knows them before the leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeTenant {
    pub cloud: CloudName,
    pub tenant: Id<Tenant>,
}
