//! The browser's session after a sign-in: at its end, or at the end of its leg at a home in this
//! cloud (sessions.md). It is written in the transaction of that end: a value that the browser does
//! not get to know never takes the place of one that it has.
//!
//! 1. Whatever is new (a factor, home's word, a yes to the release) gives the session a new value
//!    and the account a new `sid`, in this very response (security bar S-19). Nothing new changes
//!    nothing.
//! 2. *Keep me signed in* holds for the browser: once said, the session stays kept.
//! 3. A guest's account ends with her session at home.

use comity_crypto::base64url;
use comity_model::{
    federation::AssertionFacts,
    id::Id,
    secret::Hashed,
    session::{Session, SessionAccount},
    sign_in::SignInData,
    tenant::Tenant,
    time::Utc,
    user::User,
};
use comity_store::Tx;

use super::{Active, Assessment, Browser, SessionCookie, stale};
use crate::{
    context::Context,
    error::{Error, Result},
};

/// A session without *keep me signed in* ends on our side after this.
const SESSION_SECONDS: i64 = 24 * 3600;
/// *Keep me signed in*.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// The account as it stands in the browser's session now.
pub(super) struct Kept {
    /// The browser's session.
    pub(super) id: Id<Session>,
    pub(super) account: SessionAccount,
    pub(super) expires: Utc,
    pub(super) cookie: Option<SessionCookie>,
    /// What there is to write, if anything is new.
    pub(super) renewal: Option<Renewal>,
}

/// A session with its new value, to be written.
#[derive(Debug)]
pub(super) struct Renewal {
    session: Session,
    /// The version it takes the place of.
    version: Option<i64>,
    hash: Hashed,
}

impl Renewal {
    pub(super) async fn write(&self, tx: &Tx) -> Result<()> {
        let sessions = tx.cloud().sessions();
        match self.version {
            Some(version) => {
                let replaced = sessions.replace(&self.session, version, &self.hash).await;
                replaced.map_err(stale)
            }
            None => Ok(sessions.insert(&self.session, &self.hash).await?),
        }
    }
}

/// Puts the account of the active record into the browser's session, as this request knows it.
pub(super) fn keep_session(
    cx: &Context,
    active: &mut Active,
    assessment: &Assessment,
    user: &User,
    tenant: Id<Tenant>,
) -> Result<Kept> {
    let data = active.sign_in.data.active();
    if let Some(kept) = unchanged(&active.browser, data)? {
        return Ok(kept);
    }
    let account = SessionAccount {
        tenant,
        user: user.id,
        sid: base64url::encode(cx.bytes::<16>()),
        methods: assessment.methods.clone(),
        signed_in: cx.now,
        home: word_of_home(&active.browser, data),
    };
    // Ticked on a page of home or of the resource: it is one browser.
    let keep = active.sign_in.data.keep;
    let (cookie, hash) = cx.new_bearer();
    let before = active.browser.session.take();
    let version = before.as_ref().map(|(_, version)| *version);
    let before = before.map_or_else(|| empty(cx), |(session, _)| session);
    let (session, expires) = renewed(cx, before, &account, keep);
    active.browser.session = Some((session.clone(), version.unwrap_or(0) + 1));
    let cookie = SessionCookie {
        value: cookie.to_string(),
        max_age: session.persistent.then_some(KEPT_SECONDS),
    };
    Ok(Kept {
        id: session.id,
        account,
        expires,
        cookie: Some(cookie),
        renewal: Some(Renewal {
            session,
            version,
            hash,
        }),
    })
}

/// Rule 1: the session as it is, if the record only builds on it.
fn unchanged(browser: &Browser, data: &SignInData) -> Result<Option<Kept>> {
    let nothing_new = data.proven.is_empty() && data.assertion.is_none() && data.released.is_none();
    let (true, Some((session, _)), Some(sid)) = (nothing_new, &browser.session, &data.session_sid)
    else {
        return Ok(None);
    };
    let account = browser.account(sid).cloned().ok_or(Error::NotFound)?;
    Ok(Some(Kept {
        id: session.id,
        account,
        expires: session.expires,
        cookie: None,
        renewal: None,
    }))
}

/// What home said last: in this sign-in, or before.
fn word_of_home(browser: &Browser, data: &SignInData) -> Option<AssertionFacts> {
    let before = || browser.account(data.session_sid.as_deref()?)?.home.clone();
    data.assertion.clone().or_else(before)
}

/// A session in which nobody is signed in yet.
fn empty(cx: &Context) -> Session {
    Session {
        id: cx.new_id(),
        created: cx.now,
        expires: cx.now,
        persistent: false,
        accounts: Vec::new(),
    }
}

/// Rules 2 and 3: the session with the account in it, and when that account ends.
fn renewed(
    cx: &Context,
    mut session: Session,
    account: &SessionAccount,
    keep: bool,
) -> (Session, Utc) {
    session.persistent |= keep;
    let life = if session.persistent {
        KEPT_SECONDS
    } else {
        SESSION_SECONDS
    };
    let mut expires = cx.now.plus_seconds(life);
    if let Some(home) = &account.home {
        expires = expires.min(home.session_exp);
    }
    session.expires = session.expires.max(expires);
    let same = |a: &SessionAccount| (a.tenant, a.user) == (account.tenant, account.user);
    session.accounts.retain(|a| !same(a));
    session.accounts.push(account.clone());
    (session, expires)
}
