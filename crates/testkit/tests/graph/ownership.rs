//! `Application.ReadWrite.OwnedBy` reaches what the caller owns, and nothing else.

use comity_testkit::Engine;
use serde_json::{Value, json};

use super::{
    property::{Program, program},
    rig::{Rig, ok, refused},
};

fn reference(id: &str) -> Value {
    json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")})
}

/// A registration with a principal and a secret: their IDs, and the secret's.
async fn foreign(rig: &Rig) -> (Value, Value, Value) {
    let app = rig
        .make("/applications", &json!({"displayName": "Payroll"}))
        .await;
    let principal = rig
        .make("/servicePrincipals", &json!({"appId": app["appId"]}))
        .await;
    let path = format!("/applications/{}/addPassword", app["id"].as_str().unwrap());
    let secret = rig.make(&path, &json!({})).await;
    (app, principal, secret)
}

/// Every write of an application and its principal; the deletions come last.
fn writes(
    app: &Value,
    principal: &Value,
    key: &Value,
    owner: &str,
) -> Vec<(&'static str, String, Value)> {
    let app = format!("/applications/{}", app["id"].as_str().unwrap());
    let principal = format!("/servicePrincipals/{}", principal["id"].as_str().unwrap());
    let named = json!({"passwordCredential": {"displayName": "k"}});
    vec![
        ("PATCH", app.clone(), json!({"displayName": "Mine"})),
        ("POST", format!("{app}/addPassword"), named),
        (
            "POST",
            format!("{app}/removePassword"),
            json!({"keyId": key["keyId"]}),
        ),
        ("POST", format!("{app}/owners/$ref"), reference(owner)),
        ("DELETE", format!("{app}/owners/{owner}/$ref"), Value::Null),
        ("PATCH", principal.clone(), json!({"notes": "mine"})),
        ("POST", format!("{principal}/owners/$ref"), reference(owner)),
        (
            "DELETE",
            format!("{principal}/owners/{owner}/$ref"),
            Value::Null,
        ),
        ("DELETE", principal, Value::Null),
        ("DELETE", app, Value::Null),
    ]
}

async fn each(rig: &Rig, program: &Program, calls: &[(&'static str, String, Value)], may: bool) {
    for (method, path, body) in calls {
        let answer = match body {
            Value::Null => rig.ask(&program.token, (method, path), &[], None).await,
            body => rig.as_holder(&program.token, (method, path), body).await,
        };
        if may {
            assert!(
                answer.status.is_success(),
                "{method} {path}: {}",
                answer.text()
            );
        } else {
            assert_eq!(refused(&answer).0, 403, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_somebody_else_owns_is_out_of_reach() {
    for engine in Engine::available() {
        let rig = Rig::start(engine).await;
        let (app, principal, secret) = foreign(&rig).await;
        let mine = program(&rig, &["Application.ReadWrite.OwnedBy"], &[]).await;
        let bo = super::property::person(&rig, "bo");
        let calls = writes(&app, &principal, &secret, &bo);
        each(&rig, &mine, &calls, false).await;
        // To itself it is somebody else too, until it is made its owner.
        let own = format!("/applications/{}/addPassword", mine.application);
        let answer = rig.as_holder(&mine.token, ("POST", &own), &json!({})).await;
        assert_eq!(refused(&answer).0, 403);
        for path in [
            format!("/applications/{}/owners/$ref", app["id"].as_str().unwrap()),
            format!(
                "/servicePrincipals/{}/owners/$ref",
                principal["id"].as_str().unwrap()
            ),
        ] {
            rig.make(&path, &reference(&mine.principal)).await;
        }
        each(&rig, &mine, &calls, true).await;
    }
}

#[tokio::test]
async fn wider_permissions_reach_everything_and_reading_nothing() {
    let rig = Rig::start(Engine::Sqlite).await;
    let (app, principal, secret) = foreign(&rig).await;
    let bo = super::property::person(&rig, "bo");
    let calls = writes(&app, &principal, &secret, &bo);
    // The published table names a reading permission for adding an owner: it does not suffice.
    let reader = program(&rig, &["Directory.Read.All"], &[]).await;
    each(&rig, &reader, &calls, false).await;
    let writer = program(&rig, &["Application.ReadWrite.All"], &[]).await;
    each(&rig, &writer, &calls, true).await;
}

#[tokio::test]
async fn an_application_owns_what_it_makes() {
    let rig = Rig::start(Engine::Sqlite).await;
    let mine = program(&rig, &["Application.ReadWrite.OwnedBy"], &[]).await;
    let make =
        async |path: &str, body: &Value| rig.as_holder(&mine.token, ("POST", path), body).await;
    let app = make("/applications", &json!({"displayName": "Child"})).await;
    assert_eq!(app.status, 201, "{}", app.text());
    let app = app.json().unwrap();
    let principal = make("/servicePrincipals", &json!({"appId": app["appId"]})).await;
    assert_eq!(principal.status, 201, "{}", principal.text());
    let principal = principal.json().unwrap();
    for (path, object) in [("applications", &app), ("servicePrincipals", &principal)] {
        let path = format!("/{path}/{}/owners", object["id"].as_str().unwrap());
        let owners = ok(&rig.get(&path).await);
        assert_eq!(owners["value"][0]["id"], mine.principal, "{path}");
    }
    let path = format!("/applications/{}/addPassword", app["id"].as_str().unwrap());
    let secret = make(&path, &json!({})).await;
    assert_eq!(secret.status, 200, "{}", secret.text());
    // It brings no registration of somebody else to life.
    let lone = rig
        .make("/applications", &json!({"displayName": "Lone"}))
        .await;
    let answer = make("/servicePrincipals", &json!({"appId": lone["appId"]})).await;
    assert_eq!(refused(&answer).0, 403);
}
