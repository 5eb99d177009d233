//! Answering (cross-cloud-federation.md §4, §7).
//!
//! 1. Whose question it is, the registry and the key say; the asking tenant is that cloud's word.
//! 2. What is not answered is one refusal, after the same work. Our own log tells them apart.
//! 3. The switch stops the second and third question; only a tenant to which both outer gates are
//!    open is told so.
//! 4. A question is answered once; it is counted and recorded, and told only if it was within the
//!    limits.

use std::{collections::BTreeSet, sync::Arc};

use comity_model::{
    cloud::CloudEntry,
    cross_tenant::Setting,
    facts::Facts,
    federation::{GroupAnswer, HomeTenant},
    id::Id,
    name::Upn,
    signing_key::KeyPurpose,
    tenant::Tenant,
    time::Utc,
    user::User,
};
use comity_oauth::{
    SKEW,
    assertion::Groups,
    entity::Purpose,
    jws::{Kind, Unverified},
    question::{
        self, Answer, Ask, AskInvitee, AskReadiness, Expected, Gate, GateAnswer, GateState,
        InviteeAnswer, Question, Refused, Reply, TenantAnswer,
    },
};
use comity_policy::sign_in::GateVerdict;
use comity_store::Tx;
use uuid::Uuid;

use super::{ask, limit::Asker, own_tenant};
use crate::{
    context::Context,
    error::{Error, Result},
    home::{
        Failure, Refused as Told,
        log::{self, Entry},
    },
    judge, partner_configuration,
    snapshot::Snapshot,
};

const LIFE_SECONDS: i64 = 60;
/// Domains that one answer lists.
const MOST_DOMAINS: usize = 1000;

/// A reply with what our log keeps of it.
pub(super) struct Considered {
    pub(super) reply: Reply,
    /// 0, or the number under which the log tells refusals apart.
    code: u32,
    user: Option<User>,
    /// What it was decided on.
    facts: Option<Facts>,
}

impl Considered {
    const fn refused(code: u32) -> Self {
        Self {
            reply: Reply::Refused(Refused::Unknown),
            code,
            user: None,
            facts: None,
        }
    }
}

/// The signed answer to a signed question.
pub async fn answer(cx: &Context, body: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(body).map_err(|_| invalid("not a text"))?;
    let (entry, question) = verify(cx, text).await?;
    let asker = Asker::there(&entry.canonical_name, question.tid);
    let resource = HomeTenant {
        cloud: entry.canonical_name.clone(),
        tenant: Id::new(question.tid),
    };
    let considered = consider(cx, &resource, &question.ask).await?;
    let considered = keep(cx, (&asker, &resource), &question, considered).await?;
    let now = cx.now.seconds();
    let answer = Answer {
        iss: cx.app.registry().own.entity.clone(),
        aud: entry.entity.clone(),
        iat: now,
        exp: now + LIFE_SECONDS,
        jti: question.jti,
        reply: considered.reply,
    };
    let keys = crate::key::fresh(cx).await?;
    let key = keys.active(KeyPurpose::Answer)?;
    Ok(question::answer::sign(&answer, key).map_err(Error::internal)?)
}

fn invalid(why: &str) -> Failure {
    tracing::warn!(why, "a question is refused");
    Failure::Refused(Told::of("invalid_request"))
}

/// Rule 1.
async fn verify<'c>(cx: &'c Context, text: &str) -> Result<(&'c CloudEntry, Question), Failure> {
    let claimed = question::claimed_issuer(text).map_err(|e| invalid(&e.to_string()))?;
    let entry = cx
        .app
        .registry()
        .find_by_entity(&claimed)
        .ok_or_else(|| invalid("not a cloud that this one is paired with"))?;
    let kid = Unverified::parse(text, Kind::Cloud)
        .map_err(|e| invalid(&e.to_string()))?
        .header()
        .kid
        .clone();
    let keys =
        partner_configuration::keys(cx, &entry.canonical_name, Purpose::Question, kid.as_deref())
            .await
            .map_err(|error| match error {
                Error::Upstream { .. } | Error::Denied { .. } => {
                    Failure::Refused(Told::of("temporarily_unavailable"))
                }
                other => Failure::Failed(other),
            })?;
    let expected = Expected {
        issuer: &entry.entity,
        audience: &cx.app.registry().own.entity,
        now: cx.now.seconds(),
    };
    let question = question::verify(text, &keys, &expected).map_err(|e| invalid(&e.to_string()))?;
    Ok((entry, question))
}

/// Rule 4.
async fn keep(
    cx: &Context,
    (asker, resource): (&Asker, &HomeTenant),
    question: &Question,
    considered: Considered,
) -> Result<Considered, Failure> {
    let tx = cx.app.store().begin().await?;
    let until = Utc::from_seconds(question.exp.saturating_add(SKEW));
    let is_new = tx
        .cloud()
        .used_ids()
        .use_once("question", &resource.cloud, &question.jti, until)
        .await?;
    if !is_new {
        return Err(invalid("a question was asked before"));
    }
    let considered = within_limits(cx, &tx, asker, &question.ask, considered).await?;
    let asked = (&question.ask, question.correlation_id);
    record(cx, &tx, resource, asked, &considered).await?;
    tx.commit().await?;
    Ok(considered)
}

/// Counts a question. Beyond the limits it is one more that nothing is told to.
pub(super) async fn within_limits(
    cx: &Context,
    tx: &Tx,
    asker: &Asker,
    question: &Ask,
    mut considered: Considered,
) -> Result<Considered> {
    if asker.take(cx, tx, ask::kind(question)).await?.is_some() {
        considered = Considered::refused(50_196);
    }
    if !matches!(considered.reply, Reply::Refused(_)) {
        asker.answered(cx, tx).await?;
    }
    Ok(considered)
}

/// What the tenant that was asked keeps of a question, if there is such a tenant.
pub(super) async fn record(
    cx: &Context,
    tx: &Tx,
    resource: &HomeTenant,
    (question, correlation_id): (&Ask, Uuid),
    considered: &Considered,
) -> Result<()> {
    let home = Id::new(question.tenant());
    if tx.cloud().find_tenant(home).await?.is_none() {
        return Ok(());
    }
    let row = log::row(
        cx,
        &Entry {
            event: "crossCloudQuestion",
            home,
            resource,
            correlation_id,
            pair: None,
            app_name: "",
            user: considered.user.as_ref(),
            code: considered.code,
            facts: considered.facts.as_ref(),
            access: None,
            detail: Some(ask::detail(question)),
        },
    );
    Ok(tx.tenant(home).sign_in_records().insert(&row).await?)
}

/// What is answered to a question of another tenant, without counting it.
pub(super) async fn consider(cx: &Context, asker: &HomeTenant, ask: &Ask) -> Result<Considered> {
    match ask {
        Ask::Tenant(ask) => match own_tenant(cx, Id::new(ask.id)).await {
            Ok(mut found) => {
                found.domains.truncate(MOST_DOMAINS);
                Ok(Considered {
                    reply: Reply::Tenant(TenantAnswer {
                        tenant_id: ask.id,
                        display_name: comity_oauth::text::clean(&found.display_name, 64),
                        default_domain_name: found.default_domain_name,
                        domains: found.domains,
                    }),
                    code: 0,
                    user: None,
                    facts: None,
                })
            }
            Err(Error::NotFound) => Ok(Considered::refused(90_002)),
            Err(error) => Err(error),
        },
        Ask::Invitee(ask) => invitee(cx, asker, ask).await,
        Ask::Readiness(ask) => readiness(cx, asker, ask).await,
    }
}

async fn snapshot(cx: &Context, tenant: uuid::Uuid) -> Result<Option<Arc<Snapshot>>> {
    match cx.app.snapshots().get(cx, Id::new(tenant)).await {
        Ok(snapshot) if snapshot.tenant.enabled => Ok(Some(snapshot)),
        Ok(_) | Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Rule 3: how the switch is told, if it is off. It stands between clouds, not within one.
fn switch(cx: &Context, snapshot: &Snapshot, asker: &HomeTenant) -> Option<Considered> {
    if snapshot.tenant.worker_enabled || asker.cloud == cx.app.registry().own.canonical_name {
        return None;
    }
    let reply = match judge::outer_gates(snapshot, asker) {
        (true, true) => Refused::Switch,
        _ => Refused::Unknown,
    };
    Some(Considered {
        reply: Reply::Refused(reply),
        code: 500_212,
        user: None,
        facts: None,
    })
}

/// Rule 2: the person and her groups are looked up before anything is decided.
async fn invitee(cx: &Context, asker: &HomeTenant, ask: &AskInvitee) -> Result<Considered> {
    let home = Id::new(ask.tenant_id);
    let (found, all) = person(cx, home, &ask.upn).await?;
    let Some(snapshot) = snapshot(cx, ask.tenant_id).await? else {
        return Ok(Considered::refused(90_002));
    };
    if let Some(off) = switch(cx, &snapshot, asker) {
        return Ok(off);
    }
    let registry = cx.app.registry();
    if let GateVerdict::Closed { code, .. } = judge::outer_home(registry, &snapshot, asker) {
        return Ok(Considered {
            facts: Some(log::outer_facts(cx, &snapshot, asker, None)),
            ..Considered::refused(code)
        });
    }
    let Some(user) = found.filter(|u| u.deleted.is_none()) else {
        return Ok(Considered::refused(50_034));
    };
    let mentioned = snapshot.outbound_groups(asker);
    let groups = GroupAnswer {
        member: mentioned.intersection(&all).copied().collect(),
        evaluated: mentioned,
    };
    let facts = Facts {
        user: Some(user.id.uuid()),
        home_user: Some(user.id.uuid()),
        user_kind: judge::user_kind(Some(&user)).to_owned(),
        groups,
        ..log::outer_facts(cx, &snapshot, asker, None)
    };
    let verdict = judge::outbound(registry, &snapshot, asker, &facts);
    if let Some(code) = refusal(&user, verdict) {
        return Ok(Considered {
            user: Some(user),
            facts: Some(facts),
            ..Considered::refused(code)
        });
    }
    Ok(Considered {
        reply: Reply::Invitee(InviteeAnswer {
            tenant_id: ask.tenant_id,
            object_id: user.id.uuid(),
            user_principal_name: user.upn.clone(),
            groups: Groups {
                evaluated: ask.groups.clone(),
                member: ask.groups.intersection(&all).copied().collect(),
            },
        }),
        code: 0,
        user: Some(user),
        facts: Some(facts),
    })
}

/// Who has that name, with her groups; nobody costs as much.
async fn person(
    cx: &Context,
    home: Id<Tenant>,
    name: &str,
) -> Result<(Option<User>, BTreeSet<uuid::Uuid>)> {
    let read = cx.app.store().read();
    let scoped = read.tenant(home);
    let found = match Upn::parse(name) {
        Ok(upn) => scoped.users().find_by_upn(&upn).await?,
        Err(_) => None,
    };
    let id = found
        .as_ref()
        .map_or_else(|| cx.new_uuid(), |u| u.id.uuid());
    let groups = scoped.groups().groups_of(id).await?;
    Ok((found, groups))
}

/// Why the person cannot be invited, or `None`.
fn refusal(user: &User, outbound: GateVerdict) -> Option<u32> {
    if !user.is_local() {
        return Some(50_020);
    }
    if !user.account_enabled {
        return Some(50_057);
    }
    match outbound {
        GateVerdict::Open => None,
        GateVerdict::NotCounted => Some(500_212),
        GateVerdict::Closed { code, .. } => Some(code),
    }
}

/// The outer gates, and to a partner whether anybody comes through in each direction.
async fn readiness(cx: &Context, asker: &HomeTenant, ask: &AskReadiness) -> Result<Considered> {
    let Some(snapshot) = snapshot(cx, ask.tenant_id).await? else {
        return Ok(Considered::refused(90_002));
    };
    if let Some(off) = switch(cx, &snapshot, asker) {
        return Ok(off);
    }
    let state = |open| {
        if open {
            GateState::Open
        } else {
            GateState::Closed
        }
    };
    let (cloud, partner) = judge::outer_gates(&snapshot, asker);
    // A refused push shows the first closed gate and nothing behind it.
    let partner_state = if cloud {
        state(partner)
    } else {
        GateState::Unknown
    };
    let mut gates = vec![(Gate::Cloud, state(cloud)), (Gate::Partner, partner_state)];
    if cloud && partner {
        let open = |setting| state(judge::is_open(&snapshot, setting, asker));
        gates.push((Gate::Inbound, open(Setting::B2bCollaborationInbound)));
        gates.push((Gate::Outbound, open(Setting::B2bCollaborationOutbound)));
    }
    if ask.application.is_some() {
        // No tenant has opted in to more.
        gates.push((Gate::Application, GateState::Unknown));
    }
    let gates = gates
        .into_iter()
        .map(|(gate, state)| GateAnswer { gate, state });
    Ok(Considered {
        reply: Reply::Gates(gates.collect()),
        code: 0,
        user: None,
        facts: None,
    })
}
