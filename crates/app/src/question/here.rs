//! The question about an invitee within this cloud (cross-cloud-federation.md §4). Nothing is sent;
//! it is judged, limited and recorded, on both sides, like one between clouds.

use std::collections::BTreeSet;

use comity_model::federation::HomeTenant;
use comity_oauth::question::{Ask, AskInvitee, Reply};
use uuid::Uuid;

use super::{FoundInvitee, answer, answered, ask, limit::Asker};
use crate::{
    context::Context,
    error::{Error, Result},
};

/// The person whom an address names at another tenant of this cloud. `None`: nobody who can be
/// invited; why, home's own log says.
pub(crate) async fn invitee_here(
    cx: &Context,
    home: &HomeTenant,
    upn: &str,
    groups: &BTreeSet<Uuid>,
) -> Result<Option<FoundInvitee>> {
    let ask = Ask::Invitee(AskInvitee {
        tenant_id: home.tenant.uuid(),
        upn: upn.to_owned(),
        groups: groups.clone(),
    });
    let resource = HomeTenant {
        cloud: home.cloud.clone(),
        tenant: cx.tenant()?,
    };
    let considered = answer::consider(cx, &resource, &ask).await?;
    let inviter = Asker::here(cx)?;
    let organization = Asker::there(&resource.cloud, resource.tenant.uuid());
    let tx = cx.app.store().begin().await?;
    if let Some(retry_after) = inviter.take(cx, &tx, ask::kind(&ask)).await? {
        tx.rollback().await;
        return Err(Error::TooMany { retry_after });
    }
    let considered = answer::within_limits(cx, &tx, &organization, &ask, considered).await?;
    if !matches!(considered.reply, Reply::Refused(_)) {
        inviter.answered(cx, &tx).await?;
    }
    let asked = (&ask, cx.correlation_id);
    answer::record(cx, &tx, &resource, asked, &considered).await?;
    let reply = Ok(considered.reply);
    let row = ask::row(cx, &home.cloud, &ask, &reply)?;
    tx.tenant(resource.tenant)
        .sign_in_records()
        .insert(&row)
        .await?;
    tx.commit().await?;
    Ok(match reply? {
        Reply::Invitee(found) => Some(FoundInvitee {
            object: comity_model::id::Id::new(found.object_id),
            upn: found.user_principal_name,
            groups: answered(found.groups),
        }),
        _ => None,
    })
}
