//! The answer of policy, with its reasons (policy-cases.md, *Result* and *Order, gates and codes*).
//!
//! Doubt is a denial with a reason, not an error.

use uuid::Uuid;

use crate::{
    cross_tenant::{AccessType, Setting, TargetValue},
    document::words,
    session::Place,
    sign_in::Side,
};

words! {
    /// What comes of it.
    pub enum Outcome("an outcome") {
        Allow = "allow",
        /// Something can still be earned.
        Challenge = "challenge",
        Deny = "deny",
    }
}

words! {
    /// What a person must pass, in order.
    pub enum Gate("a gate") {
        Pair = "pair",
        Cloud = "cloud",
        Partner = "partner",
        Users = "users",
        Applications = "applications",
        ConditionalAccess = "conditionalAccess",
    }
}

words! {
    /// Where the effective value comes from.
    pub enum Provenance("a provenance") {
        /// The partner's own.
        Own = "own",
        /// The default's.
        Inherited = "inherited",
        ServiceDefault = "serviceDefault",
    }
}

words! {
    /// Controls that can be earned, in the order in which they are listed.
    pub enum Control("a control that can be earned") {
        AuthenticationStrength = "authenticationStrength",
        Mfa = "mfa",
        TermsOfUse = "termsOfUse",
    }
}

words! {
    /// What a Conditional Access policy did (`appliedConditionalAccessPolicyResult`).
    pub enum AppliedResult("a result of Conditional Access") {
        NotApplied = "notApplied",
        Success = "success",
        Failure = "failure",
        ReportOnlySuccess = "reportOnlySuccess",
        ReportOnlyFailure = "reportOnlyFailure",
        ReportOnlyNotApplied = "reportOnlyNotApplied",
        NotEnabled = "notEnabled",
    }
}

/// The documented numbers of refusals.
pub mod code {
    /// The clouds are no pair.
    pub const WRONG_CLOUD: u32 = 90_038;
    /// The resource's cross-tenant settings say no.
    pub const RESOURCE_SETTINGS: u32 = 500_213;
    /// Home's cross-tenant settings say no.
    pub const HOME_SETTINGS: u32 = 500_212;
    /// Home has not ticked the resource's cloud.
    pub const HOME_CLOUD: u32 = 1_000_104;
    /// Conditional Access blocks.
    pub const BLOCKED: u32 = 53_003;
    /// A compliant device is missing.
    pub const DEVICE_NOT_COMPLIANT: u32 = 53_000;
    /// A hybrid joined device is missing.
    pub const DEVICE_NOT_JOINED: u32 = 53_001;
}

/// Where a refusal happened, with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    pub side: Side,
    pub gate: Gate,
    pub code: u32,
}

/// Controls to be earned, each once, in the order in which they are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequiredControls(u8);

const fn control_bit(control: Control, place: Place) -> u8 {
    let place = match place {
        Place::Home => 0,
        Place::Resource => 1,
    };
    1 << ((control as u8) * 2 + place)
}

impl RequiredControls {
    /// With this control at this place.
    #[must_use]
    pub const fn with(self, control: Control, place: Place) -> Self {
        Self(self.0 | control_bit(control, place))
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is to be earned.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this control is to be earned at this place.
    pub const fn contains(self, control: Control, place: Place) -> bool {
        self.0 & control_bit(control, place) != 0
    }

    /// Sorted by control and place.
    pub fn iter(self) -> impl Iterator<Item = (Control, Place)> {
        let places = [Place::Home, Place::Resource];
        let all = Control::ALL
            .iter()
            .flat_map(move |c| places.map(|p| (*c, p)));
        all.filter(move |(control, place)| self.contains(*control, *place))
    }
}

/// How a list met the person or the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Nothing in it matches.
    No,
    /// `AllUsers` or `AllApplications`.
    All,
    User(Uuid),
    Group(Uuid),
    /// A group that home was not asked about: matched in a blocked list, not in an allowed one.
    Uncounted(Uuid),
    Application(Uuid),
    Office365,
    AllMicrosoftApps,
    /// The application is unknown or a system page: some application would match, some not.
    Some,
    /// The application is unknown or a system page: none would match.
    Never,
}

/// One half of an effective setting and how it was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfVerdict {
    pub access: AccessType,
    pub provenance: Provenance,
    pub matched: Match,
}

/// The rule that decided a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    PairConfigured,
    PairMissing,
    CloudTicked,
    CloudNotTicked,
    DirectConnectAcrossClouds,
    PartnerFound,
    PartnerMissing,
    Setting {
        setting: Setting,
        users: HalfVerdict,
        applications: HalfVerdict,
    },
    /// A Conditional Access policy by its place in the list.
    Policy {
        place: usize,
        result: AppliedResult,
        /// The control that is missing.
        missing: Option<&'static str>,
    },
}

/// One step of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    pub side: Side,
    pub gate: Gate,
    pub rule: Rule,
    pub passed: bool,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub outcome: Outcome,
    /// Set exactly if the outcome is a denial.
    pub denial: Option<Denial>,
    /// What can still be earned; empty on a denial.
    pub controls: RequiredControls,
    pub because: Vec<Reason>,
    /// One result per policy in the order given, if Conditional Access was asked.
    pub conditional_access: Vec<AppliedResult>,
    /// The verdict hung on a group that home was not asked about: another leg may change it.
    pub needs_another_leg: bool,
}

impl Decision {
    /// An answer that allows, with room for the usual reasons.
    pub fn allow() -> Self {
        Self {
            outcome: Outcome::Allow,
            denial: None,
            controls: RequiredControls::default(),
            because: Vec::with_capacity(8),
            conditional_access: Vec::new(),
            needs_another_leg: false,
        }
    }

    /// Whether nothing stands in the way any more.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allow
    }

    /// Notes a gate that was passed.
    pub fn pass(&mut self, side: Side, gate: Gate, rule: Rule) {
        self.because.push(Reason {
            side,
            gate,
            rule,
            passed: true,
        });
    }

    /// Notes the gate that refuses; nothing can be earned any more.
    pub fn deny(&mut self, denial: Denial, rule: Rule) {
        self.because.push(Reason {
            side: denial.side,
            gate: denial.gate,
            rule,
            passed: false,
        });
        self.outcome = Outcome::Deny;
        self.denial = Some(denial);
        self.controls = RequiredControls::default();
    }

    /// Goes on with the next part of the same decision.
    #[must_use]
    pub fn then(mut self, next: impl FnOnce() -> Self) -> Self {
        if self.outcome == Outcome::Deny {
            return self;
        }
        let next = next();
        self.because.extend(next.because);
        self.conditional_access.extend(next.conditional_access);
        self.needs_another_leg |= next.needs_another_leg;
        self.controls = self.controls.and(next.controls);
        self.outcome = self.outcome.max(next.outcome);
        self.denial = next.denial;
        if self.denial.is_some() {
            self.controls = RequiredControls::default();
        }
        self
    }
}

impl std::fmt::Display for Match {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::No => f.write_str("no match"),
            Self::All => f.write_str("matches all"),
            Self::User(id) => write!(f, "user {id}"),
            Self::Group(id) => write!(f, "group {id}"),
            Self::Uncounted(id) => write!(f, "group {id} was not asked about"),
            Self::Application(id) => write!(f, "application {id}"),
            Self::Office365 => TargetValue::Office365.fmt(f),
            Self::AllMicrosoftApps => TargetValue::AllMicrosoftApps.fmt(f),
            Self::Some => f.write_str("some application"),
            Self::Never => f.write_str("no application at all"),
        }
    }
}

impl std::fmt::Display for HalfVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (access, from) = (self.access.as_str(), self.provenance.as_str());
        write!(f, "{access} ({from}): {}", self.matched)
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PairConfigured => f.write_str("the clouds are a configured pair"),
            Self::PairMissing => f.write_str("the clouds are no configured pair"),
            Self::CloudTicked => f.write_str("the other cloud is ticked"),
            Self::CloudNotTicked => f.write_str("the other cloud is not ticked"),
            Self::DirectConnectAcrossClouds => {
                f.write_str("direct connect does not exist across clouds")
            }
            Self::PartnerFound => f.write_str("the other tenant is a partner"),
            Self::PartnerMissing => f.write_str("the other tenant is no partner"),
            Self::Setting {
                setting,
                users,
                applications,
            } => {
                let setting = setting.as_str();
                write!(f, "{setting}: users {users}; applications {applications}")
            }
            Self::Policy {
                place,
                result,
                missing,
            } => {
                write!(f, "policy {}: {}", place + 1, result.as_str())?;
                match missing {
                    Some(control) => write!(f, ", {control}"),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Control, Decision, Denial, Gate, Outcome, RequiredControls, Rule, code};
    use crate::{session::Place, sign_in::Side};

    #[test]
    fn controls_are_sorted_and_each_once() {
        let controls = RequiredControls::default()
            .with(Control::TermsOfUse, Place::Resource)
            .with(Control::Mfa, Place::Resource)
            .with(Control::Mfa, Place::Home)
            .with(Control::Mfa, Place::Home)
            .with(Control::AuthenticationStrength, Place::Resource);
        let listed: Vec<_> = controls.iter().map(|(c, p)| (c.as_str(), p)).collect();
        assert_eq!(
            listed,
            [
                ("authenticationStrength", Place::Resource),
                ("mfa", Place::Home),
                ("mfa", Place::Resource),
                ("termsOfUse", Place::Resource),
            ]
        );
    }

    #[test]
    fn a_denial_ends_the_decision_and_clears_what_could_be_earned() {
        let mut first = Decision::allow();
        first.outcome = Outcome::Challenge;
        first.controls = first.controls.with(Control::Mfa, Place::Home);
        let denial = Denial {
            side: Side::Resource,
            gate: Gate::Users,
            code: code::RESOURCE_SETTINGS,
        };
        let denied = first.then(|| {
            let mut next = Decision::allow();
            next.deny(denial, Rule::PartnerMissing);
            next
        });
        assert_eq!(
            (denied.outcome, denied.denial),
            (Outcome::Deny, Some(denial))
        );
        assert!(denied.controls.is_empty());
        let still = denied
            .clone()
            .then(|| panic!("a denied decision asks nobody"));
        assert_eq!(still, denied);
    }
}
