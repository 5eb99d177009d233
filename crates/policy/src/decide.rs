//! All gates in order, the first that fails decides (policy-cases.md, *Order, gates and codes*).
//!
//! 1. Gates 1 to 3 at the resource, 4 to 6 at home, 7 at the resource ([`crate::gate`]).
//! 2. Gate 8, Conditional Access of the resource, is asked if 1 to 7 let through; at an invitation
//!    it is not asked.
//!
//! The server asks the same judges, each side its own.

use comity_model::{
    decision::{AppliedResult, Decision, Denial, Gate, Outcome, Reason, Rule, code},
    sign_in::Side,
};

use crate::{
    case::Case,
    conditional_access::{CompiledAccess, Device, Signals},
    cross_tenant::{Groups, Subject, Target},
    gate::{Crossing, judge_home, judge_resource_inbound, judge_resource_outer},
};

/// Decides a case.
pub fn decide(case: &Case<'_>) -> Decision {
    let crossing = Crossing {
        home: case.home.tenant,
        resource: case.resource.tenant,
        kind: case.user.kind,
    };
    let subject = Subject {
        user: case.user.id,
        groups: Groups::Complete(&case.user.groups),
    };
    judge_resource_outer(&case.resource.policy, &crossing, case.is_paired)
        .then(|| judge_home(&case.home.policy, &crossing, &subject, case.target))
        .then(|| judge_resource_inbound(&case.resource.policy, &crossing, &subject, case.target))
        .then(|| match case.target {
            Target::Unknown => Decision::allow(),
            Target::Known(pair) => {
                judge_conditional_access(&case.access, &signals(case, pair.resource))
            }
        })
}

fn signals<'c>(case: &'c Case<'_>, application: uuid::Uuid) -> Signals<'c> {
    let sign_in = &case.sign_in;
    Signals {
        kind: case.user.kind,
        home_tenant: Some(case.home.tenant.tenant),
        user: case.user.resource_user,
        groups: &case.user.resource_groups,
        roles: &case.user.resource_roles,
        application: Some(application),
        client_app_type: sign_in.client_app_type,
        platform: sign_in.platform,
        address: sign_in.address,
        country: sign_in.country,
        sign_in_risk: sign_in.sign_in_risk,
        user_risk: sign_in.user_risk,
        home_methods: sign_in.home_methods,
        resource_methods: sign_in.resource_methods,
        device: sign_in.device.as_ref().map(|device| Device {
            is_compliant: device.is_compliant,
            is_hybrid_joined: device.is_hybrid_joined,
            attributes: Some(&device.attributes),
        }),
        trust: case.resource.policy.trust(case.home.tenant),
        offered: case.offered,
    }
}

/// Gate 8.
pub fn judge_conditional_access(access: &CompiledAccess, signals: &Signals<'_>) -> Decision {
    let answer = access.evaluate(signals);
    let reason = |(place, applied): (usize, &crate::conditional_access::Applied)| Reason {
        side: Side::Resource,
        gate: Gate::ConditionalAccess,
        rule: Rule::Policy {
            place,
            result: applied.result,
            missing: applied.missing,
        },
        passed: applied.result != AppliedResult::Failure,
    };
    let silent = [
        AppliedResult::NotApplied,
        AppliedResult::NotEnabled,
        AppliedResult::ReportOnlyNotApplied,
    ];
    let asked = answer.policies.iter().enumerate();
    Decision {
        outcome: answer.outcome,
        denial: (answer.outcome == Outcome::Deny).then(|| Denial {
            side: Side::Resource,
            gate: Gate::ConditionalAccess,
            code: answer.code.unwrap_or(code::BLOCKED),
        }),
        controls: answer.controls,
        because: asked
            .filter(|(_, applied)| !silent.contains(&applied.result))
            .map(reason)
            .collect(),
        conditional_access: answer
            .policies
            .iter()
            .map(|applied| applied.result)
            .collect(),
        needs_another_leg: false,
    }
}
