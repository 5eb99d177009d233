//! `invitation`: POST only (semantics.md §4).

use super::{
    Area, ResourceType,
    property::{Initial, Property, complex, flag, guid, text, word},
    shape, write,
};

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown(),
    text("inviteRedeemUrl").max(2048).computed().shown(),
    text("invitedUserDisplayName").shown(),
    word("invitedUserType", &["Guest", "Member"])
        .initial(Initial::Text("Guest"))
        .shown(),
    text("invitedUserEmailAddress").required().shown(),
    flag("sendInvitationMessage")
        .initial(Initial::Bool(false))
        .shown(),
    flag("resetRedemption")
        .initial(Initial::Bool(false))
        .shown(),
    // Ours: the home organization, where the address does not tell it.
    guid("invitedUserHomeTenantId"),
    text("invitedUserHomeCloud"),
    text("inviteRedirectUrl").max(2048).required().shown(),
    text("status").computed().shown(),
    complex("invitedUserMessageInfo", &shape::INVITED_USER_MESSAGE_INFO)
        .initial(Initial::Object)
        .shown(),
    // Written with `resetRedemption` only: the guest whose redemption starts again.
    complex("invitedUser", &shape::INVITED_USER).shown(),
];

/// `invitation`
pub static INVITATION: ResourceType = ResourceType::new("invitation", "invitations", PROPERTIES)
    .writes(write::CREATE)
    .area(Area::Invitation);
