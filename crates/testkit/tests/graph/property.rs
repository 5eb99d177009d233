//! Which permission changes which property of whom (the reference's *Update user* and *Who can
//! perform sensitive actions*).

use std::collections::BTreeSet;

use comity_app::{
    Actor, Context, Error,
    context::{Client, UserActor},
    directory,
};
use comity_model::{
    id::Id,
    resource::{
        USER,
        address::{Change, Object},
    },
    well_known,
};
use comity_testkit::Engine;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{Rig, ok, refused};

pub const GRAPH: &str = "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";
pub const GLOBAL: &str = "62e90394-69f5-4237-9190-012177145e10";
pub const PEOPLE: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
pub const ASSIGNMENTS: &str = "/roleManagement/directory/roleAssignments";

/// An application of Contoso with some permissions of Graph.
pub struct Program {
    pub application: String,
    pub principal: String,
    pub token: String,
}

/// Makes one; `roles` are directory roles.
pub async fn program(rig: &Rig, permissions: &[&str], roles: &[&str]) -> Program {
    let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
    let app = rig
        .make("/applications", &json!({"displayName": "Program"}))
        .await;
    let principal = rig
        .make("/servicePrincipals", &json!({"appId": app["appId"]}))
        .await;
    let path = format!("/applications/{}/addPassword", id(&app));
    let secret = rig.make(&path, &json!({})).await;
    let graph = ok(&rig.get(GRAPH).await);
    let offered = graph["appRoles"].as_array().unwrap();
    for name in permissions {
        let role = offered.iter().find(|r| r["value"] == **name).unwrap();
        let path = format!("/servicePrincipals/{}/appRoleAssignments", id(&principal));
        let body = json!({"principalId": id(&principal), "resourceId": id(&graph),
            "appRoleId": role["id"]});
        rig.make(&path, &body).await;
    }
    for role in roles {
        give(rig, &id(&principal), role).await;
    }
    let client_id = app["appId"].as_str().unwrap();
    let secret = secret["secretText"].as_str().unwrap();
    Program {
        application: id(&app),
        principal: id(&principal),
        token: rig.application(client_id, secret).await,
    }
}

/// Gives a directory role; answers the assignment's ID.
pub async fn give(rig: &Rig, principal: &str, role: &str) -> String {
    let body = json!({"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/"});
    let made = rig.make(ASSIGNMENTS, &body).await;
    made["id"].as_str().unwrap().to_owned()
}

pub fn person(rig: &Rig, name: &str) -> String {
    let upn = format!("{name}@contoso.com");
    rig.tenant("contoso.com").user(&upn).unwrap().id.clone()
}

const PASSWORD: (&str, &str) = (
    "passwordProfile",
    r#"{"password": "a long enough pass phrase 7"}"#,
);
const ENABLED: (&str, &str) = ("accountEnabled", "true");
const PHONE: (&str, &str) = ("mobilePhone", r#""+1 425 555 0100""#);
const PHONES: (&str, &str) = ("businessPhones", r#"["+1 425 555 0100"]"#);
const OTHER: (&str, &str) = ("otherMails", r#"["x@contoso.com"]"#);
const MAIL: (&str, &str) = ("mail", r#""x@contoso.com""#);
const UPN: (&str, &str) = ("userPrincipalName", r#""other@contoso.com""#);
const ANCHOR: (&str, &str) = ("onPremisesImmutableId", r#""x""#);
const TITLE: (&str, &str) = ("jobTitle", r#""Clerk""#);

/// One property of one person.
type Try = (&'static str, (&'static str, &'static str));
/// Permissions and roles; what they suffice for, and what they do not.
type Row = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [Try],
    &'static [Try],
);

/// `admin` is the Global Administrator, `alex` holds no role.
const ROWS: &[Row] = &[
    (
        &["User-Phone.ReadWrite.All"],
        &[],
        &[("alex", PHONE), ("alex", PHONES)],
        &[
            ("alex", PASSWORD),
            ("alex", ENABLED),
            ("alex", OTHER),
            ("alex", TITLE),
            ("admin", PHONE),
            ("admin", PASSWORD),
        ],
    ),
    (
        &["User-Mail.ReadWrite.All"],
        &[],
        &[("alex", OTHER)],
        &[
            ("alex", PHONE),
            ("alex", MAIL),
            ("admin", OTHER),
            ("admin", PASSWORD),
        ],
    ),
    (
        &["User.EnableDisableAccount.All"],
        &[],
        &[("alex", ENABLED)],
        &[("alex", PASSWORD), ("alex", TITLE), ("admin", ENABLED)],
    ),
    (
        &["User-PasswordProfile.ReadWrite.All"],
        &[],
        &[("alex", PASSWORD)],
        &[("alex", TITLE), ("alex", ENABLED), ("admin", PASSWORD)],
    ),
    (
        &["User.ManageIdentities.All"],
        &[],
        &[],
        &[
            ("alex", TITLE),
            ("alex", PASSWORD),
            ("alex", UPN),
            ("admin", PASSWORD),
        ],
    ),
    (
        &["DeviceManagementApps.ReadWrite.All"],
        &[],
        &[("alex", TITLE)],
        &[("alex", PASSWORD), ("alex", ENABLED), ("alex", PHONE)],
    ),
    (
        &["User.ReadWrite.All", "Directory.ReadWrite.All"],
        &[],
        &[
            ("alex", TITLE),
            ("alex", ENABLED),
            ("alex", PHONE),
            ("alex", OTHER),
            ("alex", MAIL),
            ("admin", TITLE),
        ],
        &[
            ("alex", PASSWORD),
            ("admin", ENABLED),
            ("admin", PHONE),
            ("admin", PHONES),
            ("admin", OTHER),
            ("admin", MAIL),
            ("admin", UPN),
            ("admin", ANCHOR),
        ],
    ),
    (
        &["User.ReadWrite.All"],
        &[PEOPLE],
        &[("alex", PASSWORD)],
        &[("admin", PASSWORD)],
    ),
    (
        &["User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"],
        &[GLOBAL],
        &[("admin", PASSWORD), ("admin", PHONE)],
        &[],
    ),
];

#[tokio::test]
async fn an_application_changes_what_its_permissions_name() {
    let rig = Rig::start(Engine::Sqlite).await;
    for (permissions, roles, may, may_not) in ROWS {
        let program = program(&rig, permissions, roles).await;
        let change = async |(who, (name, value)): &Try| {
            let path = format!("/users/{}", person(&rig, who));
            let value: Value = serde_json::from_str(value).unwrap();
            let body = json!({ *name: value });
            rig.as_holder(&program.token, ("PATCH", &path), &body).await
        };
        for row in *may {
            let answer = change(row).await;
            assert_eq!(
                answer.status,
                204,
                "{permissions:?} {row:?}: {}",
                answer.text()
            );
        }
        for row in *may_not {
            let (status, code, message) = refused(&change(row).await);
            let seen = (status, code.as_str());
            assert_eq!(
                seen,
                (403, "Authorization_RequestDenied"),
                "{permissions:?} {row:?}: {message}"
            );
        }
    }
}

/// What was allowed and what was not in one request: nothing of it is written.
#[tokio::test]
async fn one_property_too_many_refuses_the_whole_change() {
    let rig = Rig::start(Engine::Sqlite).await;
    let program = program(&rig, &["User-Phone.ReadWrite.All"], &[]).await;
    let path = format!("/users/{}", person(&rig, "alex"));
    let body = json!({"mobilePhone": "+1 425 555 0199", "jobTitle": "Clerk"});
    let answer = rig.as_holder(&program.token, ("PATCH", &path), &body).await;
    let (status, _, message) = refused(&answer);
    assert_eq!(status, 403);
    assert!(message.contains("jobTitle"), "{message}");
    assert_eq!(ok(&rig.get(&path).await)["mobilePhone"], Value::Null);
}

#[tokio::test]
async fn an_application_deletes_nobody_who_holds_a_privileged_role() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let program = program(&rig, &["User.ReadWrite.All"], &[]).await;
        for (name, status) in [
            ("admin", 403),
            ("secadmin", 403),
            ("reader", 204),
            ("bo", 204),
        ] {
            let path = format!("/users/{}", person(&rig, name));
            let call = ("DELETE", path.as_str());
            let answer = rig.ask(&program.token, call, &[], None).await;
            assert_eq!(answer.status, status, "{name}: {}", answer.text());
        }
    }
}

/// Neither does it bring such an account back, or end it for good.
#[tokio::test]
async fn an_application_restores_nobody_who_holds_a_privileged_role() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let permissions = ["User.ReadWrite.All", "User.DeleteRestore.All"];
        let program = program(&rig, &permissions, &[]).await;
        for (name, refusal) in [("secadmin", true), ("bo", false)] {
            let id = person(&rig, name);
            let user = format!("/users/{id}");
            let gone = rig.ask(&rig.admin, ("DELETE", &user), &[], None).await;
            assert_eq!(gone.status, 204, "{}", gone.text());
            let item = format!("/directory/deletedItems/{id}");
            let restore = format!("{item}/restore");
            for call in [("POST", restore.as_str()), ("DELETE", item.as_str())] {
                let answer = rig.ask(&program.token, call, &[], None).await;
                let seen = answer.status == 403;
                assert_eq!(seen, refusal, "{call:?} {name}: {}", answer.text());
                if call.0 == "POST" && !refusal {
                    let gone = rig.ask(&rig.admin, ("DELETE", &user), &[], None).await;
                    assert_eq!(gone.status, 204, "{}", gone.text());
                }
            }
        }
    }
}

/// Somebody of Contoso with a token of these scopes.
fn holder(rig: &Rig, name: &str, scopes: &[&str], roles: &[Uuid]) -> Context {
    let app = rig.world.app("global").unwrap();
    let mut cx = Context::new(app, Client::default());
    let upn = format!("{name}@contoso.com");
    cx.actor = Actor::User(Box::new(UserActor {
        tenant: Id::parse(&rig.tenant("contoso.com").id).unwrap(),
        user: Id::parse(&person(rig, name)).unwrap(),
        user_principal_name: upn.clone(),
        display_name: upn,
        mail: None,
        is_guest: false,
        client: well_known::COMMAND_LINE,
        scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
        roles: roles.iter().copied().collect::<BTreeSet<_>>(),
        second_factor: None,
    }));
    cx
}

/// Who, under which scope, changes of whom, what, and whether she may.
type Attempt = (
    &'static str,
    &'static str,
    &'static str,
    (&'static str, &'static str),
    bool,
);

/// A person's token gives what its scopes name, however high her role.
#[tokio::test]
async fn a_persons_token_changes_what_its_scopes_name() {
    let rig = Rig::start(Engine::Sqlite).await;
    let global = [well_known::role::GLOBAL_ADMINISTRATOR];
    let rows: &[Attempt] = &[
        ("alex", "User.ReadWrite", "alex", PHONE, true),
        ("alex", "User.ReadWrite", "alex", TITLE, false),
        ("alex", "User.ReadWrite", "alex", PASSWORD, false),
        ("alex", "User.ReadWrite", "bo", PHONE, false),
        ("alex", "User.ReadWrite.All", "bo", PHONE, false),
        (
            "alex",
            "User-PasswordProfile.ReadWrite.All",
            "bo",
            PASSWORD,
            false,
        ),
        ("admin", "User.ReadWrite", "alex", TITLE, false),
        ("admin", "User.ReadWrite", "admin", PHONE, true),
        ("admin", "User-Phone.ReadWrite.All", "alex", PASSWORD, false),
        ("admin", "User-Phone.ReadWrite.All", "alex", PHONE, true),
        ("admin", "User.ReadWrite.All", "alex", PASSWORD, false),
        ("admin", "User.ReadWrite.All", "alex", TITLE, true),
        (
            "admin",
            "Directory.AccessAsUser.All",
            "alex",
            PASSWORD,
            true,
        ),
        (
            "admin",
            "User-PasswordProfile.ReadWrite.All",
            "alex",
            PASSWORD,
            true,
        ),
    ];
    for (who, scope, whom, (name, value), may) in rows {
        let roles: &[Uuid] = if *who == "admin" { &global } else { &[] };
        let cx = holder(&rig, who, &[scope], roles);
        let value: Value = serde_json::from_str(value).unwrap();
        let change = Change {
            resource: &USER,
            properties: [((*name).to_owned(), value)].into_iter().collect(),
            bindings: Vec::new(),
        };
        let object = Object::by_id(&USER, person(&rig, whom));
        let done = directory::update(&cx, &object, change).await;
        let as_wanted = match &done {
            Ok(()) => *may,
            Err(error) => !may && matches!(error, Error::Forbidden(_)),
        };
        assert!(as_wanted, "{who} {scope} {whom} {name}: {done:?}");
    }
}
