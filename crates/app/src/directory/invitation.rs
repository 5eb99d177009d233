//! POST `/invitations`.

use comity_model::{
    id::{Id, parse_uuid},
    resource::address::Change,
};
use serde_json::{Value, json};

use super::{Json, wire};
use crate::{
    context::Context,
    error::{Error, Result},
    invitation::{Invite, Invited, invite},
};

#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
fn request(properties: &Json) -> Result<Invite> {
    let text = |name: &str| wire::text(properties, name);
    let flag = |name: &str| {
        properties
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    let info = properties
        .get("invitedUserMessageInfo")
        .and_then(Value::as_object);
    let info_text = |name: &str| {
        info.and_then(|i| i.get(name))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let recipients = info
        .and_then(|i| i.get("ccRecipients"))
        .and_then(Value::as_array);
    let cc = recipients
        .into_iter()
        .flatten()
        .filter_map(|r| {
            r.get("emailAddress")?
                .get("address")?
                .as_str()
                .map(str::to_owned)
        })
        .collect();
    let home = match text("invitedUserHomeTenantId") {
        None => None,
        Some(id) => {
            let id = parse_uuid(&id).ok_or_else(|| {
                Error::invalid(
                    "invitedUserHomeTenantId",
                    "`invitedUserHomeTenantId` must be a GUID",
                )
            })?;
            Some((text("invitedUserHomeCloud"), Id::new(id)))
        }
    };
    let invited_user = properties
        .get("invitedUser")
        .and_then(|u| u.get("id"))
        .and_then(Value::as_str);
    Ok(Invite {
        email: text("invitedUserEmailAddress").unwrap_or_default(),
        redirect_url: text("inviteRedirectUrl").unwrap_or_default(),
        display_name: text("invitedUserDisplayName"),
        user_type: text("invitedUserType"),
        send_mail: flag("sendInvitationMessage"),
        cc,
        message: info_text("customizedMessageBody"),
        language: info_text("messageLanguage"),
        reset_redemption: flag("resetRedemption"),
        invited_user: invited_user.and_then(Id::parse),
        home,
    })
}

pub(super) async fn create(cx: &Context, change: Change) -> Result<Json> {
    let request = request(&change.properties)?;
    Ok(render(&invite(cx, request).await?))
}

fn render(invited: &Invited) -> Json {
    let i = &invited.invitation;
    let cc = i.message.cc.as_deref();
    let value = json!({
        "id": i.id,
        "inviteRedeemUrl": invited.redeem_url,
        "invitedUserDisplayName": invited.display_name,
        "invitedUserType": invited.user_type.as_str(),
        "invitedUserEmailAddress": i.email,
        "sendInvitationMessage": i.send_mail,
        "resetRedemption": invited.reset,
        "inviteRedirectUrl": i.redirect_url,
        "status": i.status.as_str(),
        "invitedUserMessageInfo": {
            "messageLanguage": i.message.message_language,
            "customizedMessageBody": i.message.customized_message_body,
            "ccRecipients": [{"emailAddress": {"name": null, "address": cc}}],
        },
        "invitedUser": {"id": i.user},
    });
    match value {
        Value::Object(map) => map,
        _ => Json::new(),
    }
}
