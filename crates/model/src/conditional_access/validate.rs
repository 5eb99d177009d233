//! What the interface refuses to store, each broken rule with a message of its own.
//!
//! 1. A name of 1 to 256 characters.
//! 2. Somebody and something is included, or `None` is said; `clientAppTypes` is given.
//! 3. Entries are GUIDs or keywords; `All` and `None` stand alone in an include list.
//! 4. Lists hold at most [`MAX_ENTRIES`] entries; locations exist.
//! 5. Controls are demanded, of grant or session; `block` stands alone; several need an operator.
//! 6. What is not enforced may be stored with state `disabled` only. The country of a sign-in is
//!    not known here: a location by country in an include list would match nobody unless it takes
//!    the unknown ones, and one in an exclude list would spare nobody, or everybody.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    ApplicationKeyword, BuiltInControl, ConditionalAccessPolicy, Entry, LocationKeyword,
    PolicyState, UserKeyword, entry::Keyword, users::ExternalTenants,
};
use crate::{cross_tenant::Violation, named_location::FoundBy};

/// Longest list that is stored.
pub const MAX_ENTRIES: usize = 2_000;

/// What the rules need to know beside the document.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValidationContext<'a> {
    /// The tenant's named locations; `None` = not checked.
    pub locations: Option<&'a BTreeMap<Uuid, FoundBy>>,
}

impl ConditionalAccessPolicy {
    /// Checks a policy before it is stored.
    pub fn validate(&self, cx: &ValidationContext<'_>) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        let name = self.display_name.trim();
        if name.is_empty() || name.chars().count() > 256 {
            let message = "a name of 1 to 256 characters is required";
            found.push(Violation::new("displayName", "name", message));
        }
        self.check_users(&mut found);
        self.check_applications(&mut found);
        self.check_locations(*cx, &mut found);
        self.check_controls(&mut found);
        if self.state != PolicyState::Disabled {
            for item in self.unenforceable() {
                let message = format!(
                    "{item} is not enforced by this server: \
                     keep the policy with state `disabled`, or leave it out"
                );
                found.push(Violation::new(item.field, "notEnforced", message));
            }
            found.extend(cx.locations.and_then(|known| self.by_country(known)));
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// Rule 6 for locations: the first that cannot be judged.
    pub fn by_country(&self, known: &BTreeMap<Uuid, FoundBy>) -> Option<Violation> {
        let locations = self.conditions.locations.as_ref()?;
        let is = |entry: &&Entry<LocationKeyword>, kinds: &[FoundBy]| match entry {
            Entry::Id(id) => known.get(id).is_some_and(|kind| kinds.contains(kind)),
            Entry::Keyword(_) | Entry::Other(_) => false,
        };
        let both = [FoundBy::Country, FoundBy::CountryOrUnknown];
        let include = locations.include.iter().find(|e| is(e, &both[..1]));
        let exclude = locations.exclude.iter().find(|e| is(e, &both));
        let (entry, name) = match (include, exclude) {
            (Some(entry), _) => (entry, "includeLocations"),
            (None, Some(entry)) => (entry, "excludeLocations"),
            (None, None) => return None,
        };
        let Entry::Id(id) = entry else { return None };
        let message = format!(
            "the location `{id}` is one of countries, which this server does not know: \
             keep the policy with state `disabled`, or use a location of addresses"
        );
        let field = format!("conditions.locations.{name}");
        Some(Violation::new(field, "notEnforced", message))
    }

    fn check_users(&self, found: &mut Vec<Violation>) {
        let users = &self.conditions.users;
        let field = |name: &str| format!("conditions.users.{name}");
        let nobody = users.include_users.is_empty()
            && users.include_groups.is_empty()
            && users.include_roles.is_empty()
            && users.include_guests.is_none();
        if nobody && self.conditions.client_applications.is_none() {
            let message = "nobody is included: name users, groups, roles or guests, or say `None`";
            found.push(Violation::new(
                "conditions.users",
                "nobodyIncluded",
                message,
            ));
        }
        let alone = [UserKeyword::All, UserKeyword::None];
        check_list(&field("includeUsers"), &users.include_users, &alone, found);
        check_list(&field("excludeUsers"), &users.exclude_users, &[], found);
        check_list(&field("includeGroups"), &users.include_groups, &[], found);
        check_list(&field("excludeGroups"), &users.exclude_groups, &[], found);
        check_list(&field("includeRoles"), &users.include_roles, &[], found);
        check_list(&field("excludeRoles"), &users.exclude_roles, &[], found);
        for (name, guests) in [
            ("includeGuestsOrExternalUsers", &users.include_guests),
            ("excludeGuestsOrExternalUsers", &users.exclude_guests),
        ] {
            let Some(guests) = guests else { continue };
            if guests.types.is_empty() {
                let message = "name at least one kind of guest";
                found.push(Violation::new(field(name), "noGuestTypes", message));
            }
            if let ExternalTenants::Enumerated(members) = &guests.external_tenants {
                let members_field = field(&format!("{name}.externalTenants.members"));
                if members.is_empty() {
                    let message = "name at least one tenant, or use membership kind `all`";
                    found.push(Violation::new(members_field.clone(), "noTenants", message));
                }
                check_list(&members_field, members, &[], found);
            }
        }
    }

    fn check_applications(&self, found: &mut Vec<Violation>) {
        let apps = &self.conditions.applications;
        let nothing = apps.include_applications.is_empty()
            && apps.include_user_actions.is_empty()
            && apps.include_authentication_contexts.is_empty()
            && apps.application_filter.is_none();
        if nothing {
            let message = "no application is included: name applications, or say `None`";
            found.push(Violation::new(
                "conditions.applications",
                "nothingIncluded",
                message,
            ));
        }
        let field = |name: &str| format!("conditions.applications.{name}");
        let alone = [ApplicationKeyword::All, ApplicationKeyword::None];
        check_list(
            &field("includeApplications"),
            &apps.include_applications,
            &alone,
            found,
        );
        check_list(
            &field("excludeApplications"),
            &apps.exclude_applications,
            &[],
            found,
        );
        if self.conditions.client_app_types.is_empty() {
            let message = "client app types are required: use `all` for every kind";
            found.push(Violation::new(
                "conditions.clientAppTypes",
                "noClientAppTypes",
                message,
            ));
        }
    }

    fn check_locations(&self, cx: ValidationContext<'_>, found: &mut Vec<Violation>) {
        let Some(locations) = &self.conditions.locations else {
            return;
        };
        for (name, entries) in [
            ("includeLocations", &locations.include),
            ("excludeLocations", &locations.exclude),
        ] {
            let field = format!("conditions.locations.{name}");
            check_list(&field, entries, &[LocationKeyword::All], found);
            for entry in entries {
                let Entry::Id(id) = entry else { continue };
                // The nil ID is the original's list of trusted addresses: it may be named.
                let exists =
                    |known: &BTreeMap<Uuid, FoundBy>| id.is_nil() || known.contains_key(id);
                if cx.locations.is_some_and(|known| !exists(known)) {
                    let message = format!("there is no named location `{id}`");
                    found.push(Violation::new(field.clone(), "unknownLocation", message));
                }
            }
        }
        if locations.include.is_empty() {
            let message = "locations that only exclude reach nobody: include `All`";
            found.push(Violation::new(
                "conditions.locations",
                "onlyExcludes",
                message,
            ));
        }
    }

    fn check_controls(&self, found: &mut Vec<Violation>) {
        if let Some(platforms) = &self.conditions.platforms
            && platforms.include.is_empty()
        {
            let message = "platforms that only exclude reach nobody: include `all`";
            found.push(Violation::new(
                "conditions.platforms",
                "onlyExcludes",
                message,
            ));
        }
        let session = self.session_controls.iter().flatten();
        let has_session = session.into_iter().any(|(_, value)| !value.is_null());
        let Some(grants) = self
            .grant_controls
            .as_ref()
            .filter(|grants| !grants.is_empty())
        else {
            if !has_session {
                let message = "a policy needs a grant control or a session control";
                found.push(Violation::new("grantControls", "noControls", message));
            }
            return;
        };
        let count = grants.built_in_controls.len()
            + grants.custom_authentication_factors.len()
            + grants.terms_of_use.len()
            + usize::from(grants.authentication_strength.is_some());
        if grants.built_in_controls.contains(&BuiltInControl::Block) && count > 1 {
            let message = "`block` stands alone: leave the other controls out";
            let field = "grantControls.builtInControls";
            found.push(Violation::new(field, "blockNotAlone", message));
        }
        if grants.operator.is_none() {
            let message = "say `AND` or `OR`";
            found.push(Violation::new(
                "grantControls.operator",
                "noOperator",
                message,
            ));
        }
    }
}

fn check_list<K: Keyword>(
    field: &str,
    entries: &[Entry<K>],
    alone: &[K],
    found: &mut Vec<Violation>,
) {
    if entries.len() > MAX_ENTRIES {
        let message = format!(
            "{} entries: a list holds at most {MAX_ENTRIES}",
            entries.len()
        );
        found.push(Violation::new(field, "tooManyEntries", message));
    }
    for entry in entries {
        match entry {
            Entry::Other(text) => {
                let shown: String = text.chars().take(64).collect();
                let message = format!("`{shown}` is neither an ID nor a keyword of this list");
                found.push(Violation::new(field, "notAnId", message));
            }
            Entry::Keyword(keyword) if entries.len() > 1 && alone.contains(keyword) => {
                let word = keyword.word();
                let message = format!("`{word}` cannot stand beside other entries");
                found.push(Violation::new(field, "mixedKeyword", message));
            }
            _ => {}
        }
    }
}
