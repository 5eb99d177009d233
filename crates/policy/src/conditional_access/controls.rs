//! What a policy demands, what is met and what can still be earned (semantics.md §6.4, §6.5,
//! policy-cases.md *Methods* and *Controls*).
//!
//! 1. Methods of home count while MFA of home is trusted. For everybody but internal guests a
//!    sign-in at home counts here as the knowledge method `password`, whatever the trust.
//! 2. MFA and strengths can be earned at home if trusted, else here; a direct-connect user earns
//!    nothing here.
//! 3. A device claim is never earned; only `true` counts, while that trust is on.
//! 4. Terms of use can be earned here. All other controls are missing and not to be earned.

use comity_model::{
    conditional_access::{
        AuthenticationStrength, BuiltInControl, GrantControls, GrantOperator, Method, MethodSet,
    },
    decision::{Control, RequiredControls, code},
    guest_type::GuestType,
    session::Place,
};

use super::Signals;
use crate::strength;

/// Why a policy cannot be met, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refused {
    Blocked,
    NotCompliant,
    NotJoined,
    Missing,
    Strength,
}

impl Refused {
    pub(super) const fn code(self) -> u32 {
        match self {
            Self::NotCompliant => code::DEVICE_NOT_COMPLIANT,
            Self::NotJoined => code::DEVICE_NOT_JOINED,
            Self::Blocked | Self::Missing | Self::Strength => code::BLOCKED,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocks",
            Self::NotCompliant => "a compliant device is missing",
            Self::NotJoined => "a hybrid joined device is missing",
            Self::Missing => "a control that cannot be given is missing",
            Self::Strength => "the authentication strength cannot be reached",
        }
    }
}

/// What one control, or one policy, still wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    Met,
    Earn(RequiredControls),
    Refused(Refused),
}

pub(super) fn ask_about_the_device(controls: &GrantControls) -> bool {
    let device = [
        BuiltInControl::CompliantDevice,
        BuiltInControl::DomainJoinedDevice,
    ];
    controls
        .built_in_controls
        .iter()
        .any(|control| device.contains(control))
}

/// Combines the controls of a policy.
pub(super) fn demand(controls: &GrantControls, s: &Signals<'_>) -> Demand {
    if controls.built_in_controls.contains(&BuiltInControl::Block) {
        return Demand::Refused(Refused::Blocked);
    }
    let built_in = controls
        .built_in_controls
        .iter()
        .map(|control| one(*control, s));
    let custom = controls
        .custom_authentication_factors
        .iter()
        .map(|_| Demand::Refused(Refused::Missing));
    let terms = controls
        .terms_of_use
        .iter()
        .map(|_| here(Control::TermsOfUse, s));
    let strength = controls
        .authentication_strength
        .iter()
        .map(|wanted| strength(wanted, s));
    let demands = built_in.chain(custom).chain(terms).chain(strength);
    if controls.operator == Some(GrantOperator::Or) {
        any(demands)
    } else {
        all(demands)
    }
}

fn all(demands: impl Iterator<Item = Demand>) -> Demand {
    demands.fold(Demand::Met, |so_far, next| match (so_far, next) {
        (Demand::Refused(a), Demand::Refused(b)) => Demand::Refused(a.min(b)),
        (refused @ Demand::Refused(_), _) | (_, refused @ Demand::Refused(_)) => refused,
        (Demand::Earn(a), Demand::Earn(b)) => Demand::Earn(a.and(b)),
        (earn @ Demand::Earn(_), Demand::Met) | (Demand::Met, earn @ Demand::Earn(_)) => earn,
        (Demand::Met, Demand::Met) => Demand::Met,
    })
}

fn any(demands: impl Iterator<Item = Demand>) -> Demand {
    let least = demands.reduce(|so_far, next| match (so_far, next) {
        (Demand::Met, _) | (_, Demand::Met) => Demand::Met,
        (Demand::Earn(a), Demand::Earn(b)) => Demand::Earn(a.and(b)),
        (earn @ Demand::Earn(_), Demand::Refused(_))
        | (Demand::Refused(_), earn @ Demand::Earn(_)) => earn,
        (Demand::Refused(a), Demand::Refused(b)) => Demand::Refused(a.min(b)),
    });
    least.unwrap_or(Demand::Met)
}

fn one(control: BuiltInControl, s: &Signals<'_>) -> Demand {
    let claim = |claimed: Option<bool>, trusted: bool, refused| {
        if claimed == Some(true) && trusted {
            Demand::Met
        } else {
            Demand::Refused(refused)
        }
    };
    let device = s.device.unwrap_or_default();
    match control {
        BuiltInControl::Block => Demand::Refused(Refused::Blocked),
        BuiltInControl::Mfa => multi_factor(s),
        BuiltInControl::CompliantDevice => claim(
            device.is_compliant,
            s.trust.compliant_device,
            Refused::NotCompliant,
        ),
        BuiltInControl::DomainJoinedDevice => claim(
            device.is_hybrid_joined,
            s.trust.hybrid_joined_device,
            Refused::NotJoined,
        ),
        BuiltInControl::ApprovedApplication
        | BuiltInControl::CompliantApplication
        | BuiltInControl::PasswordChange
        | BuiltInControl::UnknownFutureValue
        | BuiltInControl::RiskRemediation => Demand::Refused(Refused::Missing),
    }
}

/// Rule 1: what counts at the resource.
fn methods_here(s: &Signals<'_>) -> MethodSet {
    if s.kind == GuestType::InternalGuest || s.home_methods.is_empty() {
        s.resource_methods
    } else {
        s.resource_methods.with(Method::Password)
    }
}

fn multi_factor(s: &Signals<'_>) -> Demand {
    if methods_here(s).is_multi_factor() || (s.trust.mfa && s.home_methods.is_multi_factor()) {
        Demand::Met
    } else if s.trust.mfa {
        Demand::Earn(RequiredControls::default().with(Control::Mfa, Place::Home))
    } else {
        here(Control::Mfa, s)
    }
}

fn here(control: Control, s: &Signals<'_>) -> Demand {
    if s.kind == GuestType::B2bDirectConnectUser {
        Demand::Refused(Refused::Missing)
    } else {
        Demand::Earn(RequiredControls::default().with(control, Place::Resource))
    }
}

fn strength(wanted: &AuthenticationStrength, s: &Signals<'_>) -> Demand {
    let met_at_home = s.trust.mfa && strength::is_met(wanted, s.home_methods);
    if met_at_home || strength::is_met(wanted, methods_here(s)) {
        return Demand::Met;
    }
    if strength::is_unknown(wanted) {
        return Demand::Refused(Refused::Strength);
    }
    if s.trust.mfa {
        return Demand::Earn(
            RequiredControls::default().with(Control::AuthenticationStrength, Place::Home),
        );
    }
    let mut offered = s.offered;
    if s.kind != GuestType::InternalGuest {
        offered = offered.with(Method::Password);
    }
    if strength::is_met(wanted, offered) {
        here(Control::AuthenticationStrength, s)
    } else {
        Demand::Refused(Refused::Strength)
    }
}
