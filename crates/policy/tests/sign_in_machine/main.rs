//! The machine of signing in, walked to its end (security bar S-45): every order in which a person
//! or an attacker can submit things, also out of turn, over every situation that a sign-in can begin
//! in. Where two factors are demanded none of them ends without two, and a second factor is
//! registered only by somebody who has just proven the first and has none yet.
//!
//! A guest's way leads over her home, which may claim what it likes: what it lists as proven counts,
//! where it is trusted. What an honest home can claim, its own machine shows (`home`).
//!
//! The step comes from `next_step`, the demand from Conditional Access; between them stands what
//! `app::sign_in::assess` gathers, said again here in a few lines.
#![expect(clippy::unwrap_used, reason = "tests")]

mod home;
#[path = "../fixture/pushed.rs"]
mod pushed;

use std::collections::{BTreeSet, VecDeque};

use comity_model::{
    application::Platform,
    conditional_access::{ConditionalAccessPolicy, Method, MethodSet},
    decision::Outcome,
    federation::{ApplicationPair, HomeTenant},
    guest_type::GuestType,
    id::Id,
    session::Place,
    sign_in::{ApplicationRequest, Prompt, Purpose, ResponseMode, SignInData, Step, Subject},
    time::Utc,
};
use comity_policy::{
    conditional_access::{CompiledAccess, Signals},
    sign_in::{AccessVerdict, Account, GateVerdict, Situation, next_step},
    trust::Trust,
};
use serde_json::json;
use uuid::Uuid;

const NOW: Utc = Utc::from_seconds(1_800_000_000);

/// What a sign-in begins with; nothing of it changes on the way.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct Begin {
    is_guest: bool,
    /// A policy demands two factors.
    by_policy: bool,
    /// The application demands two factors.
    by_application: bool,
    /// A guest's home is trusted for its second factor.
    trust: bool,
    /// An invited guest who has not accepted.
    pending: bool,
    prompt: Prompt,
}

/// What is proven, and how old it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    Missing,
    Old,
    Fresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct State {
    named: bool,
    /// The password, of a member.
    password: Proof,
    /// Home's assertion, of a guest, and what it lists.
    asserted: Proof,
    claim: Claim,
    /// A one-time code of this tenant.
    code: bool,
    registered: bool,
    reviewed: bool,
    legs: u8,
}

/// What home lists as proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Nothing,
    /// A password.
    One,
    /// A password and a code.
    Two,
    /// A code alone, however often and under whatever name for the whole.
    Half,
}

impl Claim {
    fn methods(self) -> MethodSet {
        match self {
            Self::Nothing => MethodSet::default(),
            Self::One => MethodSet::of(&[Method::Password]),
            Self::Two => MethodSet::of(&[Method::Password, Method::SoftwareOath]),
            Self::Half => MethodSet::of(&[Method::SoftwareOath, Method::SoftwareOath]),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Name,
    Password,
    Code,
    Enrol,
    Accept,
    /// Away to home and back with its claim.
    Leg(Claim),
    /// Ten minutes pass.
    Wait,
}

const ACTS: [Act; 10] = [
    Act::Name,
    Act::Password,
    Act::Code,
    Act::Enrol,
    Act::Accept,
    Act::Leg(Claim::Nothing),
    Act::Leg(Claim::One),
    Act::Leg(Claim::Two),
    Act::Leg(Claim::Half),
    Act::Wait,
];

type Rule = fn(&SignInData, &Situation) -> Step;

struct Machine {
    begin: Begin,
    access: CompiledAccess,
    rule: Rule,
}

impl Machine {
    fn new(begin: Begin, rule: Rule) -> Self {
        let policy = json!({
            "displayName": "Two factors", "state": "enabled",
            "conditions": {"clientAppTypes": ["all"],
                "applications": {"includeApplications": ["All"]}, "users": {"includeUsers": ["All"]}},
            "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}});
        let policy = ConditionalAccessPolicy::from_graph(&policy).unwrap();
        let policies = if begin.by_policy {
            vec![policy]
        } else {
            vec![]
        };
        let access = CompiledAccess::compile(policies, vec![]);
        Self {
            begin,
            access,
            rule,
        }
    }

    fn home() -> HomeTenant {
        HomeTenant {
            cloud: "microsoftonline.us".into(),
            tenant: Id::new(Uuid::from_u128(2)),
        }
    }

    fn record(&self, state: State) -> SignInData {
        let app = Uuid::from_u128(5);
        let purpose = Purpose::Application(Box::new(ApplicationRequest {
            pair: ApplicationPair {
                client: app,
                resource: app,
            },
            redirect_uri: "https://app.example/".into(),
            platform: Platform::Web,
            response_mode: ResponseMode::Query,
            scopes: vec!["openid".into()],
            audience: app.to_string(),
            state: None,
            nonce: None,
            code_challenge: None,
            prompt: self.begin.prompt,
            max_age: None,
            wants_mfa: self.begin.by_application,
            client_info: false,
        }));
        let mut data = SignInData::new(purpose, Some(Id::new(Uuid::from_u128(1))), Uuid::nil());
        let user = Id::new(Uuid::from_u128(9));
        let subject = if self.begin.is_guest {
            Subject::External {
                home: Self::home(),
                expected: Some(user),
            }
        } else {
            Subject::Local { user: Some(user) }
        };
        data.subject = state.named.then_some(subject);
        data.reviewed = state.reviewed.then_some(NOW);
        data
    }

    /// Whether the person is known here, so that something beside a name may be asked of her.
    fn known(&self, state: State) -> bool {
        let proof = if self.begin.is_guest {
            state.asserted
        } else {
            state.password
        };
        state.named && proof != Proof::Missing
    }

    fn may_enrol(&self, state: State) -> bool {
        let proof = if self.begin.is_guest {
            state.asserted
        } else {
            state.password
        };
        proof == Proof::Fresh
    }

    fn here(&self, state: State) -> MethodSet {
        let mut methods = MethodSet::default();
        if state.code {
            methods = methods.with(Method::SoftwareOath);
        }
        if !self.begin.is_guest && state.password != Proof::Missing {
            methods = methods.with(Method::Password);
        }
        methods
    }

    fn verdict(&self, state: State) -> AccessVerdict {
        let home = state.claim.methods();
        let none = BTreeSet::new();
        let kind = if self.begin.is_guest {
            GuestType::B2bCollaborationGuest
        } else {
            GuestType::None
        };
        let decision = self.access.evaluate(&Signals {
            kind,
            home_tenant: self.begin.is_guest.then(|| Uuid::from_u128(2)),
            user: Some(Uuid::from_u128(9)),
            groups: &none,
            roles: &none,
            application: Some(Uuid::from_u128(5)),
            client_app_type: None,
            platform: None,
            address: None,
            country: None,
            sign_in_risk: None,
            user_risk: None,
            home_methods: home,
            resource_methods: self.here(state),
            device: None,
            trust: Trust {
                mfa: self.begin.trust,
                ..Trust::default()
            },
            offered: MethodSet::OFFERED_TO_GUESTS,
        });
        let at = |wanted: Place| decision.controls.iter().any(|(_, place)| place == wanted);
        match decision.outcome {
            Outcome::Allow if self.begin.by_application && !self.two_factors(state) => {
                let at_home = self.begin.is_guest && self.begin.trust;
                AccessVerdict::Challenge {
                    at_home,
                    here: !at_home,
                }
            }
            Outcome::Allow => AccessVerdict::Allow,
            Outcome::Challenge => AccessVerdict::Challenge {
                at_home: at(Place::Home),
                here: at(Place::Resource),
            },
            Outcome::Deny => AccessVerdict::Deny(decision.code.unwrap()),
        }
    }

    /// The oracle: two different factors, each where it counts.
    fn two_factors(&self, state: State) -> bool {
        if self.begin.is_guest {
            state.asserted != Proof::Missing
                && (state.code || (state.claim == Claim::Two && self.begin.trust))
        } else {
            state.password != Proof::Missing && state.code
        }
    }

    fn situation(&self, state: State) -> Situation {
        let known = self.known(state);
        Situation {
            now: NOW,
            prompt: self.begin.prompt,
            session_accounts: 0,
            first_factor: state.password != Proof::Missing,
            account: known.then(|| Account {
                enabled: true,
                pending: self.begin.pending,
                assigned: true,
                has_factor: state.registered,
                may_enrol: self.may_enrol(state),
            }),
            outer: GateVerdict::Open,
            inner: GateVerdict::Open,
            access: self.verdict(state),
            asserted: state.asserted != Proof::Missing,
            stale: false,
            home_known: false,
            same_cloud: false,
            legs: state.legs,
            automatic: false,
            granted: true,
            expected_person: true,
            wanted_met: true,
            released: false,
        }
    }

    fn step(&self, state: State) -> Step {
        (self.rule)(&self.record(state), &self.situation(state))
    }

    /// What a submitted thing does, whatever page is shown: the guards are those of `submit`.
    fn after(&self, state: State, act: Act) -> Option<State> {
        let step = self.step(state);
        let leaves = matches!(step, Step::Crossing { .. } | Step::Depart { .. });
        match act {
            Act::Name => (!state.named).then_some(State {
                named: true,
                ..state
            }),
            Act::Password if self.begin.is_guest => None,
            Act::Password => state.named.then_some(State {
                password: Proof::Fresh,
                ..state
            }),
            Act::Code => {
                let judged = self.known(state) && state.registered;
                judged.then_some(State {
                    code: true,
                    ..state
                })
            }
            Act::Enrol => {
                let taken = self.known(state) && !state.registered && self.may_enrol(state);
                taken.then_some(State {
                    registered: true,
                    code: true,
                    ..state
                })
            }
            Act::Accept => (step == Step::Review).then_some(State {
                reviewed: true,
                ..state
            }),
            Act::Leg(claim) => leaves.then_some(State {
                asserted: Proof::Fresh,
                claim,
                legs: state.legs + 1,
                ..state
            }),
            Act::Wait => {
                let older = |proof| {
                    if proof == Proof::Fresh {
                        Proof::Old
                    } else {
                        proof
                    }
                };
                let (password, asserted) = (older(state.password), older(state.asserted));
                Some(State {
                    password,
                    asserted,
                    ..state
                })
            }
        }
    }

    /// What is wrong with a state.
    fn broken(&self, state: State) -> Option<&'static str> {
        let demanded = self.begin.by_policy || self.begin.by_application;
        match self.step(state) {
            Step::Complete if !self.known(state) => Some("nobody was proven"),
            Step::Complete if demanded && !self.two_factors(state) => Some("one factor was enough"),
            Step::Complete if self.begin.pending && !state.reviewed => Some("nothing was reviewed"),
            Step::Enrol if state.registered => Some("a second second factor"),
            Step::Enrol if !self.may_enrol(state) => Some("registered without a fresh proof"),
            _ => None,
        }
    }

    /// Walks everything; the states in which it ended well, or the first that is broken.
    fn walk(&self, starts: Vec<State>) -> Result<Vec<State>, (State, &'static str)> {
        let mut seen: BTreeSet<State> = starts.iter().copied().collect();
        let mut open: VecDeque<State> = starts.into();
        let mut ended = Vec::new();
        while let Some(state) = open.pop_front() {
            if let Some(what) = self.broken(state) {
                return Err((state, what));
            }
            match self.step(state) {
                Step::Complete => {
                    ended.push(state);
                    continue;
                }
                Step::Refuse(_) => continue,
                _ => {}
            }
            let next = ACTS.iter().filter_map(|act| self.after(state, *act));
            open.extend(next.filter(|state| seen.insert(*state)));
        }
        Ok(ended)
    }
}

/// Where a sign-in can begin: nothing known, or a session with an old or a fresh password and
/// perhaps a code; a generator registered or not.
fn starts(begin: Begin) -> Vec<State> {
    let blank = State {
        named: false,
        password: Proof::Missing,
        asserted: Proof::Missing,
        claim: Claim::Nothing,
        code: false,
        registered: false,
        reviewed: false,
        legs: 0,
    };
    let mut all = Vec::new();
    for registered in [false, true] {
        all.push(State {
            registered,
            ..blank
        });
        if begin.is_guest || begin.prompt == Prompt::Login {
            continue;
        }
        for password in [Proof::Old, Proof::Fresh] {
            for code in [false, registered] {
                all.push(State {
                    named: true,
                    password,
                    code,
                    registered,
                    ..blank
                });
            }
        }
    }
    all
}

fn begins() -> Vec<Begin> {
    let mut all = Vec::new();
    for bits in 0_u8..32 {
        let bit = |n: u8| bits & (1 << n) != 0;
        for prompt in [Prompt::Auto, Prompt::None, Prompt::Login] {
            all.push(Begin {
                is_guest: bit(0),
                by_policy: bit(1),
                by_application: bit(2),
                trust: bit(3),
                pending: bit(0) && bit(4),
                prompt,
            });
        }
    }
    all
}

#[test]
fn s45_no_way_leads_past_a_second_factor() {
    let mut with_two = [0_usize; 2];
    for begin in begins() {
        let machine = Machine::new(begin, next_step);
        match machine.walk(starts(begin)) {
            Ok(ended) => {
                let demanded = begin.by_policy || begin.by_application;
                with_two[usize::from(begin.is_guest)] += usize::from(demanded) * ended.len();
                if begin.prompt != Prompt::None {
                    assert!(!ended.is_empty(), "nobody gets in: {begin:?}");
                }
            }
            Err((state, what)) => panic!("{what}: {begin:?} {state:?}"),
        }
    }
    assert!(with_two.iter().all(|count| *count > 20), "{with_two:?}");
}

/// The walk finds what is wrong with rules that forget one thing.
#[test]
fn s45_the_walk_finds_a_rule_that_skips() {
    let skips: [(Rule, &str); 4] = [
        (
            |data, s| match next_step(data, s) {
                Step::Code => Step::Complete,
                other => other,
            },
            "one factor was enough",
        ),
        (
            |data, s| match next_step(data, s) {
                Step::Password => Step::Complete,
                other => other,
            },
            "nobody was proven",
        ),
        (
            |data, s| match next_step(data, s) {
                Step::Code => Step::Enrol,
                other => other,
            },
            "a second second factor",
        ),
        (
            |data, s| match next_step(data, s) {
                Step::Depart { .. } if s.legs > 0 => Step::Complete,
                other => other,
            },
            "one factor was enough",
        ),
    ];
    for (number, (rule, expected)) in skips.into_iter().enumerate() {
        let found: BTreeSet<&str> = begins()
            .iter()
            .filter_map(|begin| Machine::new(*begin, rule).walk(starts(*begin)).err())
            .map(|(_, what)| what)
            .collect();
        assert!(found.contains(expected), "{number}: {found:?}");
    }
}
