//! Cross-tenant access: which setting holds, and whom it admits (semantics.md §2.6,
//! policy-cases.md *Order, gates and codes*).
//!
//! 1. The effective half is the partner's where present, else the default's, else the service
//!    default's ([`CompiledPolicy::effective`]).
//! 2. Halves combine by the truth table: allowed and allowed `u ∧ a`, allowed and blocked
//!    `u ∧ ¬a`, blocked and allowed `¬u ∧ a`, blocked and blocked `¬(u ∧ a)` ([`admit`]).
//! 3. `AllUsers`/`AllApplications` match all; a user target matches the home ID, a group target
//!    any home group; an application target matches the client or the resource; `Office365` and
//!    `AllMicrosoftApps` match what the registry marks so.
//! 4. With the application unknown a person is refused exactly if no application could be used;
//!    a keyword then counts as naming an application.
//! 5. A system application is judged as unknown, unless the list names it by its ID; a list that
//!    names only the client does not count for it.
//! 6. The gate is `users` if the users half alone refuses whatever the application, or if both
//!    halves are blocked and both match; else `applications`.
//! 7. A group of the policy that home was not asked about counts as matched in a blocked list and
//!    as not matched in an allowed one, and asks for another leg if that could change the answer
//!    (federation §3.5). Groups that were not asked count for nothing.
//! 8. A tenant is the pair (cloud, tenant ID); a partner without a cloud fits any.

use std::collections::BTreeSet;

use comity_model::{
    cross_tenant::{AccessType, Setting},
    decision::{Gate, HalfVerdict, Match, Provenance},
    federation::{ApplicationPair, GroupAnswer},
};
use uuid::Uuid;

pub use compiled::{CompiledPolicy, Effective, TenantKey};

mod compiled;
mod half;
mod ids;

/// The person as home knows her.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Object ID at home.
    pub user: Uuid,
    pub groups: Groups<'a>,
}

/// What is known about groups at home.
#[derive(Debug, Clone, Copy)]
pub enum Groups<'a> {
    /// All of them, sorted.
    Complete(&'a [Uuid]),
    /// Home's answer about the groups it was asked for.
    Answered(&'a GroupAnswer),
}

/// What the person wants to open; unknown at an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Unknown,
    Known(ApplicationPair),
}

/// Whether a setting admits, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    pub admitted: bool,
    /// The gate that refuses; `applications` if none does.
    pub gate: Gate,
    pub users: HalfVerdict,
    pub applications: HalfVerdict,
    pub needs_another_leg: bool,
}

/// Rules 2 and 6.
pub fn admit(effective: &Effective<'_>, subject: &Subject<'_>, target: Target) -> Admission {
    let (users_from, users) = effective.users;
    let (applications_from, applications) = effective.applications;
    let person = users.meet(subject);
    let wanted = applications.meet(target);
    let u = person.counts_as_matched(users.access);
    let by = |u: bool| match (users.access, applications.access) {
        (AccessType::Allowed, AccessType::Allowed) => (u && wanted.can_match, !u),
        (AccessType::Allowed, AccessType::Blocked) => (u && wanted.can_miss, !u),
        (AccessType::Blocked, AccessType::Allowed) => (!u && wanted.can_match, u),
        (AccessType::Blocked, AccessType::Blocked) => (!u || wanted.can_miss, true),
    };
    let (admitted, by_users) = by(u);
    Admission {
        admitted,
        gate: if !admitted && by_users {
            Gate::Users
        } else {
            Gate::Applications
        },
        users: HalfVerdict {
            access: users.access,
            provenance: users_from,
            matched: person.matched,
        },
        applications: HalfVerdict {
            access: applications.access,
            provenance: applications_from,
            matched: wanted.matched,
        },
        needs_another_leg: matches!(person.matched, Match::Uncounted(_)) && by(!u).0 != admitted,
    }
}

impl CompiledPolicy {
    /// The groups of a home tenant that the inbound policy for it mentions: what a push asks.
    pub fn groups_mentioned(&self, home: TenantKey<'_>) -> BTreeSet<Uuid> {
        let inbound = self.effective(Setting::B2bCollaborationInbound, home);
        inbound.users.1.groups.iter().collect()
    }

    /// The groups of the own tenant that the outbound policy for a partner mentions: what home
    /// looks up before it judges.
    pub fn own_groups_mentioned(&self, resource: TenantKey<'_>) -> BTreeSet<Uuid> {
        let outbound = self.effective(Setting::B2bCollaborationOutbound, resource);
        outbound.users.1.groups.iter().collect()
    }
}

/// Whether a value was set for this partner or came from elsewhere, for people.
pub const fn is_inherited(provenance: Provenance) -> bool {
    !matches!(provenance, Provenance::Own)
}

#[cfg(test)]
mod tests;
