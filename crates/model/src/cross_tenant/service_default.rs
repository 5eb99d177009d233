//! What holds in a fresh tenant (semantics.md §2.3).

use super::{
    AccessType, AutomaticUserConsent, B2bSetting, CrossTenantDefault, IdentityProvider,
    InboundTrust, RedemptionProviders, Settings, TenantRestrictions,
};

impl CrossTenantDefault {
    /// The service default: collaboration open, direct connect shut, nothing trusted.
    pub fn service_default() -> Self {
        let open = || Some(B2bSetting::everything(AccessType::Allowed));
        let shut = || B2bSetting::everything(AccessType::Blocked);
        Self {
            is_service_default: true,
            settings: Settings {
                b2b_collaboration_inbound: open(),
                b2b_collaboration_outbound: open(),
                b2b_direct_connect_inbound: Some(shut()),
                b2b_direct_connect_outbound: Some(shut()),
                inbound_trust: Some(InboundTrust {
                    is_mfa_accepted: Some(false),
                    is_compliant_device_accepted: Some(false),
                    is_hybrid_azure_ad_joined_device_accepted: Some(false),
                }),
                automatic_user_consent: AutomaticUserConsent {
                    inbound_allowed: Some(false),
                    outbound_allowed: Some(false),
                },
                tenant_restrictions: Some(TenantRestrictions {
                    setting: shut(),
                    devices: None,
                }),
            },
            redemption_providers: Some(RedemptionProviders {
                primary: vec![
                    IdentityProvider::AzureActiveDirectory,
                    IdentityProvider::ExternalFederation,
                    IdentityProvider::SocialIdentityProviders,
                ],
                fallback: Some(IdentityProvider::DefaultConfiguredIdp),
            }),
            rest: serde_json::Map::new(),
        }
    }
}
