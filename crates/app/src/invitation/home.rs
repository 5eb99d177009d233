//! Finding the invited person at home, before anything is written (federation §5.1).

use std::collections::BTreeSet;

use comity_model::{
    cross_tenant::Setting,
    facts::{DecidingSide, Facts},
    federation::{GroupAnswer, HomeTenant},
    id::Id,
    name::Upn,
    sign_in::{OauthError, Refusal, Side},
    user::User,
};
use comity_policy::sign_in::GateVerdict;
use uuid::Uuid;

use super::{Invite, is_own};
use crate::{
    context::Context,
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
    let facts = facts(cx, snapshot, &home, &invitee);
    match judge::inbound(registry, snapshot, &home, &facts) {
        GateVerdict::Open => Ok(invitee),
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
    if let Some(home) = &request.home {
        return Ok(home.clone());
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

/// The person in another tenant of this cloud. Absent, disabled, external and not let out look the
/// same, after the same work, as across clouds (§4); a home that lets nobody out says so for every
/// name.
async fn same_cloud(
    cx: &Context,
    snapshot: &Snapshot,
    home: &HomeTenant,
    address: &Upn,
    asked: &BTreeSet<Uuid>,
) -> Result<Invitee> {
    let (found, all) = question::person(cx, home.tenant, address.as_str()).await?;
    let home_snapshot = match cx.app.snapshots().get(cx, home.tenant).await {
        Ok(home_snapshot) if home_snapshot.tenant.enabled => home_snapshot,
        Ok(_) | Err(Error::NotFound) => {
            return Err(nobody(snapshot, "the organization", address));
        }
        Err(error) => return Err(error),
    };
    let name = &home_snapshot.tenant.display_name;
    let resource = HomeTenant {
        cloud: home.cloud.clone(),
        tenant: snapshot.tenant.id,
    };
    if !judge::is_open(&home_snapshot, Setting::B2bCollaborationOutbound, &resource) {
        return Err(Error::Denied {
            refusal: Refusal {
                code: 500_212,
                side: Side::Home,
                error: OauthError::AccessDenied,
            },
            message: blocked_both(snapshot, name),
        });
    }
    let invitee = Invitee {
        home: home.clone(),
        object: found.as_ref().map_or_else(|| cx.new_id(), |u| u.id),
        upn: found.as_ref().map_or_else(String::new, |u| u.upn.clone()),
        groups: GroupAnswer {
            evaluated: asked.clone(),
            member: asked.intersection(&all).copied().collect(),
        },
    };
    let mentioned = home_snapshot.outbound_groups(&resource);
    let facts = Facts {
        groups: GroupAnswer {
            member: mentioned.intersection(&all).copied().collect(),
            evaluated: mentioned,
        },
        ..facts(cx, snapshot, home, &invitee)
    };
    let outbound = judge::outbound(cx.app.registry(), &home_snapshot, &resource, &facts);
    let may = found.is_some_and(|u| u.is_local() && u.account_enabled && u.deleted.is_none());
    if may && outbound == GateVerdict::Open {
        Ok(invitee)
    } else {
        Err(nobody(snapshot, name, address))
    }
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
