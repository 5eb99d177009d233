//! What the interface refuses to store, each broken rule with a message of its own
//! (semantics.md §2.4, §2.5; cross-cloud-federation.md §2, §3.5).
//!
//! 1. A list has at least one target, at most [`MAX_TARGETS`].
//! 2. A users half names users and groups, an applications half applications.
//! 3. A keyword stands alone, and in the half it belongs to.
//! 4. Anything else is a GUID.
//! 5. Inbound defaults and default tenant restrictions name nobody in particular.
//! 6. All users blocked needs all applications blocked; all applications blocked needs a blocked
//!    users half: on the merged effective value. For direct connect, whose default is shut, only
//!    if both halves are given: the published requests set one half of it.
//! 7. One fallback identity provider stays on; primaries and fallbacks are not mixed up.
//! 8. A partner is another tenant, in a known cloud; its inbound policy names at most
//!    [`MAX_GROUPS_PER_PARTNER`] groups.
//! 9. `allowedCloudEndpoints` holds known other clouds.
//! 10. The default's automatic consent cannot be changed.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    AccessType, B2bSetting, CrossTenantDefault, CrossTenantPartner, IdentityProvider, Setting,
    Settings, Target, TargetConfiguration, TargetType, TargetValue, target::Half,
};
use crate::document::DocumentError;

/// Targets of one list: the published cap.
pub const MAX_TARGETS: usize = 2_000;
/// Distinct group targets that a partner's inbound policy may mention (§3.5).
pub const MAX_GROUPS_PER_PARTNER: usize = 500;

/// A broken rule: the field as a path, a stable word for the rule, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub field: String,
    pub rule: &'static str,
    pub message: String,
}

impl Violation {
    /// A broken rule of a field.
    pub fn new(field: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule,
            message: message.into(),
        }
    }
}

impl From<DocumentError> for Violation {
    fn from(error: DocumentError) -> Self {
        Self::new(error.field, "malformed", error.message)
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// What the rules need to know beside the document.
#[derive(Debug, Clone, Copy)]
pub struct ValidationContext<'a> {
    pub own_cloud: &'a str,
    pub own_tenant: Uuid,
    /// Canonical names of the other clouds that the operator knows.
    pub known_clouds: &'a [&'a str],
    /// What a partner inherits from; `None` = the service default.
    pub default: Option<&'a CrossTenantDefault>,
}

impl ValidationContext<'_> {
    /// Rule 9: checks `allowedCloudEndpoints`.
    pub fn check_clouds(&self, clouds: &[String]) -> Result<(), Vec<Violation>> {
        let field = "allowedCloudEndpoints";
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        for cloud in clouds {
            if cloud == self.own_cloud {
                let message = format!("`{cloud}` is your own cloud: name other clouds only");
                found.push(Violation::new(field, "ownCloud", message));
            } else if !self.known_clouds.contains(&cloud.as_str()) {
                let known = self.known_clouds.join("`, `");
                let message = format!("`{cloud}` is not a known cloud: use one of `{known}`");
                found.push(Violation::new(field, "unknownCloud", message));
            } else if !seen.insert(cloud) {
                let message = format!("`{cloud}` appears twice: name each cloud once");
                found.push(Violation::new(field, "duplicateCloud", message));
            }
        }
        answer(found)
    }
}

fn answer(found: Vec<Violation>) -> Result<(), Vec<Violation>> {
    if found.is_empty() { Ok(()) } else { Err(found) }
}

impl CrossTenantDefault {
    /// Checks a default before it is stored.
    pub fn validate(&self, _cx: &ValidationContext<'_>) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        check_settings(&self.settings, &mut found);
        let service_default = Self::service_default();
        check_all_consistency(&self.settings, &service_default.settings, &mut found);
        for setting in [
            Setting::B2bCollaborationInbound,
            Setting::B2bDirectConnectInbound,
        ] {
            if let Some(value) = self.settings.setting(setting) {
                check_nobody_in_particular(setting.as_str(), value, &mut found);
            }
        }
        if let Some(restrictions) = &self.settings.tenant_restrictions {
            check_nobody_in_particular("tenantRestrictions", &restrictions.setting, &mut found);
        }
        self.check_providers(&mut found);
        let consent = self.settings.automatic_user_consent;
        if [consent.inbound_allowed, consent.outbound_allowed].contains(&Some(true)) {
            found.push(Violation::new(
                "automaticUserConsentSettings",
                "readOnly",
                "automatic consent cannot be switched on by default: set it per partner",
            ));
        }
        answer(found)
    }

    fn check_providers(&self, found: &mut Vec<Violation>) {
        use IdentityProvider::{
            AzureActiveDirectory, DefaultConfiguredIdp, EmailOneTimePasscode, ExternalFederation,
            MicrosoftAccount, SocialIdentityProviders,
        };
        let Some(providers) = &self.redemption_providers else {
            return;
        };
        let field =
            |name: &str| format!("invitationRedemptionIdentityProviderConfiguration.{name}");
        match providers.fallback {
            Some(DefaultConfiguredIdp | EmailOneTimePasscode | MicrosoftAccount) => {}
            None => found.push(Violation::new(
                field("fallbackIdentityProvider"),
                "noFallback",
                "at least one fallback identity provider must stay on: \
                 use `defaultConfiguredIdp`, `emailOneTimePasscode` or `microsoftAccount`",
            )),
            Some(other) => found.push(Violation::new(
                field("fallbackIdentityProvider"),
                "notAFallback",
                format!(
                    "`{}` cannot be a fallback identity provider",
                    other.as_str()
                ),
            )),
        }
        let mut seen = BTreeSet::new();
        for provider in &providers.primary {
            let place = field("primaryIdentityProviderPrecedenceOrder");
            let word = provider.as_str();
            let is_primary = matches!(
                provider,
                AzureActiveDirectory | ExternalFederation | SocialIdentityProviders
            );
            if !is_primary {
                let message = format!("`{word}` cannot be a primary identity provider");
                found.push(Violation::new(place, "notAPrimary", message));
            } else if !seen.insert(provider) {
                let message = format!("`{word}` appears twice in the order");
                found.push(Violation::new(place, "duplicateProvider", message));
            }
        }
    }
}

impl CrossTenantPartner {
    /// Checks a partner before it is stored.
    pub fn validate(&self, cx: &ValidationContext<'_>) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        self.check_identity(cx, &mut found);
        check_settings(&self.settings, &mut found);
        let service_default = CrossTenantDefault::service_default();
        let default = cx.default.unwrap_or(&service_default);
        check_all_consistency(&self.settings, &default.settings, &mut found);
        let groups = self.inbound_groups();
        if groups.len() > MAX_GROUPS_PER_PARTNER {
            found.push(Violation::new(
                "b2bCollaborationInbound.usersAndGroups.targets",
                "tooManyGroups",
                format!(
                    "{} different groups: at most {MAX_GROUPS_PER_PARTNER} may be named per partner",
                    groups.len()
                ),
            ));
        }
        answer(found)
    }

    fn check_identity(&self, cx: &ValidationContext<'_>, found: &mut Vec<Violation>) {
        let cloud = self.cloud.as_deref().unwrap_or(cx.own_cloud);
        if self.tenant_id == cx.own_tenant && cloud == cx.own_cloud {
            let message = format!(
                "`{}` is your own tenant: a partner is another one",
                self.tenant_id
            );
            found.push(Violation::new("tenantId", "ownTenant", message));
        }
        if cloud != cx.own_cloud && !cx.known_clouds.contains(&cloud) {
            let message = format!("`{cloud}` is not a known cloud");
            found.push(Violation::new("cloud", "unknownCloud", message));
        }
    }

    /// The distinct groups that the inbound settings name.
    pub fn inbound_groups(&self) -> BTreeSet<Uuid> {
        let settings = [
            &self.settings.b2b_collaboration_inbound,
            &self.settings.b2b_direct_connect_inbound,
        ];
        let halves = settings
            .into_iter()
            .flatten()
            .filter_map(|s| s.users_and_groups.as_ref());
        halves
            .flat_map(|half| &half.targets)
            .filter(|target| target.target_type == TargetType::Group)
            .filter_map(|target| match target.target {
                TargetValue::Id(id) => Some(id),
                _ => None,
            })
            .collect()
    }
}

fn named_settings(settings: &Settings) -> impl Iterator<Item = (&'static str, &B2bSetting)> {
    let four = Setting::ALL
        .iter()
        .filter_map(|s| settings.setting(*s).map(|value| (s.as_str(), value)));
    let restrictions = settings.tenant_restrictions.as_ref();
    four.chain(restrictions.map(|r| ("tenantRestrictions", &r.setting)))
}

fn check_settings(settings: &Settings, found: &mut Vec<Violation>) {
    for (name, setting) in named_settings(settings) {
        if let Some(half) = &setting.users_and_groups {
            check_half(
                &format!("{name}.usersAndGroups.targets"),
                half,
                Half::Users,
                found,
            );
        }
        if let Some(half) = &setting.applications {
            check_half(
                &format!("{name}.applications.targets"),
                half,
                Half::Applications,
                found,
            );
        }
    }
}

/// Rules 1 to 4.
fn check_half(field: &str, half: &TargetConfiguration, place: Half, found: &mut Vec<Violation>) {
    let count = half.targets.len();
    if count == 0 {
        found.push(Violation::new(
            field,
            "emptyTargets",
            "a list needs at least one target",
        ));
    }
    if count > MAX_TARGETS {
        let message = format!("{count} targets: a list holds at most {MAX_TARGETS}");
        found.push(Violation::new(field, "tooManyTargets", message));
    }
    let keyword = half
        .targets
        .iter()
        .find(|target| target.target.is_keyword());
    if let Some(keyword) = keyword.filter(|_| count > 1) {
        let message = format!(
            "`{}` cannot stand beside other targets: name it alone, or leave it out",
            keyword.target
        );
        found.push(Violation::new(field, "mixedKeyword", message));
    }
    for (place_in_list, target) in half.targets.iter().enumerate() {
        if let Some((rule, message)) = broken_target(target, place) {
            found.push(Violation::new(
                format!("{field}[{place_in_list}]"),
                rule,
                message,
            ));
        }
    }
}

fn broken_target(target: &Target, half: Half) -> Option<(&'static str, String)> {
    use TargetValue::{AllApplications, AllMicrosoftApps, AllUsers, Id, Office365, Other};
    let word = target.target_type.as_str();
    let fits = match half {
        Half::Users => matches!(target.target_type, TargetType::User | TargetType::Group),
        Half::Applications => target.target_type == TargetType::Application,
    };
    if !fits {
        let expected = match half {
            Half::Users => "`user` or `group`",
            Half::Applications => "`application`",
        };
        let message = format!("a target of type `{word}` does not belong here: use {expected}");
        return Some(("wrongTargetType", message));
    }
    match (&target.target, half) {
        (Id(_), _)
        | (AllUsers, Half::Users)
        | (AllApplications | Office365 | AllMicrosoftApps, Half::Applications) => {
            let all_users = target.target == AllUsers && target.target_type != TargetType::User;
            all_users.then(|| {
                (
                    "wrongTargetType",
                    "`AllUsers` goes with target type `user`".to_owned(),
                )
            })
        }
        (Other(text), _) => {
            let text: String = text.chars().take(64).collect();
            Some((
                "notAnId",
                format!("`{text}` is neither an ID nor a keyword that fits here"),
            ))
        }
        (keyword, _) => Some((
            "wrongKeyword",
            format!("`{keyword}` is not a keyword of this list"),
        )),
    }
}

/// Rule 5.
fn check_nobody_in_particular(name: &str, setting: &B2bSetting, found: &mut Vec<Violation>) {
    let Some(half) = &setting.users_and_groups else {
        return;
    };
    if half
        .targets
        .iter()
        .any(|target| target.target != TargetValue::AllUsers)
    {
        found.push(Violation::new(
            format!("{name}.usersAndGroups.targets"),
            "defaultNamesUsers",
            "the default cannot name users or groups of other tenants: \
             use `AllUsers` here and name people in a partner",
        ));
    }
}

/// Rule 6, for every setting.
fn check_all_consistency(settings: &Settings, inherited: &Settings, found: &mut Vec<Violation>) {
    for (name, setting) in named_settings(settings) {
        let merged = match Setting::parse(name) {
            Some(s @ (Setting::B2bCollaborationInbound | Setting::B2bCollaborationOutbound)) => {
                inherited.setting(s)
            }
            _ => None,
        };
        check_consistency(name, setting, merged, found);
    }
}

fn check_consistency(
    name: &str,
    setting: &B2bSetting,
    inherited: Option<&B2bSetting>,
    found: &mut Vec<Violation>,
) {
    let users = setting
        .users_and_groups
        .as_ref()
        .or_else(|| inherited.and_then(|s| s.users_and_groups.as_ref()));
    let applications = setting
        .applications
        .as_ref()
        .or_else(|| inherited.and_then(|s| s.applications.as_ref()));
    let (Some(users), Some(applications)) = (users, applications) else {
        return;
    };
    let blocks = |half: &TargetConfiguration, all: &TargetValue| {
        half.access_type == AccessType::Blocked && half.targets.iter().any(|t| t.target == *all)
    };
    let no_application = blocks(applications, &TargetValue::AllApplications);
    if blocks(users, &TargetValue::AllUsers) && !no_application {
        found.push(Violation::new(
            name,
            "allUsersBlocked",
            "all users are blocked: block `AllApplications`, too",
        ));
    }
    if no_application && users.access_type == AccessType::Allowed {
        found.push(Violation::new(
            name,
            "allApplicationsBlocked",
            "users are allowed but every application is blocked: \
             leave one application open, or block the users",
        ));
    }
}
