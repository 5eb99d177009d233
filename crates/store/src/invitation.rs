//! Invitations, and the hashed tickets of their links.

use comity_model::{
    id::Id,
    invitation::{Invitation, InvitationStatus},
    secret::Hashed,
    tenant::Tenant,
    time::Utc,
    user::{ExternalIdentity, User},
};

use crate::{
    error::Result,
    handle::{Cloud, Scoped, Tx},
    row::{Row, read_all},
    statement::statements,
    value::{Value, values},
};

statements! { "invitations";
    FIND = "SELECT id, user_id, invited_cloud, invited_tenant, invited_object, email, redirect_url, status, inviter, \
            inviter_name, send_mail, message, created, version FROM invitations WHERE tenant_id = $1 AND id = $2";
    LIST_OF_USER = "SELECT id, user_id, invited_cloud, invited_tenant, invited_object, email, redirect_url, status, \
                    inviter, inviter_name, send_mail, message, created, version FROM invitations \
                    WHERE tenant_id = $1 AND user_id = $2 ORDER BY created NULLS LAST, id";
    INSERT = "INSERT INTO invitations (tenant_id, id, user_id, invited_cloud, invited_tenant, invited_object, email, \
              redirect_url, status, inviter, inviter_name, send_mail, message, created, version) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)";
    UPDATE = "UPDATE invitations SET status = $4, redirect_url = $5, version = version + 1 \
              WHERE tenant_id = $1 AND id = $2 AND version = $3";
    INSERT_TICKET = "INSERT INTO invitation_tickets (hash, tenant_id, invitation_id, created) VALUES ($1, $2, $3, $4)";
    REVOKE_TICKETS = "UPDATE invitation_tickets SET revoked = $3 \
                      WHERE tenant_id = $1 AND invitation_id = $2 AND revoked IS NULL";
    OWNER = "SELECT tenant_id, invitation_id FROM invitation_tickets WHERE hash = $1 AND revoked IS NULL";
}

/// Invitations of a tenant.
pub struct Invitations<'a, M>(Scoped<'a, M>);

impl<'a, M> Scoped<'a, M> {
    /// Invitations of this tenant.
    pub const fn invitations(self) -> Invitations<'a, M> {
        Invitations(self)
    }
}

impl<M> Cloud<'_, M> {
    /// The tenant and invitation of a ticket that still opens the door.
    pub async fn owner_of_ticket(
        self,
        hash: &Hashed,
    ) -> Result<Option<(Id<Tenant>, Id<Invitation>)>> {
        let row = self.handle.fetch_optional(OWNER, values![*hash]).await?;
        row.map(|row| Ok((row.id("tenant_id")?, row.id("invitation_id")?)))
            .transpose()
    }
}

impl<M> Invitations<'_, M> {
    /// One invitation.
    pub async fn find(&self, id: Id<Invitation>) -> Result<Option<Invitation>> {
        let row = self
            .0
            .handle
            .fetch_optional(FIND, values![self.0.tenant, id])
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// All invitations of one guest, oldest first.
    pub async fn list_of_user(&self, user: Id<User>) -> Result<Vec<Invitation>> {
        let rows = self
            .0
            .handle
            .fetch_all(LIST_OF_USER, values![self.0.tenant, user])
            .await?;
        read_all(&rows, read)
    }
}

impl Invitations<'_, Tx> {
    /// A new invitation.
    pub async fn insert(&self, invitation: &Invitation) -> Result<()> {
        let values = values![
            self.0.tenant,
            invitation.id,
            invitation.user,
            invitation.invited.cloud.as_str(),
            invitation.invited.tenant,
            invitation.invited.object,
            invitation.email.as_str(),
            invitation.redirect_url.as_str(),
            invitation.status.as_str(),
            invitation.inviter,
            invitation.inviter_name.as_str(),
            invitation.send_mail,
            Value::json(&invitation.message)?,
            invitation.created
        ];
        self.0.handle.execute(INSERT, values).await.map(drop)
    }

    /// Changes status and address under the version.
    pub async fn update(&self, invitation: &Invitation) -> Result<()> {
        let values = values![
            self.0.tenant,
            invitation.id,
            invitation.version,
            invitation.status.as_str(),
            invitation.redirect_url.as_str()
        ];
        self.0.handle.execute_versioned(UPDATE, values).await
    }

    /// Another link for an invitation; older ones go on working.
    pub async fn insert_ticket(&self, id: Id<Invitation>, hash: &Hashed, now: Utc) -> Result<()> {
        self.0
            .handle
            .execute(INSERT_TICKET, values![*hash, self.0.tenant, id, now])
            .await
            .map(drop)
    }

    /// Ends every link of an invitation.
    pub async fn revoke_tickets(&self, id: Id<Invitation>, now: Utc) -> Result<u64> {
        self.0
            .handle
            .execute(REVOKE_TICKETS, values![self.0.tenant, id, now])
            .await
    }
}

fn read(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.id("id")?,
        user: row.id("user_id")?,
        invited: ExternalIdentity {
            cloud: row.text("invited_cloud")?,
            tenant: row.id("invited_tenant")?,
            object: row.id("invited_object")?,
        },
        email: row.text("email")?,
        redirect_url: row.text("redirect_url")?,
        status: row.word("status", InvitationStatus::parse)?,
        inviter: row.uuid("inviter")?,
        inviter_name: row.text("inviter_name")?,
        send_mail: row.bool("send_mail")?,
        message: row.json("message")?,
        created: row.time("created")?,
        version: row.int("version")?,
    })
}
