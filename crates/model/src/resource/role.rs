//! Directory roles: activated ones, templates, definitions and assignments.

use super::{
    DIRECTORY_OBJECT, GROUP, Navigation, ResourceType, SERVICE_PRINCIPAL, USER,
    option::{COUNT, EXPAND, FILTER, SEARCH, SELECT, SKIP, TOP},
    property::{
        Initial, Property, Search, complex, flag, guid,
        op::{EQ, IN},
        text, time,
    },
    shape, write,
};

static ROLE: &[Property] = &[
    guid("id").read_only().shown().filter(EQ | IN),
    time("deletedDateTime").read_only().shown(),
    text("description")
        .max(1024)
        .computed()
        .shown()
        .filter(EQ)
        .search(Search::Words),
    text("displayName")
        .computed()
        .shown()
        .filter(EQ)
        .search(Search::Words),
    guid("roleTemplateId")
        .required()
        .create_only()
        .shown()
        .filter(EQ),
];

static PRINCIPALS: &[&ResourceType] = &[&USER, &GROUP, &SERVICE_PRINCIPAL];

static ROLE_NAVIGATIONS: &[Navigation] = &[Navigation::many("members", &DIRECTORY_OBJECT)
    .casts(PRINCIPALS)
    .references()];

/// `directoryRole`: a role that is in use in this tenant. `$top` is refused, as by the original.
pub static DIRECTORY_ROLE: ResourceType =
    ResourceType::new("directoryRole", "directoryRoles", ROLE)
        .base("directoryObject")
        .alternate_keys(&["roleTemplateId"])
        .navigations(ROLE_NAVIGATIONS)
        .writes(write::CREATE)
        .options(SELECT | EXPAND | FILTER | COUNT | SEARCH)
        .pages(1000, 1000);

static TEMPLATE: &[Property] = &[
    guid("id").read_only().shown().filter(EQ | IN),
    time("deletedDateTime").read_only().shown(),
    text("description").max(1024).computed().shown(),
    text("displayName").computed().shown().filter(EQ),
];

/// `directoryRoleTemplate`. `$top` is refused, as by the original.
pub static DIRECTORY_ROLE_TEMPLATE: ResourceType =
    ResourceType::new("directoryRoleTemplate", "directoryRoleTemplates", TEMPLATE)
        .base("directoryObject")
        .options(SELECT | FILTER)
        .pages(1000, 1000);

static DEFINITION: &[Property] = &[
    guid("id").read_only().shown().filter(EQ | IN),
    text("description").max(1024).computed().shown(),
    text("displayName").computed().shown().filter(EQ | IN),
    flag("isBuiltIn")
        .computed()
        .initial(Initial::Bool(true))
        .shown()
        .filter(EQ | IN),
    flag("isEnabled")
        .computed()
        .initial(Initial::Bool(true))
        .shown(),
    text("resourceScopes").many().computed().shown(),
    guid("templateId").computed().shown(),
    text("version")
        .computed()
        .initial(Initial::Text("1"))
        .shown(),
    complex("rolePermissions", &shape::ROLE_PERMISSION)
        .many()
        .computed()
        .shown(),
];

/// `unifiedRoleDefinition`, read only.
pub static ROLE_DEFINITION: ResourceType = ResourceType::new(
    "unifiedRoleDefinition",
    "roleManagement/directory/roleDefinitions",
    DEFINITION,
)
.options(SELECT | FILTER | TOP | SKIP | COUNT);

static ASSIGNMENT: &[Property] = &[
    text("id").read_only().shown().filter(EQ),
    guid("principalId")
        .required()
        .create_only()
        .shown()
        .filter(EQ | IN)
        .column(),
    text("resourceScope")
        .computed()
        .initial(Initial::Text("/"))
        .shown(),
    text("directoryScopeId")
        .create_only()
        .initial(Initial::Text("/"))
        .shown()
        .filter(EQ | IN),
    text("appScopeId").create_only().filter(EQ | IN),
    text("condition").create_only(),
    guid("principalOrganizationId").computed(),
    guid("roleDefinitionId")
        .required()
        .create_only()
        .shown()
        .filter(EQ | IN)
        .column(),
];

static ASSIGNMENT_NAVIGATIONS: &[Navigation] = &[
    Navigation::one("principal", &DIRECTORY_OBJECT),
    Navigation::one("roleDefinition", &ROLE_DEFINITION),
];

/// `unifiedRoleAssignment`
pub static ROLE_ASSIGNMENT: ResourceType = ResourceType::new(
    "unifiedRoleAssignment",
    "roleManagement/directory/roleAssignments",
    ASSIGNMENT,
)
.navigations(ASSIGNMENT_NAVIGATIONS)
.writes(write::CREATE | write::DELETE)
.options(SELECT | EXPAND | FILTER | TOP | SKIP | COUNT);
