//! The cross-tenant access policy (`/policies/crossTenantAccessPolicy`), semantics.md §2:
//! the same types are stored, served, imported and judged, with Graph's names.
//!
//! `None` means `null`: inherit. A half that was not given stays not given, so a policy comes
//! back as it was sent. What decides nothing here is kept under its Graph name in `rest`.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    cloud::CloudName,
    document::{DocumentError, Mode, words},
};

pub use target::{AccessType, B2bSetting, Target, TargetConfiguration, TargetType, TargetValue};
pub use validate::{MAX_GROUPS_PER_PARTNER, MAX_TARGETS, ValidationContext, Violation};

mod patch;
mod read;
mod service_default;
mod target;
mod validate;
mod write;

words! {
    /// The four settings with two halves that are judged.
    pub enum Setting("a B2B setting") {
        B2bCollaborationInbound = "b2bCollaborationInbound",
        B2bCollaborationOutbound = "b2bCollaborationOutbound",
        B2bDirectConnectInbound = "b2bDirectConnectInbound",
        B2bDirectConnectOutbound = "b2bDirectConnectOutbound",
    }
}

impl Setting {
    /// Whether it lets people in; the others let own people out.
    pub const fn is_inbound(self) -> bool {
        matches!(
            self,
            Self::B2bCollaborationInbound | Self::B2bDirectConnectInbound
        )
    }
}

/// The settings that a default and a partner share.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub b2b_collaboration_inbound: Option<B2bSetting>,
    pub b2b_collaboration_outbound: Option<B2bSetting>,
    pub b2b_direct_connect_inbound: Option<B2bSetting>,
    pub b2b_direct_connect_outbound: Option<B2bSetting>,
    pub inbound_trust: Option<InboundTrust>,
    pub automatic_user_consent: AutomaticUserConsent,
    pub tenant_restrictions: Option<TenantRestrictions>,
}

impl Settings {
    /// The setting of that name.
    pub const fn setting(&self, setting: Setting) -> Option<&B2bSetting> {
        match setting {
            Setting::B2bCollaborationInbound => self.b2b_collaboration_inbound.as_ref(),
            Setting::B2bCollaborationOutbound => self.b2b_collaboration_outbound.as_ref(),
            Setting::B2bDirectConnectInbound => self.b2b_direct_connect_inbound.as_ref(),
            Setting::B2bDirectConnectOutbound => self.b2b_direct_connect_outbound.as_ref(),
        }
    }
}

/// Which claims of a home tenant count here; `None` = inherit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboundTrust {
    pub is_mfa_accepted: Option<bool>,
    pub is_compliant_device_accepted: Option<bool>,
    pub is_hybrid_azure_ad_joined_device_accepted: Option<bool>,
}

/// Automatic redemption; `None` = `false`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AutomaticUserConsent {
    pub inbound_allowed: Option<bool>,
    pub outbound_allowed: Option<bool>,
}

/// Tenant restrictions: stored and served, not judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TenantRestrictions {
    pub setting: B2bSetting,
    pub devices: Option<Value>,
}

words! {
    /// Identity providers of a redemption.
    pub enum IdentityProvider("a word of `b2bIdentityProvidersType`") {
        AzureActiveDirectory = "azureActiveDirectory",
        ExternalFederation = "externalFederation",
        SocialIdentityProviders = "socialIdentityProviders",
        EmailOneTimePasscode = "emailOneTimePasscode",
        MicrosoftAccount = "microsoftAccount",
        DefaultConfiguredIdp = "defaultConfiguredIdp",
        UnknownFutureValue = "unknownFutureValue",
    }
}

/// The order in which redemption looks for an identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionProviders {
    pub primary: Vec<IdentityProvider>,
    pub fallback: Option<IdentityProvider>,
}

/// `/policies/crossTenantAccessPolicy/default`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CrossTenantDefault {
    pub is_service_default: bool,
    pub settings: Settings,
    pub redemption_providers: Option<RedemptionProviders>,
    pub rest: Map<String, Value>,
}

/// `/policies/crossTenantAccessPolicy/partners/{tenantId}`, with the cloud it lives in: fixed when
/// it is added; absent in exports of the original, where it fits any cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossTenantPartner {
    pub tenant_id: Uuid,
    pub cloud: Option<CloudName>,
    pub settings: Settings,
    pub rest: Map<String, Value>,
}

/// The root with what hangs below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CrossTenantAccessPolicy {
    pub allowed_cloud_endpoints: Vec<CloudName>,
    /// `None` = the service default.
    pub default: Option<CrossTenantDefault>,
    pub partners: Vec<CrossTenantPartner>,
    /// `displayName` and the like.
    pub rest: Map<String, Value>,
}

macro_rules! graph_serde {
    ($($name:ident),+) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.to_graph().serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                Self::from_graph(&value).map_err(serde::de::Error::custom)
            }
        }

        impl $name {
            /// Reads Graph's form as the interface does: everything is kept, nothing is guessed.
            pub fn from_graph(value: &Value) -> Result<Self, DocumentError> {
                let document = crate::document::Document::from_value(value)
                    .map_err(|error| DocumentError::new(error.to_string()))?;
                Self::read(document.root(), Mode::Strict)
            }
        }
    )+};
}
graph_serde!(
    CrossTenantDefault,
    CrossTenantPartner,
    CrossTenantAccessPolicy
);

#[cfg(test)]
mod tests;
