//! *Is the other side ready?* (cross-cloud-federation.md §4).

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use comity_model::{federation::HomeTenant, id::Id, tenant::Tenant, time::Utc};
use comity_oauth::question::{Ask, AskReadiness, Gate, GateAnswer, GateState, Reply, Role};

use crate::{context::Context, error::Result, partner_configuration};

/// An answer is shown this long.
const FRESH_SECONDS: i64 = 60;
/// More answers than this are not kept.
const MOST: usize = 1024;

/// The other side's gates towards the asking tenant, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    pub cloud: GateState,
    pub partner: GateState,
    pub inbound: GateState,
    pub outbound: GateState,
}

impl Readiness {
    fn of(gates: &[GateAnswer]) -> Self {
        let state = |gate| {
            let told = gates.iter().find(|answer| answer.gate == gate);
            told.map_or(GateState::Unknown, |answer| answer.state)
        };
        Self {
            cloud: state(Gate::Cloud),
            partner: state(Gate::Partner),
            inbound: state(Gate::Inbound),
            outbound: state(Gate::Outbound),
        }
    }
}

type Key = (Id<Tenant>, String, Id<Tenant>, Role);

/// The last answers.
#[derive(Default)]
pub struct ReadinessCache(Mutex<BTreeMap<Key, (Utc, Readiness)>>);

impl ReadinessCache {
    fn find(&self, key: &Key, now: Utc) -> Option<Readiness> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, readiness) = known.get(key)?;
        (now.seconds_since(*at) < FRESH_SECONDS).then_some(*readiness)
    }

    fn keep(&self, key: Key, now: Utc, readiness: Readiness) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (at, _)| now.seconds_since(*at) < FRESH_SECONDS);
        if known.len() < MOST {
            known.insert(key, (now, readiness));
        }
    }
}

/// The state of the other side, at most a minute old. `role` is the part that it would play.
pub async fn readiness(cx: &Context, other: &HomeTenant, role: Role) -> Result<Readiness> {
    let key = (cx.tenant()?, other.cloud.clone(), other.tenant, role);
    match cx.app.partners().readiness().find(&key, cx.now) {
        Some(known) => Ok(known),
        None => ask(cx, other, role).await,
    }
}

/// Asks now.
pub(super) async fn ask(cx: &Context, other: &HomeTenant, role: Role) -> Result<Readiness> {
    let entry = partner_configuration::partner(cx, &other.cloud)?;
    let question = Ask::Readiness(AskReadiness {
        tenant_id: other.tenant.uuid(),
        role,
        application: None,
        group: None,
    });
    let readiness = match super::ask::ask(cx, entry, question).await? {
        Reply::Gates(gates) => Readiness::of(&gates),
        _ => Readiness::of(&[]),
    };
    let key = (cx.tenant()?, other.cloud.clone(), other.tenant, role);
    cx.app.partners().readiness().keep(key, cx.now, readiness);
    Ok(readiness)
}
