//! Applications as registered, and their credentials.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{id::Id, secret::Hashed, time::Utc};

/// What an application may do at the token endpoint (design README, PKCE row).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecurityProfile {
    /// Plain code requests without PKCE; confidential clients only.
    Basic,
    /// The default: PKCE always.
    Oauth21,
    /// PAR, PKCE, `private_key_jwt`, DPoP.
    Fapi2,
}

/// An application registration. The Graph object lives in `properties`
/// (`web.redirectUris`, `publicClient.redirectUris`, `spa.redirectUris`, `api`, `appRoles`,
/// `requiredResourceAccess`, `identifierUris`, `keyCredentials`, …).
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    pub id: Id<Application>,
    pub app_id: Uuid,
    pub display_name: String,
    pub created: Utc,
    pub deleted: Option<Utc>,
    pub version: i64,
    pub properties: Map<String, Value>,
}

/// A client secret: 256 random bits, only the SHA-256 is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationSecret {
    pub key_id: Uuid,
    pub application: Id<Application>,
    pub hash: Hashed,
    /// First three characters, as Graph shows them.
    pub hint: String,
    pub display_name: Option<String>,
    pub start: Utc,
    pub end: Utc,
}

/// The kind of platform a redirect URI is registered for; decides client authentication and CORS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Platform {
    Web,
    PublicClient,
    Spa,
}

impl Application {
    /// The registered redirect URIs with their platforms.
    pub fn redirect_uris(&self) -> Vec<(Platform, &str)> {
        let mut uris = Vec::new();
        for (platform, key) in [
            (Platform::Web, "web"),
            (Platform::PublicClient, "publicClient"),
            (Platform::Spa, "spa"),
        ] {
            let list = self.properties.get(key).and_then(|p| p.get("redirectUris"));
            for uri in list
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                uris.push((platform, uri));
            }
        }
        uris
    }

    /// Whether the application may act without a credential of its own.
    pub fn is_public_client(&self) -> bool {
        self.properties
            .get("isFallbackPublicClient")
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    /// The security profile; `oauth21` unless set.
    pub fn security_profile(&self) -> SecurityProfile {
        match self
            .properties
            .get("securityProfile")
            .and_then(Value::as_str)
        {
            Some("basic") if !self.is_public_client() => SecurityProfile::Basic,
            Some("fapi2") => SecurityProfile::Fapi2,
            _ => SecurityProfile::Oauth21,
        }
    }
}
