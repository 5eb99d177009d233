//! The trace of a stored decision, for the administrator of the side that took it (federation §6):
//! each gate, the rule that decided, whether it was inherited, and the smallest change that would
//! have admitted the person.
//!
//! 1. It is taken again from the record's own facts under the policy of that time.
//! 2. It shows this side's gates and rules alone: the other side's were never seen here.
//! 3. Gates that nobody came to are not shown.

use comity_model::{
    cloud::Registry,
    cross_tenant::{AccessType, Setting},
    decision::{Decision, Gate, HalfVerdict, Match, Provenance, Reason, Rule},
    facts::{DecidingSide, Facts},
    federation::HomeTenant,
    sign_in::Side,
};
use comity_policy::sign_in::GateVerdict;
use serde_json::{Value, json};

use super::{
    PolicyResult, access, again::registry_then, decide_home, decide_inbound, decide_outer_resource,
    outer_home,
};
use crate::snapshot::Snapshot;

/// Rules 1 to 3.
pub fn of(registry: &Registry, snapshot: &Snapshot, facts: &Facts) -> Value {
    let registry = &*registry_then(registry, facts);
    let gates = gates(registry, snapshot, facts);
    let other = super::other_tenant(facts);
    let mut steps: Vec<Value> = gates.iter().map(|reason| step(reason, other)).collect();
    let mut change = gates
        .iter()
        .find(|reason| !reason.passed)
        .map(|reason| change_of(reason, other));
    if change.is_none() && is_switched_off(registry, snapshot, facts) {
        steps.push(
            json!({"gate": "worker", "outcome": "closed", "inherited": false,
            "rule": "the service principal `B2B Cross Cloud Worker` is disabled"}),
        );
        change = Some("enable the service principal `B2B Cross Cloud Worker`".to_owned());
    }
    let mut policies = Vec::new();
    if change.is_none() {
        let results = access(snapshot, facts).results;
        change = results.iter().find_map(change_of_policy);
        policies = results.iter().map(policy).collect();
    }
    json!({
        "side": side(facts),
        "policyVersion": facts.policy_version,
        "gates": steps,
        "conditionalAccess": policies,
        "smallestChange": change,
    })
}

const fn side(facts: &Facts) -> &'static str {
    match facts.side {
        DecidingSide::Own => "own",
        DecidingSide::Home => "home",
        DecidingSide::Resource => "resource",
    }
}

/// This side's gates in their order, as far as anybody came.
fn gates(registry: &Registry, snapshot: &Snapshot, facts: &Facts) -> Vec<Reason> {
    let decision = match (facts.side, &facts.home, &facts.resource) {
        (DecidingSide::Resource, Some(home), _) => {
            let outer = decide_outer_resource(registry, snapshot, home);
            if facts.home_methods.is_empty() {
                outer
            } else {
                outer.then(|| decide_inbound(registry, snapshot, home, facts))
            }
        }
        (DecidingSide::Home, _, Some(resource)) => decide_home(registry, snapshot, resource, facts),
        _ => Decision::allow(),
    };
    decision.because
}

fn is_switched_off(registry: &Registry, snapshot: &Snapshot, facts: &Facts) -> bool {
    match (facts.side, &facts.resource) {
        (DecidingSide::Home, Some(resource)) => {
            outer_home(registry, snapshot, resource) != GateVerdict::Open
        }
        _ => false,
    }
}

fn step(reason: &Reason, other: Option<&HomeTenant>) -> Value {
    let outcome = if reason.passed { "open" } else { "closed" };
    let (inherited, users, applications) = match reason.rule {
        Rule::Setting {
            users,
            applications,
            ..
        } => {
            let deciding = match reason.gate {
                Gate::Applications => applications,
                _ => users,
            };
            let inherited = deciding.provenance != Provenance::Own;
            (inherited, Some(half(&users)), Some(half(&applications)))
        }
        _ => (false, None, None),
    };
    json!({
        "gate": reason.gate.as_str(),
        "outcome": outcome,
        "rule": reason.rule.to_string(),
        "inherited": inherited,
        "cloud": other.map(|o| &o.cloud),
        "tenantId": other.map(|o| o.tenant),
        "usersAndGroups": users,
        "applications": applications,
    })
}

fn half(half: &HalfVerdict) -> Value {
    json!({
        "accessType": half.access.as_str(),
        "from": half.provenance.as_str(),
        "matched": half.matched.to_string(),
    })
}

/// What an administrator of this side would do, and nothing wider.
fn change_of(reason: &Reason, other: Option<&HomeTenant>) -> String {
    let (cloud, tenant) = other.map_or_else(Default::default, |other| {
        (other.cloud.clone(), other.tenant.to_string())
    });
    match reason.rule {
        Rule::PairMissing => {
            format!("have the operator add the pair with `{cloud}` to the registry")
        }
        Rule::CloudNotTicked => format!("add `{cloud}` to `allowedCloudEndpoints`"),
        Rule::PartnerMissing => format!("add the partner `{tenant}` of `{cloud}`"),
        Rule::DirectConnectAcrossClouds => "none: it does not exist across clouds".to_owned(),
        Rule::Setting {
            setting,
            users,
            applications,
        } => {
            let (name, half) = if reason.gate == Gate::Applications {
                ("applications", applications)
            } else {
                ("usersAndGroups", users)
            };
            change_of_half((setting, &tenant), name, &half, reason.side)
        }
        _ => "none".to_owned(),
    }
}

fn change_of_half(
    (setting, tenant): (Setting, &str),
    name: &str,
    half: &HalfVerdict,
    side: Side,
) -> String {
    let place = format!("`{}` of the partner `{tenant}`", setting.as_str());
    let what = match (name, side) {
        ("applications", _) => "the application",
        (_, Side::Home) => "the person or one of her groups",
        _ => "the person or one of her groups, by their IDs at home",
    };
    match (half.access, half.matched) {
        (AccessType::Allowed, _) => format!("add {what} to `{name}` in {place}"),
        (AccessType::Blocked, Match::All) => {
            format!("let `{name}` in {place} allow {what}")
        }
        (AccessType::Blocked, matched) => {
            format!("take {matched} out of the blocked `{name}` in {place}")
        }
    }
}

fn policy(result: &PolicyResult) -> Value {
    json!({"id": result.id, "displayName": result.name, "result": result.result,
        "controls": result.controls})
}

fn change_of_policy(result: &PolicyResult) -> Option<String> {
    if result.result != "failure" {
        return None;
    }
    let controls = result.controls.join("; ");
    Some(format!(
        "exclude the person from the policy `{}`, or change what it demands ({controls})",
        result.name
    ))
}
