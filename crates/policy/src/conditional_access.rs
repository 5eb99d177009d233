//! Conditional Access (semantics.md §6, policy-cases.md *Conditional Access*).
//!
//! 1. A disabled policy gives `notEnabled`; one applies when all its conditions match, exclusions
//!    beating inclusions (`conditions`).
//! 2. `AND` needs all controls, `OR` any (`controls`).
//! 3. Several policies: all must hold; a denial beats a challenge beats an allowance.
//! 4. Of several refusals a block comes first, then 53000, 53001, 53003.
//! 5. A policy whose controls are still to be earned is a failure; one without controls a success.
//! 6. Report-only policies never decide.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use comity_model::{
    conditional_access::{
        ClientAppType, ConditionalAccessPolicy, Entry, MethodSet, Platform, PolicyState, RiskLevel,
    },
    decision::{AppliedResult, Outcome, RequiredControls},
    guest_type::GuestType,
    named_location::{LocationKind, NamedLocation},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::trust::Trust;
use controls::{Demand, Refused};

mod conditions;
mod controls;
mod filter;

#[cfg(test)]
mod tests;

/// A device as home claims it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Device<'a> {
    pub is_compliant: Option<bool>,
    pub is_hybrid_joined: Option<bool>,
    pub attributes: Option<&'a Map<String, Value>>,
}

/// What is known about one sign-in. Something absent matches no named value.
#[derive(Debug, Clone, Copy)]
pub struct Signals<'a> {
    /// [`GuestType::None`] for a member.
    pub kind: GuestType,
    /// The person's home tenant; none for a member.
    pub home_tenant: Option<Uuid>,
    /// The object in the deciding tenant, with its groups and roles there.
    pub user: Option<Uuid>,
    pub groups: &'a BTreeSet<Uuid>,
    pub roles: &'a BTreeSet<Uuid>,
    /// The application that is opened; the client does not count.
    pub application: Option<Uuid>,
    pub client_app_type: Option<ClientAppType>,
    pub platform: Option<Platform>,
    pub address: Option<IpAddr>,
    /// Two capital letters.
    pub country: Option<&'a str>,
    pub sign_in_risk: Option<RiskLevel>,
    pub user_risk: Option<RiskLevel>,
    pub home_methods: MethodSet,
    pub resource_methods: MethodSet,
    pub device: Option<Device<'a>>,
    /// In the person's home.
    pub trust: Trust,
    /// Methods that a guest can use here.
    pub offered: MethodSet,
}

/// What one policy said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    pub result: AppliedResult,
    /// What is missing and cannot be earned.
    pub missing: Option<&'static str>,
    /// What is missing and can be earned.
    pub controls: RequiredControls,
}

/// What all policies said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDecision {
    pub outcome: Outcome,
    /// The documented number of a denial.
    pub code: Option<u32>,
    /// Empty unless the outcome is a challenge.
    pub controls: RequiredControls,
    /// One per policy, in their order.
    pub policies: Vec<Applied>,
}

/// The policies and named locations of one tenant.
#[derive(Debug, Clone, Default)]
pub struct CompiledAccess {
    policies: Vec<ConditionalAccessPolicy>,
    locations: BTreeMap<Uuid, LocationKind>,
}

impl CompiledAccess {
    /// Keeps the order of the policies.
    pub fn compile(policies: Vec<ConditionalAccessPolicy>, locations: Vec<NamedLocation>) -> Self {
        let keyed = locations
            .into_iter()
            .filter_map(|l| l.id.map(|id| (id, l.kind)));
        Self {
            policies,
            locations: keyed.collect(),
        }
    }

    /// The policies in their order.
    pub fn policies(&self) -> &[ConditionalAccessPolicy] {
        &self.policies
    }

    /// Groups of the deciding tenant that a policy mentions.
    pub fn groups_mentioned(&self) -> BTreeSet<Uuid> {
        let users = self.policies.iter().map(|p| &p.conditions.users);
        let entries = users.flat_map(|u| u.include_groups.iter().chain(&u.exclude_groups));
        let id = |entry: &Entry<_>| {
            if let Entry::Id(id) = entry {
                Some(*id)
            } else {
                None
            }
        };
        entries.filter_map(id).collect()
    }

    /// Whether a policy that is not disabled looks at devices.
    pub fn looks_at_devices(&self) -> bool {
        let enabled = self
            .policies
            .iter()
            .filter(|p| p.state != PolicyState::Disabled);
        let mut asking = enabled.filter(|p| {
            p.conditions.device_filter.is_some()
                || p.grant_controls
                    .as_ref()
                    .is_some_and(controls::ask_about_the_device)
        });
        asking.next().is_some()
    }

    /// Rules 1 to 6.
    pub fn evaluate(&self, signals: &Signals<'_>) -> AccessDecision {
        let mut refused: Option<Refused> = None;
        let mut controls = RequiredControls::default();
        let mut policies = Vec::with_capacity(self.policies.len());
        for policy in &self.policies {
            let (applied, demand) = self.one(policy, signals);
            policies.push(applied);
            if policy.state != PolicyState::Enabled {
                continue;
            }
            match demand {
                Demand::Met => {}
                Demand::Earn(more) => controls = controls.and(more),
                Demand::Refused(why) => refused = Some(refused.map_or(why, |old| old.min(why))),
            }
        }
        let outcome = match refused {
            Some(_) => Outcome::Deny,
            None if controls.is_empty() => Outcome::Allow,
            None => Outcome::Challenge,
        };
        if outcome != Outcome::Challenge {
            controls = RequiredControls::default();
        }
        AccessDecision {
            outcome,
            code: refused.map(Refused::code),
            controls,
            policies,
        }
    }

    fn one(&self, policy: &ConditionalAccessPolicy, signals: &Signals<'_>) -> (Applied, Demand) {
        let quiet = |result| {
            let controls = RequiredControls::default();
            (
                Applied {
                    result,
                    missing: None,
                    controls,
                },
                Demand::Met,
            )
        };
        let report_only = match policy.state {
            PolicyState::Disabled => return quiet(AppliedResult::NotEnabled),
            PolicyState::ReportOnly => true,
            PolicyState::Enabled => false,
        };
        if !conditions::apply(&policy.conditions, signals, &self.locations) {
            return quiet(if report_only {
                AppliedResult::ReportOnlyNotApplied
            } else {
                AppliedResult::NotApplied
            });
        }
        let demand = policy
            .grant_controls
            .as_ref()
            .map_or(Demand::Met, |c| controls::demand(c, signals));
        let result = match (demand == Demand::Met, report_only) {
            (true, false) => AppliedResult::Success,
            (false, false) => AppliedResult::Failure,
            (true, true) => AppliedResult::ReportOnlySuccess,
            (false, true) => AppliedResult::ReportOnlyFailure,
        };
        let (missing, earned) = match demand {
            Demand::Met => (None, RequiredControls::default()),
            Demand::Earn(controls) => (None, controls),
            Demand::Refused(why) => (Some(why.name()), RequiredControls::default()),
        };
        (
            Applied {
                result,
                missing,
                controls: earned,
            },
            demand,
        )
    }
}
