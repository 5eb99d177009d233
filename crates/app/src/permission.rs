//! The check is the key: no write without a permission on its tenant, and no commit without its
//! audit record (law 6). Scopes are checked by the edge from the resource description; this checks
//! directory roles, as they are now.

use std::collections::BTreeSet;

use comity_model::{id::Id, tenant::Tenant, well_known::role};
use comity_store::{TenantTx, Tx};
use uuid::Uuid;

use crate::{
    audit::{Activity, audit},
    context::{Actor, Context},
    error::{Error, Result},
};

/// What somebody may do, by directory role (semantics.md §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    WriteAllowedClouds,
    WriteCrossTenantDefault,
    WriteCrossTenantPartner,
    WriteConditionalAccess,
    WriteNamedLocations,
    WriteAuthorizationPolicy,
    WriteUsers,
    WriteGroups,
    WriteApplications,
    AssignAppRoles,
    GrantConsent,
    AssignRoles,
    WriteOrganization,
    SwitchWorker,
    ReadPolicies,
    ReadLogs,
}

impl Permission {
    /// All of them, for the matrix.
    pub const ALL: [Self; 16] = [
        Self::WriteAllowedClouds,
        Self::WriteCrossTenantDefault,
        Self::WriteCrossTenantPartner,
        Self::WriteConditionalAccess,
        Self::WriteNamedLocations,
        Self::WriteAuthorizationPolicy,
        Self::WriteUsers,
        Self::WriteGroups,
        Self::WriteApplications,
        Self::AssignAppRoles,
        Self::GrantConsent,
        Self::AssignRoles,
        Self::WriteOrganization,
        Self::SwitchWorker,
        Self::ReadPolicies,
        Self::ReadLogs,
    ];

    /// Roles that hold it, beside the Global Administrator.
    #[expect(clippy::match_same_arms, reason = "one arm for each row of the table")]
    pub const fn roles(self) -> &'static [Uuid] {
        match self {
            Self::WriteAllowedClouds
            | Self::WriteCrossTenantDefault
            | Self::WriteCrossTenantPartner => &[role::SECURITY_ADMINISTRATOR],
            Self::WriteConditionalAccess | Self::WriteNamedLocations => &[
                role::SECURITY_ADMINISTRATOR,
                role::CONDITIONAL_ACCESS_ADMINISTRATOR,
            ],
            Self::WriteAuthorizationPolicy | Self::AssignRoles => {
                &[role::PRIVILEGED_ROLE_ADMINISTRATOR]
            }
            Self::WriteUsers => &[role::USER_ADMINISTRATOR],
            Self::WriteGroups => &[role::USER_ADMINISTRATOR, role::DIRECTORY_WRITERS],
            Self::WriteApplications | Self::AssignAppRoles | Self::GrantConsent => &[
                role::APPLICATION_ADMINISTRATOR,
                role::CLOUD_APPLICATION_ADMINISTRATOR,
            ],
            Self::WriteOrganization => &[],
            Self::SwitchWorker => &[role::SECURITY_ADMINISTRATOR],
            Self::ReadPolicies => &[
                role::SECURITY_ADMINISTRATOR,
                role::SECURITY_READER,
                role::SECURITY_OPERATOR,
                role::GLOBAL_READER,
                role::CONDITIONAL_ACCESS_ADMINISTRATOR,
                role::TEAMS_ADMINISTRATOR,
                role::EXTERNAL_IDENTITY_PROVIDER_ADMINISTRATOR,
                role::PRIVILEGED_ROLE_ADMINISTRATOR,
                role::GUEST_INVITER,
                role::USER_ADMINISTRATOR,
            ],
            Self::ReadLogs => &[
                role::SECURITY_ADMINISTRATOR,
                role::SECURITY_READER,
                role::SECURITY_OPERATOR,
                role::GLOBAL_READER,
                role::REPORTS_READER,
            ],
        }
    }

    /// Whether one of these roles holds it.
    pub fn held_by(self, roles: &BTreeSet<Uuid>) -> bool {
        roles.contains(&role::GLOBAL_ADMINISTRATOR)
            || self.roles().iter().any(|r| roles.contains(r))
    }

    /// The roles in words, for the refusal.
    fn words(self) -> String {
        let mut names = vec!["Global Administrator"];
        names.extend(self.roles().iter().filter_map(|r| role::name(*r)));
        names.join(" or ")
    }
}

/// Permission to write in one tenant.
pub struct Grant<'a> {
    cx: &'a Context,
    tenant: Id<Tenant>,
    permission: Permission,
    /// The object that the permission is for: a role over it suffices.
    object: Option<Uuid>,
}

/// Checks that the actor may, as the request began.
pub fn authorize(cx: &Context, permission: Permission) -> Result<Grant<'_>> {
    let tenant = cx.tenant()?;
    check(cx, permission)?;
    Ok(Grant {
        cx,
        tenant,
        permission,
        object: None,
    })
}

/// The same for one application or service principal: a role that is limited to it suffices.
pub async fn authorize_over(
    cx: &Context,
    permission: Permission,
    object: Uuid,
) -> Result<Grant<'_>> {
    let tenant = cx.tenant()?;
    if let Err(refusal) = check(cx, permission) {
        let Actor::User(actor) = &cx.actor else {
            return Err(refusal);
        };
        let snapshot = cx.app.snapshots().get(cx, tenant).await?;
        if !permission.held_by(&snapshot.roles_over(actor.user.uuid(), object)) {
            return Err(refusal);
        }
    }
    Ok(Grant {
        cx,
        tenant,
        permission,
        object: Some(object),
    })
}

/// Checks without the intention to write.
pub fn check(cx: &Context, permission: Permission) -> Result<()> {
    match &cx.actor {
        Actor::User(a) if permission.held_by(&a.roles) => Ok(()),
        Actor::User(_) => Err(Error::Forbidden(format!(
            "Insufficient privileges to complete the operation. It needs the role {}.",
            permission.words()
        ))),
        // An application's permissions are its scopes, which the edge has checked.
        Actor::Application(_) | Actor::System { .. } => Ok(()),
        Actor::Nobody => Err(Error::Unauthenticated("sign in first".into())),
    }
}

impl<'a> Grant<'a> {
    /// Begins the transaction, and checks again inside it that the person is there, enabled and
    /// still holds a role: what was taken away meanwhile counts.
    pub async fn begin(self) -> Result<Change<'a>> {
        let tx = self.cx.app.store().begin().await?;
        if let Actor::User(actor) = &self.cx.actor {
            let scoped = tx.tenant(self.tenant);
            let user = scoped.users().find(actor.user).await?;
            if !user.is_some_and(|u| u.account_enabled && u.deleted.is_none()) {
                return Err(Error::Unauthenticated("the account is disabled".into()));
            }
            let now: BTreeSet<Uuid> = scoped
                .role_assignments()
                .list_of_principal(actor.user.uuid())
                .await?
                .iter()
                .filter(|a| a.scope.is_none() || a.scope == self.object)
                .map(|a| a.role)
                .collect();
            if !self.permission.held_by(&now) {
                return Err(Error::Forbidden("the role was taken away meanwhile".into()));
            }
        }
        Ok(Change {
            cx: self.cx,
            tenant: self.tenant,
            tx,
        })
    }
}

/// A change under way.
pub struct Change<'a> {
    cx: &'a Context,
    tenant: Id<Tenant>,
    tx: Tx,
}

impl Change<'_> {
    /// The tenant's tables.
    pub const fn tables(&self) -> TenantTx<'_> {
        self.tx.tenant(self.tenant)
    }

    /// The transaction, for what is kept per cloud.
    pub const fn tx(&self) -> &Tx {
        &self.tx
    }

    /// Writes the audit record and commits. What decisions read gets a new version in the same
    /// transaction, so that every node sees it with its next request.
    pub async fn commit(self, activity: &Activity) -> Result<()> {
        let scoped = self.tx.tenant(self.tenant);
        scoped
            .audit_records()
            .insert(&audit(self.cx, activity))
            .await?;
        scoped.bump_policy_version().await?;
        self.tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use comity_model::well_known::role;

    use super::Permission;

    #[test]
    fn readers_write_nothing_and_administrators_their_own() {
        let holds = |p: Permission, r| p.held_by(&BTreeSet::from([r]));
        for permission in Permission::ALL {
            assert!(
                holds(permission, role::GLOBAL_ADMINISTRATOR),
                "{permission:?}"
            );
            let reads = matches!(permission, Permission::ReadPolicies | Permission::ReadLogs);
            assert_eq!(
                holds(permission, role::GLOBAL_READER),
                reads,
                "{permission:?}"
            );
            assert!(!permission.held_by(&BTreeSet::new()), "{permission:?}");
        }
        assert!(holds(
            Permission::WriteAllowedClouds,
            role::SECURITY_ADMINISTRATOR
        ));
        assert!(!holds(
            Permission::WriteAllowedClouds,
            role::USER_ADMINISTRATOR
        ));
        assert!(!holds(
            Permission::AssignRoles,
            role::SECURITY_ADMINISTRATOR
        ));
        assert!(!holds(Permission::WriteUsers, role::GUEST_INVITER));
    }
}
