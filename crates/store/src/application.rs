//! Applications of a tenant and their secrets; an app ID is unique in the cloud.

use comity_model::{
    application::{Application, ApplicationSecret},
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
    query::{Kind, column},
    row::{Row, read_all},
    statement::statements,
    table::tenant_table,
    value::values,
};

macro_rules! columns {
    () => {
        "id, app_id, display_name, created, deleted, version, properties"
    };
}

statements! { "applications";
    FIND = concat!("SELECT ", columns!(), " FROM applications WHERE tenant_id = $1 AND id = $2");
    ALL = concat!("SELECT ", columns!(), " FROM applications WHERE tenant_id = $1 AND deleted IS NULL \
        ORDER BY display_name_key, id");
    INSERT = "INSERT INTO applications (tenant_id, id, app_id, display_name, display_name_key, created, deleted, \
        version, properties) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE = "UPDATE applications SET display_name = $4, display_name_key = $5, properties = $6, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND version = $3";
    SOFT_DELETE = "UPDATE applications SET deleted = $3, version = version + 1 \
        WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL";
    SECRETS = "SELECT key_id, application_id, hash, hint, display_name, start_at, end_at FROM application_secrets \
        WHERE tenant_id = $1 ORDER BY start_at, key_id";
    INSERT_SECRET = "INSERT INTO application_secrets (tenant_id, key_id, application_id, hash, hint, display_name, \
        start_at, end_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    DELETE_SECRET = "DELETE FROM application_secrets WHERE tenant_id = $1 AND key_id = $2";
}

tenant_table!(
    /// Applications of a tenant.
    Applications,
    applications
);

tenant_table!(
    /// Client secrets of a tenant's applications.
    ApplicationSecrets,
    application_secrets
);

static LISTED: Listed<Application> = Listed {
    table: "applications",
    select: columns!(),
    live: " AND deleted IS NULL",
    columns: &[
        column("id", "id", Kind::Guid),
        column("appId", "app_id", Kind::Guid),
        column("displayName", "display_name_key", Kind::Key),
        column("createdDateTime", "created", Kind::Time),
        column("deletedDateTime", "deleted", Kind::Time).nullable(),
    ],
    read,
};

fn read(row: &Row) -> Result<Application> {
    Ok(Application {
        id: row.id("id")?,
        app_id: row.uuid("app_id")?,
        display_name: row.text("display_name")?,
        created: row.time("created")?,
        deleted: row.opt_time("deleted")?,
        version: row.int("version")?,
        properties: row.json("properties")?,
    })
}

fn read_secret(row: &Row) -> Result<ApplicationSecret> {
    Ok(ApplicationSecret {
        key_id: row.uuid("key_id")?,
        application: row.id("application_id")?,
        hash: row.hashed("hash")?,
        hint: row.text("hint")?,
        display_name: row.opt_text("display_name")?,
        start: row.time("start_at")?,
        end: row.time("end_at")?,
    })
}

impl<M> Applications<'_, M> {
    /// The application with that object ID, deleted ones included.
    pub async fn find(&self, id: Id<Application>) -> Result<Option<Application>> {
        self.0
            .one(FIND, values![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Answers a query over those that are not deleted; `render` makes the Graph object.
    pub async fn list(
        &self,
        query: &Query,
        render: impl Fn(&Application) -> Object,
    ) -> Result<Listing> {
        self.0.list(&LISTED, query, render).await
    }

    /// Every application that is not deleted, by display name.
    pub async fn all(&self) -> Result<Vec<Application>> {
        read_all(&self.0.all(ALL, vec![]).await?, read)
    }
}

impl Applications<'_, Tx> {
    /// A new application. Conflict: `applications_app_id`.
    pub async fn insert(&self, application: &Application) -> Result<()> {
        let values = values![
            application.id,
            application.app_id,
            &application.display_name,
            name::key(&application.display_name),
            application.created,
            application.deleted,
            application.version,
            &application.properties
        ];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Changes an application under its version.
    pub async fn update(&self, application: &Application) -> Result<()> {
        let values = values![
            application.id,
            application.version,
            &application.display_name,
            name::key(&application.display_name),
            &application.properties
        ];
        self.0.replace(UPDATE, values).await
    }

    /// Deletes an application for now.
    pub async fn soft_delete(&self, id: Id<Application>, now: Utc) -> Result<bool> {
        Ok(self.0.write(SOFT_DELETE, values![id, now]).await? > 0)
    }
}

impl<M> ApplicationSecrets<'_, M> {
    /// The secrets of all applications.
    pub async fn all(&self) -> Result<Vec<ApplicationSecret>> {
        read_all(&self.0.all(SECRETS, vec![]).await?, read_secret)
    }
}

impl ApplicationSecrets<'_, Tx> {
    /// A new secret.
    pub async fn insert(&self, secret: &ApplicationSecret) -> Result<()> {
        let values = values![
            secret.key_id,
            secret.application,
            secret.hash,
            &secret.hint,
            secret.display_name.as_deref(),
            secret.start,
            secret.end
        ];
        self.0.write(INSERT_SECRET, values).await.map(drop)
    }

    /// Removes a secret; `false` if there is none with that ID.
    pub async fn delete(&self, key_id: Uuid) -> Result<bool> {
        Ok(self.0.write(DELETE_SECRET, values![key_id]).await? > 0)
    }
}
