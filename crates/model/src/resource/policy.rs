//! `authorizationPolicy`: who may invite, what guests may read (a singleton).

use super::{
    Area, ResourceType,
    property::{Initial, Kind, Property, choice, complex, flag, guid, text, time},
    shape, write,
};

const ALLOW_INVITES_FROM: Kind = Kind::Enum(
    "allowInvitesFrom",
    &[
        "none",
        "adminsAndGuestInviters",
        "adminsGuestInvitersAndAllMembers",
        "everyone",
    ],
);

static PROPERTIES: &[Property] = &[
    text("id")
        .read_only()
        .initial(Initial::Text("authorizationPolicy"))
        .shown(),
    time("deletedDateTime").read_only(),
    choice("allowInvitesFrom", ALLOW_INVITES_FROM)
        .not_null()
        .initial(Initial::Text("everyone"))
        .shown(),
    flag("allowedToSignUpEmailBasedSubscriptions")
        .not_null()
        .initial(Initial::Bool(true))
        .shown(),
    flag("allowedToUseSSPR")
        .not_null()
        .initial(Initial::Bool(true))
        .shown(),
    flag("allowEmailVerifiedUsersToJoinOrganization")
        .not_null()
        .initial(Initial::Bool(false))
        .shown(),
    flag("allowUserConsentForRiskyApps").shown(),
    flag("blockMsolPowerShell").shown(),
    text("displayName")
        .initial(Initial::Text("Authorization Policy"))
        .shown(),
    text("description")
        .max(1024)
        .initial(Initial::Text(
            "Used to manage authorization related settings across the company.",
        ))
        .shown(),
    guid("guestUserRoleId")
        .not_null()
        .initial(Initial::Text("10dae51f-b6af-4016-8d66-8c2a99b929b3"))
        .shown(),
    complex(
        "defaultUserRolePermissions",
        &shape::DEFAULT_USER_ROLE_PERMISSIONS,
    )
    .not_null()
    .initial(Initial::Object)
    .shown(),
];

/// `authorizationPolicy`
pub static AUTHORIZATION_POLICY: ResourceType = ResourceType::new(
    "authorizationPolicy",
    "policies/authorizationPolicy",
    PROPERTIES,
)
.base("policyBase")
.singleton()
.writes(write::UPDATE)
.area(Area::Policy);
