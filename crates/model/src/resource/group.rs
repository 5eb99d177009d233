//! `group`: security groups, nested (`/groups`). Which kinds of
//! groups can be made is said by the use case.

use super::{
    APP_ROLE_ASSIGNMENT, DIRECTORY_OBJECT, Navigation, ResourceType, SERVICE_PRINCIPAL, USER,
    property::{
        Property, Search, document, flag, guid, int,
        op::{COUNT, DATE, DIRECTORY, ENDS, EQ, GE, LE, NE, NOT, NULL, STARTS, WORD},
        text, time,
    },
    write,
};

const PLAIN: u16 = EQ | NE | NOT | GE | LE | STARTS;

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(WORD).column(),
    time("deletedDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .order()
        .column(),
    text("classification").shown().filter(PLAIN),
    time("createdDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .column(),
    text("createdByAppId").read_only().shown(),
    text("creationOptions").many().read_only().shown(),
    text("description")
        .max(1024)
        .shown()
        .filter(PLAIN)
        .search(Search::Words),
    text("displayName")
        .required()
        .shown()
        .filter(DIRECTORY)
        .order()
        .search(Search::Words)
        .column(),
    time("expirationDateTime").read_only().shown(),
    text("groupTypes").many().shown().filter(EQ | NOT | COUNT),
    flag("isAssignableToRole")
        .create_only()
        .shown()
        .filter(EQ | NE | NOT)
        .column(),
    text("mail").read_only().shown().filter(DIRECTORY),
    flag("mailEnabled")
        .required()
        .shown()
        .filter(EQ | NE | NOT)
        .column(),
    text("mailNickname")
        .max(64)
        .required()
        .shown()
        .filter(DIRECTORY)
        .column(),
    text("membershipRule").max(3072).shown().filter(PLAIN),
    text("membershipRuleProcessingState").shown().filter(WORD),
    text("onPremisesDomainName").read_only().shown(),
    time("onPremisesLastSyncDateTime").read_only().shown(),
    text("onPremisesNetBiosName").read_only().shown(),
    text("onPremisesSamAccountName")
        .read_only()
        .shown()
        .filter(PLAIN),
    text("onPremisesSecurityIdentifier")
        .read_only()
        .shown()
        .filter(EQ | NULL),
    flag("onPremisesSyncEnabled").read_only().shown(),
    text("preferredDataLocation").shown(),
    text("preferredLanguage").max(35).shown().filter(DIRECTORY),
    text("proxyAddresses")
        .many()
        .read_only()
        .shown()
        .filter(EQ | GE | LE | NOT | STARTS | ENDS | COUNT),
    time("renewedDateTime").read_only().shown().filter(DATE),
    text("resourceBehaviorOptions").many().create_only().shown(),
    text("resourceProvisioningOptions")
        .many()
        .shown()
        .filter(EQ | NOT | STARTS),
    flag("securityEnabled")
        .required()
        .shown()
        .filter(WORD)
        .column(),
    text("securityIdentifier").read_only().shown(),
    text("theme").shown(),
    text("uniqueName").create_only().shown().filter(EQ),
    text("visibility").shown(),
    document(
        "onPremisesProvisioningErrors",
        "onPremisesProvisioningError",
    )
    .many()
    .read_only()
    .shown(),
    document("serviceProvisioningErrors", "serviceProvisioningError")
        .many()
        .read_only(),
    document("assignedLicenses", "assignedLicense")
        .many()
        .read_only()
        .filter(EQ | NOT | COUNT),
    flag("hasMembersWithLicenseErrors").read_only().filter(EQ),
    int("unseenCount").read_only(),
    flag("allowExternalSenders"),
    flag("autoSubscribeNewMembers"),
    flag("hideFromAddressLists"),
    flag("hideFromOutlookClients"),
    flag("isSubscribedByMail"),
];

static PRINCIPALS: &[&ResourceType] = &[&USER, &GROUP, &SERVICE_PRINCIPAL];
static GROUPS: &[&ResourceType] = &[&GROUP];

static NAVIGATIONS: &[Navigation] = &[
    Navigation::many("members", &DIRECTORY_OBJECT)
        .casts(PRINCIPALS)
        .references()
        .bind(),
    Navigation::many("owners", &DIRECTORY_OBJECT)
        .casts(PRINCIPALS)
        .references()
        .bind(),
    Navigation::many("transitiveMembers", &DIRECTORY_OBJECT).casts(PRINCIPALS),
    Navigation::many("memberOf", &DIRECTORY_OBJECT).casts(GROUPS),
    Navigation::many("transitiveMemberOf", &DIRECTORY_OBJECT).casts(GROUPS),
    Navigation::many("appRoleAssignments", &APP_ROLE_ASSIGNMENT).contained(),
];

/// `group`
pub static GROUP: ResourceType = ResourceType::new("group", "groups", PROPERTIES)
    .base("directoryObject")
    .alternate_keys(&["uniqueName"])
    .navigations(NAVIGATIONS)
    .writes(write::ALL)
    .directory()
    .soft_delete();
