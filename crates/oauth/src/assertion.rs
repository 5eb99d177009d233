//! The cross-cloud assertion (cross-cloud-federation.md §3.8 and §7): what home says about a
//! person, at redemption and at each renewal of the lease.
//!
//! 1. `typ` is `comity-assertion+jwt`, ES256, by a key home published for assertions.
//! 2. `iss` is the issuer of the home tenant asked, `aud` our entity URL as one string.
//! 3. `tid` is that tenant; `sub` = `oid`, and the person expected if one was.
//! 4. `nonce` and `crossing` are those of the push, member by member.
//! 5. `credential` is `local`: the person's first credential is kept in the home tenant.
//! 6. Life at most 10 minutes; no time is more than 60 s ahead; the session lasts.
//! 7. A device is spoken of only if it was asked about.
//! 8. Group IDs that were not asked are dropped, as is a membership that was not evaluated.
//! 9. With `max_age`, every method counted is recent enough; judged by [`Assertion::is_fresh`].
//!
//! Members that are not listed here are refused: there is no place for a claim nobody compares.

use std::collections::BTreeSet;

use comity_crypto::{SigningAlgorithm, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::crossing::CrossingDetails;
use crate::guid;
use crate::jws::{self, JwsError, Kind, SignError, Unverified};
use crate::keys::KeySet;

/// The `typ` of an assertion.
pub const TYPE: &str = "comity-assertion+jwt";
/// The longest life of an assertion, in seconds.
pub const MAX_LIFE: i64 = 600;
/// `credential` of a person whose first credential is kept in the home tenant.
pub const LOCAL: &str = "local";

const MAX_METHODS: usize = 32;

/// The claims of an assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// The home tenant's issuer.
    pub iss: String,
    /// The resource cloud's entity URL.
    pub aud: String,
    /// Issued at.
    pub iat: i64,
    /// Expires.
    pub exp: i64,
    /// The person's object ID at home.
    #[serde(with = "guid")]
    pub sub: Uuid,
    /// The same.
    #[serde(with = "guid")]
    pub oid: Uuid,
    /// The home tenant.
    #[serde(with = "guid")]
    pub tid: Uuid,
    /// Sign-in name at home: a label, never an identity.
    pub upn: String,
    /// Display name at home: a label.
    pub name: String,
    /// The nonce of the push; a renewal has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Home's session.
    pub sid: String,
    /// When home's session ends at the latest.
    pub session_exp: i64,
    /// When the first factor was proven.
    pub auth_time: i64,
    /// What was reached, one of the contexts of §7.
    pub acr: String,
    /// RFC 8176; unknown values count for nothing.
    pub amr: Vec<String>,
    /// Each method with its own time.
    pub methods: Vec<MethodAt>,
    /// `local`.
    pub credential: String,
    /// The crossing as bound.
    pub crossing: CrossingDetails,
    /// The group answer.
    pub groups: Groups,
    /// The device, if it was asked about and proved its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Home's own outbound automatic-redemption tick towards the resource tenant.
    pub automatic_redemption: bool,
}

/// A method and when it was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodAt {
    /// A word of Graph's `authenticationMethodModes`.
    pub method: String,
    /// Unix seconds.
    pub at: i64,
}

/// Which groups were looked at, and which of them hold the person, transitively.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// The set that was evaluated.
    #[serde(with = "guid::set")]
    pub evaluated: BTreeSet<Uuid>,
    /// The part of it that holds her.
    #[serde(with = "guid::set")]
    pub member: BTreeSet<Uuid>,
}

impl Groups {
    /// Rule 8.
    #[must_use]
    pub fn limited_to(mut self, asked: &BTreeSet<Uuid>) -> Self {
        self.evaluated.retain(|group| asked.contains(group));
        self.member.retain(|group| self.evaluated.contains(group));
        self
    }
}

/// A device of the asserting tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Device {
    /// Its ID.
    #[serde(with = "guid")]
    pub id: Uuid,
    /// Whether it meets home's rules.
    pub is_compliant: bool,
    /// Whether it is hybrid joined.
    pub is_hybrid_joined: bool,
    /// Management attributes, for device filters.
    #[serde(default)]
    pub attributes: Map<String, Value>,
}

/// What an assertion is compared with: the transaction of the leg.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer of the home tenant, from our registry's template.
    pub issuer: &'a str,
    /// Our entity URL.
    pub audience: &'a str,
    /// The nonce of the push; `None` at a renewal.
    pub nonce: Option<&'a str>,
    /// The crossing as pushed.
    pub crossing: &'a CrossingDetails,
    /// This person or nobody.
    pub person: Option<Uuid>,
    /// Whether the push asked about the device.
    pub device: DeviceQuestion,
    /// Unix seconds.
    pub now: i64,
}

/// Whether the resource asked about the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceQuestion {
    /// It did.
    Asked,
    /// It did not.
    NotAsked,
}

/// A broken rule of §3.8.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// Rule 1, or unknown members.
    #[error("the assertion is refused: {0}")]
    Jws(#[from] JwsError),
    /// Rule 2.
    #[error("the assertion is of another issuer than the home tenant asked")]
    Issuer,
    /// Rule 2.
    #[error("the assertion is for another cloud")]
    Audience,
    /// Rule 3.
    #[error("the assertion is of another tenant than the one asked")]
    Tenant,
    /// Rule 3: `sub` is not `oid`.
    #[error("the assertion's `sub` is not its `oid`")]
    Subject,
    /// Rule 3.
    #[error("the assertion is about another person than the one asked for")]
    Person,
    /// Rule 4.
    #[error("the assertion's nonce is not the one of the push")]
    Nonce,
    /// Rule 4.
    #[error("the assertion's crossing differs from the push in `{0}`")]
    Crossing(&'static str),
    /// Rule 5.
    #[error("the person's first credential is not kept in the home tenant")]
    Credential,
    /// Rule 6.
    #[error("the assertion has expired")]
    Expired,
    /// Rule 6.
    #[error("the assertion lives too long")]
    TooLong,
    /// Rule 6.
    #[error("the assertion has a time that lies ahead: `{0}`")]
    FromTheFuture(&'static str),
    /// Rule 6.
    #[error("home's session has ended")]
    SessionEnded,
    /// Rule 7.
    #[error("the assertion speaks of a device nobody asked about")]
    DeviceNotAsked,
    /// A text is too long, or there are too many methods or attributes.
    #[error("the assertion's `{0}` is too long or malformed")]
    Bounds(&'static str),
}

impl AssertionError {
    /// To the person this is a fault of the other side.
    pub fn code(&self) -> &'static str {
        "server_error"
    }
}

/// Signs an assertion.
pub fn sign(assertion: &Assertion, key: &SigningKey) -> Result<String, SignError> {
    jws::sign(TYPE, assertion, key)
}

/// Rules 1 to 8.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Assertion, AssertionError> {
    let unverified = Unverified::parse(token, Kind::Cloud)?;
    if unverified.header().algorithm != SigningAlgorithm::Es256 {
        return Err(JwsError::AlgorithmOfKey.into());
    }
    let mut assertion: Assertion = unverified.verify_with(keys, TYPE)?.read()?;
    assertion.check_parties(expected)?;
    assertion.check_crossing(expected.crossing)?;
    if assertion.credential != LOCAL {
        return Err(AssertionError::Credential);
    }
    assertion.check_times(expected.now)?;
    if assertion.device.is_some() && expected.device == DeviceQuestion::NotAsked {
        return Err(AssertionError::DeviceNotAsked);
    }
    assertion.check_bounds()?;
    assertion.groups = std::mem::take(&mut assertion.groups).limited_to(&expected.crossing.groups);
    Ok(assertion)
}

impl Assertion {
    /// Rule 9: whether the oldest of `methods` is at most `max_age` seconds old. An empty list is
    /// not fresh.
    pub fn is_fresh(&self, methods: &[&str], max_age: i64, now: i64) -> bool {
        let mut counted = self
            .methods
            .iter()
            .filter(|used| methods.contains(&used.method.as_str()))
            .peekable();
        counted.peek().is_some() && counted.all(|used| now.saturating_sub(used.at) <= max_age)
    }

    fn check_parties(&self, expected: &Expected<'_>) -> Result<(), AssertionError> {
        if self.iss != expected.issuer {
            return Err(AssertionError::Issuer);
        }
        if self.aud != expected.audience {
            return Err(AssertionError::Audience);
        }
        if self.tid != expected.crossing.home_tenant {
            return Err(AssertionError::Tenant);
        }
        if self.sub != self.oid {
            return Err(AssertionError::Subject);
        }
        if expected.person.is_some_and(|person| person != self.sub) {
            return Err(AssertionError::Person);
        }
        if self.nonce.as_deref() != expected.nonce {
            return Err(AssertionError::Nonce);
        }
        Ok(())
    }

    fn check_crossing(&self, bound: &CrossingDetails) -> Result<(), AssertionError> {
        let own = &self.crossing;
        let swapped = [
            (
                "resource_tenant",
                own.resource_tenant != bound.resource_tenant,
            ),
            ("home_tenant", own.home_tenant != bound.home_tenant),
            ("client_app", own.client_app != bound.client_app),
            ("resource_app", own.resource_app != bound.resource_app),
            ("app_name", own.app_name != bound.app_name),
            ("groups", own.groups != bound.groups),
            ("correlation_id", own.correlation_id != bound.correlation_id),
        ];
        match swapped.into_iter().find(|(_, differs)| *differs) {
            Some((name, _)) => Err(AssertionError::Crossing(name)),
            None => Ok(()),
        }
    }

    fn check_times(&self, now: i64) -> Result<(), AssertionError> {
        if self.exp <= now {
            return Err(AssertionError::Expired);
        }
        if self.exp.saturating_sub(self.iat) > MAX_LIFE {
            return Err(AssertionError::TooLong);
        }
        let methods = self.methods.iter().map(|used| ("methods", used.at));
        let times = [("iat", self.iat), ("auth_time", self.auth_time)];
        if let Some((name, _)) = times
            .into_iter()
            .chain(methods)
            .find(|(_, time)| crate::is_ahead(*time, now))
        {
            return Err(AssertionError::FromTheFuture(name));
        }
        if self.session_exp <= now {
            return Err(AssertionError::SessionEnded);
        }
        Ok(())
    }

    fn check_bounds(&self) -> Result<(), AssertionError> {
        let word = |text: &String| text.len() <= 64 && !crate::text::has_control(text);
        let attributes = self
            .device
            .as_ref()
            .map_or(0, |device| device.attributes.len());
        for (name, fits) in [
            (
                "upn",
                !self.upn.is_empty() && crate::text::is_clean(&self.upn, 256),
            ),
            ("name", self.name.len() <= 1024),
            (
                "sid",
                (1..=128).contains(&self.sid.len()) && !crate::text::has_control(&self.sid),
            ),
            ("acr", word(&self.acr)),
            (
                "amr",
                self.amr.len() <= MAX_METHODS && self.amr.iter().all(word),
            ),
            (
                "methods",
                self.methods.len() <= MAX_METHODS
                    && self.methods.iter().all(|used| word(&used.method)),
            ),
            ("device", attributes <= 64),
        ] {
            if !fits {
                return Err(AssertionError::Bounds(name));
            }
        }
        Ok(())
    }
}
