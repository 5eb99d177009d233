//! `/directory/deletedItems`: users and groups for 30 days after their deletion. The list wants a
//! type (`…/graph.user`); every option is the type's, but that nothing is expanded.

use super::{
    Action, GROUP, ResourceType, USER,
    option::{COUNT, FILTER, ORDER, SEARCH, SELECT, TOP},
    property::{
        Property, guid,
        op::{DATE, WORD},
        text, time,
    },
    write,
};

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(WORD),
    time("deletedDateTime").read_only().shown().filter(DATE),
    text("displayName").read_only().shown(),
];

/// `directoryObject` that was deleted; an object is served as the type that it is.
pub static DELETED_ITEM: ResourceType =
    ResourceType::new("deletedItem", "directory/deletedItems", PROPERTIES)
        .base("directoryObject")
        .context("directoryObjects", "directoryObjects")
        .derived(&[&USER, &GROUP])
        .actions(&[Action {
            name: "restore",
            parameters: &[],
            returns: None,
            returns_object: true,
        }])
        .writes(write::DELETE)
        .directory()
        .options(SELECT | FILTER | ORDER | TOP | COUNT | SEARCH);
