//! One half of a setting, ready to be met by a person or an application.

use comity_model::{
    cross_tenant::{AccessType, TargetConfiguration, TargetType, TargetValue},
    decision::Match,
};
use uuid::Uuid;

use super::{Groups, Subject, Target, ids::Ids};
use crate::well_known_application::{is_microsoft, is_office365, is_system};

/// A users half: keyword and sorted IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersHalf {
    pub(super) access: AccessType,
    all: bool,
    users: Ids,
    pub(super) groups: Ids,
}

/// An applications half: keywords and sorted IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationsHalf {
    pub(super) access: AccessType,
    all: bool,
    office365: bool,
    microsoft: bool,
    applications: Ids,
}

/// How a person met a users half.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) matched: Match,
}

impl UsersHalf {
    /// Whether nobody at all comes through.
    pub(super) const fn blocks_everybody(&self) -> bool {
        self.all && matches!(self.access, AccessType::Blocked)
    }
}

impl Person {
    /// Rule 7.
    pub(super) const fn counts_as_matched(self, access: AccessType) -> bool {
        match self.matched {
            Match::No => false,
            Match::Uncounted(_) => matches!(access, AccessType::Blocked),
            _ => true,
        }
    }
}

/// How an application met an applications half.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Some application that may be meant is in the list.
    pub(super) can_match: bool,
    /// Some application that may be meant is not in the list.
    pub(super) can_miss: bool,
    pub(super) matched: Match,
}

fn ids(configuration: &TargetConfiguration, kind: TargetType) -> Ids {
    configuration
        .targets
        .iter()
        .filter(|target| target.target_type == kind)
        .filter_map(|target| match target.target {
            TargetValue::Id(id) => Some(id),
            _ => None,
        })
        .collect()
}

fn names(configuration: &TargetConfiguration, keyword: &TargetValue) -> bool {
    configuration
        .targets
        .iter()
        .any(|target| target.target == *keyword)
}

impl UsersHalf {
    /// Everybody.
    pub(super) const fn everybody(access: AccessType) -> Self {
        Self {
            access,
            all: true,
            users: Ids::EMPTY,
            groups: Ids::EMPTY,
        }
    }

    pub(super) fn compile(configuration: &TargetConfiguration) -> Self {
        Self {
            access: configuration.access_type,
            all: names(configuration, &TargetValue::AllUsers),
            users: ids(configuration, TargetType::User),
            groups: ids(configuration, TargetType::Group),
        }
    }

    /// Rule 3, users.
    pub(super) fn meet(&self, subject: &Subject<'_>) -> Person {
        let matched = if self.all {
            Match::All
        } else if self.users.contains(subject.user) {
            Match::User(subject.user)
        } else {
            self.meet_groups(subject.groups)
        };
        Person { matched }
    }

    fn meet_groups(&self, groups: Groups<'_>) -> Match {
        match groups {
            Groups::Complete(member) => {
                let found = member.iter().find(|group| self.groups.contains(**group));
                found.map_or(Match::No, |group| Match::Group(*group))
            }
            Groups::Answered(answer) => {
                let counted = |group: &Uuid| answer.evaluated.contains(group);
                let mut counted_here = self.groups.iter().filter(counted);
                if let Some(group) = counted_here.find(|group| answer.member.contains(group)) {
                    return Match::Group(group);
                }
                let uncounted = self.groups.iter().find(|group| !counted(group));
                uncounted.map_or(Match::No, Match::Uncounted)
            }
        }
    }
}

impl ApplicationsHalf {
    /// Every application.
    pub(super) const fn everything(access: AccessType) -> Self {
        Self {
            access,
            all: true,
            office365: false,
            microsoft: false,
            applications: Ids::EMPTY,
        }
    }

    pub(super) fn compile(configuration: &TargetConfiguration) -> Self {
        Self {
            access: configuration.access_type,
            all: names(configuration, &TargetValue::AllApplications),
            office365: names(configuration, &TargetValue::Office365),
            microsoft: names(configuration, &TargetValue::AllMicrosoftApps),
            applications: ids(configuration, TargetType::Application),
        }
    }

    /// Rules 3 to 5, applications.
    pub(super) fn meet(&self, target: Target) -> Wanted {
        match target {
            Target::Known(pair) if !is_system(pair.resource) => {
                let matched = self.meet_known(pair.client, pair.resource);
                let is_match = matched != Match::No;
                Wanted {
                    can_match: is_match,
                    can_miss: !is_match,
                    matched,
                }
            }
            Target::Known(pair) if self.applications.contains(pair.resource) => Wanted {
                can_match: true,
                can_miss: false,
                matched: Match::Application(pair.resource),
            },
            Target::Known(_) | Target::Unknown => self.meet_unknown(),
        }
    }

    fn meet_known(&self, client: Uuid, resource: Uuid) -> Match {
        if self.all {
            return Match::All;
        }
        for id in [resource, client] {
            if self.applications.contains(id) {
                return Match::Application(id);
            }
        }
        for id in [resource, client] {
            if self.office365 && is_office365(id) {
                return Match::Office365;
            }
            if self.microsoft && is_microsoft(id) {
                return Match::AllMicrosoftApps;
            }
        }
        Match::No
    }

    fn meet_unknown(&self) -> Wanted {
        let names_one =
            self.all || self.office365 || self.microsoft || !self.applications.is_empty();
        let matched = match (self.all, names_one) {
            (true, _) => Match::All,
            (false, true) => Match::Some,
            (false, false) => Match::Never,
        };
        Wanted {
            can_match: names_one,
            can_miss: !self.all,
            matched,
        }
    }
}
