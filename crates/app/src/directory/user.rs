//! `/users` and `/me`.

mod sensitive;

use std::collections::BTreeSet;

use comity_crypto::Zeroizing;
use comity_model::{
    id::Id,
    name::Upn,
    query::{Listing, Query},
    resource::address::{Change, Key},
    user::{PasswordCredential, User, UserType},
};
use serde_json::Value;

use self::sensitive::OWN;
pub(super) use self::sensitive::{Doing, protect};
use super::{
    Json, read,
    wire::{self, merge, take, take_bool, take_text},
};
use crate::{
    audit::Activity,
    context::{Actor, Context},
    error::{Error, Result},
    password,
    permission::{Permission, administers, authorize, others_administer},
};

async fn initial_domain(cx: &Context) -> Result<String> {
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    Ok(snapshot.tenant.initial_domain.clone())
}

pub(super) async fn list(cx: &Context, query: &Query) -> Result<Listing> {
    let domain = initial_domain(cx).await?;
    let read = cx.app.store().read();
    let users = read.tenant(cx.tenant()?).users();
    Ok(users.list(query, |u| wire::user(u, &domain)).await?)
}

/// The user that a key names: object ID or UPN.
pub(super) async fn load(cx: &Context, key: &Key) -> Result<User> {
    let read = cx.app.store().read();
    let users = read.tenant(cx.tenant()?).users();
    let found = match key {
        Key::Id(id) => users.find(Id::parse(id).ok_or(Error::NotFound)?).await?,
        Key::Alternate(_, upn) => {
            users
                .find_by_upn(&Upn::parse(upn).map_err(|_| Error::NotFound)?)
                .await?
        }
        Key::Only => match &cx.actor {
            Actor::User(actor) => users.find(actor.user).await?,
            _ => None,
        },
    };
    found.filter(|u| u.deleted.is_none()).ok_or(Error::NotFound)
}

pub(super) async fn find(cx: &Context, key: &Key) -> Result<Json> {
    let domain = initial_domain(cx).await?;
    let mut object = wire::user(&load(cx, key).await?, &domain);
    read::sight(cx).await?.trim("user", &mut object);
    Ok(object)
}

/// A UPN in a domain that is verified here; `#` is reserved for guests.
async fn check_upn(cx: &Context, text: &str) -> Result<Upn> {
    let field = "userPrincipalName";
    let upn =
        Upn::parse(text).map_err(|e| Error::invalid(field, format!("`userPrincipalName` {e}")))?;
    if upn.local().contains('#') {
        return Err(Error::invalid(
            field,
            "`#` is reserved for guests: choose another user principal name",
        ));
    }
    let snapshot = cx.app.snapshots().get(cx, cx.tenant()?).await?;
    let domain = upn.domain();
    if !snapshot.domains.iter().any(|d| d.name == domain) {
        return Err(Error::invalid(
            field,
            format!(
                "The domain portion of the userPrincipalName property is invalid. `{domain}` is not a verified domain of this organization."
            ),
        ));
    }
    Ok(upn)
}

/// A password of a profile, checked; its hash is made outside any transaction.
async fn new_password(
    cx: &Context,
    profile: &Value,
    words: &[&str],
) -> Result<Option<PasswordCredential>> {
    let Some(typed) = profile.get("password").and_then(Value::as_str) else {
        return Ok(None);
    };
    password::check(typed, words)
        .map_err(|rule| Error::invalid("passwordProfile/password", format!("The specified password does not comply with password complexity requirements: {rule}.")))?;
    let hash = password::hash(cx, &Zeroizing::new(typed.to_owned())).await?;
    Ok(Some(PasswordCredential {
        hash,
        changed: cx.now,
        must_change: must_change(profile).unwrap_or(false),
    }))
}

/// The password that is there, if a profile only says whether it must be changed. It ends nothing:
/// the next sign-in asks.
async fn marked(cx: &Context, user: &User, profile: &Value) -> Result<Option<PasswordCredential>> {
    let Some(must_change) = must_change(profile) else {
        return Ok(None);
    };
    let read = cx.app.store().read();
    let passwords = read.tenant(cx.tenant()?).passwords();
    let present = passwords.find(user.id).await?;
    Ok(present.map(|password| PasswordCredential {
        must_change,
        ..password
    }))
}

fn must_change(profile: &Value) -> Option<bool> {
    profile.get("forceChangePasswordNextSignIn")?.as_bool()
}

pub(super) async fn create(cx: &Context, change: Change) -> Result<Json> {
    let grant = authorize(cx, Permission::WriteUsers)?;
    let mut properties = change.properties;
    let upn = check_upn(
        cx,
        &take_text(&mut properties, "userPrincipalName").unwrap_or_default(),
    )
    .await?;
    let display_name = take_text(&mut properties, "displayName").unwrap_or_default();
    let profile = take(&mut properties, "passwordProfile").unwrap_or(Value::Null);
    let password = new_password(cx, &profile, &[upn.local(), &display_name])
        .await?
        .ok_or_else(|| {
            Error::invalid(
                "passwordProfile",
                "A value is required for property 'passwordProfile' of resource 'User'.",
            )
        })?;
    if wire::text(&properties, "mailNickname").is_none() {
        return Err(Error::invalid(
            "mailNickname",
            "A value is required for property 'mailNickname' of resource 'User'.",
        ));
    }
    let user_type = take_text(&mut properties, "userType")
        .and_then(|t| UserType::parse(&t))
        .unwrap_or(UserType::Member);
    let user = User {
        id: cx.new_id(),
        upn: upn.as_str().to_owned(),
        display_name,
        mail: take_text(&mut properties, "mail"),
        user_type,
        account_enabled: take_bool(&mut properties, "accountEnabled").unwrap_or(true),
        external: None,
        sessions_valid_from: cx.now,
        created: cx.now,
        deleted: None,
        version: 1,
        properties: cleared(properties),
    };
    let change = grant.begin().await?;
    change
        .tables()
        .users()
        .insert(&user)
        .await
        .map_err(duplicate)?;
    change
        .tables()
        .passwords()
        .upsert(user.id, &password)
        .await?;
    let activity =
        Activity::new("UserManagement", "Add user").target("User", user.id.uuid(), &user.upn);
    change.commit(&activity).await?;
    Ok(wire::user(&user, &initial_domain(cx).await?))
}

fn cleared(mut properties: Json) -> Json {
    properties.retain(|_, v| !v.is_null());
    properties
}

pub(super) fn duplicate(error: comity_store::Error) -> Error {
    if error.is_conflict("users_upn") {
        Error::Duplicate {
            property: "userPrincipalName".into(),
        }
    } else {
        error.into()
    }
}

/// Whether a key names the person who asks.
fn is_own(cx: &Context, key: &Key) -> bool {
    match &cx.actor {
        Actor::User(actor) => matches!(key, Key::Only) || read::is_own(actor, key),
        _ => false,
    }
}

pub(super) async fn update(cx: &Context, key: &Key, change: Change) -> Result<()> {
    let properties = change.properties;
    let own = is_own(cx, key);
    sensitive::check(cx, own, &properties)?;
    let herself = own && properties.keys().all(|k| OWN.contains(&k.as_str()));
    let grant = if herself && !permission_held(cx) {
        None
    } else {
        Some(authorize(cx, Permission::WriteUsers)?)
    };
    let user = load(cx, key).await?;
    let names: BTreeSet<String> = properties.keys().cloned().collect();
    let doing = Doing::Changing(&names);
    {
        let read = cx.app.store().read();
        protect(cx, &read.tenant(cx.tenant()?), &user, &doing).await?;
    }
    let new = prepare(cx, user, properties).await?;
    let Some(grant) = grant else {
        let tx = cx.app.store().begin().await?;
        let tables = tx.tenant(cx.tenant()?);
        write(cx, &tables, &new).await?;
        let record = crate::audit::audit(cx, &new.activity);
        tables.audit_records().insert(&record).await?;
        return Ok(tx.commit().await?);
    };
    let change = grant.begin().await?;
    let tables = change.tables();
    protect(cx, &tables, &new.user, &doing).await?;
    if new.disabled && administers(&tables, new.user.id.uuid()).await? {
        others_administer(&tables, new.user.id.uuid()).await?;
    }
    write(cx, &tables, &new).await?;
    change.commit(&new.activity).await
}

/// A user as it is to be.
struct New {
    user: User,
    password: Option<PasswordCredential>,
    /// Whether the account is shut now.
    disabled: bool,
    /// Whether it ends what the person has open.
    ends_sessions: bool,
    activity: Activity,
}

/// Lays the change over the user, outside any transaction: a password's hash takes its time.
async fn prepare(cx: &Context, mut user: User, mut properties: Json) -> Result<New> {
    let profile = take(&mut properties, "passwordProfile").unwrap_or(Value::Null);
    if profile.is_object() && !user.is_local() {
        return Err(Error::invalid(
            "passwordProfile",
            "a guest's password is kept at home: it cannot be set here",
        ));
    }
    let password = match new_password(cx, &profile, &[&user.display_name]).await? {
        Some(new) => Some(new),
        None => marked(cx, &user, &profile).await?,
    };
    let mut activity =
        Activity::new("UserManagement", "Update user").target("User", user.id.uuid(), &user.upn);
    for (name, value) in &properties {
        activity = activity.changed(name, None, Some(value.to_string()));
    }
    let disabled = apply(cx, &mut user, properties).await?;
    let ends_sessions = disabled || password.as_ref().is_some_and(|p| p.changed == cx.now);
    if ends_sessions {
        user.sessions_valid_from = cx.now;
    }
    Ok(New {
        user,
        password,
        disabled,
        ends_sessions,
        activity,
    })
}

async fn write(cx: &Context, scoped: &comity_store::TenantTx<'_>, new: &New) -> Result<()> {
    let user = &new.user;
    scoped.users().update(user).await.map_err(duplicate)?;
    if let Some(password) = &new.password {
        scoped.passwords().upsert(user.id, password).await?;
    }
    if new.ends_sessions {
        scoped.leases().end_all_of(user.id, cx.now).await?;
        scoped.revoke_lease_grants_of(user.id, cx.now).await?;
    }
    Ok(())
}

fn permission_held(cx: &Context) -> bool {
    matches!(&cx.actor, Actor::User(a) if Permission::WriteUsers.held_by(&a.roles))
}

/// Lays the change over the user; whether it ends what the person has open. Disabling does not
/// need to: guards ask at use.
async fn apply(cx: &Context, user: &mut User, mut properties: Json) -> Result<bool> {
    if let Some(upn) = take_text(&mut properties, "userPrincipalName") {
        if !user.is_local() {
            return Err(Error::invalid(
                "userPrincipalName",
                "the user principal name of a guest cannot be changed",
            ));
        }
        check_upn(cx, &upn)
            .await?
            .as_str()
            .clone_into(&mut user.upn);
    }
    if let Some(name) = take_text(&mut properties, "displayName") {
        user.display_name = name;
    }
    match take(&mut properties, "mail") {
        Some(Value::String(mail)) => user.mail = Some(mail),
        Some(_) => user.mail = None,
        None => {}
    }
    if let Some(kind) = take_text(&mut properties, "userType").and_then(|t| UserType::parse(&t)) {
        user.user_type = kind;
    }
    let mut ends = false;
    if let Some(enabled) = take_bool(&mut properties, "accountEnabled") {
        ends = user.account_enabled && !enabled;
        user.account_enabled = enabled;
    }
    merge(&mut user.properties, properties);
    Ok(ends)
}

pub(super) async fn delete(cx: &Context, key: &Key) -> Result<()> {
    let grant = authorize(cx, Permission::WriteUsers)?;
    let user = load(cx, key).await?;
    if matches!(&cx.actor, Actor::User(a) if a.user == user.id) {
        return Err(Error::Forbidden(
            "nobody deletes the own account: ask another administrator".into(),
        ));
    }
    let name = if user.is_local() {
        "Delete user"
    } else {
        "Delete external user"
    };
    let activity = Activity::new("UserManagement", name).target("User", user.id.uuid(), &user.upn);
    let change = grant.begin().await?;
    let tables = change.tables();
    protect(cx, &tables, &user, &Doing::Deleting).await?;
    if administers(&tables, user.id.uuid()).await? {
        others_administer(&tables, user.id.uuid()).await?;
    }
    change.tables().users().soft_delete(user.id, cx.now).await?;
    change.tables().leases().end_all_of(user.id, cx.now).await?;
    change.commit(&activity).await
}

/// Who a principal is, for display.
pub(super) async fn name_of(cx: &Context, id: uuid::Uuid) -> Result<String> {
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .users()
        .find(Id::new(id))
        .await?;
    Ok(found.map(|u| u.display_name).unwrap_or_default())
}
