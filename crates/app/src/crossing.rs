//! The leg to another cloud (cross-cloud-federation.md §3). Not built yet: nobody is sent away and
//! nobody comes in by it.

use comity_model::{
    federation::HomeTenant,
    sign_in::{Controls, OauthError, Refusal, Side},
};

use crate::{
    context::Context,
    error::Result,
    sign_in::{Active, Assessment},
};

/// Sends the person home; the answer is the address, or why she is not sent.
#[expect(clippy::unused_async, reason = "awaits once the other cloud is asked")]
pub async fn depart(
    _: &Context,
    _: &mut Active,
    _: &Assessment,
    _: &HomeTenant,
    _: Controls,
) -> Result<Result<String, Refusal>> {
    Ok(Err(Refusal {
        code: 90_033,
        side: Side::Home,
        error: OauthError::TemporarilyUnavailable,
    }))
}
