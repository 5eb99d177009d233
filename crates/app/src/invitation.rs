//! Invitations (semantics.md §4.4, cross-cloud-federation.md §5): for one person of one named home
//! tenant, found there before anything is written here.

mod create;
mod home;

pub(crate) use home::blocked_both;
pub use home::{Invitee, resolve_home};

use comity_model::{
    authorization_policy::AllowInvitesFrom,
    cloud::CloudName,
    federation::HomeTenant,
    id::Id,
    invitation::{Invitation, InvitationMessage},
    name::{Upn, parse_invited_address},
    tenant::Tenant,
    user::{User, UserType},
    well_known::role,
};

use crate::{
    context::{Actor, Context},
    error::{Error, Result},
    link,
    permission::{self, recent_factor},
    snapshot::Snapshot,
};

/// What an application needs beside `User.Invite.All` to reset a redemption.
const RESET: &str = "User.ReadWrite.All";

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Invite {
    pub email: String,
    pub redirect_url: String,
    pub display_name: Option<String>,
    pub user_type: Option<String>,
    pub send_mail: bool,
    pub cc: Vec<String>,
    pub message: Option<String>,
    pub language: Option<String>,
    pub reset_redemption: bool,
    /// `invitedUser.id`, for a reset.
    pub invited_user: Option<Id<User>>,
    /// Ours: names the home where the address does not tell it; its cloud too, unless it is a
    /// partner's or this one.
    pub home: Option<(Option<CloudName>, Id<Tenant>)>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Invited {
    pub invitation: Invitation,
    pub redeem_url: String,
    /// Whether both sides redeem automatically: the person is asked nothing.
    pub automatic: bool,
    pub display_name: String,
    pub user_type: UserType,
    pub reset: bool,
    /// The custom message was dropped, because the inviter has no address here.
    pub message_dropped: bool,
}

/// How often an invitation is judged anew because settings changed while it was written.
const ATTEMPTS: u8 = 4;

/// Invites a person. Home is asked before the transaction, which may take seconds; whatever changed
/// meanwhile counts (law 6): the same permissions and gates are asked for again until they hold for
/// the very state that is written to.
pub async fn invite(cx: &Context, request: Invite) -> Result<Invited> {
    let tenant = cx.tenant()?;
    let mut cx = cx.clone();
    let mut snapshot = cx.app.snapshots().get(&cx, tenant).await?;
    may_invite(&cx, &snapshot, &request)?;
    let address = check(&cx, &request)?;
    let invitee = resolve_home(&cx, &snapshot, &request, &address).await?;
    for _ in 0..ATTEMPTS {
        if let Some(invited) = create::create(&cx, &snapshot, &request, &address, &invitee).await? {
            return Ok(invited);
        }
        snapshot = cx.app.snapshots().get(&cx, tenant).await?;
        cx.actor = permission::as_now(&cx, &snapshot).await?;
        may_invite(&cx, &snapshot, &request)?;
        home::judge(&cx, &snapshot, &invitee)?;
    }
    Err(Error::Conflict(
        "the organization's settings kept changing while the invitation was written: try again"
            .into(),
    ))
}

/// Semantics §4.2: the tenant's setting, beside the scope that the edge has checked.
#[expect(clippy::match_same_arms, reason = "one arm for each row of the table")]
fn may_invite(cx: &Context, snapshot: &Snapshot, request: &Invite) -> Result<()> {
    let admins = [
        role::GLOBAL_ADMINISTRATOR,
        role::USER_ADMINISTRATOR,
        role::GUEST_INVITER,
    ];
    let setting = snapshot.authorization.allow_invites_from;
    let admitted = match (&cx.actor, setting) {
        (Actor::System { .. }, _) => true,
        (_, AllowInvitesFrom::None) => false,
        (Actor::User(a), _) if admins.iter().any(|r| a.roles.contains(r)) => true,
        (Actor::User(a), AllowInvitesFrom::AdminsGuestInvitersAndAllMembers) => !a.is_guest,
        (Actor::User(_) | Actor::Application(_), AllowInvitesFrom::Everyone) => true,
        (Actor::Application(_), AllowInvitesFrom::AdminsGuestInvitersAndAllMembers) => true,
        _ => false,
    };
    if !admitted {
        return Err(Error::Forbidden(format!(
            "Guest invitations not allowed for your company. {}'s external collaboration settings decide who may invite: \
             ask one of its administrators.",
            snapshot.tenant.display_name
        )));
    }
    let privileged = match &cx.actor {
        Actor::User(a) => {
            a.roles.contains(&role::GLOBAL_ADMINISTRATOR)
                || a.roles.contains(&role::USER_ADMINISTRATOR)
        }
        Actor::Application(_) | Actor::System { .. } => true,
        Actor::Nobody => false,
    };
    if request.user_type.as_deref() == Some("Member") && !privileged {
        return Err(Error::Forbidden(
            "`invitedUserType` `Member` needs a User Administrator or Global Administrator".into(),
        ));
    }
    if request.reset_redemption {
        may_reset(cx)?;
    }
    Ok(())
}

fn may_reset(cx: &Context) -> Result<()> {
    let roles = [
        role::GLOBAL_ADMINISTRATOR,
        role::USER_ADMINISTRATOR,
        role::HELPDESK_ADMINISTRATOR,
    ];
    match &cx.actor {
        Actor::User(a) if !roles.iter().any(|r| a.roles.contains(r)) => Err(Error::Forbidden(
            "resetting a redemption needs a Helpdesk Administrator, User Administrator or Global Administrator".into(),
        )),
        Actor::User(a) => recent_factor(cx, a, "resetting a redemption"),
        // Inviting makes a guest; a reset hands one over.
        Actor::Application(a) if !a.permissions.contains(RESET) => Err(Error::Forbidden(format!(
            "Insufficient privileges to complete the operation. Resetting a redemption needs the permission {RESET}."
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn is_own(cx: &Context, home: &HomeTenant) -> bool {
    home.cloud == cx.app.registry().own.canonical_name
}

/// The rules that need nothing but the request; each names its field.
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
fn check(cx: &Context, request: &Invite) -> Result<Upn> {
    if request.email.trim().is_empty() {
        return Err(Error::invalid(
            "invitedUserEmailAddress",
            "`invitedUserEmailAddress` is required",
        ));
    }
    let address = parse_invited_address(&request.email).map_err(|e| {
        Error::invalid(
            "invitedUserEmailAddress",
            format!("`invitedUserEmailAddress` {e}"),
        )
    })?;
    check_redirect(&request.redirect_url)?;
    if request.cc.len() > 1 {
        return Err(Error::invalid(
            "invitedUserMessageInfo/ccRecipients",
            "`ccRecipients` takes one address: send a second invitation message by other means",
        ));
    }
    for cc in &request.cc {
        Upn::parse(cc).map_err(|e| {
            Error::invalid(
                "invitedUserMessageInfo/ccRecipients",
                format!("the address {e}"),
            )
        })?;
    }
    match request.user_type.as_deref() {
        None | Some("Guest" | "Member") => {}
        Some(_) => {
            return Err(Error::invalid(
                "invitedUserType",
                "`invitedUserType` is `Guest` or `Member`",
            ));
        }
    }
    let too_long =
        |text: &Option<String>, most| text.as_ref().is_some_and(|t| t.chars().count() > most);
    if too_long(&request.display_name, 256) {
        return Err(Error::invalid(
            "invitedUserDisplayName",
            "`invitedUserDisplayName` has at most 256 characters",
        ));
    }
    if too_long(&request.message, 2000) {
        return Err(Error::invalid(
            "invitedUserMessageInfo/customizedMessageBody",
            "`customizedMessageBody` has at most 2000 characters",
        ));
    }
    if request.reset_redemption && request.invited_user.is_none() {
        return Err(Error::invalid(
            "invitedUser",
            "`resetRedemption` needs `invitedUser` with the `id` of the guest",
        ));
    }
    if !request.reset_redemption && request.invited_user.is_some() {
        return Err(Error::invalid(
            "invitedUser",
            "an internal account cannot be turned into a guest here: leave `invitedUser` out, or set `resetRedemption`",
        ));
    }
    let _ = cx;
    Ok(address)
}

/// Where one lands afterwards: an absolute `https` address, or `http` on loopback.
fn check_redirect(text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(
            "inviteRedirectUrl",
            "`inviteRedirectUrl` is required",
        ));
    }
    if text.len() > 2048 {
        return Err(Error::invalid(
            "inviteRedirectUrl",
            "`inviteRedirectUrl` is too long",
        ));
    }
    let url = link::parse(text).filter(|url| {
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        url.scheme() == "https" || loopback
    });
    if url.is_none() {
        return Err(Error::invalid(
            "inviteRedirectUrl",
            "`inviteRedirectUrl` must begin with `https://`, name a host, and have no user name, white space or backslash",
        ));
    }
    Ok(())
}

/// What is kept of the message.
fn message(request: &Invite, dropped: bool) -> InvitationMessage {
    InvitationMessage {
        cc: request.cc.first().cloned(),
        customized_message_body: request
            .message
            .clone()
            .filter(|m| !dropped && !m.trim().is_empty()),
        message_language: request.language.clone(),
    }
}
