//! Relations: members, owners, memberships, assignments.

mod answer;

use comity_model::{
    group::{ObjectKind, ObjectRef},
    id::{Id, parse_uuid},
    query::{Listing, Query},
    resource::address::{Change, Object, Parent, Place, Reference},
};
use comity_store::Scoped;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Json, application, grant, group, owner,
    role::{self as directory_role, Holder},
    service_principal, user, wire,
};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    permission::{Permission, authorize, check},
};

/// The object ID of a relation's owner; absent owners are not found.
pub(super) async fn parent_id(cx: &Context, parent: &Parent) -> Result<Uuid> {
    Ok(match parent.resource.name {
        "user" => user::load(cx, &parent.key).await?.id.uuid(),
        "group" => group::load(cx, parent.key.text()).await?.id.uuid(),
        "servicePrincipal" => service_principal::load(cx, &parent.key).await?.id.uuid(),
        "application" => application::load(cx, &parent.key).await?.id.uuid(),
        "directoryRole" => {
            let id = parse_uuid(parent.key.text()).ok_or(Error::NotFound)?;
            let active = directory_role::active(cx).await?;
            active.get(&id).copied().ok_or(Error::NotFound)?
        }
        _ => parse_uuid(parent.key.text())
            .or_else(|| wire::from_opaque(parent.key.text()))
            .ok_or(Error::NotFound)?,
    })
}

/// A page of the objects behind a relation.
pub(super) async fn list(
    cx: &Context,
    parent: &Parent,
    place: &Place,
    query: &Query,
) -> Result<Listing> {
    if parent.resource.name == "group" && is_of_members(parent) {
        let id = parent_id(cx, parent).await?;
        let references = cast(references(cx, parent, id).await?, place);
        return answer::answer(cx, references, query).await;
    }
    Ok(query.apply(all(cx, parent, place).await?))
}

/// One object behind a relation.
pub(super) async fn find(cx: &Context, parent: &Parent, object: &Object) -> Result<Json> {
    let objects = if parent.resource.name == "group" && is_of_members(parent) {
        let id = parent_id(cx, parent).await?;
        let mut found = cast(references(cx, parent, id).await?, &object.place);
        found.retain(|r| Some(r.id) == parse_uuid(object.key.text()));
        answer::load(cx, &found).await?
    } else {
        all(cx, parent, &object.place).await?
    };
    let key = object.place.resource.key;
    let mut objects = objects.into_iter();
    let found = objects.find(|o| super::is_keyed(o, key, &object.key));
    found.ok_or(Error::NotFound)
}

/// Lists of any length, of which the store gives what exists.
fn is_of_members(parent: &Parent) -> bool {
    matches!(
        parent.navigation.name,
        "members" | "transitiveMembers" | "owners"
    )
}

/// Those of the type that the path was narrowed to.
fn cast(mut references: Vec<ObjectRef>, place: &Place) -> Vec<ObjectRef> {
    let name = format!("#{}", place.resource.full_name());
    references.retain(|r| !place.cast || group::annotation(r.kind) == name);
    references
}

/// The objects behind a relation that is small, whole, with their types.
async fn all(cx: &Context, parent: &Parent, place: &Place) -> Result<Vec<Json>> {
    if place.resource.name == "appRoleAssignment" {
        return grant::assignments(cx, parent).await;
    }
    let id = parent_id(cx, parent).await?;
    match place.resource.name {
        "oAuth2PermissionGrant" => return permissions(cx, parent, id).await,
        "unifiedRoleDefinition" => return directory_role::definition_of(cx, id).await,
        _ => {}
    }
    let mut objects = answer::load(cx, &references(cx, parent, id).await?).await?;
    if parent.resource.name == "user" && parent.navigation.name.ends_with("emberOf") {
        objects.extend(roles_of(cx, id).await?);
    }
    if place.cast {
        let wanted = format!("#{}", place.resource.full_name());
        objects.retain(|o| o.get("@odata.type").and_then(Value::as_str) == Some(&wanted));
    }
    Ok(objects)
}

/// The delegated grants for a person, or to a program.
async fn permissions(cx: &Context, parent: &Parent, id: Uuid) -> Result<Vec<Json>> {
    let column = if parent.resource.name == "user" {
        "principalId"
    } else {
        "clientId"
    };
    let mut all = grant::all_permissions(cx).await?;
    let id = id.to_string();
    all.retain(|g| g.get(column).and_then(Value::as_str) == Some(&id));
    Ok(all)
}

async fn references(cx: &Context, parent: &Parent, id: Uuid) -> Result<Vec<ObjectRef>> {
    let read = cx.app.store().read();
    let scoped = read.tenant(cx.tenant()?);
    let groups = |ids: Vec<Uuid>| {
        ids.into_iter()
            .map(|id| ObjectRef {
                kind: ObjectKind::Group,
                id,
            })
            .collect()
    };
    Ok(match (parent.resource.name, parent.navigation.name) {
        ("group", "members") => scoped.groups().members(Id::new(id)).await?,
        ("group", "transitiveMembers") => scoped.groups().transitive_members(Id::new(id)).await?,
        ("group", "owners") => scoped.groups().owners(Id::new(id)).await?,
        (_, "owners") => scoped.object_owners().list(id).await?,
        (_, "memberOf") => groups(
            scoped
                .groups()
                .direct_groups_of(id)
                .await?
                .into_iter()
                .collect(),
        ),
        (_, "transitiveMemberOf") => {
            groups(scoped.groups().groups_of(id).await?.into_iter().collect())
        }
        ("directoryRole", "members") => {
            let all = scoped.role_assignments().all().await?;
            all.into_iter()
                .filter(|a| a.role == id && a.scope.is_none())
                .map(|a| ObjectRef {
                    kind: a.principal_kind,
                    id: a.principal,
                })
                .collect()
        }
        ("unifiedRoleAssignment", "principal") => {
            let all = scoped.role_assignments().all().await?;
            all.into_iter()
                .filter(|a| a.id == id)
                .map(|a| ObjectRef {
                    kind: a.principal_kind,
                    id: a.principal,
                })
                .collect()
        }
        _ => Vec::new(),
    })
}

async fn roles_of(cx: &Context, user: Uuid) -> Result<Vec<Json>> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let mut roles = directory_role::among(&snapshot.roles_of(user));
    for role in &mut roles {
        role.insert(
            "@odata.type".into(),
            json!("#microsoft.graph.directoryRole"),
        );
    }
    Ok(roles)
}

/// What kind of object of this tenant an ID names.
pub(super) async fn resolve<M>(tables: &Scoped<'_, M>, id: Uuid) -> Result<ObjectRef> {
    let kind = if tables
        .users()
        .find(Id::new(id))
        .await?
        .is_some_and(|u| u.deleted.is_none())
    {
        ObjectKind::User
    } else if tables
        .groups()
        .find(Id::new(id))
        .await?
        .is_some_and(|g| g.deleted.is_none())
    {
        ObjectKind::Group
    } else if tables
        .service_principals()
        .find(Id::new(id))
        .await?
        .is_some_and(|p| p.deleted.is_none())
    {
        ObjectKind::ServicePrincipal
    } else {
        return Err(Error::invalid(
            "@odata.id",
            format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
        ));
    };
    Ok(ObjectRef { kind, id })
}

/// Objects that live behind a relation are made there.
pub(super) async fn create(
    cx: &Context,
    parent: &Parent,
    place: &Place,
    change: Change,
) -> Result<Json> {
    match place.resource.name {
        "appRoleAssignment" => grant::assign(cx, parent, change).await,
        _ => Err(Error::NotFound),
    }
}

/// Asked before anything is looked up, so that a refusal does not tell what exists. Applications are
/// for everybody to read, and a role over one of them is found only with it.
fn may_write(cx: &Context, parent: &Parent) -> Result<()> {
    match parent.resource.name {
        "directoryRole" => check(cx, Permission::AssignRoles),
        "group" => check(cx, Permission::WriteGroups),
        _ => Ok(()),
    }
}

/// `POST …/$ref`.
pub(super) async fn add(cx: &Context, place: &Place, reference: &Reference) -> Result<()> {
    let parent = place.parent.as_ref().ok_or(Error::NotFound)?;
    may_write(cx, parent)?;
    let id = parent_id(cx, parent).await?;
    if parent.resource.name == "directoryRole" {
        let holder = Holder {
            role: id,
            principal: reference.id,
            scope: None,
        };
        return directory_role::add(cx, &holder).await.map(drop);
    }
    if parent.resource.name != "group" {
        return owner::add(cx, parent, id, reference.id).await;
    }
    let grant = authorize(cx, Permission::WriteGroups)?;
    let change = grant.begin().await?;
    let tables = change.tables();
    let member = resolve(&tables, reference.id).await?;
    let owners = parent.navigation.name == "owners";
    let added = if owners {
        tables.groups().add_owner(Id::new(id), member).await?
    } else {
        tables.groups().add_member(Id::new(id), member).await?
    };
    if !added {
        return Err(Error::ReferenceExists);
    }
    let name = if owners {
        "Add owner to group"
    } else {
        "Add member to group"
    };
    let activity = Activity::new("GroupManagement", name)
        .target("Group", id, "")
        .changed("Member.Id", None, Some(reference.id.to_string()));
    change.commit(&activity).await
}

/// `DELETE …/{id}/$ref`.
pub(super) async fn remove(cx: &Context, place: &Place, reference: &Reference) -> Result<()> {
    let parent = place.parent.as_ref().ok_or(Error::NotFound)?;
    may_write(cx, parent)?;
    let id = parent_id(cx, parent).await?;
    if parent.resource.name == "directoryRole" {
        let all = cx
            .app
            .store()
            .read()
            .tenant(cx.tenant()?)
            .role_assignments()
            .all()
            .await?;
        let found = all
            .into_iter()
            .find(|a| a.role == id && a.principal == reference.id && a.scope.is_none())
            .ok_or(Error::ReferenceMissing)?;
        return directory_role::remove(cx, &found).await;
    }
    if parent.resource.name != "group" {
        return owner::remove(cx, parent, id, reference.id).await;
    }
    let grant = authorize(cx, Permission::WriteGroups)?;
    let change = grant.begin().await?;
    let owners = parent.navigation.name == "owners";
    let removed = if owners {
        change
            .tables()
            .groups()
            .remove_owner(Id::new(id), reference.id)
            .await?
    } else {
        change
            .tables()
            .groups()
            .remove_member(Id::new(id), reference.id)
            .await?
    };
    if !removed {
        return Err(Error::ReferenceMissing);
    }
    let name = if owners {
        "Remove owner from group"
    } else {
        "Remove member from group"
    };
    let activity = Activity::new("GroupManagement", name)
        .target("Group", id, "")
        .changed("Member.Id", Some(reference.id.to_string()), None);
    change.commit(&activity).await
}
