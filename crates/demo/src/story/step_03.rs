//! Inviting nora is refused: the other side is not ready, and the message names Northwind's administrator.

use anyhow::Result;
use serde_json::{Value, json};

use super::expect;
use super::stage::{NORA, Stage, World};
use crate::report::Saw;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let graph = stage.contoso("inviter").await?;
    let body = invitation(&stage.world, NORA);
    let call = "inviting nora while Northwind is not ready";
    let refusal = expect::refusal(graph.post("/v1.0/invitations", &body).await, call)?;
    expect::says(&refusal.message, &["Northwind", "administrator"], call)?;
    saw.note("status", refusal.status);
    saw.note("code", refusal.code);
    saw.note("message", refusal.message);
    Ok(())
}

pub(super) fn invitation(world: &World, address: &str) -> Value {
    json!({
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": world.my_apps(),
        "sendInvitationMessage": true,
        "invitedUserMessageInfo": {
            "customizedMessageBody": "Please use Expenses for the costs of the joint project."
        }
    })
}
