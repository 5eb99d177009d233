//! Changing the policy by PATCH (odata-conventions.md §11, §12): an absent property stays, `null`
//! clears; a setting merges by halves, a half is replaced whole.

use serde_json::{Map, Value};

use super::{CrossTenantDefault, CrossTenantPartner};
use crate::document::{DocumentError, Read};

/// Complex properties that merge one level deep.
const MERGED: [&str; 8] = [
    "b2bCollaborationInbound",
    "b2bCollaborationOutbound",
    "b2bDirectConnectInbound",
    "b2bDirectConnectOutbound",
    "inboundTrust",
    "automaticUserConsentSettings",
    "tenantRestrictions",
    "invitationRedemptionIdentityProviderConfiguration",
];

fn merge(mut current: Map<String, Value>, body: &Map<String, Value>) -> Map<String, Value> {
    for (name, value) in body {
        match (current.get_mut(name), value) {
            (Some(Value::Object(old)), Value::Object(new)) if MERGED.contains(&name.as_str()) => {
                for (part, value) in new {
                    old.insert(part.clone(), value.clone());
                }
            }
            _ => {
                current.insert(name.clone(), value.clone());
            }
        }
    }
    current
}

impl CrossTenantDefault {
    /// The default after a PATCH: no longer the service default.
    pub fn patched(&self, body: &Map<String, Value>) -> Read<Self> {
        let mut patched = Self::from_graph(&Value::Object(merge(self.to_graph(), body)))?;
        patched.is_service_default = false;
        Ok(patched)
    }
}

impl CrossTenantPartner {
    /// The partner after a PATCH. Its tenant and its cloud are fixed when it is added.
    pub fn patched(&self, body: &Map<String, Value>) -> Read<Self> {
        let patched = Self::from_graph(&Value::Object(merge(self.to_graph(), body)))?;
        let fixed = |field: &str| {
            Err(DocumentError {
                field: field.to_owned(),
                message: format!("`{field}` is read-only: delete the partner and add it anew"),
            })
        };
        if patched.tenant_id != self.tenant_id {
            return fixed("tenantId");
        }
        if patched.cloud != self.cloud {
            return fixed("cloud");
        }
        Ok(patched)
    }
}
