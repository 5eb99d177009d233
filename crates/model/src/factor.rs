//! Second factors registered in a tenant.

use uuid::Uuid;

use crate::{id::Id, time::Utc, user::User};

/// A registered one-time-code generator (`softwareOath`). The seed is sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    pub id: Uuid,
    pub user: Id<User>,
    pub sealed_secret: Vec<u8>,
    /// The last time step that was accepted; the same or an earlier one never is again.
    pub last_step: Option<i64>,
    pub created: Utc,
}
