//! One case for people: the gates in order, the rule that decided, who must act and how.

use std::fmt::Write;

use comity_model::{
    cross_tenant::{AccessType, Setting},
    decision::{Decision, Denial, Gate, HalfVerdict, Match, Outcome, Provenance, Reason, Rule},
    document::{Document, DocumentError},
    session::Place,
    sign_in::Side,
};
use comity_policy::{case::Case, cross_tenant::Target, decide::decide};

/// The explanation, and whether the text is a case at all.
pub(super) fn explain(json: &str) -> (String, bool) {
    let document = match Document::parse(json.as_bytes()) {
        Ok(document) => document,
        Err(error) => return (format!("This is no case: {error}.\n"), false),
    };
    match Case::read(document.root()) {
        Ok(case) => (told(&case, &decide(&case)), true),
        Err(error) => (malformed(&error), false),
    }
}

fn malformed(error: &DocumentError) -> String {
    format!("This case is malformed: {error}.\n")
}

fn told(case: &Case<'_>, decision: &Decision) -> String {
    let mut out = String::new();
    head(&mut out, case);
    for reason in &decision.because {
        step(&mut out, case, reason);
    }
    if let Target::Unknown = case.target {
        line(
            &mut out,
            "       Conditional Access is not asked at an invitation.",
        );
    }
    line(&mut out, "");
    end(&mut out, case, decision);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn head(out: &mut String, case: &Case<'_>) {
    let (home, resource) = (&case.home.tenant, &case.resource.tenant);
    let wanted = match case.target {
        Target::Unknown => "an invitation (no application yet)".to_owned(),
        Target::Known(pair) if pair.client == pair.resource => {
            format!("application {}", pair.client)
        }
        Target::Known(pair) => format!("application {} at {}", pair.client, pair.resource),
    };
    let who = format!("{} {}", case.user.kind.as_str(), case.user.id);
    line(out, &format!("Who       {who}"));
    line(out, &format!("Home      {} in {}", home.tenant, home.cloud));
    line(
        out,
        &format!("Resource  {} in {}", resource.tenant, resource.cloud),
    );
    line(out, &format!("Wants     {wanted}"));
    line(out, "");
    if home.cloud == resource.cloud {
        line(
            out,
            "       One cloud: the gates pair, cloud and partner do not apply.",
        );
    }
}

fn number(gate: Gate, side: Side) -> u8 {
    match (gate, side) {
        (Gate::Pair, _) => 1,
        (Gate::Cloud, Side::Resource) => 2,
        (Gate::Partner, Side::Resource) => 3,
        (Gate::Cloud, _) => 4,
        (Gate::Partner, _) => 5,
        (Gate::Users | Gate::Applications, Side::Resource) => 7,
        (Gate::Users | Gate::Applications, _) => 6,
        (Gate::ConditionalAccess, _) => 8,
    }
}

fn step(out: &mut String, case: &Case<'_>, reason: &Reason) {
    let number = number(reason.gate, reason.side);
    let mark = if reason.passed { "pass" } else { "FAIL" };
    let side = side_word(reason.side);
    match &reason.rule {
        Rule::Setting {
            setting,
            users,
            applications,
        } => {
            let name = setting.as_str();
            line(out, &format!("{number} {mark} {side}: {name}"));
            half(out, "users and groups", users);
            half(out, "applications", applications);
        }
        Rule::Policy { place, .. } => {
            let policy = case.access.policies().get(*place);
            let id = policy
                .and_then(|p| p.id.as_deref())
                .unwrap_or("without an ID");
            let id = plain(id);
            line(
                out,
                &format!("{number} {mark} {side}: {} (`{id}`)", reason.rule),
            );
        }
        rule => line(out, &format!("{number} {mark} {side}: {rule}")),
    }
}

fn half(out: &mut String, name: &str, half: &HalfVerdict) {
    let access = half.access.as_str();
    let from = match half.provenance {
        Provenance::Own => "the partner's own",
        Provenance::Inherited => "inherited from default",
        Provenance::ServiceDefault => "service default",
    };
    let written = writeln!(
        out,
        "       {name}: list `{access}`, {from}; {}",
        half.matched
    );
    debug_assert!(written.is_ok(), "memory takes every text");
}

fn end(out: &mut String, case: &Case<'_>, decision: &Decision) {
    match (decision.outcome, decision.denial) {
        (Outcome::Deny, Some(denial)) => denied(out, case, decision, denial),
        (Outcome::Challenge, _) => {
            line(out, "Challenge: let in as soon as this is earned.");
            for (control, place) in decision.controls.iter() {
                let place = match place {
                    Place::Home => "at home",
                    Place::Resource => "at the resource",
                };
                line(out, &format!("  {} {place}", control.as_str()));
            }
        }
        _ => line(out, "Allowed."),
    }
}

fn denied(out: &mut String, case: &Case<'_>, decision: &Decision, denial: Denial) {
    let (side, gate) = (side_word(denial.side), denial.gate.as_str());
    line(
        out,
        &format!("Denied with {} by the {side}, gate `{gate}`.", denial.code),
    );
    let (tenant, other) = match denial.side {
        Side::Home => (&case.home.tenant, &case.resource.tenant),
        _ => (&case.resource.tenant, &case.home.tenant),
    };
    let who = if denial.gate == Gate::Pair {
        "the operators of the two clouds".to_owned()
    } else {
        format!("an administrator of {} in {}", tenant.tenant, tenant.cloud)
    };
    line(out, &format!("Who must act: {who}."));
    let change = match denial.gate {
        Gate::Pair => format!("make {} and {} a pair", tenant.cloud, other.cloud),
        Gate::Cloud if is_direct(decision) => {
            "invite the person: direct connect does not exist across clouds".to_owned()
        }
        Gate::Cloud => format!("tick {} in the cloud settings", other.cloud),
        Gate::Partner => format!("add {} in {} as an organization", other.tenant, other.cloud),
        Gate::Users | Gate::Applications => decision
            .because
            .last()
            .map_or_else(String::new, setting_change),
        Gate::ConditionalAccess => {
            "change the failed policies above, or exclude the person from them".to_owned()
        }
    };
    line(out, &format!("Smallest change: {change}."));
}

fn is_direct(decision: &Decision) -> bool {
    let last = decision.because.last();
    last.is_some_and(|reason| reason.rule == Rule::DirectConnectAcrossClouds)
}

/// What would open gate 6 or 7 for this person and this application.
fn setting_change(reason: &Reason) -> String {
    let Rule::Setting {
        setting,
        users,
        applications,
    } = &reason.rule
    else {
        return String::new();
    };
    let (name, verdict) = match reason.gate {
        Gate::Users => ("usersAndGroups", users),
        _ => ("applications", applications),
    };
    let what = match (verdict.access, verdict.matched, reason.gate) {
        (AccessType::Allowed, _, Gate::Users) => "add the person or a group of hers".to_owned(),
        (AccessType::Allowed, ..) => "add the application".to_owned(),
        (AccessType::Blocked, Match::All, _) => "allow, or block only what is meant".to_owned(),
        (AccessType::Blocked, matched, _) => format!("take out what matches ({matched})"),
    };
    let direction = if setting.is_inbound() {
        "inbound"
    } else {
        "outbound"
    };
    let place = match verdict.provenance {
        Provenance::Own => "the partner",
        Provenance::Inherited | Provenance::ServiceDefault => "the partner or the default",
    };
    let setting: &str = Setting::as_str(*setting);
    format!("in the {direction} settings of {place}, `{setting}.{name}`: {what}")
}

const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Home => "home",
        Side::Resource => "resource",
        Side::Person => "person",
    }
}

/// Text of a document, bounded and without control characters.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
