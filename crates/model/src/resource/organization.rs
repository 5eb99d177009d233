//! `organization`, `domain` and the functions that find another organisation.

use super::{
    Function, ResourceType, Shape,
    option::{COUNT, FILTER, SELECT, TOP},
    property::{Initial, Property, complex, document, flag, guid, int, op::EQ, text, time},
    shape, write,
};

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown(),
    time("deletedDateTime").read_only().shown(),
    document("assignedPlans", "assignedPlan")
        .many()
        .read_only()
        .shown(),
    text("businessPhones").max(64).many().shown(),
    text("city").max(128).shown(),
    text("country").max(128).shown(),
    text("countryLetterCode").max(2).shown(),
    time("createdDateTime").read_only().shown(),
    text("defaultUsageLocation").max(2).shown(),
    text("displayName").not_null().shown(),
    flag("isMultipleDataLocationsForServicesEnabled")
        .read_only()
        .shown(),
    text("marketingNotificationEmails").many().shown(),
    time("onPremisesLastSyncDateTime").read_only().shown(),
    flag("onPremisesSyncEnabled").read_only().shown(),
    text("partnerTenantType").read_only().shown(),
    text("postalCode").max(40).shown(),
    text("preferredLanguage").max(35).shown(),
    complex("privacyProfile", &shape::PRIVACY_PROFILE).shown(),
    document("provisionedPlans", "provisionedPlan")
        .many()
        .read_only()
        .shown(),
    text("securityComplianceNotificationMails").many().shown(),
    text("securityComplianceNotificationPhones")
        .max(64)
        .many()
        .shown(),
    text("state").max(128).shown(),
    text("street").shown(),
    text("technicalNotificationMails").many().shown(),
    text("tenantType")
        .computed()
        .initial(Initial::Text("AAD"))
        .shown(),
    complex("verifiedDomains", &shape::VERIFIED_DOMAIN)
        .many()
        .computed()
        .shown(),
];

/// `organization`: a collection of exactly the caller's own.
pub static ORGANIZATION: ResourceType =
    ResourceType::new("organization", "organization", PROPERTIES)
        .base("directoryObject")
        .writes(write::UPDATE)
        .options(SELECT | COUNT)
        .advanced();

static DOMAIN_PROPERTIES: &[Property] = &[
    text("id").read_only().shown().filter(EQ).max(253),
    text("authenticationType")
        .computed()
        .initial(Initial::Text("Managed"))
        .shown(),
    text("availabilityStatus").read_only().shown(),
    flag("isAdminManaged")
        .computed()
        .initial(Initial::Bool(true))
        .shown(),
    flag("isDefault")
        .computed()
        .initial(Initial::Bool(false))
        .shown()
        .filter(EQ),
    flag("isInitial")
        .computed()
        .initial(Initial::Bool(false))
        .shown()
        .filter(EQ),
    flag("isRoot")
        .computed()
        .initial(Initial::Bool(true))
        .shown(),
    flag("isVerified")
        .computed()
        .initial(Initial::Bool(true))
        .shown()
        .filter(EQ),
    text("manufacturer").read_only().shown(),
    text("model").read_only().shown(),
    int("passwordNotificationWindowInDays").read_only().shown(),
    int("passwordValidityPeriodInDays").read_only().shown(),
    text("state").read_only().shown(),
    text("supportedServices").many().read_only().shown(),
];

/// `domain`: read only; domains are added and verified by the operator's command.
pub static DOMAIN: ResourceType = ResourceType::new("domain", "domains", DOMAIN_PROPERTIES)
    .options(SELECT | FILTER | TOP | COUNT);

/// `tenantInformation`
pub static TENANT_INFORMATION: &Shape = &shape::TENANT_INFORMATION_SHAPE;

/// Another organisation by its ID, in our cloud or a paired one.
pub static FIND_TENANT_BY_ID: Function = Function {
    path: "tenantRelationships/findTenantInformationByTenantId",
    parameter: guid("tenantId"),
    returns: &shape::TENANT_INFORMATION_SHAPE,
};

/// Another organisation of our own cloud by a domain name.
pub static FIND_TENANT_BY_DOMAIN: Function = Function {
    path: "tenantRelationships/findTenantInformationByDomainName",
    parameter: text("domainName").max(253),
    returns: &shape::TENANT_INFORMATION_SHAPE,
};
