//! `signIn` and `directoryAudit`: records, read only, newest first.

use super::{
    Area, ResourceType,
    option::{COUNT, FILTER, ORDER, SELECT, TOP},
    property::{
        Kind, Property, complex, document, field, flag, guid, int,
        op::{EQ, GE, GT, IN, LE, LT, NE, STARTS},
        text, time,
    },
    shape,
};

const OPTIONS: u16 = SELECT | FILTER | ORDER | TOP | COUNT;
const DATE: u16 = EQ | GE | LE | GT | LT;
const WORDS: u16 = EQ | STARTS;

static SIGN_IN_PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(EQ).column(),
    time("createdDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .order()
        .column(),
    text("userDisplayName").read_only().shown().filter(WORDS),
    text("userPrincipalName").read_only().shown().filter(WORDS),
    guid("userId").read_only().shown().filter(EQ | IN).column(),
    guid("appId").read_only().shown().filter(EQ | IN).column(),
    text("appDisplayName").read_only().shown().filter(WORDS),
    text("ipAddress").read_only().shown().filter(WORDS),
    text("clientAppUsed").read_only().shown().filter(EQ),
    text("userAgent").max(1024).read_only().shown(),
    guid("correlationId")
        .read_only()
        .shown()
        .filter(EQ | IN)
        .column(),
    text("conditionalAccessStatus")
        .read_only()
        .shown()
        .filter(EQ),
    flag("isInteractive").read_only().shown(),
    text("riskDetail").read_only().shown().filter(EQ),
    text("riskLevelAggregated").read_only().shown().filter(EQ),
    text("riskLevelDuringSignIn").read_only().shown().filter(EQ),
    text("riskState").read_only().shown().filter(EQ),
    text("riskEventTypes").many().read_only().shown(),
    text("riskEventTypes_v2")
        .many()
        .read_only()
        .shown()
        .filter(EQ | STARTS),
    text("resourceDisplayName").read_only().shown().filter(EQ),
    guid("resourceId").read_only().shown().filter(EQ),
    guid("homeTenantId").read_only().shown().filter(EQ),
    guid("resourceTenantId").read_only().shown().filter(EQ),
    text("crossTenantAccessType").read_only().shown().filter(EQ),
    // Ours: the clouds of both sides and the gate that decided.
    text("homeTenantName").read_only().shown(),
    text("resourceTenantName").read_only().shown(),
    text("homeCloud").read_only().shown().filter(EQ),
    text("resourceCloud").read_only().shown().filter(EQ),
    document("crossTenantAccessResult", "crossTenantAccessResult")
        .read_only()
        .shown(),
    guid("servicePrincipalId").read_only().shown(),
    text("servicePrincipalName").read_only().shown(),
    text("signInEventTypes")
        .many()
        .read_only()
        .shown()
        .filter(EQ),
    document("authenticationDetails", "authenticationDetail")
        .many()
        .read_only()
        .shown(),
    complex("status", &shape::SIGN_IN_STATUS)
        .read_only()
        .shown()
        .fields(&[field("errorCode", Kind::Int, EQ | NE | IN)]),
    complex("deviceDetail", &shape::DEVICE_DETAIL)
        .read_only()
        .shown()
        .fields(&[
            field("browser", Kind::Text, WORDS),
            field("operatingSystem", Kind::Text, WORDS),
        ]),
    complex("location", &shape::SIGN_IN_LOCATION)
        .read_only()
        .shown()
        .fields(&[
            field("city", Kind::Text, WORDS),
            field("state", Kind::Text, WORDS),
            field("countryOrRegion", Kind::Text, WORDS),
        ]),
    complex("appliedConditionalAccessPolicies", &shape::APPLIED_POLICY)
        .many()
        .read_only()
        .shown(),
];

/// `signIn`
pub static SIGN_IN: ResourceType =
    ResourceType::new("signIn", "auditLogs/signIns", SIGN_IN_PROPERTIES)
        .options(OPTIONS)
        .pages(1000, 1000)
        .newest_first("createdDateTime")
        .area(Area::Log);

static AUDIT_PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(EQ).column(),
    text("category").read_only().shown().filter(EQ).column(),
    guid("correlationId")
        .read_only()
        .shown()
        .filter(EQ | IN)
        .column(),
    text("result").read_only().shown().filter(EQ).column(),
    text("resultReason").max(1024).read_only().shown(),
    text("activityDisplayName")
        .read_only()
        .shown()
        .filter(WORDS)
        .column(),
    time("activityDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .order()
        .column(),
    text("loggedByService").read_only().shown().filter(EQ),
    text("operationType").read_only().shown().filter(EQ),
    document("initiatedBy", "auditActivityInitiator")
        .read_only()
        .shown()
        .fields(&[
            field("user/id", Kind::Guid, EQ),
            field("user/displayName", Kind::Text, EQ),
            field("user/userPrincipalName", Kind::Text, WORDS),
            field("app/appId", Kind::Guid, EQ),
            field("app/displayName", Kind::Text, EQ),
        ]),
    complex("targetResources", &shape::TARGET_RESOURCE)
        .many()
        .read_only()
        .shown()
        .fields(&[
            field("id", Kind::Text, EQ),
            field("displayName", Kind::Text, WORDS),
        ]),
    complex("additionalDetails", &shape::KEY_VALUE)
        .many()
        .read_only()
        .shown(),
    int("sequence").read_only(),
];

/// `directoryAudit`
pub static DIRECTORY_AUDIT: ResourceType = ResourceType::new(
    "directoryAudit",
    "auditLogs/directoryAudits",
    AUDIT_PROPERTIES,
)
.options(OPTIONS)
.pages(1000, 1000)
.newest_first("activityDateTime")
.area(Area::Log);
