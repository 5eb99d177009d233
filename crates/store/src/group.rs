//! Groups and who is in them. Groups nest; membership is transitive and cycles end.

use std::collections::BTreeSet;

use comity_model::{
    group::{Group, ObjectKind, ObjectRef},
    id::Id,
    name,
    query::{Listing, Query},
    time::Utc,
};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::Tx,
    listing::{Listed, Object},
    query::{Column, Kind, column},
    row::{Row, read_all},
    statement::{Sql, statements},
    table::tenant_table,
    value::values,
};

macro_rules! columns {
    () => {
        "id, display_name, mail_nickname, mail_enabled, security_enabled, created, deleted, version, properties"
    };
}

/// Whether the object of `m` is there and not deleted.
macro_rules! live {
    () => {
        "(m.member_kind = 'user' AND EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = $1 AND u.id = m.member_id \
         AND u.deleted IS NULL) OR m.member_kind = 'group' AND EXISTS (SELECT 1 FROM groups g WHERE g.tenant_id = $1 \
         AND g.id = m.member_id AND g.deleted IS NULL) OR m.member_kind = 'servicePrincipal' AND EXISTS (SELECT 1 \
         FROM service_principals p WHERE p.tenant_id = $1 AND p.id = m.member_id AND p.deleted IS NULL))"
    };
}

statements! { "groups";
    FIND = concat!("SELECT ", columns!(), " FROM groups WHERE tenant_id = $1 AND id = $2");
    ALL = concat!("SELECT ", columns!(), " FROM groups WHERE tenant_id = $1 AND deleted IS NULL \
        ORDER BY display_name_key, id");
    INSERT = "INSERT INTO groups (tenant_id, id, display_name, display_name_key, mail_nickname, mail_nickname_key, \
        mail_enabled, security_enabled, created, deleted, version, properties) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE = "UPDATE groups SET display_name = $4, display_name_key = $5, mail_nickname = $6, mail_nickname_key = $7, \
        mail_enabled = $8, security_enabled = $9, properties = $10, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND version = $3";
    SOFT_DELETE = "UPDATE groups SET deleted = $3, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL";
    ADD_MEMBER = "INSERT INTO group_members (tenant_id, group_id, member_id, member_kind) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant_id, group_id, member_id) DO NOTHING";
    REMOVE_MEMBER = "DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND member_id = $3";
    MEMBERS = concat!("SELECT m.member_id, m.member_kind FROM group_members m WHERE m.tenant_id = $1 \
        AND m.group_id = $2 AND ", live!(), " ORDER BY m.member_id");
    ADD_OWNER = "INSERT INTO group_owners (tenant_id, group_id, member_id, member_kind) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant_id, group_id, member_id) DO NOTHING";
    REMOVE_OWNER = "DELETE FROM group_owners WHERE tenant_id = $1 AND group_id = $2 AND member_id = $3";
    OWNERS = concat!("SELECT m.member_id, m.member_kind FROM group_owners m WHERE m.tenant_id = $1 \
        AND m.group_id = $2 AND ", live!(), " ORDER BY m.member_id");
    DIRECT_GROUPS = "SELECT m.group_id FROM group_members m JOIN groups g ON g.tenant_id = m.tenant_id \
        AND g.id = m.group_id WHERE m.tenant_id = $1 AND m.member_id = $2 AND g.deleted IS NULL ORDER BY m.group_id";
    GROUPS_OF = "WITH RECURSIVE above (group_id) AS ( \
        SELECT m.group_id FROM group_members m JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id \
        WHERE m.tenant_id = $1 AND m.member_id = $2 AND g.deleted IS NULL \
        UNION SELECT m.group_id FROM group_members m JOIN above a ON m.member_id = a.group_id \
        JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id \
        WHERE m.tenant_id = $1 AND g.deleted IS NULL) SELECT group_id FROM above";
    TRANSITIVE_MEMBERS = concat!("WITH RECURSIVE below (member_id, member_kind) AS ( \
        SELECT member_id, member_kind FROM group_members WHERE tenant_id = $1 AND group_id = $2 \
        UNION SELECT m.member_id, m.member_kind FROM group_members m JOIN below b ON m.group_id = b.member_id \
        JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id \
        WHERE m.tenant_id = $1 AND g.deleted IS NULL) SELECT m.member_id, m.member_kind FROM below m WHERE ", live!(), " ORDER BY m.member_id");
}

tenant_table!(
    /// Groups of a tenant.
    Groups,
    groups
);

static COLUMNS: &[Column] = &[
    column("id", "id", Kind::Guid),
    column("displayName", "display_name_key", Kind::Key),
    column("mailNickname", "mail_nickname_key", Kind::Key),
    column("mailEnabled", "mail_enabled", Kind::Bool),
    column("securityEnabled", "security_enabled", Kind::Bool),
    column("createdDateTime", "created", Kind::Time),
    column("deletedDateTime", "deleted", Kind::Time).nullable(),
];

static LISTED: Listed<Group> = listed(" AND deleted IS NULL");
static DELETED: Listed<Group> = listed(" AND deleted IS NOT NULL");

const fn listed(live: &'static str) -> Listed<Group> {
    Listed {
        table: "groups",
        select: columns!(),
        live,
        columns: COLUMNS,
        read,
    }
}

fn read(row: &Row) -> Result<Group> {
    Ok(Group {
        id: row.id("id")?,
        display_name: row.text("display_name")?,
        mail_nickname: row.text("mail_nickname")?,
        mail_enabled: row.bool("mail_enabled")?,
        security_enabled: row.bool("security_enabled")?,
        created: row.time("created")?,
        deleted: row.opt_time("deleted")?,
        version: row.int("version")?,
        properties: row.json("properties")?,
    })
}

fn read_reference(row: &Row) -> Result<ObjectRef> {
    Ok(ObjectRef {
        kind: row.word("member_kind", ObjectKind::parse)?,
        id: row.uuid("member_id")?,
    })
}

impl<M> Groups<'_, M> {
    /// The group with that ID, deleted ones included.
    pub async fn find(&self, id: Id<Group>) -> Result<Option<Group>> {
        self.0
            .one(FIND, values![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Answers a query over deleted ones; `render` makes the Graph object.
    pub async fn list_deleted(
        &self,
        query: &Query,
        render: impl Fn(&Group) -> Object,
    ) -> Result<Listing> {
        self.0.list(&DELETED, query, render).await
    }

    /// Answers a query over those that are not deleted; `render` makes the Graph object.
    pub async fn list(&self, query: &Query, render: impl Fn(&Group) -> Object) -> Result<Listing> {
        self.0.list(&LISTED, query, render).await
    }

    /// Every group that is not deleted, by display name.
    pub async fn all(&self) -> Result<Vec<Group>> {
        read_all(&self.0.all(ALL, vec![]).await?, read)
    }

    /// Those of these that are not deleted, in no order.
    pub async fn find_many(&self, ids: &[Uuid]) -> Result<Vec<Group>> {
        self.0.among(&LISTED, ids).await
    }

    /// Direct members, without deleted ones.
    pub async fn members(&self, id: Id<Group>) -> Result<Vec<ObjectRef>> {
        read_all(
            &self.0.all(Sql::long(MEMBERS), values![id]).await?,
            read_reference,
        )
    }

    /// Members of the group and of every group in it, without deleted ones.
    pub async fn transitive_members(&self, id: Id<Group>) -> Result<Vec<ObjectRef>> {
        read_all(
            &self
                .0
                .all(Sql::long(TRANSITIVE_MEMBERS), values![id])
                .await?,
            read_reference,
        )
    }

    /// Owners, without deleted ones.
    pub async fn owners(&self, id: Id<Group>) -> Result<Vec<ObjectRef>> {
        read_all(&self.0.all(OWNERS, values![id]).await?, read_reference)
    }

    /// Groups that hold the object directly.
    pub async fn direct_groups_of(&self, member: Uuid) -> Result<BTreeSet<Uuid>> {
        let rows = self.0.all(DIRECT_GROUPS, values![member]).await?;
        rows.iter().map(|row| row.uuid("group_id")).collect()
    }

    /// Groups that hold the object, through others too.
    pub async fn groups_of(&self, member: Uuid) -> Result<BTreeSet<Uuid>> {
        let rows = self.0.all(GROUPS_OF, values![member]).await?;
        rows.iter().map(|row| row.uuid("group_id")).collect()
    }
}

impl Groups<'_, Tx> {
    /// A new group.
    pub async fn insert(&self, group: &Group) -> Result<()> {
        let values = values![
            group.id,
            &group.display_name,
            name::key(&group.display_name),
            &group.mail_nickname,
            name::key(&group.mail_nickname),
            group.mail_enabled,
            group.security_enabled,
            group.created,
            group.deleted,
            group.version,
            &group.properties
        ];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Changes a group under its version.
    pub async fn update(&self, group: &Group) -> Result<()> {
        let values = values![
            group.id,
            group.version,
            &group.display_name,
            name::key(&group.display_name),
            &group.mail_nickname,
            name::key(&group.mail_nickname),
            group.mail_enabled,
            group.security_enabled,
            &group.properties
        ];
        self.0.replace(UPDATE, values).await
    }

    /// Deletes a group for now; it no longer counts as a group of anybody.
    pub async fn soft_delete(&self, id: Id<Group>, now: Utc) -> Result<bool> {
        Ok(self.0.write(SOFT_DELETE, values![id, now]).await? > 0)
    }

    /// Adds a member; `false` if it is one.
    pub async fn add_member(&self, id: Id<Group>, member: ObjectRef) -> Result<bool> {
        Ok(self
            .0
            .write(ADD_MEMBER, values![id, member.id, member.kind.as_str()])
            .await?
            > 0)
    }

    /// Removes a member; `false` if it was none.
    pub async fn remove_member(&self, id: Id<Group>, member: Uuid) -> Result<bool> {
        Ok(self.0.write(REMOVE_MEMBER, values![id, member]).await? > 0)
    }

    /// Adds an owner; `false` if it is one.
    pub async fn add_owner(&self, id: Id<Group>, owner: ObjectRef) -> Result<bool> {
        Ok(self
            .0
            .write(ADD_OWNER, values![id, owner.id, owner.kind.as_str()])
            .await?
            > 0)
    }

    /// Removes an owner; `false` if it was none.
    pub async fn remove_owner(&self, id: Id<Group>, owner: Uuid) -> Result<bool> {
        Ok(self.0.write(REMOVE_OWNER, values![id, owner]).await? > 0)
    }
}
