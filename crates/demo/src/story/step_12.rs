//! Nora is disabled at home: her refresh, her My Apps page and her Graph calls at Contoso fail within 60 s.
//!
//! The lease is asked for again when its last answer is older than 60 s, so the wait is the point of this step.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use super::expect;
use super::stage::Stage;
use crate::graph::Graph;
use crate::oauth::{self, Tokens};
use crate::report::Saw;

const LIMIT: Duration = Duration::from_mins(1);
const PATIENCE: Duration = Duration::from_secs(75);
const EVERY: Duration = Duration::from_secs(2);

/// One way in, watched.
#[derive(Default)]
struct Probe {
    last_worked: Duration,
    failed: Option<(Duration, String)>,
}

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let mut tokens = stage.nora_as_script().await?;
    works(stage, &mut tokens)
        .await
        .context("before she is disabled")?;
    enable(stage, false).await?;
    let start = stage.means.clock.now();
    let mut probes = [Probe::default(), Probe::default(), Probe::default()];
    loop {
        round(stage, &mut tokens, &mut probes, start).await?;
        let waited = stage.means.clock.since(start);
        if probes.iter().all(|probe| probe.failed.is_some()) {
            break;
        }
        if waited > PATIENCE {
            bail!(
                "{} still lets her in after {} s",
                open_doors(&probes),
                waited.as_secs()
            );
        }
        stage.means.clock.wait(EVERY).await;
    }
    for (name, probe) in NAMES.iter().zip(&probes) {
        let (after, how) = probe.failed.as_ref().context("a door that did not close")?;
        ensure!(
            probe.last_worked <= LIMIT,
            "{name} still worked {} s after she was disabled, and failed after {} s",
            probe.last_worked.as_secs(),
            after.as_secs()
        );
        saw.note(name, format!("refused after {} s: {how}", after.as_secs()));
    }
    enable(stage, true).await
}

const NAMES: [&str; 3] = ["refresh", "My Apps", "Graph"];

fn open_doors(probes: &[Probe]) -> String {
    let open: Vec<&str> = NAMES
        .iter()
        .zip(probes)
        .filter(|(_, probe)| probe.failed.is_none())
        .map(|(name, _)| *name)
        .collect();
    open.join(", ")
}

async fn works(stage: &mut Stage, tokens: &mut Tokens) -> Result<()> {
    let outcomes = [
        refresh(stage, tokens).await?,
        my_apps(stage).await?,
        me(stage, tokens).await?,
    ];
    match outcomes.into_iter().flatten().next() {
        Some(why) => bail!("expected all three ways to work, saw {why}"),
        None => Ok(()),
    }
}

/// Tries every door that is still open.
async fn round(
    stage: &mut Stage,
    tokens: &mut Tokens,
    probes: &mut [Probe; 3],
    start: SystemTime,
) -> Result<()> {
    for (number, probe) in probes.iter_mut().enumerate() {
        if probe.failed.is_some() {
            continue;
        }
        let asked = stage.means.clock.since(start);
        let outcome = match number {
            0 => refresh(stage, tokens).await?,
            1 => my_apps(stage).await?,
            _ => me(stage, tokens).await?,
        };
        match outcome {
            None => probe.last_worked = asked,
            Some(why) => probe.failed = Some((stage.means.clock.since(start), why)),
        }
    }
    Ok(())
}

/// None if it works, else how it failed.
async fn refresh(stage: &Stage, tokens: &mut Tokens) -> Result<Option<String>> {
    match oauth::refresh(&stage.means, tokens).await {
        Ok(next) => {
            *tokens = next;
            Ok(None)
        }
        Err(oauth::Error::Refused(refusal)) if (400..500).contains(&refusal.status) => {
            Ok(Some(format!("{} {}", refusal.error, refusal.first_line())))
        }
        Err(error) => bail!("refresh: {error}"),
    }
}

/// A page that asks her to sign in is a failure, too; she does not answer it.
async fn my_apps(stage: &mut Stage) -> Result<Option<String>> {
    let world = stage.world.clone();
    stage.nora.browser.open(&world.my_apps()).await?;
    let page = stage.nora.browser.page()?;
    ensure!(
        !page.status.is_server_error(),
        "My Apps: {}",
        page.describe()
    );
    if expect::is_my_apps(page, &world) {
        return Ok(None);
    }
    let code = page.text_of("error-code").unwrap_or_default();
    Ok(Some(
        format!("{code} `{}` at {}", page.html.title(), page.host())
            .trim()
            .to_owned(),
    ))
}

async fn me(stage: &Stage, tokens: &Tokens) -> Result<Option<String>> {
    let graph = Graph::new(
        stage.means.client.clone(),
        &stage.world.global.graph,
        &tokens.access_token,
    );
    match graph.get("/v1.0/me").await {
        Ok(me) => {
            expect::same(
                "the ID of /me",
                expect::text(&me, "id", "/me")?,
                stage.guest()?,
            )?;
            Ok(None)
        }
        Err(error) => {
            let refusal = error.refusal()?;
            ensure!(matches!(refusal.status, 401 | 403), "GET /me: {refusal}");
            Ok(Some(format!("{} {}", refusal.status, refusal.code)))
        }
    }
}

async fn enable(stage: &mut Stage, enabled: bool) -> Result<()> {
    let nora = stage.nora.person.id.clone();
    let graph = stage.northwind("admin").await?;
    let body = json!({ "accountEnabled": enabled });
    let reply = graph.patch(&format!("/v1.0/users/{nora}"), &body).await?;
    expect::status(reply, 204, "changing nora's account at home")?;
    Ok(())
}
