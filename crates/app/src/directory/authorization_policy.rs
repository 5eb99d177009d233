//! `/policies/authorizationPolicy`: who may invite, what guests may read.

use comity_model::{
    authorization_policy::{
        AuthorizationPolicy, GUEST_ROLE_LIMITED, GUEST_ROLE_MEMBER, GUEST_ROLE_RESTRICTED,
    },
    resource::address::Change,
};
use serde_json::{Value, json};

use super::{Json, cross_tenant::history, wire::merge};
use crate::{
    audit::Activity,
    context::Context,
    error::{Error, Result},
    permission::{Permission, authorize},
};

async fn load(cx: &Context) -> Result<(AuthorizationPolicy, i64)> {
    let found = cx
        .app
        .store()
        .read()
        .tenant(cx.tenant()?)
        .authorization_policies()
        .find()
        .await?;
    found.ok_or_else(|| Error::internal("a tenant without authorization policy"))
}

fn graph(policy: &AuthorizationPolicy) -> Result<Json> {
    match serde_json::to_value(policy).map_err(Error::internal)? {
        Value::Object(mut object) => {
            object.insert("id".into(), json!("authorizationPolicy"));
            object
                .entry("displayName")
                .or_insert_with(|| json!("Authorization Policy"));
            Ok(object)
        }
        _ => Err(Error::internal("a policy that is no object")),
    }
}

pub(super) async fn find(cx: &Context) -> Result<Json> {
    graph(&load(cx).await?.0)
}

pub(super) async fn update(cx: &Context, change: Change) -> Result<()> {
    let grant = authorize(cx, Permission::WriteAuthorizationPolicy)?;
    let (before, version) = load(cx).await?;
    let mut object = graph(&before)?;
    let mut activity = Activity::new("AuthorizationPolicy", "Update authorization policy").target(
        "Policy",
        cx.tenant()?.uuid(),
        "Authorization Policy",
    );
    for (name, value) in &change.properties {
        activity = activity.changed(
            name,
            object.get(name).map(ToString::to_string),
            Some(value.to_string()),
        );
    }
    merge(&mut object, change.properties);
    object.shift_remove("id");
    let policy: AuthorizationPolicy =
        serde_json::from_value(Value::Object(object)).map_err(|_| {
            Error::invalid(
                "allowInvitesFrom",
                "`allowInvitesFrom` or `guestUserRoleId` has a value that does not exist",
            )
        })?;
    if ![GUEST_ROLE_MEMBER, GUEST_ROLE_LIMITED, GUEST_ROLE_RESTRICTED]
        .contains(&policy.guest_user_role_id)
    {
        return Err(Error::invalid(
            "guestUserRoleId",
            "`guestUserRoleId` names none of the three guest access levels",
        ));
    }
    let change = grant.begin().await?;
    change
        .tables()
        .authorization_policies()
        .update(&policy, version)
        .await?;
    let text = serde_json::to_string(&policy).map_err(Error::internal)?;
    history(cx, &change, "authorizationPolicy", "", Some(&text)).await?;
    change.commit(&activity).await
}
