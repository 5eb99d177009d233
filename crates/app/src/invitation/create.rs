//! Writing an invitation: guest object, invitation, ticket, letter and audit in one transaction.

use comity_crypto::Zeroizing;
use comity_model::{
    id::Id,
    invitation::{Invitation, InvitationStatus},
    name::{self, Upn},
    user::{ExternalIdentity, ExternalLink, ExternalUserState, User, UserType},
};
use comity_store::TenantTx;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Invite, Invited, Invitee, is_own, message};
use crate::{
    audit::{Activity, audit},
    context::{Actor, Context},
    error::{Error, Result},
    guest, judge,
    mail::{self, Content, Letter},
    permission::{administers, others_administer},
    snapshot::Snapshot,
};

/// `None` if the tenant is no longer what the snapshot says: nothing was written.
#[expect(
    clippy::too_many_lines,
    reason = "one decision, read from top to bottom"
)]
pub(super) async fn create(
    cx: &Context,
    snapshot: &Snapshot,
    request: &Invite,
    address: &Upn,
    invitee: &Invitee,
) -> Result<Option<Invited>> {
    let identity = ExternalIdentity {
        cloud: invitee.home.cloud.clone(),
        tenant: invitee.home.tenant,
        object: invitee.object,
    };
    let (ticket, hash) = cx.new_bearer();
    let (inviter, inviter_name, inviter_mail) = inviter(cx);
    let message_dropped = request.message.is_some() && inviter_mail.is_none();
    let tx = cx.app.store().begin().await?;
    let scoped = tx.tenant(snapshot.tenant.id);
    if !scoped.is_at(snapshot.version).await? {
        tx.rollback().await;
        return Ok(None);
    }
    let user = guest(cx, &scoped, snapshot, request, address, &identity).await?;
    let invitation = Invitation {
        id: cx.new_id(),
        user: user.id,
        invited: identity,
        email: address.as_str().to_owned(),
        redirect_url: request.redirect_url.clone(),
        status: InvitationStatus::PendingAcceptance,
        inviter,
        inviter_name,
        send_mail: request.send_mail,
        message: message(request, message_dropped),
        created: cx.now,
        version: 1,
    };
    scoped.invitations().insert(&invitation).await?;
    scoped
        .invitations()
        .insert_ticket(invitation.id, &hash, cx.now)
        .await?;
    let redeem_url = redeem_url(cx, snapshot, &invitation, &ticket);
    let automatic = judge::automatic_inbound(snapshot, &invitee.home);
    if request.send_mail {
        let letter = letter(
            cx,
            snapshot,
            &invitation,
            invitee,
            &redeem_url,
            inviter_mail,
        );
        mail::queue(cx, scoped, &letter).await?;
    }
    let name = if request.reset_redemption {
        "Invite external user with reset invitation status"
    } else {
        "Invite external user"
    };
    let mut activity = Activity::new("UserManagement", name)
        .target("User", user.id.uuid(), &user.upn)
        .changed("invitedUserEmailAddress", None, Some(address.to_string()));
    if message_dropped {
        activity = activity.changed(
            "customizedMessageBody",
            None,
            Some("dropped: the inviter has no address".into()),
        );
    }
    scoped.audit_records().insert(&audit(cx, &activity)).await?;
    tx.commit().await?;
    Ok(Some(Invited {
        redeem_url: redeem_url.clone(),
        automatic,
        display_name: user.display_name,
        user_type: user.user_type,
        reset: request.reset_redemption,
        message_dropped,
        invitation,
    }))
}

/// Who invites: ID, name, and the address for answers.
fn inviter(cx: &Context) -> (Uuid, String, Option<String>) {
    match &cx.actor {
        Actor::User(a) => (a.user.uuid(), a.user_principal_name.clone(), a.mail.clone()),
        Actor::Application(a) => (a.service_principal.uuid(), a.display_name.clone(), None),
        Actor::System { name, .. } => (Uuid::nil(), (*name).to_owned(), None),
        Actor::Nobody => (Uuid::nil(), String::new(), None),
    }
}

/// The guest object: the one linked to this person, or a new one. An address that now belongs to
/// somebody else is refused; only a reset binds anew.
async fn guest(
    cx: &Context,
    scoped: &TenantTx<'_>,
    snapshot: &Snapshot,
    request: &Invite,
    address: &Upn,
    identity: &ExternalIdentity,
) -> Result<User> {
    let linked = scoped.users().find_external(identity).await?;
    if let Some(id) = request.invited_user {
        let user = resettable(scoped, id, linked.as_ref(), address).await?;
        return reset(cx, scoped, snapshot, user, (address, identity)).await;
    }
    if let Some(user) = linked {
        if user.deleted.is_some() {
            return Err(Error::Conflict(
                "this person is a deleted guest: restore the guest, or delete it permanently first"
                    .into(),
            ));
        }
        return invite_again(cx, scoped, user, address).await;
    }
    let upn = guest_upn(address, &snapshot.tenant.initial_domain);
    if let Some(other) = holder(scoped, address, identity, &upn).await? {
        return Err(taken(&other));
    }
    let user = new_guest(cx, snapshot, request, address, identity, upn);
    scoped.users().insert(&user).await?;
    Ok(user)
}

/// The guest, deleted or not, that had this name at that home, whatever an administrator calls it
/// here; or whoever has the name here that the new guest would get.
async fn holder(
    scoped: &TenantTx<'_>,
    address: &Upn,
    identity: &ExternalIdentity,
    upn: &str,
) -> Result<Option<User>> {
    let users = scoped.users();
    let there = users
        .find_by_home_name(&identity.cloud, identity.tenant, address)
        .await?;
    match there {
        Some(user) => Ok(Some(user)),
        None => Ok(users
            .find_by_upn(&Upn::parse(upn).map_err(Error::internal)?)
            .await?),
    }
}

fn taken(other: &User) -> Error {
    let what_to_do = if other.deleted.is_some() {
        "restore that deleted guest and reset its redemption, or delete it permanently first"
    } else {
        "reset the redemption of that guest, or delete it first"
    };
    Error::invalid(
        "invitedUserEmailAddress",
        format!(
            "The invited user already exists in the directory as object ID: {}. At home this name now belongs to \
             somebody else: {what_to_do}.",
            other.id
        ),
    )
}

/// Inviting again keeps the object; an accepted guest stays accepted.
async fn invite_again(
    cx: &Context,
    scoped: &TenantTx<'_>,
    user: User,
    address: &Upn,
) -> Result<User> {
    let mut changed = user.clone();
    if let Some(link) = &mut changed.external {
        address.as_str().clone_into(&mut link.home_upn);
    }
    let _ = cx;
    if changed != user {
        scoped.users().update(&changed).await?;
    }
    Ok(changed)
}

/// The guest whose redemption may be reset to that address.
async fn resettable(
    scoped: &TenantTx<'_>,
    id: Id<User>,
    linked: Option<&User>,
    address: &Upn,
) -> Result<User> {
    let user = scoped.users().find(id).await?;
    let user = user
        .filter(|u| u.deleted.is_none())
        .ok_or(Error::NotFound)?;
    if user.external.is_none() {
        return Err(Error::invalid(
            "invitedUser",
            "the account is kept in this organization: there is nothing to reset",
        ));
    }
    if linked.is_some_and(|l| l.id != id) {
        return Err(Error::Conflict(
            "another guest of this organization is that person".into(),
        ));
    }
    if !knows(&user, address) {
        return Err(Error::invalid(
            "invitedUserEmailAddress",
            "the address is not one of this guest's: add it to `otherMails` of the guest first",
        ));
    }
    Ok(user)
}

/// Reset redemption: back to pending, bound to the person that home names now; drops roles,
/// sessions, factors and consents (federation §5.5).
async fn reset(
    cx: &Context,
    scoped: &TenantTx<'_>,
    snapshot: &Snapshot,
    mut user: User,
    (address, identity): (&Upn, &ExternalIdentity),
) -> Result<User> {
    let id = user.id;
    let roles = scoped
        .role_assignments()
        .list_of_principal(id.uuid())
        .await?;
    if !roles.is_empty() && matches!(cx.actor, Actor::Application(_)) {
        return Err(Error::Forbidden(
            "an application cannot reset a guest who holds a directory role".into(),
        ));
    }
    if administers(scoped, id.uuid()).await? {
        others_administer(scoped, id.uuid()).await?;
    }
    for role in roles {
        scoped.role_assignments().delete(role.id).await?;
    }
    scoped.factors().delete_of(id).await?;
    scoped.leases().end_all_of(id, cx.now).await?;
    scoped.permission_grants().delete_of_principal(id).await?;
    user.sessions_valid_from = cx.now;
    user.external = Some(ExternalLink {
        identity: identity.clone(),
        state: ExternalUserState::PendingAcceptance,
        state_changed: cx.now,
        home_upn: address.as_str().to_owned(),
    });
    readdress(
        &mut user,
        address,
        guest::is_label(cx, snapshot, identity, address.as_str()),
    );
    scoped.users().update(&user).await?;
    scoped.bump_policy_version().await?;
    Ok(user)
}

/// Whether an address is among a guest's (semantics §4.8).
fn knows(user: &User, address: &Upn) -> bool {
    let wanted = name::key(address.as_str());
    let others = user.properties.get("otherMails").and_then(Value::as_array);
    let others = others.into_iter().flatten().filter_map(Value::as_str);
    let mut all = user.mail.as_deref().into_iter().chain(others);
    all.any(|known| name::key(known) == wanted)
}

/// The address under which somebody was invited becomes the guest's only one: what was there
/// before belongs to whom the guest was bound to before.
fn readdress(user: &mut User, address: &Upn, is_label: bool) {
    user.mail = Some(address.as_str().to_owned());
    list_address(&mut user.properties, address, is_label);
}

/// A label is no proxy address (federation §5.7).
fn list_address(properties: &mut Map<String, Value>, address: &Upn, is_label: bool) {
    let address = address.as_str();
    let proxies = if is_label {
        json!([])
    } else {
        json!([format!("SMTP:{address}")])
    };
    properties.insert("otherMails".into(), json!([address]));
    properties.insert("proxyAddresses".into(), proxies);
}

/// `nora_northwind.us#EXT#@contoso.onmicrosoft.com`.
fn guest_upn(address: &Upn, initial_domain: &str) -> String {
    format!(
        "{}#EXT#@{initial_domain}",
        address.as_str().replace('@', "_")
    )
}

fn new_guest(
    cx: &Context,
    snapshot: &Snapshot,
    request: &Invite,
    address: &Upn,
    identity: &ExternalIdentity,
    upn: String,
) -> User {
    let is_label = guest::is_label(cx, snapshot, identity, address.as_str());
    let mut properties = Map::new();
    properties.insert("creationType".into(), json!("Invitation"));
    list_address(&mut properties, address, is_label);
    properties.insert("showInAddressList".into(), json!(false));
    let nickname = upn.split('@').next().unwrap_or("").to_owned();
    properties.insert("mailNickname".into(), json!(nickname));
    let user_type = request
        .user_type
        .as_deref()
        .and_then(UserType::parse)
        .unwrap_or(UserType::Guest);
    let display_name = request
        .display_name
        .clone()
        .filter(|n| !n.trim().is_empty())
        .unwrap_or_else(|| name::key(address.local()));
    User {
        id: cx.new_id(),
        upn,
        display_name,
        mail: Some(address.as_str().to_owned()),
        user_type,
        account_enabled: true,
        external: Some(ExternalLink {
            identity: identity.clone(),
            state: ExternalUserState::PendingAcceptance,
            state_changed: cx.now,
            home_upn: address.as_str().to_owned(),
        }),
        sessions_valid_from: cx.now,
        created: cx.now,
        deleted: None,
        version: 1,
        properties,
    }
}

fn redeem_url(
    cx: &Context,
    snapshot: &Snapshot,
    invitation: &Invitation,
    ticket: &Zeroizing<String>,
) -> String {
    format!(
        "{}/redeem?tenant={}&user={}&ticket={}&ver=2.0",
        cx.app.registry().own.hosts.login,
        snapshot.tenant.id,
        invitation.id,
        ticket.as_str()
    )
}

fn letter(
    cx: &Context,
    snapshot: &Snapshot,
    invitation: &Invitation,
    invitee: &Invitee,
    link: &str,
    inviter_mail: Option<String>,
) -> Letter {
    let registry = cx.app.registry();
    let home = registry.find(&invitee.home.cloud);
    let host = home.map_or("", |h| h.hosts.login.trim_start_matches("https://"));
    let app = snapshot
        .service_principals
        .values()
        .find(|p| {
            p.properties
                .get("homepage")
                .and_then(serde_json::Value::as_str)
                == Some(&invitation.redirect_url)
        })
        .map(|p| p.display_name.clone());
    let privacy = snapshot
        .tenant
        .properties
        .get("privacyProfile")
        .and_then(|p| p.get("statementUrl"));
    Letter {
        to: invitation.email.clone(),
        cc: invitation.message.cc.clone(),
        reply_to: inviter_mail.clone(),
        from: mail::sender(cx, &snapshot.tenant.initial_domain),
        content: Content::Invitation(Box::new(mail::Invited {
            organization: snapshot.tenant.display_name.clone(),
            domain: snapshot.default_domain().to_owned(),
            inviter: inviter_mail,
            message: invitation.message.customized_message_body.clone(),
            link: link.to_owned(),
            guest: invitee.upn.clone(),
            home_cloud: (!is_own(cx, &invitee.home))
                .then(|| home.map(|h| h.name.clone()))
                .flatten(),
            home_host: host.to_owned(),
            app,
            my_apps: registry.own.hosts.myapps.clone(),
            privacy: privacy
                .and_then(serde_json::Value::as_str)
                .map(str::to_owned),
        })),
    }
}
