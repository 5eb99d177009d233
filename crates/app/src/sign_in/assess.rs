//! What is true now about a sign-in: read from snapshots and rows, judged by the pure policy.

use std::{collections::BTreeSet, sync::Arc};

use comity_model::{
    application::Platform,
    facts::{DecidingSide, Facts},
    federation::{ApplicationPair, AssertionFacts, HomeTenant, PushedCrossing, WantedAcr},
    session::MethodUse,
    sign_in::{Prompt, Purpose, SignInData, Subject},
    user::{ExternalIdentity, ExternalUserState, User},
    well_known,
};
use comity_oauth::SKEW;
use comity_policy::sign_in::{AccessVerdict, Account, GateVerdict, Situation};

use super::{Active, Browser, counted_methods, prompt_of};
use crate::{
    context::Context,
    error::Result,
    judge::{self, Access},
    snapshot::Snapshot,
};

/// A first factor, or an assertion, vouches for an enrolment this long.
const ENROL_SECONDS: i64 = 600;

/// What is true now, and what it was read from.
#[derive(Debug)]
pub struct Assessment {
    pub situation: Situation,
    /// The tenant of the active record; none on the common endpoint.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The account in that tenant, as far as it may be known.
    pub user: Option<User>,
    /// Methods that count in that tenant.
    pub methods: Vec<MethodUse>,
    pub facts: Option<Facts>,
    pub access: Access,
}

/// Assesses the active record.
pub async fn assess(cx: &Context, active: &Active) -> Result<Assessment> {
    assess_record(cx, active.sign_in.data.active(), &active.browser).await
}

/// Assesses one record, also one that waits for its home leg.
pub(super) async fn assess_record(
    cx: &Context,
    data: &SignInData,
    browser: &Browser,
) -> Result<Assessment> {
    let Some(tenant) = data.tenant else {
        return Ok(unknown_tenant(cx, data, browser));
    };
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    match &data.subject {
        None => Ok(nobody(cx, data, browser, snapshot)),
        Some(Subject::Local { user }) => {
            let user = match user {
                Some(id) => {
                    cx.app
                        .store()
                        .read()
                        .tenant(tenant)
                        .users()
                        .find(*id)
                        .await?
                }
                None => None,
            };
            local(cx, data, browser, snapshot, user).await
        }
        Some(Subject::External { home, expected }) => {
            external(cx, data, browser, snapshot, home, *expected).await
        }
    }
}

fn blank(cx: &Context, data: &SignInData) -> Situation {
    let legs = data.crossing.as_ref().map_or(0, |c| c.attempt);
    Situation {
        now: cx.now,
        prompt: prompt_of(data),
        session_accounts: 0,
        first_factor: false,
        account: None,
        outer: GateVerdict::Open,
        inner: GateVerdict::Open,
        access: AccessVerdict::Allow,
        asserted: false,
        home_known: false,
        same_cloud: false,
        legs,
        automatic: false,
        granted: true,
        stale: false,
        expected_person: true,
        wanted_met: true,
        released: false,
    }
}

fn unknown_tenant(cx: &Context, data: &SignInData, browser: &Browser) -> Assessment {
    let mut situation = blank(cx, data);
    if !data.another {
        situation.session_accounts = browser.offered(data).count();
    }
    Assessment {
        situation,
        snapshot: None,
        user: None,
        methods: Vec::new(),
        facts: None,
        access: Access::not_asked(),
    }
}

fn nobody(
    cx: &Context,
    data: &SignInData,
    browser: &Browser,
    snapshot: Arc<Snapshot>,
) -> Assessment {
    let mut situation = blank(cx, data);
    if !data.another {
        situation.session_accounts = browser.offered(data).count();
    }
    Assessment {
        situation,
        snapshot: Some(snapshot),
        user: None,
        methods: Vec::new(),
        facts: None,
        access: Access::not_asked(),
    }
}

/// The application pair that a record is about.
pub(crate) fn pair_of(data: &SignInData) -> ApplicationPair {
    match &data.purpose {
        Purpose::Application(request) => request.pair,
        Purpose::Crossing { pushed, .. } => pushed.details.pair,
        Purpose::Redemption { .. } => ApplicationPair {
            client: well_known::MY_APPS,
            resource: well_known::MY_APPS,
        },
    }
}

/// What the client registered its redirect URI as. To home an application of another tenant is a
/// page of that tenant; what kind of client waits behind it, the other side alone knows.
pub(crate) fn platform_of(data: &SignInData) -> Platform {
    match &data.purpose {
        Purpose::Application(request) => request.platform,
        Purpose::Crossing { .. } | Purpose::Redemption { .. } => Platform::Web,
    }
}

async fn local(
    cx: &Context,
    data: &SignInData,
    browser: &Browser,
    snapshot: Arc<Snapshot>,
    user: Option<User>,
) -> Result<Assessment> {
    let mut situation = blank(cx, data);
    let user = user.filter(|u| u.deleted.is_none() && u.is_local());
    let valid_from = user.as_ref().map_or(cx.now, |u| u.sessions_valid_from);
    let methods = counted_methods(data, browser, valid_from);
    let password = methods.iter().find(|m| m.method == "password");
    situation.first_factor = password.is_some_and(|m| is_young(cx, data, m));
    let Some(user) = user.filter(|_| situation.first_factor) else {
        return Ok(Assessment {
            situation,
            snapshot: Some(snapshot),
            user: None,
            methods,
            facts: None,
            access: Access::not_asked(),
        });
    };
    let may_enrol = password.is_some_and(|m| cx.now.seconds_since(m.at) <= ENROL_SECONDS);
    let own_groups = groups(cx, &snapshot, &user).await?;
    let mut facts = facts(cx, data, &snapshot, Some(&user), &methods);
    if let Purpose::Application(_) = data.purpose {
        facts.own_methods = young(cx, data, &methods);
    }
    facts.own_groups.clone_from(&own_groups);
    if let Purpose::Crossing { pushed, .. } = &data.purpose {
        at_home(
            cx,
            data,
            pushed,
            &snapshot,
            &user,
            &mut situation,
            &mut facts,
        )
        .await?;
    }
    let access = judge::access(&snapshot, &facts);
    situation.access = own_second_factor(access.verdict, data, &facts.own_methods);
    situation.account = Some(account(cx, data, &snapshot, &user, may_enrol, &situation).await?);
    situation.granted = judge::granted(&snapshot, data, Some(user.id));
    Ok(Assessment {
        situation,
        snapshot: Some(snapshot),
        user: Some(user),
        methods,
        facts: Some(facts),
        access,
    })
}

/// How old a proof may be for whoever asked: an application, or another tenant on its behalf. A limit
/// applies to the password, and where a second factor is asked to the oldest of both (§3.9).
fn max_age(data: &SignInData) -> Option<i64> {
    match &data.purpose {
        Purpose::Application(request) => request.max_age,
        Purpose::Crossing { pushed, .. } => pushed.max_age,
        Purpose::Redemption { .. } => None,
    }
}

/// Whether a proof is as young as was asked. What was proven in this very sign-in is: the next step
/// would ask for it again, and again.
fn is_young(cx: &Context, data: &SignInData, used: &MethodUse) -> bool {
    max_age(data).is_none_or(|age| cx.now.seconds_since(used.at) <= age)
        || data.proven.contains(used)
}

fn young(cx: &Context, data: &SignInData, methods: &[MethodUse]) -> Vec<MethodUse> {
    let counted = methods.iter().filter(|m| is_young(cx, data, m));
    counted.cloned().collect()
}

/// Home's proofs that were as young as was asked when the leg began; those made in it are. The
/// other cloud's clock may differ.
fn young_at_home(data: &SignInData, methods: &[MethodUse]) -> Vec<MethodUse> {
    let began = data.crossing.as_ref().map(|c| c.started);
    let limit = began.zip(max_age(data));
    let is_young = |m: &&MethodUse| {
        limit.is_none_or(|(began, age)| began.seconds_since(m.at) <= age.saturating_add(SKEW))
    };
    methods.iter().filter(is_young).cloned().collect()
}

/// A request that wants a second factor is answered with one, whatever the policies ask.
fn own_second_factor(
    verdict: AccessVerdict,
    data: &SignInData,
    methods: &[MethodUse],
) -> AccessVerdict {
    let wanted = matches!(&data.purpose, Purpose::Application(r) if r.wants_mfa);
    if wanted && verdict == AccessVerdict::Allow && !judge::is_multi_factor(methods) {
        return AccessVerdict::Challenge {
            at_home: false,
            here: true,
        };
    }
    verdict
}

/// The rules of home: H1 to H3, the person asked for, wanted controls with their age, the release.
#[expect(clippy::too_many_arguments, reason = "each is a fact of its own")]
async fn at_home(
    cx: &Context,
    data: &SignInData,
    pushed: &PushedCrossing,
    snapshot: &Snapshot,
    user: &User,
    situation: &mut Situation,
    facts: &mut Facts,
) -> Result<()> {
    let resource = HomeTenant {
        cloud: pushed.resource_cloud.clone(),
        tenant: pushed.details.resource_tenant,
    };
    let registry = cx.app.registry();
    situation.outer = judge::outer_home(registry, snapshot, &resource);
    let mentioned = snapshot.outbound_groups(&resource);
    let all = cx
        .app
        .store()
        .read()
        .tenant(snapshot.tenant.id)
        .groups()
        .groups_of(user.id.uuid())
        .await?;
    facts.groups.member = mentioned
        .union(&pushed.details.groups)
        .filter(|g| all.contains(*g))
        .copied()
        .collect();
    facts.groups.evaluated = mentioned.union(&pushed.details.groups).copied().collect();
    situation.inner = judge::outbound(registry, snapshot, &resource, facts);
    situation.expected_person = pushed.expected_sub.is_none_or(|sub| sub == user.id);
    situation.wanted_met = wanted_met(cx, data, pushed.acr, &facts.own_methods);
    let ticked = judge::automatic_outbound(snapshot, &resource);
    let proven_here = data.proven.iter().any(|m| m.method == "password");
    situation.released = ticked
        || proven_here
        || cx
            .app
            .store()
            .read()
            .tenant(snapshot.tenant.id)
            .releases()
            .find(user.id, &resource.cloud, resource.tenant)
            .await?
            .is_some();
    Ok(())
}

/// Whether the wanted controls are met, each factor young enough.
fn wanted_met(cx: &Context, data: &SignInData, acr: WantedAcr, methods: &[MethodUse]) -> bool {
    match acr {
        WantedAcr::Any => true,
        WantedAcr::Mfa => judge::is_multi_factor(&young(cx, data, methods)),
        WantedAcr::PhishingResistant => judge::is_phishing_resistant(methods),
    }
}

async fn external(
    cx: &Context,
    data: &SignInData,
    browser: &Browser,
    snapshot: Arc<Snapshot>,
    home: &HomeTenant,
    expected: Option<comity_model::id::Id<User>>,
) -> Result<Assessment> {
    let mut situation = blank(cx, data);
    let registry = cx.app.registry();
    situation.same_cloud = home.cloud == registry.own.canonical_name;
    situation.outer = judge::outer_resource(registry, &snapshot, home);
    situation.home_known = data.session_sid.is_some();
    let asserted = data.assertion.as_ref().filter(|a| {
        a.identity.cloud == home.cloud
            && a.identity.tenant == home.tenant
            && expected.is_none_or(|e| e == a.identity.object)
    });
    let Some(assertion) = asserted else {
        let mut facts = facts(cx, data, &snapshot, None, &[]);
        facts.home = Some(home.clone());
        facts.unpaired = judge::is_unpaired(registry, &home.cloud);
        facts.home_user = expected.map(comity_model::id::Id::uuid);
        return Ok(Assessment {
            situation,
            snapshot: Some(snapshot),
            user: None,
            methods: Vec::new(),
            facts: Some(facts),
            access: Access::not_asked(),
        });
    };
    situation.asserted = true;
    asserted_guest(cx, data, browser, snapshot, assertion, situation).await
}

async fn asserted_guest(
    cx: &Context,
    data: &SignInData,
    browser: &Browser,
    snapshot: Arc<Snapshot>,
    assertion: &AssertionFacts,
    mut situation: Situation,
) -> Result<Assessment> {
    let user = find_guest(cx, &snapshot, &assertion.identity).await?;
    let valid_from = user.as_ref().map_or(cx.now, |u| u.sessions_valid_from);
    let mut methods = counted_methods(data, browser, valid_from);
    // A guest's first factor is home's; nothing but a second factor counts here.
    methods.retain(|m| m.method != "password");
    let mut facts = facts(
        cx,
        data,
        &snapshot,
        user.as_ref(),
        &young(cx, data, &methods),
    );
    let home = HomeTenant {
        cloud: assertion.identity.cloud.clone(),
        tenant: assertion.identity.tenant,
    };
    facts.home_user = Some(assertion.identity.object.uuid());
    facts.groups = assertion.groups.clone();
    facts.home_methods = young_at_home(data, &assertion.methods);
    facts.device.clone_from(&assertion.device);
    facts.side = DecidingSide::Resource;
    situation.inner = judge::inbound(cx.app.registry(), &snapshot, &home, &facts);
    situation.automatic =
        judge::automatic_inbound(&snapshot, &home) && assertion.automatic_redemption;
    facts.unpaired = judge::is_unpaired(cx.app.registry(), &home.cloud);
    facts.home = Some(home);
    let Some(user) = user else {
        return Ok(Assessment {
            situation,
            snapshot: Some(snapshot),
            user: None,
            methods,
            facts: Some(facts),
            access: Access::not_asked(),
        });
    };
    // What home said before the guest's sessions were ended here counts no more.
    let asked = data.crossing.as_ref().map(|c| c.started);
    situation.stale = asked.is_none_or(|at| at < user.sessions_valid_from);
    facts.own_groups = groups(cx, &snapshot, &user).await?;
    let access = judge::access(&snapshot, &facts);
    let verdict = wanted_of_guest(&snapshot, data, &facts, access.verdict);
    situation.access = privileged_guest(&facts, verdict);
    let may_enrol = cx.now.seconds_since(assertion.confirmed) <= ENROL_SECONDS;
    situation.account = Some(account(cx, data, &snapshot, &user, may_enrol, &situation).await?);
    situation.granted = judge::granted(&snapshot, data, Some(user.id));
    Ok(Assessment {
        situation,
        snapshot: Some(snapshot),
        user: Some(user),
        methods,
        facts: Some(facts),
        access,
    })
}

/// A second factor that the application itself wants of a guest: earned at home if home is trusted
/// for it, else here (federation §3.9).
fn wanted_of_guest(
    snapshot: &Snapshot,
    data: &SignInData,
    facts: &Facts,
    verdict: AccessVerdict,
) -> AccessVerdict {
    let wanted = matches!(&data.purpose, Purpose::Application(r) if r.wants_mfa);
    if !wanted || verdict != AccessVerdict::Allow {
        return verdict;
    }
    let trusted = facts
        .home
        .as_ref()
        .is_some_and(|home| judge::trusts_mfa(snapshot, home));
    let own = facts.own_methods.iter();
    let here = own.clone().any(|m| judge::is_possession(&m.method));
    if here || (trusted && judge::is_multi_factor(&facts.home_methods)) {
        return verdict;
    }
    AccessVerdict::Challenge {
        at_home: trusted,
        here: !trusted,
    }
}

/// A guest who holds a privileged role proves a second factor of this tenant (federation §2).
fn privileged_guest(facts: &Facts, verdict: AccessVerdict) -> AccessVerdict {
    let privileged = facts
        .own_roles
        .iter()
        .any(|r| well_known::role::is_privileged(*r));
    let own_factor = facts
        .own_methods
        .iter()
        .any(|m| judge::is_possession(&m.method));
    match verdict {
        AccessVerdict::Deny(code) => AccessVerdict::Deny(code),
        _ if privileged && !own_factor => AccessVerdict::Challenge {
            at_home: false,
            here: true,
        },
        other => other,
    }
}

/// The guest object linked to a person, if it is not deleted. Matched by (cloud, tenant, object)
/// and by nothing else.
pub(crate) async fn find_guest(
    cx: &Context,
    snapshot: &Snapshot,
    identity: &ExternalIdentity,
) -> Result<Option<User>> {
    let found = cx
        .app
        .store()
        .read()
        .tenant(snapshot.tenant.id)
        .users()
        .find_external(identity)
        .await?;
    Ok(found.filter(|u| u.deleted.is_none()))
}

async fn account(
    cx: &Context,
    data: &SignInData,
    snapshot: &Snapshot,
    user: &User,
    may_enrol: bool,
    situation: &Situation,
) -> Result<Account> {
    // Factors are read only when one may be asked for.
    let may_ask = !situation.wanted_met || situation.access != AccessVerdict::Allow;
    let read = cx.app.store().read();
    let has_factor = may_ask
        && !read
            .tenant(snapshot.tenant.id)
            .factors()
            .list(user.id)
            .await?
            .is_empty();
    Ok(Account {
        enabled: user.account_enabled && snapshot.tenant.enabled,
        pending: user
            .external
            .as_ref()
            .is_some_and(|e| e.state == ExternalUserState::PendingAcceptance),
        assigned: judge::assigned(cx, snapshot, data, user).await?,
        has_factor,
        may_enrol,
    })
}

/// The person's groups in this tenant, transitively, as far as Conditional Access mentions any.
async fn groups(cx: &Context, snapshot: &Snapshot, user: &User) -> Result<BTreeSet<uuid::Uuid>> {
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

fn facts(
    cx: &Context,
    data: &SignInData,
    snapshot: &Snapshot,
    user: Option<&User>,
    methods: &[MethodUse],
) -> Facts {
    let own = HomeTenant {
        cloud: cx.app.registry().own.canonical_name.clone(),
        tenant: snapshot.tenant.id,
    };
    let (side, home, resource) = match &data.purpose {
        Purpose::Crossing { pushed, .. } => (
            DecidingSide::Home,
            Some(own),
            Some(HomeTenant {
                cloud: pushed.resource_cloud.clone(),
                tenant: pushed.details.resource_tenant,
            }),
        ),
        _ if matches!(data.subject, Some(Subject::External { .. })) => {
            (DecidingSide::Resource, None, Some(own))
        }
        _ => (DecidingSide::Own, Some(own.clone()), Some(own)),
    };
    Facts {
        at: cx.now,
        side,
        policy_version: snapshot.version,
        home,
        resource,
        pair: Some(match &data.purpose {
            Purpose::Application(r) => judge::judged_pair(r.pair, &r.scopes),
            _ => pair_of(data),
        }),
        home_user: user.filter(|u| u.is_local()).map(|u| u.id.uuid()),
        groups: comity_model::federation::GroupAnswer::default(),
        user: user.map(|u| u.id.uuid()),
        user_kind: judge::user_kind(user).to_owned(),
        own_groups: BTreeSet::new(),
        own_roles: user
            .map(|u| snapshot.roles_of(u.id.uuid()))
            .unwrap_or_default(),
        client_app_type: judge::client_app_type(platform_of(data))
            .as_str()
            .to_owned(),
        platform: judge::platform(&cx.client.user_agent).map(str::to_owned),
        ip_address: (!cx.client.ip.is_empty()).then(|| cx.client.ip.clone()),
        country: None,
        home_methods: Vec::new(),
        own_methods: methods.to_vec(),
        device: None,
        unpaired: match &data.purpose {
            Purpose::Crossing { pushed, .. } => {
                judge::is_unpaired(cx.app.registry(), &pushed.resource_cloud)
            }
            _ => false,
        },
    }
}

/// Whether the request may draw at all.
pub(crate) fn is_silent(data: &SignInData) -> bool {
    prompt_of(data) == Prompt::None
}
