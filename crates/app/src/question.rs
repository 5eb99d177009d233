//! What one cloud asks another (cross-cloud-federation.md §4): a tenant by ID, an invitee by user
//! principal name, the readiness of a pair.
//!
//! 1. The asking tenant is that of whoever caused the question.
//! 2. *Add organization* asks the own directory and every ticked cloud. Found once: that one; twice:
//!    the cloud must be named; nowhere while a ticked cloud is silent: not known.
//! 3. An invitee is asked of one named partner, and never because of a guest.
//! 4. What is not told is one refusal; why, is told only as far as a refused push would show it.
//! 5. Each side limits and records what is asked, also within one cloud, where nothing is sent.

mod answer;
mod ask;
mod here;
mod limit;
mod readiness;

use std::collections::BTreeSet;

use comity_model::{
    cloud::CloudName,
    federation::{GroupAnswer, HomeTenant},
    id::Id,
    sign_in::{OauthError, Refusal, Side},
    tenant::{Tenant, TenantInformation},
    user::User,
};
use comity_oauth::{
    assertion::Groups,
    question::{Ask, AskInvitee, AskTenant, GateState, Refused, Reply, Role},
};
use uuid::Uuid;

pub(crate) use self::here::invitee_here;
pub use self::{
    answer::answer,
    readiness::{Readiness, ReadinessCache, readiness},
};
use crate::{
    context::{Actor, Context},
    error::{Error, Result},
    invitation::blocked_both,
    partner_configuration,
    snapshot::Snapshot,
};

/// An invitee as home knows her.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundInvitee {
    pub object: Id<User>,
    pub upn: String,
    pub groups: GroupAnswer,
}

/// What an organization of this cloud tells of itself.
pub async fn own_tenant(cx: &Context, id: Id<Tenant>) -> Result<TenantInformation> {
    let snapshot = cx.app.snapshots().get(cx, id).await?;
    if !snapshot.tenant.enabled {
        return Err(Error::NotFound);
    }
    let published = snapshot
        .domains
        .iter()
        .filter(|_| snapshot.tenant.publishes_domains);
    Ok(TenantInformation {
        cloud: cx.app.registry().own.canonical_name.clone(),
        tenant_id: id,
        display_name: snapshot.tenant.display_name.clone(),
        default_domain_name: snapshot.default_domain().to_owned(),
        domains: published.map(|d| d.name.clone()).collect(),
    })
}

/// *Add organization*: by ID, in the own directory and every ticked cloud, or in the one named.
pub async fn find_tenant(
    cx: &Context,
    id: Id<Tenant>,
    cloud: Option<&str>,
) -> Result<TenantInformation> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let own = &cx.app.registry().own.canonical_name;
    if cloud == Some(own) {
        return own_tenant(cx, id).await;
    }
    let ticked = ticked(cx, &snapshot);
    if let Some(named) = cloud {
        if !ticked.iter().any(|t| t == named) {
            return Err(Error::invalid(
                "cloud",
                format!(
                    "`{named}` is not a cloud that this organization has enabled: enable it in the Microsoft cloud \
                     settings first"
                ),
            ));
        }
        let found = tenant_by_id(cx, named, id).await?;
        return found.ok_or(Error::NotFound);
    }
    let here = match own_tenant(cx, id).await {
        Ok(found) => Some(found),
        Err(Error::NotFound) => None,
        Err(error) => return Err(error),
    };
    let (there, silent) = everywhere(cx, ticked, id).await?;
    one_of(id, here.into_iter().chain(there).collect(), silent)
}

/// Rule 2.
fn one_of(
    id: Id<Tenant>,
    mut found: Vec<TenantInformation>,
    silent: Option<Error>,
) -> Result<TenantInformation> {
    found.sort_by(|a, b| a.cloud.cmp(&b.cloud));
    match (found.len(), silent) {
        (0, None) => Err(Error::NotFound),
        (0, Some(error)) => Err(error),
        (1, _) => found.pop().ok_or(Error::NotFound),
        _ => {
            let clouds: Vec<&str> = found.iter().map(|f| f.cloud.as_str()).collect();
            Err(Error::invalid(
                "cloud",
                format!(
                    "the ID `{id}` is an organization in several clouds: name one in `cloud`: {}",
                    clouds.join(", ")
                ),
            ))
        }
    }
}

fn ticked(cx: &Context, snapshot: &Snapshot) -> Vec<CloudName> {
    let policy = snapshot.policies.cross_tenant();
    let pairs = cx.app.registry().pairs.iter();
    pairs
        .filter(|cloud| policy.allows_cloud(cloud))
        .cloned()
        .collect()
}

/// Asks clouds at the same time; what was found, and the silence of one of them.
async fn everywhere(
    cx: &Context,
    clouds: Vec<CloudName>,
    id: Id<Tenant>,
) -> Result<(Vec<TenantInformation>, Option<Error>)> {
    let mut asked = tokio::task::JoinSet::new();
    for cloud in clouds {
        let cx = cx.clone();
        asked.spawn(async move { tenant_by_id(&cx, &cloud, id).await });
    }
    let (mut found, mut silent) = (Vec::new(), None);
    while let Some(joined) = asked.join_next().await {
        match joined.map_err(Error::internal)? {
            Ok(Some(information)) => found.push(information),
            Ok(None) => {}
            Err(error @ Error::Upstream { .. }) => silent = Some(error),
            Err(error) => return Err(error),
        }
    }
    Ok((found, silent))
}

/// What a tenant of another cloud publishes about itself.
pub async fn tenant_by_id(
    cx: &Context,
    cloud: &str,
    id: Id<Tenant>,
) -> Result<Option<TenantInformation>> {
    let entry = partner_configuration::partner(cx, cloud)?;
    let question = Ask::Tenant(AskTenant { id: id.uuid() });
    match ask::ask(cx, entry, question).await? {
        Reply::Tenant(answer) => Ok(Some(TenantInformation {
            cloud: entry.canonical_name.clone(),
            tenant_id: id,
            display_name: answer.display_name,
            default_domain_name: answer.default_domain_name,
            domains: answer.domains,
        })),
        _ => Ok(None),
    }
}

/// The person whom an address names at one partner of another cloud.
pub async fn invitee(
    cx: &Context,
    home: &HomeTenant,
    upn: &str,
    groups: &BTreeSet<Uuid>,
) -> Result<FoundInvitee> {
    // Rule 3.
    if matches!(&cx.actor, Actor::User(actor) if actor.is_guest) {
        return Err(Error::Forbidden(
            "a guest cannot invite people of another cloud".into(),
        ));
    }
    let entry = partner_configuration::partner(cx, &home.cloud)?;
    let question = Ask::Invitee(AskInvitee {
        tenant_id: home.tenant.uuid(),
        upn: upn.to_owned(),
        groups: groups.clone(),
    });
    match ask::ask(cx, entry, question).await? {
        Reply::Invitee(found) => Ok(FoundInvitee {
            object: Id::new(found.object_id),
            upn: found.user_principal_name,
            groups: answered(found.groups),
        }),
        Reply::Refused(Refused::Switch) => Err(switched_off(cx, home).await?),
        _ => Err(not_found(cx, home, upn).await?),
    }
}

fn answered(groups: Groups) -> GroupAnswer {
    GroupAnswer {
        evaluated: groups.evaluated,
        member: groups.member,
    }
}

fn denied(code: u32, message: String) -> Error {
    Error::Denied {
        refusal: Refusal {
            code,
            side: Side::Home,
            error: OauthError::AccessDenied,
        },
        message,
    }
}

async fn switched_off(cx: &Context, home: &HomeTenant) -> Result<Error> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let name = snapshot.partner_name(home).unwrap_or("the organization");
    Ok(denied(
        500_212,
        format!(
            "{name} has turned off the application B2B Cross Cloud Worker, so nobody can be invited from there: an \
             administrator of {name} can turn it on again."
        ),
    ))
}

/// Rule 4: the two gates that a refused push shows, else the rule of the user principal name.
async fn not_found(cx: &Context, home: &HomeTenant, upn: &str) -> Result<Error> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let name = snapshot.partner_name(home).unwrap_or("the organization");
    let state = readiness::ask(cx, home, Role::Home).await?;
    if state.cloud == GateState::Closed {
        return Ok(denied(1_000_104, blocked_both(&snapshot, name)));
    }
    if state.partner == GateState::Closed {
        return Ok(denied(500_212, blocked_both(&snapshot, name)));
    }
    Ok(Error::invalid(
        "invitedUserEmailAddress",
        format!(
            "{name} has nobody to invite by the name `{upn}`: across clouds a guest is invited by the user principal \
             name of home, not by another address. Check the spelling; if it is right, an administrator of {name} \
             must let this person out to {}",
            snapshot.tenant.display_name
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::one_of;
    use crate::error::Error;
    use comity_model::{id::Id, tenant::TenantInformation};
    use uuid::Uuid;

    #[test]
    fn found_once_twice_or_not_at_all() {
        let id = Id::new(Uuid::nil());
        let found = |cloud: &str| TenantInformation {
            cloud: cloud.into(),
            tenant_id: id,
            display_name: "Northwind".into(),
            default_domain_name: "northwind.us".into(),
            domains: vec![],
        };
        let silent = || Error::Upstream {
            cloud: "b".into(),
            reason: "down".into(),
        };
        assert_eq!(one_of(id, vec![found("a")], None), Ok(found("a")));
        assert_eq!(one_of(id, vec![found("a")], Some(silent())), Ok(found("a")));
        assert_eq!(one_of(id, vec![], None), Err(Error::NotFound));
        assert_eq!(one_of(id, vec![], Some(silent())), Err(silent()));
        let twice = one_of(id, vec![found("b"), found("a")], None).unwrap_err();
        let Error::Invalid { field, rule } = twice else {
            panic!("{twice:?}")
        };
        assert_eq!(field, "cloud");
        assert!(rule.ends_with("a, b"), "{rule}");
    }
}
