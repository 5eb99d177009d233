//! What this server cannot enforce yet (design/README.md): such a policy is storable with state
//! `disabled` only, and the refusal names the condition or control.

use super::{BuiltInControl, ConditionalAccessPolicy, Entry};

/// The original's list of trusted addresses of its older second factor; there is none here.
const TRUSTED_ADDRESSES: &str = "00000000-0000-0000-0000-000000000000";

/// A condition or control that is not enforced, by its Graph path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unenforceable {
    /// `conditions.signInRiskLevels`.
    pub field: String,
    /// The value within it, where only some values are not enforced.
    pub value: Option<&'static str>,
}

impl std::fmt::Display for Unenforceable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value {
            Some(value) => write!(f, "`{value}` in `{}`", self.field),
            None => write!(f, "`{}`", self.field),
        }
    }
}

impl ConditionalAccessPolicy {
    /// Every condition and control of this policy that the server does not enforce.
    pub fn unenforceable(&self) -> Vec<Unenforceable> {
        let mut found = self.unenforceable_conditions();
        found.extend(self.unenforceable_locations());
        let mut add = |field: &str, value| {
            found.push(Unenforceable {
                field: field.to_owned(),
                value,
            });
        };
        if let Some(grants) = &self.grant_controls {
            for control in &grants.built_in_controls {
                let enforced = matches!(
                    control,
                    BuiltInControl::Block
                        | BuiltInControl::Mfa
                        | BuiltInControl::CompliantDevice
                        | BuiltInControl::DomainJoinedDevice
                );
                if !enforced {
                    add("grantControls.builtInControls", Some(control.as_str()));
                }
            }
            if !grants.custom_authentication_factors.is_empty() {
                add("grantControls.customAuthenticationFactors", None);
            }
            if !grants.terms_of_use.is_empty() {
                add("grantControls.termsOfUse", None);
            }
            if grants.authentication_strength.is_some() {
                add("grantControls.authenticationStrength", None);
            }
        }
        for (name, value) in self.session_controls.iter().flatten() {
            if !value.is_null() && !name.contains(['@', '#']) {
                add(&format!("sessionControls.{name}"), None);
            }
        }
        found
    }

    fn unenforceable_locations(&self) -> Vec<Unenforceable> {
        let Some(locations) = &self.conditions.locations else {
            return Vec::new();
        };
        [
            ("includeLocations", &locations.include),
            ("excludeLocations", &locations.exclude),
        ]
        .into_iter()
        .filter(|(_, entries)| {
            let is_nil = |entry: &Entry<_>| matches!(entry, Entry::Id(id) if id.is_nil());
            entries.iter().any(is_nil)
        })
        .map(|(name, _)| Unenforceable {
            field: format!("conditions.locations.{name}"),
            value: Some(TRUSTED_ADDRESSES),
        })
        .collect()
    }

    fn unenforceable_conditions(&self) -> Vec<Unenforceable> {
        let conditions = &self.conditions;
        let apps = &conditions.applications;
        [
            (
                "signInRiskLevels",
                !conditions.sign_in_risk_levels.is_empty(),
            ),
            ("userRiskLevels", !conditions.user_risk_levels.is_empty()),
            (
                "servicePrincipalRiskLevels",
                !conditions.service_principal_risk_levels.is_empty(),
            ),
            (
                "insiderRiskLevels",
                conditions.insider_risk_levels.is_some(),
            ),
            (
                "clientApplications",
                conditions.client_applications.is_some(),
            ),
            (
                "authenticationFlows",
                conditions.authentication_flows.is_some(),
            ),
            ("devices.deviceFilter", conditions.device_filter.is_some()),
            (
                "applications.includeUserActions",
                !apps.include_user_actions.is_empty(),
            ),
            (
                "applications.includeAuthenticationContextClassReferences",
                !apps.include_authentication_contexts.is_empty(),
            ),
            (
                "applications.applicationFilter",
                apps.application_filter.is_some(),
            ),
        ]
        .into_iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(name, _)| Unenforceable {
            field: format!("conditions.{name}"),
            value: None,
        })
        .collect()
    }
}
