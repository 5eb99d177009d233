//! Finding the invited person at home, before anything is written (federation §5.1).

use std::collections::BTreeSet;

use comity_model::{
    cloud::CloudName,
    cross_tenant::Setting,
    facts::{DecidingSide, Facts},
    federation::{GroupAnswer, HomeTenant},
    id::Id,
    name::Upn,
    sign_in::{OauthError, Refusal, Side},
    tenant::Tenant,
    user::User,
};
use comity_policy::sign_in::GateVerdict;
use uuid::Uuid;

use super::{Invite, is_own};
use crate::{
    context::{Actor, Context},
    error::{Error, Result},
    judge, question,
    snapshot::Snapshot,
};

/// The person as home knows her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitee {
    pub home: HomeTenant,
    pub object: Id<User>,
    pub upn: String,
    pub groups: GroupAnswer,
}

/// Finds home and person, and judges both sides' gates as for an unknown application.
pub async fn resolve_home(
    cx: &Context,
    snapshot: &Snapshot,
    request: &Invite,
    address: &Upn,
) -> Result<Invitee> {
    let home = find_home(cx, snapshot, request, address).await?;
    // Guests of whatever cloud cause no question to another one.
    if matches!(&cx.actor, Actor::User(a) if a.is_guest) && !is_own(cx, &home) {
        return Err(Error::Forbidden(
            "a guest cannot invite people of another cloud".into(),
        ));
    }
    if home.cloud == cx.app.registry().own.canonical_name && home.tenant == snapshot.tenant.id {
        return Err(Error::invalid(
            "invitedUserEmailAddress",
            "Invitee is in inviter tenant",
        ));
    }
    let registry = cx.app.registry();
    if let GateVerdict::Closed { code, side } = judge::outer_resource(registry, snapshot, &home) {
        return Err(blocked_here(snapshot, code, side));
    }
    let groups = snapshot.groups_mentioned(&home);
    let invitee = if is_own(cx, &home) {
        same_cloud(cx, snapshot, &home, address, &groups).await?
    } else {
        let found = question::invitee(cx, &home, address.as_str(), &groups).await?;
        Invitee {
            home: home.clone(),
            object: found.object,
            upn: found.upn,
            groups: found.groups,
        }
    };
    judge(cx, snapshot, &invitee)?;
    Ok(invitee)
}

/// The own gates for somebody whom home has named.
pub(super) fn judge(cx: &Context, snapshot: &Snapshot, invitee: &Invitee) -> Result<()> {
    let (registry, home) = (cx.app.registry(), &invitee.home);
    if let GateVerdict::Closed { code, side } = judge::outer_resource(registry, snapshot, home) {
        return Err(blocked_here(snapshot, code, side));
    }
    let facts = facts(cx, snapshot, home, invitee);
    match judge::inbound(registry, snapshot, home, &facts) {
        GateVerdict::Open => Ok(()),
        GateVerdict::NotCounted => Err(blocked_here(snapshot, 500_213, Side::Resource)),
        GateVerdict::Closed { code, side } => Err(blocked_here(snapshot, code, side)),
    }
}

/// The home tenant: named by the inviter, or owner of the address's domain in this cloud, or the
/// only partner whose published domains hold it. Never by whether an account exists somewhere.
async fn find_home(
    cx: &Context,
    snapshot: &Snapshot,
    request: &Invite,
    address: &Upn,
) -> Result<HomeTenant> {
    if let Some((cloud, tenant)) = &request.home {
        return named_home(cx, snapshot, cloud.as_ref(), *tenant);
    }
    let domain = address.domain();
    if let Some(tenant) = cx
        .app
        .store()
        .read()
        .cloud()
        .find_tenant_by_domain(&domain)
        .await?
    {
        return Ok(HomeTenant {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: tenant.id,
        });
    }
    let partners: Vec<_> = snapshot
        .partners
        .values()
        .filter(|p| p.domains.contains(&domain))
        .collect();
    match partners.as_slice() {
        [one] => Ok(HomeTenant {
            cloud: one.cloud.clone(),
            tenant: one.tenant,
        }),
        [] => Err(Error::invalid(
            "invitedUserEmailAddress",
            format!(
                "no organization is known for the domain `{domain}`: across clouds a guest is invited by the user \
                 principal name of home, whose domain the partner organization publishes, or name the organization \
                 in `invitedUserHomeTenantId`"
            ),
        )),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|p| format!("{} ({})", p.name, p.tenant))
                .collect();
            Err(Error::invalid(
                "invitedUserEmailAddress",
                format!(
                    "several organizations publish `{domain}`: name one in `invitedUserHomeTenantId`: {}",
                    names.join(", ")
                ),
            ))
        }
    }
}

/// The home that the inviter has named. Without its cloud it is a partner, or of this cloud.
fn named_home(
    cx: &Context,
    snapshot: &Snapshot,
    cloud: Option<&CloudName>,
    tenant: Id<Tenant>,
) -> Result<HomeTenant> {
    let registry = cx.app.registry();
    let own = &registry.own.canonical_name;
    let partner = snapshot.partners.get(&tenant.uuid());
    let cloud = match (cloud, partner) {
        (Some(cloud), _) if cloud != own && !registry.others.contains_key(cloud) => {
            return Err(Error::invalid(
                "invitedUserHomeCloud",
                format!("`{cloud}` is not a cloud that this one knows"),
            ));
        }
        (Some(cloud), _) => cloud,
        (None, Some(partner)) => &partner.cloud,
        (None, None) => own,
    };
    Ok(HomeTenant {
        cloud: cloud.clone(),
        tenant,
    })
}

/// The person in another tenant of this cloud. Absent, disabled, external and not let out look the
/// same, after the same work, as across clouds (§4).
async fn same_cloud(
    cx: &Context,
    snapshot: &Snapshot,
    home: &HomeTenant,
    address: &Upn,
    asked: &BTreeSet<Uuid>,
) -> Result<Invitee> {
    match question::invitee_here(cx, home, address.as_str(), asked).await? {
        Some(found) => Ok(Invitee {
            home: home.clone(),
            object: found.object,
            upn: found.upn,
            groups: found.groups,
        }),
        None => Err(not_told(cx, snapshot, home, address).await?),
    }
}

/// What the inviter reads of a no. A home that lets nobody out says so for every name.
async fn not_told(
    cx: &Context,
    snapshot: &Snapshot,
    home: &HomeTenant,
    address: &Upn,
) -> Result<Error> {
    let there = match cx.app.snapshots().get(cx, home.tenant).await {
        Ok(there) if there.tenant.enabled => there,
        Ok(_) | Err(Error::NotFound) => {
            return Ok(nobody(snapshot, "the organization", address));
        }
        Err(error) => return Err(error),
    };
    let name = &there.tenant.display_name;
    let resource = HomeTenant {
        cloud: home.cloud.clone(),
        tenant: snapshot.tenant.id,
    };
    if judge::is_open(&there, Setting::B2bCollaborationOutbound, &resource) {
        return Ok(nobody(snapshot, name, address));
    }
    Ok(Error::Denied {
        refusal: Refusal {
            code: 500_212,
            side: Side::Home,
            error: OauthError::AccessDenied,
        },
        message: blocked_both(snapshot, name),
    })
}

/// Nobody who can be invited has that name; why, only home's administrator sees.
fn nobody(snapshot: &Snapshot, home: &str, address: &Upn) -> Error {
    Error::invalid(
        "invitedUserEmailAddress",
        format!(
            "{home} has nobody to invite by the name `{address}`. Check the spelling of the user principal name; if it \
             is right, an administrator of {home} must let this person out to {}",
            snapshot.tenant.display_name
        ),
    )
}

/// Facts of an invitation: the application is unknown, nothing is proven.
fn facts(cx: &Context, snapshot: &Snapshot, home: &HomeTenant, invitee: &Invitee) -> Facts {
    Facts {
        at: cx.now,
        side: DecidingSide::Resource,
        policy_version: snapshot.version,
        home: Some(home.clone()),
        resource: Some(HomeTenant {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: snapshot.tenant.id,
        }),
        pair: None,
        home_user: Some(invitee.object.uuid()),
        groups: invitee.groups.clone(),
        user: None,
        user_kind: "b2bCollaborationGuest".into(),
        own_groups: BTreeSet::new(),
        own_roles: BTreeSet::new(),
        client_app_type: String::new(),
        platform: None,
        ip_address: None,
        country: None,
        home_methods: Vec::new(),
        own_methods: Vec::new(),
        device: None,
        unpaired: judge::is_unpaired(cx.app.registry(), &home.cloud),
    }
}

/// The own side blocks: the own administrator acts.
fn blocked_here(snapshot: &Snapshot, code: u32, side: Side) -> Error {
    Error::Denied {
        refusal: Refusal {
            code,
            side,
            error: OauthError::AccessDenied,
        },
        message: format!(
            "This invitation is blocked by cross-tenant access settings. {}'s own settings do not admit this person: \
             an administrator of {} can change its inbound access.",
            snapshot.tenant.display_name, snapshot.tenant.display_name
        ),
    }
}

/// The other side blocks, or either does: both administrators are named, no rule is told.
pub(crate) fn blocked_both(snapshot: &Snapshot, other: &str) -> String {
    format!(
        "This invitation is blocked by cross-tenant access settings. An administrator of {other} must allow access to \
         {}; {} is ready.",
        snapshot.tenant.display_name, snapshot.tenant.display_name
    )
}
