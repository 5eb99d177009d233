//! Reading the policy: leniently for judging (policy-cases.md), strictly for storing.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    AutomaticUserConsent, B2bSetting, CrossTenantAccessPolicy, CrossTenantDefault,
    CrossTenantPartner, IdentityProvider, InboundTrust, RedemptionProviders, Settings,
    TenantRestrictions,
};
use crate::document::{DocumentError, Mode, Node, Read, Within, configured};

type Member<'d, 'a> = Option<Node<'d, 'a>>;

/// The names that decide.
const DECIDING: [&str; 5] = [
    "b2bCollaborationInbound",
    "b2bCollaborationOutbound",
    "b2bDirectConnectInbound",
    "b2bDirectConnectOutbound",
    "inboundTrust",
];

/// The others, which a judge does not know.
const STORED: [&str; 2] = ["automaticUserConsentSettings", "tenantRestrictions"];

impl Settings {
    /// Reads them out of a default or a partner.
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let [inbound, outbound, direct_in, direct_out, trust] = node.members(DECIDING)?.values;
        let setting = |node: Member<'_, '_>, name| {
            given(node, mode)
                .map(|node| B2bSetting::read(node, mode))
                .transpose()
                .within(name)
        };
        let mut settings = Self {
            b2b_collaboration_inbound: setting(inbound, "b2bCollaborationInbound")?,
            b2b_collaboration_outbound: setting(outbound, "b2bCollaborationOutbound")?,
            b2b_direct_connect_inbound: setting(direct_in, "b2bDirectConnectInbound")?,
            b2b_direct_connect_outbound: setting(direct_out, "b2bDirectConnectOutbound")?,
            inbound_trust: given(trust, mode)
                .map(|node| InboundTrust::read(node, mode))
                .transpose()
                .within("inboundTrust")?,
            ..Self::default()
        };
        if mode == Mode::Strict {
            let [consent, restrictions] = node.members(STORED)?.values;
            settings.automatic_user_consent = consent
                .map(AutomaticUserConsent::read)
                .transpose()
                .within("automaticUserConsentSettings")?
                .unwrap_or_default();
            settings.tenant_restrictions = restrictions
                .map(TenantRestrictions::read)
                .transpose()
                .within("tenantRestrictions")?;
        }
        Ok(settings)
    }
}

/// In strict mode an empty object stays one, so that it comes back as it was sent.
fn given<'d, 'a>(node: Member<'d, 'a>, mode: Mode) -> Member<'d, 'a> {
    match mode {
        Mode::Lenient => configured(node),
        Mode::Strict => node,
    }
}

fn flag(node: Member<'_, '_>, name: &'static str) -> Read<Option<bool>> {
    node.map(Node::bool).transpose().within(name)
}

impl InboundTrust {
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        const NAMES: [&str; 3] = [
            "isMfaAccepted",
            "isCompliantDeviceAccepted",
            "isHybridAzureADJoinedDeviceAccepted",
        ];
        let [mfa, compliant, hybrid] = node.members(NAMES)?.known(mode)?;
        let [mfa_name, compliant_name, hybrid_name] = NAMES;
        Ok(Self {
            is_mfa_accepted: flag(mfa, mfa_name)?,
            is_compliant_device_accepted: flag(compliant, compliant_name)?,
            is_hybrid_azure_ad_joined_device_accepted: flag(hybrid, hybrid_name)?,
        })
    }
}

impl AutomaticUserConsent {
    fn read(node: Node<'_, '_>) -> Read<Self> {
        let names = ["inboundAllowed", "outboundAllowed"];
        let [inbound, outbound] = node.members(names)?.known(Mode::Strict)?;
        Ok(Self {
            inbound_allowed: flag(inbound, "inboundAllowed")?,
            outbound_allowed: flag(outbound, "outboundAllowed")?,
        })
    }
}

impl TenantRestrictions {
    fn read(node: Node<'_, '_>) -> Read<Self> {
        let names = ["usersAndGroups", "applications", "devices"];
        let [users, applications, devices] = node.members(names)?.known(Mode::Strict)?;
        Ok(Self {
            setting: B2bSetting::read_halves(users, applications, Mode::Strict)?,
            devices: devices.map(Node::to_value),
        })
    }
}

impl RedemptionProviders {
    fn read(node: Node<'_, '_>) -> Read<Self> {
        let names = [
            "primaryIdentityProviderPrecedenceOrder",
            "fallbackIdentityProvider",
        ];
        let [primary, fallback] = node.members(names)?.known(Mode::Strict)?;
        Ok(Self {
            primary: primary
                .map(|list| list.list_of(IdentityProvider::read))
                .transpose()
                .within("primaryIdentityProviderPrecedenceOrder")?
                .unwrap_or_default(),
            fallback: fallback
                .map(IdentityProvider::read)
                .transpose()
                .within("fallbackIdentityProvider")?,
        })
    }
}

/// What is kept under its Graph name: every member that is not read here, annotations aside.
fn rest(node: Node<'_, '_>, mode: Mode, read: &[&str]) -> Map<String, Value> {
    if mode == Mode::Lenient {
        return Map::new();
    }
    node.children()
        .filter(|member| !read.contains(&member.name()))
        .filter(|member| !DECIDING.contains(&member.name()) && !STORED.contains(&member.name()))
        .filter(|member| !member.name().contains(['@', '#']))
        .map(|member| (member.name().to_owned(), member.to_value()))
        .collect()
}

const PROVIDERS: &str = "invitationRedemptionIdentityProviderConfiguration";

impl CrossTenantDefault {
    /// Reads the default.
    pub fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let names = ["isServiceDefault", PROVIDERS];
        let mut default = Self {
            settings: Settings::read(node, mode)?,
            rest: rest(node, mode, &names),
            ..Self::default()
        };
        if mode == Mode::Strict {
            let [is_service_default, providers] = node.members(names)?.values;
            default.is_service_default =
                flag(is_service_default, "isServiceDefault")?.unwrap_or(false);
            default.redemption_providers = providers
                .map(RedemptionProviders::read)
                .transpose()
                .within(PROVIDERS)?;
        }
        Ok(default)
    }
}

impl CrossTenantPartner {
    /// Reads one partner.
    pub fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let names = ["tenantId", "cloud"];
        let [tenant, cloud] = node.members(names)?.values;
        let tenant = tenant.ok_or_else(|| DocumentError::missing("tenantId"))?;
        Ok(Self {
            tenant_id: tenant.guid().within("tenantId")?,
            cloud: cloud
                .map(|cloud| cloud.text().map(str::to_owned))
                .transpose()
                .within("cloud")?,
            settings: Settings::read(node, mode)?,
            rest: rest(node, mode, &names),
        })
    }
}

impl CrossTenantAccessPolicy {
    /// Reads the root with `default` and `partners` beside it. Two rows for one tenant ID are
    /// malformed.
    pub fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let names = ["allowedCloudEndpoints", "default", "partners"];
        let [clouds, default, partners] = node.members(names)?.values;
        let policy = Self {
            allowed_cloud_endpoints: clouds
                .map(|list| list.list_of(|cloud| cloud.text().map(str::to_owned)))
                .transpose()
                .within("allowedCloudEndpoints")?
                .unwrap_or_default(),
            default: configured(default)
                .map(|node| CrossTenantDefault::read(node, mode))
                .transpose()
                .within("default")?,
            partners: read_partners(partners, mode).within("partners")?,
            rest: rest(node, mode, &names),
        };
        Ok(policy)
    }
}

fn read_partners(node: Member<'_, '_>, mode: Mode) -> Read<Vec<CrossTenantPartner>> {
    let Some(list) = node.map(Node::answer_list).transpose()?.flatten() else {
        return Ok(Vec::new());
    };
    let partners = list.list_of(|partner| CrossTenantPartner::read(partner, mode))?;
    let mut seen = BTreeSet::new();
    for partner in &partners {
        if !seen.insert(partner.tenant_id) {
            return Err(DocumentError::new(format!(
                "two rows for the tenant `{}`: keep one",
                partner.tenant_id
            )));
        }
    }
    Ok(partners)
}
