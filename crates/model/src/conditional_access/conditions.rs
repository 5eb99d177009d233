//! When a policy applies (semantics.md §6.1).
//!
//! An unknown member that is set, at any depth, and every condition that cannot be judged makes a
//! policy that does not apply to anybody ([`Conditions::unknown`], [`Conditions::is_judgeable`]).
//! The interface refuses unknown members instead.

use serde_json::{Value, json};

use super::{
    entry::{ApplicationKeyword, Entry, LocationKeyword, entries_to_graph, read_entries},
    users::Users,
};
use crate::{
    device_filter::DeviceFilter,
    document::{Mode, Node, Read, Within, configured, words},
};

words! {
    /// Kinds of clients.
    pub enum ClientAppType("a word of `conditionalAccessClientApp`") {
        All = "all",
        Browser = "browser",
        MobileAppsAndDesktopClients = "mobileAppsAndDesktopClients",
        ExchangeActiveSync = "exchangeActiveSync",
        EasSupported = "easSupported",
        Other = "other",
        UnknownFutureValue = "unknownFutureValue",
    }
}

words! {
    /// Device platforms.
    pub enum Platform("a word of `conditionalAccessDevicePlatform`") {
        Android = "android",
        Ios = "iOS",
        Windows = "windows",
        WindowsPhone = "windowsPhone",
        MacOs = "macOS",
        All = "all",
        UnknownFutureValue = "unknownFutureValue",
        Linux = "linux",
    }
}

words! {
    /// Levels of risk.
    pub enum RiskLevel("a word of `riskLevel`") {
        Low = "low",
        Medium = "medium",
        High = "high",
        Hidden = "hidden",
        None = "none",
        UnknownFutureValue = "unknownFutureValue",
    }
}

/// Which applications are meant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Applications {
    pub include_applications: Vec<Entry<ApplicationKeyword>>,
    pub exclude_applications: Vec<Entry<ApplicationKeyword>>,
    pub include_user_actions: Vec<String>,
    pub include_authentication_contexts: Vec<String>,
    pub application_filter: Option<Value>,
}

/// Which platforms are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Platforms {
    pub include: Vec<Platform>,
    pub exclude: Vec<Platform>,
}

/// Which named locations are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locations {
    pub include: Vec<Entry<LocationKeyword>>,
    pub exclude: Vec<Entry<LocationKeyword>>,
}

/// All conditions; what is not configured matches always, except people and applications.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conditions {
    pub users: Users,
    pub applications: Applications,
    pub client_app_types: Vec<ClientAppType>,
    pub platforms: Option<Platforms>,
    pub locations: Option<Locations>,
    pub sign_in_risk_levels: Vec<RiskLevel>,
    pub user_risk_levels: Vec<RiskLevel>,
    pub service_principal_risk_levels: Vec<RiskLevel>,
    pub device_filter: Option<DeviceFilter>,
    pub insider_risk_levels: Option<Value>,
    pub client_applications: Option<Value>,
    pub authentication_flows: Option<Value>,
    /// An unknown member is set.
    pub unknown: bool,
}

const NAMES: [&str; 12] = [
    "users",
    "applications",
    "clientAppTypes",
    "platforms",
    "locations",
    "signInRiskLevels",
    "userRiskLevels",
    "servicePrincipalRiskLevels",
    "devices",
    "insiderRiskLevels",
    "clientApplications",
    "authenticationFlows",
];

fn read_words<'d, 'a, T>(
    node: Option<Node<'d, 'a>>,
    name: &'static str,
    read: fn(Node<'d, 'a>) -> Read<T>,
) -> Read<Vec<T>> {
    let list = configured(node).map(|list| list.list_of(read));
    Ok(list.transpose().within(name)?.unwrap_or_default())
}

/// Reads a block; the second answer of `read` says whether it holds something unknown.
fn block<'d, 'a, T>(
    node: Option<Node<'d, 'a>>,
    name: &'static str,
    unknown: &mut bool,
    read: impl Fn(Node<'d, 'a>) -> Read<(T, bool)>,
) -> Read<Option<T>> {
    let Some(node) = configured(node) else {
        return Ok(None);
    };
    let (value, strange) = read(node).within(name)?;
    *unknown |= strange;
    Ok(Some(value))
}

impl Conditions {
    #[expect(
        clippy::too_many_lines,
        reason = "one decision, read from top to bottom"
    )]
    pub(super) fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let members = node.members(NAMES)?;
        let mut unknown = members.unknown().is_some();
        let [
            users,
            apps,
            clients,
            platforms,
            locations,
            sign_in,
            user,
            principal,
            devices,
            insider,
            client_applications,
            flows,
        ] = members.known(mode)?;
        let strange = &mut unknown;
        let users = block(users, "users", strange, |n| Users::read(n, mode))?;
        let apps = block(apps, "applications", strange, |n| {
            Applications::read(n, mode)
        })?;
        let platforms = block(platforms, "platforms", strange, |n| {
            Platforms::read(n, mode)
        })?;
        let locations = block(locations, "locations", strange, |n| {
            Locations::read(n, mode)
        })?;
        let device_filter = block(devices, "devices", strange, |n| read_devices(n, mode))?;
        for (node, name, names) in [
            (
                client_applications,
                "clientApplications",
                [
                    "includeServicePrincipals",
                    "excludeServicePrincipals",
                    "servicePrincipalFilter",
                ],
            ),
            (flows, "authenticationFlows", ["transferMethods", "", ""]),
        ] {
            if let Some(node) = configured(node).filter(|node| node.is_object()) {
                node.members(names)
                    .and_then(|m| m.known(mode))
                    .within(name)?;
            }
        }
        let kept = |node| configured(node).map(Node::to_value);
        Ok(Self {
            users: users.unwrap_or_default(),
            applications: apps.unwrap_or_default(),
            client_app_types: read_words(clients, "clientAppTypes", ClientAppType::read)?,
            platforms,
            locations,
            sign_in_risk_levels: read_words(sign_in, "signInRiskLevels", RiskLevel::read)?,
            user_risk_levels: read_words(user, "userRiskLevels", RiskLevel::read)?,
            service_principal_risk_levels: read_words(
                principal,
                "servicePrincipalRiskLevels",
                RiskLevel::read,
            )?,
            device_filter: device_filter.flatten(),
            insider_risk_levels: kept(insider),
            client_applications: kept(client_applications),
            authentication_flows: kept(flows),
            unknown,
        })
    }

    /// Whether every condition that is set can be judged from the facts of a sign-in.
    pub fn is_judgeable(&self) -> bool {
        let apps = &self.applications;
        !self.unknown
            && self.service_principal_risk_levels.is_empty()
            && self.insider_risk_levels.is_none()
            && self.client_applications.is_none()
            && self.authentication_flows.is_none()
            && apps.include_user_actions.is_empty()
            && apps.include_authentication_contexts.is_empty()
            && apps.application_filter.is_none()
    }

    pub(super) fn to_graph(&self) -> Value {
        let filter = self.device_filter.as_ref().map(DeviceFilter::to_graph);
        json!({
            "users": self.users.to_graph(),
            "applications": self.applications.to_graph(),
            "clientAppTypes": self.client_app_types,
            "platforms": self.platforms.as_ref().map(|p| json!({
                "includePlatforms": p.include,
                "excludePlatforms": p.exclude,
            })),
            "locations": self.locations.as_ref().map(|l| json!({
                "includeLocations": entries_to_graph(&l.include),
                "excludeLocations": entries_to_graph(&l.exclude),
            })),
            "signInRiskLevels": self.sign_in_risk_levels,
            "userRiskLevels": self.user_risk_levels,
            "servicePrincipalRiskLevels": self.service_principal_risk_levels,
            "devices": filter.map(|filter| json!({"deviceFilter": filter})),
            "insiderRiskLevels": self.insider_risk_levels,
            "clientApplications": self.client_applications,
            "authenticationFlows": self.authentication_flows,
        })
    }
}

impl Applications {
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<(Self, bool)> {
        let members = node.members([
            "includeApplications",
            "excludeApplications",
            "includeUserActions",
            "includeAuthenticationContextClassReferences",
            "applicationFilter",
        ])?;
        let unknown = members.unknown().is_some();
        let [include, exclude, actions, contexts, filter] = members.known(mode)?;
        let text = |node: Node<'_, '_>| node.text().map(str::to_owned);
        let filter = configured(filter);
        if let Some(filter) = filter {
            filter
                .members(["mode", "rule"])
                .within("applicationFilter")?;
        }
        let applications = Self {
            include_applications: read_entries(include, "includeApplications")?,
            exclude_applications: read_entries(exclude, "excludeApplications")?,
            include_user_actions: read_words(actions, "includeUserActions", text)?,
            include_authentication_contexts: read_words(
                contexts,
                "includeAuthenticationContextClassReferences",
                text,
            )?,
            application_filter: filter.map(Node::to_value),
        };
        Ok((applications, unknown))
    }

    fn to_graph(&self) -> Value {
        json!({
            "includeApplications": entries_to_graph(&self.include_applications),
            "excludeApplications": entries_to_graph(&self.exclude_applications),
            "includeUserActions": self.include_user_actions,
            "includeAuthenticationContextClassReferences": self.include_authentication_contexts,
            "applicationFilter": self.application_filter,
        })
    }
}

impl Platforms {
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<(Self, bool)> {
        let members = node.members(["includePlatforms", "excludePlatforms"])?;
        let unknown = members.unknown().is_some();
        let [include, exclude] = members.known(mode)?;
        let platforms = Self {
            include: read_words(include, "includePlatforms", Platform::read)?,
            exclude: read_words(exclude, "excludePlatforms", Platform::read)?,
        };
        Ok((platforms, unknown))
    }
}

impl Locations {
    fn read(node: Node<'_, '_>, mode: Mode) -> Read<(Self, bool)> {
        let members = node.members(["includeLocations", "excludeLocations"])?;
        let unknown = members.unknown().is_some();
        let [include, exclude] = members.known(mode)?;
        let locations = Self {
            include: read_entries(include, "includeLocations")?,
            exclude: read_entries(exclude, "excludeLocations")?,
        };
        Ok((locations, unknown))
    }
}

fn read_devices(node: Node<'_, '_>, mode: Mode) -> Read<(Option<DeviceFilter>, bool)> {
    let members = node.members(["deviceFilter"])?;
    let mut unknown = members.unknown().is_some();
    let [filter] = members.known(mode)?;
    let Some(filter) = configured(filter) else {
        return Ok((None, unknown));
    };
    unknown |= filter
        .members(["mode", "rule"])
        .within("deviceFilter")?
        .unknown()
        .is_some();
    let filter = DeviceFilter::read(filter, mode).within("deviceFilter")?;
    Ok((Some(filter), unknown))
}
