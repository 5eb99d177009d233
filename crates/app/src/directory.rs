//! Directory, policies and records as Graph objects: one function per verb, one file per noun.
//! The edge has parsed, checked types and scopes; roles, ownership and rules are checked here.

mod application;
mod authorization_policy;
mod conditional_access;
mod credential;
mod cross_tenant;
pub mod deleted_item;
mod grant;
mod group;
mod invitation;
mod log;
mod organization;
mod owner;
mod read;
mod relation;
mod role;
mod service_principal;
mod user;
mod wire;

use comity_model::{
    query::{Listing, Query},
    resource::{
        Action, DELETED_ITEM, Function,
        address::{Change, Key, Object, Place, Reference},
    },
};
use serde_json::{Map, Value};

use crate::{
    context::Context,
    error::{Error, Result},
};

/// An object by its Graph names.
pub type Json = Map<String, Value>;

/// A page of a collection.
pub async fn list(cx: &Context, place: &Place, query: &Query) -> Result<Listing> {
    read::may_list(cx, place).await?;
    if let Some(parent) = &place.parent {
        return relation::list(cx, parent, place, query).await;
    }
    if place.declared == &DELETED_ITEM {
        return deleted_item::list(cx, place, query).await;
    }
    if place.cast {
        let mut objects = all(cx, place.declared.name).await?;
        let wanted = format!("#{}", place.resource.full_name());
        objects.retain(|o| o.get("@odata.type").and_then(Value::as_str) == Some(&wanted));
        return Ok(query.apply(objects));
    }
    match place.resource.name {
        "user" => user::list(cx, query).await,
        "group" => group::list(cx, query).await,
        "signIn" => log::list_sign_ins(cx, query).await,
        "directoryAudit" => log::list_audits(cx, query).await,
        name => Ok(query.apply(all(cx, name).await?)),
    }
}

/// Every object of a type, for collections that are answered in memory: small ones, and those of
/// which the snapshot holds every object anyway.
async fn all(cx: &Context, name: &str) -> Result<Vec<Json>> {
    match name {
        "application" => application::all(cx).await,
        "servicePrincipal" => service_principal::all(cx).await,
        "oAuth2PermissionGrant" => grant::all_permissions(cx).await,
        "directoryRole" => role::all(cx).await,
        "directoryRoleTemplate" => Ok(role::templates()),
        "unifiedRoleDefinition" => Ok(role::definitions()),
        "unifiedRoleAssignment" => role::assignments(cx).await,
        "organization" => Ok(vec![organization::find(cx).await?]),
        "domain" => organization::domains(cx).await,
        "crossTenantAccessPolicyConfigurationPartner" => cross_tenant::partners(cx).await,
        "conditionalAccessPolicy" => conditional_access::policies(cx).await,
        "namedLocation" => conditional_access::locations(cx).await,
        _ => Err(Error::NotFound),
    }
}

/// One object, whole.
#[expect(
    clippy::cognitive_complexity,
    reason = "the log lines count as branches"
)]
pub async fn find(cx: &Context, object: &Object) -> Result<Json> {
    read::may_find(cx, object).await?;
    if let Some(parent) = &object.place.parent {
        return relation::find(cx, parent, object).await;
    }
    if object.place.declared == &DELETED_ITEM {
        return deleted_item::find(cx, object).await;
    }
    match (object.place.declared.name, &object.key) {
        ("user", key) => user::find(cx, key).await,
        ("group", Key::Id(id)) => group::find(cx, id).await,
        ("application", key) => application::find(cx, key).await,
        ("servicePrincipal", key) => service_principal::find(cx, key).await,
        ("crossTenantAccessPolicy", _) => cross_tenant::root(cx).await,
        ("crossTenantAccessPolicyConfigurationDefault", _) => cross_tenant::default(cx).await,
        ("crossTenantAccessPolicyConfigurationPartner", key) => {
            cross_tenant::partner(cx, key.text()).await
        }
        ("authorizationPolicy", _) => authorization_policy::find(cx).await,
        ("signIn", key) => log::find_sign_in(cx, key.text()).await,
        ("directoryAudit", key) => log::find_audit(cx, key.text()).await,
        (name, key) => {
            let objects = all(cx, name).await?;
            objects
                .into_iter()
                .find(|o| is_keyed(o, object.place.resource.key, key))
                .ok_or(Error::NotFound)
        }
    }
}

/// Whether an object has that key; text compares without case.
fn is_keyed(object: &Json, id: &str, key: &Key) -> bool {
    let (name, wanted) = match key {
        Key::Id(text) => (id, text),
        Key::Alternate(property, text) => (property.name, text),
        Key::Only => return true,
    };
    object
        .get(name)
        .and_then(Value::as_str)
        .is_some_and(|v| v.eq_ignore_ascii_case(wanted))
}

/// Makes an object; answers it whole.
pub async fn create(cx: &Context, place: &Place, change: Change) -> Result<Json> {
    if let Some(parent) = &place.parent {
        return relation::create(cx, parent, place, change).await;
    }
    match place.resource.name {
        "user" => user::create(cx, change).await,
        "group" => group::create(cx, change).await,
        "application" => application::create(cx, change).await,
        "servicePrincipal" => service_principal::create(cx, change).await,
        "oAuth2PermissionGrant" => grant::create_permission(cx, change).await,
        "directoryRole" => role::activate(cx, &change).await,
        "unifiedRoleAssignment" => role::assign(cx, &change).await,
        "crossTenantAccessPolicyConfigurationPartner" => {
            cross_tenant::create_partner(cx, change).await
        }
        "conditionalAccessPolicy" => conditional_access::create_policy(cx, change).await,
        "namedLocation" => conditional_access::create_location(cx, change).await,
        "invitation" => invitation::create(cx, change).await,
        _ => Err(Error::NotFound),
    }
}

/// Changes an object.
pub async fn update(cx: &Context, object: &Object, change: Change) -> Result<()> {
    match object.place.resource.name {
        "user" => user::update(cx, &object.key, change).await,
        "group" => group::update(cx, object.key.text(), change).await,
        "application" => application::update(cx, &object.key, change).await,
        "servicePrincipal" => service_principal::update(cx, &object.key, change).await,
        "oAuth2PermissionGrant" => grant::update_permission(cx, object.key.text(), change).await,
        "organization" => organization::update(cx, object.key.text(), change).await,
        "crossTenantAccessPolicy" => cross_tenant::update_root(cx, change).await,
        "crossTenantAccessPolicyConfigurationDefault" => {
            cross_tenant::update_default(cx, change).await
        }
        "crossTenantAccessPolicyConfigurationPartner" => {
            cross_tenant::update_partner(cx, object.key.text(), change).await
        }
        "authorizationPolicy" => authorization_policy::update(cx, change).await,
        "conditionalAccessPolicy" => {
            conditional_access::update_policy(cx, object.key.text(), change).await
        }
        "namedLocation" => conditional_access::update_location(cx, object.key.text(), change).await,
        _ => Err(Error::NotFound),
    }
}

/// Ends an object.
pub async fn delete(cx: &Context, object: &Object) -> Result<()> {
    match object.place.resource.name {
        "user" => user::delete(cx, &object.key).await,
        "group" => group::delete(cx, object.key.text()).await,
        "application" => application::delete(cx, &object.key).await,
        "servicePrincipal" => service_principal::delete(cx, &object.key).await,
        "deletedItem" => deleted_item::purge(cx, &object.key).await,
        "appRoleAssignment" => grant::unassign(cx, object).await,
        "oAuth2PermissionGrant" => grant::delete_permission(cx, object.key.text()).await,
        "unifiedRoleAssignment" => role::unassign(cx, object.key.text()).await,
        "crossTenantAccessPolicyConfigurationPartner" => {
            cross_tenant::delete_partner(cx, object.key.text()).await
        }
        "conditionalAccessPolicy" => conditional_access::delete_policy(cx, object.key.text()).await,
        "namedLocation" => conditional_access::delete_location(cx, object.key.text()).await,
        _ => Err(Error::NotFound),
    }
}

/// Adds a member, an owner, …
pub async fn add_reference(cx: &Context, place: &Place, reference: &Reference) -> Result<()> {
    relation::add(cx, place, reference).await
}

/// Removes one.
pub async fn remove_reference(cx: &Context, place: &Place, reference: &Reference) -> Result<()> {
    relation::remove(cx, place, reference).await
}

/// Does an action.
pub async fn act(
    cx: &Context,
    object: &Object,
    action: &'static Action,
    parameters: Json,
) -> Result<Json> {
    match (object.place.resource.name, action.name) {
        ("application", "addPassword") => {
            credential::add_password(cx, &object.key, &parameters).await
        }
        ("deletedItem", "restore") => deleted_item::restore(cx, &object.key).await,
        ("application", "removePassword") => {
            credential::remove_password(cx, &object.key, &parameters).await
        }
        ("crossTenantAccessPolicyConfigurationDefault", "resetToSystemDefault") => {
            cross_tenant::reset_default(cx).await
        }
        _ => Err(Error::NotFound),
    }
}

/// Answers a function.
pub async fn call(cx: &Context, function: &'static Function, argument: &str) -> Result<Json> {
    match function.path {
        "tenantRelationships/findTenantInformationByTenantId" => {
            organization::find_by_id(cx, argument).await
        }
        "tenantRelationships/findTenantInformationByDomainName" => {
            organization::find_by_domain(cx, argument).await
        }
        _ => Err(Error::NotFound),
    }
}
