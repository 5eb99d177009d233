//! Conditional Access: policies and named locations. Conditions and controls are documents that
//! `crate::conditional_access` reads.

use super::{
    Area, ResourceType,
    option::{COUNT, FILTER, ORDER, SEARCH, SELECT, SKIP, TOP},
    property::{
        Initial, Kind, Property, Search, choice, document, flag, guid,
        op::{CONTAINS, DATE, DIRECTORY, EQ, NE},
        text, time,
    },
    write,
};

const OPTIONS: u16 = SELECT | FILTER | ORDER | TOP | SKIP | COUNT | SEARCH;

const STATE: Kind = Kind::Enum(
    "conditionalAccessPolicyState",
    &["enabled", "disabled", "enabledForReportingButNotEnforced"],
);

static POLICY: &[Property] = &[
    guid("id").read_only().shown().filter(EQ),
    guid("templateId").create_only().shown(),
    text("displayName")
        .required()
        .shown()
        .filter(DIRECTORY | CONTAINS)
        .order()
        .search(Search::Words),
    text("description").max(1024),
    time("createdDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .order(),
    time("modifiedDateTime")
        .read_only()
        .shown()
        .filter(DATE)
        .order(),
    choice("state", STATE)
        .required()
        .shown()
        .filter(EQ | NE)
        .order(),
    document("sessionControls", "conditionalAccessSessionControls").shown(),
    document("conditions", "conditionalAccessConditionSet")
        .required()
        .shown(),
    document("grantControls", "conditionalAccessGrantControls").shown(),
];

/// `conditionalAccessPolicy`
pub static CONDITIONAL_ACCESS_POLICY: ResourceType = ResourceType::new(
    "conditionalAccessPolicy",
    "identity/conditionalAccess/policies",
    POLICY,
)
.base("policyDeletableItem")
.context("conditionalAccess/policies", "conditionalAccess/policies")
.writes(write::ALL)
.options(OPTIONS)
.pages(1000, 1000)
.area(Area::ConditionalAccess);

const ID: Property = guid("id").read_only().shown().filter(EQ);
const NAME: Property = text("displayName")
    .required()
    .shown()
    .filter(DIRECTORY)
    .order()
    .search(Search::Words);
const MODIFIED: Property = time("modifiedDateTime")
    .read_only()
    .shown()
    .filter(DATE)
    .order();
const CREATED: Property = time("createdDateTime")
    .read_only()
    .shown()
    .filter(DATE)
    .order();

static LOCATION: &[Property] = &[ID, NAME, MODIFIED, CREATED];

static IP: &[Property] = &[
    ID,
    NAME,
    MODIFIED,
    CREATED,
    flag("isTrusted")
        .not_null()
        .initial(Initial::Bool(false))
        .shown()
        .filter(EQ),
    document("ipRanges", "ipRange")
        .many()
        .most(2000)
        .required()
        .shown(),
];

const LOOKUP: Kind = Kind::Enum(
    "countryLookupMethodType",
    &["clientIpAddress", "authenticatorAppGps"],
);

static COUNTRY: &[Property] = &[
    ID,
    NAME,
    MODIFIED,
    CREATED,
    text("countriesAndRegions").max(2).many().required().shown(),
    choice("countryLookupMethod", LOOKUP)
        .initial(Initial::Text("clientIpAddress"))
        .shown(),
    flag("includeUnknownCountriesAndRegions")
        .not_null()
        .initial(Initial::Bool(false))
        .shown(),
];

/// `namedLocation`, the type of the list.
pub static NAMED_LOCATION: ResourceType = ResourceType::new(
    "namedLocation",
    "identity/conditionalAccess/namedLocations",
    LOCATION,
)
.base("policyDeletableItem")
.context("conditionalAccess/namedLocations", "namedLocations")
.derived(&[&IP_NAMED_LOCATION, &COUNTRY_NAMED_LOCATION])
.writes(write::ALL)
.options(OPTIONS)
.pages(1000, 1000)
.area(Area::ConditionalAccess);

/// `ipNamedLocation`
pub static IP_NAMED_LOCATION: ResourceType = ResourceType::new("ipNamedLocation", "", IP)
    .base("namedLocation")
    .area(Area::ConditionalAccess);

/// `countryNamedLocation`
pub static COUNTRY_NAMED_LOCATION: ResourceType =
    ResourceType::new("countryNamedLocation", "", COUNTRY)
        .base("namedLocation")
        .area(Area::ConditionalAccess);
