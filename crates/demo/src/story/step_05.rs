//! Inviting an address that is not nora's user principal name is refused with that rule; by the name it works,
//! and mail goes out.

use anyhow::Result;
use serde_json::Value;

use super::expect;
use super::stage::{NORA, Stage};
use super::step_03::invitation;
use crate::report::Saw;

const ALIAS: &str = "nora.mail@northwind.us";

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let graph = stage.contoso("inviter").await?;
    let body = invitation(&stage.world, ALIAS);
    let call = "inviting an address that is not a user principal name";
    let refusal = expect::refusal(graph.post("/v1.0/invitations", &body).await, call)?;
    expect::says(&refusal.message, &["user principal name"], call)?;
    saw.note(ALIAS, format!("{} {}", refusal.status, refusal.message));
    let (guest, link) = invite(stage, NORA, saw).await?;
    stage.guest = Some(guest);
    stage.link = Some(link);
    Ok(())
}

/// Invites by user principal name; the guest object's ID and the link in the mail.
pub(super) async fn invite(
    stage: &mut Stage,
    upn: &str,
    saw: &mut Saw,
) -> Result<(String, String)> {
    let graph = stage.contoso("inviter").await?;
    let call = format!("inviting {upn}");
    let reply = graph
        .post("/v1.0/invitations", &invitation(&stage.world, upn))
        .await?;
    let body = expect::status(reply, 201, &call)?;
    expect::same(
        "status",
        expect::text(&body, "status", &call)?,
        "PendingAcceptance",
    )?;
    let user = body.get("invitedUser").cloned().unwrap_or(Value::Null);
    let guest = expect::text(&user, "id", &call)?.to_owned();
    saw.note(upn, format!("invited as guest {guest}"));
    let (mail, link) = stage.invitation_mail(upn).await?;
    expect::says(&mail.subject, &["Contoso"], "the subject of the mail")?;
    saw.note("mail from", mail.from);
    saw.note("subject", mail.subject);
    Ok((guest, link))
}
