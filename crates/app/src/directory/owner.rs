//! Owners of applications and service principals: people and programs, not groups.

use comity_model::{
    group::{ObjectKind, ObjectRef},
    resource::{
        Navigation,
        address::{Parent, Reference},
    },
};
use comity_store::TenantTx;
use uuid::Uuid;

use super::relation;
use crate::{
    audit::Activity,
    context::{Actor, Context},
    error::{Error, Result},
    permission::{Permission, authorize_over},
};

/// `POST …/owners/$ref`.
pub(super) async fn add(cx: &Context, parent: &Parent, id: Uuid, owner: Uuid) -> Result<()> {
    let grant = authorize_over(cx, Permission::WriteApplications, id).await?;
    let change = grant.begin().await?;
    if !insert(&change.tables(), id, owner).await? {
        return Err(Error::ReferenceExists);
    }
    let (kind, [words, _]) = names(parent);
    let activity = Activity::new("ApplicationManagement", words)
        .target(kind, id, "")
        .changed("Owner.Id", None, Some(owner.to_string()));
    change.commit(&activity).await
}

/// `DELETE …/owners/{id}/$ref`.
pub(super) async fn remove(cx: &Context, parent: &Parent, id: Uuid, owner: Uuid) -> Result<()> {
    let grant = authorize_over(cx, Permission::WriteApplications, id).await?;
    let change = grant.begin().await?;
    if !change.tables().object_owners().remove(id, owner).await? {
        return Err(Error::ReferenceMissing);
    }
    let (kind, [_, words]) = names(parent);
    let activity = Activity::new("ApplicationManagement", words)
        .target(kind, id, "")
        .changed("Owner.Id", Some(owner.to_string()), None);
    change.commit(&activity).await
}

/// Owners of a new object: the application that makes it, and `owners@odata.bind`.
pub(super) async fn bind(
    cx: &Context,
    tables: &TenantTx<'_>,
    id: Uuid,
    bindings: &[(&'static Navigation, Vec<Reference>)],
) -> Result<()> {
    if let Actor::Application(actor) = &cx.actor {
        insert(tables, id, actor.service_principal.uuid()).await?;
    }
    for reference in bindings.iter().flat_map(|(_, references)| references) {
        insert(tables, id, reference.id).await?;
    }
    Ok(())
}

async fn insert(tables: &TenantTx<'_>, id: Uuid, owner: Uuid) -> Result<bool> {
    let found: ObjectRef = relation::resolve(tables, owner).await?;
    if found.kind == ObjectKind::Group {
        return Err(Error::invalid(
            "owners",
            format!("`{owner}` is a group: name a user or a service principal"),
        ));
    }
    Ok(tables.object_owners().add(id, found).await?)
}

fn names(parent: &Parent) -> (&'static str, [&'static str; 2]) {
    if parent.resource.name == "application" {
        (
            "Application",
            ["Add owner to application", "Remove owner from application"],
        )
    } else {
        (
            "ServicePrincipal",
            [
                "Add owner to service principal",
                "Remove owner from service principal",
            ],
        )
    }
}
