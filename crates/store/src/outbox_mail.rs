//! Mail to be sent, written in the transaction that caused it and delivered by a job.

use comity_model::{id::Id, tenant::Tenant, time::Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    handle::{Cloud, Scoped, Tx},
    statement::statements,
    value::values,
};

statements! { "outbox_mails";
    INSERT = "INSERT INTO outbox_mails (id, tenant_id, created, next_attempt, attempts, sealed) \
              VALUES ($1, $2, $3, $3, 0, $4)";
    DUE = "SELECT id, tenant_id, attempts, sealed FROM outbox_mails \
           WHERE sent IS NULL AND failed IS NULL AND next_attempt <= $1 ORDER BY next_attempt NULLS LAST LIMIT $2";
    CLAIM = "UPDATE outbox_mails SET next_attempt = $3, attempts = attempts + 1 \
             WHERE id = $1 AND attempts = $2 AND sent IS NULL";
    SENT = "UPDATE outbox_mails SET sent = $2 WHERE id = $1";
    FAILED = "UPDATE outbox_mails SET failed = $2 WHERE id = $1";
}

/// One message that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueMail {
    pub id: Uuid,
    pub tenant: Id<Tenant>,
    pub attempts: i64,
    /// The letter: names, addresses and links that let somebody in.
    pub sealed: Vec<u8>,
}

/// A tenant's outgoing mail.
pub struct OutboxMails<'a, M>(Scoped<'a, M>);

impl<'a, M> Scoped<'a, M> {
    /// Outgoing mail of this tenant.
    pub const fn outbox_mails(self) -> OutboxMails<'a, M> {
        OutboxMails(self)
    }
}

impl OutboxMails<'_, Tx> {
    /// Queues a message.
    pub async fn insert(&self, id: Uuid, now: Utc, sealed: &[u8]) -> Result<()> {
        let values = values![id, self.0.tenant, now, sealed.to_vec()];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }
}

/// The job's view of all outgoing mail.
pub struct Outbox<'a, M>(Cloud<'a, M>);

impl<'a, M> Cloud<'a, M> {
    /// All outgoing mail, for the job that delivers it.
    pub const fn outbox(self) -> Outbox<'a, M> {
        Outbox(self)
    }
}

impl<M> Outbox<'_, M> {
    /// Messages that are due, oldest first.
    pub async fn due(&self, now: Utc, limit: i64) -> Result<Vec<DueMail>> {
        let rows = self.0.handle.fetch_all(DUE, values![now, limit]).await?;
        rows.iter()
            .map(|row| {
                Ok(DueMail {
                    id: row.uuid("id")?,
                    tenant: row.id("tenant_id")?,
                    attempts: row.int("attempts")?,
                    sealed: row.bytes("sealed")?,
                })
            })
            .collect()
    }
}

impl Outbox<'_, Tx> {
    /// Takes a message for one attempt; of several nodes one gets it.
    pub async fn claim(&self, id: Uuid, attempts: i64, retry_at: Utc) -> Result<bool> {
        Ok(self
            .0
            .handle
            .execute(CLAIM, values![id, attempts, retry_at])
            .await?
            > 0)
    }

    /// It was handed over.
    pub async fn mark_sent(&self, id: Uuid, now: Utc) -> Result<()> {
        self.0
            .handle
            .execute(SENT, values![id, now])
            .await
            .map(drop)
    }

    /// It will not be tried again.
    pub async fn mark_failed(&self, id: Uuid, reason: &str) -> Result<()> {
        self.0
            .handle
            .execute(FAILED, values![id, reason])
            .await
            .map(drop)
    }
}
