//! Graph's form of the policy (semantics.md §2.1, odata-conventions.md §12).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    CrossTenantAccessPolicy, CrossTenantDefault, CrossTenantPartner, RedemptionProviders, Settings,
    TenantRestrictions,
};

impl Settings {
    fn write(&self, map: &mut Map<String, Value>) {
        let trust = self.inbound_trust.map(|t| {
            json!({
                "isMfaAccepted": t.is_mfa_accepted,
                "isCompliantDeviceAccepted": t.is_compliant_device_accepted,
                "isHybridAzureADJoinedDeviceAccepted": t.is_hybrid_azure_ad_joined_device_accepted,
            })
        });
        // Always an object, with two nulls if nothing was set.
        let consent = self.automatic_user_consent;
        map.insert("inboundTrust".into(), trust.unwrap_or_default());
        map.insert(
            "automaticUserConsentSettings".into(),
            json!({
                "inboundAllowed": consent.inbound_allowed,
                "outboundAllowed": consent.outbound_allowed,
            }),
        );
        for setting in super::Setting::ALL {
            let value = self.setting(*setting).map(|s| Value::Object(s.to_graph()));
            map.insert(setting.as_str().into(), value.unwrap_or_default());
        }
        let restrictions = self
            .tenant_restrictions
            .as_ref()
            .map(TenantRestrictions::to_graph);
        map.insert(
            "tenantRestrictions".into(),
            restrictions.unwrap_or_default(),
        );
    }
}

impl TenantRestrictions {
    fn to_graph(&self) -> Value {
        let mut map = self.setting.to_graph();
        map.insert("devices".into(), self.devices.clone().unwrap_or_default());
        Value::Object(map)
    }
}

impl RedemptionProviders {
    fn to_graph(&self) -> Value {
        json!({
            "primaryIdentityProviderPrecedenceOrder": self.primary,
            "fallbackIdentityProvider": self.fallback,
        })
    }
}

impl CrossTenantDefault {
    /// Graph's form.
    pub fn to_graph(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("isServiceDefault".into(), self.is_service_default.into());
        self.settings.write(&mut map);
        map.insert(
            "invitationRedemptionIdentityProviderConfiguration".into(),
            self.redemption_providers
                .as_ref()
                .map(RedemptionProviders::to_graph)
                .unwrap_or_default(),
        );
        map.extend(self.rest.clone());
        map
    }
}

impl CrossTenantPartner {
    /// A partner of which nothing is set: everything is inherited.
    pub fn new(tenant_id: Uuid, cloud: Option<String>) -> Self {
        Self {
            tenant_id,
            cloud,
            settings: Settings::default(),
            rest: Map::new(),
        }
    }

    /// Graph's form, with `cloud` beside it.
    pub fn to_graph(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("tenantId".into(), self.tenant_id.to_string().into());
        if let Some(cloud) = &self.cloud {
            map.insert("cloud".into(), cloud.clone().into());
        }
        self.settings.write(&mut map);
        map.extend(self.rest.clone());
        map
    }
}

impl CrossTenantAccessPolicy {
    /// Graph's form of the root alone, as `GET /policies/crossTenantAccessPolicy` answers it.
    pub fn root_to_graph(&self) -> Map<String, Value> {
        let mut map = self.rest.clone();
        map.insert(
            "allowedCloudEndpoints".into(),
            self.allowed_cloud_endpoints.clone().into(),
        );
        map
    }

    /// The root with `default` and `partners` beside it: the POLICY of policy-cases.md.
    pub fn to_graph(&self) -> Map<String, Value> {
        let mut map = self.root_to_graph();
        if let Some(default) = &self.default {
            map.insert("default".into(), Value::Object(default.to_graph()));
        }
        let partners = self.partners.iter().map(|p| Value::Object(p.to_graph()));
        map.insert("partners".into(), Value::Array(partners.collect()));
        map
    }
}
