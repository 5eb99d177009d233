//! The resource's side of a lease (cross-cloud-federation.md §3.11): a guest is admitted while home
//! has said yes within the last minute. Renewal at another cloud is not built yet: an old yes is
//! refused as if home were silent, never stretched.

use comity_model::{
    federation::Lease,
    id::Id,
    sign_in::{OauthError, Refusal, Side},
    tenant::Tenant,
};

use crate::{
    context::Context,
    error::{Error, Result},
};

/// Seconds that a yes of home counts.
const CONFIRMED_SECONDS: i64 = 60;

/// The lease, if home has confirmed it lately.
pub async fn confirm(cx: &Context, tenant: Id<Tenant>, id: Id<Lease>) -> Result<Lease> {
    let read = cx.app.store().read();
    let lease = read.tenant(tenant).leases().find(id).await?;
    let lease = lease
        .filter(|lease| lease.ended.is_none())
        .ok_or(Error::NotFound)?;
    if lease.confirmed.plus_seconds(CONFIRMED_SECONDS) >= cx.now {
        return Ok(lease);
    }
    Err(Error::Denied {
        refusal: Refusal {
            code: 90_033,
            side: Side::Home,
            error: OauthError::TemporarilyUnavailable,
        },
        message: "the home organization was not asked again".to_owned(),
    })
}
