//! Complex types that several resources share, with their members.

use super::property::{
    Initial, Kind, Property, Shape, binary, complex, flag, guid, int, text, time, word,
};

macro_rules! shapes {
    ($($constant:ident = $name:literal [$($member:expr),* $(,)?];)*) => {
        $(pub(super) static $constant: Shape = Shape { name: $name, members: &[$($member),*] };)*
    };
}

const URL: usize = 2048;

const fn url(name: &'static str) -> Property {
    text(name).max(URL)
}

shapes! {
    PASSWORD_PROFILE = "passwordProfile" [
        flag("forceChangePasswordNextSignIn"),
        flag("forceChangePasswordNextSignInWithMfa"),
        text("password").max(1024).secret(),
    ];
    EMPLOYEE_ORG_DATA = "employeeOrgData" [text("costCenter"), text("division")];
    OBJECT_IDENTITY = "objectIdentity" [text("signInType"), text("issuer"), text("issuerAssignedId")];
    ON_PREMISES_EXTENSION_ATTRIBUTES = "onPremisesExtensionAttributes" [
        text("extensionAttribute1"), text("extensionAttribute2"), text("extensionAttribute3"),
        text("extensionAttribute4"), text("extensionAttribute5"), text("extensionAttribute6"),
        text("extensionAttribute7"), text("extensionAttribute8"), text("extensionAttribute9"),
        text("extensionAttribute10"), text("extensionAttribute11"), text("extensionAttribute12"),
        text("extensionAttribute13"), text("extensionAttribute14"), text("extensionAttribute15"),
    ];
    IMPLICIT_GRANT_SETTINGS = "implicitGrantSettings" [
        flag("enableAccessTokenIssuance").initial(Initial::Bool(false)),
        flag("enableIdTokenIssuance").initial(Initial::Bool(false)),
    ];
    REDIRECT_URI_SETTINGS = "redirectUriSettings" [url("uri"), int("index")];
    WEB_APPLICATION = "webApplication" [
        url("homePageUrl"),
        url("logoutUrl"),
        url("redirectUris").many().most(256),
        complex("implicitGrantSettings", &IMPLICIT_GRANT_SETTINGS).initial(Initial::Object),
        complex("redirectUriSettings", &REDIRECT_URI_SETTINGS).many(),
    ];
    SPA_APPLICATION = "spaApplication" [url("redirectUris").many().most(256)];
    PUBLIC_CLIENT_APPLICATION = "publicClientApplication" [url("redirectUris").many().most(256)];
    PERMISSION_SCOPE = "permissionScope" [
        guid("id").required(),
        text("adminConsentDescription").max(1024),
        text("adminConsentDisplayName").max(256),
        flag("isEnabled").not_null().initial(Initial::Bool(true)),
        word("type", &["User", "Admin"]),
        text("userConsentDescription").max(1024),
        text("userConsentDisplayName").max(256),
        text("value").max(120),
        text("origin"),
    ];
    PRE_AUTHORIZED_APPLICATION = "preAuthorizedApplication" [
        guid("appId").required(),
        guid("delegatedPermissionIds").many(),
    ];
    API_APPLICATION = "apiApplication" [
        flag("acceptMappedClaims"),
        guid("knownClientApplications").many(),
        complex("oauth2PermissionScopes", &PERMISSION_SCOPE).many(),
        complex("preAuthorizedApplications", &PRE_AUTHORIZED_APPLICATION).many(),
        int("requestedAccessTokenVersion"),
    ];
    APP_ROLE = "appRole" [
        guid("id").required(),
        word("allowedMemberTypes", &["User", "Application"]).many(),
        text("description").max(1024),
        text("displayName").max(256),
        flag("isEnabled").not_null().initial(Initial::Bool(true)),
        text("origin"),
        text("value").max(250),
    ];
    RESOURCE_ACCESS = "resourceAccess" [guid("id").required(), word("type", &["Scope", "Role"])];
    REQUIRED_RESOURCE_ACCESS = "requiredResourceAccess" [
        guid("resourceAppId").required(),
        complex("resourceAccess", &RESOURCE_ACCESS).many().most(400),
    ];
    OPTIONAL_CLAIM = "optionalClaim" [
        text("name"), text("source"), flag("essential"), text("additionalProperties").many(),
    ];
    OPTIONAL_CLAIMS = "optionalClaims" [
        complex("idToken", &OPTIONAL_CLAIM).many(),
        complex("accessToken", &OPTIONAL_CLAIM).many(),
        complex("saml2Token", &OPTIONAL_CLAIM).many(),
    ];
    INFORMATIONAL_URL = "informationalUrl" [
        url("termsOfServiceUrl"), url("supportUrl"), url("privacyStatementUrl"),
        url("marketingUrl"), url("logoUrl"),
    ];
    PASSWORD_CREDENTIAL = "passwordCredential" [
        binary("customKeyIdentifier"),
        text("displayName").max(90),
        time("endDateTime"),
        text("hint"),
        guid("keyId"),
        text("secretText").secret(),
        time("startDateTime"),
    ];
    // What addPassword answers: the only place that shows the secret.
    NEW_PASSWORD_CREDENTIAL = "passwordCredential" [
        binary("customKeyIdentifier"),
        text("displayName").max(90),
        time("endDateTime"),
        text("hint"),
        guid("keyId"),
        text("secretText"),
        time("startDateTime"),
    ];
    // What addPassword takes.
    PASSWORD_REQUEST = "passwordCredential" [
        text("displayName").max(90),
        time("endDateTime"),
        time("startDateTime"),
    ];
    KEY_CREDENTIAL = "keyCredential" [
        binary("customKeyIdentifier"),
        text("displayName").max(90),
        time("endDateTime"),
        binary("key").secret(),
        guid("keyId"),
        time("startDateTime"),
        word("type", &["AsymmetricX509Cert", "X509CertAndPassword", "Symmetric"]),
        word("usage", &["Verify", "Sign"]),
    ];
    VERIFIED_PUBLISHER = "verifiedPublisher" [
        text("displayName"), text("verifiedPublisherId"), time("addedDateTime"),
    ];
    PARENTAL_CONTROL_SETTINGS = "parentalControlSettings" [
        text("countriesBlockedForMinors").many(),
        text("legalAgeGroupRule").initial(Initial::Text("Allow")),
    ];
    LOCK_CONFIGURATION = "servicePrincipalLockConfiguration" [
        flag("allProperties"), flag("credentialsWithUsageSign"), flag("credentialsWithUsageVerify"),
        flag("identifierUris"), flag("isEnabled"), flag("tokenEncryptionKeyId"),
    ];
    SAML_SETTINGS = "samlSingleSignOnSettings" [url("relayState")];
    VERIFIED_DOMAIN = "verifiedDomain" [
        text("capabilities"), flag("isDefault"), flag("isInitial"), text("name"), text("type"),
    ];
    PRIVACY_PROFILE = "privacyProfile" [text("contactEmail"), url("statementUrl")];
    DEFAULT_USER_ROLE_PERMISSIONS = "defaultUserRolePermissions" [
        flag("allowedToCreateApps").not_null().initial(Initial::Bool(true)),
        flag("allowedToCreateSecurityGroups").not_null().initial(Initial::Bool(true)),
        flag("allowedToCreateTenants").initial(Initial::Bool(true)),
        flag("allowedToReadBitlockerKeysForOwnedDevice").initial(Initial::Bool(true)),
        flag("allowedToReadOtherUsers").not_null().initial(Initial::Bool(true)),
        text("permissionGrantPoliciesAssigned").many(),
    ];
    EMAIL_ADDRESS = "emailAddress" [text("name"), text("address")];
    RECIPIENT = "recipient" [complex("emailAddress", &EMAIL_ADDRESS).initial(Initial::Object)];
    INVITED_USER_MESSAGE_INFO = "invitedUserMessageInfo" [
        text("messageLanguage").max(35),
        text("customizedMessageBody").max(500),
        complex("ccRecipients", &RECIPIENT).many(),
    ];
    ROLE_PERMISSION = "unifiedRolePermission" [
        text("allowedResourceActions").many(),
        text("excludedResourceActions").many(),
        text("condition"),
    ];
    SIGN_IN_STATUS = "signInStatus" [
        int("errorCode"), text("failureReason").max(1024), text("additionalDetails").max(1024),
    ];
    DEVICE_DETAIL = "deviceDetail" [
        text("deviceId"), text("displayName"), text("operatingSystem"), text("browser"),
        flag("isCompliant"), flag("isManaged"), text("trustType"),
    ];
    SIGN_IN_LOCATION = "signInLocation" [
        text("city"), text("state"), text("countryOrRegion"),
        Property { kind: Kind::Document("geoCoordinates"), ..text("geoCoordinates") },
    ];
    APPLIED_POLICY = "appliedConditionalAccessPolicy" [
        text("id"), text("displayName"), text("result"),
        text("enforcedGrantControls").many(),
        text("enforcedSessionControls").many(),
    ];
    KEY_VALUE = "keyValue" [text("key"), text("value").max(4096)];
    MODIFIED_PROPERTY = "modifiedProperty" [
        text("displayName"), text("oldValue").max(65_536), text("newValue").max(65_536),
    ];
    TARGET_RESOURCE = "targetResource" [
        text("id"), text("displayName"), text("type"), text("userPrincipalName"),
        text("groupType"),
        complex("modifiedProperties", &MODIFIED_PROPERTY).many(),
    ];
    TENANT_INFORMATION_SHAPE = "tenantInformation" [
        text("tenantId"), text("federationBrandName"), text("displayName"), text("defaultDomainName"),
        // Ours: the cloud that answered.
        text("cloud"),
    ];
    INVITED_USER = "user" [guid("id")];
}
