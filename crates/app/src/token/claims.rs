//! What a person's tokens tell of her memberships here (semantics §5.3).
//!
//! 1. Each token speaks for one application: the id token for the client, the access token for the
//!    resource. Its registration says what it wants to know.
//! 2. `roles`: the values of its app roles that she holds, herself or through a group.
//! 3. `groups` and `wids` only as `groupMembershipClaims` asks: `ApplicationGroup` tells of groups
//!    that are assigned to the application, `SecurityGroup` of groups for security, `All` of all;
//!    each but the first tells her directory roles too, and `DirectoryRole` these alone.
//! 4. Of more than 200 groups it tells none, and where they are (OpenID Connect Core §5.6.2).

use std::collections::BTreeSet;

use comity_model::{
    app_role_assignment::AppRoleAssignment, group::Group, id::Id, user::User, well_known,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Standing, client_credentials::role_value};
use crate::{
    context::Context,
    error::{Error, Result},
    snapshot::Snapshot,
};

/// Rule 4.
const MOST_GROUPS: usize = 200;

/// The words of `groupMembershipClaims`.
const WORDS: [&str; 5] = [
    "None",
    "SecurityGroup",
    "DirectoryRole",
    "ApplicationGroup",
    "All",
];
/// Optional claims that the tokens carry, or would at most carry where asked.
const IN_ID_TOKEN: [&str; 9] = [
    "acct",
    "auth_time",
    "email",
    "family_name",
    "given_name",
    "preferred_username",
    "sid",
    "upn",
    "xms_edov",
];
const IN_ACCESS_TOKEN: [&str; 6] = [
    "acct",
    "auth_time",
    "idtyp",
    "preferred_username",
    "sid",
    "upn",
];

/// Memberships as one token tells them.
#[derive(Debug, Clone, Default)]
pub(super) struct Memberships {
    pub roles: Vec<String>,
    pub groups: Vec<String>,
    pub wids: Vec<String>,
    pub claim_names: Option<Value>,
    pub claim_sources: Option<Value>,
}

/// Those of both tokens.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    pub id_token: Memberships,
    pub access_token: Memberships,
}

/// Rules 1 to 4.
pub(super) async fn of(cx: &Context, standing: &Standing) -> Result<Claims> {
    let pair = standing.grant().pair;
    let id_token = memberships(cx, standing, pair.client).await?;
    let access_token = if pair.resource == pair.client {
        id_token.clone()
    } else {
        memberships(cx, standing, pair.resource).await?
    };
    Ok(Claims {
        id_token,
        access_token,
    })
}

async fn memberships(cx: &Context, standing: &Standing, app: Uuid) -> Result<Memberships> {
    let snapshot = standing.snapshot();
    let mut found = Memberships::default();
    // Graph's own permissions of people are scopes and directory roles.
    if app == well_known::GRAPH {
        found.wids = standing.roles().iter().map(Uuid::to_string).collect();
        return Ok(found);
    }
    let wanted = wanted(snapshot, app);
    let Some(principal) = snapshot.service_principal(app) else {
        return Ok(found);
    };
    let wants_groups = wanted.iter().any(|w| w != "None" && w != "DirectoryRole");
    if !wants_groups && !offers_roles(snapshot, app) {
        found.wids = roles_told(standing, &wanted);
        return Ok(found);
    }
    let read = cx.app.store().read();
    let scoped = read.tenant(snapshot.tenant.id);
    let user = standing.user().id.uuid();
    let groups = scoped.groups().groups_of(user).await?;
    let assigned = scoped
        .app_role_assignments()
        .list_of_resource(principal.id)
        .await?;
    let holds = |a: &&AppRoleAssignment| a.principal == user || groups.contains(&a.principal);
    let roles: BTreeSet<String> = assigned
        .iter()
        .filter(holds)
        .filter_map(|a| role_value(snapshot, app, a.app_role))
        .collect();
    found.roles = roles.into_iter().collect();
    found.wids = roles_told(standing, &wanted);
    let told = told(cx, snapshot, &wanted, (groups, &assigned)).await?;
    tell(cx, standing.user(), &told, &mut found);
    Ok(found)
}

/// What the registration asks for; nothing where the application is not registered here.
fn wanted(snapshot: &Snapshot, app: Uuid) -> Vec<String> {
    let registered = snapshot.applications.get(&app);
    let text = registered
        .and_then(|a| a.properties.get("groupMembershipClaims"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    text.split(',').map(|word| word.trim().to_owned()).collect()
}

fn wants(wanted: &[String], word: &str) -> bool {
    wanted.iter().any(|w| w == word)
}

fn offers_roles(snapshot: &Snapshot, app: Uuid) -> bool {
    let registered = snapshot.applications.get(&app).map(|a| &a.properties);
    let shown = snapshot.service_principal(app).map(|p| &p.properties);
    let mut lists = [registered, shown].into_iter().flatten();
    lists.any(|p| {
        let roles = p.get("appRoles").and_then(Value::as_array);
        roles.is_some_and(|roles| !roles.is_empty())
    })
}

fn roles_told(standing: &Standing, wanted: &[String]) -> Vec<String> {
    let is_told = ["SecurityGroup", "DirectoryRole", "All"]
        .iter()
        .any(|word| wants(wanted, word));
    let roles = standing.roles().iter().filter(|_| is_told);
    roles.map(Uuid::to_string).collect()
}

/// Rule 3: her groups of the kinds asked; one more than rule 4 allows is enough.
async fn told(
    cx: &Context,
    snapshot: &Snapshot,
    wanted: &[String],
    (mut groups, assigned): (BTreeSet<Uuid>, &[AppRoleAssignment]),
) -> Result<BTreeSet<Uuid>> {
    if wants(wanted, "All") {
        return Ok(groups);
    }
    let mut told = BTreeSet::new();
    if wants(wanted, "ApplicationGroup") {
        let of_the_application: BTreeSet<Uuid> = assigned.iter().map(|a| a.principal).collect();
        told.extend(groups.intersection(&of_the_application));
    }
    if wants(wanted, "SecurityGroup") {
        groups.retain(|group| !told.contains(group));
        let read = cx.app.store().read();
        let table = read.tenant(snapshot.tenant.id).groups();
        for group in groups {
            if told.len() > MOST_GROUPS {
                break;
            }
            let found = table.find(Id::<Group>::new(group)).await?;
            if found.is_some_and(|g| g.security_enabled) {
                told.insert(group);
            }
        }
    }
    Ok(told)
}

/// Rule 4.
fn tell(cx: &Context, user: &User, groups: &BTreeSet<Uuid>, found: &mut Memberships) {
    if groups.len() <= MOST_GROUPS {
        found.groups = groups.iter().map(Uuid::to_string).collect();
        return;
    }
    let graph = &cx.app.registry().own.hosts.graph;
    let endpoint = format!("{graph}/v1.0/users/{}/transitiveMemberOf", user.id);
    found.claim_names = Some(json!({"groups": "src1"}));
    found.claim_sources = Some(json!({"src1": {"endpoint": endpoint}}));
}

/// Whether the registration of the token's application asks for an optional claim.
pub(super) fn is_asked(snapshot: &Snapshot, app: Uuid, token: &str, name: &str) -> bool {
    let registered = snapshot.applications.get(&app);
    let list = registered
        .and_then(|a| a.properties.get("optionalClaims")?.get(token))
        .and_then(Value::as_array);
    let is_it = |claim: &Value| claim.get("name").and_then(Value::as_str) == Some(name);
    list.is_some_and(|claims| claims.iter().any(is_it))
}

/// Refuses a registration that asks for claims which no token would carry.
pub(crate) fn check(properties: &Map<String, Value>) -> Result<()> {
    if let Some(text) = properties
        .get("groupMembershipClaims")
        .and_then(Value::as_str)
    {
        let unknown = text.split(',').map(str::trim).find(|w| !WORDS.contains(w));
        if unknown.is_some() {
            let message = format!(
                "`groupMembershipClaims` is one or several of {}",
                WORDS.map(|w| format!("`{w}`")).join(", ")
            );
            return Err(Error::invalid("groupMembershipClaims", message));
        }
    }
    let of = |token: &str| {
        let claims = properties.get("optionalClaims").and_then(|c| c.get(token));
        claims.and_then(Value::as_array).into_iter().flatten()
    };
    for (token, known) in [
        ("idToken", &IN_ID_TOKEN[..]),
        ("accessToken", &IN_ACCESS_TOKEN[..]),
        ("saml2Token", &[]),
    ] {
        for claim in of(token) {
            let name = claim.get("name").and_then(Value::as_str);
            let is_set = |member: &str| match claim.get(member) {
                None | Some(Value::Null) => false,
                Some(Value::Array(list)) => !list.is_empty(),
                Some(_) => true,
            };
            let is_plain = !is_set("source") && !is_set("additionalProperties");
            if !(is_plain && name.is_some_and(|name| known.contains(&name))) {
                let shown: String = name.unwrap_or_default().chars().take(64).collect();
                return Err(Error::invalid(
                    format!("optionalClaims/{token}"),
                    format!(
                        "the optional claim `{shown}` is not issued in this form: leave it out of \
                         `optionalClaims/{token}`"
                    ),
                ));
            }
        }
    }
    Ok(())
}
