//! Whom and what a policy applies to.
//!
//! 1. A condition that cannot be judged makes a policy that applies to nobody.
//! 2. An include list with nothing in it reaches nobody; so do platforms and locations that only
//!    exclude.
//! 3. What is absent matches no named value, neither included nor excluded; `all` matches always.
//! 4. A country location matches an absent country only if it includes unknown ones.

use std::collections::BTreeMap;

use comity_model::{
    conditional_access::{
        ApplicationKeyword, Applications, ClientAppType, Conditions, Entry, ExternalTenants,
        GuestsOrExternalUsers, LocationKeyword, Locations, Platform, Platforms, RiskLevel,
        UserKeyword, Users,
    },
    device_filter::FilterMode,
    named_location::LocationKind,
};
use uuid::Uuid;

use super::{Signals, filter};
use crate::well_known_application::{is_admin_portal, is_office365};

pub(super) type NamedLocations = BTreeMap<Uuid, LocationKind>;

pub(super) fn apply(conditions: &Conditions, s: &Signals<'_>, named: &NamedLocations) -> bool {
    conditions.is_judgeable()
        && people(&conditions.users, s)
        && applications(&conditions.applications, s)
        && clients(&conditions.client_app_types, s)
        && conditions
            .platforms
            .as_ref()
            .is_none_or(|p| platforms(p, s))
        && conditions
            .locations
            .as_ref()
            .is_none_or(|l| locations(l, s, named))
        && risk(&conditions.sign_in_risk_levels, s.sign_in_risk)
        && risk(&conditions.user_risk_levels, s.user_risk)
        && conditions
            .device_filter
            .as_ref()
            .is_none_or(|f| filter::holds(&f.expression, s) == (f.mode == FilterMode::Include))
}

fn people(users: &Users, s: &Signals<'_>) -> bool {
    let of = |entries: &[Entry<UserKeyword>]| entries.iter().any(|entry| person(entry, s));
    let group = |entry: &Entry<_>| matches!(entry, Entry::Id(id) if s.groups.contains(id));
    let role = |entry: &Entry<_>| matches!(entry, Entry::Id(id) if s.roles.contains(id));
    let included = of(&users.include_users)
        || users.include_groups.iter().any(group)
        || users.include_roles.iter().any(role)
        || users.include_guests.as_ref().is_some_and(|g| guests(g, s));
    let excluded = of(&users.exclude_users)
        || users.exclude_groups.iter().any(group)
        || users.exclude_roles.iter().any(role)
        || users.exclude_guests.as_ref().is_some_and(|g| guests(g, s));
    included && !excluded
}

fn person(entry: &Entry<UserKeyword>, s: &Signals<'_>) -> bool {
    match entry {
        Entry::Keyword(UserKeyword::All) => true,
        Entry::Keyword(UserKeyword::GuestsOrExternalUsers) => s.kind.is_guest(),
        Entry::Keyword(UserKeyword::None) | Entry::Other(_) => false,
        Entry::Id(id) => s.user == Some(*id),
    }
}

fn guests(guests: &GuestsOrExternalUsers, s: &Signals<'_>) -> bool {
    let tenant = match &guests.external_tenants {
        ExternalTenants::Unset | ExternalTenants::All => true,
        ExternalTenants::Enumerated(members) => members
            .iter()
            .any(|member| matches!(member, Entry::Id(id) if s.home_tenant == Some(*id))),
    };
    guests.types.contains(s.kind) && tenant
}

fn applications(applications: &Applications, s: &Signals<'_>) -> bool {
    let of = |entries: &[Entry<ApplicationKeyword>]| entries.iter().any(|e| application(e, s));
    of(&applications.include_applications) && !of(&applications.exclude_applications)
}

fn application(entry: &Entry<ApplicationKeyword>, s: &Signals<'_>) -> bool {
    match entry {
        Entry::Keyword(ApplicationKeyword::All) => true,
        Entry::Keyword(ApplicationKeyword::None) | Entry::Other(_) => false,
        Entry::Keyword(ApplicationKeyword::Office365) => s.application.is_some_and(is_office365),
        Entry::Keyword(ApplicationKeyword::MicrosoftAdminPortals) => {
            s.application.is_some_and(is_admin_portal)
        }
        Entry::Id(id) => s.application == Some(*id),
    }
}

fn clients(types: &[ClientAppType], s: &Signals<'_>) -> bool {
    types.is_empty()
        || types.contains(&ClientAppType::All)
        || s.client_app_type.is_some_and(|kind| types.contains(&kind))
}

fn platforms(platforms: &Platforms, s: &Signals<'_>) -> bool {
    let of = |list: &[Platform]| {
        list.contains(&Platform::All) || s.platform.is_some_and(|kind| list.contains(&kind))
    };
    of(&platforms.include) && !of(&platforms.exclude)
}

fn locations(locations: &Locations, s: &Signals<'_>, named: &NamedLocations) -> bool {
    let of = |list: &[Entry<LocationKeyword>]| list.iter().any(|e| location(e, s, named));
    of(&locations.include) && !of(&locations.exclude)
}

fn location(entry: &Entry<LocationKeyword>, s: &Signals<'_>, named: &NamedLocations) -> bool {
    match entry {
        Entry::Keyword(LocationKeyword::All) => true,
        Entry::Keyword(LocationKeyword::AllTrusted) => named.values().any(|kind| {
            matches!(
                kind,
                LocationKind::Ip {
                    is_trusted: true,
                    ..
                }
            ) && place(kind, s)
        }),
        Entry::Id(id) => named.get(id).is_some_and(|kind| place(kind, s)),
        Entry::Other(_) => false,
    }
}

fn place(kind: &LocationKind, s: &Signals<'_>) -> bool {
    match kind {
        LocationKind::Ip { ranges, .. } => s
            .address
            .is_some_and(|address| ranges.iter().any(|r| r.range.contains(address))),
        LocationKind::Country {
            countries,
            include_unknown,
            ..
        } => s.country.map_or(*include_unknown, |country| {
            countries.iter().any(|c| c == country)
        }),
        LocationKind::Other => false,
    }
}

fn risk(levels: &[RiskLevel], level: Option<RiskLevel>) -> bool {
    levels.is_empty() || level.is_some_and(|level| levels.contains(&level))
}
