//! A sign-in from its beginning to its end. The record is read, one thing is submitted or has
//! come back, and [`advance`] asks `policy::sign_in::next_step` what follows.
//!
//! Everything that admits goes through `complete`, and through nothing else (law 1).

mod answer;
mod assess;
mod browser;
mod complete;
mod hint;
mod home_leg;
mod keep;
mod new_password;
mod refuse;
mod route;
mod submit;
mod unwritten;

pub use assess::{Assessment, assess};
pub(crate) use assess::{is_silent, pair_of, platform_of};
pub use browser::Browser;
pub use comity_crypto::Zeroizing;
pub use comity_policy::sign_in::next_step;
pub(crate) use complete::{auth_time, expected_person};
pub use new_password::{least_characters, new_password};
pub(crate) use refuse::refused;
pub use refuse::{begin_again, may_use_another};
pub use route::{Route, find_organization, route};
pub use submit::{
    accept, choose_account, choose_organization, decline, enrol, enrolment, go, identify,
    notice_controls, one_time_code, password,
};

use unwritten::Unwritten;

use crate::{
    context::{Context, hash_bearer},
    error::{Error, Result},
    lease,
};
use comity_model::{
    id::Id,
    secret::Hashed,
    session::SessionAccount,
    sign_in::{Prompt, Purpose, Refusal, ResponseMode, SignIn, SignInData, Step, Subject},
    tenant::Tenant,
    time::Utc,
};
use comity_store::Tx;

/// How long a sign-in may take.
const LIFE_SECONDS: i64 = 600;

/// What an edge hands over to begin.
pub struct Begin {
    pub purpose: Purpose,
    pub tenant: Option<Id<Tenant>>,
    pub login_hint: Option<String>,
    pub domain_hint: Option<String>,
    pub correlation_id: uuid::Uuid,
    /// The invited person, for redemption; fixed, never typed.
    pub subject: Option<Subject>,
    /// The pushed request that the browser brings: used up in this sign-in's first transaction.
    pub pushed: Option<Hashed>,
}

/// A sign-in in the hands of one request.
pub struct Active {
    pub sign_in: SignIn,
    /// Whether the record is in the store yet.
    pub stored: bool,
    pub browser: Browser,
    /// A pushed request that is not used up yet.
    pub pushed: Option<Hashed>,
    /// The value of the binding cookie, when it is new.
    pub cookie: Option<String>,
    /// The session's new value after a leg at a home in this cloud, if the sign-in goes on.
    pub browser_cookie: Option<SessionCookie>,
    /// What happened in this request and is not written yet.
    unwritten: Vec<Unwritten>,
}

/// A cookie that the response sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionCookie {
    pub value: String,
    /// `None` = until the browser closes.
    pub max_age: Option<i64>,
}

/// What the response is.
#[derive(Debug)]
pub enum Outcome {
    /// Draw this step for the sign-in's active record.
    Page(Box<Assessment>, Step),
    /// Leave for another cloud.
    Depart(String),
    /// Back to an application of ours, or to the cloud that asked.
    Return {
        to: Return,
        session: Option<SessionCookie>,
    },
    /// Redeemed by link: go on to this address.
    Landed {
        url: String,
        foreign: bool,
        session: Option<SessionCookie>,
    },
    /// A refusal that the page draws; already recorded.
    Refused(Box<Assessment>, Refusal),
}

/// An authorization response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub parameters: Vec<(&'static str, String)>,
}

/// Begins a sign-in and takes it as far as it goes without the person.
pub async fn begin(cx: &Context, begin: Begin, browser: Browser) -> Result<(Active, Outcome)> {
    let (cookie, secret) = cx.new_bearer();
    let mut data = SignInData::new(begin.purpose, begin.tenant, begin.correlation_id);
    data.typed_name = begin.login_hint;
    data.subject = begin.subject;
    let sign_in = SignIn {
        id: cx.new_id(),
        secret,
        created: cx.now,
        expires: cx.now.plus_seconds(LIFE_SECONDS),
        version: 0,
        data,
    };
    let mut active = Active {
        sign_in,
        stored: false,
        browser,
        pushed: begin.pushed,
        cookie: Some(cookie.to_string()),
        browser_cookie: None,
        unwritten: Vec::new(),
    };
    take_account(cx, &mut active).await?;
    hint::follow(cx, &mut active, begin.domain_hint.as_deref()).await?;
    let outcome = advance(cx, &mut active).await?;
    Ok((active, outcome))
}

/// The sign-in of a binding cookie, to go on; absent, late, finished and refused ones look the same.
pub async fn resume(cx: &Context, cookie: &str, browser: Browser) -> Result<Active> {
    let active = find(cx, cookie, browser).await?;
    let goes_on = active.sign_in.data.refused.is_none();
    goes_on.then_some(active).ok_or(Error::NotFound)
}

/// The sign-in of a binding cookie, also one that was refused: to be shown, or to begin again.
pub async fn find(cx: &Context, cookie: &str, browser: Browser) -> Result<Active> {
    let found = cx
        .app
        .store()
        .read()
        .cloud()
        .sign_ins()
        .find_by_hash(&hash_bearer(cookie))
        .await?;
    let sign_in = found
        .filter(|s| s.expires > cx.now)
        .ok_or(Error::NotFound)?;
    Ok(Active {
        sign_in,
        stored: true,
        browser,
        pushed: None,
        cookie: None,
        browser_cookie: None,
        unwritten: Vec::new(),
    })
}

async fn take_account(cx: &Context, active: &mut Active) -> Result<()> {
    let data = &active.sign_in.data;
    if data.subject.is_none()
        && let Some(account) = meant_account(cx, &active.browser, data).await?
    {
        use_account(active.sign_in.data.active_mut(), &account);
    }
    Ok(())
}

/// One signed-in account of the tenant is taken without asking, unless the application wants to
/// be asked. The person asked for by another tenant, or a name that came with the request, decides
/// between several; if neither is signed in, nobody is taken.
async fn meant_account(
    cx: &Context,
    browser: &Browser,
    data: &SignInData,
) -> Result<Option<SessionAccount>> {
    if data.tenant.is_none() || matches!(prompt_of(data), Prompt::Login | Prompt::SelectAccount) {
        return Ok(None);
    }
    let expected = match &data.purpose {
        Purpose::Crossing { pushed, .. } => pushed.expected_sub,
        _ => None,
    };
    let mut accounts = browser.offered(data);
    Ok(match (expected, &data.typed_name) {
        (Some(user), _) => accounts.find(|a| a.user == user).cloned(),
        (None, Some(name)) => {
            named_account(cx, &accounts.cloned().collect::<Vec<_>>(), name).await?
        }
        (None, None) => match (accounts.next().cloned(), accounts.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        },
    })
}

/// The signed-in account that goes by a name: at home, for a guest.
async fn named_account(
    cx: &Context,
    accounts: &[SessionAccount],
    name: &str,
) -> Result<Option<SessionAccount>> {
    let name = comity_model::name::key(name.trim());
    for account in accounts {
        let upn = if let Some(home) = &account.home {
            Some(home.upn.clone())
        } else {
            let read = cx.app.store().read();
            read.tenant(account.tenant)
                .users()
                .find(account.user)
                .await?
                .map(|u| u.upn)
        };
        if upn.is_some_and(|upn| comity_model::name::key(&upn) == name) {
            return Ok(Some(account.clone()));
        }
    }
    Ok(None)
}

/// Builds the record on an account that is signed in already.
fn use_account(data: &mut SignInData, account: &SessionAccount) {
    data.tenant = Some(account.tenant);
    data.session_sid = Some(account.sid.clone());
    data.subject = Some(match &account.home {
        None => Subject::Local {
            user: Some(account.user),
        },
        Some(home) => Subject::External {
            home: comity_model::federation::HomeTenant {
                cloud: home.identity.cloud.clone(),
                tenant: home.identity.tenant,
            },
            expected: Some(home.identity.object),
        },
    });
}

/// The prompt that governs a record.
pub(crate) fn prompt_of(data: &SignInData) -> Prompt {
    match &data.purpose {
        Purpose::Application(request) => request.prompt,
        Purpose::Crossing { pushed, .. } if pushed.prompt_none => Prompt::None,
        Purpose::Crossing { pushed, .. } if pushed.prompt_login => Prompt::Login,
        Purpose::Crossing { .. } | Purpose::Redemption { .. } => Prompt::Auto,
    }
}

/// Asks what follows and does what needs no person. At most a few rounds: every round either ends
/// or finishes a leg at a home in this cloud.
pub async fn advance(cx: &Context, active: &mut Active) -> Result<Outcome> {
    for _ in 0..8 {
        let assessment = assess(cx, active).await?;
        let step = next_step(active.sign_in.data.active(), &assessment.situation);
        match step {
            Step::Complete => {
                if active.sign_in.data.home_leg.is_some() {
                    home_leg::finish(cx, active, &assessment)?;
                    continue;
                }
                match Box::pin(confirmed(cx, active, &assessment)).await? {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(refusal) => return refused(cx, active, assessment, refusal).await,
                }
                if let Some(outcome) = Box::pin(complete::complete(cx, active, assessment)).await? {
                    return Ok(outcome);
                }
                // The tenant's settings changed meanwhile: everything is judged anew.
            }
            Step::Depart { home, controls } => {
                if home.cloud == cx.app.registry().own.canonical_name {
                    home_leg::begin(cx, active, &assessment, &home, controls).await?;
                    continue;
                }
                return match Box::pin(crate::crossing::depart(
                    cx,
                    active,
                    &assessment,
                    &home,
                    controls,
                ))
                .await?
                {
                    Ok(url) => {
                        save(cx, active).await?;
                        Ok(Outcome::Depart(url))
                    }
                    Err(refusal) => refused(cx, active, assessment, refusal).await,
                };
            }
            Step::Refuse(refusal) => return refused(cx, active, assessment, refusal).await,
            step => {
                save(cx, active).await?;
                return Ok(Outcome::Page(Box::new(assessment), step));
            }
        }
    }
    Err(Error::internal("a sign-in did not come to rest"))
}

/// Whether what home told is young enough to end on: a minute across clouds (§3.11), this very
/// request within one. If it has grown old, home is asked again, and everything is judged anew on
/// its answer.
async fn confirmed(
    cx: &Context,
    active: &mut Active,
    assessment: &Assessment,
) -> Result<std::result::Result<bool, Refusal>> {
    let data = &active.sign_in.data;
    let (Some(assertion), Some(snapshot)) = (&data.assertion, &assessment.snapshot) else {
        return Ok(Ok(true));
    };
    let is_here = assertion.identity.cloud == cx.app.registry().own.canonical_name;
    let counts = if is_here { 0 } else { lease::CONFIRMED_SECONDS };
    if assertion.confirmed.plus_seconds(counts) >= cx.now {
        return Ok(Ok(true));
    }
    let answer = if is_here {
        let seen = lease::Seen {
            session: active.browser.session.as_ref().map(|(s, _)| s.id),
            ip: &cx.client.ip,
            user_agent: &cx.client.user_agent,
        };
        lease::vouched_here(cx, snapshot, (assertion, pair_of(data)), &seen).await?
    } else {
        lease::ask_again(cx, snapshot, data, assertion).await?
    };
    match answer {
        Ok(facts) => {
            active.sign_in.data.assertion = Some(facts);
            Ok(Ok(false))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Uses up the pushed request that the browser brought, in the transaction of what comes of it: of
/// two browsers, or two requests, one goes on.
pub(crate) async fn take_pushed(cx: &Context, active: &Active, tx: &Tx) -> Result<()> {
    let Some(hash) = &active.pushed else {
        return Ok(());
    };
    let taken = tx.cloud().pushed_requests().take(hash, cx.now).await?;
    taken.map(drop).ok_or(Error::NotFound)
}

/// Keeps the record: inserts it the first time, then compares its version.
pub(crate) async fn save(cx: &Context, active: &mut Active) -> Result<()> {
    let tx = cx.app.store().begin().await?;
    take_pushed(cx, active, &tx).await?;
    unwritten::write(cx, &active.unwritten, &tx).await?;
    store(active, &tx).await?;
    tx.commit().await?;
    active.pushed = None;
    active.unwritten.clear();
    Ok(())
}

async fn store(active: &mut Active, tx: &Tx) -> Result<()> {
    let sign_ins = tx.cloud().sign_ins();
    if active.stored {
        sign_ins.update(&active.sign_in).await.map_err(stale)?;
        active.sign_in.version += 1;
    } else {
        sign_ins.insert(&active.sign_in).await?;
        active.stored = true;
    }
    Ok(())
}

/// The same record was submitted twice at once: one of them goes on.
pub(crate) fn stale(error: comity_store::Error) -> Error {
    if error.is_conflict(comity_store::Constraint::VERSION) {
        Error::NotFound
    } else {
        error.into()
    }
}

/// Which methods count now: those of the session the record builds on, and those proven since;
/// none from before the account's sessions were ended.
pub(crate) fn counted_methods(
    data: &SignInData,
    browser: &Browser,
    valid_from: Utc,
) -> Vec<comity_model::session::MethodUse> {
    let from_session = match (&data.session_sid, prompt_of(data)) {
        (Some(sid), prompt) if prompt != Prompt::Login => browser
            .account(sid)
            .map(|a| a.methods.clone())
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut methods: Vec<_> = from_session
        .into_iter()
        .chain(data.proven.iter().cloned())
        .collect();
    methods.retain(|m| m.at >= valid_from);
    methods.sort_by(|a, b| (a.method.as_str(), a.at).cmp(&(b.method.as_str(), b.at)));
    // The latest use of each method is the one that counts.
    let mut latest: Vec<comity_model::session::MethodUse> = Vec::new();
    for m in methods {
        match latest.last_mut() {
            Some(last) if last.method == m.method => *last = m,
            _ => latest.push(m),
        }
    }
    latest
}

/// The hash of the binding cookie, for the edge's own comparisons.
pub fn binding(cookie: &str) -> Hashed {
    hash_bearer(cookie)
}
