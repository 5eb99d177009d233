//! The gates between two tenants, in order, each side for itself (policy-cases.md, gates 1 to 7;
//! cross-cloud-federation.md §2).
//!
//! | # | side | gate | refuses when | code |
//! |---|---|---|---|---|
//! | 1 | resource | pair | the clouds differ and are no configured pair | 90038 |
//! | 2 | resource | cloud | home's cloud is not ticked here; direct connect across clouds | 500213 |
//! | 3 | resource | partner | no partner object for home's (cloud, tenant) | 500213 |
//! | 4 | home | cloud | the resource's cloud is not ticked at home | 1000104 |
//! | 5 | home | partner | no partner object for the resource's (cloud, tenant) | 500212 |
//! | 6 | home | users, applications | outbound does not admit | 500212 |
//! | 7 | resource | users, applications | inbound does not admit | 500213 |
//!
//! Within one cloud 1 to 5 do not apply. Direct connect reads its own settings in 6 and 7.

use comity_model::{
    cross_tenant::Setting,
    decision::{Decision, Denial, Gate, Rule, code},
    guest_type::GuestType,
    sign_in::Side,
};

use crate::cross_tenant::{CompiledPolicy, Subject, Target, TenantKey, admit};

/// Who wants to cross from where to where.
#[derive(Debug, Clone, Copy)]
pub struct Crossing<'a> {
    pub home: TenantKey<'a>,
    pub resource: TenantKey<'a>,
    pub kind: GuestType,
}

impl Crossing<'_> {
    /// Whether the two tenants live in different clouds.
    pub fn is_cross_cloud(&self) -> bool {
        self.home.cloud != self.resource.cloud
    }

    fn is_direct(&self) -> bool {
        self.kind == GuestType::B2bDirectConnectUser
    }
}

const fn deny(side: Side, gate: Gate, code: u32) -> Denial {
    Denial { side, gate, code }
}

/// Gates 1 to 3. `is_paired` says whether the two clouds are a configured pair; it is asked only
/// if they differ.
pub fn judge_resource_outer(
    policy: &CompiledPolicy,
    crossing: &Crossing<'_>,
    is_paired: bool,
) -> Decision {
    let mut decision = Decision::allow();
    if !crossing.is_cross_cloud() {
        return decision;
    }
    let side = Side::Resource;
    if !is_paired {
        decision.deny(deny(side, Gate::Pair, code::WRONG_CLOUD), Rule::PairMissing);
        return decision;
    }
    decision.pass(side, Gate::Pair, Rule::PairConfigured);
    if crossing.is_direct() {
        let denial = deny(side, Gate::Cloud, code::RESOURCE_SETTINGS);
        decision.deny(denial, Rule::DirectConnectAcrossClouds);
        return decision;
    }
    let codes = (code::RESOURCE_SETTINGS, code::RESOURCE_SETTINGS);
    outer(policy, crossing.home, side, codes, &mut decision);
    decision
}

/// Gates 4 and 5.
pub fn judge_home_outer(policy: &CompiledPolicy, crossing: &Crossing<'_>) -> Decision {
    let mut decision = Decision::allow();
    if crossing.is_cross_cloud() {
        let codes = (code::HOME_CLOUD, code::HOME_SETTINGS);
        outer(policy, crossing.resource, Side::Home, codes, &mut decision);
    }
    decision
}

fn outer(
    policy: &CompiledPolicy,
    other: TenantKey<'_>,
    side: Side,
    (cloud, partner): (u32, u32),
    decision: &mut Decision,
) {
    if !policy.allows_cloud(other.cloud) {
        decision.deny(deny(side, Gate::Cloud, cloud), Rule::CloudNotTicked);
        return;
    }
    decision.pass(side, Gate::Cloud, Rule::CloudTicked);
    if !policy.has_partner(other) {
        decision.deny(deny(side, Gate::Partner, partner), Rule::PartnerMissing);
        return;
    }
    decision.pass(side, Gate::Partner, Rule::PartnerFound);
}

/// Gates 4 to 6: everything home judges about one of its people.
pub fn judge_home(
    policy: &CompiledPolicy,
    crossing: &Crossing<'_>,
    subject: &Subject<'_>,
    target: Target,
) -> Decision {
    judge_home_outer(policy, crossing).then(|| {
        let setting = if crossing.is_direct() {
            Setting::B2bDirectConnectOutbound
        } else {
            Setting::B2bCollaborationOutbound
        };
        let denial = deny(Side::Home, Gate::Users, code::HOME_SETTINGS);
        judge_setting(
            policy,
            (setting, crossing.resource),
            subject,
            target,
            denial,
        )
    })
}

/// Gate 7.
pub fn judge_resource_inbound(
    policy: &CompiledPolicy,
    crossing: &Crossing<'_>,
    subject: &Subject<'_>,
    target: Target,
) -> Decision {
    let setting = if crossing.is_direct() {
        Setting::B2bDirectConnectInbound
    } else {
        Setting::B2bCollaborationInbound
    };
    let denial = deny(Side::Resource, Gate::Users, code::RESOURCE_SETTINGS);
    judge_setting(policy, (setting, crossing.home), subject, target, denial)
}

fn judge_setting(
    policy: &CompiledPolicy,
    (setting, other): (Setting, TenantKey<'_>),
    subject: &Subject<'_>,
    target: Target,
    denial: Denial,
) -> Decision {
    let admission = admit(&policy.effective(setting, other), subject, target);
    let rule = Rule::Setting {
        setting,
        users: admission.users,
        applications: admission.applications,
    };
    let mut decision = Decision::allow();
    decision.needs_another_leg = admission.needs_another_leg;
    if admission.admitted {
        decision.pass(denial.side, Gate::Users, rule);
    } else {
        let denial = Denial {
            gate: admission.gate,
            ..denial
        };
        decision.deny(denial, rule);
    }
    decision
}
