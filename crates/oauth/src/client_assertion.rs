//! Client assertions, `private_key_jwt` (RFC 7523 §3, RFC 7523bis, FAPI 2.0 §5.3.2.1; security bar
//! O-21).
//!
//! 1. `iss` = `sub` = the client.
//! 2. `aud` is one string. Profiles `entity` and `fapi2`: the issuer and nothing else; `standard`:
//!    the issuer or the token endpoint as the client sees it.
//! 3. `exp` is required and at most 5 minutes away, 10 in the profile `standard`; `iat` and `nbf`
//!    are at most 60 s ahead. Times may be fractions.
//! 4. `jti` is required; the caller remembers it until `exp`, in the store.
//! 5. `entity`: ES256 and a `typ` of its own; `fapi2`: ES256 or PS256; `standard`: RS256 too.

use comity_crypto::{SigningAlgorithm, SigningKey};
use serde::Serialize;

use crate::jws::{self, Claims, JwsError, Kind, SignError, Unverified};
use crate::keys::KeySet;

/// The `typ` of the assertions clouds send one another (RFC 7523bis §5).
pub const TYPE: &str = "client-authentication+jwt";
/// Seconds an assertion of ours lives.
const OWN_LIFE: i64 = 60;

/// How strict a client's assertions are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Another cloud.
    Entity,
    /// A client of the profile `fapi2`.
    Fapi2,
    /// Every other client.
    Standard,
}

/// What an assertion must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The client.
    pub client_id: &'a str,
    /// Our issuer first; for [`Profile::Standard`] the token endpoints after it.
    pub audiences: &'a [&'a str],
    /// The client's profile.
    pub profile: Profile,
    /// Unix seconds.
    pub now: i64,
}

/// What is left to do with an accepted assertion: remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its ID, unique for this client until `exp`.
    pub jti: String,
    /// When it may be forgotten.
    pub exp: i64,
}

/// A broken rule of RFC 7523 §3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientAssertionError {
    /// Not an acceptable JWS.
    #[error("the client assertion is refused: {0}")]
    Jws(#[from] JwsError),
    /// Rule 5.
    #[error("the client assertion's `typ` or `alg` is not accepted for this client")]
    Type,
    /// Rule 1.
    #[error("`iss` and `sub` of the client assertion must both be the client")]
    Subject,
    /// Rule 2.
    #[error("`aud` of the client assertion must be the issuer as one string")]
    Audience,
    /// Rule 3: no `exp`.
    #[error("the client assertion has no `exp`")]
    MissingExpiry,
    /// Rule 3: too old.
    #[error("the client assertion has expired")]
    Expired,
    /// Rule 3: lives too long.
    #[error("the client assertion lives too long; make one for each request")]
    TooLong,
    /// Rule 3: from the future.
    #[error("the client assertion is from the future; check the clock")]
    FromTheFuture,
    /// Rule 4.
    #[error("the client assertion has no `jti`, or one that is too long")]
    Id,
}

impl ClientAssertionError {
    /// RFC 7521 §4.2.1.
    pub fn code(&self) -> &'static str {
        "invalid_client"
    }

    /// The directory's number (semantics §5.4).
    pub fn number(&self) -> u32 {
        700_027
    }
}

/// The client an assertion claims to be of, to find its keys; nothing is proven by it.
pub fn claimed_client(assertion: &str) -> Result<String, ClientAssertionError> {
    let unverified = Unverified::parse(assertion, Kind::ClientAssertion)?;
    let client = unverified.claimed("sub").filter(|sub| sub.len() <= 512);
    client
        .map(str::to_owned)
        .ok_or(ClientAssertionError::Subject)
}

/// Rules 1 to 5.
pub fn verify(
    assertion: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Accepted, ClientAssertionError> {
    let unverified = Unverified::parse(assertion, Kind::ClientAssertion)?;
    check_header(&unverified, expected.profile)?;
    let key = keys
        .meant_by(unverified.header())
        .ok_or(JwsError::UnknownKey)?
        .clone();
    let algorithm = unverified.algorithm_of(&key)?;
    let claims = unverified.verify_signature(&key, algorithm)?;
    let is_client = |name| claims.text(name) == Some(expected.client_id);
    if !is_client("iss") || !is_client("sub") {
        return Err(ClientAssertionError::Subject);
    }
    let accepted = match expected.profile {
        Profile::Standard => expected.audiences,
        Profile::Entity | Profile::Fapi2 => expected.audiences.get(..1).unwrap_or_default(),
    };
    if !claims
        .text("aud")
        .is_some_and(|aud| accepted.contains(&aud))
    {
        return Err(ClientAssertionError::Audience);
    }
    let exp = check_times(&claims, expected)?;
    let jti = claims
        .text("jti")
        .filter(|jti| (1..=256).contains(&jti.len()));
    Ok(Accepted {
        jti: jti.ok_or(ClientAssertionError::Id)?.to_owned(),
        exp,
    })
}

/// Makes an assertion of ours for another cloud.
pub fn make(
    key: &SigningKey,
    client_id: &str,
    audience: &str,
    jti: &str,
    now: i64,
) -> Result<String, SignError> {
    #[derive(Serialize)]
    struct Assertion<'a> {
        iss: &'a str,
        sub: &'a str,
        aud: &'a str,
        jti: &'a str,
        iat: i64,
        exp: i64,
    }
    let exp = now.saturating_add(OWN_LIFE);
    let claims = Assertion {
        iss: client_id,
        sub: client_id,
        aud: audience,
        jti,
        iat: now,
        exp,
    };
    jws::sign(TYPE, &claims, key)
}

fn check_header(unverified: &Unverified<'_>, profile: Profile) -> Result<(), ClientAssertionError> {
    let header = unverified.header();
    let typ = header.typ.as_deref();
    let fits = match profile {
        Profile::Entity => {
            typ == Some(TYPE) && header.algorithm == SigningAlgorithm::Es256 && header.kid.is_some()
        }
        Profile::Fapi2 => is_plain(typ) && header.algorithm != SigningAlgorithm::Rs256,
        Profile::Standard => is_plain(typ),
    };
    if fits {
        Ok(())
    } else {
        Err(ClientAssertionError::Type)
    }
}

/// Clients write `JWT`, nothing, or the type that RFC 7523bis gave it.
fn is_plain(typ: Option<&str>) -> bool {
    matches!(typ, None | Some("JWT" | "jwt" | TYPE))
}

fn check_times(claims: &Claims, expected: &Expected<'_>) -> Result<i64, ClientAssertionError> {
    let now = expected.now;
    let exp = claims
        .time("exp")
        .ok_or(ClientAssertionError::MissingExpiry)?;
    if exp <= now {
        return Err(ClientAssertionError::Expired);
    }
    let life = match expected.profile {
        Profile::Standard => 600,
        Profile::Entity | Profile::Fapi2 => 300,
    };
    // The client's clock may be ahead of ours.
    if exp > now.saturating_add(life + crate::SKEW) {
        return Err(ClientAssertionError::TooLong);
    }
    for name in ["iat", "nbf"] {
        match (claims.get(name), claims.time(name)) {
            (None, _) => {}
            (Some(_), Some(time)) if !crate::is_ahead(time, now) => {}
            _ => return Err(ClientAssertionError::FromTheFuture),
        }
    }
    Ok(exp)
}
