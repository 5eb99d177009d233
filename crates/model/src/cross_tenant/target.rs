//! Settings, halves and targets (semantics.md §2.4).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::document::{DocumentError, Mode, Node, Read, Within, configured, parse_guid, words};

words! {
    /// Whether a list allows or blocks.
    pub enum AccessType("an access type: `allowed` or `blocked`") {
        Allowed = "allowed",
        Blocked = "blocked",
    }
}

words! {
    /// What a target names.
    pub enum TargetType("a target type: `user`, `group` or `application`") {
        User = "user",
        Group = "group",
        Application = "application",
        UnknownFutureValue = "unknownFutureValue",
    }
}

/// The thing a target names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetValue {
    AllUsers,
    AllApplications,
    Office365,
    AllMicrosoftApps,
    Id(Uuid),
    /// Neither a GUID nor a keyword: matches nobody and nothing.
    Other(String),
}

impl TargetValue {
    const KEYWORDS: [(Self, &'static str); 4] = [
        (Self::AllUsers, "AllUsers"),
        (Self::AllApplications, "AllApplications"),
        (Self::Office365, "Office365"),
        (Self::AllMicrosoftApps, "AllMicrosoftApps"),
    ];

    /// Reads a GUID or a keyword, trimmed and without case.
    pub fn parse(text: &str) -> Self {
        if let Some(id) = parse_guid(text) {
            return Self::Id(id);
        }
        let trimmed = text.trim();
        for (value, keyword) in Self::KEYWORDS {
            if keyword.eq_ignore_ascii_case(trimmed) {
                return value;
            }
        }
        Self::Other(text.to_owned())
    }

    /// Whether it is one of the keywords.
    pub const fn is_keyword(&self) -> bool {
        !matches!(self, Self::Id(_) | Self::Other(_))
    }
}

impl std::fmt::Display for TargetValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Other(text) => f.write_str(text),
            keyword => {
                let found = Self::KEYWORDS.iter().find(|(value, _)| value == keyword);
                f.write_str(found.map_or("", |(_, word)| word))
            }
        }
    }
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub target: TargetValue,
    pub target_type: TargetType,
}

/// One half of a setting: a list and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetConfiguration {
    pub access_type: AccessType,
    pub targets: Vec<Target>,
}

/// A setting with its two halves; `None` = inherit that half.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct B2bSetting {
    pub users_and_groups: Option<TargetConfiguration>,
    pub applications: Option<TargetConfiguration>,
}

/// Which half a list stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Users,
    Applications,
}

impl Target {
    fn read(node: Node<'_, '_>, half: Half, mode: Mode) -> Read<Self> {
        let [target, target_type] = node.members(["target", "targetType"])?.known(mode)?;
        let target = target.ok_or_else(|| DocumentError::missing("target"))?;
        let target = TargetValue::parse(target.text().within("target")?);
        let target_type = match (target_type, half) {
            (Some(word), _) => TargetType::read(word).within("targetType")?,
            (None, Half::Applications) if mode == Mode::Lenient => TargetType::Application,
            (None, Half::Users) if mode == Mode::Lenient && target.is_keyword() => TargetType::User,
            (None, _) => return Err(DocumentError::missing("targetType")),
        };
        Ok(Self {
            target,
            target_type,
        })
    }
}

impl TargetConfiguration {
    pub(super) fn read(node: Node<'_, '_>, half: Half, mode: Mode) -> Read<Self> {
        let [access_type, targets] = node.members(["accessType", "targets"])?.known(mode)?;
        let access_type = access_type.ok_or_else(|| DocumentError::missing("accessType"))?;
        let access_type = AccessType::read(access_type).within("accessType")?;
        // An empty list is no list; the interface says so in a message of its own.
        let targets = match mode {
            Mode::Lenient => configured(targets),
            Mode::Strict => targets,
        };
        let targets = targets.ok_or_else(|| DocumentError::missing("targets"))?;
        let targets = targets
            .list_of(|target| Target::read(target, half, mode))
            .within("targets")?;
        Ok(Self {
            access_type,
            targets,
        })
    }

    /// Graph's form.
    pub fn to_graph(&self) -> Value {
        let targets: Vec<Value> = self
            .targets
            .iter()
            .map(|t| json!({"target": t.target.to_string(), "targetType": t.target_type.as_str()}))
            .collect();
        json!({"accessType": self.access_type.as_str(), "targets": targets})
    }

    /// A list of one keyword.
    pub fn keyword(access_type: AccessType, target: TargetValue, target_type: TargetType) -> Self {
        Self {
            access_type,
            targets: vec![Target {
                target,
                target_type,
            }],
        }
    }
}

impl B2bSetting {
    pub(super) fn read(node: Node<'_, '_>, mode: Mode) -> Read<Self> {
        let halves = node.members(["usersAndGroups", "applications"])?;
        let [users, applications] = halves.known(mode)?;
        Self::read_halves(users, applications, mode)
    }

    pub(super) fn read_halves(
        users: Option<Node<'_, '_>>,
        applications: Option<Node<'_, '_>>,
        mode: Mode,
    ) -> Read<Self> {
        let half = |node: Option<Node<'_, '_>>, half, name| {
            let node = match mode {
                Mode::Lenient => configured(node),
                Mode::Strict => node,
            };
            node.map(|node| TargetConfiguration::read(node, half, mode))
                .transpose()
                .within(name)
        };
        Ok(Self {
            users_and_groups: half(users, Half::Users, "usersAndGroups")?,
            applications: half(applications, Half::Applications, "applications")?,
        })
    }

    /// Graph's form: a half that was not given is not shown.
    pub fn to_graph(&self) -> Map<String, Value> {
        let mut map = Map::new();
        if let Some(half) = &self.users_and_groups {
            map.insert("usersAndGroups".into(), half.to_graph());
        }
        if let Some(half) = &self.applications {
            map.insert("applications".into(), half.to_graph());
        }
        map
    }

    /// Everybody and everything, allowed or blocked.
    pub fn everything(access_type: AccessType) -> Self {
        let half = |target, target_type| {
            Some(TargetConfiguration::keyword(
                access_type,
                target,
                target_type,
            ))
        };
        Self {
            users_and_groups: half(TargetValue::AllUsers, TargetType::User),
            applications: half(TargetValue::AllApplications, TargetType::Application),
        }
    }
}
