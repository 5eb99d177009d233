//! External collaboration settings (`/policies/authorizationPolicy`, semantics.md §7).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Who may invite (semantics.md §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AllowInvitesFrom {
    None,
    AdminsAndGuestInviters,
    AdminsGuestInvitersAndAllMembers,
    Everyone,
}

/// What guests may read of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuestAccess {
    SameAsMembers,
    Limited,
    Restricted,
}

/// Same rights as members.
pub const GUEST_ROLE_MEMBER: Uuid = Uuid::from_u128(0xa0b1_b346_4d3e_4e8b_98f8_7539_87be_4970);
/// The default.
pub const GUEST_ROLE_LIMITED: Uuid = Uuid::from_u128(0x10da_e51f_b6af_4016_8d66_8c2a_99b9_29b3);
/// Own profile only.
pub const GUEST_ROLE_RESTRICTED: Uuid = Uuid::from_u128(0x2af8_4b1e_32c8_42b7_82bc_daa8_2404_023b);

/// The policy as stored and served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizationPolicy {
    pub allow_invites_from: AllowInvitesFrom,
    pub guest_user_role_id: Uuid,
    /// Everything else of the Graph resource, by its Graph name.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl AuthorizationPolicy {
    /// What guests may read.
    pub fn guest_access(&self) -> GuestAccess {
        match self.guest_user_role_id {
            GUEST_ROLE_MEMBER => GuestAccess::SameAsMembers,
            GUEST_ROLE_RESTRICTED => GuestAccess::Restricted,
            _ => GuestAccess::Limited,
        }
    }
}
