//! What a caller may be allowed to do: one name per kind of read or write of the interface.
//!
//! Which scopes and which directory roles give a permission is said in `policy::roles`.

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A permission on a target.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Permission { $($(#[$doc])* $name,)+ }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name, for logs and matrices.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

permissions! {
    /// Own user object, `/me`.
    ReadOwnProfile,
    WriteOwnProfile,
    /// Cross-tenant access, authorization policy.
    ReadPolicy,
    ReadConditionalAccess,
    WriteCrossTenantPartner,
    WriteCrossTenantDefault,
    WriteAllowedClouds,
    WriteIdentitySynchronization,
    WriteAuthorizationPolicy,
    WriteConditionalAccess,
    WriteNamedLocations,
    ReadUsers,
    WriteUsers,
    /// `accountEnabled`.
    DisableUsers,
    ResetPassword,
    DeleteUsers,
    /// Sign a user out everywhere.
    RevokeSessions,
    ReadGroups,
    WriteGroups,
    ReadApplications,
    WriteApplications,
    ReadAppRoleAssignments,
    AssignAppRoles,
    /// App roles of Graph for an application: a way to every other permission.
    GrantApplicationPermissions,
    ReadConsent,
    /// Delegated permission grants for all people of the tenant.
    GrantConsent,
    ReadRoles,
    AssignRoles,
    ReadOrganization,
    WriteOrganization,
    ReadDomains,
    FindTenant,
    InviteGuest,
    /// Invite somebody as `Member`.
    InviteMember,
    ResetRedemption,
    ReadSignIns,
    ReadAudits,
    ReadDirectory,
    /// Switch the home side of crossings off and on (federation §4).
    SwitchHomeSide,
}

#[cfg(test)]
mod tests {
    use super::Permission;

    #[test]
    fn names_are_distinct() {
        let names: std::collections::BTreeSet<_> =
            Permission::ALL.iter().map(|p| p.as_str()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        assert!(names.contains("InviteGuest"));
    }
}
