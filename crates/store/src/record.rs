//! Sign-in and audit records: written once in canonical bytes, numbered by a job.

use comity_model::{
    audit_record::AuditRecord,
    federation::HomeTenant,
    id::Id,
    name,
    query::{Listing, Query},
    sign_in_record::SignInRecord,
    tenant::Tenant,
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

macro_rules! sign_in {
    () => {
        "id, created, correlation_id, user_id, user_principal_name, user_display_name, app_id, resource_id, error_code, \
         is_interactive, home_cloud, home_tenant, resource_cloud, resource_tenant_id, event, facts, properties"
    };
}
macro_rules! audit {
    () => {
        "id, created, correlation_id, category, activity, result, initiated_by, properties"
    };
}

statements! { "sign_in_records";
    INSERT = "INSERT INTO sign_in_records (tenant_id, id, created, correlation_id, user_id, user_principal_name, \
        user_principal_name_key, user_display_name, user_display_name_key, app_id, resource_id, error_code, \
        is_interactive, home_cloud, home_tenant, resource_cloud, resource_tenant_id, event, facts, properties) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    FIND = concat!("SELECT ", sign_in!(), " FROM sign_in_records WHERE tenant_id = $1 AND id = $2");
    BY_CORRELATION = concat!("SELECT ", sign_in!(), " FROM sign_in_records WHERE tenant_id = $1 AND correlation_id = $2 \
        ORDER BY created, id");
    RECENT = concat!("SELECT ", sign_in!(), " FROM sign_in_records WHERE tenant_id = $1 ORDER BY created DESC, id DESC");
    INSERT_AUDIT = "INSERT INTO audit_records (tenant_id, id, created, correlation_id, category, category_key, activity, \
        activity_key, result, initiated_by, properties) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    FIND_AUDIT = concat!("SELECT ", audit!(), " FROM audit_records WHERE tenant_id = $1 AND id = $2");
    UNNUMBERED = "SELECT id FROM sign_in_records WHERE tenant_id = $1 AND sequence IS NULL ORDER BY id LIMIT 500";
    UNNUMBERED_AUDITS = "SELECT id FROM audit_records WHERE tenant_id = $1 AND sequence IS NULL ORDER BY id LIMIT 500";
    LAST = "SELECT COALESCE(MAX(sequence), 0) AS last FROM sign_in_records WHERE tenant_id = $1 AND sequence IS NOT NULL";
    LAST_AUDIT = "SELECT COALESCE(MAX(sequence), 0) AS last FROM audit_records WHERE tenant_id = $1 \
        AND sequence IS NOT NULL";
    NUMBER = "UPDATE sign_in_records SET sequence = $3 WHERE tenant_id = $1 AND id = $2 AND sequence IS NULL";
    NUMBER_AUDIT = "UPDATE audit_records SET sequence = $3 WHERE tenant_id = $1 AND id = $2 AND sequence IS NULL";
    WAITING = "SELECT DISTINCT tenant_id FROM sign_in_records WHERE sequence IS NULL \
        UNION SELECT DISTINCT tenant_id FROM audit_records WHERE sequence IS NULL";
}

tenant_table!(
    /// Sign-in records of a tenant.
    SignInRecords,
    sign_in_records
);
tenant_table!(
    /// Audit records of a tenant.
    AuditRecords,
    audit_records
);

static SIGN_INS: Listed<SignInRecord> = Listed {
    table: "sign_in_records",
    select: sign_in!(),
    live: "",
    columns: &[
        column("id", "id", Kind::Guid),
        column("createdDateTime", "created", Kind::Time),
        column("correlationId", "correlation_id", Kind::Guid),
        column("userId", "user_id", Kind::Guid).nullable(),
        column("userPrincipalName", "user_principal_name_key", Kind::Key),
        column("userDisplayName", "user_display_name_key", Kind::Key),
        column("appId", "app_id", Kind::Guid).nullable(),
        column("resourceId", "resource_id", Kind::Guid).nullable(),
        column("homeTenantId", "home_tenant", Kind::Guid).nullable(),
        column("resourceTenantId", "resource_tenant_id", Kind::Guid).nullable(),
        column("isInteractive", "is_interactive", Kind::Bool),
        // Every record says it in `status` too.
        column("status/errorCode", "error_code", Kind::Int),
    ],
    read,
};

const RESULTS: &[&str] = &["success", "failure", "timeout", "unknownFutureValue"];
const AUDIT_COLUMNS: &[Column] = &[
    column("id", "id", Kind::Guid),
    column("activityDateTime", "created", Kind::Time),
    column("correlationId", "correlation_id", Kind::Guid),
    column("category", "category_key", Kind::Key),
    column("activityDisplayName", "activity_key", Kind::Key),
    column("result", "result", Kind::Word(RESULTS)),
];

static AUDITS: Listed<AuditRecord> = Listed {
    table: "audit_records",
    select: audit!(),
    live: "",
    columns: AUDIT_COLUMNS,
    read: read_audit,
};

fn read(row: &Row) -> Result<SignInRecord> {
    let side = |cloud: &str, tenant: &str| -> Result<Option<HomeTenant>> {
        match row.opt_text(cloud)? {
            Some(cloud) => Ok(Some(HomeTenant {
                cloud,
                tenant: row.id(tenant)?,
            })),
            None => Ok(None),
        }
    };
    Ok(SignInRecord {
        id: row.uuid("id")?,
        created: row.time("created")?,
        correlation_id: row.uuid("correlation_id")?,
        user: row.opt_uuid("user_id")?,
        user_principal_name: row.text("user_principal_name")?,
        user_display_name: row.text("user_display_name")?,
        app: row.opt_uuid("app_id")?,
        resource: row.opt_uuid("resource_id")?,
        error_code: u32::try_from(row.int("error_code")?).map_err(|_| row.corrupt("error_code"))?,
        is_interactive: row.bool("is_interactive")?,
        home: side("home_cloud", "home_tenant")?,
        resource_tenant: side("resource_cloud", "resource_tenant_id")?,
        event: row.text("event")?,
        facts: row.opt_json("facts")?,
        properties: row.json("properties")?,
    })
}

fn read_audit(row: &Row) -> Result<AuditRecord> {
    Ok(AuditRecord {
        id: row.uuid("id")?,
        created: row.time("created")?,
        correlation_id: row.uuid("correlation_id")?,
        category: row.text("category")?,
        activity: row.text("activity")?,
        result: row.text("result")?,
        initiated_by: row.json("initiated_by")?,
        properties: row.json("properties")?,
    })
}

impl<M> SignInRecords<'_, M> {
    /// One record.
    pub async fn find(&self, id: Uuid) -> Result<Option<SignInRecord>> {
        self.0
            .one(FIND, values![id])
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Answers a query; `render` makes the Graph object of a record.
    pub async fn list(
        &self,
        query: &Query,
        render: impl Fn(&SignInRecord) -> Object,
    ) -> Result<Listing> {
        self.0.list(&SIGN_INS, query, render).await
    }

    /// The records of one leg, oldest first.
    pub async fn by_correlation(&self, id: Uuid) -> Result<Vec<SignInRecord>> {
        read_all(&self.0.all(BY_CORRELATION, values![id]).await?, read)
    }

    /// All records, newest first.
    pub async fn all(&self) -> Result<Vec<SignInRecord>> {
        read_all(&self.0.all(RECENT, vec![]).await?, read)
    }
}

impl SignInRecords<'_, Tx> {
    /// Writes a record.
    pub async fn insert(&self, r: &SignInRecord) -> Result<()> {
        let values = values![
            r.id,
            r.created,
            r.correlation_id,
            r.user,
            &r.user_principal_name,
            name::key(&r.user_principal_name),
            &r.user_display_name,
            name::key(&r.user_display_name),
            r.app,
            r.resource,
            r.error_code,
            r.is_interactive,
            r.home.as_ref().map(|h| h.cloud.clone()),
            r.home.as_ref().map(|h| h.tenant),
            r.resource_tenant.as_ref().map(|h| h.cloud.clone()),
            r.resource_tenant.as_ref().map(|h| h.tenant),
            &r.event,
            Value::json_or_null(r.facts.as_ref())?,
            &r.properties
        ];
        self.0.write(INSERT, values).await.map(drop)
    }

    /// Gives the tenant's next numbers to records that have none; how many.
    pub async fn number(&self) -> Result<u64> {
        let rows = self.0.all(UNNUMBERED, vec![]).await?;
        let mut last = self
            .0
            .one(LAST, vec![])
            .await?
            .map_or(Ok(0), |row| row.int("last"))?;
        for row in &rows {
            last += 1;
            self.0.write(NUMBER, values![row.uuid("id")?, last]).await?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

impl<M> AuditRecords<'_, M> {
    /// One record.
    pub async fn find(&self, id: Uuid) -> Result<Option<AuditRecord>> {
        self.0
            .one(FIND_AUDIT, values![id])
            .await?
            .as_ref()
            .map(read_audit)
            .transpose()
    }

    /// Answers a query; `render` makes the Graph object of a record.
    pub async fn list(
        &self,
        query: &Query,
        render: impl Fn(&AuditRecord) -> Object,
    ) -> Result<Listing> {
        self.0.list(&AUDITS, query, render).await
    }
}

impl AuditRecords<'_, Tx> {
    /// Writes a record.
    pub async fn insert(&self, r: &AuditRecord) -> Result<()> {
        let values = values![
            r.id,
            r.created,
            r.correlation_id,
            &r.category,
            name::key(&r.category),
            &r.activity,
            name::key(&r.activity),
            &r.result,
            &r.initiated_by,
            &r.properties
        ];
        self.0.write(INSERT_AUDIT, values).await.map(drop)
    }

    /// Gives the tenant's next numbers to records that have none; how many.
    pub async fn number(&self) -> Result<u64> {
        let rows = self.0.all(UNNUMBERED_AUDITS, vec![]).await?;
        let mut last = self
            .0
            .one(LAST_AUDIT, vec![])
            .await?
            .map_or(Ok(0), |row| row.int("last"))?;
        for row in &rows {
            last += 1;
            self.0
                .write(NUMBER_AUDIT, values![row.uuid("id")?, last])
                .await?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

impl<M> Cloud<'_, M> {
    /// Tenants with records that have no number yet.
    pub async fn tenants_with_unnumbered_records(&self) -> Result<Vec<Id<Tenant>>> {
        read_all(&self.all(WAITING, vec![]).await?, |row| row.id("tenant_id"))
    }
}
