//! What a person submits: one thing a post, each with its own check. None of these decides what
//! follows; they change the record, and `advance` asks again.

use comity_crypto::{Zeroizing, base32, password::Verdict, totp};
use comity_model::{
    factor::Factor,
    id::Id,
    name::Upn,
    session::MethodUse,
    sign_in::{Controls, OauthError, Prompt, Purpose, Refusal, Side, SignInData, Step, Subject},
    tenant::Tenant,
    time::Utc,
    user::User,
};
use comity_policy::sign_in::next_step;

use super::{
    Active, Outcome, advance, assess, begin_again, refuse, refused, route, unwritten::Unwritten,
    use_account,
};
use crate::{
    context::Context,
    error::{Error, Result},
    factor::{self, Registration},
    mail,
    rate::{self, Kind},
    record, throttle,
};

/// The user name, and on the common endpoint the tenant that follows from it.
pub async fn identify(cx: &Context, active: &mut Active, name: &str) -> Result<Outcome> {
    begin_again(cx, active)?;
    let upn = Upn::parse(name).map_err(|e| {
        Error::invalid(
            "username",
            format!("The user name {e}. Write it like name@example.com."),
        )
    })?;
    check_person_is_open(active.sign_in.data.active())?;
    take_name(cx, active, &upn).await?;
    advance(cx, active).await
}

/// Goes on with the person of that name, as far as her domain tells.
pub(super) async fn take_name(cx: &Context, active: &mut Active, upn: &Upn) -> Result<()> {
    rate::take(cx, Kind::Name)?;
    let data = active.sign_in.data.active();
    let snapshot = match data.tenant.filter(|_| data.tenant_named) {
        Some(tenant) => Some(cx.app.snapshots().get(cx, tenant).await?),
        None => None,
    };
    let routed = route(cx, snapshot.as_deref(), upn).await?;
    let subject = route::subject(cx, &routed, upn).await?;
    let data = active.sign_in.data.active_mut();
    if let (route::Route::Own(tenant), None) = (&routed, &snapshot) {
        data.tenant = Some(*tenant);
    }
    if let (Purpose::Crossing { .. }, Subject::External { .. }) = (&data.purpose, &subject) {
        return Err(Error::invalid(
            "username",
            "Only an account of this organization can be used here. Enter its user name.",
        ));
    }
    data.forget();
    data.typed_name = Some(upn.as_str().to_owned());
    data.subject = Some(subject);
    Ok(())
}

/// An invitation is for one person, whoever opens its link (federation §5.2).
fn check_person_is_open(data: &SignInData) -> Result<()> {
    match data.purpose {
        Purpose::Redemption { .. } => Err(Error::NotFound),
        Purpose::Application(_) | Purpose::Crossing { .. } => Ok(()),
    }
}

/// *Sign in to an organization*: from then on names are read from that organization's side. Only
/// the common endpoint leaves the organization to the person.
pub async fn choose_organization(
    cx: &Context,
    active: &mut Active,
    tenant: Id<Tenant>,
) -> Result<Outcome> {
    begin_again(cx, active)?;
    let data = active.sign_in.data.active_mut();
    if !data.common {
        return Err(Error::NotFound);
    }
    data.forget();
    data.tenant = Some(tenant);
    data.tenant_named = true;
    advance(cx, active).await
}

/// An account of the picker; `None` = another account, whose name is asked for.
pub async fn choose_account(
    cx: &Context,
    active: &mut Active,
    sid: Option<&str>,
) -> Result<Outcome> {
    let account = match sid {
        Some(sid) => {
            let mut offered = active.browser.offered(active.sign_in.data.active());
            let chosen = offered.find(|a| a.sid == sid).cloned();
            Some(chosen.ok_or(Error::NotFound)?)
        }
        None => None,
    };
    let data = active.sign_in.data.active_mut();
    check_person_is_open(data)?;
    data.forget();
    match account {
        Some(account) => use_account(data, &account),
        None => data.another = true,
    }
    advance(cx, active).await
}

/// The password of a local account. An unknown name takes the same time and gives the same answer.
pub async fn password(
    cx: &Context,
    active: &mut Active,
    typed: &Zeroizing<String>,
    keep: bool,
) -> Result<Outcome> {
    let data = active.sign_in.data.active();
    let (Some(tenant), Some(Subject::Local { user })) = (data.tenant, &data.subject) else {
        return Err(Error::NotFound);
    };
    let user = *user;
    let name = data.typed_name.clone().unwrap_or_default();
    let throttles = throttle::password(cx, tenant, user, &name);
    let turn = throttle::enter(cx, &throttles).await?;
    let stored = match user {
        Some(id) => {
            cx.app
                .store()
                .read()
                .tenant(tenant)
                .passwords()
                .find(id)
                .await?
        }
        None => None,
    };
    let hash = stored.as_ref().map(|p| p.hash.clone());
    let verdict = judge_password(cx, (turn, throttles.clone()), typed, hash).await?;
    let Verdict::Valid { rehash } = verdict else {
        record_failure(cx, active, 50126).await?;
        return Err(Error::invalid(
            "password",
            "The user name or password is not right. Check both, or ask your administrator for a new password.",
        ));
    };
    throttle::passed(cx, &throttles).await?;
    if let (true, Some(id), Some(old)) = (rehash, user, &stored) {
        crate::password::rehash(cx, tenant, id, &old.hash, typed).await?;
    }
    let now = cx.now;
    let data = active.sign_in.data.active_mut();
    prove(data, "password", now);
    data.must_change = stored.is_some_and(|p| p.must_change);
    active.sign_in.data.keep |= keep;
    advance(cx, active).await
}

/// Verifies in a turn, and counts a wrong password. Goes on to its end also where nobody waits for
/// the answer any more: hanging up neither frees the turn early nor spares the count.
async fn judge_password(
    cx: &Context,
    (turn, throttles): (throttle::Turn, Vec<throttle::Limit>),
    typed: &Zeroizing<String>,
    stored: Option<String>,
) -> Result<Verdict> {
    let (cx, typed) = (cx.clone(), typed.clone());
    let judged = async move {
        let verdict = verify_password(&cx, &typed, stored.as_deref()).await?;
        if !matches!(verdict, Verdict::Valid { .. }) {
            throttle::failed(&cx, &throttles).await?;
        }
        drop(turn);
        Ok(verdict)
    };
    tokio::spawn(judged).await.map_err(Error::internal)?
}

/// Verifies against the stored hash, or against a hash of nobody, off the runtime's threads.
pub(super) async fn verify_password(
    cx: &Context,
    typed: &Zeroizing<String>,
    stored: Option<&str>,
) -> Result<Verdict> {
    let (typed, pepper) = (typed.clone(), *cx.app.pepper());
    let parameters = cx.app.settings().password;
    let salt = cx.bytes::<16>();
    let stored = stored.map(str::to_owned);
    crate::password::work(cx, move || {
        if let Some(phc) = stored {
            return comity_crypto::password::verify(&typed, &phc, &pepper, parameters);
        }
        // The same work as for an account that exists.
        comity_crypto::password::hash(&typed, salt, &pepper, parameters).ok();
        Verdict::Invalid
    })
    .await
}

async fn record_failure(cx: &Context, active: &Active, code: u32) -> Result<()> {
    let assessment = assess(cx, active).await?;
    let data = active.sign_in.data.active();
    let Some(tenant) = data.tenant else {
        return Ok(());
    };
    let row = record::sign_in(cx, data, &assessment, code);
    let tx = cx.app.store().begin().await?;
    tx.tenant(tenant).sign_in_records().insert(&row).await?;
    tx.commit().await?;
    Ok(())
}

/// The user whose second factor is asked here: proven by password, or by home's assertion.
async fn proven_user(cx: &Context, active: &Active) -> Result<(Id<Tenant>, User)> {
    let tenant = active.sign_in.data.active().tenant.ok_or(Error::NotFound)?;
    let assessment = assess(cx, active).await?;
    let user = assessment.user.ok_or(Error::NotFound)?;
    Ok((tenant, user))
}

/// A one-time code. Wrong ones count per person, over all sessions and nodes.
pub async fn one_time_code(cx: &Context, active: &mut Active, typed: &str) -> Result<Outcome> {
    let (tenant, user) = proven_user(cx, active).await?;
    let throttles = throttle::code(tenant, user.id);
    throttle::take(cx, &throttles).await?;
    if !accept_code(cx, tenant, &user, typed).await? {
        code_failed(cx, active, tenant, &user).await?;
        return Err(Error::invalid(
            "code",
            "The code is not right or was used already. Wait for the next one and enter its six digits.",
        ));
    }
    throttle::passed(cx, &throttles).await?;
    prove(active.sign_in.data.active_mut(), "softwareOath", cx.now);
    advance(cx, active).await
}

/// Records a wrong code. Once for each time that codes are refused afterwards, the person is told:
/// whoever enters them has passed the first factor (security bar S-43).
async fn code_failed(cx: &Context, active: &Active, tenant: Id<Tenant>, user: &User) -> Result<()> {
    let assessment = assess(cx, active).await?;
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    let row = record::sign_in(cx, active.sign_in.data.active(), &assessment, 50074);
    let tx = cx.app.store().begin().await?;
    let scoped = tx.tenant(tenant);
    scoped.sign_in_records().insert(&row).await?;
    let letter = mail::codes_refused(cx, &snapshot, user);
    if let (Some(letter), true) = (
        letter,
        throttle::first_refusal(cx, &tx, tenant, user).await?,
    ) {
        mail::queue(cx, scoped, &letter).await?;
    }
    Ok(tx.commit().await?)
}

/// A method was just proven; of each the last time counts.
pub(super) fn prove(data: &mut SignInData, method: &str, at: Utc) {
    data.proven.retain(|m| m.method != method);
    let method = method.to_owned();
    data.proven.push(MethodUse { method, at });
}

/// Whether one of the user's generators makes this code now, in a step not used before.
async fn accept_code(cx: &Context, tenant: Id<Tenant>, user: &User, typed: &str) -> Result<bool> {
    let factors = cx
        .app
        .store()
        .read()
        .tenant(tenant)
        .factors()
        .list(user.id)
        .await?;
    for factor in factors {
        let context = factor::context(tenant, user.id);
        let secret =
            cx.app
                .sealer()
                .open(factor::SEALED, context.as_bytes(), &factor.sealed_secret)?;
        let last = factor.last_step.and_then(|s| u64::try_from(s).ok());
        let Some(step) = totp::verify(&secret, typed, cx.now.seconds(), last) else {
            continue;
        };
        let step = i64::try_from(step).map_err(Error::internal)?;
        let tx = cx.app.store().begin().await?;
        let accepted = tx
            .tenant(tenant)
            .factors()
            .accept_step(user.id, factor.id, step)
            .await?;
        tx.commit().await?;
        return Ok(accepted);
    }
    Ok(false)
}

/// The seed being enrolled: base32 and `otpauth:` address for the page. The same on every call of
/// one sign-in, so that drawing the page writes nothing.
pub async fn enrolment(cx: &Context, active: &Active) -> Result<(String, String)> {
    let (tenant, user) = proven_user(cx, active).await?;
    let secret = seed(cx, active, tenant, user.id);
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    let uri = totp::otpauth_uri(&snapshot.tenant.display_name, &user.upn, &secret);
    Ok((base32::encode(&secret), uri))
}

/// 160 bits that nobody can compute without the key file, bound to sign-in, browser and person.
fn seed(cx: &Context, active: &Active, tenant: Id<Tenant>, user: Id<User>) -> Vec<u8> {
    let bound = format!("totp enrolment/{}/{tenant}/{user}/", active.sign_in.id);
    let message = [bound.as_bytes(), active.sign_in.secret.0.as_slice()].concat();
    comity_crypto::hmac_sha256(cx.app.pepper(), message)
        .iter()
        .take(20)
        .copied()
        .collect()
}

/// Proves the seed being enrolled by one of its codes and registers it: only the first second
/// factor, only while the first one is fresh, with mail and audit.
pub async fn enrol(cx: &Context, active: &mut Active, typed: &str) -> Result<Outcome> {
    let (tenant, user) = proven_user(cx, active).await?;
    let assessment = assess(cx, active).await?;
    let account = assessment.situation.account.ok_or(Error::NotFound)?;
    if account.has_factor || !account.may_enrol {
        return Err(Error::NotFound);
    }
    let context = factor::context(tenant, user.id);
    let secret = seed(cx, active, tenant, user.id);
    let throttles = throttle::code(tenant, user.id);
    throttle::take(cx, &throttles).await?;
    let Some(step) = totp::verify(&secret, typed, cx.now.seconds(), None) else {
        return Err(Error::invalid(
            "code",
            "The code is not right. Check that the time of the device is right and enter the code it shows now.",
        ));
    };
    let factor = Factor {
        id: cx.new_uuid(),
        user: user.id,
        sealed_secret: cx.app.sealer().seal(
            factor::SEALED,
            context.as_bytes(),
            &secret,
            cx.bytes(),
        )?,
        last_step: Some(i64::try_from(step).map_err(Error::internal)?),
        created: cx.now,
    };
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    throttle::passed(cx, &throttles).await?;
    let registration = Registration::new(cx, &snapshot, &user, factor);
    active
        .unwritten
        .push(Unwritten::Factor(Box::new(registration)));
    prove(active.sign_in.data.active_mut(), "softwareOath", cx.now);
    advance(cx, active).await
}

/// What the notice says that home is asked to prove, beside what policies and application want.
pub fn notice_controls(data: &SignInData) -> Controls {
    Controls {
        mfa: false,
        device: false,
        fresh: super::prompt_of(data) == Prompt::Login,
    }
}

/// *Go* on the crossing notice: leaves for the other cloud.
pub async fn go(cx: &Context, active: &mut Active) -> Result<Outcome> {
    let assessment = assess(cx, active).await?;
    let Step::Crossing { home } = next_step(active.sign_in.data.active(), &assessment.situation)
    else {
        return advance(cx, active).await;
    };
    let controls = notice_controls(active.sign_in.data.active());
    // A notice pressed again is not a second leg of one attempt.
    active.sign_in.data.active_mut().crossing = None;
    match crate::crossing::depart(cx, active, &assessment, &home, controls).await? {
        Ok(url) => {
            super::save(cx, active).await?;
            Ok(Outcome::Depart(url))
        }
        Err(refusal) => refused(cx, active, assessment, refusal).await,
    }
}

/// The yes to the question that the person is at: the release at home, or *Review permissions*.
pub async fn accept(cx: &Context, active: &mut Active) -> Result<Outcome> {
    let assessment = assess(cx, active).await?;
    match next_step(active.sign_in.data.active(), &assessment.situation) {
        Step::Release => active.sign_in.data.active_mut().released = Some(cx.now),
        Step::Review => active.sign_in.data.active_mut().reviewed = Some(cx.now),
        // Sent twice: what follows is shown.
        _ => {}
    }
    advance(cx, active).await
}

/// A no, at the release or at *Review permissions*: back to whoever asked, nothing given.
pub async fn decline(cx: &Context, active: &mut Active) -> Result<Outcome> {
    let assessment = assess(cx, active).await?;
    let data = active.sign_in.data.active();
    let refusal = match &data.purpose {
        Purpose::Crossing { .. } => Refusal {
            code: 65004,
            side: Side::Person,
            error: OauthError::InteractionRequired,
        },
        _ => Refusal {
            code: 65004,
            side: Side::Person,
            error: OauthError::AccessDenied,
        },
    };
    refuse::declined(cx, active, assessment, refusal).await
}
