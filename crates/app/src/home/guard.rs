//! Every guard of home's own, for a person that another tenant admits on home's word
//! (cross-cloud-federation.md §3.7): at the token, at each renewal, and in-process for tenants of
//! this cloud.
//!
//! 1. The tenant and the account are enabled; the first credential is kept here.
//! 2. The session in which she signed in lives, with her account in it; nothing ended it since.
//! 3. H1, H2 and the switch; H3, with her groups as they are now.
//! 4. Home's own Conditional Access, from where she signed in: the caller is a server.
//!
//! Why she fails is for this side's log; what travels is in [`crate::crossing`].

use std::{collections::BTreeSet, sync::Arc};

use comity_model::{
    application::Platform,
    facts::{DecidingSide, Facts},
    federation::{ApplicationPair, DeviceClaim, GroupAnswer, HomeTenant},
    id::Id,
    session::{MethodUse, Session},
    sign_in::{OauthError, Refusal, Side},
    tenant::Tenant,
    time::Utc,
    user::User,
};
use comity_policy::sign_in::{AccessVerdict, GateVerdict};
use uuid::Uuid;

use crate::{
    context::Context,
    error::{Error, Result},
    judge::{self, Access},
    snapshot::Snapshot,
};

/// For whom home is asked to vouch, and on what she signed in.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pub home: Id<Tenant>,
    pub user: Id<User>,
    pub resource: HomeTenant,
    pub pair: ApplicationPair,
    /// Groups that the resource asks about.
    pub asked: &'a BTreeSet<Uuid>,
    pub methods: &'a [MethodUse],
    pub device: Option<&'a DeviceClaim>,
    pub session: Option<Id<Session>>,
    pub session_exp: Utc,
    pub ip: &'a str,
    pub user_agent: &'a str,
}

/// What the guards found.
#[derive(Debug)]
pub(crate) enum Verdict {
    Yes(Box<Vouched>),
    No(Box<No>),
}

/// A person for whom every guard said yes just now.
#[derive(Debug)]
pub(crate) struct Vouched {
    pub user: User,
    /// Of her methods those that still count.
    pub methods: Vec<MethodUse>,
    /// The answer to the groups asked.
    pub groups: GroupAnswer,
    /// Home's own automatic-redemption tick.
    pub automatic: bool,
    pub facts: Facts,
    pub access: Access,
}

/// A guard that said no.
#[derive(Debug)]
pub(crate) struct No {
    pub refusal: Refusal,
    pub user: Option<User>,
    pub facts: Option<Facts>,
    pub access: Option<Access>,
}

fn out(code: u32, user: Option<&User>) -> Verdict {
    Verdict::No(Box::new(No {
        refusal: Refusal {
            code,
            side: Side::Home,
            error: OauthError::LoginRequired,
        },
        user: user.cloned(),
        facts: None,
        access: None,
    }))
}

/// Rules 1 to 4.
pub(crate) async fn vouch(cx: &Context, claim: &Claim<'_>) -> Result<Verdict> {
    let snapshot = match cx.app.snapshots().get(cx, claim.home).await {
        Ok(snapshot) if snapshot.tenant.enabled => snapshot,
        Ok(_) | Err(Error::NotFound) => return Ok(out(90_002, None)),
        Err(error) => return Err(error),
    };
    let read = cx.app.store().read();
    let scoped = read.tenant(claim.home);
    let found = scoped.users().find(claim.user).await?;
    let Some(user) = found.filter(|u| u.deleted.is_none() && u.is_local()) else {
        return Ok(out(50_034, None));
    };
    if !user.account_enabled {
        return Ok(out(50_057, Some(&user)));
    }
    let methods: Vec<_> = claim
        .methods
        .iter()
        .filter(|m| m.at >= user.sessions_valid_from)
        .cloned()
        .collect();
    let has_first_factor = methods.iter().any(|m| m.method == "password");
    if !has_first_factor || !session_lives(cx, claim).await? {
        return Ok(out(50_173, Some(&user)));
    }
    let mentioned = snapshot.outbound_groups(&claim.resource);
    let own = &snapshot.access_groups;
    let nothing_asked = mentioned.is_empty() && claim.asked.is_empty() && own.is_empty();
    let all = if nothing_asked {
        BTreeSet::new()
    } else {
        scoped.groups().groups_of(user.id.uuid()).await?
    };
    let of = |asked: &BTreeSet<Uuid>| asked.intersection(&all).copied().collect::<BTreeSet<_>>();
    let evaluated: BTreeSet<Uuid> = mentioned.union(claim.asked).copied().collect();
    let mut facts = facts(cx, claim, &snapshot, &user);
    facts.groups = GroupAnswer {
        member: of(&evaluated),
        evaluated,
    };
    facts.own_groups = of(own);
    facts.own_methods.clone_from(&methods);
    let groups = GroupAnswer {
        evaluated: claim.asked.clone(),
        member: of(claim.asked),
    };
    Ok(judge(
        cx,
        claim,
        Judged {
            snapshot,
            user,
            methods,
            groups,
            facts,
        },
    ))
}

struct Judged {
    snapshot: Arc<Snapshot>,
    user: User,
    methods: Vec<MethodUse>,
    groups: GroupAnswer,
    facts: Facts,
}

/// Rules 3 and 4.
fn judge(cx: &Context, claim: &Claim<'_>, judged: Judged) -> Verdict {
    let registry = cx.app.registry();
    let (snapshot, facts) = (&judged.snapshot, &judged.facts);
    let outer = judge::outer_home(registry, snapshot, &claim.resource);
    let inner = judge::outbound(registry, snapshot, &claim.resource, facts);
    let closed = [outer, inner]
        .into_iter()
        .find_map(|verdict| match verdict {
            GateVerdict::Closed { code, side } => Some((code, side, OauthError::AccessDenied)),
            GateVerdict::NotCounted => Some((500_212, Side::Home, OauthError::AccessDenied)),
            GateVerdict::Open => None,
        });
    let access = judge::access(snapshot, facts);
    let barred = match access.verdict {
        AccessVerdict::Allow => None,
        AccessVerdict::Deny(code) => Some((code, Side::Home, OauthError::LoginRequired)),
        AccessVerdict::Challenge { .. } => Some((50_076, Side::Home, OauthError::LoginRequired)),
    };
    if let Some((code, side, error)) = closed.or(barred) {
        return Verdict::No(Box::new(No {
            refusal: Refusal { code, side, error },
            user: Some(judged.user),
            facts: Some(judged.facts),
            access: closed.is_none().then_some(access),
        }));
    }
    let automatic = judge::automatic_outbound(snapshot, &claim.resource);
    Verdict::Yes(Box::new(Vouched {
        user: judged.user,
        methods: judged.methods,
        groups: judged.groups,
        automatic,
        facts: judged.facts,
        access,
    }))
}

/// Rule 2.
async fn session_lives(cx: &Context, claim: &Claim<'_>) -> Result<bool> {
    let Some(id) = claim.session.filter(|_| claim.session_exp > cx.now) else {
        return Ok(false);
    };
    let read = cx.app.store().read();
    let found = read.cloud().sessions().find(id).await?;
    Ok(found.is_some_and(|(session, _)| {
        let is_hers = |tenant, user| tenant == claim.home && user == claim.user;
        session.expires > cx.now && session.accounts.iter().any(|a| is_hers(a.tenant, a.user))
    }))
}

fn facts(cx: &Context, claim: &Claim<'_>, snapshot: &Snapshot, user: &User) -> Facts {
    Facts {
        at: cx.now,
        side: DecidingSide::Home,
        policy_version: snapshot.version,
        home: Some(HomeTenant {
            cloud: cx.app.registry().own.canonical_name.clone(),
            tenant: claim.home,
        }),
        resource: Some(claim.resource.clone()),
        pair: Some(claim.pair),
        home_user: Some(user.id.uuid()),
        groups: GroupAnswer::default(),
        user: Some(user.id.uuid()),
        user_kind: judge::user_kind(Some(user)).to_owned(),
        own_groups: BTreeSet::new(),
        own_roles: snapshot.roles_of(user.id.uuid()),
        // The leg is a web redirect, as at the sign-in; what waits behind it, the resource knows.
        client_app_type: judge::client_app_type(Platform::Web).as_str().to_owned(),
        platform: judge::platform(claim.user_agent).map(str::to_owned),
        ip_address: (!claim.ip.is_empty()).then(|| claim.ip.to_owned()),
        country: None,
        home_methods: Vec::new(),
        own_methods: Vec::new(),
        device: claim.device.cloned(),
        unpaired: judge::is_unpaired(cx.app.registry(), &claim.resource.cloud),
    }
}
