//! Owners of applications and service principals.

use comity_model::group::{ObjectKind, ObjectRef};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::Tx,
    row::{Row, read_all},
    statement::statements,
    table::tenant_table,
    value::values,
};

statements! { "object_owners";
    LIST = "SELECT owner_id, owner_kind FROM object_owners WHERE tenant_id = $1 AND object_id = $2 ORDER BY owner_id";
    ADD = "INSERT INTO object_owners (tenant_id, object_id, owner_id, owner_kind) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant_id, object_id, owner_id) DO NOTHING";
    REMOVE = "DELETE FROM object_owners WHERE tenant_id = $1 AND object_id = $2 AND owner_id = $3";
}

tenant_table!(
    /// Owners of a tenant's applications and service principals.
    ObjectOwners,
    object_owners
);

fn read(row: &Row) -> Result<ObjectRef> {
    Ok(ObjectRef {
        kind: row.word("owner_kind", ObjectKind::parse)?,
        id: row.uuid("owner_id")?,
    })
}

impl<M> ObjectOwners<'_, M> {
    /// Owners of an object.
    pub async fn list(&self, object: Uuid) -> Result<Vec<ObjectRef>> {
        read_all(&self.0.all(LIST, values![object]).await?, read)
    }
}

impl ObjectOwners<'_, Tx> {
    /// Adds an owner; `false` if it is one.
    pub async fn add(&self, object: Uuid, owner: ObjectRef) -> Result<bool> {
        let values = values![object, owner.id, owner.kind.as_str()];
        Ok(self.0.write(ADD, values).await? > 0)
    }

    /// Removes an owner; `false` if it was none.
    pub async fn remove(&self, object: Uuid, owner: Uuid) -> Result<bool> {
        Ok(self.0.write(REMOVE, values![object, owner]).await? > 0)
    }
}
