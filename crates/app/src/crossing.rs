//! The leg to another cloud, on the resource's side (cross-cloud-federation.md §3).
//!
//! 1. What is pushed is bound: kept in the sign-in's record, and compared with the assertion for
//!    equality. The notice is drawn from the very same list ([`Wanted`]).
//! 2. The browser that began it finishes it, once: the state is in that browser's record.
//! 3. The answer counts only from the issuer of the home tenant that was pushed to.
//! 4. Of home's refusals two numbers are known; everything else is told in our own words.
//! 5. Home's silence is no refusal: 90033, and the person may try again.

pub(crate) mod call;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod verify;
pub(crate) mod wire;

use std::{collections::BTreeSet, time::Duration};

use comity_crypto::{Zeroizing, base64url, constant_time_eq};
use comity_model::{
    cloud::CloudEntry,
    federation::{AssertionFacts, CrossingDetails, HomeTenant, PushedCrossing, WantedAcr},
    session::SessionAccount,
    sign_in::{
        Controls, CrossingUnderWay, OauthError, Purpose, Refusal, Side, SignInData, Subject,
    },
    signing_key::KeyPurpose,
};
use comity_oauth::{
    assertion::DeviceQuestion,
    par,
    params::Params,
    pkce::Challenge,
    response::{self, Answer},
    text,
    token::Response,
};
use uuid::Uuid;

use self::call::{Reply, Target};
use crate::{
    context::Context,
    error::{Error, Result},
    judge, lease, partner_configuration,
    rate::{self, Kind},
    sign_in::{self, Active, Assessment, Outcome, expected_person, is_silent, pair_of},
    snapshot::Snapshot,
};

/// All calls of one request of a leg together.
const LEG: Duration = Duration::from_secs(10);
/// Legs of one sign-in: the second is the one retry.
const LEGS: u8 = 2;
const VERIFIER: &str = "crossing-verifier";

/// Home did not vouch for the person and keeps the reason, or what it says is not accepted.
pub const HOME_REFUSED: u32 = 50_000;
/// Home does not answer.
pub const HOME_SILENT: u32 = 90_033;

/// Where browsers come back from another cloud.
pub fn callback_uri(entry: &CloudEntry) -> String {
    format!("{}/federation/callback", entry.hosts.login)
}

/// What a push asks of home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Groups of home that the own policy names.
    pub groups: BTreeSet<Uuid>,
    pub acr: WantedAcr,
    pub max_age: Option<i64>,
    pub device: bool,
    /// Whether one person is asked for, by her object ID or by the name that fills the field.
    pub names_person: bool,
}

/// What the push of a sign-in asks: for the push itself, and for the notice before it.
pub fn wanted(
    data: &SignInData,
    snapshot: &Snapshot,
    home: &HomeTenant,
    controls: Controls,
) -> Wanted {
    let (wants_mfa, max_age) = match &data.purpose {
        Purpose::Application(request) => (request.wants_mfa, request.max_age),
        Purpose::Crossing { .. } | Purpose::Redemption { .. } => (false, None),
    };
    Wanted {
        groups: snapshot.groups_mentioned(home),
        // Of a home that is not trusted for it, a second factor would be proven for nothing.
        acr: if controls.mfa || (wants_mfa && judge::trusts_mfa(snapshot, home)) {
            WantedAcr::Mfa
        } else {
            WantedAcr::Any
        },
        max_age,
        device: controls.device || judge::wants_device(snapshot, home),
        names_person: data.typed_name.is_some() || expected_person(data).is_some(),
    }
}

/// Sends the person home; the answer is the address, or why she is not sent. The record holds
/// afterwards what was sent; the caller keeps it.
pub async fn depart(
    cx: &Context,
    active: &mut Active,
    assessment: &Assessment,
    home: &HomeTenant,
    controls: Controls,
) -> Result<Result<String, Refusal>> {
    rate::take(cx, Kind::Departure)?;
    let entry = partner_configuration::partner(cx, &home.cloud)?;
    let snapshot = assessment
        .snapshot
        .as_ref()
        .ok_or_else(|| Error::internal("a leg without a tenant"))?;
    let verifier = Zeroizing::new(base64url::encode(cx.bytes::<32>()));
    let sent = compose(cx, active, (snapshot, home), controls, &verifier).await?;
    let target = Target {
        entry,
        tenant: home.tenant,
        endpoint: "par",
        jkt: &sent.dpop_jkt,
    };
    let form = wire::push(cx, &sent)?;
    let request_uri = match answered(cx, call::post(cx, &target, &form)).await? {
        Ok(Reply::Done(body)) => match request_uri(&body) {
            Some(request_uri) => request_uri,
            None => return Ok(Err(refused_by_home())),
        },
        Ok(Reply::Refused(refusal)) => return Ok(Err(told(refusal, sent.prompt_none))),
        Ok(Reply::UnknownGrant) => return Ok(Err(refused_by_home())),
        Err(silent) => return Ok(Err(silent)),
    };
    let sealed = cx.app.sealer().seal(
        VERIFIER,
        sent.state.as_bytes(),
        verifier.as_bytes(),
        cx.bytes(),
    )?;
    let data = active.sign_in.data.active_mut();
    let before = data.crossing.as_ref().map_or(0, |c| c.attempt);
    data.crossing = Some(CrossingUnderWay {
        sent,
        sealed_verifier: sealed,
        started: cx.now,
        attempt: before.saturating_add(1),
    });
    let query = Params::from_pairs([
        ("client_id", cx.app.registry().own.entity.as_str()),
        ("request_uri", request_uri.as_str()),
    ]);
    Ok(Ok(format!(
        "{}/{}/oauth2/v2.0/authorize?{}",
        entry.hosts.login,
        home.tenant,
        query.encode()
    )))
}

/// Rule 1: everything that is bound.
async fn compose(
    cx: &Context,
    active: &Active,
    (snapshot, home): (&Snapshot, &HomeTenant),
    controls: Controls,
    verifier: &str,
) -> Result<PushedCrossing> {
    let data = active.sign_in.data.active();
    let own = &cx.app.registry().own;
    let pair = pair_of(data);
    let wanted = wanted(data, snapshot, home, controls);
    let keys = crate::key::fresh(cx).await?;
    let key = keys.active(KeyPurpose::Dpop)?;
    let unique = || base64url::encode(cx.bytes::<32>());
    Ok(PushedCrossing {
        resource_cloud: own.canonical_name.clone(),
        details: CrossingDetails {
            resource_tenant: snapshot.tenant.id,
            home_tenant: home.tenant,
            pair,
            app_name: text::clean(&snapshot.application_name(pair.client), text::MAX_SHOWN),
            groups: wanted.groups,
            correlation_id: data.correlation_id,
        },
        redirect_uri: callback_uri(own),
        state: unique(),
        nonce: unique(),
        code_challenge: Challenge::of(verifier)
            .map_err(Error::internal)?
            .as_str()
            .to_owned(),
        dpop_jkt: key.public_key().thumbprint().to_owned(),
        expected_sub: expected_person(data),
        login_hint: data.typed_name.clone().or_else(|| known_name(active, data)),
        acr: wanted.acr,
        max_age: wanted.max_age,
        prompt_none: is_silent(data),
        prompt_login: controls.fresh,
        device_asked: wanted.device,
    })
}

/// The name at home of the account that the sign-in builds on.
fn known_name(active: &Active, data: &SignInData) -> Option<String> {
    let account: &SessionAccount = active.browser.account(data.session_sid.as_deref()?)?;
    account.home.as_ref().map(|home| home.upn.clone())
}

fn request_uri(body: &[u8]) -> Option<String> {
    let response: par::Response = serde_json::from_slice(body).ok()?;
    let uri = response.request_uri;
    let fits = uri.len() <= 512 && uri.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(uri)
}

/// Rule 5: an answer in time, or the refusal that says there was none. Faults of our own stay
/// faults.
async fn answered<T>(
    cx: &Context,
    call: impl Future<Output = Result<T>>,
) -> Result<Result<T, Refusal>> {
    match tokio::time::timeout(LEG, call).await {
        Ok(Ok(value)) => Ok(Ok(value)),
        // Home has answered, and is not believed.
        Ok(Err(Error::Denied { refusal, .. })) if refusal.code == HOME_REFUSED => Ok(Err(refusal)),
        Ok(Err(error @ (Error::Upstream { .. } | Error::Denied { .. }))) => {
            log_silence(cx, &error.to_string());
            Ok(Err(silent()))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => {
            log_silence(cx, "no answer in time");
            Ok(Err(silent()))
        }
    }
}

fn log_silence(cx: &Context, why: &str) {
    tracing::warn!(correlation_id = %cx.correlation_id, why, "a leg ends without home's answer");
}

pub(crate) const fn silent() -> Refusal {
    Refusal {
        code: HOME_SILENT,
        side: Side::Home,
        error: OauthError::TemporarilyUnavailable,
    }
}

pub(crate) const fn refused_by_home() -> Refusal {
    Refusal {
        code: HOME_REFUSED,
        side: Side::Home,
        error: OauthError::AccessDenied,
    }
}

/// Rule 4. `silent`: the application wanted nothing drawn, so it hears what is missing.
pub(crate) const fn told(refusal: response::Refusal, silently: bool) -> Refusal {
    use response::Refusal as Home;
    let (code, side, error) = match refusal {
        Home::OutboundBlocked => (500_212, Side::Home, OauthError::AccessDenied),
        Home::CloudNotAllowed => (1_000_104, Side::Home, OauthError::AccessDenied),
        Home::LoginRequired if silently => (50_058, Side::Person, OauthError::LoginRequired),
        Home::InteractionRequired if silently => {
            (16_000, Side::Person, OauthError::InteractionRequired)
        }
        // Where pages may be drawn, what home could not get from the person is her no.
        Home::InteractionRequired => (65_004, Side::Person, OauthError::AccessDenied),
        Home::UnmetAuthenticationRequirements => (
            50_076,
            Side::Person,
            OauthError::UnmetAuthenticationRequirements,
        ),
        Home::TemporarilyUnavailable => return silent(),
        Home::LoginRequired | Home::AccessDenied | Home::Other => return refused_by_home(),
    };
    Refusal { code, side, error }
}

/// Whether this sign-in waits for the answer with that state.
pub fn awaits(active: &Active, state: &str) -> bool {
    let crossing = active.sign_in.data.active().crossing.as_ref();
    crossing.is_some_and(|c| !c.sent.state.is_empty() && constant_time_eq(&c.sent.state, state))
}

/// The person is back. Whatever came, the answer is used up.
pub async fn callback(cx: &Context, active: &mut Active, params: &Params) -> Result<Outcome> {
    let data = active.sign_in.data.active_mut();
    let Some(Subject::External { home, .. }) = data.subject.clone() else {
        return Err(Error::NotFound);
    };
    let crossing = data.crossing.as_mut().ok_or(Error::NotFound)?;
    let under_way = crossing.clone();
    crossing.sent.state.clear();
    crossing.sent.nonce.clear();
    crossing.sealed_verifier.clear();
    let entry = partner_configuration::partner(cx, &home.cloud)?;
    let issuer = entry.issuer(under_way.sent.details.home_tenant.uuid());
    let answer = match response::parse(params, &issuer) {
        Ok(answer) if under_way.sent.details.home_tenant == home.tenant => answer,
        Ok(_) => return refuse(cx, active, refused_by_home()).await,
        Err(error) => {
            tracing::warn!(correlation_id = %data.correlation_id, %error, "an answer is refused");
            return refuse(cx, active, refused_by_home()).await;
        }
    };
    let redeemed = match answer {
        Answer::Code(code) => redeem(cx, entry, (&home, &under_way), code.expose()).await?,
        Answer::Refusal(refusal) => Err(refusal),
    };
    match redeemed {
        Ok((facts, grant)) => {
            let identity = facts.identity.clone();
            let tenant = under_way.sent.details.resource_tenant;
            let pair = under_way.sent.details.pair;
            let sealed = lease::seal(cx, tenant, (&identity, pair), &grant)?;
            let data = active.sign_in.data.active_mut();
            data.assertion = Some(facts);
            data.sealed_grant = sealed;
            sign_in::advance(cx, active).await
        }
        Err(refusal) => refused_leg(cx, active, (&home, &under_way), refusal).await,
    }
}

async fn refuse(cx: &Context, active: &mut Active, refusal: Refusal) -> Result<Outcome> {
    let assessment = sign_in::assess(cx, active).await?;
    sign_in::refused(cx, active, assessment, refusal).await
}

/// What could not be met is asked once more, where the person can do something about it.
async fn refused_leg(
    cx: &Context,
    active: &mut Active,
    (home, under_way): (&HomeTenant, &CrossingUnderWay),
    refusal: response::Refusal,
) -> Result<Outcome> {
    let sent = &under_way.sent;
    let unmet = refusal == response::Refusal::UnmetAuthenticationRequirements;
    if !unmet || sent.prompt_none || under_way.attempt >= LEGS {
        return refuse(cx, active, told(refusal, sent.prompt_none)).await;
    }
    let controls = Controls {
        mfa: sent.acr == WantedAcr::Mfa,
        device: sent.device_asked,
        fresh: true,
    };
    let assessment = sign_in::assess(cx, active).await?;
    match depart(cx, active, &assessment, home, controls).await? {
        Ok(url) => {
            sign_in::save(cx, active).await?;
            Ok(Outcome::Depart(url))
        }
        Err(refusal) => sign_in::refused(cx, active, assessment, refusal).await,
    }
}

/// The code at home's token endpoint: the verified assertion and the lease, or home's refusal.
async fn redeem(
    cx: &Context,
    entry: &CloudEntry,
    (home, under_way): (&HomeTenant, &CrossingUnderWay),
    code: &str,
) -> Result<Result<(AssertionFacts, lease::Held), response::Refusal>> {
    let sent = &under_way.sent;
    let opened =
        cx.app
            .sealer()
            .open(VERIFIER, sent.state.as_bytes(), &under_way.sealed_verifier)?;
    let verifier = std::str::from_utf8(&opened).map_err(Error::internal)?;
    let form = Params::from_pairs([
        ("grant_type", "authorization_code"),
        ("client_id", cx.app.registry().own.entity.as_str()),
        ("code", code),
        ("redirect_uri", sent.redirect_uri.as_str()),
        ("code_verifier", verifier),
    ]);
    let target = Target {
        entry,
        tenant: home.tenant,
        endpoint: "token",
        jkt: &sent.dpop_jkt,
    };
    let exchange = async {
        let reply = call::post(cx, &target, &form).await?;
        let body = match reply {
            Reply::Done(body) => body,
            Reply::Refused(refusal) => return Ok(Err(refusal)),
            Reply::UnknownGrant => return Ok(Err(response::Refusal::Other)),
        };
        accept(cx, entry, (home, sent), &body).await
    };
    match answered(cx, exchange).await? {
        Ok(result) => Ok(result),
        Err(refusal) if refusal.code == HOME_REFUSED => Ok(Err(response::Refusal::Other)),
        Err(_) => Ok(Err(response::Refusal::TemporarilyUnavailable)),
    }
}

async fn accept(
    cx: &Context,
    entry: &CloudEntry,
    (home, sent): (&HomeTenant, &PushedCrossing),
    body: &[u8],
) -> Result<Result<(AssertionFacts, lease::Held), response::Refusal>> {
    let fault = |reason: &str| Error::Upstream {
        cloud: entry.name.clone(),
        reason: reason.to_owned(),
    };
    let (assertion, grant) = grants(body).ok_or_else(|| fault("its answer has no assertion"))?;
    let asked = verify::Asked {
        home,
        details: &sent.details,
        nonce: Some(&sent.nonce),
        person: sent.expected_sub,
        device: device(sent.device_asked),
    };
    let facts = verify::verify(cx, &asked, &assertion).await?;
    // An age that was asked and not kept is unmet, whatever home calls it (§3.9).
    if !verify::is_fresh(sent, &facts, cx.now) {
        return Ok(Err(response::Refusal::UnmetAuthenticationRequirements));
    }
    let held = lease::Held {
        token: grant.ok_or_else(|| fault("its answer has no lease"))?,
        jkt: sent.dpop_jkt.clone(),
    };
    Ok(Ok((facts, held)))
}

/// Assertion and lease of a token answer.
pub(crate) fn grants(body: &[u8]) -> Option<(String, Option<String>)> {
    let response: Response = serde_json::from_slice(body).ok()?;
    if !response.token_type.eq_ignore_ascii_case("DPoP") {
        return None;
    }
    let grant = response.refresh_token.filter(|t| t.len() <= 2048);
    Some((response.id_token?, grant))
}

pub(crate) const fn device(asked: bool) -> DeviceQuestion {
    if asked {
        DeviceQuestion::Asked
    } else {
        DeviceQuestion::NotAsked
    }
}

#[cfg(test)]
mod tests {
    use comity_model::sign_in::{OauthError, Side};
    use comity_oauth::response::Refusal as Home;

    use super::{grants, request_uri, told};

    #[test]
    fn home_s_refusals_in_our_words() {
        use OauthError::{AccessDenied, InteractionRequired, LoginRequired};
        let unavailable = OauthError::TemporarilyUnavailable;
        let rows = [
            (
                Home::OutboundBlocked,
                false,
                500_212,
                Side::Home,
                AccessDenied,
            ),
            (
                Home::CloudNotAllowed,
                false,
                1_000_104,
                Side::Home,
                AccessDenied,
            ),
            (Home::AccessDenied, false, 50_000, Side::Home, AccessDenied),
            (Home::Other, true, 50_000, Side::Home, AccessDenied),
            (Home::LoginRequired, false, 50_000, Side::Home, AccessDenied),
            (
                Home::LoginRequired,
                true,
                50_058,
                Side::Person,
                LoginRequired,
            ),
            (
                Home::InteractionRequired,
                false,
                65_004,
                Side::Person,
                AccessDenied,
            ),
            (
                Home::InteractionRequired,
                true,
                16_000,
                Side::Person,
                InteractionRequired,
            ),
            (
                Home::TemporarilyUnavailable,
                false,
                90_033,
                Side::Home,
                unavailable,
            ),
        ];
        for (home, silent, code, side, error) in rows {
            let seen = told(home, silent);
            let seen = (seen.code, seen.side, seen.error);
            assert_eq!(seen, (code, side, error), "{home:?} {silent}");
        }
    }

    #[test]
    fn only_what_can_be_an_answer_is_read() {
        let uri = |text: &str| request_uri(text.as_bytes());
        assert!(uri(r#"{"request_uri":"urn:x:1","expires_in":60}"#).is_some());
        assert_eq!(uri(r#"{"request_uri":"urn:x: 1","expires_in":60}"#), None);
        assert_eq!(uri(r#"{"expires_in":60}"#), None);
        let token = |text: &str| grants(text.as_bytes());
        let good = r#"{"token_type":"DPoP","expires_in":60,"id_token":"a","refresh_token":"b"}"#;
        assert_eq!(token(good), Some(("a".into(), Some("b".into()))));
        assert_eq!(token(&good.replace("DPoP", "Bearer")), None);
        assert_eq!(token("<html>"), None);
    }
}
