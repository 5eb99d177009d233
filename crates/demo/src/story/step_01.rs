//! Three clouds up, each with its own keys and discovery document; a token of one is nothing to the others.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::expect;
use super::stage::{Stage, host};
use crate::graph::Graph;
use crate::jwt::{Jwt, key_ids};
use crate::manifest::{Cloud, Tenant};
use crate::oauth;
use crate::report::Saw;

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let mut all = BTreeSet::new();
    let mut sets = Vec::new();
    for (cloud, tenant) in [
        (&world.global, &world.contoso),
        (&world.usgov, &world.northwind),
        (&world.china, &world.tailspin),
    ] {
        let (issuer, jwks) = cloud_is_up(stage, cloud, tenant).await?;
        let ids = key_ids(&jwks);
        ensure!(!ids.is_empty(), "{}: the key set is empty", cloud.key);
        for id in &ids {
            ensure!(
                all.insert(id.clone()),
                "the key `{id}` of {} is another cloud's, too",
                cloud.key
            );
        }
        saw.note(&format!("{} issuer", cloud.key), issuer);
        saw.note(&format!("{} keys", cloud.key), ids);
        sets.push(jwks);
    }
    foreign_token(stage, &sets, saw).await
}

async fn cloud_is_up(stage: &Stage, cloud: &Cloud, tenant: &Tenant) -> Result<(String, Value)> {
    let client = &stage.means.client;
    for origin in [&cloud.login, &cloud.graph, &cloud.myapps, &cloud.portal] {
        let answer = client.get(&format!("{origin}/healthz")).await?;
        ensure!(
            answer.status == 200,
            "{origin}/healthz: expected status 200, saw {}",
            answer.status
        );
    }
    let discovery = oauth::discover(client, cloud, &tenant.id).await?;
    let instance = expect::text(
        &discovery.document,
        "cloud_instance_name",
        "the discovery document",
    )?;
    expect::same("cloud_instance_name", instance, &cloud.canonical_name)?;
    expect::same(
        "the issuer's host",
        &host(&discovery.issuer),
        &host(&cloud.login),
    )?;
    ensure!(
        discovery.issuer.contains(&tenant.id),
        "expected the issuer to hold the tenant's ID, saw `{}`",
        discovery.issuer
    );
    let jwks = oauth::key_set(client, &discovery).await?;
    Ok((discovery.issuer, jwks))
}

/// A token of the commercial cloud verifies with that cloud's keys only, and no other Graph takes it.
async fn foreign_token(stage: &Stage, sets: &[Value], saw: &mut Saw) -> Result<()> {
    let world = &stage.world;
    let discovery = oauth::discover(&stage.means.client, &world.global, &world.contoso.id).await?;
    let automation = &world.contoso.automation;
    let tokens = oauth::client_credentials(&stage.means, &world.global, &discovery, automation)
        .await
        .map_err(|error| anyhow::anyhow!("client credentials at Contoso: {error}"))?;
    let token = Jwt::parse(&tokens.access_token)?;
    let fitting = sets
        .iter()
        .filter(|jwks| token.verify(jwks).is_ok())
        .count();
    let own = sets.first().is_some_and(|jwks| token.verify(jwks).is_ok());
    ensure!(
        own && fitting == 1,
        "the token must verify with its own cloud's keys and no others"
    );
    for cloud in [&world.usgov, &world.china] {
        let graph = Graph::new(
            stage.means.client.clone(),
            &cloud.graph,
            &tokens.access_token,
        );
        let call = format!("GET /organization at {} with a foreign token", cloud.key);
        let refusal = expect::refusal(graph.get("/v1.0/organization").await, &call)?;
        ensure!(
            refusal.status == 401,
            "{call}: expected status 401, saw {refusal}"
        );
        saw.note(
            &format!("a commercial token at {}", cloud.key),
            refusal.status,
        );
    }
    Ok(())
}
