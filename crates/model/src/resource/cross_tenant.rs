//! The cross-tenant access policy: root, default, partners. Its settings are documents that
//! `crate::cross_tenant` reads; here stands only which there are.

use super::{
    Action, Area, ResourceType,
    option::{COUNT, EXPAND, FILTER, SELECT, SKIP, TOP},
    property::{
        Initial, Property, document, flag, guid,
        op::{EQ, IN},
        text, time,
    },
    write,
};

static ROOT: &[Property] = &[
    text("id").read_only().shown(),
    time("deletedDateTime").read_only(),
    text("displayName")
        .max(256)
        .initial(Initial::Text("CrossTenantAccessPolicy"))
        .shown(),
    text("description").max(1024),
    text("allowedCloudEndpoints").max(253).many().shown(),
];

/// `crossTenantAccessPolicy`
pub static CROSS_TENANT_ACCESS_POLICY: ResourceType = ResourceType::new(
    "crossTenantAccessPolicy",
    "policies/crossTenantAccessPolicy",
    ROOT,
)
.base("policyBase")
.singleton()
.writes(write::UPDATE)
.area(Area::Policy);

const SETTING: &str = "crossTenantAccessPolicyB2BSetting";

static DEFAULT: &[Property] = &[
    text("id").read_only(),
    flag("isServiceDefault")
        .computed()
        .initial(Initial::Bool(true))
        .shown(),
    document("inboundTrust", "crossTenantAccessPolicyInboundTrust").shown(),
    document("b2bCollaborationOutbound", SETTING).shown(),
    document("b2bCollaborationInbound", SETTING).shown(),
    document("b2bDirectConnectOutbound", SETTING).shown(),
    document("b2bDirectConnectInbound", SETTING).shown(),
    document(
        "tenantRestrictions",
        "crossTenantAccessPolicyTenantRestrictions",
    )
    .shown(),
    document(
        "automaticUserConsentSettings",
        "inboundOutboundPolicyConfiguration",
    )
    .shown(),
    document(
        "invitationRedemptionIdentityProviderConfiguration",
        "defaultInvitationRedemptionIdentityProviderConfiguration",
    )
    .shown(),
];

/// `crossTenantAccessPolicyConfigurationDefault`
pub static CROSS_TENANT_ACCESS_DEFAULT: ResourceType = ResourceType::new(
    "crossTenantAccessPolicyConfigurationDefault",
    "policies/crossTenantAccessPolicy/default",
    DEFAULT,
)
.singleton()
.actions(&[Action {
    name: "resetToSystemDefault",
    parameters: &[],
    returns: None,
    returns_object: false,
}])
.writes(write::UPDATE)
.area(Area::Policy);

static PARTNER: &[Property] = &[
    guid("tenantId")
        .required()
        .create_only()
        .shown()
        .filter(EQ | IN)
        .column(),
    // Ours: the partner is the pair of cloud and tenant.
    text("cloud").max(253).create_only().shown(),
    flag("isServiceProvider").read_only().shown(),
    flag("isInMultiTenantOrganization")
        .read_only()
        .initial(Initial::Bool(false))
        .shown(),
    document("inboundTrust", "crossTenantAccessPolicyInboundTrust").shown(),
    document("b2bCollaborationOutbound", SETTING).shown(),
    document("b2bCollaborationInbound", SETTING).shown(),
    document("b2bDirectConnectOutbound", SETTING).shown(),
    document("b2bDirectConnectInbound", SETTING).shown(),
    document(
        "tenantRestrictions",
        "crossTenantAccessPolicyTenantRestrictions",
    )
    .shown(),
    document(
        "automaticUserConsentSettings",
        "inboundOutboundPolicyConfiguration",
    )
    .shown(),
];

/// `crossTenantAccessPolicyConfigurationPartner`: keyed by the partner's tenant ID.
pub static CROSS_TENANT_ACCESS_PARTNER: ResourceType = ResourceType::new(
    "crossTenantAccessPolicyConfigurationPartner",
    "policies/crossTenantAccessPolicy/partners",
    PARTNER,
)
.base("")
.key("tenantId")
.writes(write::ALL)
.options(SELECT | EXPAND | FILTER | TOP | SKIP | COUNT)
.pages(1000, 1000)
.area(Area::Policy);
