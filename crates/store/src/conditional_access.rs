//! Conditional Access policies and named locations: documents as JSON text. One set of statements
//! for two tables of the same shape.

use comity_model::{name, time::Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::Tx,
    row::{Row, read_all},
    statement::{Statement, statements},
    table::tenant_table,
    value::{Value, values},
};

macro_rules! columns {
    () => {
        "id, display_name, state, document, created, modified, version"
    };
}
macro_rules! find {
    ($table:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM ",
            $table,
            " WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL"
        )
    };
}
macro_rules! all {
    ($table:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM ",
            $table,
            " WHERE tenant_id = $1 AND deleted IS NULL ORDER BY created, id"
        )
    };
}
macro_rules! insert {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (tenant_id, id, display_name, display_name_key, state, document, created, \
             modified, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)"
        )
    };
}
macro_rules! update {
    ($table:literal) => {
        concat!(
            "UPDATE ", $table, " SET display_name = $4, display_name_key = $5, state = $6, document = $7, \
             modified = $8, version = version + 1 WHERE tenant_id = $1 AND id = $2 AND version = $3 AND deleted IS NULL"
        )
    };
}
macro_rules! delete {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET deleted = $3, version = version + 1 \
            WHERE tenant_id = $1 AND id = $2 AND deleted IS NULL"
        )
    };
}

statements! { "conditional_access_policies";
    FIND_POLICY = find!("conditional_access_policies");
    ALL_POLICIES = all!("conditional_access_policies");
    INSERT_POLICY = insert!("conditional_access_policies");
    UPDATE_POLICY = update!("conditional_access_policies");
    DELETE_POLICY = delete!("conditional_access_policies");
    FIND_LOCATION = find!("named_locations");
    ALL_LOCATIONS = all!("named_locations");
    INSERT_LOCATION = insert!("named_locations");
    UPDATE_LOCATION = update!("named_locations");
    DELETE_LOCATION = delete!("named_locations");
}

tenant_table!(
    /// Conditional Access policies of a tenant.
    ConditionalAccessPolicies,
    conditional_access_policies
);
tenant_table!(
    /// Named locations of a tenant.
    NamedLocations,
    named_locations
);

/// A policy or location as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    pub id: Uuid,
    pub display_name: String,
    /// Empty for a location.
    pub state: String,
    /// Graph's form as JSON text.
    pub document: String,
    pub created: Utc,
    pub modified: Option<Utc>,
    pub version: i64,
}

fn read(row: &Row) -> Result<PolicyRow> {
    Ok(PolicyRow {
        id: row.uuid("id")?,
        display_name: row.text("display_name")?,
        state: row.text("state")?,
        document: row
            .opt_json_text("document")?
            .ok_or_else(|| row.corrupt("document"))?,
        created: row.time("created")?,
        modified: row.opt_time("modified")?,
        version: row.int("version")?,
    })
}

fn inserted(row: &PolicyRow) -> Vec<Value> {
    values![
        row.id,
        &row.display_name,
        name::key(&row.display_name),
        &row.state,
        Value::Json(Some(row.document.clone())),
        row.created,
        row.modified
    ]
}

fn updated(row: &PolicyRow) -> Vec<Value> {
    values![
        row.id,
        row.version,
        &row.display_name,
        name::key(&row.display_name),
        &row.state,
        Value::Json(Some(row.document.clone())),
        row.modified
    ]
}

macro_rules! repository {
    ($name:ident, $find:ident, $all:ident, $insert:ident, $update:ident, $delete:ident) => {
        impl<M> $name<'_, M> {
            /// The one with that ID.
            pub async fn find(&self, id: Uuid) -> Result<Option<PolicyRow>> {
                const STATEMENT: Statement = $find;
                self.0
                    .one(STATEMENT, values![id])
                    .await?
                    .as_ref()
                    .map(read)
                    .transpose()
            }

            /// All of them, oldest first.
            pub async fn all(&self) -> Result<Vec<PolicyRow>> {
                read_all(&self.0.all($all, vec![]).await?, read)
            }
        }

        impl $name<'_, Tx> {
            /// A new one.
            pub async fn insert(&self, row: &PolicyRow) -> Result<()> {
                self.0.write($insert, inserted(row)).await.map(drop)
            }

            /// Changes one under its version.
            pub async fn update(&self, row: &PolicyRow) -> Result<()> {
                self.0.replace($update, updated(row)).await
            }

            /// Deletes one for now.
            pub async fn soft_delete(&self, id: Uuid, now: Utc) -> Result<bool> {
                Ok(self.0.write($delete, values![id, now]).await? > 0)
            }
        }
    };
}

repository!(
    ConditionalAccessPolicies,
    FIND_POLICY,
    ALL_POLICIES,
    INSERT_POLICY,
    UPDATE_POLICY,
    DELETE_POLICY
);
repository!(
    NamedLocations,
    FIND_LOCATION,
    ALL_LOCATIONS,
    INSERT_LOCATION,
    UPDATE_LOCATION,
    DELETE_LOCATION
);
