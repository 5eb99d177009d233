//! The story without a world: how it begins, and how it stops.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::*;
use crate::options::{Chance, Clock};

fn options(manifest: PathBuf, json: bool) -> Options {
    Options {
        manifest,
        json,
        pause: false,
        keep: false,
        clock: Clock::new(|| SystemTime::UNIX_EPOCH + Duration::from_hours(1)),
        chance: Chance::new(|bytes| bytes.fill(7)),
        transport: None,
    }
}

fn user(upn: &str) -> Value {
    json!({"id": upn, "userPrincipalName": upn, "displayName": upn, "password": "p",
           "totpSecret": null, "roles": [], "accountEnabled": true})
}

fn cloud(key: &str, tenant: &str, domain: &str, users: &[&str], port: u16) -> Value {
    let origin = |role: &str| format!("https://{role}.{key}.localhost:{port}");
    let users: Vec<Value> = users.iter().map(|upn| user(upn)).collect();
    json!({
        "key": key, "canonicalName": key, "login": origin("login"), "graph": origin("graph"),
        "portal": origin("portal"), "myapps": origin("myapps"), "device": origin("device"),
        "tenants": [{"id": tenant, "displayName": tenant, "domains": [domain], "users": users,
                     "automation": {"clientId": "a", "clientSecret": "b"}}]
    })
}

/// A manifest of a world that has gone: its port was free a moment ago.
fn world(folder: &Path) -> PathBuf {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let key = rcgen::generate_simple_self_signed(["login.global.localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("ca.pem"), key.cert.pem()).unwrap();
    let manifest = json!({"caFile": "ca.pem", "clouds": [
        cloud("global", "Contoso", "contoso.com", &["alex@contoso.com"], port),
        cloud("usgov", "Northwind", "northwind.us", &["nora@northwind.us", "nils@northwind.us"], port),
        cloud("china", "Tailspin", "tailspin.cn", &[], port),
    ]});
    let path = folder.join("world.json");
    std::fs::write(&path, manifest.to_string()).unwrap();
    path
}

#[tokio::test]
async fn the_first_step_that_does_not_hold_ends_the_story() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(world(folder.path()), true);
    let mut out = Vec::new();
    let outcome = play(&options, &mut out).await.unwrap();
    assert_eq!(
        (outcome.held, outcome.steps, outcome.exit_code()),
        (0, 15, 1)
    );
    let (step, error) = outcome.failed.unwrap();
    assert_eq!(step, 1);
    assert!(
        error.contains("GET https://login.global.localhost:"),
        "{error}"
    );
    let text = String::from_utf8(out).unwrap();
    let record: Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(
        (&record["step"], &record["ok"], &record["saw"]),
        (&json!(1), &json!(false), &json!({}))
    );
    assert_eq!(record["title"], STEPS[0].0);
}

#[tokio::test]
async fn without_a_manifest_the_story_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path().join("world.json"), false);
    let mut out = Vec::new();
    let error = play(&options, &mut out).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot read the manifest"), "{error}");
    assert!(out.is_empty());
}
