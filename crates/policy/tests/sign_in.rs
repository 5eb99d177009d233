//! The next step of a sign-in: a row for each numbered rule of `policy::sign_in`, and the order
//! between them.

#[path = "fixture/pushed.rs"]
mod pushed;

use comity_model::{
    application::Platform,
    federation::{ApplicationPair, HomeTenant},
    id::Id,
    sign_in::{
        ApplicationRequest, Controls, OauthError, Prompt, Purpose, ResponseMode, Side, SignInData,
        Step, Subject,
    },
    time::Utc,
};
use comity_policy::sign_in::{AccessVerdict, Account, GateVerdict, Situation, next_step};
use pushed::pushed;
use uuid::Uuid;

const AT: Utc = Utc::from_seconds(0);
const PAIR: ApplicationPair = ApplicationPair {
    client: Uuid::nil(),
    resource: Uuid::nil(),
};
const PLAIN: Controls = Controls {
    mfa: false,
    device: false,
    fresh: false,
};
const ACCOUNT: Account = Account {
    enabled: true,
    pending: false,
    assigned: true,
    has_factor: true,
    may_enrol: true,
};

fn home() -> HomeTenant {
    HomeTenant {
        cloud: "example.us".into(),
        tenant: Id::new(Uuid::from_u128(2)),
    }
}

fn application() -> Purpose {
    Purpose::Application(Box::new(ApplicationRequest {
        pair: PAIR,
        redirect_uri: String::new(),
        platform: Platform::Web,
        response_mode: ResponseMode::Query,
        scopes: Vec::new(),
        audience: String::new(),
        state: None,
        nonce: None,
        code_challenge: None,
        prompt: Prompt::Auto,
        max_age: None,
        wants_mfa: false,
        client_info: false,
    }))
}

fn crossing() -> Purpose {
    Purpose::Crossing {
        pushed: Box::new(pushed()),
        same_cloud: false,
    }
}

fn nobody(purpose: Purpose) -> SignInData {
    SignInData::new(purpose, Some(Id::new(Uuid::from_u128(1))), Uuid::nil())
}

fn record(purpose: Purpose, subject: Subject) -> SignInData {
    let mut data = nobody(purpose);
    data.subject = Some(subject);
    data
}

const fn local() -> Subject {
    Subject::Local { user: None }
}

fn external() -> Subject {
    Subject::External {
        home: home(),
        expected: None,
    }
}

/// Everything holds: the step is `Complete` for whoever has proven a first factor.
const fn good() -> Situation {
    Situation {
        now: AT,
        prompt: Prompt::Auto,
        session_accounts: 0,
        first_factor: true,
        account: Some(ACCOUNT),
        outer: GateVerdict::Open,
        inner: GateVerdict::Open,
        access: AccessVerdict::Allow,
        asserted: true,
        stale: false,
        home_known: false,
        same_cloud: false,
        legs: 1,
        automatic: false,
        granted: true,
        expected_person: true,
        wanted_met: true,
        released: true,
    }
}

const CHALLENGE: AccessVerdict = AccessVerdict::Challenge {
    at_home: false,
    here: true,
};
const AT_HOME: AccessVerdict = AccessVerdict::Challenge {
    at_home: true,
    here: false,
};

const fn closed(code: u32, side: Side) -> GateVerdict {
    GateVerdict::Closed { code, side }
}

/// Number, side and word of a refusal.
fn refusal(step: &Step) -> Option<(u32, Side, OauthError)> {
    match step {
        Step::Refuse(refusal) => Some((refusal.code, refusal.side, refusal.error)),
        _ => None,
    }
}

fn depart(controls: Controls) -> Step {
    Step::Depart {
        home: home(),
        controls,
    }
}

fn account(change: impl FnOnce(&mut Account)) -> Situation {
    let mut account = ACCOUNT;
    change(&mut account);
    Situation {
        account: Some(account),
        ..good()
    }
}

#[test]
fn rule_1_nobody_chosen() {
    use Prompt::{Auto, Login, SelectAccount};
    for (accounts, prompt, expected) in [
        (0, Auto, Step::Identify),
        (1, Auto, Step::Identify),
        (2, Auto, Step::ChooseAccount),
        (1, SelectAccount, Step::ChooseAccount),
        (2, Login, Step::Identify),
    ] {
        let s = Situation {
            session_accounts: accounts,
            prompt,
            ..good()
        };
        for purpose in [application(), crossing()] {
            assert_eq!(
                next_step(&nobody(purpose), &s),
                expected,
                "{accounts} {prompt:?}"
            );
        }
    }
}

#[test]
fn rule_2_a_local_account() {
    let data = record(application(), local());
    let unknown = Situation {
        account: None,
        ..good()
    };
    let unproven = Situation {
        first_factor: false,
        ..account(|a| a.enabled = false)
    };
    let asked = |has_factor, may_enrol| Situation {
        access: CHALLENGE,
        ..account(|a| (a.has_factor, a.may_enrol) = (has_factor, may_enrol))
    };
    for (s, expected) in [
        (good(), Step::Complete),
        (unproven, Step::Password),
        (asked(true, false), Step::Code),
        (asked(false, true), Step::Enrol),
        // Too old to vouch for an enrolment: proven again.
        (asked(false, false), Step::Password),
    ] {
        assert_eq!(next_step(&data, &s), expected);
    }
    let denied = Situation {
        access: AccessVerdict::Deny(53_003),
        ..good()
    };
    for (s, code) in [
        (unknown, 50_034),
        (account(|a| a.enabled = false), 50_057),
        (account(|a| a.assigned = false), 50_105),
        (denied, 53_003),
    ] {
        let told = refusal(&next_step(&data, &s));
        assert_eq!(told.map(|(code, ..)| code), Some(code));
    }
}

#[test]
fn rule_2_a_password_that_must_be_changed_is_before_anything_else() {
    for purpose in [application(), crossing()] {
        let mut data = record(purpose, local());
        data.must_change = true;
        let asked = Situation {
            access: CHALLENGE,
            wanted_met: false,
            released: false,
            granted: false,
            ..account(|a| a.assigned = false)
        };
        for s in [good(), asked] {
            assert_eq!(next_step(&data, &s), Step::NewPassword);
        }
        let unproven = Situation {
            first_factor: false,
            ..good()
        };
        assert_eq!(next_step(&data, &unproven), Step::Password);
        let disabled = account(|a| a.enabled = false);
        let told = refusal(&next_step(&data, &disabled));
        assert_eq!(
            told.map(|(code, ..)| code),
            Some(50_057),
            "its state comes first"
        );
    }
}

#[test]
fn rule_3_somebody_whose_account_lives_elsewhere() {
    let data = record(application(), external());
    let before = Situation {
        asserted: false,
        account: None,
        legs: 0,
        ..good()
    };
    let notice = Step::Crossing { home: home() };
    for (s, expected) in [
        (before, notice.clone()),
        (
            Situation {
                home_known: true,
                ..before
            },
            depart(PLAIN),
        ),
        (
            Situation {
                same_cloud: true,
                ..before
            },
            depart(PLAIN),
        ),
        (
            Situation {
                prompt: Prompt::None,
                ..before
            },
            depart(PLAIN),
        ),
        // Back without an answer: the person is asked.
        (
            Situation {
                home_known: true,
                legs: 1,
                ..before
            },
            notice,
        ),
    ] {
        assert_eq!(next_step(&data, &s), expected, "{s:?}");
    }
    for (code, side) in [(90_038, Side::Person), (500_213, Side::Resource)] {
        let s = Situation {
            outer: closed(code, side),
            ..before
        };
        let expected = Some((code, side, OauthError::AccessDenied));
        assert_eq!(refusal(&next_step(&data, &s)), expected);
    }
    let fresh = Situation {
        prompt: Prompt::Login,
        same_cloud: true,
        ..before
    };
    let controls = Controls {
        fresh: true,
        ..PLAIN
    };
    assert_eq!(next_step(&data, &fresh), depart(controls));
}

#[test]
fn rules_4_and_5_the_guest_and_the_own_settings() {
    let data = record(application(), external());
    let none = Situation {
        account: None,
        ..good()
    };
    let blocked = Situation {
        inner: closed(500_213, Side::Resource),
        ..good()
    };
    for (s, code) in [
        (none, 50_020),
        (blocked, 500_213),
        (account(|a| a.enabled = false), 50_057),
        (account(|a| a.assigned = false), 50_105),
    ] {
        let expected = Some((code, Side::Resource, OauthError::AccessDenied));
        assert_eq!(refusal(&next_step(&data, &s)), expected);
    }
}

#[test]
fn rules_4_and_7_one_more_leg_and_then_a_refusal() {
    let data = record(application(), external());
    let uncounted = Situation {
        inner: GateVerdict::NotCounted,
        ..good()
    };
    let stale = Situation {
        stale: true,
        ..good()
    };
    let factor = Situation {
        access: AT_HOME,
        ..good()
    };
    let enrol = Situation {
        access: CHALLENGE,
        ..account(|a| (a.has_factor, a.may_enrol) = (false, false))
    };
    let (mfa, fresh) = (true, true);
    for (s, controls, code) in [
        (uncounted, PLAIN, 500_213),
        (stale, PLAIN, 50_173),
        (factor, Controls { mfa, ..PLAIN }, 50_076),
        (enrol, Controls { fresh, ..PLAIN }, 50_079),
    ] {
        assert_eq!(next_step(&data, &s), depart(controls), "{code}");
        let again = next_step(&data, &Situation { legs: 2, ..s });
        let unmet = OauthError::UnmetAuthenticationRequirements;
        assert_eq!(refusal(&again), Some((code, Side::Resource, unmet)));
    }
    // A word that counts no more redeems nobody.
    let pending = Situation {
        stale: true,
        ..account(|a| a.pending = true)
    };
    assert_eq!(next_step(&data, &pending), depart(PLAIN));
}

#[test]
fn rules_6_to_8_review_access_and_grants() {
    let mut data = record(application(), external());
    let pending = account(|a| a.pending = true);
    assert_eq!(next_step(&data, &pending), Step::Review);
    let automatic = Situation {
        automatic: true,
        ..pending
    };
    assert_eq!(next_step(&data, &automatic), Step::Complete);
    data.reviewed = Some(AT);
    assert_eq!(next_step(&data, &pending), Step::Complete);
    let here = Situation {
        access: CHALLENGE,
        ..good()
    };
    assert_eq!(next_step(&data, &here), Step::Code);
    let denied = Situation {
        access: AccessVerdict::Deny(53_000),
        ..good()
    };
    let ungranted = Situation {
        granted: false,
        ..good()
    };
    for (s, code, error) in [
        (denied, 53_000, OauthError::AccessDenied),
        (ungranted, 65_001, OauthError::ConsentRequired),
    ] {
        let expected = Some((code, Side::Resource, error));
        assert_eq!(refusal(&next_step(&data, &s)), expected);
    }
}

#[test]
fn rule_9_at_home() {
    let mut data = record(crossing(), local());
    let wanted = Situation {
        wanted_met: false,
        ..good()
    };
    let asks = Situation {
        released: false,
        ..good()
    };
    for (s, expected) in [
        (good(), Step::Complete),
        (
            Situation {
                first_factor: false,
                ..good()
            },
            Step::Password,
        ),
        (wanted, Step::Code),
        (
            Situation {
                access: CHALLENGE,
                ..good()
            },
            Step::Code,
        ),
        (asks, Step::Release),
    ] {
        assert_eq!(next_step(&data, &s), expected);
    }
    data.released = Some(AT);
    assert_eq!(next_step(&data, &asks), Step::Complete);
}

#[test]
fn rule_9_home_s_refusals() {
    let data = record(crossing(), local());
    let (denied, login) = (OauthError::AccessDenied, OauthError::LoginRequired);
    let shut = |gate| Situation {
        outer: gate,
        ..good()
    };
    let barred = |gate| Situation {
        inner: gate,
        ..good()
    };
    for (s, expected) in [
        (
            shut(closed(1_000_104, Side::Home)),
            (1_000_104, Side::Home, denied),
        ),
        (
            barred(closed(500_212, Side::Home)),
            (500_212, Side::Home, denied),
        ),
        (account(|a| a.enabled = false), (50_057, Side::Home, login)),
        (
            Situation {
                account: None,
                ..good()
            },
            (50_034, Side::Person, login),
        ),
        (
            Situation {
                expected_person: false,
                ..good()
            },
            (50_020, Side::Person, login),
        ),
        (
            Situation {
                access: AccessVerdict::Deny(53_003),
                ..good()
            },
            (53_003, Side::Home, login),
        ),
    ] {
        assert_eq!(refusal(&next_step(&data, &s)), Some(expected));
    }
    // Only a locally kept credential crosses.
    let guest = record(crossing(), external());
    let expected = Some((50_020, Side::Person, login));
    assert_eq!(refusal(&next_step(&guest, &good())), expected);
}

#[test]
fn without_a_prompt_nothing_is_drawn() {
    let silent = |s: Situation| Situation {
        prompt: Prompt::None,
        ..s
    };
    let (login, interaction) = (OauthError::LoginRequired, OauthError::InteractionRequired);
    let mut changing = record(application(), local());
    changing.must_change = true;
    let unproven = Situation {
        first_factor: false,
        ..good()
    };
    let challenged = Situation {
        access: CHALLENGE,
        ..good()
    };
    let enrol = Situation {
        access: CHALLENGE,
        ..account(|a| a.has_factor = false)
    };
    let unreleased = Situation {
        released: false,
        ..good()
    };
    let unmet = Situation {
        wanted_met: false,
        ..good()
    };
    let pending = account(|a| a.pending = true);
    let unmet_word = OauthError::UnmetAuthenticationRequirements;
    for (data, s, code, error) in [
        (nobody(application()), good(), 50_058, login),
        (record(application(), local()), unproven, 50_058, login),
        (changing, good(), 50_058, login),
        (
            record(application(), local()),
            challenged,
            50_076,
            interaction,
        ),
        (record(application(), local()), enrol, 50_079, interaction),
        (record(crossing(), local()), unreleased, 16_000, interaction),
        (record(crossing(), local()), unmet, 50_076, unmet_word),
        (
            record(application(), external()),
            pending,
            16_000,
            interaction,
        ),
    ] {
        let told = refusal(&next_step(&data, &silent(s)));
        assert_eq!(told, Some((code, Side::Person, error)), "{code}");
    }
}
