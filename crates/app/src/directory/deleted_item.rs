//! `/directory/deletedItems`: users and groups are kept for 30 days after their deletion
//! (semantics.md §4.5). Restored, they are who they were, with their memberships, but nothing that
//! was open is open again; purged, nothing of them is left but records.

use comity_model::{
    group::{Group, ObjectKind},
    id::{Id, parse_uuid},
    query::{Listing, Query},
    resource::address::{Key, Object, Place},
    tenant::Tenant,
    time::Utc,
    user::User,
};
use serde_json::json;

use super::{Json, group, read, user, wire};
use crate::{
    app::App,
    audit::{Activity, audit},
    context::{Actor, Context},
    error::{Error, Result},
    permission::{Permission, authorize, check},
};

/// How long a deletion can be taken back.
const KEPT_SECONDS: i64 = 30 * 24 * 3600;

/// A deleted object.
enum Item {
    User(Box<User>),
    Group(Box<Group>),
}

impl Item {
    const fn kind(&self) -> ObjectKind {
        match self {
            Self::User(_) => ObjectKind::User,
            Self::Group(_) => ObjectKind::Group,
        }
    }
}

/// The operation table gives one set of scopes for objects of every type: each type wants its own.
fn permit(cx: &Context, kind: ObjectKind, writes: bool) -> Result<()> {
    let wanted: &[&str] = match (kind, writes) {
        (ObjectKind::User, false) => &["User.Read.All", "Directory.Read.All"],
        (ObjectKind::User, true) => &["User.DeleteRestore.All", "User.ReadWrite.All"],
        (_, false) => &["Group.Read.All", "Directory.Read.All"],
        (_, true) => &["Group.ReadWrite.All"],
    };
    let held = match &cx.actor {
        Actor::User(a) => &a.scopes,
        Actor::Application(a) => &a.permissions,
        _ => return Err(Error::Unauthenticated("sign in first".into())),
    };
    if wanted.iter().any(|scope| held.contains(*scope)) {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Insufficient privileges to complete the operation.".into(),
        ))
    }
}

/// A page of the deleted objects of one type.
pub(super) async fn list(cx: &Context, place: &Place, query: &Query) -> Result<Listing> {
    let tenant = cx.tenant()?;
    let read = cx.app.store().read();
    let scoped = read.tenant(tenant);
    if place.resource.name == "group" {
        permit(cx, ObjectKind::Group, false)?;
        return Ok(scoped.groups().list_deleted(query, wire::group).await?);
    }
    permit(cx, ObjectKind::User, false)?;
    let snapshot = cx.app.snapshots().get(cx, tenant).await?;
    let domain = &snapshot.tenant.initial_domain;
    let users = scoped.users();
    Ok(users.list_deleted(query, |u| wire::user(u, domain)).await?)
}

async fn load(cx: &Context, key: &Key) -> Result<Item> {
    let id = parse_uuid(key.text()).ok_or(Error::NotFound)?;
    let read = cx.app.store().read();
    let scoped = read.tenant(cx.tenant()?);
    let user = scoped.users().find(Id::new(id)).await?;
    if let Some(user) = user.filter(|u| u.deleted.is_some()) {
        return Ok(Item::User(Box::new(user)));
    }
    let group = scoped.groups().find(Id::new(id)).await?;
    let group = group.filter(|g| g.deleted.is_some());
    group
        .map(|g| Item::Group(Box::new(g)))
        .ok_or(Error::NotFound)
}

async fn render(cx: &Context, item: &Item) -> Result<Json> {
    let mut object = match item {
        Item::User(user) => {
            let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
            wire::user(user, &snapshot.tenant.initial_domain)
        }
        Item::Group(group) => wire::group(group),
    };
    let annotation = group::annotation(item.kind());
    let name = annotation.trim_start_matches("#microsoft.graph.");
    read::sight(cx).await?.trim(name, &mut object);
    object.insert("@odata.type".into(), json!(annotation));
    Ok(object)
}

/// One deleted object, whole.
pub(super) async fn find(cx: &Context, object: &Object) -> Result<Json> {
    let item = load(cx, &object.key).await?;
    let name = group::annotation(item.kind());
    let place = &object.place;
    if place.cast && name != format!("#{}", place.resource.full_name()) {
        return Err(Error::NotFound);
    }
    permit(cx, item.kind(), false)?;
    render(cx, &item).await
}

/// Asked before anything is looked up, so that a refusal does not tell what was deleted.
fn may_write(cx: &Context) -> Result<()> {
    check(cx, Permission::WriteUsers).or_else(|_| check(cx, Permission::WriteGroups))
}

/// Takes a deletion back.
pub(super) async fn restore(cx: &Context, key: &Key) -> Result<Json> {
    may_write(cx)?;
    let item = load(cx, key).await?;
    permit(cx, item.kind(), true)?;
    match item {
        Item::User(mut user) => {
            let grant = authorize(cx, Permission::WriteUsers)?;
            let change = grant.begin().await?;
            let tables = change.tables();
            user::protect(cx, &tables, &user, &user::Doing::Deleting).await?;
            let restored = tables.restore_user(user.id, cx.now).await;
            if !restored.map_err(user::duplicate)? {
                return Err(Error::NotFound);
            }
            // What was open before the deletion stays ended, at other clouds too.
            tables.leases().end_all_of(user.id, cx.now).await?;
            tables.revoke_lease_grants_of(user.id, cx.now).await?;
            let activity = Activity::new("UserManagement", "Restore user");
            let id = user.id.uuid();
            change
                .commit(&activity.target("User", id, &user.upn))
                .await?;
            user.deleted = None;
            user.sessions_valid_from = cx.now;
            render(cx, &Item::User(user)).await
        }
        Item::Group(mut group) => {
            let change = authorize(cx, Permission::WriteGroups)?.begin().await?;
            if !change.tables().restore_group(group.id).await? {
                return Err(Error::NotFound);
            }
            let activity = Activity::new("GroupManagement", "Restore group");
            let (id, name) = (group.id.uuid(), &group.display_name);
            change.commit(&activity.target("Group", id, name)).await?;
            group.deleted = None;
            render(cx, &Item::Group(group)).await
        }
    }
}

/// Ends a deleted object for good.
pub(super) async fn purge(cx: &Context, key: &Key) -> Result<()> {
    may_write(cx)?;
    let item = load(cx, key).await?;
    permit(cx, item.kind(), true)?;
    let (change, done) = match &item {
        Item::User(user) => {
            let grant = authorize(cx, Permission::WriteUsers)?;
            let change = grant.begin().await?;
            user::protect(cx, &change.tables(), user, &user::Doing::Deleting).await?;
            let done = change.tables().purge_user(user.id).await?;
            (change, done)
        }
        Item::Group(group) => {
            let change = authorize(cx, Permission::WriteGroups)?.begin().await?;
            let done = change.tables().purge_group(group.id).await?;
            (change, done)
        }
    };
    if !done {
        return Err(Error::NotFound);
    }
    change.commit(&purged(&item)).await
}

fn purged(item: &Item) -> Activity {
    match item {
        Item::User(user) => Activity::new("UserManagement", "Hard Delete user").target(
            "User",
            user.id.uuid(),
            &user.upn,
        ),
        Item::Group(group) => Activity::new("GroupManagement", "Hard Delete group").target(
            "Group",
            group.id.uuid(),
            &group.display_name,
        ),
    }
}

/// Ends for good what was deleted more than 30 days ago; how many. Some of each tenant in one
/// transaction: call it again while it does something.
pub async fn purge_old(app: &App) -> Result<u64> {
    let then = app.now().plus_seconds(-KEPT_SECONDS);
    let mut count = 0;
    for tenant in app.store().read().cloud().list_tenants().await? {
        let old = old(app, tenant.id, then).await?;
        if !old.is_empty() {
            count += purge_all(app, tenant.id, &old).await?;
        }
    }
    Ok(count)
}

/// Some of what a tenant had deleted by then.
async fn old(app: &App, tenant: Id<Tenant>, then: Utc) -> Result<Vec<Item>> {
    let read = app.store().read();
    let scoped = read.tenant(tenant);
    let mut items = Vec::new();
    for id in scoped.users_deleted_before(then).await? {
        let found = scoped.users().find(id).await?;
        items.extend(found.map(|user| Item::User(Box::new(user))));
    }
    for id in scoped.groups_deleted_before(then).await? {
        let found = scoped.groups().find(id).await?;
        items.extend(found.map(|group| Item::Group(Box::new(group))));
    }
    Ok(items)
}

async fn purge_all(app: &App, tenant: Id<Tenant>, items: &[Item]) -> Result<u64> {
    let cx = Context::system(app, "comity clean-up", tenant);
    let tx = app.store().begin().await?;
    let scoped = tx.tenant(tenant);
    let mut count = 0;
    for item in items {
        let done = match item {
            Item::User(user) => scoped.purge_user(user.id).await?,
            Item::Group(group) => scoped.purge_group(group.id).await?,
        };
        // Restored meanwhile, or ended by another process.
        if done {
            let record = audit(&cx, &purged(item));
            scoped.audit_records().insert(&record).await?;
            count += 1;
        }
    }
    scoped.bump_policy_version().await?;
    tx.commit().await?;
    Ok(count)
}
