//! Named locations (`/identity/conditionalAccess/namedLocations`): address ranges and countries.
//!
//! Host bits of a range do not count; countries are compared exactly (policy-cases.md).

use std::net::IpAddr;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    cross_tenant::Violation,
    document::{DocumentError, Mode, Node, Read, Within, configured, parse_guid, words},
};

pub use range::{AddressRange, IpRange};

mod range;

words! {
    /// How the country of a sign-in is found.
    pub enum CountryLookupMethod("a word of `countryLookupMethodType`") {
        ClientIpAddress = "clientIpAddress",
        AuthenticatorAppGps = "authenticatorAppGps",
        UnknownFutureValue = "unknownFutureValue",
    }
}

/// What a location is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum LocationKind {
    Ip {
        is_trusted: bool,
        ranges: Vec<IpRange>,
    },
    Country {
        countries: Vec<String>,
        include_unknown: bool,
        lookup_method: Option<CountryLookupMethod>,
    },
    /// A type that this product does not know: matches nothing.
    Other,
}

/// What of a sign-in says whether it came from a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    Address,
    Country,
    /// A country, or that the country is not known.
    CountryOrUnknown,
}

/// A named location.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedLocation {
    /// `None` if it is no GUID: no policy can mean it.
    pub id: Option<Uuid>,
    pub display_name: String,
    pub kind: LocationKind,
    /// `createdDateTime` and the like.
    pub rest: Map<String, Value>,
}

const NAMES: [&str; 6] = [
    "id",
    "isTrusted",
    "ipRanges",
    "countriesAndRegions",
    "includeUnknownCountriesAndRegions",
    "countryLookupMethod",
];
/// Longest list that is stored.
const MAX_ENTRIES: usize = 2_000;

impl NamedLocation {
    /// Reads a location; its type follows from `@odata.type`, else from what it holds.
    pub fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let [id, trusted, ranges, countries, unknown, lookup] = node.members(NAMES)?.values;
        let kind = if is_ip(node, ranges, trusted) {
            LocationKind::Ip {
                is_trusted: flag(trusted, "isTrusted")?,
                ranges: read_list(ranges, "ipRanges", |range| IpRange::read(range, mode))?,
            }
        } else if countries.is_some() || is_type(node, "countryNamedLocation") {
            LocationKind::Country {
                countries: read_list(countries, "countriesAndRegions", |country| {
                    country.text().map(str::to_owned)
                })?,
                include_unknown: flag(unknown, "includeUnknownCountriesAndRegions")?,
                lookup_method: lookup
                    .map(CountryLookupMethod::read)
                    .transpose()
                    .within("countryLookupMethod")?,
            }
        } else {
            LocationKind::Other
        };
        let id = id.map(Node::text).transpose().within("id")?;
        let (display_name, rest) = match mode {
            Mode::Lenient => (String::new(), Map::new()),
            Mode::Strict => stored_members(node)?,
        };
        Ok(Self {
            id: id.and_then(parse_guid),
            display_name,
            kind,
            rest,
        })
    }

    /// Reads Graph's form as the interface does.
    pub fn from_graph(value: &Value) -> Read<Self> {
        let document = crate::document::Document::from_value(value)
            .map_err(|error| DocumentError::new(error.to_string()))?;
        Self::read(document.root(), Mode::Strict)
    }

    /// The location after a PATCH; its type is fixed.
    pub fn patched(&self, body: &Map<String, Value>) -> Read<Self> {
        let mut merged = self.to_graph();
        merged.extend(
            body.iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        let patched = Self::from_graph(&Value::Object(merged))?;
        if std::mem::discriminant(&patched.kind) == std::mem::discriminant(&self.kind) {
            Ok(patched)
        } else {
            Err(DocumentError {
                field: "@odata.type".into(),
                message: "the type of a named location cannot be changed".into(),
            })
        }
    }

    /// Graph's form.
    pub fn to_graph(&self) -> Map<String, Value> {
        let mut map = Map::new();
        match &self.kind {
            LocationKind::Ip { is_trusted, ranges } => {
                map.insert(
                    "@odata.type".into(),
                    "#microsoft.graph.ipNamedLocation".into(),
                );
                map.insert("isTrusted".into(), (*is_trusted).into());
                let ranges = ranges.iter().map(IpRange::to_graph).collect();
                map.insert("ipRanges".into(), Value::Array(ranges));
            }
            LocationKind::Country {
                countries,
                include_unknown,
                lookup_method,
            } => {
                map.insert(
                    "@odata.type".into(),
                    "#microsoft.graph.countryNamedLocation".into(),
                );
                map.insert("countriesAndRegions".into(), json!(countries));
                map.insert(
                    "includeUnknownCountriesAndRegions".into(),
                    (*include_unknown).into(),
                );
                let method = lookup_method.unwrap_or(CountryLookupMethod::ClientIpAddress);
                map.insert("countryLookupMethod".into(), method.as_str().into());
            }
            LocationKind::Other => {}
        }
        if let Some(id) = self.id {
            map.insert("id".into(), id.to_string().into());
        }
        map.insert("displayName".into(), self.display_name.clone().into());
        map.extend(self.rest.clone());
        map
    }

    /// What of a sign-in the location asks about.
    pub const fn found_by(&self) -> FoundBy {
        match self.kind {
            LocationKind::Country {
                include_unknown: true,
                ..
            } => FoundBy::CountryOrUnknown,
            LocationKind::Country { .. } => FoundBy::Country,
            LocationKind::Ip { .. } | LocationKind::Other => FoundBy::Address,
        }
    }

    /// Checks a location before it is stored.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        let name = self.display_name.trim();
        if name.is_empty() || name.chars().count() > 256 {
            let message = "a name of 1 to 256 characters is required";
            found.push(Violation::new("displayName", "name", message));
        }
        let (field, count) = match &self.kind {
            LocationKind::Ip { ranges, .. } => ("ipRanges", ranges.len()),
            LocationKind::Country { countries, .. } => {
                let wrong =
                    |c: &&String| c.len() != 2 || !c.bytes().all(|b| b.is_ascii_uppercase());
                if let Some(country) = countries.iter().find(wrong) {
                    let shown: String = country.chars().take(16).collect();
                    let message = format!("`{shown}` is not a two-letter country code in capitals");
                    found.push(Violation::new("countriesAndRegions", "country", message));
                }
                ("countriesAndRegions", countries.len())
            }
            LocationKind::Other => {
                let message = "use `#microsoft.graph.ipNamedLocation` \
                               or `#microsoft.graph.countryNamedLocation`";
                found.push(Violation::new("@odata.type", "type", message));
                return Err(found);
            }
        };
        if count == 0 || count > MAX_ENTRIES {
            let message = format!("1 to {MAX_ENTRIES} entries are required");
            found.push(Violation::new(field, "entries", message));
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }
}

fn is_type(node: Node<'_, '_>, name: &str) -> bool {
    node.annotation("@odata.type").is_some_and(|kind| {
        let kind = kind.trim();
        let tail = kind.rsplit(['.', '#']).next().unwrap_or(kind);
        tail.eq_ignore_ascii_case(name)
    })
}

fn is_ip(node: Node<'_, '_>, ranges: Option<Node<'_, '_>>, trusted: Option<Node<'_, '_>>) -> bool {
    if is_type(node, "countryNamedLocation") {
        return false;
    }
    is_type(node, "ipNamedLocation") || ranges.is_some() || trusted.is_some()
}

fn flag(node: Option<Node<'_, '_>>, name: &'static str) -> Read<bool> {
    Ok(node
        .map(Node::bool)
        .transpose()
        .within(name)?
        .unwrap_or(false))
}

fn read_list<'d, 'a, T>(
    node: Option<Node<'d, 'a>>,
    name: &'static str,
    read: impl FnMut(Node<'d, 'a>) -> Read<T>,
) -> Read<Vec<T>> {
    let list = configured(node).map(|list| list.list_of(read));
    Ok(list.transpose().within(name)?.unwrap_or_default())
}

fn stored_members(node: Node<'_, '_>) -> Read<(String, Map<String, Value>)> {
    let [name] = node.members(["displayName"])?.values;
    let name = name.map(Node::text).transpose().within("displayName")?;
    let rest = node
        .children()
        .filter(|member| !NAMES.contains(&member.name()) && member.name() != "displayName")
        .filter(|member| !member.name().contains(['@', '#']))
        .map(|member| (member.name().to_owned(), member.to_value()))
        .collect();
    Ok((name.unwrap_or_default().to_owned(), rest))
}

/// Reads the address of a sign-in; IPv4 written as IPv6 is IPv4.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
