//! Answers of the back channel.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    ANSWER_TYPE, Ask, Expected, Groups, KeySet, QuestionError, SignError, SigningKey,
    check_parties, check_times, guid, jws, read,
};
use crate::text;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parsed", into = "Parsed")]
pub struct Answer {
    /// The asked cloud's entity URL.
    pub iss: String,
    /// The asking cloud's.
    pub aud: String,
    /// Issued at.
    pub iat: i64,
    /// Expires.
    pub exp: i64,
    /// The question's `jti`.
    pub jti: String,
    /// What is answered.
    pub reply: Reply,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// What a tenant publishes about itself.
    Tenant(TenantAnswer),
    /// Who would be invited.
    Invitee(InviteeAnswer),
    /// The state of each gate.
    Gates(Vec<GateAnswer>),
    /// No answer.
    Refused(Refused),
}

/// What a tenant publishes about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantAnswer {
    /// The tenant asked about.
    pub tenant_id: Uuid,
    /// What it calls itself.
    pub display_name: String,
    /// Its default domain.
    pub default_domain_name: String,
    /// The domains it publishes.
    pub domains: Vec<String>,
}

/// Who would be invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteeAnswer {
    /// The tenant asked.
    pub tenant_id: Uuid,
    /// The person.
    pub object_id: Uuid,
    /// Her sign-in name as home spells it.
    pub user_principal_name: String,
    /// The group answer.
    pub groups: Groups,
}

/// A gate and its state towards the asking tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateAnswer {
    /// The gate.
    pub gate: Gate,
    /// Its state.
    pub state: GateState,
}

/// A gate of the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// Is our cloud ticked?
    Cloud,
    /// Are we a partner?
    Partner,
    /// Is it open to us inbound?
    Inbound,
    /// Is it open to us outbound?
    Outbound,
    /// The application asked about, with the group asked about.
    Application,
}

/// The state of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateState {
    /// Open.
    Open,
    /// Closed.
    Closed,
    /// Not told.
    Unknown,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refused {
    /// The home tenant has switched its side off.
    Switch,
    /// Everything else.
    Unknown,
}

/// Signs an answer.
pub fn sign(answer: &Answer, key: &SigningKey) -> Result<String, SignError> {
    jws::sign(ANSWER_TYPE, answer, key)
}

/// Rules 1 to 4 for the answer to the question `jti`, which asked `ask`.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
    jti: &str,
    ask: &Ask,
) -> Result<Reply, QuestionError> {
    let answer: Answer = read(token, keys, ANSWER_TYPE)?;
    check_parties(&answer.iss, &answer.aud, expected)?;
    check_times(answer.iat, answer.exp, expected.now)?;
    if answer.jti != jti {
        return Err(QuestionError::OtherQuestion);
    }
    match (ask, answer.reply) {
        (_, Reply::Refused(refused)) => Ok(Reply::Refused(refused)),
        (Ask::Tenant(ask), Reply::Tenant(reply)) if reply.tenant_id == ask.id => {
            reply.checked().map(Reply::Tenant)
        }
        (Ask::Invitee(ask), Reply::Invitee(mut reply)) if reply.tenant_id == ask.tenant_id => {
            // The name may come back in home's spelling, but it is the name that was asked.
            if reply.user_principal_name.to_lowercase() != ask.upn.to_lowercase() {
                return Err(QuestionError::OtherAnswer);
            }
            reply.groups = reply.groups.limited_to(&ask.groups);
            Ok(Reply::Invitee(reply))
        }
        (Ask::Readiness(_), Reply::Gates(gates)) if is_readiness(&gates) => Ok(Reply::Gates(gates)),
        _ => Err(QuestionError::OtherAnswer),
    }
}

/// Each gate at most once.
fn is_readiness(gates: &[GateAnswer]) -> bool {
    let mut seen: Vec<_> = gates.iter().map(|answer| answer.gate).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len() == gates.len()
}

impl TenantAnswer {
    /// Names are for showing: cleaned and cut. Domains are only kept if they can be domains.
    fn checked(mut self) -> Result<Self, QuestionError> {
        self.display_name = text::clean(&self.display_name, text::MAX_SHOWN);
        if self.display_name.trim().is_empty() {
            return Err(QuestionError::Bounds("displayName"));
        }
        if !is_domain(&self.default_domain_name) {
            return Err(QuestionError::Bounds("defaultDomainName"));
        }
        if self.domains.len() > 1000 || !self.domains.iter().all(|domain| is_domain(domain)) {
            return Err(QuestionError::Bounds("domains"));
        }
        Ok(self)
    }
}

/// A host name in lower case, in its ASCII form, with at least one dot.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

/// An answer as it is written: all of it in one object.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Parsed {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none", with = "guid::optional")]
    tenant_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_domain_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domains: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none", with = "guid::optional")]
    object_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_principal_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Groups>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gates: Option<Vec<GateAnswer>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<Refused>,
}

impl Parsed {
    /// Which members came, in the order of the struct.
    fn shape(&self) -> [bool; 9] {
        [
            self.tenant_id.is_some(),
            self.display_name.is_some(),
            self.default_domain_name.is_some(),
            self.domains.is_some(),
            self.object_id.is_some(),
            self.user_principal_name.is_some(),
            self.groups.is_some(),
            self.gates.is_some(),
            self.refused.is_some(),
        ]
    }
}

impl TryFrom<Parsed> for Answer {
    type Error = &'static str;

    fn try_from(parsed: Parsed) -> Result<Self, Self::Error> {
        let count = parsed
            .shape()
            .into_iter()
            .filter(|present| *present)
            .count();
        let reply = match parsed {
            Parsed {
                tenant_id: Some(tenant_id),
                display_name: Some(display_name),
                default_domain_name: Some(default_domain_name),
                domains: Some(domains),
                ..
            } if count == 4 => Reply::Tenant(TenantAnswer {
                tenant_id,
                display_name,
                default_domain_name,
                domains,
            }),
            Parsed {
                tenant_id: Some(tenant_id),
                object_id: Some(object_id),
                user_principal_name: Some(user_principal_name),
                groups: Some(groups),
                ..
            } if count == 4 => Reply::Invitee(InviteeAnswer {
                tenant_id,
                object_id,
                user_principal_name,
                groups,
            }),
            Parsed {
                gates: Some(gates), ..
            } if count == 1 => Reply::Gates(gates),
            Parsed {
                refused: Some(refused),
                ..
            } if count == 1 => Reply::Refused(refused),
            _ => return Err("an answer is a tenant, an invitee, gates or a refusal"),
        };
        let Parsed {
            iss,
            aud,
            iat,
            exp,
            jti,
            ..
        } = parsed;
        Ok(Self {
            iss,
            aud,
            iat,
            exp,
            jti,
            reply,
        })
    }
}

impl From<Answer> for Parsed {
    fn from(answer: Answer) -> Self {
        let Answer {
            iss,
            aud,
            iat,
            exp,
            jti,
            reply,
        } = answer;
        let head = Self {
            iss,
            aud,
            iat,
            exp,
            jti,
            ..Self::default()
        };
        match reply {
            Reply::Tenant(reply) => Self {
                tenant_id: Some(reply.tenant_id),
                display_name: Some(reply.display_name),
                default_domain_name: Some(reply.default_domain_name),
                domains: Some(reply.domains),
                ..head
            },
            Reply::Invitee(reply) => Self {
                tenant_id: Some(reply.tenant_id),
                object_id: Some(reply.object_id),
                user_principal_name: Some(reply.user_principal_name),
                groups: Some(reply.groups),
                ..head
            },
            Reply::Gates(gates) => Self {
                gates: Some(gates),
                ..head
            },
            Reply::Refused(refused) => Self {
                refused: Some(refused),
                ..head
            },
        }
    }
}
