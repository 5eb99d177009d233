//! Invitations (semantics.md §4, cross-cloud-federation.md §5).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{id::Id, time::Utc, user::ExternalIdentity, user::User};

/// Graph's `status`. `Error` and `InProgress` are never used: a failure is an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvitationStatus {
    PendingAcceptance,
    Completed,
    /// Ours: withdrawn by an administrator or replaced by a reset.
    Withdrawn,
}

impl InvitationStatus {
    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingAcceptance => "PendingAcceptance",
            Self::Completed => "Completed",
            Self::Withdrawn => "Withdrawn",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "PendingAcceptance" => Some(Self::PendingAcceptance),
            "Completed" => Some(Self::Completed),
            "Withdrawn" => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

/// Graph's `invitedUserMessageInfo`, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationMessage {
    pub cc: Option<String>,
    pub customized_message_body: Option<String>,
    pub message_language: Option<String>,
}

/// One invitation. The ticket of its link is kept apart, hashed.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    pub id: Id<Invitation>,
    pub user: Id<User>,
    /// The person, from home's answer; only this person redeems.
    pub invited: ExternalIdentity,
    pub email: String,
    pub redirect_url: String,
    pub status: InvitationStatus,
    /// User or service principal that invited.
    pub inviter: Uuid,
    pub inviter_name: String,
    pub send_mail: bool,
    pub message: InvitationMessage,
    pub created: Utc,
    pub version: i64,
}
