//! A stored decision, taken again from its facts.
//!
//! 1. The gates of the deciding side come in their order; the first that is closed decides.
//! 2. Conditional Access is asked only when the gates are open.
//! 3. A member of the own tenant passes no gate.
//! 4. Whether the clouds were a pair is the operator's configuration, of which the facts keep what
//!    the decision saw.

use std::borrow::Cow;

use comity_model::{
    cloud::Registry,
    facts::{DecidingSide, Facts},
    sign_in::Side,
};
use comity_policy::sign_in::{AccessVerdict, GateVerdict};

use super::{
    Access, access, inbound, is_unpaired, other_tenant, outbound, outer_home, outer_resource,
};
use crate::snapshot::Snapshot;

/// What the policies of a snapshot make of facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    pub gate: GateVerdict,
    /// Not asked unless the gates are open.
    pub access: Access,
}

impl Again {
    /// The number under which policy refuses, if it does.
    pub const fn code(&self) -> Option<u32> {
        match (self.gate, self.access.verdict) {
            (GateVerdict::Closed { code, .. }, _)
            | (GateVerdict::Open, AccessVerdict::Deny(code)) => Some(code),
            _ => None,
        }
    }

    /// Nothing is refused and nothing is left to earn.
    pub fn is_allowed(&self) -> bool {
        self.gate == GateVerdict::Open && self.access.verdict == AccessVerdict::Allow
    }
}

/// Rules 1 to 4.
pub fn decide(registry: &Registry, snapshot: &Snapshot, facts: &Facts) -> Again {
    let gate = gate(&registry_then(registry, facts), snapshot, facts);
    let access = match gate {
        GateVerdict::Open => access(snapshot, facts),
        _ => Access::not_asked(),
    };
    Again { gate, access }
}

/// Rule 4.
pub(super) fn registry_then<'r>(registry: &'r Registry, facts: &Facts) -> Cow<'r, Registry> {
    let Some(other) = other_tenant(facts) else {
        return Cow::Borrowed(registry);
    };
    if is_unpaired(registry, &other.cloud) == facts.unpaired {
        return Cow::Borrowed(registry);
    }
    let mut then = registry.clone();
    if facts.unpaired {
        then.pairs.remove(&other.cloud);
    } else {
        then.pairs.insert(other.cloud.clone());
    }
    Cow::Owned(then)
}

fn gate(registry: &Registry, snapshot: &Snapshot, facts: &Facts) -> GateVerdict {
    // A crossing whose other side is not known was never decided.
    const UNKNOWN: GateVerdict = GateVerdict::Closed {
        code: 90_002,
        side: Side::Person,
    };
    match (facts.side, &facts.home, &facts.resource) {
        (DecidingSide::Own, _, _) => GateVerdict::Open,
        (DecidingSide::Resource, Some(home), _) => {
            match outer_resource(registry, snapshot, home) {
                // Nobody had spoken for a person yet: there was nothing to ask the inner gate.
                GateVerdict::Open if facts.home_methods.is_empty() => GateVerdict::Open,
                GateVerdict::Open => inbound(registry, snapshot, home, facts),
                closed => closed,
            }
        }
        (DecidingSide::Home, _, Some(resource)) => match outer_home(registry, snapshot, resource) {
            GateVerdict::Open if facts.home_user.is_none() => GateVerdict::Open,
            GateVerdict::Open => outbound(registry, snapshot, resource, facts),
            closed => closed,
        },
        _ => UNKNOWN,
    }
}
