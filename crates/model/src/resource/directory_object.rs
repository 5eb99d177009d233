//! `directoryObject`: what members, owners and memberships are lists of. Each object is served as
//! the type that it is.

use super::{
    DIRECTORY_ROLE, GROUP, ResourceType, SERVICE_PRINCIPAL, USER,
    property::{
        Property, Search, guid,
        op::{DIRECTORY, WORD},
        text, time,
    },
};

static PROPERTIES: &[Property] = &[
    guid("id").read_only().shown().filter(WORD).column(),
    time("deletedDateTime").read_only().column(),
    text("displayName")
        .read_only()
        .filter(DIRECTORY)
        .order()
        .search(Search::Words)
        .column(),
];

/// `directoryObject`
pub static DIRECTORY_OBJECT: ResourceType = ResourceType::new("directoryObject", "", PROPERTIES)
    .context("directoryObjects", "directoryObjects")
    .derived(&[&USER, &GROUP, &SERVICE_PRINCIPAL, &DIRECTORY_ROLE])
    .directory();
