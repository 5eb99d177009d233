//! POST `/invitations`.

use comity_model::{
    cloud::CloudName,
    id::{Id, parse_uuid},
    resource::address::Change,
    tenant::Tenant,
};
use serde_json::{Value, json};

use super::{Json, wire};
use crate::{
    context::Context,
    error::{Error, Result},
    invitation::{Invite, Invited, invite},
};

fn request(properties: &Json) -> Result<Invite> {
    let text = |name: &str| wire::text(properties, name);
    let flag = |name: &str| properties.get(name).and_then(Value::as_bool);
    let below = |name: &str| properties.get(name).and_then(Value::as_object);
    let info = below("invitedUserMessageInfo");
    let info_text = |name: &str| info.and_then(|i| wire::text(i, name));
    let invited_user = below("invitedUser").and_then(|u| wire::text(u, "id"));
    Ok(Invite {
        email: text("invitedUserEmailAddress").unwrap_or_default(),
        redirect_url: text("inviteRedirectUrl").unwrap_or_default(),
        display_name: text("invitedUserDisplayName"),
        user_type: text("invitedUserType"),
        send_mail: flag("sendInvitationMessage").unwrap_or(false),
        cc: info.map(recipients).unwrap_or_default(),
        message: info_text("customizedMessageBody"),
        language: info_text("messageLanguage"),
        reset_redemption: flag("resetRedemption").unwrap_or(false),
        invited_user: invited_user.as_deref().and_then(Id::parse),
        home: home(properties)?,
    })
}

/// The addresses of `ccRecipients`.
fn recipients(info: &Json) -> Vec<String> {
    let all = info.get("ccRecipients").and_then(Value::as_array);
    let address = |r: &Value| {
        let address = r.get("emailAddress")?.get("address")?;
        address.as_str().map(str::to_owned)
    };
    all.into_iter().flatten().filter_map(address).collect()
}

/// The organization that the inviter names, if one is named, and the cloud, if that is said.
fn home(properties: &Json) -> Result<Option<(Option<CloudName>, Id<Tenant>)>> {
    let Some(id) = wire::text(properties, "invitedUserHomeTenantId") else {
        return Ok(None);
    };
    let tenant = parse_uuid(&id).ok_or_else(|| {
        Error::invalid(
            "invitedUserHomeTenantId",
            "`invitedUserHomeTenantId` must be a GUID",
        )
    })?;
    let cloud = wire::text(properties, "invitedUserHomeCloud");
    Ok(Some((cloud, Id::new(tenant))))
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
