//! Which claims of a home tenant count here (semantics.md §2.1 `inboundTrust`).
//!
//! 1. Per member: the partner's where present, else the default's, else `false`.
//! 2. Trust never skips a policy; it only lets a claim earned at home satisfy a control.
//! 3. Device filters look at a home device while one of the two device trusts is on.
//! 4. Automatic redemption is the partner's own; `null` is `false`.

use comity_model::cross_tenant::InboundTrust;

use crate::cross_tenant::{CompiledPolicy, TenantKey};

/// The effective trust in a home tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trust {
    pub mfa: bool,
    pub compliant_device: bool,
    pub hybrid_joined_device: bool,
}

impl Trust {
    /// One's own tenant: everything it says counts.
    pub const OWN: Self = Self {
        mfa: true,
        compliant_device: true,
        hybrid_joined_device: true,
    };

    /// Rule 3.
    pub const fn any_device(self) -> bool {
        self.compliant_device || self.hybrid_joined_device
    }
}

impl CompiledPolicy {
    /// Rule 1.
    pub fn trust(&self, home: TenantKey<'_>) -> Trust {
        let own = self.partner(home).map(|s| s.trust).unwrap_or_default();
        let inherited = self.default_settings().trust;
        let member = |of: fn(&InboundTrust) -> Option<bool>| {
            of(&own).or_else(|| of(&inherited)).unwrap_or(false)
        };
        Trust {
            mfa: member(|t| t.is_mfa_accepted),
            compliant_device: member(|t| t.is_compliant_device_accepted),
            hybrid_joined_device: member(|t| t.is_hybrid_azure_ad_joined_device_accepted),
        }
    }

    /// Rule 4: whether people of that home tenant are redeemed without being asked here.
    pub fn redeems_automatically(&self, home: TenantKey<'_>) -> bool {
        let consent = self.partner(home).map(|s| s.consent).unwrap_or_default();
        consent.inbound_allowed.unwrap_or(false)
    }

    /// Rule 4: whether own people are released to that resource tenant without being asked.
    pub fn releases_automatically(&self, resource: TenantKey<'_>) -> bool {
        let consent = self
            .partner(resource)
            .map(|s| s.consent)
            .unwrap_or_default();
        consent.outbound_allowed.unwrap_or(false)
    }
}
