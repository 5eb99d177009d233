//! The assertion against what was asked (cross-cloud-federation.md §3.8, §3.9): at the callback and
//! at each renewal of the lease.

use comity_model::{
    federation::{AssertionFacts, CrossingDetails, HomeTenant, PushedCrossing, WantedAcr},
    id::Id,
    time::Utc,
    user::User,
};
use comity_oauth::{
    SKEW,
    assertion::{self, DeviceQuestion, Expected},
    entity::Purpose,
    jws::{Kind, Unverified},
};

use super::wire;
use crate::{
    context::Context,
    error::{Error, Result},
    judge, partner_configuration,
};

/// What was asked of home.
pub(crate) struct Asked<'a> {
    pub home: &'a HomeTenant,
    pub details: &'a CrossingDetails,
    /// None at a renewal.
    pub nonce: Option<&'a str>,
    pub person: Option<Id<User>>,
    pub device: DeviceQuestion,
}

/// Verifies an assertion and compares it with what was asked. Anything else than a faithful answer
/// is not believed: [`Error::Denied`]. Without home's keys nothing is known: [`Error::Upstream`].
pub(crate) async fn verify(cx: &Context, asked: &Asked<'_>, token: &str) -> Result<AssertionFacts> {
    let entry = partner_configuration::partner(cx, &asked.home.cloud)?;
    let fault = |why: String| {
        tracing::warn!(cloud = %entry.canonical_name, why, "an assertion is refused");
        Error::Denied {
            refusal: super::refused_by_home(),
            message: format!(
                "{}: what it says about the person is not accepted",
                entry.name
            ),
        }
    };
    let unverified =
        Unverified::parse(token, Kind::Cloud).map_err(|error| fault(error.to_string()))?;
    let kid = unverified.header().kid.clone().unwrap_or_default();
    let keys = partner_configuration::keys(
        cx,
        &entry.canonical_name,
        Purpose::Assertion,
        Some(kid.as_str()),
    )
    .await?;
    let issuer = entry.issuer(asked.home.tenant.uuid());
    let crossing = wire::to_wire(asked.details);
    let expected = Expected {
        issuer: &issuer,
        audience: &cx.app.registry().own.entity,
        nonce: asked.nonce,
        crossing: &crossing,
        person: asked.person.map(Id::uuid),
        device: asked.device,
        now: cx.now.seconds(),
    };
    let verified =
        assertion::verify(token, &keys, &expected).map_err(|error| fault(error.to_string()))?;
    wire::facts(cx, asked.home, verified, &kid).map_err(|why| fault(why.to_owned()))
}

/// Whether what was proven is as young as was asked: with a second factor the oldest factor, else
/// the sign-in (§3.9). The other cloud's clock may be ahead.
pub(super) fn is_fresh(sent: &PushedCrossing, facts: &AssertionFacts, now: Utc) -> bool {
    let Some(age) = sent.max_age else {
        return true;
    };
    let young = |at: Utc| now.seconds_since(at) <= age.saturating_add(SKEW);
    if sent.acr == WantedAcr::Any {
        return young(facts.auth_time);
    }
    let counted: Vec<_> = facts
        .methods
        .iter()
        .filter(|m| young(m.at))
        .cloned()
        .collect();
    judge::is_multi_factor(&counted)
}

#[cfg(test)]
mod tests {
    use super::is_fresh;
    use crate::crossing::fixture;
    use comity_model::{
        federation::{AssertionFacts, PushedCrossing, WantedAcr},
        session::MethodUse,
        time::Utc,
    };

    const NOW: i64 = 1_000_000;

    fn sent(acr: WantedAcr, max_age: Option<i64>) -> PushedCrossing {
        PushedCrossing {
            acr,
            max_age,
            ..fixture::pushed()
        }
    }

    fn facts(password: i64, code: i64) -> AssertionFacts {
        let at = |age: i64| Utc::from_seconds(NOW - age);
        let used = |method: &str, age| MethodUse {
            method: method.into(),
            at: at(age),
        };
        AssertionFacts {
            session_exp: at(0),
            auth_time: at(password),
            methods: vec![used("password", password), used("softwareOath", code)],
            confirmed: at(0),
            ..fixture::asserted()
        }
    }

    #[test]
    fn the_oldest_factor_decides_where_two_are_asked() {
        let now = Utc::from_seconds(NOW);
        let rows = [
            (WantedAcr::Any, None, 9999, 9999, true),
            (WantedAcr::Any, Some(300), 300, 9999, true),
            (WantedAcr::Any, Some(300), 361, 0, false),
            (WantedAcr::Any, Some(300), 360, 0, true),
            (WantedAcr::Mfa, Some(300), 100, 100, true),
            (WantedAcr::Mfa, Some(300), 500, 100, false),
            (WantedAcr::Mfa, Some(300), 100, 500, false),
            (WantedAcr::Mfa, None, 9999, 9999, true),
        ];
        for (acr, age, password, code, expected) in rows {
            let fresh = is_fresh(&sent(acr, age), &facts(password, code), now);
            assert_eq!(fresh, expected, "{acr:?} {age:?} {password} {code}");
        }
    }
}
