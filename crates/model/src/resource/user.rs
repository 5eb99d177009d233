//! `user`: members and guests (`/users`, `/me`).

use super::{
    APP_ROLE_ASSIGNMENT, DIRECTORY_OBJECT, DIRECTORY_ROLE, GROUP, Navigation,
    OAUTH2_PERMISSION_GRANT, ResourceType,
    property::{
        Initial, Property, Search, complex, document, flag, guid,
        op::{COUNT, DATE, DIRECTORY, ENDS, EQ, GE, IN, LE, NE, NOT, NULL, STARTS, WORD},
        text, time, word,
    },
    shape, write,
};

const LIST: u16 = EQ | GE | LE | NOT | STARTS | COUNT;

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(WORD).column(),
    time("deletedDateTime")
        .read_only()
        .filter(DATE)
        .order()
        .column(),
    text("businessPhones")
        .max(64)
        .many()
        .most(1)
        .shown()
        .filter(LIST),
    text("displayName")
        .required()
        .shown()
        .filter(DIRECTORY)
        .order()
        .search(Search::Words)
        .column(),
    text("givenName").max(64).shown().filter(DIRECTORY),
    text("jobTitle").max(128).shown().filter(DIRECTORY),
    text("mail")
        .shown()
        .filter(DIRECTORY | ENDS)
        .search(Search::Prefix)
        .column(),
    text("mobilePhone")
        .max(64)
        .shown()
        .filter(DIRECTORY)
        .search(Search::Prefix),
    text("officeLocation").max(128).shown().filter(DIRECTORY),
    text("preferredLanguage").max(35).shown().filter(DIRECTORY),
    text("surname").max(64).shown().filter(DIRECTORY),
    text("userPrincipalName")
        .required()
        .shown()
        .filter(EQ | NE | NOT | IN | GE | LE | STARTS | ENDS)
        .order()
        .search(Search::Prefix)
        .column(),
    flag("accountEnabled").required().filter(WORD).column(),
    document("assignedLicenses", "assignedLicense")
        .many()
        .read_only()
        .filter(EQ | NOT | COUNT),
    text("ageGroup").filter(WORD),
    text("aboutMe").max(4096),
    time("birthday"),
    text("city").max(128).filter(DIRECTORY),
    text("companyName").max(64).filter(DIRECTORY),
    text("consentProvidedForMinor").filter(WORD),
    text("country").max(128).filter(DIRECTORY),
    time("createdDateTime").read_only().filter(DATE).column(),
    text("creationType").read_only().filter(WORD),
    text("department")
        .max(64)
        .filter(EQ | NE | NOT | IN | GE | LE | NULL),
    time("employeeHireDate"),
    text("employeeId").max(64).filter(DIRECTORY),
    complex("employeeOrgData", &shape::EMPLOYEE_ORG_DATA),
    text("employeeType")
        .max(64)
        .filter(EQ | NE | NOT | IN | GE | LE | STARTS),
    word("externalUserState", &["PendingAcceptance", "Accepted"])
        .read_only()
        .filter(WORD | NULL)
        .column(),
    time("externalUserStateChangeDateTime")
        .read_only()
        .filter(EQ | NE | NOT | IN),
    text("faxNumber").max(64).filter(DIRECTORY),
    time("hireDate"),
    complex("identities", &shape::OBJECT_IDENTITY)
        .many()
        .computed(),
    text("imAddresses").many().read_only(),
    text("interests").many(),
    flag("isResourceAccount"),
    time("lastPasswordChangeDateTime").computed(),
    text("legalAgeGroupClassification").read_only(),
    text("mailNickname").max(64).filter(DIRECTORY),
    text("mySite").max(1024),
    text("onPremisesDistinguishedName").read_only(),
    text("onPremisesDomainName").read_only(),
    complex(
        "onPremisesExtensionAttributes",
        &shape::ON_PREMISES_EXTENSION_ATTRIBUTES,
    )
    .initial(Initial::Object),
    text("onPremisesImmutableId").filter(EQ | NE | NOT | IN | GE | LE),
    time("onPremisesLastSyncDateTime").read_only(),
    document(
        "onPremisesProvisioningErrors",
        "onPremisesProvisioningError",
    )
    .many()
    .read_only(),
    text("onPremisesSamAccountName")
        .read_only()
        .filter(EQ | NE | NOT | IN | GE | LE | STARTS),
    text("onPremisesSecurityIdentifier")
        .read_only()
        .filter(EQ | NULL),
    flag("onPremisesSyncEnabled").read_only(),
    text("onPremisesUserPrincipalName")
        .read_only()
        .filter(EQ | NE | NOT | IN | GE | LE | STARTS),
    text("otherMails").many().most(250).filter(LIST | ENDS | IN),
    text("passwordPolicies").filter(NE | NOT | NULL),
    complex("passwordProfile", &shape::PASSWORD_PROFILE),
    text("pastProjects").many(),
    text("postalCode").max(40).filter(DIRECTORY),
    text("preferredDataLocation"),
    text("preferredName"),
    text("proxyAddresses")
        .many()
        .read_only()
        .filter(LIST | ENDS),
    text("responsibilities").many(),
    text("schools").many(),
    text("securityIdentifier").read_only(),
    flag("showInAddressList"),
    time("signInSessionsValidFromDateTime").computed(),
    text("skills").many(),
    text("state").max(128).filter(DIRECTORY),
    text("streetAddress").max(1024).filter(DIRECTORY),
    text("usageLocation").max(2).filter(DIRECTORY),
    word("userType", &["Member", "Guest"])
        .filter(WORD | NULL)
        .column(),
];

static MEMBERSHIPS: &[&ResourceType] = &[&GROUP, &DIRECTORY_ROLE];

static NAVIGATIONS: &[Navigation] = &[
    Navigation::many("memberOf", &DIRECTORY_OBJECT).casts(MEMBERSHIPS),
    Navigation::many("transitiveMemberOf", &DIRECTORY_OBJECT).casts(MEMBERSHIPS),
    Navigation::many("appRoleAssignments", &APP_ROLE_ASSIGNMENT).contained(),
    Navigation::many("oauth2PermissionGrants", &OAUTH2_PERMISSION_GRANT).path_only(),
];

/// `user`
pub static USER: ResourceType = ResourceType::new("user", "users", PROPERTIES)
    .base("directoryObject")
    .alternate_keys(&["userPrincipalName"])
    .navigations(NAVIGATIONS)
    .writes(write::ALL)
    .directory()
    .soft_delete();
