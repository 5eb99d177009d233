//! Questions and answers of the back channel (cross-cloud-federation.md §4 and §7).
//!
//! 1. A question is a JWS, `typ` `comity-question+jwt`, ES256; an answer has `typ`
//!    `comity-answer+jwt`; both live at most 60 s.
//! 2. `iss` and `aud` are entity URLs of our registry, one string each.
//! 3. A question asks exactly one thing; the answer repeats its `jti` and answers that thing.
//! 4. Unknown members are refused on both sides; what is answered beyond what was asked is dropped.

use std::collections::BTreeSet;

use comity_crypto::{SigningAlgorithm, SigningKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::assertion::Groups;
use crate::guid;
use crate::jws::{self, JwsError, Kind, SignError, Unverified};
use crate::keys::KeySet;

pub mod answer;

pub use answer::{
    Answer, Gate, GateAnswer, GateState, InviteeAnswer, Refused, Reply, TenantAnswer,
};

/// The `typ` of a question.
pub const TYPE: &str = "comity-question+jwt";
/// The `typ` of an answer.
pub const ANSWER_TYPE: &str = "comity-answer+jwt";
/// Where questions are asked, under the entity URL.
pub const PATH: &str = "/federation/v1/ask";
/// The longest life of a question or an answer, in seconds.
pub const MAX_LIFE: i64 = 60;

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parsed", into = "Parsed")]
pub struct Question {
    /// The asking cloud's entity URL.
    pub iss: String,
    /// The asked cloud's.
    pub aud: String,
    /// Issued at.
    pub iat: i64,
    /// Expires.
    pub exp: i64,
    /// Good once.
    pub jti: String,
    /// The asking tenant, by the asking cloud's word.
    pub tid: Uuid,
    /// Finds the records on both sides.
    pub correlation_id: Uuid,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// *Add organization*.
    Tenant(AskTenant),
    /// An invitation.
    Invitee(AskInvitee),
    /// *Is the other side ready?*
    Readiness(AskReadiness),
}

/// A tenant by ID; by domain cannot be asked across clouds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskTenant {
    /// The tenant.
    #[serde(with = "guid")]
    pub id: Uuid,
}

/// A person by sign-in name, at one named tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AskInvitee {
    /// The tenant.
    #[serde(with = "guid")]
    pub tenant_id: Uuid,
    /// The name typed into the invitation.
    pub upn: String,
    /// Groups that the asker's inbound policy names.
    #[serde(with = "guid::set")]
    pub groups: BTreeSet<Uuid>,
}

/// The state of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AskReadiness {
    /// The tenant asked.
    #[serde(with = "guid")]
    pub tenant_id: Uuid,
    /// The part the asked tenant would play.
    pub role: Role,
    /// One of its applications, if it has opted in to such questions.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "guid::optional"
    )]
    pub application: Option<Uuid>,
    /// A group of the asker's, likewise.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "guid::optional"
    )]
    pub group: Option<Uuid>,
}

/// Which side of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Where the person comes from.
    Home,
    /// Where she goes.
    Resource,
}

impl Ask {
    /// The tenant that is asked.
    pub fn tenant(&self) -> Uuid {
        match self {
            Self::Tenant(ask) => ask.id,
            Self::Invitee(ask) => ask.tenant_id,
            Self::Readiness(ask) => ask.tenant_id,
        }
    }
}

/// A broken rule of §4.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// Rule 1 or 4, or not an acceptable JWS.
    #[error("the message is refused: {0}")]
    Jws(#[from] JwsError),
    /// Rule 2.
    #[error("the message is of another cloud than the one whose key signed it")]
    Issuer,
    /// Rule 2.
    #[error("the message is for another cloud")]
    Audience,
    /// Rule 1.
    #[error("the message has expired")]
    Expired,
    /// Rule 1.
    #[error("the message lives longer than a minute")]
    TooLong,
    /// Rule 1.
    #[error("the message is from the future")]
    FromTheFuture,
    /// No `jti`, or one that is too long.
    #[error("the question's `jti` is missing or too long")]
    Id,
    /// A text is empty, too long or has control characters.
    #[error("the message's `{0}` is malformed or too long")]
    Bounds(&'static str),
    /// Rule 3: the answer to another question.
    #[error("the answer is to another question")]
    OtherQuestion,
    /// Rule 3: an answer of another kind, or about another tenant or person.
    #[error("the answer does not answer what was asked")]
    OtherAnswer,
}

impl QuestionError {
    /// What the asking side is told; the asked side's log has the rule.
    pub fn code(&self) -> &'static str {
        "invalid_request"
    }
}

/// What a question or an answer must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The other cloud's entity URL.
    pub issuer: &'a str,
    /// Ours.
    pub audience: &'a str,
    /// Unix seconds.
    pub now: i64,
}

/// Who a question claims to be from, to find the registry entry; nothing is proven by it.
pub fn claimed_issuer(token: &str) -> Result<String, QuestionError> {
    let unverified = Unverified::parse(token, Kind::Cloud)?;
    unverified
        .claimed("iss")
        .map(str::to_owned)
        .ok_or(QuestionError::Issuer)
}

/// Signs a question.
pub fn sign(question: &Question, key: &SigningKey) -> Result<String, SignError> {
    jws::sign(TYPE, question, key)
}

/// Rules 1, 2 and 4 for a question. The caller remembers `jti` until `exp`.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<Question, QuestionError> {
    let question: Question = read(token, keys, TYPE)?;
    check_parties(&question.iss, &question.aud, expected)?;
    check_times(question.iat, question.exp, expected.now)?;
    if !(16..=128).contains(&question.jti.len()) || crate::text::has_control(&question.jti) {
        return Err(QuestionError::Id);
    }
    if let Ask::Invitee(ask) = &question.ask
        && (!(3..=320).contains(&ask.upn.len()) || crate::text::has_control(&ask.upn))
    {
        return Err(QuestionError::Bounds("upn"));
    }
    Ok(question)
}

fn read<T: DeserializeOwned>(token: &str, keys: &KeySet, typ: &str) -> Result<T, QuestionError> {
    let unverified = Unverified::parse(token, Kind::Cloud)?;
    if unverified.header().algorithm != SigningAlgorithm::Es256 {
        return Err(JwsError::AlgorithmOfKey.into());
    }
    Ok(unverified.verify_with(keys, typ)?.read()?)
}

fn check_parties(iss: &str, aud: &str, expected: &Expected<'_>) -> Result<(), QuestionError> {
    if iss != expected.issuer {
        return Err(QuestionError::Issuer);
    }
    if aud != expected.audience {
        return Err(QuestionError::Audience);
    }
    Ok(())
}

fn check_times(iat: i64, exp: i64, now: i64) -> Result<(), QuestionError> {
    if exp <= now {
        return Err(QuestionError::Expired);
    }
    if exp.saturating_sub(iat) > MAX_LIFE {
        return Err(QuestionError::TooLong);
    }
    if crate::is_ahead(iat, now) {
        return Err(QuestionError::FromTheFuture);
    }
    Ok(())
}

/// A question as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parsed {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(with = "guid")]
    tid: Uuid,
    #[serde(with = "guid")]
    correlation_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<AskTenant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitee: Option<AskInvitee>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    readiness: Option<AskReadiness>,
}

impl TryFrom<Parsed> for Question {
    type Error = &'static str;

    fn try_from(parsed: Parsed) -> Result<Self, Self::Error> {
        let ask = match (parsed.tenant, parsed.invitee, parsed.readiness) {
            (Some(ask), None, None) => Ask::Tenant(ask),
            (None, Some(ask), None) => Ask::Invitee(ask),
            (None, None, Some(ask)) => Ask::Readiness(ask),
            _ => return Err("a question asks exactly one of tenant, invitee, readiness"),
        };
        Ok(Self {
            iss: parsed.iss,
            aud: parsed.aud,
            iat: parsed.iat,
            exp: parsed.exp,
            jti: parsed.jti,
            tid: parsed.tid,
            correlation_id: parsed.correlation_id,
            ask,
        })
    }
}

impl From<Question> for Parsed {
    fn from(question: Question) -> Self {
        let (tenant, invitee, readiness) = match question.ask {
            Ask::Tenant(ask) => (Some(ask), None, None),
            Ask::Invitee(ask) => (None, Some(ask), None),
            Ask::Readiness(ask) => (None, None, Some(ask)),
        };
        Self {
            iss: question.iss,
            aud: question.aud,
            iat: question.iat,
            exp: question.exp,
            jti: question.jti,
            tid: question.tid,
            correlation_id: question.correlation_id,
            tenant,
            invitee,
            readiness,
        }
    }
}
