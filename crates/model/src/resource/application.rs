//! `application`: registrations (`/applications`).

use super::{
    Action, DIRECTORY_OBJECT, Navigation, ResourceType, SERVICE_PRINCIPAL, USER,
    property::{
        Initial, Property, Search, complex, document, flag, guid,
        op::{COUNT, DATE, DIRECTORY, EQ, GE, IN, LE, NE, NOT, NULL, STARTS, WORD},
        text, time, word,
    },
    shape, write,
};

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(WORD).column(),
    time("deletedDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .column(),
    guid("appId").read_only().shown().filter(EQ | IN).column(),
    text("applicationTemplateId")
        .read_only()
        .shown()
        .filter(EQ | NE | NOT),
    text("disabledByMicrosoftStatus")
        .read_only()
        .shown()
        .filter(EQ | NE | NOT),
    time("createdDateTime")
        .read_only()
        .shown()
        .filter(DATE | NULL)
        .order()
        .column(),
    text("createdByAppId").read_only().shown(),
    text("displayName")
        .required()
        .shown()
        .filter(DIRECTORY)
        .order()
        .search(Search::Words)
        .column(),
    text("description")
        .max(1024)
        .shown()
        .filter(EQ | NE | NOT | GE | LE | STARTS)
        .search(Search::Words),
    text("groupMembershipClaims").shown(),
    text("identifierUris")
        .max(255)
        .many()
        .most(50)
        .shown()
        .filter(EQ | NE | GE | LE | STARTS | COUNT),
    flag("isDeviceOnlyAuthSupported").shown(),
    flag("isFallbackPublicClient").shown(),
    text("notes").max(1024).shown(),
    text("publisherDomain")
        .computed()
        .shown()
        .filter(EQ | NE | GE | LE | STARTS),
    text("serviceManagementReference").shown(),
    word(
        "signInAudience",
        &[
            "AzureADMyOrg",
            "AzureADMultipleOrgs",
            "AzureADandPersonalMicrosoftAccount",
            "PersonalMicrosoftAccount",
        ],
    )
    .not_null()
    .initial(Initial::Text("AzureADMyOrg"))
    .shown()
    .filter(EQ | NE | NOT),
    text("tags")
        .many()
        .shown()
        .filter(EQ | GE | LE | NOT | STARTS | COUNT)
        .search(Search::Prefix),
    guid("tokenEncryptionKeyId").shown(),
    text("samlMetadataUrl").max(2048).shown(),
    text("defaultRedirectUri").max(2048).shown(),
    text("uniqueName").create_only().shown().filter(EQ),
    flag("oauth2RequirePostResponse")
        .not_null()
        .initial(Initial::Bool(false))
        .shown(),
    complex("optionalClaims", &shape::OPTIONAL_CLAIMS).shown(),
    document("addIns", "addIn").many().read_only().shown(),
    document("certification", "certification")
        .read_only()
        .shown(),
    complex("verifiedPublisher", &shape::VERIFIED_PUBLISHER)
        .read_only()
        .initial(Initial::Object)
        .shown(),
    complex(
        "servicePrincipalLockConfiguration",
        &shape::LOCK_CONFIGURATION,
    )
    .shown(),
    complex("info", &shape::INFORMATIONAL_URL)
        .initial(Initial::Object)
        .shown(),
    complex("keyCredentials", &shape::KEY_CREDENTIAL)
        .many()
        .shown(),
    complex("parentalControlSettings", &shape::PARENTAL_CONTROL_SETTINGS)
        .initial(Initial::Object)
        .shown(),
    complex("passwordCredentials", &shape::PASSWORD_CREDENTIAL)
        .many()
        .computed()
        .shown(),
    complex("requiredResourceAccess", &shape::REQUIRED_RESOURCE_ACCESS)
        .many()
        .most(50)
        .shown(),
    complex("api", &shape::API_APPLICATION)
        .initial(Initial::Object)
        .shown(),
    complex("appRoles", &shape::APP_ROLE).many().shown(),
    complex("publicClient", &shape::PUBLIC_CLIENT_APPLICATION)
        .initial(Initial::Object)
        .shown(),
    complex("spa", &shape::SPA_APPLICATION)
        .initial(Initial::Object)
        .shown(),
    complex("web", &shape::WEB_APPLICATION)
        .initial(Initial::Object)
        .shown(),
    // Ours: the security profile of design/README.md, PKCE row.
    word("securityProfile", &["basic", "oauth21", "fapi2"])
        .not_null()
        .initial(Initial::Text("oauth21"))
        .shown(),
];

static ADD: &[Property] = &[complex("passwordCredential", &shape::PASSWORD_REQUEST)];
static REMOVE: &[Property] = &[guid("keyId").required()];

/// `addPassword` and `removePassword`.
static ACTIONS: &[Action] = &[
    Action {
        name: "addPassword",
        parameters: ADD,
        returns: Some(&shape::NEW_PASSWORD_CREDENTIAL),
        returns_object: false,
    },
    Action {
        name: "removePassword",
        parameters: REMOVE,
        returns: None,
        returns_object: false,
    },
];

static OWNERS: &[&ResourceType] = &[&USER, &SERVICE_PRINCIPAL];

static NAVIGATIONS: &[Navigation] = &[Navigation::many("owners", &DIRECTORY_OBJECT)
    .casts(OWNERS)
    .references()
    .bind()];

/// `application`
pub static APPLICATION: ResourceType = ResourceType::new("application", "applications", PROPERTIES)
    .base("directoryObject")
    .alternate_keys(&["appId", "uniqueName"])
    .navigations(NAVIGATIONS)
    .actions(ACTIONS)
    .writes(write::ALL)
    .directory()
    .soft_delete();
