//! The condition on people.

use serde_json::{Value, json};

use super::entry::{Entry, NoKeyword, UserKeyword, entries_to_graph, read_entries};
use crate::{
    document::{DocumentError, Mode, Node, Read, Within, configured, words},
    guest_type::GuestTypes,
};

words! {
    /// How external tenants are named.
    pub enum MembershipKind("a membership kind: `all` or `enumerated`") {
        All = "all",
        Enumerated = "enumerated",
    }
}

/// Which home tenants are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExternalTenants {
    /// Absent or `null`: all.
    #[default]
    Unset,
    All,
    Enumerated(Vec<Entry<NoKeyword>>),
}

/// Kinds of guests, of all or of some home tenants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuestsOrExternalUsers {
    pub types: GuestTypes,
    pub external_tenants: ExternalTenants,
}

/// Who is meant and who is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    pub include_users: Vec<Entry<UserKeyword>>,
    pub exclude_users: Vec<Entry<UserKeyword>>,
    pub include_groups: Vec<Entry<NoKeyword>>,
    pub exclude_groups: Vec<Entry<NoKeyword>>,
    pub include_roles: Vec<Entry<NoKeyword>>,
    pub exclude_roles: Vec<Entry<NoKeyword>>,
    pub include_guests: Option<GuestsOrExternalUsers>,
    pub exclude_guests: Option<GuestsOrExternalUsers>,
}

const NAMES: [&str; 8] = [
    "includeUsers",
    "excludeUsers",
    "includeGroups",
    "excludeGroups",
    "includeRoles",
    "excludeRoles",
    "includeGuestsOrExternalUsers",
    "excludeGuestsOrExternalUsers",
];

impl Users {
    /// Reads the condition and whether it holds an unknown member that is set.
    pub(super) fn read(node: Node<'_, '_>, mode: Mode) -> Read<(Self, bool)> {
        let members = node.members(NAMES)?;
        let mut unknown = members.unknown().is_some();
        let [iu, xu, ig, xg, ir, xr, include_guests, exclude_guests] = members.known(mode)?;
        let mut guests = |node, name: &'static str| {
            let Some(node) = configured(node) else {
                return Ok(None);
            };
            let (guests, strange) = GuestsOrExternalUsers::read(node, mode).within(name)?;
            unknown |= strange;
            Ok(Some(guests))
        };
        let include_guests = guests(include_guests, "includeGuestsOrExternalUsers")?;
        let exclude_guests = guests(exclude_guests, "excludeGuestsOrExternalUsers")?;
        let users = Self {
            include_users: read_entries(iu, "includeUsers")?,
            exclude_users: read_entries(xu, "excludeUsers")?,
            include_groups: read_entries(ig, "includeGroups")?,
            exclude_groups: read_entries(xg, "excludeGroups")?,
            include_roles: read_entries(ir, "includeRoles")?,
            exclude_roles: read_entries(xr, "excludeRoles")?,
            include_guests,
            exclude_guests,
        };
        Ok((users, unknown))
    }

    pub(super) fn to_graph(&self) -> Value {
        let guests = |guests: &Option<GuestsOrExternalUsers>| {
            guests.as_ref().map(GuestsOrExternalUsers::to_graph)
        };
        json!({
            "includeUsers": entries_to_graph(&self.include_users),
            "excludeUsers": entries_to_graph(&self.exclude_users),
            "includeGroups": entries_to_graph(&self.include_groups),
            "excludeGroups": entries_to_graph(&self.exclude_groups),
            "includeRoles": entries_to_graph(&self.include_roles),
            "excludeRoles": entries_to_graph(&self.exclude_roles),
            "includeGuestsOrExternalUsers": guests(&self.include_guests),
            "excludeGuestsOrExternalUsers": guests(&self.exclude_guests),
        })
    }
}

impl GuestsOrExternalUsers {
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<(Self, bool)> {
        let members = node.members(["guestOrExternalUserTypes", "externalTenants"])?;
        let mut unknown = members.unknown().is_some();
        let [types, tenants] = members.known(mode)?;
        let types = types
            .map(GuestTypes::read)
            .transpose()
            .within("guestOrExternalUserTypes")?;
        let mut external_tenants = ExternalTenants::Unset;
        if let Some(node) = tenants {
            let (tenants, strange) = ExternalTenants::read(node, mode).within("externalTenants")?;
            external_tenants = tenants;
            unknown |= strange;
        }
        let guests = Self {
            types: types.unwrap_or_default(),
            external_tenants,
        };
        Ok((guests, unknown))
    }

    fn to_graph(&self) -> Value {
        json!({
            "guestOrExternalUserTypes": self.types.to_graph(),
            "externalTenants": self.external_tenants.to_graph(),
        })
    }
}

impl ExternalTenants {
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<(Self, bool)> {
        let fields = node.members(["membershipKind", "members"])?;
        let unknown = fields.unknown().is_some();
        let [kind, members] = fields.known(mode)?;
        let kind = match (kind, told_by_type(node)) {
            (Some(word), _) => MembershipKind::read(word).within("membershipKind")?,
            (None, Some(kind)) => kind,
            (None, None) if !node.is_configured() => return Ok((Self::Unset, unknown)),
            (None, None) => return Err(DocumentError::missing("membershipKind")),
        };
        let tenants = match kind {
            MembershipKind::All => Self::All,
            MembershipKind::Enumerated => Self::Enumerated(read_entries(members, "members")?),
        };
        Ok((tenants, unknown))
    }

    fn to_graph(&self) -> Value {
        match self {
            Self::Unset => Value::Null,
            Self::All => json!({
                "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                "membershipKind": "all",
            }),
            Self::Enumerated(members) => json!({
                "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
                "membershipKind": "enumerated",
                "members": entries_to_graph(members),
            }),
        }
    }
}

fn told_by_type(node: Node<'_, '_>) -> Option<MembershipKind> {
    let kind = node.annotation("@odata.type")?.trim();
    let tail = kind.rsplit(['.', '#']).next().unwrap_or(kind);
    if tail.eq_ignore_ascii_case("conditionalAccessAllExternalTenants") {
        Some(MembershipKind::All)
    } else if tail.eq_ignore_ascii_case("conditionalAccessEnumeratedExternalTenants") {
        Some(MembershipKind::Enumerated)
    } else {
        None
    }
}
