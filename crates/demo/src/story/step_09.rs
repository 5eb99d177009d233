//! Contoso requires MFA of guests: without trust nora is asked by Contoso and enrols there, with trust her home's
//! MFA counts; nils, who did none, is sent home for it.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::expect;
use super::stage::{NILS, Stage, host};
use super::step_05;
use crate::report::Saw;
use crate::walk::{Kind, Trip};

const POLICIES: &str = "/v1.0/identity/conditionalAccess/policies";

pub(super) async fn play(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    nils_becomes_a_guest(stage)
        .await
        .context("nils becomes a guest")?;
    let policy = require(stage, "Guests prove a second factor", &["All"], "mfa").await?;
    without_trust(stage, saw).await.context("without trust")?;
    trust(stage, &json!({ "isMfaAccepted": true })).await?;
    with_trust(stage, saw).await.context("with trust")?;
    trust(stage, &Value::Null).await?;
    remove(stage, &policy).await
}

/// Before anything is required, so that his session holds a password only.
async fn nils_becomes_a_guest(stage: &mut Stage) -> Result<()> {
    let world = stage.world.clone();
    let (_, link) = step_05::invite(stage, NILS, &mut Saw::default()).await?;
    let client = stage.means.client.clone();
    stage.nils.fresh(&client);
    let trip = stage.nils.go(&link).await?;
    expect::my_apps(&trip, &stage.nils.browser, &world)?;
    Ok(())
}

async fn without_trust(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let login = host(&world.global.login);
    let trip = stage.nora.go(&world.direct_link("Expenses")?).await?;
    expect::expenses(&trip, &stage.nora.browser)?;
    ensure!(
        trip.asked(&login, Kind::Enrolment),
        "expected Contoso to have nora enrol a second factor, but she was asked {}",
        trip.path()
    );
    no_factor_at(&trip, stage.nora.person.home())?;
    saw.note("nora without trust", trip.path());
    Ok(())
}

async fn with_trust(stage: &mut Stage, saw: &mut Saw) -> Result<()> {
    let world = stage.world.clone();
    let (login, home) = (
        host(&world.global.login),
        stage.nora.person.home().to_owned(),
    );
    let link = world.direct_link("Expenses")?;
    let client = stage.means.client.clone();
    stage.nora.fresh(&client);
    let trip = stage.nora.go(&link).await?;
    expect::expenses(&trip, &stage.nora.browser)?;
    ensure!(
        trip.asked(&home, Kind::Code),
        "expected home to ask nora for her code, saw {}",
        trip.path()
    );
    no_factor_at(&trip, &login)?;
    saw.note("nora with trust", trip.path());

    let trip = stage.nils.go(&link).await?;
    expect::expenses(&trip, &stage.nils.browser)?;
    ensure!(
        trip.asked(&home, Kind::Enrolment),
        "expected nils to be sent home to enrol a second factor, saw {}",
        trip.path()
    );
    no_factor_at(&trip, &login)?;
    saw.note("nils with trust", trip.path());
    Ok(())
}

fn no_factor_at(trip: &Trip, host: &str) -> Result<()> {
    ensure!(
        !trip.asked(host, Kind::Code) && !trip.asked(host, Kind::Enrolment),
        "a second factor was asked at {host}, where it must not be: {}",
        trip.path()
    );
    Ok(())
}

/// What Contoso takes over from Northwind; null inherits the default, which trusts nothing.
pub(super) async fn trust(stage: &mut Stage, trust: &Value) -> Result<()> {
    let path = stage.world.partner_of_contoso();
    let graph = stage.contoso("secadmin").await?;
    let reply = graph
        .patch(&path, &json!({ "inboundTrust": trust }))
        .await?;
    expect::status(reply, 204, "changing what is trusted")?;
    Ok(())
}

/// An enabled policy over every guest that is here by invitation; its ID.
pub(super) async fn require(
    stage: &mut Stage,
    name: &str,
    applications: &[&str],
    control: &str,
) -> Result<String> {
    let graph = stage.contoso("secadmin").await?;
    let body = json!({
        "displayName": name,
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": { "includeApplications": applications },
            "users": {
                "includeGuestsOrExternalUsers": {
                    "guestOrExternalUserTypes": "b2bCollaborationGuest",
                    "externalTenants": {
                        "@odata.type": "#microsoft.graph.conditionalAccessAllExternalTenants",
                        "membershipKind": "all"
                    }
                }
            }
        },
        "grantControls": { "operator": "OR", "builtInControls": [control] }
    });
    let created = expect::status(graph.post(POLICIES, &body).await?, 201, "adding a policy")?;
    Ok(expect::text(&created, "id", "the new policy")?.to_owned())
}

pub(super) async fn remove(stage: &mut Stage, policy: &str) -> Result<()> {
    let graph = stage.contoso("secadmin").await?;
    let reply = graph.delete(&format!("{POLICIES}/{policy}")).await?;
    expect::status(reply, 204, "removing a policy")?;
    Ok(())
}
