//! Guests: redemption, once and atomically, from whichever door comes first
//! (cross-cloud-federation.md §5).

use comity_model::{
    federation::{AssertionFacts, HomeTenant},
    id::Id,
    invitation::{Invitation, InvitationStatus},
    sign_in::{OauthError, Refusal},
    time::Utc,
    user::{ExternalIdentity, ExternalLink, ExternalUserState, User},
};
use comity_policy::sign_in::GateVerdict;
use comity_store::{TenantTx, Tx};

use crate::{
    audit::{Activity, audit},
    context::{Actor, Context, UserActor},
    error::{Error, Result},
    judge,
    sign_in::Assessment,
    snapshot::Snapshot,
};

/// Marks a pending guest as accepted, in the transaction of the sign-in that proves the person.
///
/// Everything is read again here: the guest and its version, the invitation, the gates, the yes.
/// Only the invited person (cloud, tenant, object) redeems; of two at once one wins, the other
/// gets a clean error.
pub(crate) async fn redeem(
    cx: &Context,
    tx: &mut Tx,
    snapshot: &Snapshot,
    user: &User,
    assertion: &AssertionFacts,
    reviewed: Option<Utc>,
) -> Result<()> {
    let scoped = tx.tenant(snapshot.tenant.id);
    let user = scoped.users().find(user.id).await?.ok_or(Error::NotFound)?;
    let link = user.external.clone().ok_or(Error::NotFound)?;
    if link.identity != assertion.identity {
        return Err(Error::NotFound);
    }
    if link.state == ExternalUserState::Accepted {
        return Ok(());
    }
    check(cx, snapshot, assertion, reviewed)?;
    let user = accepted(cx, user, link, assertion);
    let updated = scoped.users().update(&user).await;
    updated.map_err(crate::sign_in::stale)?;
    complete_invitations(&scoped, &user).await?;
    let acting = acting(cx, snapshot, &user);
    let activity = Activity::new("UserManagement", "Redeem external user invite")
        .target("User", user.id.uuid(), &user.upn)
        .changed(
            "externalUserState",
            Some("PendingAcceptance".into()),
            Some("Accepted".into()),
        );
    let record = audit(&acting, &activity);
    Ok(scoped.audit_records().insert(&record).await?)
}

/// The yes, or both ticks, and the own gates.
fn check(
    cx: &Context,
    snapshot: &Snapshot,
    assertion: &AssertionFacts,
    reviewed: Option<Utc>,
) -> Result<()> {
    let home = HomeTenant {
        cloud: assertion.identity.cloud.clone(),
        tenant: assertion.identity.tenant,
    };
    let automatic = judge::automatic_inbound(snapshot, &home) && assertion.automatic_redemption;
    if reviewed.is_none() && !automatic {
        return Err(Error::NotFound);
    }
    match judge::outer_resource(cx.app.registry(), snapshot, &home) {
        GateVerdict::Closed { code, side } => Err(Error::Denied {
            refusal: Refusal {
                code,
                side,
                error: OauthError::AccessDenied,
            },
            message: "the collaboration was closed meanwhile".into(),
        }),
        GateVerdict::Open | GateVerdict::NotCounted => Ok(()),
    }
}

fn accepted(cx: &Context, mut user: User, link: ExternalLink, assertion: &AssertionFacts) -> User {
    user.external = Some(ExternalLink {
        state: ExternalUserState::Accepted,
        state_changed: cx.now,
        home_upn: assertion.upn.clone(),
        ..link
    });
    let issuer = serde_json::json!([
        {"signInType": "federated", "issuer": "ExternalAzureAD", "issuerAssignedId": null}
    ]);
    user.properties.insert("identities".into(), issuer);
    user
}

async fn complete_invitations(scoped: &TenantTx<'_>, user: &User) -> Result<()> {
    for invitation in scoped.invitations().list_of_user(user.id).await? {
        if invitation.status == InvitationStatus::PendingAcceptance {
            let done = Invitation {
                status: InvitationStatus::Completed,
                ..invitation
            };
            let updated = scoped.invitations().update(&done).await;
            updated.map_err(crate::sign_in::stale)?;
        }
    }
    Ok(())
}

/// The guest acts for herself: proven by home's assertion.
fn acting(cx: &Context, snapshot: &Snapshot, user: &User) -> Context {
    let mut acting = cx.clone();
    acting.actor = Actor::User(Box::new(UserActor {
        tenant: snapshot.tenant.id,
        user: user.id,
        user_principal_name: user.upn.clone(),
        display_name: user.display_name.clone(),
        mail: user.mail.clone(),
        is_guest: true,
        client: comity_model::well_known::MY_APPS,
        scopes: std::collections::BTreeSet::new(),
        roles: std::collections::BTreeSet::new(),
        second_factor: None,
    }));
    acting
}

/// Whether a name or address of a person of that home is a label only (federation §5.7, S-29): in a
/// domain that is verified here, or that another cloud's tenant does not publish.
pub(crate) fn is_label(
    cx: &Context,
    snapshot: &Snapshot,
    identity: &ExternalIdentity,
    name: &str,
) -> bool {
    let domain = name.rsplit('@').next().unwrap_or_default().to_lowercase();
    let home = HomeTenant {
        cloud: identity.cloud.clone(),
        tenant: identity.tenant,
    };
    let published = || {
        let partner = snapshot.partner(&home);
        partner.is_some_and(|p| p.domains.contains(&domain))
    };
    snapshot.domains.iter().any(|d| d.name == domain)
        || (!crate::invitation::is_own(cx, &home) && !published())
}

/// How a name that home gives a person is shown: as it is only if it is in a domain of that home.
pub fn shown_name(
    cx: &Context,
    snapshot: &Snapshot,
    identity: &ExternalIdentity,
    name: &str,
) -> String {
    if !is_label(cx, snapshot, identity, name) {
        return name.to_owned();
    }
    let home = HomeTenant {
        cloud: identity.cloud.clone(),
        tenant: identity.tenant,
    };
    let whose = snapshot
        .partner_name(&home)
        .unwrap_or("another organization");
    format!("{} (unverified, {whose})", name.replace('@', " at "))
}

/// The name a person signs in with, for display only: at home, for a guest.
pub fn account_name(cx: &Context, snapshot: &Snapshot, user: &User) -> String {
    user.external.as_ref().map_or_else(
        || user.upn.clone(),
        |link| shown_name(cx, snapshot, &link.identity, &link.home_upn),
    )
}

/// Where one lands after redemption: a redirect URI or home page of an application of that tenant,
/// or My Apps; another address only through a page that names it (`true`).
pub(crate) async fn landing(
    cx: &Context,
    tx: &mut Tx,
    assessment: &Assessment,
    invitation: Id<Invitation>,
) -> Result<(String, bool)> {
    let snapshot = assessment
        .snapshot
        .as_ref()
        .ok_or_else(|| Error::internal("landed without a tenant"))?;
    let scoped = tx.tenant(snapshot.tenant.id);
    let invitation = scoped
        .invitations()
        .find(invitation)
        .await?
        .ok_or(Error::NotFound)?;
    let my_apps = format!(
        "{}/{}",
        cx.app.registry().own.hosts.myapps,
        snapshot.tenant.id
    );
    let url = invitation.redirect_url;
    if url.is_empty() || url.starts_with(&format!("{}/", cx.app.registry().own.hosts.myapps)) {
        return Ok((my_apps, false));
    }
    let known = snapshot.is_application_address(&url);
    Ok((url, !known))
}
