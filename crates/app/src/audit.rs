//! Audit records of changes, in Graph's shape (semantics.md §9.2), and of refused permissions
//! (law 6).

use comity_model::audit_record::AuditRecord;
use comity_oauth::text;
use comity_store::counter::window;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    context::{Actor, Context},
    error::Result,
};

/// Refusals of one operation to one actor within this time are one record.
const REFUSALS_SECONDS: i64 = 3600;

/// What was done to what; becomes one audit record in the transaction of the change.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    category: &'static str,
    name: &'static str,
    targets: Vec<Target>,
    result: &'static str,
    reason: Option<String>,
    highest: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Target {
    kind: &'static str,
    id: Uuid,
    name: String,
    changes: Vec<(String, Option<String>, Option<String>)>,
}

impl Activity {
    /// An activity by its documented category and display name.
    pub const fn new(category: &'static str, name: &'static str) -> Self {
        Self {
            category,
            name,
            targets: Vec::new(),
            result: "success",
            reason: None,
            highest: false,
        }
    }

    /// Marks it as one of those that alter whom the organization deals with at all: the record says
    /// so, and the log warns.
    #[must_use]
    pub const fn highest(mut self) -> Self {
        self.highest = true;
        self
    }

    /// Adds the object that it was done to.
    #[must_use]
    pub fn target(mut self, kind: &'static str, id: Uuid, name: &str) -> Self {
        self.targets.push(Target {
            kind,
            id,
            name: name.to_owned(),
            changes: Vec::new(),
        });
        self
    }

    /// Adds a changed property of the last target: old and new value as JSON or plain text, never
    /// a secret.
    #[must_use]
    pub fn changed(mut self, property: &str, old: Option<String>, new: Option<String>) -> Self {
        if let Some(target) = self.targets.last_mut() {
            target.changes.push((property.to_owned(), old, new));
        }
        self
    }

    /// Marks it as refused, with the reason.
    #[must_use]
    pub fn refused(mut self, reason: impl Into<String>) -> Self {
        self.result = "failure";
        self.reason = Some(reason.into());
        self
    }
}

/// An operation that was refused for want of a permission.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// Method and path template: what refusals are counted by.
    pub operation: &'a str,
    /// The path as sent.
    pub path: &'a str,
    /// What the caller was told.
    pub reason: &'a str,
}

/// Records a refusal in a transaction of its own: the first within an hour for each actor and
/// operation, on whichever node. So a flood of refusals costs reads, and at most one record an hour
/// for each of some hundred operations.
pub async fn refused(cx: &Context, what: &Refused<'_>) -> Result<()> {
    let tenant = cx.tenant()?;
    let who = match &cx.actor {
        Actor::User(actor) => actor.user.uuid(),
        Actor::Application(actor) => actor.service_principal.uuid(),
        Actor::System { .. } | Actor::Nobody => return Ok(()),
    };
    let counter = format!("refused/{tenant}/{who}/{}", what.operation);
    let start = window(cx.now, REFUSALS_SECONDS);
    let read = cx.app.store().read();
    if read.cloud().counters().find(&counter, start).await? > 0 {
        return Ok(());
    }
    let activity = Activity::new("Authorization", "Refuse operation")
        .target("Other", tenant.uuid(), what.operation)
        .changed("path", None, Some(text::clean(what.path, 256)))
        .refused(text::clean(what.reason, 1024));
    let tx = cx.app.store().begin().await?;
    if tx.cloud().counters().count_up(&counter, start).await? == 1 {
        let record = audit(cx, &activity);
        tx.tenant(tenant).audit_records().insert(&record).await?;
    }
    Ok(tx.commit().await?)
}

/// The record of an activity by the context's actor, now.
pub fn audit(cx: &Context, activity: &Activity) -> AuditRecord {
    let targets: Vec<Value> = activity
        .targets
        .iter()
        .map(|t| {
            let changes: Vec<Value> = t
                .changes
                .iter()
                .map(|(name, old, new)| json!({"displayName": name, "oldValue": old, "newValue": new}))
                .collect();
            let upn = (t.kind == "User").then_some(&t.name);
            json!({
                "id": t.id, "displayName": t.name, "type": t.kind, "userPrincipalName": upn,
                "groupType": null, "modifiedProperties": changes,
            })
        })
        .collect();
    let mut properties = Map::new();
    properties.insert("targetResources".into(), Value::Array(targets));
    properties.insert(
        "loggedByService".into(),
        Value::String(service(activity.category).into()),
    );
    properties.insert(
        "operationType".into(),
        Value::String(operation(activity.name).into()),
    );
    properties.insert(
        "resultReason".into(),
        json!(activity.reason.clone().unwrap_or_default()),
    );
    let details = if activity.highest {
        tracing::warn!(activity = activity.name, correlation_id = %cx.correlation_id, "a change of the highest class");
        json!([{"key": "class", "value": "highest"}])
    } else {
        json!([])
    };
    properties.insert("additionalDetails".into(), details);
    AuditRecord {
        id: cx.new_record_id(),
        created: cx.now,
        correlation_id: cx.correlation_id,
        category: activity.category.to_owned(),
        activity: activity.name.to_owned(),
        result: activity.result.to_owned(),
        initiated_by: initiated_by(cx),
        properties,
    }
}

fn service(category: &str) -> &'static str {
    match category {
        "UserManagement" => "Invited Users",
        "Policy" => "Conditional Access",
        _ => "Core Directory",
    }
}

fn operation(name: &str) -> &'static str {
    match name.split(' ').next().unwrap_or("") {
        "Add" | "Invite" | "Create" => "Add",
        "Delete" | "Remove" => "Delete",
        _ => "Update",
    }
}

fn initiated_by(cx: &Context) -> Map<String, Value> {
    let (user, app) = match &cx.actor {
        Actor::User(a) => (
            json!({
                "id": a.user, "displayName": a.display_name, "userPrincipalName": a.user_principal_name,
                "ipAddress": cx.client.ip,
            }),
            Value::Null,
        ),
        Actor::Application(a) => (
            Value::Null,
            json!({
                "appId": a.app_id, "displayName": a.display_name, "servicePrincipalId": a.service_principal,
                "servicePrincipalName": null,
            }),
        ),
        Actor::System { name, .. } => (
            Value::Null,
            json!({"appId": null, "displayName": name, "servicePrincipalId": null, "servicePrincipalName": null}),
        ),
        Actor::Nobody => (Value::Null, Value::Null),
    };
    let mut by = Map::new();
    by.insert("user".into(), user);
    by.insert("app".into(), app);
    by
}
