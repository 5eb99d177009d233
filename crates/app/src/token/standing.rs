//! Every guard of a grant, asked with what is true now (law 1; security bar S-01).
//!
//! 1. The organisation, the client and the resource are enabled.
//! 2. The person exists and is enabled; nothing ended her sessions since she proved who she is.
//! 3. A guest has redeemed; home admitted her within the last minute (the lease); the own gates
//!    towards home are open, for her and for the pair.
//! 4. She is assigned where that is required.
//! 5. Somebody granted what the client asked for.
//! 6. Conditional Access is met by what was proven; a guest with a privileged role proved a second
//!    factor here.
//!
//! A refusal changes nothing; only home's own end of a lease does (federation §2, §3.11).

mod facts;

use std::{collections::BTreeSet, sync::Arc};

use comity_model::{
    application::Platform,
    facts::Facts,
    federation::{AssertionFacts, HomeTenant},
    sign_in::{OauthError, Refusal, Side, TokenGrant},
    time::Utc,
    user::{ExternalUserState, User},
    well_known,
};
use comity_policy::sign_in::{AccessVerdict, GateVerdict};
use uuid::Uuid;

use self::facts::facts;
use super::{Failure, Refused};
use crate::{
    client::Client,
    consent::DEFAULT,
    context::Context,
    error::Error,
    judge::{self, Access},
    lease,
    snapshot::Snapshot,
};

/// Whose address the decision is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// That of the sign-in: the caller is the application's server.
    AsGranted,
    /// The caller's.
    Caller,
}

impl Network {
    /// A web application has its own address, which says nothing of the person; installed and
    /// single-page clients call from where she is. The grant's platform says which, the caller does
    /// not.
    pub(crate) const fn of(platform: Platform) -> Self {
        match platform {
            Platform::Web => Self::AsGranted,
            Platform::PublicClient | Platform::Spa => Self::Caller,
        }
    }
}

/// A grant whose guards were all asked just now, and all said yes. Made by [`ask`] only.
#[derive(Debug)]
pub(crate) struct Standing {
    snapshot: Arc<Snapshot>,
    grant: TokenGrant,
    user: User,
    /// Home's word, as of the last renewal.
    home: Option<AssertionFacts>,
    facts: Facts,
    access: Access,
    roles: BTreeSet<Uuid>,
}

impl Standing {
    pub(crate) fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    pub(crate) const fn grant(&self) -> &TokenGrant {
        &self.grant
    }

    pub(crate) const fn user(&self) -> &User {
        &self.user
    }

    pub(crate) const fn home(&self) -> Option<&AssertionFacts> {
        self.home.as_ref()
    }

    pub(crate) const fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) const fn access(&self) -> &Access {
        &self.access
    }

    /// Template IDs of the directory roles in effect.
    pub(crate) const fn roles(&self) -> &BTreeSet<Uuid> {
        &self.roles
    }

    /// When home's session ends: nothing outlives it.
    pub(crate) fn home_end(&self) -> Option<Utc> {
        self.home.as_ref().map(|h| h.session_exp)
    }
}

/// A guard that said no.
#[derive(Debug)]
pub(crate) struct Denial {
    pub failure: Failure,
    /// For the record: who it was about, and what was decided on.
    pub user: Option<Box<User>>,
    pub facts: Option<Box<Facts>>,
    pub access: Option<Box<Access>>,
}

impl From<Error> for Denial {
    fn from(error: Error) -> Self {
        Self {
            failure: error.into(),
            user: None,
            facts: None,
            access: None,
        }
    }
}

impl From<comity_store::Error> for Denial {
    fn from(error: comity_store::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<Refused> for Denial {
    fn from(refused: Refused) -> Self {
        Self {
            failure: refused.into(),
            user: None,
            facts: None,
            access: None,
        }
    }
}

fn no(error: &'static str, number: u32, message: &'static str) -> Denial {
    Refused::new(error, number, message).into()
}

/// Rules 1 to 6.
pub(crate) async fn ask(
    cx: &Context,
    snapshot: &Arc<Snapshot>,
    grant: &TokenGrant,
    network: Network,
) -> Result<Standing, Denial> {
    parties(snapshot, grant)?;
    let user = person(cx, snapshot, grant).await?;
    let about = |denial: Denial| Denial {
        user: Some(Box::new(user.clone())),
        ..denial
    };
    let home = admission(cx, snapshot, grant, &user).await.map_err(about)?;
    let facts = facts(cx, snapshot, grant, (&user, home.as_ref()), network)
        .await
        .map_err(about)?;
    let decided = |denial: Denial| Denial {
        facts: Some(Box::new(facts.clone())),
        ..about(denial)
    };
    gates(cx, snapshot, &facts, home.as_ref()).map_err(decided)?;
    assignment(cx, snapshot, grant, &user)
        .await
        .map_err(decided)?;
    grants(snapshot, grant, &user).map_err(decided)?;
    let access = judge::access(snapshot, &facts);
    access_verdict(&facts, &user, access.verdict).map_err(|denial| Denial {
        access: Some(Box::new(access.clone())),
        ..decided(denial)
    })?;
    let roles = facts.own_roles.clone();
    Ok(Standing {
        snapshot: Arc::clone(snapshot),
        grant: grant.clone(),
        user,
        home,
        facts,
        access,
        roles,
    })
}

/// Rule 1.
fn parties(snapshot: &Snapshot, grant: &TokenGrant) -> Result<(), Denial> {
    if !snapshot.tenant.enabled {
        return Err(no("invalid_grant", 90_002, "the organization is disabled"));
    }
    match Client::of(snapshot, grant.pair.client) {
        Some(client) if client.principal.account_enabled => {}
        Some(_) => {
            return Err(no(
                "unauthorized_client",
                7_000_112,
                "the application is disabled in this organization",
            ));
        }
        None => {
            return Err(no(
                "unauthorized_client",
                700_016,
                "the application does not exist in this organization",
            ));
        }
    }
    match snapshot.service_principal(grant.pair.resource) {
        Some(resource) if resource.account_enabled => Ok(()),
        Some(_) => Err(no(
            "invalid_grant",
            500_014,
            "the resource is disabled in this organization",
        )),
        None => Err(no(
            "invalid_grant",
            500_011,
            "the resource is not known in this organization",
        )),
    }
}

/// Rule 2.
async fn person(cx: &Context, snapshot: &Snapshot, grant: &TokenGrant) -> Result<User, Denial> {
    let read = cx.app.store().read();
    let found = read
        .tenant(snapshot.tenant.id)
        .users()
        .find(grant.user)
        .await?;
    let Some(user) = found.filter(|u| u.deleted.is_none()) else {
        return Err(no(
            "invalid_grant",
            50_034,
            "the account does not exist in this organization",
        ));
    };
    let about = |denial: Denial| Denial {
        user: Some(Box::new(user.clone())),
        ..denial
    };
    if !user.account_enabled {
        return Err(about(no(
            "invalid_grant",
            50_057,
            "the account is disabled",
        )));
    }
    // A guest proved herself here when home's word came, whenever she typed her password there.
    let proven = grant
        .home
        .as_ref()
        .map_or(grant.auth_time, |home| home.confirmed);
    if proven < user.sessions_valid_from {
        return Err(about(no(
            "invalid_grant",
            50_173,
            "the sessions of the account were ended: sign in again",
        )));
    }
    Ok(user)
}

/// Rule 3: home's word, renewed where it is older than a minute.
async fn admission(
    cx: &Context,
    snapshot: &Snapshot,
    grant: &TokenGrant,
    user: &User,
) -> Result<Option<AssertionFacts>, Denial> {
    let Some(link) = &user.external else {
        // An account converted to a local one is another account.
        return match grant.home {
            None => Ok(None),
            Some(_) => Err(no(
                "invalid_grant",
                50_173,
                "the account is no longer a guest: sign in again",
            )),
        };
    };
    if link.state != ExternalUserState::Accepted {
        return Err(no(
            "invalid_grant",
            50_014,
            "the invitation is not accepted yet",
        ));
    }
    let same = grant
        .home
        .as_ref()
        .is_some_and(|home| home.identity == link.identity);
    let (Some(lease), true) = (grant.lease, same) else {
        return Err(no(
            "invalid_grant",
            50_173,
            "the account is linked to another person by now: sign in again",
        ));
    };
    match lease::confirm(cx, snapshot, grant, lease).await {
        Ok(lease)
            if lease.user == user.id
                && lease.identity == link.identity
                && lease.pair == grant.pair =>
        {
            Ok(Some(lease.facts))
        }
        Ok(_) => Err(no(
            "invalid_grant",
            50_173,
            "the lease is of another grant: sign in again",
        )),
        Err(error) => Err(lease_denial(error)),
    }
}

/// How an end of a lease is told: the number where home may say it, else that home said no.
fn lease_denial(error: Error) -> Denial {
    match error {
        Error::Denied { refusal, .. } if refusal.error == OauthError::TemporarilyUnavailable => no(
            "temporarily_unavailable",
            refusal.code,
            "the home organization's cloud does not answer: try again",
        ),
        Error::Denied { refusal, .. } => Refused::of(refusal).into(),
        Error::NotFound => no(
            "invalid_grant",
            50_173,
            "the home organization no longer admits the account: sign in again",
        ),
        other => other.into(),
    }
}

/// Rule 3: the own gates.
fn gates(
    cx: &Context,
    snapshot: &Snapshot,
    facts: &Facts,
    home: Option<&AssertionFacts>,
) -> Result<(), Denial> {
    let Some(home) = home.map(home_tenant) else {
        return Ok(());
    };
    let registry = cx.app.registry();
    for verdict in [
        judge::outer_resource(registry, snapshot, &home),
        judge::inbound(registry, snapshot, &home, facts),
    ] {
        match verdict {
            GateVerdict::Open => {}
            GateVerdict::NotCounted => {
                return Err(no(
                    "interaction_required",
                    500_213,
                    "home must be asked about a group: sign in again",
                ));
            }
            GateVerdict::Closed { code, side } => {
                return Err(Refused::of(Refusal {
                    code,
                    side,
                    error: OauthError::AccessDenied,
                })
                .into());
            }
        }
    }
    Ok(())
}

fn home_tenant(home: &AssertionFacts) -> HomeTenant {
    HomeTenant {
        cloud: home.identity.cloud.clone(),
        tenant: home.identity.tenant,
    }
}

/// Rule 4.
async fn assignment(
    cx: &Context,
    snapshot: &Snapshot,
    grant: &TokenGrant,
    user: &User,
) -> Result<(), Denial> {
    for app in [grant.pair.client, grant.pair.resource] {
        if !judge::assigned_to(cx, snapshot, app, user).await? {
            return Err(no(
                "invalid_grant",
                50_105,
                "the account is not assigned to a role of the application",
            ));
        }
    }
    Ok(())
}

/// Rule 5.
fn grants(snapshot: &Snapshot, grant: &TokenGrant, user: &User) -> Result<(), Denial> {
    let pair = grant.pair;
    let missing = judge::missing_scopes(
        snapshot,
        pair.client,
        pair.resource,
        &grant.scopes,
        Some(user.id),
    );
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing
        .iter()
        .filter(|s| *s != DEFAULT)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ");
    let message = if names.is_empty() {
        "no permission of the resource is granted to the application: ask an administrator to grant it".to_owned()
    } else {
        format!(
            "the permissions `{names}` are not granted to the application: ask an administrator to grant them"
        )
    };
    Err(Refused {
        suberror: Some("consent_required"),
        ..Refused::new("invalid_grant", 65_001, message)
    }
    .into())
}

/// Rule 6.
fn access_verdict(facts: &Facts, user: &User, verdict: AccessVerdict) -> Result<(), Denial> {
    let privileged = !user.is_local()
        && facts
            .own_roles
            .iter()
            .any(|r| well_known::role::is_privileged(*r));
    let own_factor = facts
        .own_methods
        .iter()
        .any(|m| judge::is_possession(&m.method));
    match verdict {
        AccessVerdict::Deny(code) => {
            let refusal = Refusal {
                code,
                side: Side::Resource,
                error: OauthError::AccessDenied,
            };
            Err(Refused::of(refusal).into())
        }
        AccessVerdict::Challenge { .. } => Err(second_factor()),
        AccessVerdict::Allow if privileged && !own_factor => Err(second_factor()),
        AccessVerdict::Allow => Ok(()),
    }
}

fn second_factor() -> Denial {
    Refused {
        suberror: Some("basic_action"),
        ..Refused::new(
            "interaction_required",
            50_076,
            "a second factor is required: sign in again",
        )
    }
    .into()
}
