//! The assertion that home makes (cross-cloud-federation.md §3.8, §7).

use comity_model::{
    federation::{CrossingDetails, DeviceClaim, WantedAcr},
    session::MethodUse,
    signing_key::KeyPurpose,
    time::Utc,
};
use comity_oauth::{
    assertion::{self, Assertion, Device, Groups, LOCAL, MethodAt},
    text,
};

use super::guard::Vouched;
use crate::{
    context::Context,
    crossing::wire,
    error::{Error, Result},
    judge,
    sign_in::auth_time,
};

/// Seconds that an assertion lives: it is read at once.
const LIFE_SECONDS: i64 = 120;

/// What an assertion says beside what the guards found.
pub(super) struct Said<'a> {
    /// The registry's entity URL of the cloud that asks.
    pub audience: &'a str,
    pub details: &'a CrossingDetails,
    /// None at a renewal.
    pub nonce: Option<&'a str>,
    pub sid: &'a str,
    pub session_exp: Utc,
    pub device: Option<&'a DeviceClaim>,
}

/// Signs what every guard has just agreed to.
pub(super) async fn make(cx: &Context, vouched: &Vouched, said: &Said<'_>) -> Result<String> {
    let user = &vouched.user;
    let now = cx.now.seconds();
    let acr = if judge::is_multi_factor(&vouched.methods) {
        WantedAcr::Mfa
    } else {
        WantedAcr::Any
    };
    let methods = vouched.methods.iter().map(|m| MethodAt {
        method: m.method.clone(),
        at: m.at.seconds(),
    });
    let claims = Assertion {
        iss: cx
            .app
            .registry()
            .own
            .issuer(said.details.home_tenant.uuid()),
        aud: said.audience.to_owned(),
        iat: now,
        exp: now + LIFE_SECONDS,
        sub: user.id.uuid(),
        oid: user.id.uuid(),
        tid: said.details.home_tenant.uuid(),
        upn: user.upn.clone(),
        name: text::clean(&user.display_name, text::MAX_SHOWN),
        nonce: said.nonce.map(str::to_owned),
        sid: said.sid.to_owned(),
        session_exp: said.session_exp.seconds(),
        auth_time: auth_time(&vouched.methods, cx.now).seconds(),
        acr: acr.as_str().to_owned(),
        amr: amr(&vouched.methods),
        methods: methods.collect(),
        credential: LOCAL.to_owned(),
        crossing: wire::to_wire(said.details),
        groups: Groups {
            evaluated: vouched.groups.evaluated.clone(),
            member: vouched.groups.member.clone(),
        },
        device: said.device.map(|d| Device {
            id: d.id,
            is_compliant: d.is_compliant,
            is_hybrid_joined: d.is_hybrid_joined,
            attributes: d.attributes.clone(),
        }),
        automatic_redemption: vouched.automatic,
    };
    let keys = crate::key::fresh(cx).await?;
    assertion::sign(&claims, keys.active(KeyPurpose::Assertion)?).map_err(Error::internal)
}

/// RFC 8176.
fn amr(methods: &[MethodUse]) -> Vec<String> {
    let used = |method: &str| methods.iter().any(|m| m.method == method);
    let mut amr = Vec::new();
    if used("password") {
        amr.push("pwd".to_owned());
    }
    if used("softwareOath") {
        amr.push("otp".to_owned());
    }
    if judge::is_multi_factor(methods) {
        amr.push("mfa".to_owned());
    }
    amr
}
