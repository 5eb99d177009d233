//! The facts of a grant, as of now: what its guards are asked about, and what its record keeps.

use std::collections::BTreeSet;

use comity_model::{
    facts::{DecidingSide, Facts},
    federation::{AssertionFacts, GroupAnswer, HomeTenant},
    session::MethodUse,
    sign_in::TokenGrant,
    user::User,
};
use uuid::Uuid;

use super::{Denial, Network, home_tenant};
use crate::{context::Context, judge, snapshot::Snapshot};

/// The facts of the grant, as of now.
pub(super) async fn facts(
    cx: &Context,
    snapshot: &Snapshot,
    grant: &TokenGrant,
    (user, home): (&User, Option<&AssertionFacts>),
    network: Network,
) -> Result<Facts, Denial> {
    let own = HomeTenant {
        cloud: cx.app.registry().own.canonical_name.clone(),
        tenant: snapshot.tenant.id,
    };
    let ip = match network {
        Network::Caller if !cx.client.ip.is_empty() => &cx.client.ip,
        _ => &grant.ip,
    };
    Ok(Facts {
        at: cx.now,
        side: if home.is_some() {
            DecidingSide::Resource
        } else {
            DecidingSide::Own
        },
        policy_version: snapshot.version,
        home: Some(home.map_or_else(|| own.clone(), home_tenant)),
        resource: Some(own),
        pair: Some(judge::judged_pair(grant.pair, &grant.scopes)),
        home_user: Some(home.map_or(user.id.uuid(), |h| h.identity.object.uuid())),
        groups: home.map_or_else(GroupAnswer::default, |h| h.groups.clone()),
        user: Some(user.id.uuid()),
        user_kind: judge::user_kind(Some(user)).to_owned(),
        own_groups: own_groups(cx, snapshot, user).await?,
        own_roles: snapshot.roles_of(user.id.uuid()),
        client_app_type: judge::client_app_type(grant.platform).as_str().to_owned(),
        platform: judge::platform(&grant.user_agent).map(str::to_owned),
        ip_address: (!ip.is_empty()).then(|| ip.clone()),
        country: None,
        home_methods: home.map(|h| h.methods.clone()).unwrap_or_default(),
        own_methods: own_methods(grant, user),
        device: home.and_then(|h| h.device.clone()),
        unpaired: home.is_some_and(|h| judge::is_unpaired(cx.app.registry(), &h.identity.cloud)),
    })
}

/// What was proven here and was not ended since.
fn own_methods(grant: &TokenGrant, user: &User) -> Vec<MethodUse> {
    grant
        .methods
        .iter()
        .filter(|m| m.at >= user.sessions_valid_from)
        .cloned()
        .collect()
}

async fn own_groups(
    cx: &Context,
    snapshot: &Snapshot,
    user: &User,
) -> Result<BTreeSet<Uuid>, Denial> {
    if snapshot.access_groups.is_empty() {
        return Ok(BTreeSet::new());
    }
    let read = cx.app.store().read();
    let all = read
        .tenant(snapshot.tenant.id)
        .groups()
        .groups_of(user.id.uuid())
        .await?;
    Ok(all.intersection(&snapshot.access_groups).copied().collect())
}
