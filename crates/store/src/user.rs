//! Users of a tenant; guests are linked to a person by (cloud, tenant, object), never by a name.

use comity_model::{
    id::Id,
    name::{self, Upn},
    query::{Listing, Query},
    tenant::Tenant,
    time::Utc,
    user::{ExternalIdentity, ExternalLink, ExternalUserState, User, UserType},
};

use uuid::Uuid;

use crate::{
    error::Result,
    handle::{Cloud, Tx},
    listing::{Listed, Object},
    query::{Column, Kind, column},
    row::{Row, read_all},
    statement::statements,
    table::tenant_table,
    value::{Value, values},
};

macro_rules! columns {
    () => {
        "id, upn, display_name, mail, user_type, account_enabled, external_cloud, external_tenant, external_object, \
         external_state, external_state_changed, home_upn, sessions_valid_from, created, deleted, version, properties"
    };
}

statements! { "users";
    FIND = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND id = $2");
    FIND_BY_UPN = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND upn_key = $2 AND deleted IS NULL");
    FIND_EXTERNAL = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND external_cloud = $2 \
        AND external_tenant = $3 AND external_object = $4");
    FIND_BY_HOME_NAME = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND external_cloud = $2 \
        AND external_tenant = $3 AND home_upn_key = $4 ORDER BY created DESC, id LIMIT 1");
    ALL = concat!("SELECT ", columns!(), " FROM users WHERE tenant_id = $1 AND deleted IS NULL \
        ORDER BY display_name_key, id");
    INSERT = "INSERT INTO users (tenant_id, id, upn, upn_key, display_name, display_name_key, mail, mail_key, user_type, \
        account_enabled, external_cloud, external_tenant, external_object, external_state, external_state_changed, \
        home_upn, sessions_valid_from, created, deleted, version, properties, home_upn_key) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
    UPDATE = "UPDATE users SET upn = $4, upn_key = $5, display_name = $6, display_name_key = $7, mail = $8, mail_key = $9, \
        user_type = $10, account_enabled = $11, external_cloud = $12, external_tenant = $13, external_object = $14, \
        external_state = $15, external_state_changed = $16, home_upn = $17, sessions_valid_from = $18, \
        properties = $19, home_upn_key = $20, version = version + 1 WHERE tenant_id = $1 AND id = $2 AND version = $3";
    LOCK = "UPDATE users SET version = version WHERE tenant_id = $1 AND id = $2";
    SOFT_DELETE = "UPDATE users SET deleted = $3, sessions_valid_from = $3, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL";
    MEMBERSHIPS = "SELECT tenant_id FROM users WHERE external_cloud = $1 AND external_tenant = $2 \
        AND external_object = $3 AND deleted IS NULL ORDER BY tenant_id";
}

tenant_table!(
    /// Users of a tenant.
    Users,
    users
);

static COLUMNS: &[Column] = &[
    column("id", "id", Kind::Guid),
    column("userPrincipalName", "upn_key", Kind::Key),
    column("displayName", "display_name_key", Kind::Key),
    column("mail", "mail_key", Kind::Key).nullable(),
    column("userType", "user_type", Kind::Word(&["Member", "Guest"])),
    column("accountEnabled", "account_enabled", Kind::Bool),
    column(
        "externalUserState",
        "external_state",
        Kind::Word(&["PendingAcceptance", "Accepted"]),
    )
    .nullable(),
    column(
        "externalUserStateChangeDateTime",
        "external_state_changed",
        Kind::Time,
    )
    .nullable(),
    column("createdDateTime", "created", Kind::Time),
    column("deletedDateTime", "deleted", Kind::Time).nullable(),
];

static LISTED: Listed<User> = listed(" AND deleted IS NULL");
static DELETED: Listed<User> = listed(" AND deleted IS NOT NULL");

const fn listed(live: &'static str) -> Listed<User> {
    Listed {
        table: "users",
        select: columns!(),
        live,
        columns: COLUMNS,
        read,
    }
}

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: row.id("id")?,
        upn: row.text("upn")?,
        display_name: row.text("display_name")?,
        mail: row.opt_text("mail")?,
        user_type: row.word("user_type", UserType::parse)?,
        account_enabled: row.bool("account_enabled")?,
        external: external(row)?,
        sessions_valid_from: row.time("sessions_valid_from")?,
        created: row.time("created")?,
        deleted: row.opt_time("deleted")?,
        version: row.int("version")?,
        properties: row.json("properties")?,
    })
}

fn external(row: &Row) -> Result<Option<ExternalLink>> {
    let Some(cloud) = row.opt_text("external_cloud")? else {
        return Ok(None);
    };
    Ok(Some(ExternalLink {
        identity: ExternalIdentity {
            cloud,
            tenant: row.id("external_tenant")?,
            object: row.id("external_object")?,
        },
        state: row.word("external_state", ExternalUserState::parse)?,
        state_changed: row.time("external_state_changed")?,
        home_upn: row.text("home_upn")?,
    }))
}

/// The values that insert and update share, in the order of the columns.
fn shared(user: &User) -> [Vec<Value>; 2] {
    let link = user.external.as_ref();
    let names = values![
        &user.upn,
        name::key(&user.upn),
        &user.display_name,
        name::key(&user.display_name),
        user.mail.as_deref(),
        user.mail.as_deref().map(name::key),
        user.user_type.as_str(),
        user.account_enabled,
    ];
    let links = values![
        link.map(|l| l.identity.cloud.clone()),
        link.map(|l| l.identity.tenant),
        link.map(|l| l.identity.object),
        link.map(|l| l.state.as_str()),
        link.map(|l| l.state_changed),
        link.map(|l| l.home_upn.clone()),
        user.sessions_valid_from,
    ];
    [names, links]
}

/// The name at home, as names are compared.
fn home_key(user: &User) -> Option<String> {
    user.external.as_ref().map(|link| name::key(&link.home_upn))
}

impl<M> Users<'_, M> {
    /// The user with that ID, deleted ones included.
    pub async fn find(&self, id: Id<User>) -> Result<Option<User>> {
        self.0
            .one(FIND, values![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// The user of that name, among those that are not deleted.
    pub async fn find_by_upn(&self, upn: &Upn) -> Result<Option<User>> {
        self.0
            .one(FIND_BY_UPN, values![upn.key()])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// The guest that is that person, deleted ones included.
    pub async fn find_external(&self, identity: &ExternalIdentity) -> Result<Option<User>> {
        let values = values![identity.cloud.as_str(), identity.tenant, identity.object];
        self.0
            .one(FIND_EXTERNAL, values)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// The guest that has that name at that home, the newest of several, deleted ones included.
    /// A name identifies nobody: this only says that it is taken.
    pub async fn find_by_home_name(
        &self,
        cloud: &str,
        tenant: Id<Tenant>,
        upn: &Upn,
    ) -> Result<Option<User>> {
        let values = values![cloud, tenant, upn.key()];
        self.0
            .one(FIND_BY_HOME_NAME, values)
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Those of these that are not deleted, in no order.
    pub async fn find_many(&self, ids: &[Uuid]) -> Result<Vec<User>> {
        self.0.among(&LISTED, ids).await
    }

    /// Answers a query over deleted ones; `render` makes the Graph object.
    pub async fn list_deleted(
        &self,
        query: &Query,
        render: impl Fn(&User) -> Object,
    ) -> Result<Listing> {
        self.0.list(&DELETED, query, render).await
    }

    /// Answers a query over those that are not deleted; `render` makes the Graph object.
    pub async fn list(&self, query: &Query, render: impl Fn(&User) -> Object) -> Result<Listing> {
        self.0.list(&LISTED, query, render).await
    }

    /// Everybody who is not deleted, by display name.
    pub async fn all(&self) -> Result<Vec<User>> {
        read_all(&self.0.all(ALL, vec![]).await?, read)
    }
}

impl Users<'_, Tx> {
    /// A new user. Conflicts: `users_upn`, `users_external`.
    pub async fn insert(&self, user: &User) -> Result<()> {
        let [names, links] = shared(user);
        let mut values = values![user.id];
        values.extend(names);
        values.extend(links);
        values.extend(values![
            user.created,
            user.deleted,
            user.version,
            &user.properties,
            home_key(user)
        ]);
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Changes a user under its version. Conflicts: `version`, `users_upn`, `users_external`.
    pub async fn update(&self, user: &User) -> Result<()> {
        let [names, links] = shared(user);
        let mut values = values![user.id, user.version];
        values.extend(names);
        values.extend(links);
        values.extend(values![&user.properties, home_key(user)]);
        self.0.replace(UPDATE, values).await
    }

    /// Keeps other transactions from changing this user, or what they lock for her, until this one
    /// ends.
    pub async fn lock(&self, id: Id<User>) -> Result<()> {
        self.0.write(LOCK, values![id]).await.map(drop)
    }

    /// Deletes a user for now; the row and its link stay.
    pub async fn soft_delete(&self, id: Id<User>, now: Utc) -> Result<bool> {
        Ok(self.0.write(SOFT_DELETE, values![id, now]).await? > 0)
    }
}

impl<M> Cloud<'_, M> {
    /// The tenants of this cloud in which that person is a guest.
    pub async fn memberships_of(&self, identity: &ExternalIdentity) -> Result<Vec<Id<Tenant>>> {
        let values = values![identity.cloud.as_str(), identity.tenant, identity.object];
        read_all(&self.all(MEMBERSHIPS, values).await?, |row| {
            row.id("tenant_id")
        })
    }
}
