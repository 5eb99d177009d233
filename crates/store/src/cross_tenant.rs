//! Cross-tenant access policies: root with default, and partners. Documents travel as JSON text.

use comity_model::{id::Id, tenant::Tenant, time::Utc};

use crate::{
    error::Result,
    handle::Tx,
    row::{Row, read_all},
    statement::statements,
    table::tenant_table,
    value::{Value, values},
};

macro_rules! partner {
    () => {
        "partner_tenant, cloud, document, name, domains, created, version"
    };
}

statements! { "partners";
    ROOT = "SELECT document, version FROM cross_tenant_policies WHERE tenant_id = $1";
    INSERT_ROOT = "INSERT INTO cross_tenant_policies (tenant_id, document, version) VALUES ($1, $2, 1)";
    UPDATE_ROOT = "UPDATE cross_tenant_policies SET document = $3, version = version + 1 \
        WHERE tenant_id = $1 AND version = $2";
    FIND = concat!("SELECT ", partner!(), " FROM partners WHERE tenant_id = $1 AND partner_tenant = $2");
    ALL = concat!("SELECT ", partner!(), " FROM partners WHERE tenant_id = $1 ORDER BY partner_tenant");
    INSERT = "INSERT INTO partners (tenant_id, partner_tenant, cloud, document, name, domains, created, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1)";
    UPDATE = "UPDATE partners SET document = $4, name = $5, domains = $6, version = version + 1 \
        WHERE tenant_id = $1 AND partner_tenant = $2 AND version = $3";
    DELETE = "DELETE FROM partners WHERE tenant_id = $1 AND partner_tenant = $2";
}

tenant_table!(
    /// The cross-tenant access policy of a tenant.
    CrossTenant,
    cross_tenant
);

/// A partner object as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct PartnerRow {
    pub cloud: String,
    pub tenant: Id<Tenant>,
    /// Graph's form as JSON text.
    pub document: String,
    /// What the organisation called itself when it was added.
    pub name: String,
    /// What it published then.
    pub domains: Vec<String>,
    pub created: Utc,
    pub version: i64,
}

fn read(row: &Row) -> Result<PartnerRow> {
    Ok(PartnerRow {
        cloud: row.text("cloud")?,
        tenant: row.id("partner_tenant")?,
        document: row
            .opt_json_text("document")?
            .ok_or_else(|| row.corrupt("document"))?,
        name: row.text("name")?,
        domains: row.json("domains")?,
        created: row.time("created")?,
        version: row.int("version")?,
    })
}

impl<M> CrossTenant<'_, M> {
    /// The root with the default, and its version; none is the service default.
    pub async fn root(&self) -> Result<Option<(String, i64)>> {
        let row = self.0.one(ROOT, vec![]).await?;
        row.map(|row| {
            let text = row
                .opt_json_text("document")?
                .ok_or_else(|| row.corrupt("document"))?;
            Ok((text, row.int("version")?))
        })
        .transpose()
    }

    /// The partner object for a tenant.
    pub async fn partner(&self, tenant: Id<Tenant>) -> Result<Option<PartnerRow>> {
        self.0
            .one(FIND, values![tenant])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// All partner objects, by tenant ID.
    pub async fn partners(&self) -> Result<Vec<PartnerRow>> {
        read_all(&self.0.all(ALL, vec![]).await?, read)
    }
}

impl CrossTenant<'_, Tx> {
    /// Sets the root; `version` is the one that was read, 0 for none.
    pub async fn set_root(&self, document: &str, version: i64) -> Result<()> {
        let json = Value::Json(Some(document.to_owned()));
        if version == 0 {
            return self.0.write(INSERT_ROOT, vec![json]).await.map(drop);
        }
        self.0
            .replace(UPDATE_ROOT, vec![version.into(), json])
            .await
    }

    /// A new partner. Conflict: `partners_pkey`.
    pub async fn insert_partner(&self, row: &PartnerRow) -> Result<()> {
        let json = Value::Json(Some(row.document.clone()));
        let values = values![
            row.tenant,
            &row.cloud,
            json,
            &row.name,
            Value::json(&row.domains)?,
            row.created
        ];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Changes a partner under its version.
    pub async fn update_partner(&self, row: &PartnerRow) -> Result<()> {
        let json = Value::Json(Some(row.document.clone()));
        let values = values![
            row.tenant,
            row.version,
            json,
            &row.name,
            Value::json(&row.domains)?
        ];
        self.0.replace(UPDATE, values).await
    }

    /// Removes a partner.
    pub async fn delete_partner(&self, tenant: Id<Tenant>) -> Result<bool> {
        Ok(self.0.write(DELETE, values![tenant]).await? > 0)
    }
}
