//! `servicePrincipal`: applications as they act in this tenant (`/servicePrincipals`).

use super::{
    APP_ROLE_ASSIGNMENT, DIRECTORY_OBJECT, GROUP, Navigation, OAUTH2_PERMISSION_GRANT,
    ResourceType, USER,
    property::{
        Initial, Property, Search, complex, document, flag, guid,
        op::{COUNT, DATE, DIRECTORY, EQ, GE, IN, LE, NE, NOT, STARTS, WORD},
        text, time,
    },
    shape, write,
};

const LIST: u16 = EQ | GE | LE | NOT | STARTS | COUNT;

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(WORD).column(),
    time("deletedDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .column(),
    flag("accountEnabled")
        .not_null()
        .initial(Initial::Bool(true))
        .shown()
        .filter(WORD)
        .column(),
    document("addIns", "addIn").many().read_only().shown(),
    text("alternativeNames").many().shown().filter(LIST),
    text("appDescription").computed().shown(),
    text("appDisplayName").computed().shown(),
    guid("appId")
        .required()
        .create_only()
        .shown()
        .filter(EQ | NE | NOT | IN)
        .column(),
    text("applicationTemplateId")
        .read_only()
        .shown()
        .filter(EQ | NE | NOT),
    guid("appOwnerOrganizationId").computed().shown(),
    flag("appRoleAssignmentRequired")
        .not_null()
        .initial(Initial::Bool(false))
        .shown()
        .filter(EQ | NE | NOT)
        .column(),
    complex("appRoles", &shape::APP_ROLE)
        .many()
        .read_only()
        .shown(),
    time("createdDateTime").read_only().shown().column(),
    text("description")
        .max(1024)
        .shown()
        .filter(EQ | NE | NOT | GE | LE | STARTS)
        .search(Search::Words),
    text("disabledByMicrosoftStatus")
        .read_only()
        .shown()
        .filter(EQ | NE | NOT),
    text("displayName")
        .not_null()
        .shown()
        .filter(DIRECTORY)
        .order()
        .search(Search::Words)
        .column(),
    text("homepage").max(2048).shown(),
    complex("info", &shape::INFORMATIONAL_URL)
        .initial(Initial::Object)
        .shown(),
    complex("keyCredentials", &shape::KEY_CREDENTIAL)
        .many()
        .read_only()
        .shown(),
    text("loginUrl").max(2048).shown(),
    text("logoutUrl").max(2048).shown(),
    text("notes").max(1024).shown(),
    text("notificationEmailAddresses").many().shown(),
    complex("oauth2PermissionScopes", &shape::PERMISSION_SCOPE)
        .many()
        .read_only()
        .shown(),
    complex("passwordCredentials", &shape::PASSWORD_CREDENTIAL)
        .many()
        .computed()
        .shown(),
    text("preferredSingleSignOnMode").shown(),
    text("preferredTokenSigningKeyThumbprint").shown(),
    text("replyUrls").max(2048).many().read_only().shown(),
    document(
        "resourceSpecificApplicationPermissions",
        "resourceSpecificPermission",
    )
    .many()
    .read_only()
    .shown(),
    complex("samlSingleSignOnSettings", &shape::SAML_SETTINGS).shown(),
    text("servicePrincipalNames")
        .max(255)
        .many()
        .read_only()
        .shown()
        .filter(LIST),
    text("servicePrincipalType")
        .computed()
        .initial(Initial::Text("Application"))
        .shown(),
    text("signInAudience").computed().shown(),
    text("tags").many().shown().filter(LIST),
    guid("tokenEncryptionKeyId").shown(),
    complex("verifiedPublisher", &shape::VERIFIED_PUBLISHER)
        .read_only()
        .initial(Initial::Object)
        .shown(),
];

static OWNERS: &[&ResourceType] = &[&USER, &SERVICE_PRINCIPAL];
static GROUPS: &[&ResourceType] = &[&GROUP];

static NAVIGATIONS: &[Navigation] = &[
    Navigation::many("appRoleAssignedTo", &APP_ROLE_ASSIGNMENT).contained(),
    Navigation::many("appRoleAssignments", &APP_ROLE_ASSIGNMENT).contained(),
    Navigation::many("memberOf", &DIRECTORY_OBJECT).casts(GROUPS),
    Navigation::many("transitiveMemberOf", &DIRECTORY_OBJECT).casts(GROUPS),
    Navigation::many("oauth2PermissionGrants", &OAUTH2_PERMISSION_GRANT).path_only(),
    Navigation::many("owners", &DIRECTORY_OBJECT)
        .casts(OWNERS)
        .references()
        .bind(),
];

/// `servicePrincipal`
pub static SERVICE_PRINCIPAL: ResourceType =
    ResourceType::new("servicePrincipal", "servicePrincipals", PROPERTIES)
        .base("directoryObject")
        .alternate_keys(&["appId"])
        .navigations(NAVIGATIONS)
        .writes(write::ALL)
        .directory()
        .soft_delete();
