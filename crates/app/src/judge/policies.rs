//! A tenant's policies, compiled once per version, and the gates asked of them.

use std::collections::BTreeSet;

use comity_model::{
    cloud::Registry,
    cross_tenant::{CrossTenantAccessPolicy, CrossTenantPartner, Setting},
    decision::{Decision, Denial, Gate, Rule, code},
    facts::Facts,
    federation::HomeTenant,
    guest_type::GuestType,
    sign_in::Side,
};
use comity_policy::{
    cross_tenant::{CompiledPolicy, Groups, Subject, Target, TenantKey},
    gate::{self, Crossing},
    sign_in::GateVerdict,
};
use comity_store::snapshot::SnapshotRows;
use serde_json::Value;
use uuid::Uuid;

use super::{Access, conditional_access::AccessPolicies};
use crate::{
    error::{Error, Result},
    snapshot::Snapshot,
};

/// Compiled policies of one tenant.
#[derive(Debug)]
pub struct Policies {
    cross_tenant: CompiledPolicy,
    access: AccessPolicies,
}

impl Policies {
    /// Compiles what the store holds. A document that cannot be read is a defect, never a gap.
    pub(crate) fn compile(rows: &SnapshotRows) -> Result<Self> {
        let policy = read_policy(rows.cross_tenant_policy.as_deref(), rows)?;
        Ok(Self {
            cross_tenant: CompiledPolicy::compile(&policy),
            access: AccessPolicies::compile(rows)?,
        })
    }

    /// The compiled cross-tenant policy, for readers that show it.
    pub const fn cross_tenant(&self) -> &CompiledPolicy {
        &self.cross_tenant
    }

    /// Home groups that the inbound policy for a tenant mentions.
    pub fn inbound_groups(&self, home: &HomeTenant) -> BTreeSet<Uuid> {
        self.cross_tenant.groups_mentioned(key(home))
    }

    /// Own groups that the outbound policy for a tenant mentions.
    pub fn outbound_groups(&self, resource: &HomeTenant) -> BTreeSet<Uuid> {
        self.cross_tenant.own_groups_mentioned(key(resource))
    }

    /// Own groups that Conditional Access mentions.
    pub fn access_groups(&self) -> BTreeSet<Uuid> {
        self.access.groups()
    }

    /// Conditional Access over facts.
    pub fn access(&self, facts: &Facts) -> Access {
        let trust = match super::other_tenant(facts) {
            Some(home) if facts.side == comity_model::facts::DecidingSide::Resource => {
                self.cross_tenant.trust(key(home))
            }
            _ => comity_policy::trust::Trust::OWN,
        };
        self.access.evaluate(facts, trust)
    }
}

/// The cross-tenant policy as one document: root with default, and the partners with their clouds.
pub fn read_policy(root: Option<&str>, rows: &SnapshotRows) -> Result<CrossTenantAccessPolicy> {
    let mut policy = match root {
        Some(text) => {
            let value: Value = serde_json::from_str(text).map_err(Error::internal)?;
            CrossTenantAccessPolicy::from_graph(&value)
                .map_err(|e| Error::internal(e.to_string()))?
        }
        None => CrossTenantAccessPolicy::default(),
    };
    for row in &rows.partners {
        let value: Value = serde_json::from_str(&row.document).map_err(Error::internal)?;
        let mut partner =
            CrossTenantPartner::from_graph(&value).map_err(|e| Error::internal(e.to_string()))?;
        partner.tenant_id = row.tenant.uuid();
        partner.cloud = Some(row.cloud.clone());
        policy.partners.push(partner);
    }
    Ok(policy)
}

pub(super) fn key(tenant: &HomeTenant) -> TenantKey<'_> {
    TenantKey {
        cloud: &tenant.cloud,
        tenant: tenant.tenant.uuid(),
    }
}

fn own(registry: &Registry, snapshot: &Snapshot) -> HomeTenant {
    HomeTenant {
        cloud: registry.own.canonical_name.clone(),
        tenant: snapshot.tenant.id,
    }
}

fn verdict(decision: &Decision) -> GateVerdict {
    match decision.denial {
        Some(_) if decision.needs_another_leg => GateVerdict::NotCounted,
        Some(denial) => GateVerdict::Closed {
            code: denial.code,
            side: denial.side,
        },
        None => GateVerdict::Open,
    }
}

fn target(facts: &Facts) -> Target {
    facts.pair.map_or(Target::Unknown, Target::Known)
}

fn kind(facts: &Facts) -> GuestType {
    GuestType::parse(&facts.user_kind).unwrap_or(GuestType::B2bCollaborationGuest)
}

/// Gates 1 to 3 of a resource tenant towards a home.
pub fn outer_resource(registry: &Registry, snapshot: &Snapshot, home: &HomeTenant) -> GateVerdict {
    verdict(&decide_outer_resource(registry, snapshot, home))
}

/// Gates 1 to 3 with their reasons.
pub fn decide_outer_resource(
    registry: &Registry,
    snapshot: &Snapshot,
    home: &HomeTenant,
) -> Decision {
    let own = own(registry, snapshot);
    let crossing = Crossing {
        home: key(home),
        resource: key(&own),
        kind: GuestType::B2bCollaborationGuest,
    };
    gate::judge_resource_outer(
        &snapshot.policies.cross_tenant,
        &crossing,
        registry.is_paired(&home.cloud),
    )
}

/// Gates 4 and 5 of a home tenant towards a resource, its switch included.
pub fn outer_home(registry: &Registry, snapshot: &Snapshot, resource: &HomeTenant) -> GateVerdict {
    let own = own(registry, snapshot);
    if resource.cloud != own.cloud && !registry.is_paired(&resource.cloud) {
        return GateVerdict::Closed {
            code: 90_038,
            side: Side::Home,
        };
    }
    let crossing = Crossing {
        home: key(&own),
        resource: key(resource),
        kind: GuestType::B2bCollaborationGuest,
    };
    let decision = gate::judge_home_outer(&snapshot.policies.cross_tenant, &crossing);
    match verdict(&decision) {
        // The switch shows only to those to whom both gates are open.
        GateVerdict::Open if resource.cloud != own.cloud && !snapshot.tenant.worker_enabled => {
            GateVerdict::Closed {
                code: 500_212,
                side: Side::Home,
            }
        }
        verdict => verdict,
    }
}

/// Gate 7: the resource's inbound settings over the facts of the person.
pub fn inbound(
    registry: &Registry,
    snapshot: &Snapshot,
    home: &HomeTenant,
    facts: &Facts,
) -> GateVerdict {
    verdict(&decide_inbound(registry, snapshot, home, facts))
}

/// Gate 7 with its reasons.
pub fn decide_inbound(
    registry: &Registry,
    snapshot: &Snapshot,
    home: &HomeTenant,
    facts: &Facts,
) -> Decision {
    let own = own(registry, snapshot);
    let crossing = Crossing {
        home: key(home),
        resource: key(&own),
        kind: kind(facts),
    };
    let subject = Subject {
        user: facts.home_user.unwrap_or_default(),
        groups: Groups::Answered(&facts.groups),
    };
    gate::judge_resource_inbound(
        &snapshot.policies.cross_tenant,
        &crossing,
        &subject,
        target(facts),
    )
}

/// Gate 6 with the outer ones: home's outbound settings over the facts of the person.
pub fn outbound(
    registry: &Registry,
    snapshot: &Snapshot,
    resource: &HomeTenant,
    facts: &Facts,
) -> GateVerdict {
    verdict(&decide_outbound(registry, snapshot, resource, facts))
}

fn decide_outbound(
    registry: &Registry,
    snapshot: &Snapshot,
    resource: &HomeTenant,
    facts: &Facts,
) -> Decision {
    let own = own(registry, snapshot);
    let crossing = Crossing {
        home: key(&own),
        resource: key(resource),
        kind: GuestType::B2bCollaborationGuest,
    };
    let subject = Subject {
        user: facts.home_user.unwrap_or_default(),
        groups: Groups::Answered(&facts.groups),
    };
    gate::judge_home(
        &snapshot.policies.cross_tenant,
        &crossing,
        &subject,
        target(facts),
    )
}

/// Everything home judges, with its reasons; the outer gates alone while nobody is known.
pub fn decide_home(
    registry: &Registry,
    snapshot: &Snapshot,
    resource: &HomeTenant,
    facts: &Facts,
) -> Decision {
    let own = own(registry, snapshot);
    let is_foreign = resource.cloud != own.cloud;
    if is_foreign && !registry.is_paired(&resource.cloud) {
        let mut decision = Decision::allow();
        let denial = Denial {
            side: Side::Home,
            gate: Gate::Pair,
            code: code::WRONG_CLOUD,
        };
        decision.deny(denial, Rule::PairMissing);
        return decision;
    }
    if facts.home_user.is_some() {
        return decide_outbound(registry, snapshot, resource, facts);
    }
    let crossing = Crossing {
        home: key(&own),
        resource: key(resource),
        kind: GuestType::B2bCollaborationGuest,
    };
    gate::judge_home_outer(&snapshot.policies.cross_tenant, &crossing)
}

/// Whether this tenant redeems people of that home without asking.
pub fn automatic_inbound(snapshot: &Snapshot, home: &HomeTenant) -> bool {
    snapshot
        .policies
        .cross_tenant
        .redeems_automatically(key(home))
}

/// Whether this tenant releases its people to that resource without asking.
pub fn automatic_outbound(snapshot: &Snapshot, resource: &HomeTenant) -> bool {
    snapshot
        .policies
        .cross_tenant
        .releases_automatically(key(resource))
}

/// The two outer gates of a tenant towards another: its cloud is ticked, it is a partner.
pub fn outer_gates(snapshot: &Snapshot, other: &HomeTenant) -> (bool, bool) {
    let policy = &snapshot.policies.cross_tenant;
    (
        policy.allows_cloud(&other.cloud),
        policy.has_partner(key(other)),
    )
}

/// Whether a setting lets anybody through between a tenant and another.
pub fn is_open(snapshot: &Snapshot, setting: Setting, other: &HomeTenant) -> bool {
    snapshot.policies.cross_tenant.is_open(setting, key(other))
}

/// Whether this tenant takes over a second factor that was proven at that home.
pub fn trusts_mfa(snapshot: &Snapshot, home: &HomeTenant) -> bool {
    snapshot.policies.cross_tenant.trust(key(home)).mfa
}

/// Whether home is asked about the person's device: only while a device trust for it is on and
/// some policy looks at devices.
pub fn wants_device(snapshot: &Snapshot, home: &HomeTenant) -> bool {
    snapshot.policies.cross_tenant.trust(key(home)).any_device()
        && snapshot.policies.access.looks_at_devices()
}
