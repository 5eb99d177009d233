//! The check is the key: no write without a permission on its tenant, and no commit without its
//! audit record (law 6). Scopes are checked by the edge from the resource description; this checks
//! directory roles, as they are now, and which applications an application may write.

use std::collections::BTreeSet;

use comity_model::{
    group::ObjectKind, id::Id, service_principal::ServicePrincipal, tenant::Tenant,
    well_known::role,
};
use comity_store::{Scoped, TenantTx, Tx};
use uuid::Uuid;

use crate::{
    audit::{Activity, audit},
    context::{Actor, ApplicationActor, Context, UserActor},
    error::{Error, Result},
    graph_permission,
    snapshot::Snapshot,
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
    /// Application permissions of Graph, and consent to its scopes that make administrators.
    GrantGraphPermissions,
    AssignRoles,
    WriteOrganization,
    SwitchWorker,
    ReadPolicies,
    ReadLogs,
}

impl Permission {
    /// All of them, for the matrix.
    pub const ALL: [Self; 17] = [
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
        Self::GrantGraphPermissions,
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
            Self::WriteAuthorizationPolicy | Self::AssignRoles | Self::GrantGraphPermissions => {
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

/// Permissions under which every application may be written, whoever owns it.
const EVERY_APPLICATION: [&str; 2] = ["Application.ReadWrite.All", "Directory.ReadWrite.All"];
/// The permission that reaches no further than what the caller owns.
const OWNED_APPLICATIONS: &str = "Application.ReadWrite.OwnedBy";

/// Who must be among the owners: an application without a permission for every application.
fn owner_needed(cx: &Context) -> Result<Option<Id<ServicePrincipal>>> {
    let (held, caller) = match &cx.actor {
        Actor::User(a) => (&a.scopes, None),
        Actor::Application(a) => (&a.permissions, Some(a.service_principal)),
        Actor::System { .. } | Actor::Nobody => return Ok(None),
    };
    if EVERY_APPLICATION.iter().any(|p| held.contains(*p)) {
        return Ok(None);
    }
    let bound = caller.filter(|_| held.contains(OWNED_APPLICATIONS));
    bound.map(Some).ok_or_else(|| {
        Error::Forbidden(format!(
            "Insufficient privileges to complete the operation. It needs the permission {}.",
            EVERY_APPLICATION.join(" or ")
        ))
    })
}

async fn check_owner<M>(
    tables: &Scoped<'_, M>,
    object: Uuid,
    caller: Id<ServicePrincipal>,
) -> Result<()> {
    let owners = tables.object_owners().list(object).await?;
    if owners.iter().any(|o| o.id == caller.uuid()) {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "Insufficient privileges to complete the operation. `{OWNED_APPLICATIONS}` reaches applications that the caller owns: ask an owner to add it, or an administrator for `Application.ReadWrite.All`."
    )))
}

/// The same for one application or service principal: a role that is limited to it suffices, and
/// an application that may write its own only must own it.
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
    if let Some(caller) = owner_needed(cx)? {
        let read = cx.app.store().read();
        check_owner(&read.tenant(tenant), object, caller).await?;
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
    /// Begins the transaction, and checks again inside it that the caller is there, enabled and
    /// still holds a role or owns the object: what was taken away meanwhile counts.
    pub async fn begin(self) -> Result<Change<'a>> {
        let tx = self.cx.app.store().begin().await?;
        let tables = tx.tenant(self.tenant);
        match &self.cx.actor {
            Actor::User(actor) => self.recheck_person(&tables, actor).await?,
            Actor::Application(actor) => self.recheck_application(&tables, actor).await?,
            Actor::System { .. } | Actor::Nobody => {}
        }
        Ok(Change {
            cx: self.cx,
            tenant: self.tenant,
            tx,
        })
    }

    async fn recheck_person(&self, tables: &TenantTx<'_>, actor: &UserActor) -> Result<()> {
        let user = tables.users().find(actor.user).await?;
        if !user.is_some_and(|u| u.account_enabled && u.deleted.is_none()) {
            return Err(Error::Unauthenticated("the account is disabled".into()));
        }
        let roles = tables.role_assignments();
        let now: BTreeSet<Uuid> = roles
            .list_of_principal(actor.user.uuid())
            .await?
            .iter()
            .filter(|a| a.scope.is_none() || a.scope == self.object)
            .map(|a| a.role)
            .collect();
        if self.permission.held_by(&now) {
            return Ok(());
        }
        Err(Error::Forbidden("the role was taken away meanwhile".into()))
    }

    async fn recheck_application(
        &self,
        tables: &TenantTx<'_>,
        actor: &ApplicationActor,
    ) -> Result<()> {
        let principals = tables.service_principals();
        let principal = principals.find(actor.service_principal).await?;
        if !principal.is_some_and(|p| p.account_enabled && p.deleted.is_none()) {
            return Err(Error::Unauthenticated("the application is disabled".into()));
        }
        let Some(object) = self.object else {
            return Ok(());
        };
        match owner_needed(self.cx)? {
            Some(caller) => check_owner(tables, object, caller).await,
            None => Ok(()),
        }
    }
}

/// Refuses to leave a tenant without a Global Administrator who can sign in: an enabled person
/// beside this principal. Two that go at the same time wait for each other.
pub(crate) async fn others_administer(tables: &TenantTx<'_>, without: Uuid) -> Result<()> {
    tables.lock_self().await?;
    for a in tables.role_assignments().all().await? {
        let candidate = a.role == role::GLOBAL_ADMINISTRATOR
            && a.scope.is_none()
            && a.principal_kind == ObjectKind::User
            && a.principal != without;
        if !candidate {
            continue;
        }
        let user = tables.users().find(Id::new(a.principal)).await?;
        if user.is_some_and(|u| u.account_enabled && u.deleted.is_none()) {
            return Ok(());
        }
    }
    Err(Error::invalid(
        "id",
        "the last Global Administrator who can sign in cannot be removed: assign the role to somebody else first",
    ))
}

/// Whether a principal is a Global Administrator.
pub(crate) async fn administers(tables: &TenantTx<'_>, principal: Uuid) -> Result<bool> {
    let held = tables
        .role_assignments()
        .list_of_principal(principal)
        .await?;
    Ok(held
        .iter()
        .any(|a| a.role == role::GLOBAL_ADMINISTRATOR && a.scope.is_none()))
}

/// The actor as it stands in a newer state of the tenant, for work that began in an older one.
pub(crate) async fn as_now(cx: &Context, snapshot: &Snapshot) -> Result<Actor> {
    let gone = |what: &str| Error::Unauthenticated(format!("the {what} is disabled"));
    let mut actor = cx.actor.clone();
    match &mut actor {
        Actor::User(a) => {
            let read = cx.app.store().read();
            let user = read.tenant(a.tenant).users().find(a.user).await?;
            if !user.is_some_and(|u| u.account_enabled && u.deleted.is_none()) {
                return Err(gone("account"));
            }
            a.roles = snapshot.roles_of(a.user.uuid());
        }
        Actor::Application(a) => {
            let principal = snapshot.service_principal_by_id(a.service_principal.uuid());
            if !principal.is_some_and(|p| p.account_enabled) {
                return Err(gone("application"));
            }
            a.roles = snapshot.roles_of(a.service_principal.uuid());
            let held = graph_permission::held_by(snapshot, a.service_principal);
            a.permissions.retain(|p| held.contains(p.as_str()));
            if a.permissions.is_empty() {
                return Err(Error::Forbidden(
                    "the permission was taken away meanwhile".into(),
                ));
            }
        }
        Actor::System { .. } | Actor::Nobody => {}
    }
    Ok(actor)
}

/// How old the second factor may be that a delicate change wants.
const FRESH_SECONDS: i64 = 600;

/// Refuses a person whose second factor was not proven lately: a session that was stolen, or left
/// open, shall not do this (S-17).
pub(crate) fn recent_factor(cx: &Context, actor: &UserActor, what: &str) -> Result<()> {
    let since = cx.now.plus_seconds(-FRESH_SECONDS);
    if actor.second_factor.is_some_and(|at| at >= since) {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "{what} needs a second factor proven within the last {} minutes: sign in again with it",
        FRESH_SECONDS / 60
    )))
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
