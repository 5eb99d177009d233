//! Step 1: three clouds are up, each with its own keys and discovery document.

use std::collections::BTreeSet;

use comity_demo::oauth;
use http::Method;

use crate::rig::{CONTOSO, NORTHWIND, TAILSPIN, on_every_engine};

const PLACES: [&str; 3] = [CONTOSO, NORTHWIND, TAILSPIN];

#[tokio::test]
async fn each_cloud_has_its_own_issuer_hosts_and_keys() {
    on_every_engine(async |rig| {
        let mut kids = BTreeSet::new();
        let mut count = 0;
        for domain in PLACES {
            let cloud = rig.cloud_of(domain);
            let client = &rig.means.client;
            let found = oauth::discover(client, cloud, rig.id(domain))
                .await
                .unwrap();
            let issuer = format!("{}/{}/v2.0", cloud.login, rig.id(domain));
            assert_eq!(found.issuer, issuer);
            for endpoint in [
                &found.authorization_endpoint,
                &found.token_endpoint,
                &found.jwks_uri,
            ] {
                assert!(endpoint.starts_with(&cloud.login), "{endpoint}");
            }
            let name = &found.document["cloud_instance_name"];
            assert_eq!(name, &cloud.canonical_name);
            let keys = oauth::key_set(client, &found).await.unwrap();
            for key in keys["keys"].as_array().unwrap() {
                assert!(key.get("d").is_none(), "a private key: {key}");
                kids.insert(key["n"].as_str().or(key["x"].as_str()).unwrap().to_owned());
                count += 1;
            }
        }
        assert!(count >= 3);
        assert_eq!(kids.len(), count, "two clouds share a key");
    })
    .await;
}

#[tokio::test]
async fn a_tenant_of_another_cloud_is_not_here() {
    on_every_engine(async |rig| {
        for (host, tenant) in [
            (CONTOSO, rig.id(NORTHWIND)),
            (CONTOSO, NORTHWIND),
            (NORTHWIND, rig.id(CONTOSO)),
            (TAILSPIN, rig.id(NORTHWIND)),
        ] {
            let login = &rig.cloud_of(host).login;
            let url = format!("{login}/{tenant}/v2.0/.well-known/openid-configuration");
            let answer = rig.means.client.get(&url).await.unwrap();
            assert_eq!(answer.status, 400, "{url}");
            let body = answer.json().unwrap();
            assert_eq!(body["error"], "invalid_tenant", "{body}");
            assert_eq!(body["error_codes"][0], 90_002, "{body}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_of_one_cloud_opens_nothing_in_another() {
    on_every_engine(async |rig| {
        let token = rig.robot_token(NORTHWIND).await;
        let graph = rig.graph_with(CONTOSO, &token);
        let refusal = crate::rig::refused(graph.get("/v1.0/organization").await);
        assert_eq!(
            (refusal.status, refusal.code.as_str()),
            (401, "InvalidAuthenticationToken")
        );
        let home = rig.graph_with(NORTHWIND, &token);
        let found = home.get("/v1.0/organization").await.unwrap();
        assert_eq!(found["value"][0]["id"], rig.id(NORTHWIND));
    })
    .await;
}

#[tokio::test]
async fn a_host_that_is_nobodys_is_misdirected() {
    on_every_engine(async |rig| {
        for host in [
            "https://login.moon.localhost:8443/",
            "https://localhost:8443/healthz",
        ] {
            let answer = rig.send(Method::GET, host, &[], b"").await;
            assert_eq!(answer.status, 421, "{host}");
        }
        let fine = format!("{}/healthz", rig.cloud_of(CONTOSO).login);
        assert_eq!(rig.send(Method::GET, &fine, &[], b"").await.status, 200);
    })
    .await;
}
