//! A policy compiled for decisions: partners by tenant, target lists sorted. One decision costs a
//! few steps for the partner and for each list, whatever the size of the policy.

use std::{collections::BTreeSet, sync::Arc};

use comity_model::{
    cross_tenant::{
        AccessType, AutomaticUserConsent, B2bSetting, CrossTenantAccessPolicy, CrossTenantPartner,
        InboundTrust, Setting, Settings,
    },
    decision::Provenance,
};
use uuid::Uuid;

use super::{
    half::{ApplicationsHalf, UsersHalf},
    ids::Ids,
};

/// A tenant: the pair of cloud and ID (rule 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TenantKey<'a> {
    pub cloud: &'a str,
    pub tenant: Uuid,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct CompiledSetting {
    users: Option<UsersHalf>,
    applications: Option<ApplicationsHalf>,
}

impl CompiledSetting {
    fn compile(setting: Option<&B2bSetting>) -> Self {
        let users = setting.and_then(|s| s.users_and_groups.as_ref());
        let applications = setting.and_then(|s| s.applications.as_ref());
        Self {
            users: users.map(UsersHalf::compile),
            applications: applications.map(ApplicationsHalf::compile),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CompiledSettings {
    collaboration_inbound: CompiledSetting,
    collaboration_outbound: CompiledSetting,
    direct_connect_inbound: CompiledSetting,
    direct_connect_outbound: CompiledSetting,
    pub(crate) trust: InboundTrust,
    pub(crate) consent: AutomaticUserConsent,
}

impl CompiledSettings {
    fn compile(settings: &Settings) -> Self {
        let compile = |setting| CompiledSetting::compile(settings.setting(setting));
        Self {
            collaboration_inbound: compile(Setting::B2bCollaborationInbound),
            collaboration_outbound: compile(Setting::B2bCollaborationOutbound),
            direct_connect_inbound: compile(Setting::B2bDirectConnectInbound),
            direct_connect_outbound: compile(Setting::B2bDirectConnectOutbound),
            trust: settings.inbound_trust.unwrap_or_default(),
            consent: settings.automatic_user_consent,
        }
    }

    const fn setting(&self, setting: Setting) -> &CompiledSetting {
        match setting {
            Setting::B2bCollaborationInbound => &self.collaboration_inbound,
            Setting::B2bCollaborationOutbound => &self.collaboration_outbound,
            Setting::B2bDirectConnectInbound => &self.direct_connect_inbound,
            Setting::B2bDirectConnectOutbound => &self.direct_connect_outbound,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CompiledPartner {
    /// `None` fits any cloud. Partners of one cloud share its name.
    cloud: Option<Arc<str>>,
    settings: Box<CompiledSettings>,
}

/// A compiled policy of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompiledPolicy {
    clouds: Vec<String>,
    default: CompiledSettings,
    tenants: Ids,
    /// In the order of `tenants`.
    partners: Vec<CompiledPartner>,
}

/// The setting that holds, each half with where it comes from (rule 1).
#[derive(Debug, Clone, Copy)]
pub struct Effective<'p> {
    pub users: (Provenance, &'p UsersHalf),
    pub applications: (Provenance, &'p ApplicationsHalf),
}

static EVERYBODY: UsersHalf = UsersHalf::everybody(AccessType::Allowed);
static NOBODY: UsersHalf = UsersHalf::everybody(AccessType::Blocked);
static EVERYTHING: ApplicationsHalf = ApplicationsHalf::everything(AccessType::Allowed);
static NOTHING: ApplicationsHalf = ApplicationsHalf::everything(AccessType::Blocked);

const fn service_default(setting: Setting) -> (&'static UsersHalf, &'static ApplicationsHalf) {
    match setting {
        Setting::B2bCollaborationInbound | Setting::B2bCollaborationOutbound => {
            (&EVERYBODY, &EVERYTHING)
        }
        Setting::B2bDirectConnectInbound | Setting::B2bDirectConnectOutbound => (&NOBODY, &NOTHING),
    }
}

impl CompiledPolicy {
    /// Compiles the whole policy.
    pub fn compile(policy: &CrossTenantAccessPolicy) -> Self {
        Self::compile_where(policy, |_| true)
    }

    /// Compiles what one decision about one tenant needs.
    pub fn compile_for(policy: &CrossTenantAccessPolicy, tenant: Uuid) -> Self {
        Self::compile_where(policy, |partner| partner == tenant)
    }

    fn compile_where(policy: &CrossTenantAccessPolicy, keep: impl Fn(Uuid) -> bool) -> Self {
        let mut kept: Vec<&CrossTenantPartner> = policy
            .partners
            .iter()
            .filter(|partner| keep(partner.tenant_id))
            .collect();
        kept.sort_by_key(|partner| partner.tenant_id);
        kept.dedup_by_key(|partner| partner.tenant_id);
        let mut names = BTreeSet::new();
        let partner = |partner: &&CrossTenantPartner| CompiledPartner {
            cloud: partner
                .cloud
                .as_deref()
                .map(|cloud| shared(cloud, &mut names)),
            settings: Box::new(CompiledSettings::compile(&partner.settings)),
        };
        Self {
            clouds: policy.allowed_cloud_endpoints.clone(),
            default: policy
                .default
                .as_ref()
                .map(|default| CompiledSettings::compile(&default.settings))
                .unwrap_or_default(),
            tenants: kept.iter().map(|partner| partner.tenant_id).collect(),
            partners: kept.iter().map(partner).collect(),
        }
    }

    /// Whether a setting lets anybody through to or from the other tenant, whoever that is.
    pub fn is_open(&self, setting: Setting, other: TenantKey<'_>) -> bool {
        !self.effective(setting, other).users.1.blocks_everybody()
    }

    /// Whether the other cloud is ticked.
    pub fn allows_cloud(&self, cloud: &str) -> bool {
        self.clouds.iter().any(|ticked| ticked == cloud)
    }

    /// Whether there is a partner object for this tenant of this cloud.
    pub fn has_partner(&self, key: TenantKey<'_>) -> bool {
        self.partner(key).is_some()
    }

    /// The tenants that partner objects name, with their clouds.
    pub fn partners(&self) -> impl Iterator<Item = (Uuid, Option<&str>)> {
        let clouds = self.partners.iter().map(|partner| partner.cloud.as_deref());
        self.tenants.iter().zip(clouds)
    }

    pub(crate) fn partner(&self, key: TenantKey<'_>) -> Option<&CompiledSettings> {
        let partner = self.partners.get(self.tenants.position(key.tenant)?)?;
        let fits = partner
            .cloud
            .as_deref()
            .is_none_or(|cloud| cloud == key.cloud);
        fits.then_some(&*partner.settings)
    }

    pub(crate) const fn default_settings(&self) -> &CompiledSettings {
        &self.default
    }

    /// Rule 1, each half for itself.
    pub fn effective(&self, setting: Setting, other: TenantKey<'_>) -> Effective<'_> {
        let own = self
            .partner(other)
            .map(|settings| settings.setting(setting));
        let inherited = self.default.setting(setting);
        let (users, applications) = service_default(setting);
        Effective {
            users: pick(own.map(|s| &s.users), &inherited.users, users),
            applications: pick(
                own.map(|s| &s.applications),
                &inherited.applications,
                applications,
            ),
        }
    }
}

/// One allocation per name.
fn shared(name: &str, names: &mut BTreeSet<Arc<str>>) -> Arc<str> {
    if let Some(known) = names.get(name) {
        return Arc::clone(known);
    }
    let new: Arc<str> = name.into();
    names.insert(Arc::clone(&new));
    new
}

#[expect(clippy::ref_option, reason = "serves as a member of a struct")]
fn pick<'p, T>(
    own: Option<&'p Option<T>>,
    inherited: &'p Option<T>,
    service_default: &'p T,
) -> (Provenance, &'p T) {
    if let Some(half) = own.and_then(Option::as_ref) {
        (Provenance::Own, half)
    } else if let Some(half) = inherited {
        (Provenance::Inherited, half)
    } else {
        (Provenance::ServiceDefault, service_default)
    }
}
