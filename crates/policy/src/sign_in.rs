//! The next step of a sign-in, from its record and what is true now. Steps never route to one
//! another: every submit and every return asks this function again.
//!
//! In every tenant:
//! 1. Nobody chosen: one signed-in account is taken, several are offered, else ask for the name.
//! 2. A local account proves its password first; only then its state is told (50057). A password that
//!    must be changed is, before anything else.
//! 3. Somebody whose account lives elsewhere: the own outer gates must be open before anything is
//!    sent (90038, 500213); then home must have spoken in this sign-in.
//!
//! At the resource, once home has spoken:
//! 4. no guest object for the person: 50020; guest disabled: 50057; inbound refuses: 500213;
//!    a group that was not counted, or a word of home from before the guest's sessions were ended:
//!    one more leg.
//! 5. not assigned to an application that requires it: 50105.
//! 6. a pending guest reviews permissions once, unless both sides ticked automatic redemption.
//! 7. Conditional Access: a denial refuses; a control at home is one more leg, then a refusal;
//!    a control here is a code, or enrolment while the first factor is fresh.
//! 8. a missing delegated grant: 65001.
//!
//! At home, for another tenant:
//! 9. the outer gates towards the resource (1000104, 500212), only locally kept credentials, only
//!    the person asked for, outbound (500212), home's own Conditional Access, the wanted controls
//!    with their age, and the yes to the release.

use comity_model::{
    sign_in::{Controls, OauthError, Prompt, Purpose, Refusal, Side, SignInData, Step, Subject},
    time::Utc,
};

/// What Conditional Access says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessVerdict {
    Allow,
    /// Controls that can still be earned, by place.
    Challenge {
        at_home: bool,
        here: bool,
    },
    /// The documented number: 53000, 53001, 53003.
    Deny(u32),
}

/// A verdict of gates: open, or the number and side that refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateVerdict {
    Open,
    /// A group in the current policy was not counted by home.
    NotCounted,
    Closed {
        code: u32,
        side: Side,
    },
}

/// What is known about the account in the tenant being signed in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Account {
    pub enabled: bool,
    /// A guest that has not redeemed.
    pub pending: bool,
    /// Assigned, or the application does not require it.
    pub assigned: bool,
    /// A second factor is registered in this tenant.
    pub has_factor: bool,
    /// A first factor was proven so recently that a first second factor may be enrolled.
    pub may_enrol: bool,
}

/// What is true now. Computed by the use case anew for every step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Situation {
    pub now: Utc,
    pub prompt: Prompt,
    /// Accounts of this browser that could be meant.
    pub session_accounts: usize,
    /// The first factor of a local account is proven, freshly enough for what was asked.
    pub first_factor: bool,
    /// The account, once it may be known: found, and proven by password or assertion.
    pub account: Option<Account>,
    /// Own outer gates towards the other tenant (pair, cloud, partner); open within a cloud.
    pub outer: GateVerdict,
    /// Inbound at the resource, outbound at home.
    pub inner: GateVerdict,
    pub access: AccessVerdict,
    /// Whether home has spoken for this application pair in this sign-in.
    pub asserted: bool,
    /// Home spoke before the guest's sessions were ended here.
    pub stale: bool,
    /// This browser already has a running sign-in at that home: no notice is needed.
    pub home_known: bool,
    /// The home tenant is in this cloud.
    pub same_cloud: bool,
    /// Legs already run in this sign-in.
    pub legs: u8,
    /// Automatic redemption ticked by this tenant, and by home as its assertion says.
    pub automatic: bool,
    /// The delegated grants that the request needs are there.
    pub granted: bool,
    /// At home: the person signed in is the one asked for.
    pub expected_person: bool,
    /// At home: wanted controls are met at the wanted age.
    pub wanted_met: bool,
    /// At home: a yes covers the release (earlier, by tick, or by the page just signed in on).
    pub released: bool,
}

/// The next step.
pub fn next_step(sign_in: &SignInData, s: &Situation) -> Step {
    let step = match (&sign_in.purpose, &sign_in.subject) {
        (_, None) => nobody_chosen(s),
        (Purpose::Crossing { .. }, Some(Subject::Local { .. })) => at_home(sign_in, s),
        (Purpose::Crossing { .. }, Some(Subject::External { .. })) => {
            refuse(50020, Side::Person, OauthError::LoginRequired)
        }
        (_, Some(Subject::Local { .. })) => local(sign_in, s),
        (_, Some(Subject::External { home, .. })) => {
            external(sign_in, s).unwrap_or_else(|controls| match controls {
                None => Step::Crossing { home: home.clone() },
                Some(controls) => Step::Depart {
                    home: home.clone(),
                    controls,
                },
            })
        }
    };
    if s.prompt == Prompt::None {
        without_interaction(step)
    } else {
        step
    }
}

fn refuse(code: u32, side: Side, error: OauthError) -> Step {
    Step::Refuse(Refusal { code, side, error })
}

/// `prompt=none` draws nothing: what would need the person is an error instead.
fn without_interaction(step: Step) -> Step {
    match step {
        Step::Identify | Step::ChooseAccount | Step::Password | Step::NewPassword => {
            refuse(50058, Side::Person, OauthError::LoginRequired)
        }
        Step::Code => refuse(50076, Side::Person, OauthError::InteractionRequired),
        Step::Enrol => refuse(50079, Side::Person, OauthError::InteractionRequired),
        Step::Crossing { .. } | Step::Release | Step::Review => {
            refuse(16000, Side::Person, OauthError::InteractionRequired)
        }
        other => other,
    }
}

fn nobody_chosen(s: &Situation) -> Step {
    let may_choose = s.session_accounts > 1
        || (s.session_accounts == 1 && matches!(s.prompt, Prompt::SelectAccount));
    if may_choose && s.prompt != Prompt::Login {
        Step::ChooseAccount
    } else {
        Step::Identify
    }
}

fn local(sign_in: &SignInData, s: &Situation) -> Step {
    if !s.first_factor {
        return Step::Password;
    }
    let Some(account) = s.account else {
        return refuse(50034, Side::Person, OauthError::AccessDenied);
    };
    if !account.enabled {
        return refuse(50057, Side::Resource, OauthError::AccessDenied);
    }
    if sign_in.must_change {
        return Step::NewPassword;
    }
    if !account.assigned {
        return refuse(50105, Side::Resource, OauthError::AccessDenied);
    }
    match s.access {
        AccessVerdict::Deny(code) => return refuse(code, Side::Resource, OauthError::AccessDenied),
        AccessVerdict::Challenge { .. } => return second_factor(account),
        AccessVerdict::Allow => {}
    }
    finish(sign_in, s)
}

fn second_factor(account: Account) -> Step {
    if account.has_factor {
        Step::Code
    } else if account.may_enrol {
        Step::Enrol
    } else {
        // A first factor too old to vouch for an enrolment is proven again.
        Step::Password
    }
}

fn finish(sign_in: &SignInData, s: &Situation) -> Step {
    let needs_grant = matches!(sign_in.purpose, Purpose::Application(_));
    if needs_grant && !s.granted {
        return refuse(65001, Side::Resource, OauthError::ConsentRequired);
    }
    Step::Complete
}

/// A leg that asks nothing beside what policies and application want.
const PLAIN: Controls = Controls {
    mfa: false,
    device: false,
    fresh: false,
};

/// `Err(None)` = show the notice, `Err(Some(..))` = leave for home.
fn external(sign_in: &SignInData, s: &Situation) -> Result<Step, Option<Controls>> {
    if let GateVerdict::Closed { code, side } = s.outer {
        return Ok(refuse(code, side, OauthError::AccessDenied));
    }
    let fresh = s.prompt == Prompt::Login;
    if !s.asserted {
        let silent = s.same_cloud || s.home_known || s.prompt == Prompt::None;
        let controls = Controls { fresh, ..PLAIN };
        return Err((silent && s.legs == 0).then_some(controls));
    }
    let Some(account) = s.account else {
        return Ok(refuse(50020, Side::Resource, OauthError::AccessDenied));
    };
    match s.inner {
        GateVerdict::Closed { code, side } => {
            return Ok(refuse(code, side, OauthError::AccessDenied));
        }
        GateVerdict::NotCounted => return another_leg(s, PLAIN, 500_213),
        GateVerdict::Open => {}
    }
    if !account.enabled {
        return Ok(refuse(50057, Side::Resource, OauthError::AccessDenied));
    }
    if !account.assigned {
        return Ok(refuse(50105, Side::Resource, OauthError::AccessDenied));
    }
    if s.stale {
        return another_leg(s, PLAIN, 50173);
    }
    if account.pending && !s.automatic && sign_in.reviewed.is_none() {
        return Ok(Step::Review);
    }
    match s.access {
        AccessVerdict::Deny(code) => Ok(refuse(code, Side::Resource, OauthError::AccessDenied)),
        AccessVerdict::Challenge { here: true, .. } => Ok(match second_factor(account) {
            // The first factor of a guest is home's: prove it there again.
            Step::Password => {
                let fresh = true;
                return another_leg(s, Controls { fresh, ..PLAIN }, 50079);
            }
            step => step,
        }),
        AccessVerdict::Challenge { at_home: true, .. } => {
            another_leg(s, Controls { mfa: true, ..PLAIN }, 50076)
        }
        AccessVerdict::Challenge { .. } | AccessVerdict::Allow => Ok(finish(sign_in, s)),
    }
}

/// One retry, then the documented refusal: no loops (federation §3.9).
fn another_leg(s: &Situation, controls: Controls, code: u32) -> Result<Step, Option<Controls>> {
    if s.legs >= 2 {
        return Ok(refuse(
            code,
            Side::Resource,
            OauthError::UnmetAuthenticationRequirements,
        ));
    }
    Err(Some(controls))
}

fn at_home(sign_in: &SignInData, s: &Situation) -> Step {
    if let GateVerdict::Closed { code, side } = s.outer {
        return refuse(code, side, OauthError::AccessDenied);
    }
    if !s.first_factor {
        return Step::Password;
    }
    let Some(account) = s.account else {
        return refuse(50034, Side::Person, OauthError::LoginRequired);
    };
    if !account.enabled {
        return refuse(50057, Side::Home, OauthError::LoginRequired);
    }
    if sign_in.must_change {
        return Step::NewPassword;
    }
    if !s.expected_person {
        return refuse(50020, Side::Person, OauthError::LoginRequired);
    }
    if let GateVerdict::Closed { code, side } = s.inner {
        return refuse(code, side, OauthError::AccessDenied);
    }
    match s.access {
        // Why home refuses stays at home (§6).
        AccessVerdict::Deny(code) => return refuse(code, Side::Home, OauthError::LoginRequired),
        AccessVerdict::Challenge { .. } => return second_factor(account),
        AccessVerdict::Allow => {}
    }
    if !s.wanted_met {
        return if s.prompt == Prompt::None {
            refuse(
                50076,
                Side::Person,
                OauthError::UnmetAuthenticationRequirements,
            )
        } else {
            second_factor(account)
        };
    }
    if !s.released && sign_in.released.is_none() {
        return Step::Release;
    }
    Step::Complete
}
