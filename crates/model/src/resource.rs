//! Resources, described once (graph/endpoints.md, house-style.md §4).
//!
//! A [`ResourceType`] is static data: where a Graph type is served, its properties with type,
//! default, access and filter operators, its navigation, its query options and its actions. What
//! follows from it: addressing, the reading of bodies ([`check`]), selection and rendering in
//! `graph`, the columns in `store`, `$metadata`. Scopes come from the original's own table
//! ([`operation`]). A new resource is one description and its use cases.

pub mod address;
pub mod check;
pub mod operation;
pub mod property;

mod application;
mod conditional_access;
mod cross_tenant;
mod deleted_item;
mod directory_object;
mod grant;
mod group;
mod invitation;
mod log;
mod organization;
mod policy;
mod role;
mod service_principal;
mod shape;
mod user;

pub use application::APPLICATION;
pub use conditional_access::{
    CONDITIONAL_ACCESS_POLICY, COUNTRY_NAMED_LOCATION, IP_NAMED_LOCATION, NAMED_LOCATION,
};
pub use cross_tenant::{
    CROSS_TENANT_ACCESS_DEFAULT, CROSS_TENANT_ACCESS_PARTNER, CROSS_TENANT_ACCESS_POLICY,
};
pub use deleted_item::DELETED_ITEM;
pub use directory_object::DIRECTORY_OBJECT;
pub use grant::{APP_ROLE_ASSIGNMENT, OAUTH2_PERMISSION_GRANT};
pub use group::GROUP;
pub use invitation::INVITATION;
pub use log::{DIRECTORY_AUDIT, SIGN_IN};
pub use organization::{
    DOMAIN, FIND_TENANT_BY_DOMAIN, FIND_TENANT_BY_ID, ORGANIZATION, TENANT_INFORMATION,
};
pub use policy::AUTHORIZATION_POLICY;
pub use property::{Access, Field, Initial, Kind, Property, Search, Shape, Stored};
pub use role::{DIRECTORY_ROLE, DIRECTORY_ROLE_TEMPLATE, ROLE_ASSIGNMENT, ROLE_DEFINITION};
pub use service_principal::SERVICE_PRINCIPAL;
pub use user::USER;

/// Query options of a collection (a bit set).
pub mod option {
    /// `$select`
    pub const SELECT: u16 = 1;
    /// `$expand`
    pub const EXPAND: u16 = 1 << 1;
    /// `$filter`
    pub const FILTER: u16 = 1 << 2;
    /// `$orderby`
    pub const ORDER: u16 = 1 << 3;
    /// `$top`
    pub const TOP: u16 = 1 << 4;
    /// `$skip`
    pub const SKIP: u16 = 1 << 5;
    /// `$count`
    pub const COUNT: u16 = 1 << 6;
    /// `$search`
    pub const SEARCH: u16 = 1 << 7;
    /// What directory collections offer; `$skip` is refused there.
    pub const DIRECTORY: u16 = SELECT | EXPAND | FILTER | ORDER | TOP | COUNT | SEARCH;
}

/// Which writes a resource takes (a bit set).
pub mod write {
    /// POST to the collection.
    pub const CREATE: u8 = 1;
    /// PATCH of the object.
    pub const UPDATE: u8 = 2;
    /// DELETE of the object.
    pub const DELETE: u8 = 4;
    /// All three.
    pub const ALL: u8 = CREATE | UPDATE | DELETE;
}

/// The part of the original that a resource belongs to: it decides the error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// `Authorization_RequestDenied`, `Request_ResourceNotFound`.
    Directory,
    /// `AccessDenied`, `Request_ResourceNotFound`.
    Policy,
    /// `AccessDenied`, `NotFound`.
    ConditionalAccess,
    /// `Authentication_MSGraphPermissionMissing`.
    Log,
    /// `BadRequest` for what cannot be invited.
    Invitation,
}

/// How a collection is listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// Query options, of [`option`].
    pub options: u16,
    /// Objects on a page without `$top`.
    pub page: usize,
    /// Most objects on a page.
    pub most: usize,
    /// Directory objects: some queries need `ConsistencyLevel: eventual` and `$count=true`.
    pub advanced: bool,
    /// The order without `$orderby`; `""` = by key.
    pub order: &'static str,
    /// Whether that order is descending.
    pub descending: bool,
}

/// A relation to other objects.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a description"
)]
pub struct Navigation {
    /// Graph's name.
    pub name: &'static str,
    /// The type on the other side.
    pub target: &'static ResourceType,
    /// Whether there may be several.
    pub many: bool,
    /// Served as a path; `false` = in `$expand` only.
    pub path: bool,
    /// `POST …/$ref` and `DELETE …/{id}/$ref`.
    pub references: bool,
    /// The objects live here: POST makes one, DELETE `…/{id}` ends it.
    pub contained: bool,
    /// `$expand` may name it.
    pub expand: bool,
    /// `name@odata.bind` is taken when the owner is made or changed.
    pub bind: bool,
    /// Types that the path may be narrowed to.
    pub casts: &'static [&'static ResourceType],
}

impl Navigation {
    /// Several objects, served as a path and by `$expand`, not written.
    pub const fn many(name: &'static str, target: &'static ResourceType) -> Self {
        Self {
            name,
            target,
            many: true,
            path: true,
            references: false,
            contained: false,
            expand: true,
            bind: false,
            casts: &[],
        }
    }
    /// One object, in `$expand` only.
    pub const fn one(name: &'static str, target: &'static ResourceType) -> Self {
        Self {
            many: false,
            path: false,
            ..Self::many(name, target)
        }
    }
    /// Types that the path may be narrowed to.
    pub const fn casts(mut self, types: &'static [&'static ResourceType]) -> Self {
        self.casts = types;
        self
    }
    /// `$ref` adds and removes.
    pub const fn references(mut self) -> Self {
        self.references = true;
        self
    }
    /// `name@odata.bind` is taken.
    pub const fn bind(mut self) -> Self {
        self.bind = true;
        self
    }
    /// The objects live here.
    pub const fn contained(mut self) -> Self {
        self.contained = true;
        self
    }
    /// Not in `$expand`.
    pub const fn path_only(mut self) -> Self {
        self.expand = false;
        self
    }
}

/// Something to be done with an object (POST `…/{name}`).
#[derive(Debug)]
pub struct Action {
    /// Graph's name.
    pub name: &'static str,
    /// Its parameters.
    pub parameters: &'static [Property],
    /// What comes back; `None` = 204.
    pub returns: Option<&'static Shape>,
    /// Whether the object itself comes back.
    pub returns_object: bool,
}

/// A function that belongs to no object (GET `path(name='…')`).
#[derive(Debug)]
pub struct Function {
    /// The path, without the leading slash.
    pub path: &'static str,
    /// Its one parameter.
    pub parameter: Property,
    /// What comes back.
    pub returns: &'static Shape,
}

/// The description of one Graph type.
#[derive(Debug)]
pub struct ResourceType {
    /// Graph's name without the name space.
    pub name: &'static str,
    /// The type it is derived from, for `$metadata`.
    pub base: &'static str,
    /// The path of its collection or of itself, without the leading slash; `""` = only below others.
    pub path: &'static str,
    /// Whether the path is one object.
    pub singleton: bool,
    /// The path in `@odata.context` of a list.
    pub context: &'static str,
    /// The path in `@odata.context` of one object, before `/$entity`.
    pub entity_context: &'static str,
    /// The property that addresses an object.
    pub key: &'static str,
    /// Further properties that address an object: `applications(appId='…')`.
    pub alternate_keys: &'static [&'static str],
    /// Its properties.
    pub properties: &'static [Property],
    /// Its relations.
    pub navigations: &'static [Navigation],
    /// What can be done with an object.
    pub actions: &'static [Action],
    /// Types derived from it: an object says which it is.
    pub derived: &'static [&'static ResourceType],
    /// Writes, of `write`.
    pub writes: u8,
    /// How it is listed.
    pub listing: Listing,
    /// Its error codes.
    pub area: Area,
    /// Whether DELETE keeps the object for 30 days.
    pub soft_delete: bool,
}

const DEFAULT_LISTING: Listing = Listing {
    options: option::SELECT,
    page: 100,
    most: 999,
    advanced: false,
    order: "",
    descending: false,
};

impl ResourceType {
    /// A directory-like type at a collection; the rest by the functions below.
    pub const fn new(
        name: &'static str,
        path: &'static str,
        properties: &'static [Property],
    ) -> Self {
        Self {
            name,
            base: "entity",
            path,
            singleton: false,
            context: path,
            entity_context: path,
            key: "id",
            alternate_keys: &[],
            properties,
            navigations: &[],
            actions: &[],
            derived: &[],
            writes: 0,
            listing: DEFAULT_LISTING,
            area: Area::Directory,
            soft_delete: false,
        }
    }
    /// The type it is derived from.
    pub const fn base(mut self, base: &'static str) -> Self {
        self.base = base;
        self
    }
    /// The path is one object.
    pub const fn singleton(mut self) -> Self {
        self.singleton = true;
        self
    }
    /// The paths in `@odata.context` where they differ from the collection's.
    pub const fn context(mut self, list: &'static str, entity: &'static str) -> Self {
        self.context = list;
        self.entity_context = entity;
        self
    }
    /// The property that addresses an object.
    pub const fn key(mut self, key: &'static str) -> Self {
        self.key = key;
        self
    }
    /// Further properties that address an object.
    pub const fn alternate_keys(mut self, keys: &'static [&'static str]) -> Self {
        self.alternate_keys = keys;
        self
    }
    /// Relations.
    pub const fn navigations(mut self, navigations: &'static [Navigation]) -> Self {
        self.navigations = navigations;
        self
    }
    /// Actions.
    pub const fn actions(mut self, actions: &'static [Action]) -> Self {
        self.actions = actions;
        self
    }
    /// Derived types.
    pub const fn derived(mut self, types: &'static [&'static Self]) -> Self {
        self.derived = types;
        self
    }
    /// Writes.
    pub const fn writes(mut self, writes: u8) -> Self {
        self.writes = writes;
        self
    }
    /// Query options.
    pub const fn options(mut self, options: u16) -> Self {
        self.listing.options = options;
        self
    }
    /// The options of a directory collection, with its advanced queries.
    pub const fn directory(mut self) -> Self {
        self.listing.options = option::DIRECTORY;
        self.listing.advanced = true;
        self
    }
    /// `/$count` and some conditions need `ConsistencyLevel: eventual`, as in the directory.
    pub const fn advanced(mut self) -> Self {
        self.listing.advanced = true;
        self
    }
    /// Page sizes.
    pub const fn pages(mut self, usual: usize, most: usize) -> Self {
        self.listing.page = usual;
        self.listing.most = most;
        self
    }
    /// The order of a list without `$orderby`: newest first.
    pub const fn newest_first(mut self, by: &'static str) -> Self {
        self.listing.order = by;
        self.listing.descending = true;
        self
    }
    /// Error codes.
    pub const fn area(mut self, area: Area) -> Self {
        self.area = area;
        self
    }
    /// DELETE keeps the object for 30 days.
    pub const fn soft_delete(mut self) -> Self {
        self.soft_delete = true;
        self
    }

    /// A property by its exact name, also of a derived type.
    pub fn property(&self, name: &str) -> Option<&'static Property> {
        self.own_property(name)
            .or_else(|| self.derived.iter().find_map(|d| d.own_property(name)))
    }

    /// A property by its exact name, not of derived types.
    pub fn own_property(&self, name: &str) -> Option<&'static Property> {
        self.properties.iter().find(|p| p.name == name)
    }

    /// The right spelling of a property whose name differs only in case.
    pub fn spelled(&self, name: &str) -> Option<&'static str> {
        let all = self
            .properties
            .iter()
            .chain(self.derived.iter().flat_map(|d| d.properties));
        all.map(|p| p.name).find(|n| n.eq_ignore_ascii_case(name))
    }

    /// A relation by name; case does not matter in paths.
    pub fn navigation(&self, name: &str) -> Option<&'static Navigation> {
        self.navigations
            .iter()
            .find(|n| n.name.eq_ignore_ascii_case(name))
    }

    /// An action by name; case does not matter in paths.
    pub fn action(&self, name: &str) -> Option<&'static Action> {
        self.actions
            .iter()
            .find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// Whether a write of `write` is taken.
    pub const fn takes(&self, write: u8) -> bool {
        self.writes & write != 0
    }

    /// `microsoft.graph.user`.
    pub fn full_name(&self) -> String {
        format!("microsoft.graph.{}", self.name)
    }

    /// `User`: the word of messages.
    pub fn title(&self) -> String {
        let mut letters = self.name.chars();
        letters
            .next()
            .map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
    }

    /// The properties kept in columns.
    pub fn columns(&self) -> impl Iterator<Item = &'static Property> {
        self.properties
            .iter()
            .filter(|p| p.stored == Stored::Column)
    }

    /// Whether an object of this type may be what `other` names: the same type or derived from it.
    pub fn is_a(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || other.derived.iter().any(|d| std::ptr::eq(*d, self))
    }
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl Eq for ResourceType {}

/// Every description.
pub static ALL: [&ResourceType; 25] = [
    &USER,
    &GROUP,
    &SERVICE_PRINCIPAL,
    &APPLICATION,
    &DIRECTORY_OBJECT,
    &DELETED_ITEM,
    &APP_ROLE_ASSIGNMENT,
    &OAUTH2_PERMISSION_GRANT,
    &DIRECTORY_ROLE,
    &DIRECTORY_ROLE_TEMPLATE,
    &ROLE_ASSIGNMENT,
    &ROLE_DEFINITION,
    &ORGANIZATION,
    &DOMAIN,
    &CROSS_TENANT_ACCESS_POLICY,
    &CROSS_TENANT_ACCESS_DEFAULT,
    &CROSS_TENANT_ACCESS_PARTNER,
    &AUTHORIZATION_POLICY,
    &CONDITIONAL_ACCESS_POLICY,
    &NAMED_LOCATION,
    &IP_NAMED_LOCATION,
    &COUNTRY_NAMED_LOCATION,
    &INVITATION,
    &SIGN_IN,
    &DIRECTORY_AUDIT,
];

/// Functions that belong to no object.
pub static FUNCTIONS: [&Function; 2] = [&FIND_TENANT_BY_ID, &FIND_TENANT_BY_DOMAIN];

/// A type by its name, with or without name space (`#microsoft.graph.`, `graph.`), in any case.
pub fn find(type_name: &str) -> Option<&'static ResourceType> {
    let name = strip_namespace(type_name);
    ALL.iter()
        .copied()
        .find(|r| r.name.eq_ignore_ascii_case(name))
}

/// `user` of `#microsoft.graph.user`, `Microsoft.Graph.User` keeps its case.
pub fn strip_namespace(type_name: &str) -> &str {
    let name = type_name.strip_prefix('#').unwrap_or(type_name);
    for prefix in ["microsoft.graph.", "graph."] {
        if name
            .get(..prefix.len())
            .is_some_and(|p| p.eq_ignore_ascii_case(prefix))
        {
            return name.get(prefix.len()..).unwrap_or(name);
        }
    }
    name
}

#[cfg(test)]
mod tests;
