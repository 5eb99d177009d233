//! `/groups`.

use comity_model::{
    group::{Group, ObjectKind, ObjectRef},
    id::Id,
    query::{Listing, Query},
    resource::address::Change,
};
use serde_json::json;

use super::{
    Json,
    wire::{self, merge, take_bool, take_text},
};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    permission::{Permission, authorize},
};

pub(super) async fn list(cx: &Context, query: &Query) -> Result<Listing> {
    let read = cx.app.store().read();
    let groups = read.tenant(cx.tenant()?).groups();
    Ok(groups.list(query, wire::group).await?)
}

pub(super) async fn load(cx: &Context, id: &str) -> Result<Group> {
    let id = Id::parse(id).ok_or(Error::NotFound)?;
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .groups()
        .find(id)
        .await?;
    found.filter(|g| g.deleted.is_none()).ok_or(Error::NotFound)
}

pub(super) async fn find(cx: &Context, id: &str) -> Result<Json> {
    Ok(wire::group(&load(cx, id).await?))
}

pub(super) async fn create(cx: &Context, change: Change) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteGroups)?;
    let mut properties = change.properties;
    let security_enabled = take_bool(&mut properties, "securityEnabled").unwrap_or(true);
    let mail_enabled = take_bool(&mut properties, "mailEnabled").unwrap_or(false);
    if mail_enabled
        && !properties
            .get("groupTypes")
            .is_some_and(|t| t.to_string().contains("Unified"))
    {
        return Err(Error::invalid(
            "mailEnabled",
            "mail-enabled security groups are not offered: leave `mailEnabled` false",
        ));
    }
    let group = Group {
        id: cx.new_id(),
        display_name: take_text(&mut properties, "displayName").unwrap_or_default(),
        mail_nickname: take_text(&mut properties, "mailNickname").unwrap_or_default(),
        mail_enabled,
        security_enabled,
        created: cx.now,
        deleted: None,
        version: 1,
        properties: {
            properties.retain(|_, v| !v.is_null());
            properties.entry("groupTypes").or_insert_with(|| json!([]));
            properties
        },
    };
    let mut activity = Activity::new("GroupManagement", "Add group").target(
        "Group",
        group.id.uuid(),
        &group.display_name,
    );
    let change_tx = grant.begin().await?;
    let tables = change_tx.tables();
    tables.groups().insert(&group).await?;
    for (navigation, references) in change.bindings {
        for reference in references {
            let member = super::relation::resolve(&tables, reference.id).await?;
            activity = activity.changed(navigation.name, None, Some(member.id.to_string()));
            match navigation.name {
                "members" => tables.groups().add_member(group.id, member).await?,
                _ => tables.groups().add_owner(group.id, member).await?,
            };
        }
    }
    change_tx.commit(&activity).await?;
    Ok(wire::group(&group))
}

pub(super) async fn update(cx: &Context, id: &str, change: Change) -> Result<()> {
    let grant = authorize(cx, Permission::WriteGroups)?;
    let mut group = load(cx, id).await?;
    let mut activity = Activity::new("GroupManagement", "Update group").target(
        "Group",
        group.id.uuid(),
        &group.display_name,
    );
    let mut properties = change.properties;
    for (name, value) in &properties {
        activity = activity.changed(name, None, Some(value.to_string()));
    }
    if let Some(name) = take_text(&mut properties, "displayName") {
        group.display_name = name;
    }
    if let Some(name) = take_text(&mut properties, "mailNickname") {
        group.mail_nickname = name;
    }
    if let Some(flag) = take_bool(&mut properties, "securityEnabled") {
        group.security_enabled = flag;
    }
    if let Some(flag) = take_bool(&mut properties, "mailEnabled") {
        group.mail_enabled = flag;
    }
    merge(&mut group.properties, properties);
    let change_tx = grant.begin().await?;
    let tables = change_tx.tables();
    tables.groups().update(&group).await?;
    for (_, references) in change.bindings {
        for reference in references {
            let member: ObjectRef = super::relation::resolve(&tables, reference.id).await?;
            if !tables.groups().add_member(group.id, member).await? {
                return Err(Error::ReferenceExists);
            }
        }
    }
    change_tx.commit(&activity).await
}

pub(super) async fn delete(cx: &Context, id: &str) -> Result<()> {
    let grant = authorize(cx, Permission::WriteGroups)?;
    let group = load(cx, id).await?;
    let activity = Activity::new("GroupManagement", "Delete group").target(
        "Group",
        group.id.uuid(),
        &group.display_name,
    );
    let change = grant.begin().await?;
    change
        .tables()
        .groups()
        .soft_delete(group.id, cx.now)
        .await?;
    change.commit(&activity).await
}

/// The kind of a member in Graph's annotation.
pub(super) const fn annotation(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::User => "#microsoft.graph.user",
        ObjectKind::Group => "#microsoft.graph.group",
        ObjectKind::ServicePrincipal => "#microsoft.graph.servicePrincipal",
    }
}
