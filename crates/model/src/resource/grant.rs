//! `appRoleAssignment` and `oAuth2PermissionGrant`. Their IDs are opaque texts.

use super::{
    ResourceType,
    option::{COUNT, EXPAND, FILTER, SELECT, TOP},
    property::{
        Property, guid,
        op::{EQ, IN, NULL, STARTS},
        text, time, word,
    },
    write,
};

static ASSIGNMENT: &[Property] = &[
    text("id").read_only().shown().filter(EQ),
    time("deletedDateTime").read_only().shown(),
    guid("appRoleId")
        .required()
        .create_only()
        .shown()
        .filter(EQ)
        .column(),
    time("createdDateTime").read_only().shown().column(),
    text("principalDisplayName")
        .computed()
        .shown()
        .filter(EQ | STARTS),
    guid("principalId")
        .required()
        .create_only()
        .shown()
        .filter(EQ)
        .column(),
    text("principalType").computed().shown(),
    text("resourceDisplayName").computed().shown(),
    guid("resourceId")
        .required()
        .create_only()
        .shown()
        .filter(EQ)
        .column(),
];

/// `appRoleAssignment`, always below a principal or a resource.
pub static APP_ROLE_ASSIGNMENT: ResourceType =
    ResourceType::new("appRoleAssignment", "", ASSIGNMENT)
        .base("directoryObject")
        .context("appRoleAssignments", "appRoleAssignments")
        .writes(write::CREATE | write::DELETE)
        .options(SELECT | FILTER | TOP | COUNT)
        .advanced();

static GRANT: &[Property] = &[
    guid("clientId")
        .required()
        .create_only()
        .shown()
        .filter(EQ | IN)
        .column(),
    word("consentType", &["AllPrincipals", "Principal"])
        .required()
        .create_only()
        .shown()
        .filter(EQ),
    text("id").read_only().shown().filter(EQ),
    guid("principalId")
        .create_only()
        .shown()
        .filter(EQ | NULL)
        .column(),
    guid("resourceId")
        .required()
        .create_only()
        .shown()
        .filter(EQ | IN)
        .column(),
    text("scope").max(16_384).shown().filter(EQ).column(),
];

/// `oAuth2PermissionGrant`
pub static OAUTH2_PERMISSION_GRANT: ResourceType =
    ResourceType::new("oAuth2PermissionGrant", "oauth2PermissionGrants", GRANT)
        .writes(write::ALL)
        .options(SELECT | FILTER | TOP | COUNT | EXPAND);
