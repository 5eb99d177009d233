//! The end of users and groups: restored within their time, or purged with everything that names
//! them. What has a foreign key to them goes by itself.

use comity_model::{group::Group, id::Id, time::Utc, user::User};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::{Scoped, Tx},
    statement::{Sql, Statement, statements},
    value::values,
};

statements! { "users";
    RESTORE_USER = "UPDATE users SET deleted = NULL, sessions_valid_from = $3, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND deleted IS NOT NULL";
    RESTORE_GROUP = "UPDATE groups SET deleted = NULL, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND deleted IS NOT NULL";
    PURGE_USER = "DELETE FROM users WHERE tenant_id = $1 AND id = $2 AND deleted IS NOT NULL";
    PURGE_GROUP = "DELETE FROM groups WHERE tenant_id = $1 AND id = $2 AND deleted IS NOT NULL";
    MEMBERSHIPS = "DELETE FROM group_members WHERE tenant_id = $1 AND member_id = $2";
    OWNED_GROUPS = "DELETE FROM group_owners WHERE tenant_id = $1 AND member_id = $2";
    OWNED_OBJECTS = "DELETE FROM object_owners WHERE tenant_id = $1 AND owner_id = $2";
    ROLES = "DELETE FROM role_assignments WHERE tenant_id = $1 AND principal_id = $2";
    APP_ROLES = "DELETE FROM app_role_assignments WHERE tenant_id = $1 AND principal_id = $2";
    GRANTS = "DELETE FROM permission_grants WHERE tenant_id = $1 AND principal_id = $2";
    APP_SESSIONS = "DELETE FROM app_sessions WHERE tenant_id = $1 AND user_id = $2";
    LINKS = "DELETE FROM password_links WHERE tenant_id = $1 AND user_id = $2";
    OLD_USERS = "SELECT id FROM users WHERE tenant_id = $1 AND deleted <= $2 ORDER BY deleted, id LIMIT 100";
    OLD_GROUPS = "SELECT id FROM groups WHERE tenant_id = $1 AND deleted <= $2 ORDER BY deleted, id LIMIT 100";
}

/// What names a principal without a foreign key.
const NAMING: [Statement; 8] = [
    MEMBERSHIPS,
    OWNED_GROUPS,
    OWNED_OBJECTS,
    ROLES,
    APP_ROLES,
    GRANTS,
    APP_SESSIONS,
    LINKS,
];

impl<M> Scoped<'_, M> {
    /// Some of the users that were deleted then or before, the oldest first.
    pub async fn users_deleted_before(&self, then: Utc) -> Result<Vec<Id<User>>> {
        let rows = self.all(Sql::long(OLD_USERS), values![then]).await?;
        rows.iter().map(|row| row.id("id")).collect()
    }

    /// Some of the groups that were deleted then or before, the oldest first.
    pub async fn groups_deleted_before(&self, then: Utc) -> Result<Vec<Id<Group>>> {
        let rows = self.all(Sql::long(OLD_GROUPS), values![then]).await?;
        rows.iter().map(|row| row.id("id")).collect()
    }
}

impl Scoped<'_, Tx> {
    /// Takes a deletion back; `false` if there is none. Sessions of before stay ended. Conflict:
    /// `users_upn`, somebody else has the name now.
    pub async fn restore_user(&self, id: Id<User>, now: Utc) -> Result<bool> {
        Ok(self.write(RESTORE_USER, values![id, now]).await? > 0)
    }

    /// Takes a deletion back; `false` if there is none.
    pub async fn restore_group(&self, id: Id<Group>) -> Result<bool> {
        Ok(self.write(RESTORE_GROUP, values![id]).await? > 0)
    }

    /// Ends a deleted user for good; `false` if there is none.
    pub async fn purge_user(&self, id: Id<User>) -> Result<bool> {
        self.purge(PURGE_USER, id.uuid()).await
    }

    /// Ends a deleted group for good; `false` if there is none.
    pub async fn purge_group(&self, id: Id<Group>) -> Result<bool> {
        self.purge(PURGE_GROUP, id.uuid()).await
    }

    async fn purge(&self, object: Statement, id: Uuid) -> Result<bool> {
        if self.write(object, values![id]).await? == 0 {
            return Ok(false);
        }
        for statement in NAMING {
            self.write(statement, values![id]).await?;
        }
        Ok(true)
    }
}
