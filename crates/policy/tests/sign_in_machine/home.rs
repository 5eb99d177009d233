//! Home's half of a leg, walked to its end: what home vouches for was proven there, is as young as was
//! asked, and is told to nobody before a yes (federation §3.4, §3.9).

use std::collections::{BTreeSet, VecDeque};

use comity_model::{
    federation::{PushedCrossing, WantedAcr},
    id::Id,
    sign_in::{Prompt, Purpose, SignInData, Step, Subject},
};
use comity_policy::sign_in::{AccessVerdict, Account, GateVerdict, Situation, next_step};
use uuid::Uuid;

use super::{Claim, NOW, Rule, pushed::pushed};

/// What a leg begins with at home.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct Begin {
    /// The resource wants two factors.
    wanted: bool,
    /// It wants them as young as a session's no longer are.
    aged: bool,
    /// Home's own policy demands two.
    by_policy: bool,
    /// The tenant asked for one person, and another one may come.
    other_person: bool,
    prompt: Prompt,
}

/// When something was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    Missing,
    /// In the session that was there already.
    Before,
    /// In this sign-in, less than ten minutes ago.
    Now,
    /// In this sign-in, ten minutes ago.
    Lately,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    password: Proof,
    code: Proof,
    registered: bool,
    /// Yes to the release.
    yes: bool,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Password,
    Code,
    Enrol,
    Yes,
    Wait,
}

const ACTS: [Act; 5] = [Act::Password, Act::Code, Act::Enrol, Act::Yes, Act::Wait];

struct Machine {
    begin: Begin,
    rule: Rule,
}

impl Machine {
    fn record(&self, state: State) -> SignInData {
        let home = Id::new(Uuid::from_u128(2));
        let user = Id::new(Uuid::from_u128(9));
        let pushed = PushedCrossing {
            expected_sub: Some(user),
            acr: if self.begin.wanted {
                WantedAcr::Mfa
            } else {
                WantedAcr::Any
            },
            max_age: self.begin.aged.then_some(60),
            prompt_none: self.begin.prompt == Prompt::None,
            prompt_login: self.begin.prompt == Prompt::Login,
            ..pushed()
        };
        let purpose = Purpose::Crossing {
            pushed: Box::new(pushed),
            same_cloud: false,
        };
        let mut data = SignInData::new(purpose, Some(home), Uuid::nil());
        data.subject = Some(Subject::Local { user: Some(user) });
        data.released = state.yes.then_some(NOW);
        data
    }

    /// What was proven counts, as old as it may be.
    fn counts(&self, proof: Proof) -> bool {
        match proof {
            Proof::Missing => false,
            Proof::Before => !self.begin.aged,
            Proof::Now | Proof::Lately => true,
        }
    }

    fn situation(&self, state: State) -> Situation {
        let first_factor = self.counts(state.password);
        let two = state.password != Proof::Missing && state.code != Proof::Missing;
        let young = first_factor && self.counts(state.code);
        let access = if self.begin.by_policy && !two {
            AccessVerdict::Challenge {
                at_home: false,
                here: true,
            }
        } else {
            AccessVerdict::Allow
        };
        Situation {
            now: NOW,
            prompt: self.begin.prompt,
            session_accounts: 0,
            first_factor,
            account: first_factor.then_some(Account {
                enabled: true,
                pending: false,
                assigned: true,
                has_factor: state.registered,
                may_enrol: state.password == Proof::Now,
            }),
            outer: GateVerdict::Open,
            inner: GateVerdict::Open,
            access,
            asserted: false,
            stale: false,
            home_known: false,
            same_cloud: false,
            legs: 0,
            automatic: false,
            granted: true,
            expected_person: !self.begin.other_person,
            wanted_met: !self.begin.wanted || young,
            released: matches!(state.password, Proof::Now | Proof::Lately),
        }
    }

    fn step(&self, state: State) -> Step {
        (self.rule)(&self.record(state), &self.situation(state))
    }

    fn after(&self, state: State, act: Act) -> Option<State> {
        let known = self.counts(state.password);
        match act {
            Act::Password => Some(State {
                password: Proof::Now,
                ..state
            }),
            Act::Code => (known && state.registered).then_some(State {
                code: Proof::Now,
                ..state
            }),
            Act::Enrol => {
                let taken = known && !state.registered && state.password == Proof::Now;
                taken.then_some(State {
                    code: Proof::Now,
                    registered: true,
                    ..state
                })
            }
            Act::Yes => (self.step(state) == Step::Release).then_some(State { yes: true, ..state }),
            Act::Wait => {
                let older = |proof| match proof {
                    Proof::Now => Proof::Lately,
                    other => other,
                };
                Some(State {
                    password: older(state.password),
                    code: older(state.code),
                    ..state
                })
            }
        }
    }

    fn broken(&self, state: State) -> Option<&'static str> {
        let two = state.password != Proof::Missing && state.code != Proof::Missing;
        let here = matches!(state.password, Proof::Now | Proof::Lately);
        match self.step(state) {
            Step::Complete if state.password == Proof::Missing => Some("nobody was proven"),
            Step::Complete if self.begin.other_person => Some("somebody else was told"),
            Step::Complete if (self.begin.wanted || self.begin.by_policy) && !two => {
                Some("one factor was enough")
            }
            Step::Complete if self.begin.aged && state.password == Proof::Before => {
                Some("an old proof was enough")
            }
            Step::Complete
                if self.begin.aged && self.begin.wanted && state.code == Proof::Before =>
            {
                Some("an old proof was enough")
            }
            Step::Complete if !here && !state.yes => Some("told without a yes"),
            Step::Enrol if state.registered => Some("a second second factor"),
            Step::Enrol if state.password != Proof::Now => Some("registered without a fresh proof"),
            _ => None,
        }
    }

    /// What home can claim at the ends of all ways, or the first state that is broken.
    fn walk(&self) -> Result<BTreeSet<Claim>, (State, &'static str)> {
        let mut open: VecDeque<State> = starts().into();
        let mut seen: BTreeSet<State> = open.iter().copied().collect();
        let mut claims = BTreeSet::new();
        while let Some(state) = open.pop_front() {
            if let Some(what) = self.broken(state) {
                return Err((state, what));
            }
            match self.step(state) {
                Step::Complete if state.code == Proof::Missing => {
                    claims.insert(Claim::One);
                }
                Step::Complete => {
                    claims.insert(Claim::Two);
                }
                Step::Refuse(_) => {}
                _ => {
                    let next = ACTS.iter().filter_map(|act| self.after(state, *act));
                    open.extend(next.filter(|state| seen.insert(*state)));
                }
            }
        }
        Ok(claims)
    }
}

/// Nobody is signed in at home, or somebody is, with a code or without.
fn starts() -> Vec<State> {
    let mut all = Vec::new();
    for registered in [false, true] {
        for (password, code) in [
            (Proof::Missing, Proof::Missing),
            (Proof::Before, Proof::Missing),
            (Proof::Before, Proof::Before),
        ] {
            if registered || code == Proof::Missing {
                all.push(State {
                    password,
                    code,
                    registered,
                    yes: false,
                });
            }
        }
    }
    all
}

fn begins() -> Vec<Begin> {
    let mut all = Vec::new();
    for bits in 0_u8..16 {
        let bit = |n: u8| bits & (1 << n) != 0;
        for prompt in [Prompt::Auto, Prompt::None, Prompt::Login] {
            all.push(Begin {
                wanted: bit(0),
                aged: bit(1),
                by_policy: bit(2),
                other_person: bit(3),
                prompt,
            });
        }
    }
    all
}

#[test]
fn s45_home_claims_what_was_proven_there_and_two_where_two_are_wanted() {
    for begin in begins() {
        let machine = Machine {
            begin,
            rule: next_step,
        };
        let claims = match machine.walk() {
            Ok(claims) => claims,
            Err((state, what)) => panic!("{what}: {begin:?} {state:?}"),
        };
        if begin.other_person || begin.prompt == Prompt::None {
            // Silently nothing is told here: nobody has said yes before.
            assert_eq!(claims, BTreeSet::new(), "{begin:?}");
            continue;
        }
        let two_only = begin.wanted || begin.by_policy;
        assert!(claims.contains(&Claim::Two), "{begin:?}");
        assert_eq!(claims.contains(&Claim::One), !two_only, "{begin:?}");
    }
}

/// A rule that takes a password for proven, however old it is.
fn any_password_will_do(data: &SignInData, s: &Situation) -> Step {
    let account = Account {
        enabled: true,
        pending: false,
        assigned: true,
        has_factor: true,
        may_enrol: false,
    };
    match next_step(data, s) {
        Step::Password => {
            let proven = Situation {
                first_factor: true,
                account: Some(account),
                ..*s
            };
            next_step(data, &proven)
        }
        other => other,
    }
}

/// The walk finds what is wrong with rules that forget one thing.
#[test]
fn s45_the_walk_finds_a_home_that_skips() {
    let skips: [(Rule, &str); 5] = [
        (
            |data, s| match next_step(data, s) {
                Step::Code | Step::Enrol => Step::Complete,
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
        (any_password_will_do, "an old proof was enough"),
        (
            |data, s| match next_step(data, s) {
                Step::Release => Step::Complete,
                other => other,
            },
            "told without a yes",
        ),
        (
            |data, s| {
                let expected_person = true;
                next_step(
                    data,
                    &Situation {
                        expected_person,
                        ..*s
                    },
                )
            },
            "somebody else was told",
        ),
    ];
    for (number, (rule, expected)) in skips.into_iter().enumerate() {
        let found: BTreeSet<&str> = begins()
            .into_iter()
            .filter_map(|begin| Machine { begin, rule }.walk().err())
            .map(|(_, what)| what)
            .collect();
        assert!(found.contains(expected), "{number}: {found:?}");
    }
}
