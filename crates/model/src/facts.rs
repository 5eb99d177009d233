//! What a sign-in was decided on, kept compactly with its record so that it can be decided again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    federation::{ApplicationPair, DeviceClaim, GroupAnswer, HomeTenant},
    session::MethodUse,
    time::Utc,
};

/// Which half of the decision the record's side made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidingSide {
    /// One tenant, no crossing.
    Own,
    Home,
    Resource,
}

/// The facts of one decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    pub at: Utc,
    pub side: DecidingSide,
    /// Version of the deciding tenant's policy.
    pub policy_version: i64,
    pub home: Option<HomeTenant>,
    pub resource: Option<HomeTenant>,
    pub pair: Option<ApplicationPair>,
    /// The person's object ID at home (the own object ID for members).
    pub home_user: Option<Uuid>,
    /// Groups at home: asked and answered (at home: those of the own policy that hold her).
    #[serde(default)]
    pub groups: GroupAnswer,
    /// The object at the deciding tenant.
    pub user: Option<Uuid>,
    /// A word of `conditionalAccessGuestOrExternalUserTypes`, or `member`.
    pub user_kind: String,
    /// Groups and roles at the deciding tenant that its Conditional Access mentions.
    #[serde(default)]
    pub own_groups: BTreeSet<Uuid>,
    #[serde(default)]
    pub own_roles: BTreeSet<Uuid>,
    pub client_app_type: String,
    pub platform: Option<String>,
    pub ip_address: Option<String>,
    pub country: Option<String>,
    #[serde(default)]
    pub home_methods: Vec<MethodUse>,
    #[serde(default)]
    pub own_methods: Vec<MethodUse>,
    pub device: Option<DeviceClaim>,
    /// The operator's registry did not have the two clouds as a pair.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpaired: bool,
}
