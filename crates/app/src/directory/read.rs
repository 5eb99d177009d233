//! Who may read what (semantics.md §7): guests see little, policies and logs need a role.

use comity_model::{
    authorization_policy::GuestAccess,
    resource::address::{Key, Object, Place},
};

use serde_json::Value;

use super::Json;
use crate::{
    context::{Actor, Context, UserActor},
    error::{Error, Result},
    permission::{Permission, check},
};

const POLICIES: [&str; 6] = [
    "crossTenantAccessPolicy",
    "crossTenantAccessPolicyConfigurationDefault",
    "crossTenantAccessPolicyConfigurationPartner",
    "authorizationPolicy",
    "conditionalAccessPolicy",
    "namedLocation",
];
const LOGS: [&str; 2] = ["signIn", "directoryAudit"];

/// What a guest may never enumerate, at any level but *same as members*.
const NO_ENUMERATION: [&str; 6] = [
    "user",
    "directoryRole",
    "unifiedRoleAssignment",
    "oAuth2PermissionGrant",
    "appRoleAssignment",
    "group",
];

/// What a guest sees of other people at the limited level (semantics.md §7).
const OF_OTHERS: [&str; 5] = ["id", "displayName", "mail", "userPrincipalName", "userType"];
/// What a guest sees of the groups she is in at the restricted level.
const OF_GROUPS: [&str; 1] = ["id"];

/// How much of an object the actor sees. What is out of sight is absent before any option of a query
/// is answered, so that neither a filter nor an order tells it.
pub(super) struct Sight {
    access: GuestAccess,
    own: Option<String>,
}

pub(super) async fn sight(cx: &Context) -> Result<Sight> {
    let (access, own) = match &cx.actor {
        Actor::User(actor) => (guest_access(cx, actor).await?, Some(actor.user.to_string())),
        _ => (GuestAccess::SameAsMembers, None),
    };
    Ok(Sight { access, own })
}

impl Sight {
    /// Takes away of a user or a group what the actor does not see.
    pub(super) fn trim(&self, type_name: &str, object: &mut Json) {
        let id = object.get("id").and_then(Value::as_str);
        let is_own = id.is_some() && id == self.own.as_deref();
        let seen: &[&str] = match (self.access, type_name) {
            (GuestAccess::SameAsMembers, _) => return,
            (_, "user") if is_own => return,
            (_, "user") => &OF_OTHERS,
            (GuestAccess::Restricted, "group") => &OF_GROUPS,
            _ => return,
        };
        object.retain(|name, _| seen.contains(&name.as_str()));
    }
}

fn refused() -> Error {
    Error::Forbidden("Insufficient privileges to complete the operation.".into())
}

/// Policies and logs by role, for everybody.
fn by_role(cx: &Context, name: &str) -> Result<()> {
    if POLICIES.contains(&name) {
        return check(cx, Permission::ReadPolicies);
    }
    if LOGS.contains(&name) {
        return check(cx, Permission::ReadLogs);
    }
    Ok(())
}

async fn guest_access(cx: &Context, actor: &UserActor) -> Result<GuestAccess> {
    if !actor.is_guest || !actor.roles.is_empty() {
        return Ok(GuestAccess::SameAsMembers);
    }
    Ok(cx
        .app
        .snapshots()
        .get(cx, actor.tenant)
        .await?
        .authorization
        .guest_access())
}

/// Whether the actor may list a collection.
pub(super) async fn may_list(cx: &Context, place: &Place) -> Result<()> {
    by_role(cx, place.resource.name)?;
    let Actor::User(actor) = &cx.actor else {
        return Ok(());
    };
    let access = guest_access(cx, actor).await?;
    if access == GuestAccess::SameAsMembers {
        return Ok(());
    }
    if let Some(parent) = &place.parent {
        let own = parent.resource.name == "user" && is_own(actor, &parent.key);
        let group = parent.resource.name == "group" && access == GuestAccess::Limited;
        return if own || group { Ok(()) } else { Err(refused()) };
    }
    if NO_ENUMERATION.contains(&place.resource.name) {
        Err(refused())
    } else {
        Ok(())
    }
}

/// Whether the actor may read one object.
pub(super) async fn may_find(cx: &Context, object: &Object) -> Result<()> {
    by_role(cx, object.place.resource.name)?;
    let Actor::User(actor) = &cx.actor else {
        return Ok(());
    };
    let access = guest_access(cx, actor).await?;
    if access == GuestAccess::SameAsMembers {
        return Ok(());
    }
    let own = object.place.resource.name == "user" && is_own(actor, &object.key);
    let known = matches!(
        object.place.resource.name,
        "organization" | "domain" | "application" | "servicePrincipal"
    );
    let limited =
        access == GuestAccess::Limited && matches!(object.place.resource.name, "user" | "group");
    if own || known || limited {
        Ok(())
    } else {
        Err(refused())
    }
}

/// Whether a key of `/users` names the actor.
pub(super) fn is_own(actor: &UserActor, key: &Key) -> bool {
    match key {
        Key::Id(id) => id.eq_ignore_ascii_case(&actor.user.to_string()),
        Key::Alternate(_, upn) => upn.eq_ignore_ascii_case(&actor.user_principal_name),
        Key::Only => false,
    }
}
